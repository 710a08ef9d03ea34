"""The words of a shell command as bash would make them: quotes, escapes, braces, `~` and variables taken out.

What bash would put there only when it runs is unknown, and says so; nothing is guessed.
"""

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from tree_sitter import Node

# How many words a brace expansion may give.
MOST_WORDS = 64
_VARIABLE = re.compile(r"\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})")
_ESCAPES = {
    "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
    "\\": "\\", "'": "'", '"': '"', "?": "?",
}  # fmt: skip
_ANSI = re.compile(r"\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|([0-7]{1,3})|(.))", re.DOTALL)


class Word(Struct, frozen=True, kw_only=True):
    """One word: `text` as it was written, `value` as the command gets it; None where that is not known.

    A word with `is_glob` becomes the names that fit, one with `is_many` any number of words. `head` is what is known
    to stand at its beginning.
    """

    text: str
    value: str | None
    is_glob: bool = False
    is_many: bool = False
    head: str = ""
    # It stands for some of what lies below, chosen by a name.
    is_some: bool = False

    @property
    def shown(self) -> str:
        """The word in what a person reads and rules are matched with."""
        return self.text if self.value is None else self.value


class Char(Struct, frozen=True):
    """One character of a word, and whether quotes took its meaning away."""

    text: str
    is_quoted: bool


class Unknown(Struct, frozen=True):
    """Something that bash puts there when it runs."""

    is_quoted: bool


type Piece = Char | Unknown
type Variables = Mapping[str, str | None]


def literal(text: str) -> Word:
    """A word that is known."""
    return Word(text=text, value=text)


def unknown(text: str = "...") -> Word:
    """A word of which nothing is known."""
    return Word(text=text, value=None, is_many=True)


def read(node: "Node", source: bytes, variables: Variables, home: str) -> list[Word]:
    """The words that a node of the tree becomes."""
    text = source[node.start_byte : node.end_byte].decode()
    made = _expanded(pieces(node, source, variables))
    if len(made) > MOST_WORDS:
        return [unknown(text)]
    return [_word(each, text if len(made) == 1 else "", home) for each in made]


def pieces(node: "Node", source: bytes, variables: Variables) -> list[Piece]:
    """The characters of a word, in order."""
    text = source[node.start_byte : node.end_byte].decode()
    made: list[Piece]
    match node.type:
        case "word" | "number" | "file_descriptor" | "variable_name" | "test_operator":
            made = _plain(text)
        case "raw_string":
            made = _quoted(text[1:-1])
        case "ansi_c_string":
            made = _ansi(text[2:-1])
        case "string":
            made = _string(node, source, variables)
        case "simple_expansion" | "expansion":
            made = _variable(text, variables, is_quoted=False)
        case "concatenation" | "command_name":
            made = [piece for child in node.children for piece in pieces(child, source, variables)]
        case "{" | "}" | "," | ".." | "brace_expression":
            made = [Char(each, is_quoted=False) for each in text]
        case _:
            made = [Unknown(is_quoted=False)]
    return made


def _quoted(text: str) -> list[Piece]:
    return [Char(each, is_quoted=True) for each in text]


def _plain(text: str) -> list[Piece]:
    made: list[Piece] = []
    rest = iter(text)
    for each in rest:
        if each == "\\":
            after = next(rest, "\\")
            if after != "\n":
                made.append(Char(after, is_quoted=True))
        else:
            made.append(Char(each, is_quoted=False))
    return made


def _ansi(text: str) -> list[Piece]:
    def decoded(found: re.Match[str]) -> str:
        byte, short, long, octal, letter = found.groups()
        if letter is not None:
            return _ESCAPES.get(letter, "\0")
        number = int(byte or short or long or octal, 8 if octal else 16)
        # A byte above 127 is half a character, or is not: bash and we might read it differently.
        is_odd = number == 0 or ((byte or octal) and number > 127) or number > 0x10FFFF  # noqa: PLR2004
        return "\0" if is_odd else chr(number)

    made = _ANSI.sub(decoded, text)
    return [Unknown(is_quoted=True)] if "\0" in made else _quoted(made)


