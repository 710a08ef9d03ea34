r"""The regular expressions of `grep`: what ripgrep and our own search understand alike.

Both engines get the same meaning from one pattern. Braces that count nothing are braces; brackets inside a class are
signs; `\d`, `\w`, `\s` and `\b` are ASCII. What only one engine has, or means otherwise, is refused by name:
look-around, back-references, named classes, anchors of the whole text, line breaks.
"""

import re

from msgspec import Struct

from iterate.tools.tool import ToolFailed

_ASCII = {
    "d": ("0-9", ""),
    "w": ("A-Za-z0-9_", ""),
    "s": (r"\t\x0b\x0c\r ", ""),
    "D": ("", "0-9"),
    "W": ("", "A-Za-z0-9_"),
    "S": ("", r"\t\x0b\x0c\r "),
}
_LETTERS = {"t": r"\t", "f": r"\x0c", "v": r"\x0b", "r": r"\r", "a": r"\x07"}
_WORD = r"[A-Za-z0-9_]"
# Without regard to case two more signs fold to letters of ASCII.
_EDGE = rf"(?-i:(?<={_WORD})(?!{_WORD})|(?<!{_WORD})(?={_WORD}))"
_NO_EDGE = rf"(?-i:(?<={_WORD})(?={_WORD})|(?<!{_WORD})(?!{_WORD}))"
# Bytes that are no UTF-8, which no sign of a pattern matches.
_STRAY = r"\udc80-\udcff"
_COUNT = re.compile(r"\{(\d+)(,(\d*))?\}")
_MOST_COUNT = 1000
# Signs that mean something in a class of one engine.
_SPECIAL = r"[]^-&~#|\\"


class BadPattern(ToolFailed):
    """The regular expression is none, or has what only some engines know."""


class Pattern(Struct, frozen=True, kw_only=True):
    """One expression, as ripgrep reads it and as Python does."""

    rust: str
    python: str


def parsed(text: str, *, is_literal: bool = False) -> Pattern:
    """A pattern for both engines; raises `BadPattern`."""
    if "\n" in text or "\0" in text:
        raise BadPattern("a pattern is searched line by line, and holds no line break and no NUL")
    if is_literal:
        return Pattern(rust="".join(map(_rust_literal, text)), python=re.escape(text))
    reader = _Reader(text)
    reader.read()
    pattern = Pattern(rust="".join(reader.rust), python="".join(reader.python))
    try:
        re.compile(pattern.python)
    except (re.error, OverflowError, RecursionError) as problem:
        raise BadPattern(f"{text!r} is no regular expression: {problem}") from problem
    return pattern


def _rust_literal(sign: str) -> str:
    return f"\\{sign}" if sign in r"\.+*?()|[]{}^$#&-~" else sign


class _Ends:
    """Refuses a beginning behind an end, as in `$^`: ripgrep finds an empty line so, or not, by its other parts."""

    def __init__(self) -> None:
        self._is_behind = False
        # Of each open group: whether it is behind an end, and whether one of its choices so far has one.
        self._groups: list[list[bool]] = []

    def see(self, sign: str) -> None:
        """The next sign outside of classes and escapes."""
        match sign:
            case "$":
                self._is_behind = True
            case "^" if self._is_behind:
                raise BadPattern("no line begins behind its end: ^ stands behind $")
            case "(":
                self._groups.append([self._is_behind, False])
            case "|":
                if self._groups:
                    self._groups[-1][1] |= self._is_behind
                self._is_behind = bool(self._groups) and self._groups[-1][0]
            case ")" if self._groups:
                self._is_behind |= self._groups.pop()[1]
            case _:
                pass


