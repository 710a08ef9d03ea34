"""Code as spans in colours, piece by piece: a lexer is imported when its language is first seen.

Code is coloured in pieces of some lines, and each goes on in the lexer's state behind the one before. So the cost of a
line is the same however long the code is, and where a piece ends depends on the code alone.
"""

import functools
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

from iterate.terminal.flow import JOINT
from iterate.terminal.rows import Span, Style

if TYPE_CHECKING:
    from pygments.lexer import Lexer

# Lines of a piece; it ends at an empty line in its second half, if there is one.
PIECE = 24
# Characters of a line that are coloured: a lexer may take long over more.
LONGEST = 1000
# Of a piece.
MOST = 8000
# Characters of a regular expression that may be made shorter.
LONG = 1000
# What many lexers see only when its end is there: where it is, a draft is coloured from the beginning of its piece.
_OVER_LINES = ("/*", "<!--", "(*", "{-", "--[[")

# What files are written in, by the ends of their names; what has no such end, by its name.
_ENDS = {
    "bash": "bash", "c": "c", "cc": "cpp", "cfg": "ini", "cpp": "cpp", "cs": "csharp", "css": "css", "cxx": "cpp",
    "ex": "elixir", "exs": "elixir", "erl": "erlang", "go": "go", "graphql": "graphql", "h": "c", "hpp": "cpp",
    "hs": "haskell", "html": "html", "ini": "ini", "java": "java", "jl": "julia", "js": "javascript",
    "json": "json", "jsx": "jsx", "kt": "kotlin", "kts": "kotlin", "less": "less", "lua": "lua", "mjs": "javascript",
    "ml": "ocaml", "nix": "nix", "php": "php", "pl": "perl", "proto": "protobuf", "py": "python", "pyi": "python",
    "r": "r", "rb": "ruby", "rs": "rust", "scala": "scala", "scss": "scss", "sh": "bash", "sql": "sql",
    "swift": "swift",
    "tf": "terraform", "toml": "toml", "ts": "typescript", "tsx": "tsx", "vue": "vue", "xml": "xml", "yaml": "yaml",
    "yml": "yaml", "zig": "zig", "zsh": "bash", "makefile": "make", "dockerfile": "docker", "gemfile": "ruby",
}  # fmt: skip

type Line = list[Span]
type State = tuple[str, ...]
_ROOT: State = ("root",)


