r"""Patterns of file names, as expressions over paths with `/`: those of `glob`, and those of ignore files.

`*` and `?` stop at `/`, `**` as a whole part does not; `[...]` is a class, `[!...]` what is not in it, `{a,b}` a
choice, `\` takes the next sign as it is.
"""

import re

from iterate.tools.tool import ToolFailed


class BadGlob(ToolFailed):
    """The pattern of names is none."""


def compiled(text: str) -> re.Pattern[bytes]:
    """A pattern of `glob`, for whole paths: without a `/` it is for names in any folder."""
    text = text.removeprefix("./")
    anchored = text if "/" in text else f"**/{text}"
    try:
        return re.compile(expression(anchored.removeprefix("/"), is_bytes=False) + rb"\Z", re.DOTALL)
    except re.error as problem:
        raise BadGlob(f"{text!r} is no pattern of names: {problem}") from problem


def expression(text: str, *, is_bytes: bool) -> bytes:
    """The pattern as a regular expression over bytes; raises `BadGlob`.

    With `is_bytes`, as for ignore files, `?` is one byte.
    """
    if text in {"**", "**/"}:
        return b".*"
    return _Translation(text.encode("utf-8", "surrogateescape"), is_bytes=is_bytes).read()


class _Translation:
    def __init__(self, text: bytes, *, is_bytes: bool) -> None:
        self.text = text
        self.is_bytes = is_bytes
        self.place = 0
        self.depth = 0

    def read(self) -> bytes:
        pieces: list[bytes] = []
        while self.place < len(self.text):
            pieces.append(self._next())
        if self.depth:
            raise BadGlob("a { has no }")
        return b"".join(pieces)

    def _next(self) -> bytes:  # noqa: PLR0911  # A case each.
        sign = self.text[self.place : self.place + 1]
        self.place += 1
        match sign:
            case b"*":
                return self._stars()
            case b"?":
                return b"[^/]" if self.is_bytes else _ANY
            case b"[":
                return self._class()
            case b"\\":
                self.place += 1
                if self.place > len(self.text):
                    raise BadGlob("it ends with a backslash")
                return re.escape(self.text[self.place - 1 : self.place])
            case b"{":
                self.depth += 1
                return b"(?:"
            case b"}" if self.depth:
                self.depth -= 1
                return b")"
            case b"," if self.depth:
                return b"|"
            case _:
                return re.escape(sign)

    def _stars(self) -> bytes:
        begin = self.place - 1
        while self.text[self.place : self.place + 1] == b"*":
            self.place += 1
        is_part = self.place - begin == 2 and self.text[begin - 1 : begin] in {b"", b"/", b"{", b","}  # noqa: PLR2004
        behind = self.text[self.place : self.place + 1]
        if is_part and behind == b"/":
            self.place += 1
            return b"(?:.*/)?"
        # At the end it is everything below a folder, and not the folder.
        return b".+" if is_part and behind in {b"", b"}", b","} else b"[^/]*"

    def _class(self) -> bytes:
        found = re.compile(rb"([!^]?)(\]?(?:\\.|[^\]\\])*)\]", re.DOTALL).match(self.text, self.place)
        if not found:
            raise BadGlob("a [ has no ]")
        self.place = found.end()
        body = found[2].decode("utf-8", "surrogateescape")
        # Bytes know no signs beyond ASCII: these are choices beside the class.
        others = [re.escape(sign.encode("utf-8", "surrogateescape")) for sign in body if not sign.isascii()]
        plain = "".join(sign for sign in body if sign.isascii()).encode()
        plain = re.sub(rb"(?<!\\)[\[\]^&|~]", lambda each: b"\\" + each[0], plain)
        choices = b"|".join([*([b"[" + plain + b"]"] if plain else []), *others])
        sign = b"[^/]" if self.is_bytes else _ANY
        return b"(?!/|" + choices + b")" + sign if found[1] else b"(?!/)(?:" + choices + b")"


# One sign of UTF-8, or one byte that is none.
_ANY = rb"(?:[\xc2-\xf4][\x80-\xbf]{1,3}|[^/])"