def _string(node: "Node", source: bytes, variables: Variables) -> list[Piece]:
    """Between double quotes; what the tree leaves out between its nodes is text, too."""
    made: list[Piece] = []
    at = node.start_byte + 1
    for child in node.children[1:-1]:
        if child.type == "string_content":
            continue
        made += _in_quotes(source[at : child.start_byte].decode())
        text = source[child.start_byte : child.end_byte].decode()
        if child.type in ("simple_expansion", "expansion"):
            made += _variable(text, variables, is_quoted=True)
        elif child.type == "$":
            made.append(Char("$", is_quoted=True))
        else:
            made.append(Unknown(is_quoted=True))
        at = child.end_byte
    return made + _in_quotes(source[at : node.end_byte - 1].decode())


def _in_quotes(text: str) -> list[Piece]:
    return _quoted(re.sub(r'\\([$`"\\\n])', lambda found: found[1].replace("\n", ""), text))


def _variable(text: str, variables: Variables, *, is_quoted: bool) -> list[Piece]:
    found = _VARIABLE.fullmatch(text)
    value = variables.get(found[1] or found[2]) if found else None
    # Without quotes it is split at blanks and its wildcards count.
    if value is None or (not is_quoted and (not value or re.search(r"[\s*?\[\\~]", value))):
        return [Unknown(is_quoted=is_quoted and not text.startswith(("$@", "${@", "${!")))]
    return _quoted(value)


def _expanded(given: list[Piece]) -> list[list[Piece]]:
    """Brace expansion: `a{b,c}` is two words; what is too deep or too many comes back as it is."""
    found = _brace(given)
    if found is None:
        return [given]
    start, end, choices = found
    made: list[list[Piece]] = []
    for choice in choices:
        for each in _expanded(given[:start] + choice + given[end + 1 :]):
            made.append(each)
            if len(made) > MOST_WORDS:
                return made
    return made


def _brace(given: list[Piece]) -> tuple[int, int, list[list[Piece]]] | None:
    for start, piece in enumerate(given):
        if not _is(piece, "{"):
            continue
        depth, cuts = 0, [start]
        for at in range(start, len(given)):
            depth += _is(given[at], "{") - _is(given[at], "}")
            if depth == 1 and _is(given[at], ","):
                cuts.append(at)
            if depth == 0:
                cuts.append(at)
                inner = given[start + 1 : at]
                if len(cuts) > 2:  # noqa: PLR2004
                    return start, at, [given[one + 1 : other] for one, other in pairwise(cuts)]
                if ".." in "".join(each.text for each in inner if isinstance(each, Char) and not each.is_quoted):
                    # A range: which words it gives is left open.
                    return start, at, [[Unknown(is_quoted=False)]]
                break
    return None


def _is(piece: Piece, text: str) -> bool:
    return isinstance(piece, Char) and not piece.is_quoted and piece.text == text


def _word(given: list[Piece], text: str, home: str) -> Word:
    given = _at_home(given, home)
    head = ""
    for piece in given:
        if not isinstance(piece, Char):
            break
        head += piece.text
    is_known = all(isinstance(piece, Char) for piece in given)
    value = "".join(piece.text for piece in given if isinstance(piece, Char)) if is_known else None
    return Word(
        text=text or "".join(piece.text if isinstance(piece, Char) else "..." for piece in given),
        value=value,
        is_glob=any(_is(piece, each) for piece in given for each in "*?["),
        is_many=any(isinstance(piece, Unknown) and not piece.is_quoted for piece in given),
        head=head,
    )


def _at_home(given: list[Piece], home: str) -> list[Piece]:
    if any(_is(one, ":") and _is(other, "~") for one, other in pairwise(given)):
        # In what looks like an assignment it is the home again.
        return [Unknown(is_quoted=True)]
    for at, piece in enumerate(given):
        # `of=~/x` looks like an assignment, and bash takes it for one.
        if _is(piece, "=") and at:
            return [*given[: at + 1], *_begun_at_home(given[at + 1 :], home)]
        if not isinstance(piece, Char) or piece.is_quoted or not (piece.text.isalnum() or piece.text == "_"):
            break
    return _begun_at_home(given, home)


def _begun_at_home(given: list[Piece], home: str) -> list[Piece]:
    if not given or not _is(given[0], "~"):
        return given
    if len(given) == 1 or _is(given[1], "/"):
        return [*(_quoted(home) if home else [Unknown(is_quoted=True)]), *given[1:]]
    # Somebody else's home, or the folder that was left.
    return [Unknown(is_quoted=True)]