class Code:
    """Lines of code that come one after the other."""

    def __init__(self, language: str) -> None:
        self._language = language.lower()
        self._state = _ROOT
        self._lines: list[str] = []
        # The lines of this piece as they were coloured last, and the state behind them.
        self._drawn: list[Line] = []
        self._behind = _ROOT

    def copy(self) -> "Code":
        """One that a draft may be made with."""
        other = Code(self._language)
        other._state, other._lines = self._state, list(self._lines)
        other._drawn, other._behind = self._drawn, self._behind
        return other

    def add(self, line: str, *, goes_on: bool = False) -> list[Line]:
        """The lines that became final by this one, or by what a line that was too long goes on with."""
        if goes_on:
            return [*self.end(), [JOINT, Span(line)]]
        self._lines.append(line)
        count = len(self._lines)
        if count >= PIECE or (count > PIECE // 2 and not line.strip()):
            return self.end()
        return []

    def end(self) -> list[Line]:
        """All lines that are not final yet."""
        if not self._lines:
            return []
        found, self._state = coloured(self._lines, self._language, self._state)
        self._lines, self._drawn = [], []
        return found

    def draw(self) -> None:
        """Colour what there is, so that drafts need not."""
        drawn = len(self._drawn)
        if drawn == len(self._lines):
            return
        if drawn and not any(mark in line for line in self._lines for mark in _OVER_LINES):
            more, self._behind = coloured(self._lines[drawn:], self._language, self._behind)
            self._drawn = [*self._drawn, *more]
        else:
            self._drawn, self._behind = coloured(self._lines, self._language, self._state)

    def draft(self) -> list[Line]:
        """The lines that are not final as they would be now; those behind what was drawn are coloured by themselves."""
        drawn = len(self._drawn)
        behind = self._behind if drawn else self._state
        return [*self._drawn, *coloured(self._lines[drawn:], self._language, behind)[0]]


def coloured(lines: Sequence[str], language: str, state: State = _ROOT) -> tuple[list[Line], State]:
    """The lines, and the state of the lexer behind them."""
    plain = [[Span(line)] for line in lines]
    if language in {"diff", "patch"}:
        return [[Span(line, _changed(line))] for line in lines], state
    if not language or not lines or sum(map(len, lines)) > MOST or max(map(len, lines)) > LONGEST:
        return plain, state
    known = _lexer(language)
    if known is None:
        return plain, state
    return _lexed(known, "\n".join(lines) + "\n", state, len(lines))


def _lexed(known: "Known", text: str, state: State, count: int) -> tuple[list[Line], State]:
    from pygments.lexer import ExtendedRegexLexer, LexerContext

    found: list[Line] = [[]]
    context = LexerContext(text, 0, list(state))
    if known.has_state:
        pieces = ExtendedRegexLexer.get_tokens_unprocessed(cast("ExtendedRegexLexer", known.lexer), context=context)
    else:
        pieces = known.lexer.get_tokens_unprocessed(text)
    for _, kind, value in pieces:
        style = _style(str(kind))
        for number, piece in enumerate(value.split("\n")):
            if number:
                found.append([])
            if piece:
                _put(found[-1], piece, style)
    found += [[]] * (count - len(found))
    _settle(known.lexer)
    return found[:count], tuple(context.stack or _ROOT)


def _put(line: Line, piece: str, style: Style) -> None:
    if line and line[-1].style == style:
        line[-1] = Span(line[-1].text + piece, style)
    else:
        line.append(Span(piece, style))


def _has_state(lexer: "Lexer") -> bool:
    """Whether the lexer's state can be taken up again: its steps say themselves how far they went."""
    tables: dict[str, list[tuple[object, ...]]] = getattr(lexer, "_tokens", {})
    actions = (rule[1] for rules in tables.values() for rule in rules if len(rule) > 1)
    codes = (getattr(each, "__code__", None) for each in actions)
    # Of the lexer, the match and the context.
    return all(code.co_argcount >= 3 for code in codes if code is not None)  # noqa: PLR2004


class Known(NamedTuple):
    """The lexer of a language, and whether its state can be taken up again."""

    lexer: "Lexer"
    has_state: bool


class _Match(Protocol):
    def __call__(self, text: str, pos: int = ..., endpos: int = ..., /) -> re.Match[str] | None: ...


class _Pattern:
    """What a rule of a lexer looks for, compiled when it is looked for: of a hundred rules a text needs thirty."""

    # Whether there is one that a table of rules still has in the place of what it became.
    is_fresh = False
    __slots__ = ("_flags", "_regex", "match")

    def __init__(self, regex: object, flags: int, _state: str = "") -> None:
        self._regex = regex
        self._flags = flags
        self.match: _Match | None = None

    def __call__(self, text: str, *where: int) -> re.Match[str] | None:
        if self.match is None:
            _Pattern.is_fresh = True
            get = getattr(self._regex, "get", None)
            regex = str(get() if get is not None else self._regex)
            self.match = re.compile(_shorter(regex) if len(regex) > LONG else regex, self._flags).match
        return self.match(text, *where)


def _shorter(regex: str) -> str:
    """The same with what begins a name in Python, and goes on in it, as `re` knows it; all of Unicode takes 1 ms."""
    from pygments import unistring

    return regex.replace(f"[{unistring.xid_start}]", r"[^\W\d]").replace(f"[{unistring.xid_continue}]", r"\w")


def _settle(lexer: "Lexer") -> None:
    """Let the rules go without us where they were compiled."""
    if not _Pattern.is_fresh:
        return
    tables: dict[str, list[tuple[object, ...]]] = getattr(lexer, "_tokens", {})
    for rules in tables.values():
        for number, (found, *rest) in enumerate(rules):
            if isinstance(found, _Pattern) and found.match is not None:
                rules[number] = (found.match, *rest)
    _Pattern.is_fresh = False


@functools.lru_cache(maxsize=64)
def _lexer(language: str) -> Known | None:
    from pygments.lexer import RegexLexer
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    # It is asked of the class before it is of the class's own class, which has pygments' way to do it.
    setattr(RegexLexer, "_process_regex", staticmethod(_Pattern))  # noqa: B010  # It is not among its types.
    try:
        lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except (ClassNotFound, ImportError):
        # Lexers are imported by name, so a compiled program may not carry this one.
        return None
    return Known(lexer, isinstance(lexer, RegexLexer) and _has_state(lexer))


def prepare(language: str) -> None:
    """Import the lexer of a language."""
    if language:
        _lexer(language)


def language_of(path: str) -> str:
    """What a file is written in, by its name; empty where that says nothing."""
    return _ENDS.get(path.rpartition("/")[2].rpartition(".")[2].lower(), "")


@functools.cache
def _style(kind: str) -> Style:  # noqa: PLR0911  # A row for each kind.
    match kind.split(".")[1:3]:
        case ["Keyword", "Type"] | ["Name", "Builtin"]:
            return "type"
        case ["Keyword", *_] | ["Operator", "Word"]:
            return "keyword"
        case ["Literal", "String"]:
            return "string"
        case ["Literal", "Number"]:
            return "number"
        case ["Comment", *_]:
            return "comment"
        case ["Name", "Function" | "Class" | "Decorator"]:
            return "name"
        case _:
            return ""


def _changed(line: str) -> Style:
    match line[:1]:
        case "+" if not line.startswith("+++ "):
            return "added"
        case "-" if not line.startswith("--- "):
            return "removed"
        case "@":
            return "hunk"
        case _:
            return ""