class _Reader:
    """Goes through a pattern once and writes it for both."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0
        self.rust: list[str] = []
        self.python: list[str] = []
        self._ends = _Ends()

    def read(self) -> None:
        while self.place < len(self.text):
            sign = self.text[self.place]
            self._ends.see(sign)
            match sign:
                case "\\":
                    self._escape()
                case "[":
                    self._class()
                case "{":
                    self._brace()
                case "(":
                    self._group()
                case "$":
                    # At the end of a line, also of one that ends with CRLF.
                    self._put("$", 1, python=r"(?=\r?$)", rust=r"(?:\r?$)")
                case ".":
                    self._put(".", 1, python=f"[^\n{_STRAY}]")
                case "}" | "]" | "#" | "&" | "~":
                    self._put(sign, 1, python=re.escape(sign), rust=_rust_literal(sign) if sign in "}]" else sign)
                case "+" if self.text[self.place - 1 : self.place] in {"*", "+", "?", "}"} and self._is_repeated():
                    raise BadPattern("possessive repetition (like a++) is not offered")
                case _:
                    self._put(sign, 1)

    def _is_repeated(self) -> bool:
        return self.text[self.place - 2 : self.place - 1] != "\\"

    def _put(self, sign: str, length: int, *, python: str | None = None, rust: str | None = None) -> None:
        self.rust.append(sign if rust is None else rust)
        self.python.append(sign if python is None else python)
        self.place += length

    def _escape(self) -> None:
        letter = self.text[self.place + 1 : self.place + 2]
        match letter:
            case "":
                raise BadPattern("the pattern ends with a backslash")
            case "b":
                self._put("", 2, rust=r"(?-u:\b)", python=_EDGE)
            case "B":
                self._put("", 2, rust=r"(?-u:\B)", python=_NO_EDGE)
            case "x":
                self._hex(r"\\x([0-9A-Fa-f]{2})")
            case "u":
                self._hex(r"\\u([0-9A-Fa-f]{4})")
            case _ if letter in _ASCII:
                its, never = _ASCII[letter]
                self._put(f"[{its}]", 2) if its else self._negated(never, 2)
            case _ if letter in _LETTERS:
                self._put(_LETTERS[letter], 2)
            case _ if letter.isalnum():
                raise BadPattern(f"\\{letter} is not offered; grep searches line by line, without {_refused(letter)}")
            case _:
                self._put("", 2, rust=_rust_literal(letter), python=re.escape(letter))

    def _hex(self, form: str) -> None:
        found = re.compile(form).match(self.text, self.place)
        if not found:
            raise BadPattern("\\x takes two and \\u four hexadecimal digits")
        sign = chr(int(found[1], 16))
        if sign in "\n\0" or "\ud800" <= sign <= "\udfff":
            raise BadPattern(f"{found[0]} is in no line")
        self._put("", len(found[0]), rust=_rust_literal(sign), python=re.escape(sign))

    def _brace(self) -> None:
        found = _COUNT.match(self.text, self.place)
        if not found or not self.python:
            self._put("", 1, rust=r"\{", python=r"\{")
            return
        if any(int(number) > _MOST_COUNT for number in (found[1], found[3]) if number):
            raise BadPattern(f"{found[0]} counts too far: at most {_MOST_COUNT}")
        self._put(found[0], len(found[0]))

    def _group(self) -> None:
        for opening in ("(?:", "(?i)", "(?i:"):
            if self.text.startswith(opening, self.place):
                if opening == "(?i)" and self.place:
                    raise BadPattern("(?i) belongs at the beginning")
                self._put(opening, len(opening))
                return
        if self.text.startswith("(?", self.place):
            named = re.compile(r"\(\?P?<[A-Za-z_]\w*>").match(self.text, self.place)
            if not named:
                raise BadPattern(f"{self.text[self.place : self.place + 4]!r}: look-around and such are not offered")
            self._put("(", len(named[0]))
            return
        self._put("(", 1)

    def _class(self) -> None:
        end = self.place + 1
        is_negated = self.text.startswith("^", end)
        end += is_negated
        items: list[str] = []
        is_first = True
        while is_first or not self.text.startswith("]", end):
            if end >= len(self.text):
                raise BadPattern("a [ has no ]")
            item, end = self._item(end)
            items.append(item)
            is_first = False
        body = "".join(items)
        length = end + 1 - self.place
        if is_negated:
            self._negated(body, length)
        else:
            self._put(f"[{body}]", length)

    def _negated(self, body: str, length: int) -> None:
        self._put("", length, rust=rf"[^{body}\n]", python=rf"[^{body}\n{_STRAY}]")

    def _item(self, place: int) -> tuple[str, int]:
        """One member of a class, or a range of two."""
        first, place = self._member(place)
        if len(first) > 2 or not self.text.startswith("-", place) or self.text.startswith("-]", place):  # noqa: PLR2004
            return first, place
        last, behind = self._member(place + 1)
        if re.escape(last[-1]) and len(last) > 2:  # noqa: PLR2004  # A shorthand ends no range.
            raise BadPattern(f"{self.text[place - 1 : behind]!r} is no range")
        if last[-1] < first[-1]:
            raise BadPattern(f"the range {first}-{last} runs backwards")
        return f"{first}-{last}", behind

    def _member(self, place: int) -> tuple[str, int]:
        sign = self.text[place : place + 1]
        if self.text.startswith(("[:", "[=", "[."), place):
            raise BadPattern("named classes like [:alpha:] are not offered")
        if sign != "\\":
            return (f"\\{sign}" if sign in _SPECIAL else sign), place + 1
        letter = self.text[place + 1 : place + 2]
        if letter in "dws" and letter:
            return _ASCII[letter][0], place + 2
        if letter in _LETTERS:
            return _LETTERS[letter], place + 2
        if not letter or letter.isalnum():
            raise BadPattern(f"\\{letter} is not offered inside a class")
        return (f"\\{letter}" if letter in _SPECIAL else letter), place + 2


def _refused(letter: str) -> str:
    if letter.isdigit():
        return "back-references"
    return {"n": "line breaks", "A": "anchors but ^ and $", "Z": "anchors but ^ and $", "z": "anchors but ^ and $"}.get(
        letter, "classes but \\d, \\w and \\s"
    )
