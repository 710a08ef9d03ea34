"""winget manifests: three files in a folder of each version, for a fork of winget's community repository.

See docs/outlets/winget.md.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PureWindowsPath
from typing import Annotated

from release import version
from release.forms import form
from release.model import Artifact, Bundle, File, Hosted, Packager, Plan, Read, Release, Stage
from release.packagers import commands, licences, naming, portable, templates
from release.packagers.quoting import Language
from release.product import Arch, Channel, Product, Profile, System, Table

SCHEMA = "1.12.0"
COMMANDS = 16  # that its schema has room for; what is installed does not depend on them
PART = 32  # letters of each part of an identifier, by that schema
_ARCHITECTURES = (("x64", Arch.X64), ("arm64", Arch.ARM64))


class Winget(Table, frozen=True, kw_only=True):
    """[winget] of release.toml: the identifier of the latest channel's package, and who publishes it.

    Attributes:
        identifier: the package of the latest channel.
        publisher: who publishes it, as people read it.
    """

    identifier: Annotated[str, form(r"[A-Za-z0-9-]{1,32}\.[A-Za-z0-9-]{1,32}", "PUBLISHER.NAME")]
    publisher: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Installer:
    """One processor's archive."""

    architecture: str
    url: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A command, and the file that is it."""

    command: str
    file: str


def _takes(artifact: Artifact) -> bool:
    return portable.takes(artifact, System.WINDOWS)


def _identifier(product: Product, plan: Plan) -> str:
    whole = product.table(Winget).identifier
    match plan.channel:
        case Channel.LATEST:
            return whole
        case Channel.DEV:
            return f"{whole}.Dev"
        case Channel.BETA:
            return f"{whole}.Beta"
        case Channel.SNAPSHOT:
            return f"{whole}.Snapshot.{(plan.version.slug or '')[:PART].strip('-')}"


def _installers(profile: Profile, release: Release) -> tuple[Installer, ...]:
    return tuple(
        Installer(
            architecture=name,
            url=naming.archive_url(profile, release.plan, artifact.file),
            sha256=artifact.sha256,
        )
        for name, arch in _ARCHITECTURES
        if (artifact := portable.artifact(release, System.WINDOWS, arch)) is not None
    )


def _programs(product: Product) -> list[Program]:
    """A file for each command: winget takes no file twice, and no ending but .exe."""
    folder = PureWindowsPath(naming.folder(product), product.name)
    return [Program(command=each, file=str(folder / f"{each}.exe")) for each in product.commands]


def _bundles(product: Product, profile: Profile, release: Release, _held: Read) -> tuple[Bundle, ...]:
    plan, installers = release.plan, _installers(profile, release)
    if not installers:
        return ()
    licences.parse(product.license)
    identifier = _identifier(product, plan)
    values = {
        **commands.values(product),
        "commands": list(product.commands[:COMMANDS]),
        "date": datetime.fromtimestamp(plan.committed_at, tz=UTC).strftime("%Y-%m-%d"),
        "homepage": product.homepage,
        "identifier": identifier,
        "installers": installers,
        "licence": product.license,
        "programs": _programs(product),
        "publisher": product.table(Winget).publisher,
        "schema": SCHEMA,
        "summary": product.summary,
        "version": version.winget(plan.version),
    }
    folder = f"manifests/{identifier[0].lower()}/{identifier.replace('.', '/')}/{version.winget(plan.version)}"
    files = tuple(
        File(
            path=f"{folder}/{identifier}{ending}",
            content=templates.render(product, f"winget/{template}", Language.YAML, values).encode(),
        )
        for template, ending in (
            ("version.yaml", ".yaml"),
            ("installer.yaml", ".installer.yaml"),
            ("locale.en-US.yaml", ".locale.en-US.yaml"),
        )
    )
    return (
        Bundle(
            outlet="winget",
            package=identifier,
            stage=Stage.PACKAGES,
            files=files,
            message=f"New version: {identifier} version {version.winget(plan.version)}",
            kept=plan.channel is Channel.SNAPSHOT,  # winget's repository wants packages that stay
        ),
    )


def _keys(hosted: Hosted) -> dict[str, str]:
    return {"identifier": f"{hosted.owner}.{hosted.product}", "publisher": hosted.owner}


PACKAGER = Packager(
    name="winget",
    package=_identifier,
    spell=version.winget,
    takes=_takes,
    bundles=_bundles,
    table=Winget,
    method="winget",
    typed=_identifier,
    local="git+file:public/winget-pkgs.git",
    keys=_keys,
)
