"""Scoop manifests, for Windows: JSON made from a dict, with hooks rendered from PowerShell templates.

A release without a Windows archive gets no manifest: one without an address for a machine's processor makes
`scoop update` remove the old program and install none. See docs/outlets/scoop.md.
"""

import json
import re
from pathlib import PureWindowsPath

import msgspec

from release import version
from release.errors import ConfigInvalidError, PublishRefusedError, together
from release.forms import Owned
from release.model import Artifact, Bundle, Edition, File, Hosted, Packager, Plan, Read, Release, Stage
from release.packagers import beside, commands, editions, installed, licences, naming, portable, templates
from release.packagers.quoting import Language
from release.product import Arch, Product, Profile, System, Table


class Scoop(Table, frozen=True, kw_only=True):
    """[scoop] of release.toml: the repository of the bucket; people call the bucket by its owner."""

    bucket: Owned


_ARCHITECTURES = (("64bit", Arch.X64), ("arm64", Arch.ARM64))
LONGEST_PATH = 259  # MAX_PATH of Windows, without the byte at its end
INSIDE = 60  # room for the names of files inside the program's own folder
# A long user name, and no other place chosen for Scoop.
_ROOT = PureWindowsPath("C:/Users", "x" * 20, "scoop", "apps")
# Scoop replaces it in `autoupdate`.
_VERSION = "$version"


def _takes(artifact: Artifact) -> bool:
    return portable.takes(artifact, System.WINDOWS)


def _taken(release: Release) -> dict[str, Artifact]:
    found = {name: portable.artifact(release, System.WINDOWS, arch) for name, arch in _ARCHITECTURES}
    return {name: artifact for name, artifact in found.items() if artifact is not None}


def _url(profile: Profile, release: Release, artifact: Artifact) -> str:
    return naming.archive_url(profile, release.plan, artifact.file)


def _architecture(profile: Profile, release: Release) -> dict[str, dict[str, str]]:
    """Address and digest for each processor, without an `extract_dir`.

    Scoop would move what lies in that folder one level up, onto the program's own folder of the same name.
    """
    return {
        name: {"url": _url(profile, release, artifact), "hash": artifact.sha256}
        for name, artifact in _taken(release).items()
    }


def _autoupdate(profile: Profile, release: Release) -> dict[str, object]:
    """Where Scoop's maintainers' tools find the next version: the same addresses, with a variable in them."""
    text = release.plan.version.text
    return {
        "architecture": {
            name: {"url": _url(profile, release, artifact).replace(text, _VERSION)}
            for name, artifact in _taken(release).items()
        },
        "hash": {"url": "$url.sha256"},
    }


def _notes(product: Product, manifest: str) -> list[str]:
    owner = product.table(Scoop).bucket.partition("/")[0]
    notes = [f"Install: scoop install {owner}/{manifest}", f"Upgrade: scoop update {manifest}"]
    if product.service:
        stop = " ".join([product.main, *product.service.stop])
        notes.append(f"Scoop updates no running program. Stop the server first: {stop}")
    return notes


def _program(product: Product) -> PureWindowsPath:
    """The program, from the folder that Scoop unpacks an archive into."""
    return PureWindowsPath(naming.folder(product), product.name, f"{product.executable}.exe")


def _shims(product: Product) -> str | list[str | list[str]]:
    """What Scoop makes commands of: the program, with a name and an argument where it is called otherwise."""
    program = str(_program(product))
    shims: list[str | list[str]] = [
        [program, command, word] if (word := commands.chosen(product, command)) else program
        for command in product.commands
    ]
    return program if shims == [program] else shims


def _hooks(product: Product, profile: Profile, plan: Plan) -> dict[str, list[str]]:
    values = {
        "program": str(_program(product)),
        "receipt": installed.receipt(product, plan, method="scoop", profile=profile, version=_VERSION),
        "receipt_file": str(_program(product).parent / installed.FILE),
        "stop": product.service.stop if product.service else (),
    }
    names = ("post_install", "pre_uninstall") if product.service else ("post_install",)
    return {
        name: templates.render(product, f"scoop/{name}.ps1", Language.POWERSHELL, values).splitlines() for name in names
    }


def _manifest(product: Product, profile: Profile, release: Release) -> dict[str, object]:
    """The manifest, its keys in the order that Scoop's own have."""
    plan = release.plan
    hooks = _hooks(product, profile, plan)
    return {
        "version": version.scoop(plan.version),
        "description": product.summary,
        "homepage": product.homepage,
        "license": licences.scoop(licences.parse(product.license)),
        "notes": _notes(product, naming.package(product, plan)),
        "architecture": _architecture(profile, release),
        "post_install": hooks.pop("post_install"),
        "bin": _shims(product),
        **hooks,
        "checkver": {"url": naming.channel_url(profile, plan), "jsonpath": "$.version"},
        "autoupdate": _autoupdate(profile, release),
    }


