"""Installers for people without a package manager: install.sh and install.ps1, with the digests of one release inside.

Two copies of each: one beside the archives, which never changes, and one at the address of its channel, which moves
with it. See docs/outlets/installer.md.
"""

import re
from dataclasses import dataclass

from release import placeholders, signing, targets, version
from release.errors import ConfigInvalidError
from release.model import Artifact, Bundle, Edition, File, Kind, Packager, Plan, Read, Release, Stage
from release.packagers import commands, editions, glibc, installed, naming, templates
from release.packagers.quoting import Language
from release.product import Channel, Product, Profile, System, Table

NAME = "installer"
METHOD = "self"  # on the receipt: no package manager owns the copy
_LANGUAGES = {"install.sh": Language.BASH, "install.ps1": Language.POWERSHELL}
SCRIPTS = tuple(_LANGUAGES)
# Of a script at the address of a channel.
_LINE = re.compile(r"^VERSION='([^']+)'$", re.MULTILINE)


class Installer(Table, frozen=True, kw_only=True):
    """[installer] of release.toml.

    Attributes:
        next: what people may type when the program is there; empty for its `--help`.
    """

    next: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """One archive, in the words of a script; `glibc` is 0 where none is needed."""

    target: str
    file: str
    size: int
    sha256: str
    glibc: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A piece of an address: a text, or the name of the script's own variable."""

    text: str = ""
    field: str = ""


def takes(artifact: Artifact) -> bool:
    """Whether the scripts install it: an archive for any system."""
    return artifact.kind is Kind.ARCHIVE


def _package(_product: Product, plan: Plan) -> str:
    return naming.stream(plan)


def scripts(product: Product, profile: Profile, release: Release) -> dict[str, bytes]:
    """The installers of a release by their file name; of a release without archives none.

    Raises:
        TemplateError: a template is missing or broken.
        ConfigInvalidError: the profile does not say where its site is, or no script can hold a value of release.toml.
    """
    if not any(map(takes, release.artifacts)):
        return {}
    if not profile.sites:
        raise ConfigInvalidError(
            "the profile has a place for the installer and names no sites",
            hint='add sites = ["https://..."], the public address of the installer\'s place',
        )
    naming.package(product, release.plan)
    naming.homepage(product)
    return {
        file: templates.render(product, f"{NAME}/{file}", language, _values(product, profile, release, file)).encode()
        for file, language in _LANGUAGES.items()
    }


def _values(product: Product, profile: Profile, release: Release, script: str) -> dict[str, object]:
    plan = release.plan
    stream = naming.stream(plan)
    chosen = [each for each in release.artifacts if takes(each) and _installs(script, each)]
    return {
        "addresses": [_parts(each) for each in (profile.archive_url, *profile.mirrors)],
        "beta": product.beta,
        "builds": [_build(each) for each in chosen],
        "flags": " ".join(sorted(targets.LEVEL_3)),
        "folder": naming.folder(product),
        "homepage": product.homepage,
        **commands.values(product),
        "next": product.table(Installer).next or f"{product.main} --help",
        "receipt": installed.receipt(product, plan, method=METHOD, profile=profile),
        "receipt_file": installed.FILE,
        "root": _root(product, profile),
        "root_file": signing.TRUST_FILE,
        "sites": list(profile.sites),
        "stop": product.service.stop if product.service else (),
        "stream": stream,
        "tag": [naming.quoted(before) for before, _ in placeholders.pieces(product.tag)],
        "title": f"{script} of {product.name} {plan.version.text}, channel {stream}",
        "variable": product.name.upper().replace("-", "_"),
        "version": plan.version.text,
    }


def _root(product: Product, profile: Profile) -> str:
    """The root of trust that the copy's own upgrade begins with; empty where nothing is signed."""
    return (signing.root(product, profile) or b"").decode("utf-8").rstrip("\n")


def _installs(script: str, artifact: Artifact) -> bool:
    return (artifact.target.system is System.WINDOWS) is script.endswith(".ps1")


def _build(artifact: Artifact) -> Build:
    return Build(
        target=artifact.target.name,
        file=artifact.file,
        size=artifact.size,
        sha256=artifact.sha256,
        glibc=glibc.needed([artifact]) or "0",
    )


def _parts(address: str) -> list[Part]:
    """A template of an address, in pieces: its texts, and the fields between them."""
    parts: list[Part] = []
    for text, field in placeholders.pieces(address):
        parts += [Part(text=text)] if text else []
        parts += [Part(field=field)] if field else []
    return parts


def beside(product: Product, profile: Profile, release: Release, held: Read) -> tuple[File, ...]:
    """The copies beside the archives, for the place of those; nothing where the profile has no installer.

    What is there stays, as long as it installs the same archives: another template makes no other release.
    """
    if NAME not in profile.places:
        return ()
    files = []
    for name, content in scripts(product, profile, release).items():
        path = f"{release.plan.tag}/{name}"
        there = held(path)
        same = there is not None and all(
            each.sha256.encode() in there for each in release.artifacts if takes(each) and _installs(name, each)
        )
        files.append(File(path=path, content=there if there is not None and same else content, frozen=True))
    return tuple(files)


def _bundles(product: Product, profile: Profile, release: Release, _held: Read) -> tuple[Bundle, ...]:
    made = scripts(product, profile, release)
    if not made:
        return ()
    plan = release.plan
    stream = naming.stream(plan)
    # Who asks for no channel gets latest.
    folders = [f"{stream}/", *([""] if plan.channel is Channel.LATEST else [])]
    return (
        Bundle(
            outlet=NAME,
            package=stream,
            stage=Stage.CHANNEL,
            edition=Edition(version=plan.version),
            files=tuple(
                File(path=f"{each}{name}", content=content) for each in folders for name, content in made.items()
            ),
            message=f"The installer of {stream} is {plan.version.text}",
        ),
    )


def _edition(bundle: Bundle, read: Read) -> Edition | None:
    return editions.found(read(f"{bundle.package}/{SCRIPTS[0]}"), _LINE)


PACKAGER = Packager(
    name=NAME,
    package=_package,
    spell=version.plain,
    takes=takes,
    bundles=_bundles,
    edition=_edition,
    table=Installer,
    local="file:public/site",
    hosted=naming.site,
)
