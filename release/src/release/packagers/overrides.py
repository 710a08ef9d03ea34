"""The tool's templates beside those that a project has of its own: listed, ejected, compared."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from release import disk
from release.errors import TemplateError, WriteError
from release.packagers.templates import ENDING, SHIPPED
from release.product import Product


class Whose(StrEnum):
    """Which template counts."""

    TOOL = "the tool's"
    SAME = "the project's, no different"
    OWN = "the project's"
    STRAY = "nobody's: no outlet asks for it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One template: of the tool, of the project, or of both.

    Attributes:
        name: the outlet, a slash, and the name of the rendered file.
        shipped: the tool's; None where it has none.
        own: where the project's is, or would be.
    """

    name: str
    shipped: Path | None
    own: Path

    @property
    def whose(self) -> Whose:
        """Whose counts."""
        if not self.own.is_file():
            return Whose.TOOL
        if self.shipped is None:
            return Whose.STRAY
        return Whose.SAME if self.own.read_bytes() == self.shipped.read_bytes() else Whose.OWN


def listed(product: Product) -> tuple[Template, ...]:
    """All templates, by name: those of the tool, and those of the project's that nothing asks for."""
    own = product.root / product.templates
    shipped = dict(_below(SHIPPED))
    strays = {name for name, _ in _below(own)} - set(shipped) - _included(product)
    return tuple(
        Template(name=name, shipped=shipped.get(name), own=own / f"{name}{ENDING}")
        for name in sorted({*shipped, *strays})
    )


def chosen(product: Product, name: str) -> tuple[Template, ...]:
    """The templates of an outlet, or the one of a name.

    Raises:
        TemplateError: the tool has none of that name.
    """
    plain = name.strip("/").removesuffix(ENDING)
    found = [each for each in listed(product) if each.shipped and plain in {each.name, each.name.partition("/")[0]}]
    if found:
        return tuple(found)
    names = {part for each in listed(product) if each.shipped for part in (each.name, each.name.partition("/")[0])}
    near = difflib.get_close_matches(plain, sorted(names), n=1)
    raise TemplateError(
        f"the tool has no template '{name}'",
        hint=f"did you mean '{near[0]}'?" if near else "release templates list shows those that there are",
    )


def eject(product: Product, name: str) -> tuple[Path, ...]:
    """Copy templates of the tool into the project; those that the project has stay as they are.

    Raises:
        TemplateError: the tool has none of that name.
        WriteError: the project keeps its templates outside itself, or cannot be written to.
    """
    wanted = [each for each in chosen(product, name) if each.shipped and not each.own.is_file()]
    root = product.root.resolve()
    for each in wanted:
        if not each.own.resolve().is_relative_to(root):
            raise WriteError(
                f"{each.own} is outside the project", hint="let templates name a folder of the project in release.toml"
            )
    for each in wanted:
        if each.shipped:
            disk.write(each.own, each.shipped.read_bytes())
    return tuple(each.own for each in wanted)


def difference(template: Template) -> str:
    """What the project's template changes of the tool's; empty for nothing."""
    if template.whose is not Whose.OWN or template.shipped is None:
        return ""
    before, after = (
        path.read_text(encoding="utf-8").splitlines(keepends=True) for path in (template.shipped, template.own)
    )
    name = f"{template.name}{ENDING}"
    rows = difflib.unified_diff(before, after, f"the tool's {name}", f"the project's {name}")
    return "".join(row if row.endswith("\n") else f"{row}\n" for row in rows)


def _below(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.glob(f"*/*{ENDING}")):
        yield path.relative_to(folder).as_posix().removesuffix(ENDING), path


def _included(product: Product) -> set[str]:
    """Templates that a template of the project's takes in by their file names."""
    own = dict(_below(product.root / product.templates))
    texts = {name: path.read_text(encoding="utf-8", errors="replace") for name, path in own.items()}
    return {
        name
        for name in own
        for other, text in texts.items()
        if other != name
        and other.partition("/")[0] == name.partition("/")[0]
        and f"{name.partition('/')[2]}{ENDING}" in text
    }
