"""What a terminal sends, as keys: chords by their names, typed and pasted text, the mouse, a terminal's answers.

However the bytes are cut into pieces, the same keys come of them. Nothing that was typed is lost, and nothing that a
terminal says by itself becomes text.
"""

import codecs
import re
import time
from collections.abc import Callable
from typing import NamedTuple

from iterate.terminal import sequences
from iterate.terminal.sequences import Mouse

# What follows an Escape that begins another key is there at once, also over a slow line; what a terminal answers may
# be torn by it; a paste is given as it is when no more of it comes.
ESCAPE_S, TORN_S, PASTE_S = 0.05, 1.0, 1.0
# What comes so soon behind other bytes of a paste is more of it: nobody types so fast.
FLOW_S = 0.02
_PASTE_BEGIN, _PASTE_END = b"\x1b[200~", b"\x1b[201~"
# Nor so many bytes at once.
_BURST = 32
_ESCAPE, _DELETE, _SPACE = 0x1B, 0x7F, 0x20
# So many bytes of a sequence may be a key that was pressed.
_SHORT = 2
# From here on characters are on no key that Alt is held with: an Escape came before them.
_NO_ALT = 0x1100

_RUN = re.compile(rb"[^\x00-\x1f\x7f]+")
# Bounded, so that nothing waits for ever; `[[A` is a function key of the Linux console, `[M` the old form of the mouse,
# and `[7$` a key of rxvt, where an answer would have two numbers.
_CSI = re.compile(
    rb"\x1b\[(?:\[([A-E])|M([\x00-\xff]{3})|(\d{1,2})\$|(?!M)([0-?]{0,128})([ -/]{0,4})([@-Z\\-~]))", re.DOTALL
)
_CSI_PART = re.compile(rb"\x1b\[(?:\[|M[\x00-\xff]{0,2}|[0-?]{0,128}[ -/]{0,4})\Z", re.DOTALL)
_TORN = re.compile(rb"\x1b\[[?><=][0-9;:]*")
_SS3 = re.compile(rb"\x1bO([2-8]?)([A-DFHP-S])|\x1bO([EIMXa-dj-y])")
_SS3_PART = re.compile(rb"\x1bO[2-8]?\Z")
# Only what terminals answer with: `]` and the others may be keys with Alt, and text behind them.
_STRING = re.compile(rb"\x1b(?:\]\d{1,5};|P(?:[>!]\||[01][$+]r)|_G)")
_STRING_PART = re.compile(rb"\x1b(?:\]\d{0,5}|P(?:[>!]|[01][$+]?)?|_)\Z")
_STRING_END = re.compile(rb"\x07|\x1b\\|\x1b(?!\\)(?=.)", re.DOTALL)
_STRING_BYTES = 1 << 20
# What nobody types in one piece behind an Escape: a paste, the mouse, or an answer that came late.
_LATE = re.compile(rb"\x1b(?:\[200~|\[[?<>=][0-9;:]+[$A-Za-z]|\]\d{1,3};|P(?:[>!]\||[01][$+]r)|_G)")
_FIRST = {0x5B: "csi", 0x4F: "ss3", 0x5D: "string", 0x50: "string", 0x5F: "string"}


class Key(NamedTuple):
    """A chord by its name: `ctrl+x`, `shift+tab`, `alt+b`.

    Or one of `text` that was typed, `paste`, `mouse`, `focus`, `blur`, and `reply`: what a terminal answered, raw.
    """

    name: str
    text: str = ""
    mouse: Mouse | None = None


# Nothing that anybody needs to know of.
_NOTHING = Key("")
_WAIT: tuple[Key, int] = (_NOTHING, 0)


