"""npm packages: one for each target with the program in it, and a main one that starts whichever fits the machine.

No package has a script: what npm installs is all there is. The packages of targets are made by the verb derive, out
of the archives; the main one names them all, and holds text only. See docs/outlets/npm.md.
"""

import json
from pathlib import Path
from typing import Annotated, Literal

from release import version
from release.forms import form
from release.model import Artifact, Bundle, File, Hosted, Kind, Packager, Plan, Read, Release, Stage
from release.packagers import commands, naming, tarball, templates
from release.packagers.quoting import Language
from release.packagers.tarball import Entry
from release.product import Arch, Product, Profile, System, Table, Target

_SYSTEMS = {System.LINUX: "linux", System.DARWIN: "darwin", System.WINDOWS: "win32"}
_NAME = r"(?:@[a-z0-9~-][a-z0-9._~-]*/)?[a-z0-9~-][a-z0-9._~-]*"


class Npm(Table, frozen=True, kw_only=True):
    """[npm] of release.toml, which may be left out.

    Attributes:
        package: the main package; empty for the product's name. The others are called after it.
        repository: https address of the source's repository; a registry that proves where packages come from
            compares it with the one that publishes.
        access: who may install a package whose name has a scope, from a registry that makes a difference.
    """

    package: Annotated[str, form(rf"(?:{_NAME})?", "a name of npm, such as tool or @owner/tool")] = ""
    repository: Annotated[str, form(r"(?:https://[^\s?#]+(?<!\.git))?", "https://HOST/OWNER/NAME")] = ""
    access: Literal["public", "restricted"] = "public"


def main_package(product: Product) -> str:
    """What people install, on every channel: `tool`, `tool@dev`."""
    naming.need_package_name(product)
    return product.table(Npm).package or product.name


def package_of(product: Product, target: Target) -> str:
    """The package that holds a target's program."""
    return f"{main_package(product)}-{target.name}"


def tag(plan: Plan) -> str:
    """The dist-tag of a channel; all snapshots share one, which names the newest of them."""
    return plan.channel.value


def file_name(package: str, plan: Plan) -> str:
    """What npm calls the file of a package."""
    return f"{package.removeprefix('@').replace('/', '-')}-{version.npm(plan.version)}.tgz"


def path(package: str, plan: Plan) -> str:
    """Where a registry keeps the file of a package."""
    return f"{package}/-/{package.rpartition('/')[2]}-{version.npm(plan.version)}.tgz"


def program(product: Product, target: Target) -> str:
    """The program in the package of a target, from the package's folder."""
    return product.program(target)


def described(product: Product, plan: Plan, target: Target) -> tuple[Entry, ...]:
    """What the package of a target holds beside the content of its archive."""
    name = package_of(product, target)
    fields: dict[str, object] = {
        "os": [_SYSTEMS[target.system]],
        "cpu": [target.arch.value],
        **({"libc": [target.libc]} if target.libc else {}),
        # A program cannot run out of a zip file, which is what yarn keeps packages in.
        "preferUnplugged": True,
    }
    values = {"homepage": naming.homepage(product), "name": name, "package": main_package(product)}
    readme = templates.render(product, "npm/platform.md", Language.MARKDOWN, values)
    return (
        Entry(path="package.json", content=_package_json(product, plan, name, fields)),
        Entry(path="README.md", content=readme.encode()),
    )


def _package_json(product: Product, plan: Plan, name: str, more: dict[str, object]) -> bytes:
    table = product.table(Npm)
    scoped = {"access": table.access} if name.startswith("@") else {}
    fields: dict[str, object] = {
        "name": name,
        "version": version.npm(plan.version),
        "description": product.summary,
        "license": product.license,
        "homepage": naming.homepage(product),
        **({"repository": {"type": "git", "url": f"git+{table.repository}.git"}} if table.repository else {}),
        **more,
        # Whoever publishes by hand must not make a development build the one that everybody gets.
        "publishConfig": {"tag": tag(plan), **scoped},
    }
    return (json.dumps(fields, indent=2, ensure_ascii=False) + "\n").encode()


# --- the main package --------------------------------------------------------------------------------------


def _main(product: Product, plan: Plan, targets: list[Target]) -> bytes:
    name = main_package(product)
    spelt = version.npm(plan.version)
    fields: dict[str, object] = {
        "bin": {command: f"bin/{command}.js" for command in product.commands},
        "type": "commonjs",
        # To the letter: a program of another version is another program.
        "optionalDependencies": {package_of(product, target): spelt for target in targets},
    }
    builds = [
        {
            "name": package_of(product, target),
            "system": _SYSTEMS[target.system],
            "arch": target.arch.value,
            "libc": target.libc,
            "level3": target.arch is Arch.X64 and not target.baseline,
            "program": program(product, target),
        }
        for target in targets
    ]
    values = {**commands.values(product), "package": name, "version": spelt}
    shim = templates.render(
        product, "npm/shim.js", Language.JAVASCRIPT, {**values, "as_command": commands.AS, "builds": builds}
    )
    about = {**values, "homepage": naming.homepage(product), "summary": product.summary}
    entries = (
        Entry(path="package.json", content=_package_json(product, plan, name, fields)),
        Entry(path="README.md", content=templates.render(product, "npm/README.md", Language.MARKDOWN, about).encode()),
        Entry(path="start.js", content=shim.encode()),
        *(_script(product, command) for command in product.commands),
    )
    return tarball.stored(entries, mtime=plan.committed_at)


def _script(product: Product, command: str) -> Entry:
    """What a command of npm is: the one script, with the command's name."""
    text = templates.render(product, "npm/command.js", Language.JAVASCRIPT, {"command": command})
    return Entry(path=f"bin/{command}.js", content=text.encode(), executable=True)


# --- what is published -------------------------------------------------------------------------------------


def _derives(artifact: Artifact) -> Kind | None:
    return Kind.NPM if artifact.kind is Kind.ARCHIVE else None


def _takes(artifact: Artifact) -> bool:
    return artifact.kind is Kind.NPM


def _bundles(product: Product, _profile: Profile, release: Release, _held: Read) -> tuple[Bundle, ...]:
    taken = [artifact for artifact in release.artifacts if _takes(artifact)]
    if not taken:
        return ()
    plan, name = release.plan, main_package(product)
    platforms = tuple(
        File(
            path=path(package_of(product, each.target), plan),
            content=Path("artifacts") / each.file,
            sha256=each.sha256,
            frozen=True,
        )
        for each in taken
    )
    # Last, because it leads to all the others.
    main = File(path=path(name, plan), content=_main(product, plan, [each.target for each in taken]), frozen=True)
    return (
        Bundle(
            outlet="npm",
            package=name,
            stage=Stage.PACKAGES,
            files=(*platforms, main),
            message=f"{name} {version.npm(plan.version)}",
        ),
    )


def _package(product: Product, _plan: Plan) -> str:
    return main_package(product)


def _hosted(_hosted: Hosted) -> str:
    """The registry, and the user, that the npm client is set up for."""
    return "npm:"


def _keys(hosted: Hosted) -> dict[str, str]:
    return {"repository": f"https://github.com/{hosted.owner}/{hosted.repository}"}


PACKAGER = Packager(
    name="npm",
    package=_package,
    spell=version.npm,
    takes=_takes,
    bundles=_bundles,
    derives=_derives,
    table=Npm,
    method="npm",
    typed=_package,
    local="file:public/npm",
    hosted=_hosted,
    keys=_keys,
)
