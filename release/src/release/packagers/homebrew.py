"""Homebrew formulae, for macOS and Linux, with names and summaries that Ruby and `brew audit` take.

A formula and not a cask: only formulae have `service`, and casks are for signed programs. See
docs/outlets/homebrew.md.
"""

import re
import shlex
import unicodedata
from dataclasses import dataclass

from release import calls, placeholders, version
from release.errors import ConfigInvalidError, together
from release.forms import Owned
from release.model import Artifact, Bundle, Edition, File, Hosted, Packager, Plan, Read, Release, Stage
from release.packagers import (
    beside,
    commands,
    editions,
    glibc,
    installed,
    licences,
    naming,
    portable,
    revisions,
    templates,
)
from release.packagers.quoting import Language
from release.product import Arch, Product, Profile, System, Table


class Homebrew(Table, frozen=True, kw_only=True):
    """[homebrew] of release.toml: the tap, as people type it."""

    tap: Owned


DESC_LENGTH = 80
# Homebrew's FormulaAudit/Desc, in the words of a hint.
_DESC_RULES = (
    (re.compile(rf"^.{{{DESC_LENGTH + 1},}}$"), f"make it {DESC_LENGTH} characters at most"),
    (re.compile(r"^(the|an?)\s", re.IGNORECASE), "leave out the article at its start"),
    (re.compile(r"^(?!(?:iOS|iPhone|macOS)(?:\s|$))[a-z]"), "start it with a capital letter"),
    (re.compile(r"(?<!etc)\.$"), "leave out the full stop at its end"),
    (re.compile(r"command ?line", re.IGNORECASE), "write command-line"),
    (re.compile(r"^\s|\s$|\s\s|[\x00-\x1f\x7f]"), "write it on one line, with single spaces"),
    (re.compile(r"^$"), "say what the program is"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Processor:
    """One `on_arm` or `on_intel` block."""

    block: str
    url: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """One `on_macos` or `on_linux` block."""

    block: str
    processors: tuple[Processor, ...]


def class_name(formula: str) -> str:
    """The Ruby class of a formula: Homebrew's `Formulary.class_s`.

    Raises:
        ConfigInvalidError: Ruby would not take it, as with the `@` of `tool@dev`.
    """
    name = re.sub(r"[-_.\s]([a-zA-Z0-9])", lambda match: match[1].upper(), formula.capitalize())
    name = re.sub(r"(.)@(\d)", r"\1AT\2", name.replace("+", "x"), count=1)
    if not re.fullmatch(r"[A-Z][A-Za-z0-9_]*", name):
        raise ConfigInvalidError(
            f"the formula '{formula}' would be the Ruby class '{name}', which is illegal",
            hint="name the product with lower-case letters, digits and single hyphens, a letter first",
        )
    return name


def description(summary: str, formula: str) -> str:
    """A summary that is a legal `desc` of a formula.

    Raises:
        ConfigInvalidError: `brew audit` would object to it.
    """
    advice = [hint for pattern, hint in _DESC_RULES if pattern.search(summary)]
    name = r"[\s-]?".join(map(re.escape, formula.replace("-", "")))
    if re.match(rf"{name}\b", summary, re.IGNORECASE):
        advice.append("do not start it with the name")
    if any(unicodedata.category(letter) == "So" for letter in summary):
        advice.append("leave out emoji and symbols")
    if advice:
        raise ConfigInvalidError(f"summary = '{summary}' is no Homebrew description", hint="; ".join(advice))
    return summary


def check(product: Product, plan: Plan) -> None:
    """Hold the values of release.toml against what Ruby and `brew audit` take.

    Raises:
        ConfigInvalidError: they do not take some of them; the message names all.
        VersionIllegalError: Homebrew would sort the version wrong.
    """
    formula = naming.package(product, plan)
    together(
        lambda: version.homebrew(plan.version),
        lambda: class_name(formula),
        lambda: description(product.summary, formula),
        lambda: naming.homepage(product),
        lambda: licences.parse(product.license),
        lambda: product.table(Homebrew),
    )


def _takes(artifact: Artifact) -> bool:
    return portable.takes(artifact, System.DARWIN, System.LINUX)


def _platforms(profile: Profile, release: Release) -> tuple[Platform, ...]:
    found = []
    for block, system in (("on_macos", System.DARWIN), ("on_linux", System.LINUX)):
        slots = (("on_arm", Arch.ARM64), ("on_intel", Arch.X64))
        processors = tuple(
            Processor(
                block=slot,
                url=naming.archive_url(profile, release.plan, artifact.file),
                sha256=artifact.sha256,
            )
            for slot, arch in slots
            if (artifact := portable.artifact(release, system, arch)) is not None
        )
        if processors:
            found.append(Platform(block=block, processors=processors))
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionTest:
    """What a formula's test asks the main command for its version with, and what it then says.

    `same` where that is the version of the formula; else it is `text`.
    """

    words: str
    text: str = ""
    same: bool = False


def _version_test(product: Product, plan: Plan) -> VersionTest | None:
    """What is known of it: all that the command prints, or what stands before a version that only a build knows."""
    asked = product.prints_version
    if asked is None:
        return None
    words = shlex.join(asked.args)
    if asked.expect == "{version}" and (product.build.stamp or plan.channel.is_tagged):
        return VersionTest(words=words, same=True)
    known = product.build.stamp or plan.channel.is_tagged
    shown = asked.expect if known else asked.expect.partition("{version}")[0]
    return VersionTest(words=words, text=placeholders.fill(shown, version=plan.version.text).strip())


def _values(product: Product, profile: Profile, release: Release) -> dict[str, object]:
    """What the template of a formula may use, except its revision."""
    plan = release.plan
    formula, tap = naming.package(product, plan), product.table(Homebrew).tap
    asked = calls.completion(product, product.main, "bash")
    return {
        "class_name": class_name(formula),
        **commands.values(product),
        "completes": bool(product.completions),
        "completion_args": f" {shlex.join(asked.args)}" if asked.args else "",
        "completion_variables": "".join(f"{name}={shlex.quote(value)} " for name, value in asked.variables.items()),
        "full_name": _typed(product, plan),
        "formula": formula,
        "glibc": glibc.needed(artifact for artifact in release.artifacts if _takes(artifact)),
        "homepage": product.homepage,
        "licence": licences.homebrew(licences.parse(product.license)),
        "channel_url": naming.channel_url(profile, plan),
        "platforms": _platforms(profile, release),
        "receipt": installed.receipt(product, plan, method="brew", profile=profile),
        "receipt_file": installed.FILE,
        "service": product.service,
        "summary": product.summary,
        "tap": tap,
        "version_test": _version_test(product, plan),
        "version": version.homebrew(plan.version),
    }


def _bundles(product: Product, profile: Profile, release: Release, held: Read) -> tuple[Bundle, ...]:
    plan = release.plan
    if not any(map(_takes, release.artifacts)):
        return ()
    check(product, plan)
    formula = naming.package(product, plan)
    path = _path(formula)
    values = _values(product, profile, release)
    revision, content = revisions.numbered(
        plan.version,
        held(path),
        first=0,
        edition=_read_edition,
        render=lambda number: templates.render(
            product, "homebrew/formula.rb", Language.RUBY, {**values, "revision": number}
        ),
    )
    return (
        Bundle(
            outlet="homebrew",
            package=formula,
            stage=Stage.PACKAGES,
            edition=Edition(version=plan.version, revision=revision),
            files=(File(path=path, content=content), *beside.files(product, "homebrew", values, held)),
            message=f"{formula} {plan.version.text}" + (f"_{revision}" if revision else ""),
        ),
    )


def _path(formula: str) -> str:
    return f"Formula/{formula}.rb"


_VERSION = re.compile(r'^\s*version "([^"]+)"', re.MULTILINE)
_REVISION = re.compile(r"^\s*revision (\d+)", re.MULTILINE)


def _read_edition(file: bytes | None) -> Edition | None:
    return editions.found(file, _VERSION, revision=_REVISION)


def _edition(bundle: Bundle, read: Read) -> Edition | None:
    return _read_edition(read(_path(bundle.package)))


def _package(product: Product, plan: Plan) -> str:
    return naming.package(product, plan)


def _typed(product: Product, plan: Plan) -> str:
    """The full name: Homebrew trusts the formula of a tap by it, and refuses a short one."""
    return f"{product.table(Homebrew).tap}/{naming.package(product, plan)}"


def _hosted(hosted: Hosted) -> str:
    """The tap's repository: Homebrew finds it by its name. Source: Homebrew's documentation of taps."""
    owner, _, name = str(hosted.table.get("tap")).partition("/")
    return f"git+https://github.com/{owner}/homebrew-{name}.git"


def _keys(hosted: Hosted) -> dict[str, str]:
    return {"tap": f"{hosted.owner}/tap"}


PACKAGER = Packager(
    name="homebrew",
    package=_package,
    spell=version.homebrew,
    takes=_takes,
    bundles=_bundles,
    edition=_edition,
    table=Homebrew,
    method="brew",
    typed=_typed,
    local="git+file:public/homebrew-tap.git",
    hosted=_hosted,
    keys=_keys,
)
