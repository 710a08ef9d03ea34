"""What a terminal is switched to for us, and back: each mode is two sequences, and all of them are always undone."""

from typing import Literal

type Mode = Literal["alternate", "paste", "focus", "mouse", "kitty", "other-keys", "prompt"]

# On, and off again. A terminal passes over what it does not know, but the last two, which are for those that said so.
_BYTES: dict[Mode, tuple[str, str]] = {
    # Places count from the top of the screen there, also within a region that scrolls.
    "alternate": ("\x1b[?1049h\x1b[?6l\x1b[H\x1b[2J", "\x1b[?1049l"),
    "paste": ("\x1b[?2004h", "\x1b[?2004l"),
    "focus": ("\x1b[?1004h", "\x1b[?1004l"),
    # Presses, wheel and drags, at any column.
    "mouse": ("\x1b[?1002h\x1b[?1006h", "\x1b[?1006l\x1b[?1002l"),
    # Keys that are ambiguous otherwise: Shift-Enter, Ctrl-I. Pushed on a stack of the terminal, and popped.
    "kitty": ("\x1b[>1u", "\x1b[<u"),
    # The same as xterm and tmux have it.
    "other-keys": ("\x1b[>4;1m", "\x1b[>4m"),
    # Rows were marked as a prompt: what comes now is not of it, and is never emptied.
    "prompt": ("", "\x1b]133;C\x1b\\"),
}
# In this order: what a screen has for itself is switched on behind it.
_ORDER: tuple[Mode, ...] = ("alternate", "paste", "focus", "mouse", "kitty", "other-keys", "prompt")
# The end of a sequence or a frame that was cut off: a string ends, a frame is shown, rows wrap, the cursor is seen.
_WHOLE = "\x1b\\\x1b[?2026l\x1b[m\x1b[?7h\x1b[?25h"
# What a program before us may have left: colours, line drawing, insertion, rows that do not wrap, no cursor, margins.
# Their end moves the cursor; so would that of places that count from them, which without margins are as any others.
BEGUN = "\x1b[m\x0f\x1b(B\x1b[4l\x1b[?7h\x1b[?25h\x1b[?69l\x1b7\x1b[r\x1b8"
# Before another program gets the terminal: where it is to go on, should that one be killed.
LENT = "\x1b7"
# What such a program has switched on and nobody switches off: other screens, the mouse, pasting, keys of its own. The
# cursor is where it was then, and below it is nothing.
FORGOTTEN = (
    "\x1b\\\x1b[?2026l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1005l\x1b[?1006l\x1b[?1015l\x1b[?1004l\x1b[?2004l"
    "\x1b[>4m\x1b[?1l\x1b>\x1b[?6l\x1b[?5l\x1b[r\x1b[?1049l\x1b[m\x1b[J"
)
_TITLE_KEPT, _TITLE_BACK = "\x1b[22;2t", "\x1b[23;2t"


def on(modes: set[Mode]) -> str:
    """What switches to all of them."""
    return "".join(_BYTES[each][0] for each in _ORDER if each in modes)


def off(modes: set[Mode]) -> str:
    """What switches all of them back, last first."""
    return "".join(_BYTES[each][1] for each in reversed(_ORDER) if each in modes)


def given_back(modes: set[Mode], last: str = "", *, has_title: bool) -> str:
    """What makes a terminal again what it was, whatever it was sent until now; `last` takes what is shown away."""
    return f"{_WHOLE}{last}{off(modes)}{_TITLE_BACK if has_title else ''}"


def titled(text: str, *, is_first: bool) -> str:
    """What gives a terminal a title; the one it has is kept by the terminal the first time."""
    plain = "".join(each if each.isprintable() else " " for each in text)
    return f"{_TITLE_KEPT if is_first else ''}\x1b]2;{plain}\x1b\\"
