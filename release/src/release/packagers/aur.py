"""PKGBUILDs for the AUR, each with the .SRCINFO that makepkg would print for it.

The .SRCINFO is ours, so that rendering needs no makepkg; tests/consumers holds it byte-equal to
`makepkg --printsrcinfo`. See docs/outlets/aur.md.
"""

import re
from dataclasses import dataclass
from functools import partial

import msgspec

from release import placeholders, version
from release.errors import ConfigInvalidError, together
from release.model import Artifact, Bundle, Edition, File, Hosted, Packager, Plan, Read, Release, Stage
from release.packagers import (
    arch_linux,
    commands,
    editions,
    glibc,
    installed,
    licences,
    naming,
    portable,
    revisions,
    templates,
    units,
)
from release.packagers.quoting import Language
from release.product import Arch, Channel, Product, Profile, System, Table


class Aur(Table, frozen=True, kw_only=True):
    """[aur] of release.toml, which may be left out.

    Attributes:
        packages: the package of Arch Linux that brings a shared library, by the name that programs ask for; only for
            those that the tool does not know.
    """

    packages: dict[str, str] = msgspec.field(default_factory=dict)


# makepkg's lint_pkgbuild/pkgname.sh.
_PACKAGE = re.compile(r"[A-Za-z0-9@_+][A-Za-z0-9@._+-]*")
FIRST_PKGREL = 1
LENGTH = 255  # of pkgname and pkgdesc: aurweb's columns
_ARCHES = (("x86_64", Arch.X64), ("aarch64", Arch.ARM64))


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One architecture's archive: `file::url`, and its digest."""

    arch: str
    file: str
    url: str
    sha256: str


def _takes(artifact: Artifact) -> bool:
    return portable.takes(artifact, System.LINUX)


def _package(product: Product, plan: Plan) -> str:
    return f"{naming.package(product, plan)}-bin"


def _taken(release: Release) -> dict[str, Artifact]:
    found = {name: portable.artifact(release, System.LINUX, arch) for name, arch in _ARCHES}
    return {name: artifact for name, artifact in found.items() if artifact is not None}


def _sources(package: str, profile: Profile, release: Release) -> tuple[Source, ...]:
    plan = release.plan
    return tuple(
        Source(
            arch=arch,
            # makepkg keeps downloads of all packages in one folder, so the name says which and which version.
            file=f"{package}-{version.pacman(plan.version)}-{arch}{artifact.target.suffix}",
            url=naming.archive_url(profile, plan, artifact.file),
            sha256=artifact.sha256,
        )
        for arch, artifact in _taken(release).items()
    )


def _depends(product: Product, release: Release) -> tuple[str, ...]:
    """What the programs need of the system: the C library, and libraries that are not in the archives."""
    taken = tuple(_taken(release).values())
    own = next((table.packages for table in product.tables if isinstance(table, Aur)), {})
    libraries = (name for artifact in taken for name in artifact.libraries)
    return arch_linux.depends(libraries, glibc=glibc.needed(taken), others=own)


def line(key: str, text: str) -> str:
    """A value as makepkg reads it back: one line, which also keeps it inside a comment of the PKGBUILD.

    Raises:
        ConfigInvalidError: it is none.
    """
    if not 0 < len(text) <= LENGTH or text != " ".join(text.split()) or not text.isprintable():
        raise ConfigInvalidError(
            f"{key} = {text!r} does not fit into a PKGBUILD",
            hint=f"write it on one line, with single spaces, in {LENGTH} characters at most",
        )
    return text


def check(product: Product, plan: Plan) -> None:
    """Hold the values of release.toml against what makepkg and the AUR's server take.

    Raises:
        ConfigInvalidError: they do not take some of them; the message names all.
        VersionIllegalError: pacman would sort the version wrong.
    """
    package = _package(product, plan)
    together(
        lambda: version.pacman(plan.version),
        lambda: licences.parse(product.license),
        lambda: naming.homepage(product),
        *(
            partial(line, key, text)
            for key, text in (
                ("homepage", product.homepage),
                ("license", product.license),
                ("committer", product.committer),
                ("summary", product.summary),
                ("name", package),
            )
        ),
    )


