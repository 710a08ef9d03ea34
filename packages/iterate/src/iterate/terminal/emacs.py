"""The keys of a line editor as readline has them: moves, kills, words, case, undo, on a text of many lines."""

import re
from collections.abc import Callable

from iterate.terminal import motions
from iterate.terminal.buffer import Buffer

_MOST_KILLS = 60
# So much is typed at once at most; more is pasted by a terminal that does not say so.
_TYPED = 64
_PIECES = re.compile(r"\S*\s|\S+")
_BEGUN = re.compile(r"\s\S|\n")


class Kills:
    """What was killed, the newest last; kills that follow one another are one."""

    def __init__(self) -> None:
        self._ring: list[str] = []
        # How far back the next `older` looks.
        self._place = 0

    def keep(self, text: str, *, is_more: bool = False, is_before: bool = False) -> None:
        """Keep what was killed; more of the last kill goes before or behind it."""
        if not text:
            return
        if is_more and self._ring:
            last = self._ring.pop()
            text = text + last if is_before else last + text
        self._ring.append(text)
        del self._ring[:-_MOST_KILLS]
        self._place = 0

    def last(self) -> str:
        """What was killed last."""
        self._place = 0
        return self._ring[-1] if self._ring else ""

    def older(self) -> str:
        """What was killed before that, round the ring."""
        self._place += 1
        return self._ring[-1 - self._place % len(self._ring)] if self._ring else ""


class Emacs:
    """What the actions of the context `editor` do with a text."""

    def __init__(self, buffer: Buffer, kills: Kills) -> None:
        self._buffer = buffer
        self._kills = kills
        # What the key before did, for what follows on it.
        self._last = ""
        self._yanked = (0, 0)
        self._now = ""
        # How often the action is to be done, and whether it goes back.
        self._count, self._is_back = 1, False

    def act(self, action: str, count: int = 1) -> bool:
        """Do it so often, or the other way where that is less than nothing; whether it is one of these."""
        does = _ACTIONS.get(action)
        if does is None:
            return False
        self._is_back = count < 0
        if count < 0 and action in _OTHER_WAY:
            action, self._is_back = _OTHER_WAY[action], False
            does = _ACTIONS[action]
        self._now = _KILLS.get(action, action)
        if self._now not in {"erase", "erase-behind"}:
            self._buffer.close()
        self._count = 1 if action in _ONCE else abs(count)
        is_one = self._buffer.begin_many() if self._count > 1 else False
        for _ in range(1 if action in _CASES else self._count):
            before = (self._buffer.version, self._buffer.cursor)
            does(self)
            self._last = self._now
            if before == (self._buffer.version, self._buffer.cursor):
                break
        if is_one:
            self._buffer.release()
        return True

    def type(self, text: str) -> None:
        """Put in what was typed; a new word is undone by itself."""
        buffer = self._buffer
        for piece in _PIECES.findall(text) if len(text) < _TYPED else (text,):
            before = buffer.text[buffer.cursor - 1 : buffer.cursor] if buffer.cursor else ""
            if self._last != "type" or _BEGUN.match(before + piece[:1]):
                buffer.close()
            buffer.insert(piece, "type")
            self._last = "type"

    def rest(self) -> None:
        """Something else was done between."""
        self._last = ""
        self._buffer.close()

    # Moves.

    def left(self) -> None:
        """One character back."""
        self._buffer.cursor = self._buffer.before(self._buffer.cursor)

    def right(self) -> None:
        """One character on."""
        self._buffer.cursor = self._buffer.behind(self._buffer.cursor)

    def word_left(self) -> None:
        """Back to the beginning of a word."""
        self._buffer.cursor = motions.word_begin(self._buffer.text, self._buffer.cursor)

    def word_right(self) -> None:
        """On to the end of a word."""
        self._buffer.cursor = motions.word_end(self._buffer.text, self._buffer.cursor)

    def line_begin(self) -> None:
        """To the beginning of the line."""
        self._buffer.cursor = self._buffer.line_begin(self._buffer.cursor)

    def line_end(self) -> None:
        """To its end."""
        self._buffer.cursor = self._buffer.line_end(self._buffer.cursor)

    def text_begin(self) -> None:
        """To the beginning of the text."""
        self._buffer.cursor = 0

    def text_end(self) -> None:
        """To its end."""
        self._buffer.cursor = len(self._buffer.text)

    # What takes away.

    def backspace(self) -> None:
        """The character before."""
        buffer = self._buffer
        buffer.replace(buffer.before(buffer.cursor), buffer.cursor, "", "erase")

    def delete(self) -> None:
        """The character behind."""
        buffer = self._buffer
        buffer.replace(buffer.cursor, buffer.behind(buffer.cursor), "", "erase-behind")

    def kill_line(self) -> None:
        """To the end of the line, or that end itself."""
        at = self._buffer.cursor
        end = self._buffer.line_end(at)
        self._kill(at, end if end > at else min(end + 1, len(self._buffer.text)))

    def kill_to_begin(self) -> None:
        """To the beginning of the line, or the end of the one before."""
        at = self._buffer.cursor
        begin = self._buffer.line_begin(at)
        self._kill(begin if begin < at else max(0, begin - 1), at)

    def kill_space_word(self) -> None:
        """Back to a space."""
        self._kill(motions.space_word_begin(self._buffer.text, self._buffer.cursor), self._buffer.cursor)

    def kill_word_left(self) -> None:
        """Back to the beginning of a word."""
        self._kill(motions.word_begin(self._buffer.text, self._buffer.cursor), self._buffer.cursor)

    def kill_word_right(self) -> None:
        """To the end of a word."""
        self._kill(self._buffer.cursor, motions.word_end(self._buffer.text, self._buffer.cursor))

    def delete_spaces(self) -> None:
        """The spaces around."""
        text, at = self._buffer.text, self._buffer.cursor
        begin, end = at, at
        while begin and text[begin - 1] in " \t":
            begin -= 1
        while end < len(text) and text[end] in " \t":
            end += 1
        self._buffer.replace(begin, end, "")

    def _kill(self, begin: int, end: int) -> None:
        is_before = end == self._buffer.cursor
        killed = self._buffer.replace(begin, end, "")
        self._kills.keep(killed, is_more=self._last == "kill", is_before=is_before)

    def yank(self) -> None:
        """What was killed last."""
        self._put(self._buffer.cursor, self._buffer.cursor, self._kills.last())

    def yank_older(self) -> None:
        """What was killed before, in the place of what was just put."""
        if self._last == "yank":
            self._put(*self._yanked, self._kills.older())
        self._now = self._last

    def _put(self, begin: int, end: int, text: str) -> None:
        self._buffer.replace(begin, end, text)
        self._yanked = (begin, begin + len(text))

    # What changes.

    def transpose(self) -> None:
        """Swap the characters at the cursor; at the end of a line the two before it."""
        buffer = self._buffer
        at = buffer.cursor
        if at == buffer.line_end(at):
            at = buffer.before(at)
        begin, end = buffer.before(at), buffer.behind(at)
        if at <= buffer.line_begin(buffer.cursor) or at in {begin, end}:
            return
        buffer.replace(begin, end, buffer.text[at:end] + buffer.text[begin:at])

    def transpose_words(self) -> None:
        """Swap the word at the cursor with the one before."""
        buffer = self._buffer
        end = motions.word_end(buffer.text, buffer.cursor)
        second = motions.word_begin(buffer.text, end)
        first = motions.word_begin(buffer.text, second)
        first_end = motions.word_end(buffer.text, first)
        if first_end > second:
            return
        end = motions.word_end(buffer.text, second)
        between = buffer.text[first_end:second]
        buffer.replace(first, end, buffer.text[second:end] + between + buffer.text[first:first_end])

    def upper_word(self) -> None:
        """To the end of the word in capitals."""
        self._case(str.upper)

    def lower_word(self) -> None:
        """To the end of the word in small letters."""
        self._case(str.lower)

    def capital_word(self) -> None:
        """The word with a capital."""
        self._case(_capital)

    def _case(self, change: Callable[[str], str]) -> None:
        """So many words on, or so many before the cursor, which stays then."""
        buffer = self._buffer
        at = begin = end = buffer.cursor
        for _ in range(self._count):
            if self._is_back:
                begin = motions.word_begin(buffer.text, begin)
            else:
                end = motions.word_end(buffer.text, end)
        buffer.replace(begin, end, change(buffer.text[begin:end]))
        buffer.cursor = at if self._is_back else buffer.cursor

    def undo(self) -> None:
        """Take back the last change."""
        self._buffer.undo()

    def redo(self) -> None:
        """Make it again."""
        self._buffer.redo()

    def newline(self) -> None:
        """Begin another line."""
        self._buffer.insert("\n")

    def unfold(self) -> None:
        """Show what a paste has."""
        self._buffer.unfold()


