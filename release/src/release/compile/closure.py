"""Which installed packages belong to the product; the rest of the environment stays out of the program.

A compiler follows every import it can see, and libraries try to import test tools and type checkers that only
a development environment has. What the product does not depend on is not followed.
"""

import tomllib
from importlib import metadata

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from release.product import Product


def unneeded(product: Product) -> tuple[str, ...]:
    """Top-level modules of installed distributions that are no dependency of the product, sorted."""
    wanted = dependencies(product)
    return tuple(
        sorted(
            module
            for module, owners in metadata.packages_distributions().items()
            if module.isidentifier()
            and module not in product.build.packages
            and not wanted & {canonicalize_name(owner) for owner in owners}
        )
    )


def dependencies(product: Product) -> frozenset[str]:
    """Names of the distributions that the product needs here, directly or not."""
    project = tomllib.loads((product.root / product.build.project / "pyproject.toml").read_text(encoding="utf-8"))[
        "project"
    ]
    found: set[str] = set()
    todo = [Requirement(text) for text in project.get("dependencies", [])]
    while todo:
        requirement = todo.pop()
        name = canonicalize_name(requirement.name)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        if name in found:
            continue
        found.add(name)
        todo += _requirements(name, requirement.extras)
    return frozenset(found)


def _requirements(name: str, extras: set[str]) -> list[Requirement]:
    try:
        texts = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return []  # the compiler will say what is missing, with the import that wants it
    chosen = []
    for requirement in map(Requirement, texts):
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            requirement.marker = None
            chosen.append(requirement)
    return chosen
