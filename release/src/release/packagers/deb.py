"""An apt repository: the packages in a pool, and an index for each channel that also keeps what it held before.

The packages themselves are made by the verb derive, with the control file that is rendered here, so that the
index and the package say the same. See docs/outlets/deb.md.
"""

import hashlib
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path

import msgspec

from release import version
from release.errors import ConfigInvalidError
from release.model import Artifact, Bundle, File, Kind, Packager, Plan, Read, Release, Stage
from release.packagers import commands, glibc, naming, portable, templates
from release.packagers.quoting import Language
from release.product import Arch, Product, Profile, System, Table

COMPONENT = "main"
_PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.-]+")  # Debian policy, 5.6.1
ARCHITECTURES = {Arch.X64: "amd64", Arch.ARM64: "arm64"}


class Deb(Table, frozen=True, kw_only=True):
    """[deb] of release.toml, which may be left out.

    Attributes:
        packages: the package of Debian that brings a shared library, by the name that programs ask for; only for
            those that the tool does not know.
    """

    packages: dict[str, str] = msgspec.field(default_factory=dict)


# Debian's own packages, by the names that programs ask for.
_C_LIBRARY = re.compile(r"(ld-linux-[a-z0-9-]+|lib(c|m|mvec|dl|pthread|rt|util|resolv|anl))\.so\.\d+")
_PACKAGES = {
    "libgcc_s.so.1": "libgcc-s1",
    "libstdc++.so.6": "libstdc++6",
    "libz.so.1": "zlib1g",
    "libbz2.so.1.0": "libbz2-1.0",
    "liblzma.so.5": "liblzma5",
    "libuuid.so.1": "libuuid1",
    "libcrypt.so.1": "libcrypt1",
}


def _depends(product: Product, artifact: Artifact) -> str:
    """The C library of at least the newest symbol, and what brings the libraries that are not in the archive.

    Raises:
        ConfigInvalidError: nobody says which packages bring some of them.
    """
    needed = glibc.needed([artifact])
    own = next((table.packages for table in product.tables if isinstance(table, Deb)), {})
    others = [name for name in artifact.libraries if not _C_LIBRARY.fullmatch(name)]
    found = {name: own.get(name) or _PACKAGES.get(name) for name in others}
    if unknown := sorted(name for name, package in found.items() if package is None):
        raise ConfigInvalidError(
            f"the programs need {', '.join(unknown)}, and nobody says which packages of Debian bring them",
            hint=f'add a line for each to [deb.packages] in release.toml, such as "{unknown[0]}" = "PACKAGE"',
        )
    first = f"libc6 (>= {needed})" if needed else "libc6"
    return ", ".join((first, *sorted({package for package in found.values() if package})))


def _derives(artifact: Artifact) -> Kind | None:
    return Kind.DEB if portable.takes(artifact, System.LINUX) else None


def _takes(artifact: Artifact) -> bool:
    return artifact.kind is Kind.DEB


def file_name(product: Product, plan: Plan, target_arch: Arch) -> str:
    """What a package's file is called."""
    return f"{naming.package(product, plan)}_{version.deb(plan.version)}_{ARCHITECTURES[target_arch]}.deb"


def control(product: Product, plan: Plan, artifact: Artifact) -> str:
    """The control file of a package made from an artifact, or the one of the archive that it is made from."""
    package = naming.package(product, plan)
    others = (product.name, *naming.other_channels(product, plan))
    channels = tuple(dict.fromkeys(name for name in others if name != package))
    values = {
        "architecture": ARCHITECTURES[artifact.target.arch],
        "conflicts": ", ".join((*channels, *commands.strangers(product, _PACKAGE))),
        "depends": _depends(product, artifact),
        "homepage": product.homepage,
        "maintainer": product.committer,
        "name": product.name,
        "package": package,
        "replaces": ", ".join(channels),
        "summary": product.summary,
        "version": version.deb(plan.version),
    }
    return templates.render(product, "deb/control", Language.CONTROL, values)


# --- the repository ----------------------------------------------------------------------------------------