def _capital(text: str) -> str:
    """Each word with a capital."""
    found, at = "", 0
    while at < len(text):
        end = motions.word_end(text, at)
        word = text[at:end]
        first = next((place for place, each in enumerate(word) if each.isalnum()), 0)
        found += word[:first] + word[first : first + 1].upper() + word[first + 1 :].lower()
        at = end
    return found


_ACTIONS: dict[str, Callable[[Emacs], None]] = {
    "left": Emacs.left,
    "right": Emacs.right,
    "word-left": Emacs.word_left,
    "word-right": Emacs.word_right,
    "line-begin": Emacs.line_begin,
    "line-end": Emacs.line_end,
    "text-begin": Emacs.text_begin,
    "text-end": Emacs.text_end,
    "backspace": Emacs.backspace,
    "delete": Emacs.delete,
    "delete-or-leave": Emacs.delete,
    "kill-line": Emacs.kill_line,
    "kill-to-begin": Emacs.kill_to_begin,
    "kill-space-word": Emacs.kill_space_word,
    "kill-word-left": Emacs.kill_word_left,
    "kill-word-right": Emacs.kill_word_right,
    "delete-spaces": Emacs.delete_spaces,
    "yank": Emacs.yank,
    "yank-older": Emacs.yank_older,
    "transpose": Emacs.transpose,
    "transpose-words": Emacs.transpose_words,
    "upper-word": Emacs.upper_word,
    "lower-word": Emacs.lower_word,
    "capital-word": Emacs.capital_word,
    "undo": Emacs.undo,
    "redo": Emacs.redo,
    "newline": Emacs.newline,
    "unfold": Emacs.unfold,
}
# Actions that count as one kind when they follow one another.
_KILLS = {
    "backspace": "erase",
    "delete": "erase-behind",
    "delete-or-leave": "erase-behind",
    **dict.fromkeys(("kill-line", "kill-to-begin", "kill-space-word", "kill-word-left", "kill-word-right"), "kill"),
}
# What is done instead where a count is less than nothing; and what is done once whatever the count.
_OTHER_WAY = {
    "left": "right", "right": "left", "word-left": "word-right", "word-right": "word-left", "backspace": "delete",
    "delete": "backspace", "delete-or-leave": "backspace", "kill-word-left": "kill-word-right",
    "kill-word-right": "kill-word-left", "kill-line": "kill-to-begin",
}  # fmt: skip
_ONCE = frozenset({"kill-line", "kill-to-begin", "delete-spaces", "yank", "yank-older", "unfold"})
_CASES = frozenset({"upper-word", "lower-word", "capital-word"})
