"""SPDX licence expressions, read by license-expression and written as Homebrew and Scoop do.

Only current identifiers pass, spelt as SPDX spells them: package managers compare them letter by letter.
"""

import difflib
import functools
import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

import msgspec

from release.errors import ConfigInvalidError
from release.packagers.quoting import Quoted, ruby

if TYPE_CHECKING:
    from license_expression import Licensing

# What SPDX lets people name themselves, where the list has no identifier.
_OWN = re.compile(r"LicenseRef-[A-Za-z0-9.-]+")
_WORD = re.compile(r"[^\s()]+")
_PLAIN = re.compile(r"[A-Za-z0-9.-]+")
SUGGESTIONS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """One licence, perhaps with an exception to it."""

    id: str
    exception: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyOf:
    """The user's choice."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AllOf:
    """All of them at once."""

    parts: tuple["Expression", ...]


type Expression = Licence | AnyOf | AllOf


@dataclass(frozen=True, slots=True, kw_only=True)
class _Identifiers:
    """What the SPDX list knows."""

    licences: tuple[str, ...]
    exceptions: tuple[str, ...]
    # Deprecated or colloquial spelling, and the identifier that took its place.
    replaced: dict[str, str]


@functools.cache
def _identifiers() -> _Identifiers:
    from license_expression import get_license_index

    rows = [row for row in get_license_index() if row["spdx_license_key"] and not _OWN.match(row["spdx_license_key"])]
    current = [row for row in rows if not row["is_deprecated"]]
    return _Identifiers(
        licences=tuple(str(row["spdx_license_key"]) for row in current if not row["is_exception"]),
        exceptions=tuple(str(row["spdx_license_key"]) for row in current if row["is_exception"]),
        replaced={str(old): str(row["spdx_license_key"]) for row in rows for old in row["other_spdx_license_keys"]},
    )


def _licensing(text: str) -> "Licensing":
    """A parser that knows the identifiers, each with a `+` too (or later), and the LicenseRef of this text."""
    from license_expression import LicenseSymbol, Licensing

    known = _identifiers()
    names = (*known.licences, *(f"{name}+" for name in known.licences), *set(_OWN.findall(text)))
    return Licensing(
        [
            *(LicenseSymbol(name) for name in names),
            *(LicenseSymbol(name, is_exception=True) for name in known.exceptions),
        ]
    )


class _Row(msgspec.Struct):
    """A licence of the library's list, as far as it is needed to know a current one."""

    spdx_license_key: str | None = None
    is_deprecated: bool = False
    is_exception: bool = False


def _is_current(name: str) -> bool:
    """Whether a text is a current identifier, for sure: by the library's list, without the library, which is slow."""
    found = find_spec("license_expression")
    if found is None or found.origin is None:
        return False
    try:
        listed = Path(found.origin).with_name("data") / "scancode-licensedb-index.json"
        rows = msgspec.json.decode(listed.read_bytes(), type=tuple[_Row, ...])
    except (OSError, msgspec.MsgspecError):
        return False
    return any(row.spdx_license_key == name and not row.is_deprecated and not row.is_exception for row in rows)


@functools.cache
def parse(text: str) -> Expression:
    """Read an expression.

    Raises:
        ConfigInvalidError: it is none, names what the SPDX list has not or has replaced, or is spelt otherwise
            than SPDX spells it; the hint has the identifiers that may be meant.
    """
    if _PLAIN.fullmatch(text) and not _OWN.match(text) and _is_current(text):
        return Licence(id=text)
    from boolean import ParseError
    from license_expression import ExpressionError

    try:
        parsed = _licensing(text).parse(text, validate=True, strict=True)
    except (ExpressionError, ParseError, IndexError) as error:
        raise _invalid(text, str(error), _suggestion(text)) from None
    if parsed is None:
        raise _invalid(text, "it is empty", _suggestion(text))
    if _WORD.findall(text) != _WORD.findall(spelt := str(parsed.render())):
        raise _invalid(text, "identifiers and operators are spelt otherwise", f"write {spelt}")
    return _expression(parsed)