def _bundles(product: Product, _profile: Profile, release: Release, held: Read) -> tuple[Bundle, ...]:
    taken = [artifact for artifact in release.artifacts if _takes(artifact)]
    if not taken:
        return ()
    package = naming.package(product, release.plan)
    pool = tuple(
        File(path=_pooled(package, each), content=Path("artifacts") / each.file, sha256=each.sha256, frozen=True)
        for each in taken
    )
    return (
        Bundle(
            outlet="deb",
            package=package,
            stage=Stage.PACKAGES,
            files=(*pool, *_index(product, release, taken, held)),
            message=f"{package} {version.deb(release.plan.version)}",
        ),
    )


def _pooled(package: str, artifact: Artifact) -> str:
    return f"pool/{COMPONENT}/{package[0]}/{package}/{artifact.file}"


def _index(product: Product, release: Release, taken: list[Artifact], held: Read) -> tuple[File, ...]:
    """`Packages` of each architecture, which keep what they held, and the `Release` that gives their digests."""
    suite = naming.stream(release.plan)
    files: dict[str, bytes] = {}
    for architecture in ARCHITECTURES.values():
        name = f"{COMPONENT}/binary-{architecture}/Packages"
        ours = [_stanza(product, release, each) for each in taken if ARCHITECTURES[each.target.arch] == architecture]
        content = _merged(ours, held(f"dists/{suite}/{name}") or b"")
        if content:
            # Not compressed: compressors differ by version, and the same release is to give the same index.
            files[name] = content
    top = _release(product, release, files, held(f"dists/{suite}/Release") or b"")
    return tuple(
        File(path=f"dists/{suite}/{name}", content=content) for name, content in {**files, "Release": top}.items()
    )


def _stanza(product: Product, release: Release, artifact: Artifact) -> str:
    package = naming.package(product, release.plan)
    rows = {"Filename": _pooled(package, artifact), "Size": artifact.size, "SHA256": artifact.sha256}
    return control(product, release.plan, artifact) + "".join(f"{key}: {value}\n" for key, value in rows.items())


def _merged(ours: Iterable[str], held: bytes) -> bytes:
    """All stanzas, one for each package and version; ours in the place of one that was there, else at the end."""
    stanzas = {_identity(text): text for text in held.decode("utf-8").strip("\n").split("\n\n") if text}
    stanzas |= {_identity(text): text for text in ours}
    return "".join(text.rstrip("\n") + "\n\n" for text in stanzas.values()).encode()


def _identity(stanza: str) -> tuple[str, str]:
    fields = dict(line.partition(": ")[::2] for line in stanza.splitlines() if not line.startswith(" "))
    return fields.get("Package", ""), fields.get("Version", "")


def _release(product: Product, release: Release, files: dict[str, bytes], held: bytes) -> bytes:
    """The file that apt reads first. Its time never goes back, or apt would keep the list that it has."""
    rows = {
        "Origin": product.name,
        "Label": product.name,
        "Suite": naming.stream(release.plan),
        "Codename": naming.stream(release.plan),
        "Date": format_datetime(max(_moment(release), _dated(held)), usegmt=True),
        "Architectures": " ".join(
            name for name in ARCHITECTURES.values() if any(f"-{name}/" in path for path in files)
        ),
        "Components": COMPONENT,
        "Description": product.summary,
    }
    lines = [f"{key}: {value}" for key, value in rows.items()] + ["SHA256:"]
    lines += [f" {hashlib.sha256(content).hexdigest()} {len(content)} {path}" for path, content in files.items()]
    return ("\n".join(lines) + "\n").encode()


def _moment(release: Release) -> datetime:
    return datetime.fromtimestamp(release.plan.committed_at, tz=UTC)


def _dated(held: bytes) -> datetime:
    """When the file that is there says it was made; the beginning of time where it does not say."""
    for line in held.decode("utf-8", errors="replace").splitlines():
        if line.startswith("Date: "):
            try:
                return parsedate_to_datetime(line.removeprefix("Date: ")).astimezone(UTC)
            except ValueError:
                break
    return datetime.fromtimestamp(0, tz=UTC)


def _package(product: Product, plan: Plan) -> str:
    return naming.package(product, plan)


PACKAGER = Packager(
    name="deb",
    package=_package,
    spell=version.deb,
    takes=_takes,
    bundles=_bundles,
    derives=_derives,
    table=Deb,
    method="deb",
    typed=_package,
    local="file:public/deb",
)
