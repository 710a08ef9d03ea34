"""What a terminal sends for keys, as names; what is pasted comes as one piece of text."""

import re
from typing import NamedTuple

_PASTE_BEGIN, _PASTE_END = b"\x1b[200~", b"\x1b[201~"
_SEQUENCES = {
    b"[A": "up",
    b"[B": "down",
    b"[C": "right",
    b"[D": "left",
    b"OA": "up",
    b"OB": "down",
    b"OC": "right",
    b"OD": "left",
    b"[H": "home",
    b"[F": "end",
    b"OH": "home",
    b"OF": "end",
    b"[1~": "home",
    b"[4~": "end",
    b"[7~": "home",
    b"[8~": "end",
    b"[3~": "delete",
    b"[1;5C": "word-right",
    b"[1;5D": "word-left",
    b"[1;3C": "word-right",
    b"[1;3D": "word-left",
    b"[Z": "back-tab",
    b"\r": "newline",
    b"\n": "newline",
    b"b": "word-left",
    b"f": "word-right",
    b"d": "kill-word-right",
    b"\x7f": "kill-word",
    b"[13;2u": "newline",
    b"[27;2;13~": "newline",
}
_CONTROLS = {
    0x01: "home",
    0x02: "left",
    0x03: "interrupt",
    0x04: "end-of-file",
    0x05: "end",
    0x06: "right",
    0x08: "backspace",
    0x09: "tab",
    0x0A: "newline",
    0x0B: "kill-end",
    0x0C: "clear",
    0x0D: "enter",
    0x0E: "down",
    0x10: "up",
    0x12: "search",
    0x15: "kill-start",
    0x17: "kill-word",
    0x19: "yank",
    0x1A: "suspend",
    0x7F: "backspace",
}
_ESCAPE = re.compile(rb"\x1b(\[[0-?]*[ -/]*[@-~]|O[A-Za-z]|[\r\n\x7fbfd])")
# An escape sequence that has not come whole.
_PARTIAL = re.compile(rb"\x1b(\[[0-?]*[ -/]*|O)?\Z")


class Key(NamedTuple):
    """A key by its name, or text that was typed (`text`) or pasted (`paste`)."""

    name: str
    text: str = ""


class Decoder:
    """Bytes become keys; what is not whole waits for more."""

    def __init__(self) -> None:
        self._rest = b""

    def take(self, content: bytes) -> list[Key]:
        """The keys that are whole now."""
        self._rest += content
        found: list[Key] = []
        while self._rest:
            key, used = self._next(self._rest)
            if not used:
                break
            self._rest = self._rest[used:]
            if key.name:
                found.append(key)
        return found

    @property
    def has_escape(self) -> bool:
        """Whether an Escape came, which may be the key or the beginning of another one."""
        return self._rest == b"\x1b"

    def flush(self) -> list[Key]:
        """That Escape as the key, because nothing followed."""
        self._rest = b""
        return [Key("escape")]

    def _next(self, content: bytes) -> tuple[Key, int]:
        if content.startswith(_PASTE_BEGIN):
            end = content.find(_PASTE_END)
            if end < 0:
                return Key(""), 0
            text = content[len(_PASTE_BEGIN) : end].decode(errors="replace")
            return Key("paste", text.replace("\r\n", "\n").replace("\r", "\n")), end + len(_PASTE_END)
        if content[0] == 0x1B:  # noqa: PLR2004  # Escape.
            return self._escaped(content)
        if content[0] in _CONTROLS:
            return Key(_CONTROLS[content[0]]), 1
        if content[0] < 0x20:  # noqa: PLR2004  # Other controls.
            return Key(""), 1
        return _typed(content)

    def _escaped(self, content: bytes) -> tuple[Key, int]:
        if found := _ESCAPE.match(content):
            return Key(_SEQUENCES.get(found[1], "")), found.end()
        if _PARTIAL.match(content):
            return Key(""), 0
        return Key("escape"), 1


def _typed(content: bytes) -> tuple[Key, int]:
    """What was typed up to the next control, without a character that has not come whole."""
    end = next((place for place, byte in enumerate(content) if byte < 0x20 or byte == 0x7F), len(content))  # noqa: PLR2004
    text = content[:end]
    try:
        return Key("text", text.decode()), end
    except UnicodeDecodeError as problem:
        if problem.start:
            return Key("text", text[: problem.start].decode()), problem.start
        is_partial = end == len(content) and problem.reason == "unexpected end of data"
        return Key(""), 0 if is_partial else 1
