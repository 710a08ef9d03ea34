"""SPDX licence expressions, as Homebrew and Scoop write them; refuses what is no expression.

Grammar: SPDX 2.3, annex D. `WITH` binds strongest, then `AND`, then `OR`.
"""

import re
from collections import deque
from dataclasses import dataclass
from typing import assert_never

from release.errors import ConfigInvalidError
from release.packagers import quoting

_TOKEN = re.compile(r"[A-Za-z0-9.+:-]+|[()]")
_MARKS = {"AND", "OR", "WITH", "(", ")"}


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


def parse(text: str) -> Expression:
    """Read an expression.

    Raises:
        ConfigInvalidError: it is none.
    """
    try:
        return _whole(text)
    except (IndexError, ValueError):
        raise ConfigInvalidError(
            f"license = '{text}' is not an SPDX expression",
            hint="write MIT, or MIT OR Apache-2.0: spdx.org/licenses",
        ) from None


def _whole(text: str) -> Expression:
    tokens = deque(_TOKEN.findall(text))
    expression = _any_of(tokens)
    if tokens or _TOKEN.sub("", text).strip():
        raise ValueError(text)
    return expression


def _any_of(tokens: deque[str]) -> Expression:
    parts = [_all_of(tokens)]
    while _skip(tokens, "OR"):
        parts.append(_all_of(tokens))
    return parts[0] if len(parts) == 1 else AnyOf(parts=tuple(parts))


def _all_of(tokens: deque[str]) -> Expression:
    parts = [_one(tokens)]
    while _skip(tokens, "AND"):
        parts.append(_one(tokens))
    return parts[0] if len(parts) == 1 else AllOf(parts=tuple(parts))


def _one(tokens: deque[str]) -> Expression:
    if _skip(tokens, "("):
        inner = _any_of(tokens)
        if not _skip(tokens, ")"):
            raise ValueError
        return inner
    name = _word(tokens)
    return Licence(id=name, exception=_word(tokens)) if _skip(tokens, "WITH") else Licence(id=name)


def _word(tokens: deque[str]) -> str:
    word = tokens.popleft()
    if word in _MARKS:
        raise ValueError(word)
    return word


def _skip(tokens: deque[str], mark: str) -> bool:
    if tokens and tokens[0] == mark:
        tokens.popleft()
        return True
    return False


def homebrew(expression: Expression) -> str:
    """The arguments of Homebrew's `license`: `"MIT"`, `any_of: ["MIT", "0BSD"]`.

    Source: docs.brew.sh/License-Guidelines.
    """
    match expression:
        case Licence(id=name, exception=""):
            return quoting.ruby(name)
        case Licence(id=name, exception=exception):
            return f"{quoting.ruby(name)} => {{ with: {quoting.ruby(exception)} }}"
        case AnyOf(parts=parts):
            return f"any_of: [{', '.join(map(_element, parts))}]"
        case AllOf(parts=parts):
            return f"all_of: [{', '.join(map(_element, parts))}]"
    assert_never(expression)


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
        case Licence(id=name, exception=""):
            return name
        case Licence(id=name, exception=exception):
            return f"{name} WITH {exception}"
        case AnyOf(parts=parts):
            return "|".join(map(scoop, parts))
        case AllOf(parts=parts):
            return ",".join(map(scoop, parts))
    assert_never(expression)