def _expression(parsed: object) -> Expression:
    """The library's tree as our own three types."""
    from license_expression import AND, OR, LicenseSymbol, LicenseWithExceptionSymbol

    match parsed:
        case LicenseWithExceptionSymbol():
            return Licence(id=parsed.license_symbol.key, exception=parsed.exception_symbol.key)
        case LicenseSymbol():
            return Licence(id=parsed.key)
        case OR():
            return AnyOf(parts=tuple(map(_expression, parsed.args)))
        case AND():
            return AllOf(parts=tuple(map(_expression, parsed.args)))
        case _:
            raise TypeError(f"license-expression gave {parsed!r}")


def _invalid(text: str, problem: str, hint: str) -> ConfigInvalidError:
    return ConfigInvalidError(f"license = '{text}' is no SPDX expression: {problem}", hint=hint)


def _plainness(name: str) -> tuple[bool, int, str]:
    """Numbered ones first, of few parts: `BSD-3-Clause` before `BSD-3-Clause-Clear` and `BSD-Protection`."""
    is_numbered = re.fullmatch(r"[A-Za-z]+-\d+(?:\.\d+)*(?:-[A-Za-z]+)*", name) is not None
    return not is_numbered, name.count("-"), name


def _suggestion(text: str) -> str:
    """The identifiers that may be meant by the words which the list does not have."""
    known = _identifiers()
    listed = (*known.licences, *known.exceptions)
    found: dict[str, None] = {}
    for word in _WORD.findall(text):
        if word in listed or word.upper() in {"AND", "OR", "WITH"}:
            continue
        # GPL-2.0-with-classpath-exception is written with WITH now.
        stem = word.lower().partition("-with-")[0]
        # The plainest first: whoever writes BSD means one of the short ones.
        begins = sorted((name for name in listed if name.lower().startswith(stem)), key=_plainness)
        replaced = [known.replaced[word]] if word in known.replaced else []
        found |= dict.fromkeys([*replaced, *begins, *difflib.get_close_matches(word, listed, cutoff=0.5)])
    if not found:
        return "write MIT, or MIT OR Apache-2.0: spdx.org/licenses"
    return f"the list has {', '.join(list(found)[:SUGGESTIONS])}: spdx.org/licenses"


def homebrew(expression: Expression) -> Quoted:
    """The arguments of Homebrew's `license`: `"MIT"`, `any_of: ["MIT", "0BSD"]`.

    Source: docs.brew.sh/License-Guidelines. What the SPDX list has no identifier for cannot be represented.
    """
    match expression:
        case Licence(id=name) if _OWN.fullmatch(name):
            return Quoted(":cannot_represent")
        case Licence(id=name, exception=""):
            return Quoted(ruby(name))
        case Licence(id=name, exception=exception):
            return Quoted(f"{ruby(name)} => {{ with: {ruby(exception)} }}")
        case AnyOf(parts=parts):
            return Quoted(f"any_of: [{', '.join(map(_element, parts))}]")
        case AllOf(parts=parts):
            return Quoted(f"all_of: [{', '.join(map(_element, parts))}]")
        case _ as never:
            assert_never(never)


def _element(expression: Expression) -> str:
    """Inside a list, a hash needs its braces."""
    match expression:
        case Licence(exception=""):
            return homebrew(expression)
        case _:
            return f"{{ {homebrew(expression)} }}"


def scoop(expression: Expression) -> str:
    """Scoop's own marks: `|` between choices, `,` between parts. It has no brackets, so nesting is lost."""
    match expression:
        case Licence(id=name) if _OWN.fullmatch(name):
            return "Proprietary" if name == "LicenseRef-Proprietary" else "Unknown"
        case Licence(id=name, exception=""):
            return name
        case Licence(id=name, exception=exception):
            return f"{name} WITH {exception}"
        case AnyOf(parts=parts):
            return "|".join(map(scoop, parts))
        case AllOf(parts=parts):
            return ",".join(map(scoop, parts))
        case _ as never:
            assert_never(never)
