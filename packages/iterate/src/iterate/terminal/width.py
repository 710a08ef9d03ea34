"""How many columns text takes on a terminal: what is read as one character is one, and East Asian ones are two wide.

The tables of Unicode that Python carries say nearly all of it; `wcwidth` would cost a command 40 ms.
"""

import unicodedata
from collections.abc import Iterator

_JOINER = "\u200d"
_EMOJI_STYLE = "\ufe0f"
_NOTHING = {"Mn", "Me", "Cf", "Cc"}


def clusters(text: str) -> Iterator[tuple[str, int]]:
    """What a reader takes for single characters, each with its columns."""
    if text.isascii():
        yield from ((character, 1) for character in text)
        return
    cluster, columns, is_joining, flags = "", 0, False, 0
    for character in text:
        is_flag = "\U0001f1e6" <= character <= "\U0001f1ff"
        if cluster and (is_joining or _continues(character) or (is_flag and flags % 2 == 1)):
            cluster += character
            columns = 2 if character == _EMOJI_STYLE and columns == 1 and not cluster.isascii() else columns
        else:
            if cluster:
                yield cluster, columns
            cluster, columns, flags = character, _columns(character), 0
        is_joining = character == _JOINER
        flags += is_flag
    if cluster:
        yield cluster, columns


def width(text: str) -> int:
    """The columns of one line."""
    return len(text) if text.isascii() else sum(columns for _, columns in clusters(text))


def cut(text: str, columns: int) -> tuple[str, str]:
    """As much of the text as has room, at least one character, and the rest."""
    if text.isascii():
        return text[: max(1, columns)], text[max(1, columns) :]
    taken, used = "", 0
    for cluster, wide in clusters(text):
        if taken and used + wide > columns:
            break
        taken, used = taken + cluster, used + wide
    return taken, text[len(taken) :]


def clipped(text: str, columns: int) -> str:
    """The text, its end left out where it is too long."""
    if width(text) <= columns:
        return text
    if columns <= 0:
        return ""
    kept = cut(text, columns - 1)[0] if columns > 1 else ""
    # What is cut has one character at least, which may be too wide.
    return (kept if width(kept) < columns else "") + "\N{HORIZONTAL ELLIPSIS}"


def _continues(character: str) -> bool:
    """Whether it belongs to the character before it: marks, selectors, tones of skin, the later parts of Hangul."""
    return (
        unicodedata.category(character) in _NOTHING
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or "\u1160" <= character <= "\u11ff"
    )


def _columns(character: str) -> int:
    if "\U0001f1e6" <= character <= "\U0001f1ff":
        return 2
    if unicodedata.category(character) in _NOTHING:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1
