"""How many columns text takes on a terminal: what is read as one character is one, and East Asian ones are two wide.

The tables of Unicode that Python carries say nearly all of it; `wcwidth` would cost a command 40 ms.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

_JOINER = "\u200d"
# The blank of East Asia.
_BLANK = "\u3000"
_TEXT_STYLE, _EMOJI_STYLE = "\ufe0e", "\ufe0f"
_WIDE = 2
_NOTHING = {"Mn", "Me", "Cf", "Cc"}
# Formats that are seen: the soft hyphen, and signs around numbers of Arabic, Syriac and Kaithi.
_SEEN = frozenset("\xad\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")


class Habits(NamedTuple):
    """In what terminals differ: newer ones take for one character what is read as one, others add up its parts."""

    # Emoji that are joined, a tone of skin behind one, and a sign that is to be shown as one.
    joins: bool = True
    tones: bool = True
    selectors: bool = True
    # What follows a joiner and is no emoji, as in some Indic words: none of them but tmux gives it no columns.
    letters: bool = False
    # One half of a flag, without the other, has the columns of both.
    halves: bool = False
    # Vowel signs of India, Burma and Java that are beside their letter have a column of their own.
    vowels: bool = True
    # A wide emoji that is to be shown as text has one.
    narrows: bool = False


# Measured by the place of the cursor, in tmux 3.3a, xterm 379, GNU screen 4.9 and Kitty 0.26.5.
APART = Habits(joins=False, tones=False, selectors=False)
TMUX = Habits(letters=True)
OLD_TMUX = Habits(tones=False, selectors=False, letters=True)
KITTY = Habits(halves=True, vowels=False, narrows=True)
OLD_KITTY = KITTY._replace(joins=False)


class _Terminal:
    habits = Habits()


def adapt(habits: Habits) -> None:
    """Count from now on as the terminal of this process does."""
    _Terminal.habits = habits


def clusters(text: str) -> Iterator[tuple[str, int]]:
    """What a reader takes for single characters, each with its columns."""
    if text.isascii():
        yield from ((character, 1) for character in text)
        return
    habits = _Terminal.habits
    cluster, columns, last, is_joining, flags = "", 0, 0, False, 0
    for character in text:
        is_flag = _is_half(character)
        if cluster and (is_joining or _continues(character, habits) or (is_flag and flags % 2 == 1)):
            cluster += character
            more = _more(character, last, habits, is_joining=is_joining)
            columns += more
            last = more if is_joining else last + more
        else:
            if cluster:
                yield cluster, columns
            columns = 1 if is_flag and not habits.halves else _columns(character)
            cluster, last, flags = character, columns, 0
        is_joining = character == _JOINER
        flags += is_flag
    if cluster:
        yield cluster, columns


def _more(character: str, last: int, habits: Habits, *, is_joining: bool) -> int:
    """The columns that one adds to its cluster, in which the last part that is seen has so many."""
    if character == _EMOJI_STYLE:
        return 1 if last == 1 and habits.selectors else 0
    if character == _TEXT_STYLE:
        return -1 if last == _WIDE and habits.narrows else 0
    if is_joining:
        is_emoji = unicodedata.category(character) == "So"
        return 0 if habits.letters or (habits.joins and is_emoji) else _columns(character)
    if _is_half(character):
        return _WIDE - last
    return _columns(character) if _is_tone(character) and not habits.tones else 0


def width(text: str) -> int:
    """The columns of one line."""
    if text.isascii():
        return len(text)
    if _easy().fullmatch(text):
        # Of these characters all behind the blank of East Asia are wide.
        return len(text) + sum(each > _BLANK for each in text)
    return sum(columns for _, columns in clusters(text))


def fits(text: str, columns: int) -> bool:
    """Whether it has room; of a long text only as much is looked at."""
    if text.isascii():
        return len(text) <= columns
    if len(text) > _most(columns):
        return False
    used = 0
    for _, wide in clusters(text):
        used += wide
        if used > columns:
            return False
    return True


def cut(text: str, columns: int) -> tuple[str, str]:
    """As much of the text as has room, at least one character, and the rest."""
    taken = next(broken(text[: _most(columns)], columns, columns), "")
    return taken, text[len(taken) :]


def broken(text: str, first: int, rest: int) -> Iterator[str]:
    """The text in pieces: as much as has room in the first columns, then in those of each further row."""
    if text.isascii():
        begin, end = 0, max(1, first)
        while begin < len(text):
            yield text[begin:end]
            begin, end = end, end + max(1, rest)
        return
    begin = place = used = 0
    room = first
    for cluster, wide in clusters(text):
        if place > begin and used + wide > room:
            yield text[begin:place]
            begin, used, room = place, 0, rest
        place += len(cluster)
        used += wide
    if place > begin:
        yield text[begin:place]


def clipped(text: str, columns: int) -> str:
    """The text, its end left out where it is too long."""
    if fits(text, columns):
        return text
    head = cut(text, columns - 1)[0] if columns > 1 else ""
    return (head if fits(head, columns - 1) else "") + "\N{HORIZONTAL ELLIPSIS}" * (columns > 0)


def _most(columns: int) -> int:
    """More characters than anybody has in so many columns: marks upon marks are no text any more."""
    return 32 * (max(1, columns) + 1)


def has_wide(text: str) -> bool:
    """Whether it has characters of East Asia, between which a row may end."""
    # A pattern of so many characters takes 2 ms to make.
    return not text.isascii() and max(text) > _BLANK and any(map(_is_wide, text))


# Made when first needed: most of what a command prints is ASCII.
@cache
def _easy() -> re.Pattern[str]:
    """Text in which every character stands for itself: Latin, Greek, Cyrillic, lines, kana, Han, Hangul."""
    return re.compile("[ -~\xa1-\xac\xae-\u02ff\u0370-\u0377\u0391-\u03ff\u0400-\u0482\u048a-\u052f\u2010-\u2027"
                      "\u2030-\u205e\u2190-\u21ff\u2500-\u25a0\u3001-\u3029\u3041-\u3096\u30a1-\u30ff\u4e00-\u9fff"
                      "\uac00-\ud7a3\uff01-\uff60]*")  # fmt: skip


def _is_wide(character: str) -> bool:
    return "\u3001" <= character <= "\u9fff" or "\uac00" <= character <= "\ud7a3" or "\uff01" <= character <= "\uff60"


def _is_tone(character: str) -> bool:
    return "\U0001f3fb" <= character <= "\U0001f3ff"


def _is_half(character: str) -> bool:
    """Whether it is one of the two letters of a flag."""
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _continues(character: str, habits: Habits) -> bool:
    """Whether it belongs to the character before it: marks, selectors, tones of skin, the later parts of Hangul."""
    return (
        (unicodedata.category(character) in _NOTHING and character not in _SEEN)
        or (not habits.vowels and unicodedata.category(character) == "Mc")
        or _is_tone(character)
        or "\u1160" <= character <= "\u11ff"
        or "\ud7b0" <= character <= "\ud7ff"
    )


def _columns(character: str) -> int:
    if _is_half(character):
        return _WIDE
    if unicodedata.category(character) in _NOTHING and character not in _SEEN:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1