class Decoder:
    """Bytes become keys; what is not whole waits for more, at most as long as its patience."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._rest = b""
        self._paste: bytearray | None = None
        # When something came while a paste is open, and when it was surely more of it; what came since may be keys.
        self._came_at = self._flowed_at = 0.0
        self._behind: list[bytes] = []
        # The last paste was given before its end had come.
        self._is_late = False
        # What was given as a key because nothing followed at once.
        self._given = b""

    def take(self, content: bytes) -> list[Key]:
        """The keys that are whole now."""
        found: list[Key] = []
        if self._is_late and content:
            self._resume(content)
        elif self._paste is not None and self._is_another(content):
            found += self.flush()
            self._is_late = False
        elif self._paste is not None and not self._flows(content):
            self._behind.append(content)
            return found
        content = b"".join([*self._behind, content])
        self._behind.clear()
        given, self._given = self._given, b""
        if given and _LATE.match(given + content):
            # The key cannot be taken back, but what belongs to it is no text, and no paste that sends its lines.
            content = given + content
        content = self._rest + content
        place = 0
        while place < len(content):
            if self._paste is not None:
                used = self._pasted(content, place, found)
            else:
                key, used = _next(content, place)
                if key.name == "paste-begin":
                    self._begin()
                elif key.name:
                    found.append(key)
            if not used:
                break
            place += used
        self._rest = content[place:]
        return found

    @property
    def patience(self) -> float | None:
        """Seconds to wait for more before `flush`; None when nothing waits."""
        if self._paste is not None:
            return max(0.0, PASTE_S - (self._clock() - self._flowed_at))
        if not self._rest:
            return None
        return ESCAPE_S if self._rest[0] == _ESCAPE and len(self._rest) <= _SHORT else TORN_S

    @property
    def has_escape(self) -> bool:
        """Whether an Escape came, which may be the key or the beginning of another one."""
        return self.patience == ESCAPE_S

    def flush(self) -> list[Key]:
        """What waits, as what it is when nothing follows: an Escape, a key with Alt, a paste without its end."""
        if self._paste is not None:
            self._paste += self._rest
            behind, self._rest, self._behind = self._behind, b"", []
            found = [*self._whole_paste(), *self._typed_behind(behind)]
            self._is_late = True
            return found
        rest, self._rest = self._rest, b""
        self._given = rest if len(rest) <= _SHORT else b""
        return _flushed(rest)

    def _pasted(self, content: bytes, place: int, found: list[Key]) -> int:
        """Take what belongs to the paste, up to what may be the beginning of its end."""
        assert self._paste is not None  # noqa: S101
        end = content.find(_PASTE_END, place)
        if end >= 0:
            self._paste += content[place:end]
            found += self._whole_paste()
            return end + len(_PASTE_END) - place
        kept = next(
            (size for size in range(len(_PASTE_END) - 1, 0, -1) if content.endswith(_PASTE_END[:size], place)), 0
        )
        self._paste += content[place : len(content) - kept]
        return len(content) - kept - place

    def _begin(self) -> None:
        """A paste is open from now on."""
        self._paste = bytearray()
        self._came_at = self._flowed_at = self._clock()

    def _is_another(self, content: bytes) -> bool:
        """Whether the next paste begins, so that the end of the open one was lost."""
        return content.startswith(_PASTE_BEGIN) and self._clock() - self._came_at >= FLOW_S

    def _flows(self, content: bytes) -> bool:
        """Whether what came is more of the open paste, and not keys of somebody who sees nothing of it."""
        now = self._clock()
        is_soon = now - self._came_at < FLOW_S
        is_much = len(content) > _BURST and content[0] != _ESCAPE
        whole = b"".join([self._rest, *self._behind, content])
        has_end = _PASTE_END in whole or bool(self._rest and _PASTE_END.startswith(whole))
        self._came_at = now
        if is_soon or is_much or has_end:
            self._flowed_at = now
            return True
        return False

    def _typed_behind(self, pieces: list[bytes]) -> list[Key]:
        """Keys that were pressed while the end of a paste was waited for; an Enter may have been the last of it."""
        found = [key for piece in pieces for key in (*self.take(piece), *self.flush())]
        return [Key("paste", "\n") if key.name == "enter" else key for key in found]

    def _whole_paste(self) -> list[Key]:
        text = (self._paste or b"").decode(errors="replace")
        self._paste = None
        return [Key("paste", text.replace("\r\n", "\n").replace("\r", "\n"))] if text else []

    def _resume(self, content: bytes) -> None:
        """Go on with a paste that paused for too long, where what comes now is more of it."""
        before, end, _ = content.partition(_PASTE_END)
        is_another = _PASTE_BEGIN in before
        if (end and not is_another) or (len(content) > _BURST and content[0] != _ESCAPE):
            self._begin()
        # Until then keys may come between two pieces of it.
        self._is_late = not (end or is_another or self._paste is not None)


def _next(content: bytes, place: int) -> tuple[Key, int]:
    """The key at that place and its bytes; none when it is not whole."""
    first = content[place]
    if first == _ESCAPE:
        return _escaped(content, place)
    if first < _SPACE or first == _DELETE:
        return Key(sequences.CONTROLS[first]), 1
    return _typed(content, place)


def _typed(content: bytes, place: int) -> tuple[Key, int]:
    """What was typed up to the next control, without a character that has not come whole."""
    run = _RUN.match(content, place)
    assert run is not None  # noqa: S101
    text, used = codecs.utf_8_decode(run[0], "replace", run.end() < len(content))
    return (Key("text", text), used) if used else _WAIT


def _escaped(content: bytes, place: int) -> tuple[Key, int]:
    """A key that begins with an Escape."""
    if place + 1 == len(content):
        return _WAIT
    second = content[place + 1]
    if second == _ESCAPE:
        return _twice(content, place)
    match _FIRST.get(second):
        case "csi":
            return _control(content, place)
        case "ss3":
            return _single(content, place)
        case "string":
            return _string(content, place)
        case _:
            return _with_alt(content, place)


def _twice(content: bytes, place: int) -> tuple[Key, int]:
    """Escape twice, or a key of rxvt, PuTTY or Terminal.app with Alt."""
    if place + 2 == len(content):
        return _WAIT
    if content[place + 2] not in b"[O":
        return Key("escape"), 1
    key, used = _escaped(content, place + 1)
    if not used:
        return _WAIT
    if used > 2 and key.name.rpartition("+")[2] in sequences.MOVABLE:  # noqa: PLR2004
        return Key(sequences.with_alt(key.name)), used + 1
    return Key("escape"), 1


def _control(content: bytes, place: int) -> tuple[Key, int]:
    found = _CSI.match(content, place)
    if found is None:
        if _CSI_PART.match(content, place):
            return _WAIT
        torn = _TORN.match(content, place)
        return (Key("reply", torn[0].decode()), torn.end() - place) if torn else _with_alt(content, place)
    console, mouse, rxvt, numbers, between, final = found.groups()
    used = found.end() - place
    if console:
        return Key(f"f{console[0] - 0x40}"), used
    if mouse:
        return Key("mouse", mouse=sequences.old_mouse(mouse)), used
    if rxvt:
        return Key(sequences.rxvt(int(rxvt), "$")), used
    return _named(sequences.control(numbers.decode(), between.decode(), final.decode()), found[0], used)


def _named(meaning: sequences.Meaning, raw: bytes, used: int) -> tuple[Key, int]:
    if meaning.name == "reply":
        return Key("reply", raw.decode(errors="replace")), used
    return Key(meaning.name, meaning.text, meaning.mouse), used


def _single(content: bytes, place: int) -> tuple[Key, int]:
    found = _SS3.match(content, place)
    if found is None:
        return _WAIT if _SS3_PART.match(content, place) else _with_alt(content, place)
    held, letter, other = found.groups()
    meaning = sequences.single((held or b"").decode(), (letter or other).decode())
    return _named(meaning, found[0], found.end() - place)


def _string(content: bytes, place: int) -> tuple[Key, int]:
    """An answer up to its end, which is a bell or Escape and a backslash; another Escape tears it."""
    begun = _STRING.match(content, place)
    if begun is None:
        return _WAIT if _STRING_PART.match(content, place) else _with_alt(content, place)
    end = _STRING_END.search(content, begun.end(), place + _STRING_BYTES)
    if end is None:
        if len(content) - place < _STRING_BYTES:
            return _WAIT
        return Key("reply", content[place : place + _STRING_BYTES].decode(errors="replace")), _STRING_BYTES
    stop = end.start() if end[0] == b"\x1b" else end.end()
    return Key("reply", content[place:stop].decode(errors="replace")), stop - place


def _with_alt(content: bytes, place: int) -> tuple[Key, int]:
    """A character or a control that Alt was held with."""
    second = content[place + 1]
    if second < _SPACE or second == _DELETE:
        return Key(sequences.with_alt(sequences.CONTROLS[second])), 2
    run = _RUN.match(content[place + 1 : place + 5])
    assert run is not None  # noqa: S101
    text, used = codecs.utf_8_decode(run[0], "replace", place + 1 + run.end() < len(content) or len(run[0]) > 3)  # noqa: PLR2004
    if not used:
        return _WAIT
    if text[0] == "\N{REPLACEMENT CHARACTER}" or ord(text[0]) >= _NO_ALT:
        return Key("escape"), 1
    return Key(sequences.chord(text[0], ("alt",))), 1 + len(text[0].encode())


def _flushed(rest: bytes) -> list[Key]:
    """What is not whole and never will be."""
    if not rest:
        return []
    if rest[0] != _ESCAPE:
        return [Key("text", rest.decode(errors="replace"))]
    if len(rest) == 1:
        return [Key("escape")]
    if _STRING.match(rest) or rest[1:3] in {b"[?", b"[>", b"[<", b"[="} or rest.startswith(b"\x1b[M"):
        return [Key("reply", rest.decode(errors="replace"))]
    if rest[1] == _ESCAPE:
        return [Key("escape"), *_flushed(rest[1:])]
    key, used = _with_alt(rest + b"\x00", 0)
    return [key, *_flushed(rest[used:])] if used <= len(rest) else [key]
