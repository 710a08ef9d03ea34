"""What terminals answer to programs that ask: kinds of terminals as data."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_ASKED = re.compile(
    rb"\x1b\[(?:[>=?]?[0-9;]*\$?[cnqpu])|\x1b\](?:10|11|12);\?(?:\x07|\x1b\\)|\x1b\[>0?q|\x1bP\+q[0-9A-Fa-f;]*\x1b\\"
)
_CURSOR = b"\x1b[6n"
_DARK, _LIGHT = b"1e1e/1e1e/2e2e", b"ffff/fefe/f5f5"


def _colours(back: bytes, front: bytes) -> dict[bytes, bytes]:
    return {
        b"\x1b]%d;?%s" % (code, end): b"\x1b]%d;rgb:%s%s" % (code, colour, end)
        for code, colour in ((10, front), (11, back))
        for end in (b"\x07", b"\x1b\\")
    }


def _version(text: bytes) -> dict[bytes, bytes]:
    return dict.fromkeys((b"\x1b[>q", b"\x1b[>0q"), b"\x1bP>|%s\x1b\\" % text)


def _attributes(text: bytes) -> dict[bytes, bytes]:
    return dict.fromkeys((b"\x1b[c", b"\x1b[0c"), b"\x1b[?%sc" % text)


def _modes(**known: int) -> dict[bytes, bytes]:
    return {
        b"\x1b[?%s$p" % mode[1:].encode(): b"\x1b[?%s;%d$y" % (mode[1:].encode(), value)
        for mode, value in known.items()
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of terminal: its TERM, variables of its own, and what it answers."""

    term: str
    answers: Mapping[bytes, bytes] = field(default_factory=dict)
    tells_cursor: bool = True
    variables: Mapping[str, str] = field(default_factory=dict)

    def replies(self, written: bytes, cursor: tuple[int, int]) -> bytes:
        """What it sends for what it was asked in these bytes."""
        found = b""
        for asked in _ASKED.findall(written):
            if asked == _CURSOR and self.tells_cursor:
                found += b"\x1b[%d;%dR" % (cursor[0] + 1, cursor[1] + 1)
            else:
                found += self.answers.get(asked, b"")
        return found


KITTY = Kind(
    term="xterm-kitty",
    answers={
        **_attributes(b"62;52;"),
        **_version(b"kitty(0.40.1)"),
        **_modes(_2026=2, _2027=0, _2031=2, _2048=2, _1004=2, _2004=2),
        **_colours(_DARK, _LIGHT),
        b"\x1b[?u": b"\x1b[?0u",
    },
    variables={"COLORTERM": "truecolor"},
)
XTERM = Kind(
    term="xterm-256color",
    answers={
        **_attributes(b"64;1;2;6;9;15;16;17;18;21;22;28"),
        **_version(b"XTerm(379)"),
        **_modes(_2026=0, _2027=0, _2031=0, _1004=2, _2004=2),
        **_colours(_LIGHT, _DARK),
    },
)
CODE = Kind(
    term="xterm-256color",
    answers={
        **_attributes(b"1;2"),
        **_version(b"xterm.js(6.0.0)"),
        **_modes(_2026=2, _2004=2),
        **_colours(_DARK, _LIGHT),
    },
    variables={"TERM_PROGRAM": "vscode", "COLORTERM": "truecolor"},
)
TMUX = Kind(
    term="tmux-256color",
    answers={**_attributes(b"1;2;4"), **_version(b"tmux 3.3a")},
    variables={"TMUX": "/nowhere,1,0"},
)
SILENT = Kind(term="xterm", tells_cursor=False)
DUMB = Kind(term="dumb", tells_cursor=False)
KINDS = {"kitty": KITTY, "xterm": XTERM, "code": CODE, "tmux": TMUX, "silent": SILENT}