def check(product: Product, plan: Plan) -> None:
    """Hold the values of release.toml against what Scoop and Windows take.

    Raises:
        ConfigInvalidError: they do not take some of them; the message names all.
        VersionIllegalError: Scoop would sort the version wrong.
    """
    together(
        lambda: version.scoop(plan.version),
        lambda: _room(product, plan),
        lambda: naming.homepage(product),
        lambda: licences.parse(product.license),
        lambda: product.table(Scoop),
    )


def _room(product: Product, plan: Plan) -> None:
    """Leave room for the archive's files below the folder that Scoop unpacks it into.

    Raises:
        ConfigInvalidError: their paths would be too long for Windows.
    """
    folder = _ROOT / naming.package(product, plan) / version.scoop(plan.version) / _program(product).parent
    if len(str(folder)) + 1 + INSIDE > LONGEST_PATH:
        raise ConfigInvalidError(
            f"Scoop would unpack into a folder of {len(str(folder))} letters, and paths of more than {LONGEST_PATH} "
            "letters are too long for Windows",
            hint="give a shorter name with --branch" if plan.version.slug else "give the product a shorter name",
        )


def _keep_processors(release: Release, path: str, held: bytes | None) -> None:
    """Leave a bucket alone whose manifest serves a processor that this release has nothing for.

    Raises:
        PublishRefusedError: `scoop update` would remove the program from machines with that processor.
    """
    try:
        there = msgspec.json.decode(held, type=_Held).architecture if held else {}
    except msgspec.DecodeError:
        return  # whatever it is, Scoop cannot install from it either
    if lost := sorted(there.keys() - _taken(release).keys()):
        raise PublishRefusedError(
            f"{path} serves {', '.join(lost)}, and this release has no archive for it: `scoop update` would remove the "
            "program there and install none",
            hint="build that target too, or take the processor out of the manifest in the bucket first",
        )


class _Held(msgspec.Struct):
    """What matters of a manifest in the bucket."""

    architecture: dict[str, msgspec.Raw] = {}


def _bundles(product: Product, profile: Profile, release: Release, held: Read) -> tuple[Bundle, ...]:
    plan = release.plan
    manifest = naming.package(product, plan)
    path = f"bucket/{manifest}.json"
    if not profile.local:
        _keep_processors(release, path, held(path))
    if not _taken(release):
        return ()
    check(product, plan)
    # As Scoop's own formatter lays it out: four spaces, no escaped letters.
    content = json.dumps(_manifest(product, profile, release), indent=4, ensure_ascii=False) + "\n"
    bucket = product.table(Scoop).bucket
    about = {
        "bucket": bucket,
        **commands.values(product),
        "homepage": product.homepage,
        "owner": bucket.partition("/")[0],
        "summary": product.summary,
    }
    return (
        Bundle(
            outlet="scoop",
            package=manifest,
            stage=Stage.PACKAGES,
            edition=Edition(version=plan.version),
            files=(
                File(path=path, content=content.encode()),
                *beside.files(product, "scoop", about, held),
            ),
            message=f"{manifest} {plan.version.text}",
        ),
    )


_VERSION_LINE = re.compile(r'^ {4}"version": "([^"]+)"', re.MULTILINE)


def _edition(bundle: Bundle, read: Read) -> Edition | None:
    return editions.found(read(f"bucket/{bundle.package}.json"), _VERSION_LINE)


def _package(product: Product, plan: Plan) -> str:
    return naming.package(product, plan)


def _typed(product: Product, plan: Plan) -> str:
    """The manifest with its bucket, which people call by its owner; `scoop update` takes what is behind the slash."""
    return f"{product.table(Scoop).bucket.partition('/')[0]}/{naming.package(product, plan)}"


def _hosted(hosted: Hosted) -> str:
    return f"git+https://github.com/{hosted.table.get('bucket')}.git"


def _keys(hosted: Hosted) -> dict[str, str]:
    return {"bucket": f"{hosted.owner}/scoop-bucket"}


PACKAGER = Packager(
    name="scoop",
    package=_package,
    spell=version.scoop,
    takes=_takes,
    bundles=_bundles,
    edition=_edition,
    table=Scoop,
    method="scoop",
    typed=_typed,
    local="git+file:public/scoop-bucket.git",
    hosted=_hosted,
    keys=_keys,
)
