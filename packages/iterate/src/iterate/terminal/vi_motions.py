"""Where the motions of vi go, from the cursor of a text."""

from collections.abc import Callable
from typing import NamedTuple

from iterate.terminal import motions
from iterate.terminal.buffer import Buffer


class Motion(NamedTuple):
    """Where a motion goes; an operator takes the character there too, or whole lines."""

    at: int
    is_inclusive: bool = False
    is_lines: bool = False


class Find(NamedTuple):
    """What was looked for in a line."""

    character: str
    is_back: bool
    is_till: bool


class Motions:
    """The motions, each with a count; `number` is the one that was typed, 0 where none was."""

    def __init__(self, buffer: Buffer, vertical: Callable[[int], None]) -> None:
        self._buffer = buffer
        self._vertical = vertical
        # What was looked for in a line last.
        self.find: Find | None = None
        self.is_for_operator = False
        self._has_count = False
        self._table: dict[str, Callable[[int], Motion | None]] = {
            "vi-left": self.left,
            "vi-right": self.right,
            "vi-up": lambda count: self._row(count, step=-1),
            "vi-down": lambda count: self._row(count, step=1),
            "vi-word": lambda count: self._word(count, is_big=False),
            "vi-WORD": lambda count: self._word(count, is_big=True),
            "vi-back": lambda count: self._back(count, is_big=False),
            "vi-BACK": lambda count: self._back(count, is_big=True),
            "vi-end": lambda count: self._word_end(count, is_big=False),
            "vi-END": lambda count: self._word_end(count, is_big=True),
            "vi-line-begin": self._line_begin,
            "vi-line-first": self._first,
            "vi-line-end": self.line_end,
            "vi-paragraph": lambda count: self._paragraph(count, step=1),
            "vi-paragraph-back": lambda count: self._paragraph(count, step=-1),
            "vi-find-again": lambda count: self._again(count, is_other=False),
            "vi-find-other": lambda count: self._again(count, is_other=True),
            "vi-text-begin": self._text_begin,
            "vi-text-end": self._text_end,
            "vi-match": self._match,
        }

    def has(self, action: str) -> bool:
        """Whether an action is one of them."""
        return action in self._table

    def go(self, action: str, count: int, *, has_count: bool, is_for_operator: bool) -> Motion | None:
        """Where it goes; nowhere is None."""
        self._has_count, self.is_for_operator = has_count, is_for_operator
        return self._table[action](count)

    def found(self, find: Find, count: int, *, is_again: bool = False) -> Motion | None:
        """The place of a character in the line."""
        buffer = self._buffer
        # `;` behind a `t` must not find the same one again.
        begin = buffer.cursor + ((-1 if find.is_back else 1) if find.is_till and is_again else 0)
        at = motions.find(buffer.text, begin, find.character, is_back=find.is_back, count=count)
        if at < 0:
            return None
        if find.is_till:
            at = buffer.behind(at) if find.is_back else buffer.before(at)
        return Motion(at, is_inclusive=not find.is_back)

    def _again(self, count: int, *, is_other: bool) -> Motion | None:
        if self.find is None:
            return None
        find = self.find._replace(is_back=self.find.is_back is not is_other)
        return self.found(find, count, is_again=True)

    def _many(self, step: Callable[[int], int], count: int) -> int:
        at = self._buffer.cursor
        for _ in range(count):
            at = step(at)
        return at

    def left(self, count: int) -> Motion:
        """Characters back, within the line."""
        begin = self._buffer.line_begin(self._buffer.cursor)
        return Motion(self._many(lambda at: max(begin, self._buffer.before(at)) if at > begin else at, count))

    def right(self, count: int) -> Motion:
        """Characters on."""
        end = self._buffer.line_end(self._buffer.cursor)
        return Motion(self._many(lambda at: min(end, self._buffer.behind(at)) if at < end else at, count))

    def _row(self, count: int, *, step: int) -> Motion | None:
        """Rows as they are seen; for an operator whole lines."""
        if not self.is_for_operator:
            for _ in range(count):
                self._vertical(step)
            return Motion(self._buffer.cursor)
        begin = self._buffer.line_begin(self._buffer.cursor)
        at = begin
        for _ in range(count):
            following = self._buffer.line_begin(at - 1) if step < 0 else self._buffer.line_end(at) + 1
            if (step < 0 and not at) or following > len(self._buffer.text):
                break
            at = following
        if at == begin:
            return None
        column = self._buffer.cursor - begin
        return Motion(min(at + column, self._buffer.line_end(at)), is_lines=True)

    def _paragraph(self, count: int, *, step: int) -> Motion | None:
        """To the empty line behind the paragraph, or before it; else to the end, or the beginning, of the text."""
        buffer = self._buffer
        at = buffer.line_begin(buffer.cursor)
        for left in range(count, 0, -1):
            has_text = False
            while 0 <= at <= len(buffer.text):
                is_empty = buffer.line_end(at) == at
                if is_empty and has_text:
                    break
                has_text = has_text or not is_empty
                following = buffer.line_end(at) + 1 if step > 0 else buffer.line_begin(at - 1) if at else -1
                if not 0 <= following <= len(buffer.text):
                    return Motion(len(buffer.text) if step > 0 else 0) if left == 1 else None
                at = following
        return Motion(at)

    def _word(self, count: int, *, is_big: bool) -> Motion:
        return Motion(self._many(lambda at: motions.vi_word(self._buffer.text, at, is_big=is_big), count))

    def _back(self, count: int, *, is_big: bool) -> Motion | None:
        at = self._many(lambda at: motions.vi_begin(self._buffer.text, at, is_big=is_big), count)
        return Motion(at) if at < self._buffer.cursor else None

    def _word_end(self, count: int, *, is_big: bool) -> Motion:
        at = self._many(lambda at: motions.vi_end(self._buffer.text, at, is_big=is_big), count)
        return Motion(max(at, self._buffer.cursor), is_inclusive=True)

    def _line_begin(self, _count: int) -> Motion:
        return Motion(self._buffer.line_begin(self._buffer.cursor))

    def _first(self, _count: int) -> Motion:
        return Motion(self.indent(self._buffer.line_begin(self._buffer.cursor)))

    def line_end(self, count: int) -> Motion | None:
        """The end of this line, or of one below; nowhere where there is none below."""
        at = self._buffer.line_end(self._buffer.cursor)
        if count > 1 and at == len(self._buffer.text):
            return None
        for _ in range(count - 1):
            at = self._buffer.line_end(min(at + 1, len(self._buffer.text)))
        return Motion(at)

    def _text_begin(self, count: int) -> Motion:
        return Motion(self.indent(self._line_number(count)), is_lines=True)

    def _text_end(self, count: int) -> Motion:
        last = self._buffer.line_begin(len(self._buffer.text))
        return Motion(self.indent(self._line_number(count) if self._has_count else last), is_lines=True)

    def _match(self, _count: int) -> Motion | None:
        at = motions.match(self._buffer.text, self._buffer.cursor)
        return None if at < 0 else Motion(at, is_inclusive=True)

    def indent(self, at: int) -> int:
        """The first character of a line that is no space."""
        end = self._buffer.line_end(at)
        line = self._buffer.text[at:end]
        return at + len(line) - len(line.lstrip())

    def _line_number(self, number: int) -> int:
        at = 0
        for _ in range(number - 1):
            end = self._buffer.text.find("\n", at)
            if end < 0:
                break
            at = end + 1
        return at
