"""PKGBUILDs for the AUR, with their .SRCINFO; refuses to let a summary or version be read as bash.

The .SRCINFO is ours, so that rendering needs no makepkg; tests/consumers holds it byte-equal to
`makepkg --printsrcinfo`. See docs/outlets/aur.md.
"""

from dataclasses import dataclass

from release import version
from release.errors import ConfigInvalidError
from release.model import (
    Arch,
    Artifact,
    Bundle,
    Channel,
    File,
    Packager,
    Place,
    Plan,
    Product,
    Profile,
    Release,
    System,
    Target,
)
from release.packagers import installed, licences, naming, portable, templates

PKGREL = 1
LENGTH = 255  # of pkgname and pkgdesc: aurweb's columns
_ARCHES = (("x86_64", Arch.X64), ("aarch64", Arch.ARM64))


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One architecture's archive: `file::url`, its digest, and the folder inside it."""

    arch: str
    file: str
    url: str
    sha256: str
    folder: str


def _takes(target: Target) -> bool:
    return portable.takes(target, System.LINUX)


def _package(product: Product, plan: Plan) -> str:
    return f"{naming.package(product, plan)}-bin"


def _taken(release: Release) -> dict[str, Artifact]:
    found = {name: portable.artifact(release, System.LINUX, arch) for name, arch in _ARCHES}
    return {name: artifact for name, artifact in found.items() if artifact is not None}


def _sources(product: Product, package: str, profile: Profile, release: Release) -> tuple[Source, ...]:
    plan = release.plan
    return tuple(
        Source(
            arch=arch,
            # makepkg keeps downloads of all packages in one folder, so the name says which and which version.
            file=f"{package}-{version.pacman(plan.version)}-{arch}{artifact.target.suffix}",
            url=naming.archive_url(profile, plan.version.tag, artifact.file),
            sha256=artifact.sha256,
            folder=naming.folder(product),
        )
        for arch, artifact in _taken(release).items()
    )


def _glibc(release: Release) -> str:
    """The dependency on the C library: of at least the newest symbol that any of the programs needs."""
    symbols = [artifact.glibc for artifact in _taken(release).values() if artifact.glibc]
    if not symbols:
        return "glibc"
    numbers = [tuple(map(int, symbol.removeprefix("GLIBC_").split("."))) for symbol in symbols]
    return "glibc>=" + ".".join(map(str, max(numbers)))


def _line(key: str, text: str) -> str:
    """A value as makepkg reads it back: one line, which also keeps it inside a comment of the PKGBUILD."""
    if not 0 < len(text) <= LENGTH or text != " ".join(text.split()) or not text.isprintable():
        raise ConfigInvalidError(
            f"{key} = {text!r} does not fit into a PKGBUILD",
            hint=f"write it on one line, with single spaces, in {LENGTH} characters at most",
        )
    return text


def _bundles(product: Product, profile: Profile, release: Release) -> tuple[Bundle, ...]:
    plan = release.plan
    package = _package(product, plan)
    sources = _sources(product, package, profile, release)
    if not sources:
        return ()
    pkgver = version.pacman(plan.version)
    values = {
        "arches": [source.arch for source in sources],
        "command": product.name,
        "completions": [product.name] if product.completions else [],
        "conflicts": [product.name, *(f"{twin}-bin" for twin in naming.twins(product, plan))],
        "depends": [_glibc(release)],
        "homepage": _line("homepage", product.homepage),
        "licence": _line("license", product.license),
        "licence_file": product.license_file.rpartition("/")[2],
        "maintainer": _line("committer", product.committer),
        "options": ["!strip", "!debug"],
        "package": package,
        "pkgrel": PKGREL,
        "pkgver": pkgver,
        "provides": [f"{product.name}={pkgver}"],
        "readme_file": product.readme.rpartition("/")[2],
        "receipt": installed.receipt(plan, name=package, method="aur"),
        "receipt_file": installed.FILE,
        "services": [product.service] if product.service else [],
        "sources": sources,
        "summary": _line("summary", product.summary),
    }
    licences.parse(product.license)
    files = tuple(
        File(path=path, content=templates.render(product, "aur", template, values).encode())
        for path, template in ((".SRCINFO", "SRCINFO"), ("PKGBUILD", "PKGBUILD"))
    )
    return (
        Bundle(
            outlet="aur",
            package=package,
            place=_place(plan.channel),
            files=files,
            message=f"{package} {pkgver}-{PKGREL}",
        ),
    )


def _place(channel: Channel) -> Place:
    match channel:
        case Channel.LATEST | Channel.DEV:
            return Place.AUR
        case Channel.SNAPSHOT:
            return Place.NOWHERE  # the AUR wants packages that stay


PACKAGER = Packager(name="aur", package=_package, spell=version.pacman, takes=_takes, bundles=_bundles)