def _values(product: Product, profile: Profile, release: Release) -> dict[str, object]:
    """What the templates of both files may use, except pkgrel."""
    plan = release.plan
    package = _package(product, plan)
    sources = _sources(package, profile, release)
    pkgver = version.pacman(plan.version)
    return {
        "arches": [source.arch for source in sources],
        **commands.values(product),
        "conflicts": _conflicts(product, plan),
        "depends": _depends(product, release),
        "folder": naming.folder(product),
        "homepage": product.homepage,
        "licence": product.license,
        "licence_file": product.license_file.rpartition("/")[2],
        "maintainer": product.committer,
        "options": ["!strip", "!debug"],
        "package": package,
        "pkgver": pkgver,
        "provides": [f"{product.name}={pkgver}"],
        "readme_file": product.readme.rpartition("/")[2],
        "receipt": installed.receipt(product, plan, method="aur", profile=profile),
        "receipt_file": installed.FILE,
        "sources": sources,
        "summary": product.summary,
        "unit": units.user_unit(product) if product.service else "",
    }


def _conflicts(product: Product, plan: Plan) -> list[str]:
    """The package from source, the other channels, and whoever has one of the commands."""
    others = [f"{other}-bin" for other in naming.other_channels(product, plan)]
    return [product.name, *others, *commands.strangers(product, _PACKAGE)]


def _need_repository_each(profile: Profile) -> None:
    """A repository of the AUR holds one package: in a common one each channel would replace the other's.

    Raises:
        ConfigInvalidError: the place of this profile is one repository for all packages.
    """
    address = profile.places.get("aur", "{package}")
    if "package" not in placeholders.found(address):
        raise ConfigInvalidError(
            f"the place aur = '{address}' is one repository for all packages, and each needs its own",
            hint="write {package} in the address",
        )


def _bundles(product: Product, profile: Profile, release: Release, held: Read) -> tuple[Bundle, ...]:
    plan = release.plan
    if not _taken(release):
        return ()
    check(product, plan)
    _need_repository_each(profile)
    package, kept = _package(product, plan), _kept(plan.channel)
    values = _values(product, profile, release)

    def render(file: str, language: Language, pkgrel: int) -> str:
        return templates.render(product, f"aur/{file}", language, {**values, "pkgrel": pkgrel})

    pkgrel, pkgbuild = revisions.numbered(
        plan.version,
        None if kept else held("PKGBUILD"),
        first=FIRST_PKGREL,
        edition=lambda file: editions.found(file, _PKGVER, revision=_PKGREL, spelt=version.of_pacman),
        render=partial(render, "PKGBUILD", Language.BASH),
    )
    srcinfo = render("SRCINFO", Language.SRCINFO, pkgrel).encode()
    return (
        Bundle(
            outlet="aur",
            package=package,
            stage=Stage.PACKAGES,
            edition=Edition(version=plan.version, revision=pkgrel),
            files=(File(path=".SRCINFO", content=srcinfo), File(path="PKGBUILD", content=pkgbuild)),
            message=f"{package} {values['pkgver']}-{pkgrel}",
            kept=kept,
        ),
    )


def _kept(channel: Channel) -> bool:
    match channel:
        case Channel.LATEST | Channel.DEV | Channel.BETA:
            return False
        case Channel.SNAPSHOT:
            return True  # the AUR wants packages that stay


# In a PKGBUILD and in a .SRCINFO.
_PKGVER = re.compile(r"^\s*pkgver ?= ?(\S+)$", re.MULTILINE)
_PKGREL = re.compile(r"^\s*pkgrel ?= ?(\d+)$", re.MULTILINE)


def _edition(_bundle: Bundle, read: Read) -> Edition | None:
    return editions.found(read(".SRCINFO"), _PKGVER, revision=_PKGREL, spelt=version.of_pacman)


def _hosted(_hosted: Hosted) -> str:
    """A repository for each package, which takes pushes to master only."""
    return "git+ssh://aur@aur.archlinux.org/{package}.git#master"


PACKAGER = Packager(
    name="aur",
    package=_package,
    spell=version.pacman,
    takes=_takes,
    bundles=_bundles,
    edition=_edition,
    table=Aur,
    method="aur",
    typed=_package,
    local="git+file:public/aur/{package}.git#master",
    hosted=_hosted,
)
