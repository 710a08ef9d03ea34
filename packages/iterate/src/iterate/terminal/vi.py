"""The keys of vi on a text of many lines: counts, motions, operators, text objects, and the last change again."""

from collections.abc import Callable
from typing import Literal

from iterate.terminal import motions
from iterate.terminal.buffer import Buffer
from iterate.terminal.emacs import Kills
from iterate.terminal.keys import Key
from iterate.terminal.motions import Reach
from iterate.terminal.vi_motions import Find, Motion, Motions

type Mode = Literal["insert", "normal"]
_MOST_COUNT = 9999
_OPERATORS = {"vi-delete": "d", "vi-change": "c", "vi-yank": "y"}
_WAITS = {"vi-find": "f", "vi-find-back": "F", "vi-till": "t", "vi-till-back": "T", "vi-replace": "r"}


class Vi:
    """The modes of vi, for whoever wants them."""

    def __init__(self, buffer: Buffer, kills: Kills, vertical: Callable[[int], None]) -> None:
        self.mode: Mode = "insert"
        self._buffer = buffer
        self._kills = kills
        self._motions = Motions(buffer, vertical)
        self._count = ""
        # An operator that waits for its motion, with its own count.
        self._operator = ""
        self._operator_count = 1
        # A motion or an object that waits for a character.
        self._waiting = ""
        self._are_lines = False
        # Keys since the beginning of a command, and those of the last change.
        self._keys: list[tuple[str, Key]] = []
        self._change: list[tuple[str, Key]] = []
        self._is_again = False
        self._commands: dict[str, Callable[[int], None]] = {
            "vi-delete-end": self._delete_end,
            "vi-change-end": self._change_end,
            "vi-yank-line": lambda count: self._whole_lines(count, "y"),
            "vi-substitute": self._substitute,
            "vi-substitute-line": lambda count: self._whole_lines(count, "c"),
            "vi-erase": self._erase,
            "vi-erase-back": self._erase_back,
            "vi-case": self._case,
            "vi-join": self._join,
            "vi-put": lambda count: self._put(count, is_before=False),
            "vi-put-before": lambda count: self._put(count, is_before=True),
            "vi-undo": self._undo,
            "vi-redo": self._redo,
            "vi-insert": lambda _count: self._insert(),
            "vi-append": self._append,
            "vi-insert-line": self._insert_line,
            "vi-append-line": self._append_line,
            "vi-open": self._open,
            "vi-open-above": self._open_above,
        }

    @property
    def is_waiting(self) -> bool:
        """Whether the next key is a character, and nothing that is bound."""
        return bool(self._waiting)

    @property
    def pending(self) -> str:
        """What was pressed of a command that is not whole."""
        count = str(self._operator_count) if self._operator and self._operator_count > 1 else ""
        return f"{count}{self._operator}{self._count}{self._waiting}"

    def reset(self) -> None:
        """A new text begins in the insert mode."""
        self.mode = "insert"
        self._keys = []
        self._clear()
        self._buffer.release()

    def record(self, action: str, key: Key) -> None:
        """Keep a key of the insert mode, so that it can be made again."""
        if not self._is_again and self._keys:
            self._keys.append((action, key))

    def leave(self) -> bool:
        """Escape: from insert to normal, or forget what is not whole; whether anything changed."""
        if self.mode == "insert":
            self.mode = "normal"
            self._buffer.release()
            if self._keys and not self._is_again:
                self._change, self._keys = self._keys, []
            if self._buffer.cursor > self._buffer.line_begin(self._buffer.cursor):
                self._buffer.cursor = self._buffer.before(self._buffer.cursor)
            return True
        had = bool(self.pending)
        self._clear()
        return had

    def act(self, action: str, key: Key, again: Callable[[str, Key], object]) -> bool:
        """Act on a key in the normal mode; `again` acts on one of the last change. Whether it was for this."""
        if self._waiting:
            return self._took(key)
        if not action:
            return self._digit(key)
        if action == "vi-line-begin" and self._count:
            self._count += "0"
            return True
        if action == "vi-repeat":
            self._repeat(again)
            return True
        does = self._commands.get(action)
        if does is None and not (action in _OPERATORS or action in _WAITS or self._motions.has(action)):
            return False
        self._begin(action, key, does)
        return True

    def _begin(self, action: str, key: Key, does: Callable[[int], None] | None) -> None:
        self._keys = [*(self._keys if self._operator else ()), (action, key)]
        if self._operator and action in {"vi-insert", "vi-append"}:
            self._waiting = "i" if action == "vi-insert" else "a"
        elif action in _WAITS:
            self._waiting = _WAITS[action]
        elif action in _OPERATORS:
            self._operate(_OPERATORS[action])
        elif does is not None:
            self._command(does)
        else:
            has_count, is_for_operator = bool(self._count), bool(self._operator)
            motion = self._motions.go(action, self._number(), has_count=has_count, is_for_operator=is_for_operator)
            self._move(motion, is_word=action in {"vi-word", "vi-WORD"})

    def _digit(self, key: Key) -> bool:
        is_digit = key.name == "text" and key.text.isascii() and key.text.isdigit()
        if is_digit:
            self._count = str(min(int(self._count + key.text), _MOST_COUNT))
        else:
            self._clear()
        return is_digit or key.name == "text"

    def _number(self) -> int:
        return int(self._count or 1) * self._operator_count

    def _clear(self) -> None:
        self._count, self._operator, self._operator_count, self._waiting = "", "", 1, ""

    def _command(self, does: Callable[[int], None]) -> None:
        count = self._number()
        self._clear()
        self._buffer.close()
        version = self._buffer.version
        does(count)
        self._end(version)

    def _end(self, version: int) -> None:
        """A command is whole: remember it where it changed something, and stay within the line."""
        if self.mode == "normal":
            if self._buffer.version != version and not self._is_again:
                self._change = self._keys
            self._keys = []
            self._clamp()

    def _clamp(self) -> None:
        buffer = self._buffer
        begin, end = buffer.line_begin(buffer.cursor), buffer.line_end(buffer.cursor)
        if buffer.cursor == end and end > begin:
            buffer.cursor = buffer.before(end)

    def _insert(self) -> None:
        self.mode = "insert"
        self._clear()
        self._buffer.hold()

    def _repeat(self, again: Callable[[str, Key], object]) -> None:
        self._clear()
        self._is_again = True
        self._buffer.hold()
        try:
            for action, key in self._change:
                again(action, key)
            if self.mode == "insert":
                self.leave()
        finally:
            self._is_again = False
            self._buffer.release()

    # What waits for a character.

    def _took(self, key: Key) -> bool:
        waiting, self._waiting = self._waiting, ""
        character = "\n" if key.name == "enter" else key.text if key.name == "text" else ""
        if not character:
            self._clear()
            return True
        self._keys.append(("", key))
        if waiting == "r":
            self._replace(character)
        elif waiting in "ia":
            self._object(motions.thing(self._buffer.text, self._buffer.cursor, character, is_around=waiting == "a"))
        else:
            find = self._motions.find = Find(character, is_back=waiting in "FT", is_till=waiting in "tT")
            self._move(self._motions.found(find, self._number()))
        return True

    def _replace(self, character: str) -> None:
        buffer, count = self._buffer, self._number()
        self._clear()
        end = buffer.cursor
        for _ in range(count):
            if end >= buffer.line_end(buffer.cursor):
                return
            end = buffer.behind(end)
        buffer.close()
        version = buffer.version
        buffer.replace(buffer.cursor, end, character if character == "\n" else character * count)
        if character != "\n":
            buffer.cursor = buffer.before(buffer.cursor)
        self._end(version)

    def _object(self, reach: Reach | None) -> None:
        operator = self._operator
        self._clear()
        if reach is not None and operator:
            self._apply(operator, reach)

    # Motions.

    def _move(self, motion: Motion | None, *, is_word: bool = False) -> None:
        operator = self._operator
        self._clear()
        if motion is None:
            return
        if not operator:
            self._buffer.cursor = motion.at
            self._clamp()
            self._keys = []
            return
        begin, end = sorted((self._buffer.cursor, motion.at))
        if is_word:
            end = self._word_reach(operator, end)
        elif motion.is_inclusive:
            end = self._buffer.behind(end)
        self._apply(operator, self._lines(begin, end) if motion.is_lines else Reach(begin, end))

    def _word_reach(self, operator: str, end: int) -> int:
        """A word for an operator ends with its line; `cw` leaves the spaces behind it."""
        text, at = self._buffer.text, self._buffer.cursor
        reached = text[at:end]
        solid = reached.rstrip()
        if operator == "c" and solid:
            return at + len(solid)
        stop = reached.find("\n", len(solid))
        return end if stop < 0 else at + stop

    def _lines(self, begin: int, end: int) -> Reach:
        return Reach(self._buffer.line_begin(begin), self._buffer.line_end(end), is_lines=True)

    # Operators.

    def _operate(self, operator: str) -> None:
        """An operator waits for its motion; pressed twice it takes lines."""
        if self._operator != operator:
            self._operator_count, self._count = self._number() if not self._operator else 1, ""
            self._operator = operator
            return
        count = self._number()
        self._clear()
        self._whole_lines(count, operator)

    def _apply(self, operator: str, reach: Reach) -> None:
        buffer = self._buffer
        buffer.close()
        version = buffer.version
        text = buffer.text[reach.begin : reach.end]
        # A line that is empty is something too.
        self._kills.keep(f"{text}\n" if reach.is_lines else text)
        self._are_lines = reach.is_lines
        match operator:
            case "y":
                buffer.cursor = buffer.cursor if reach.is_lines else reach.begin
            case "c":
                self._insert()
                buffer.replace(reach.begin, reach.end, "")
                buffer.cursor = reach.begin
            case _ if reach.is_lines:
                self._delete_lines(reach)
            case _:
                buffer.replace(reach.begin, reach.end, "")
        self._end(version)

    def _delete_lines(self, reach: Reach) -> None:
        buffer = self._buffer
        begin, end = reach.begin, reach.end
        if end < len(buffer.text):
            end += 1
        elif begin:
            begin -= 1
        buffer.replace(begin, end, "")
        buffer.cursor = self._motions.indent(
            buffer.line_begin(min(begin, len(buffer.text)) if end > reach.end else begin)
        )

    # Commands.

    def _erase(self, count: int) -> None:
        at = self._buffer.cursor
        self._take(at, self._motions.right(count).at)

    def _erase_back(self, count: int) -> None:
        self._take(self._motions.left(count).at, self._buffer.cursor)

    def _take(self, begin: int, end: int) -> None:
        if begin < end:
            self._kills.keep(self._buffer.replace(begin, end, ""))
            self._are_lines = False

    def _substitute(self, count: int) -> None:
        end = self._motions.right(count).at
        self._insert()
        self._take(self._buffer.cursor, end)

    def _change_end(self, count: int) -> None:
        end = self._motions.line_end(count).at
        self._insert()
        self._take(self._buffer.cursor, end)

    def _delete_end(self, count: int) -> None:
        self._take(self._buffer.cursor, self._motions.line_end(count).at)

    def _whole_lines(self, count: int, operator: str) -> None:
        at = self._buffer.cursor
        for _ in range(count - 1):
            at = min(len(self._buffer.text), self._buffer.line_end(at) + 1)
        self._apply(operator, self._lines(self._buffer.cursor, at))

    def _case(self, count: int) -> None:
        begin, end = self._buffer.cursor, self._motions.right(count).at
        self._buffer.replace(begin, end, self._buffer.text[begin:end].swapcase())

    def _join(self, count: int) -> None:
        buffer = self._buffer
        for _ in range(max(1, count - 1)):
            end = buffer.line_end(buffer.cursor)
            if end == len(buffer.text):
                break
            begin = self._motions.indent(end + 1)
            is_blank = begin == buffer.line_end(end + 1) or buffer.text[end - 1 : end].isspace()
            buffer.replace(end, begin, "" if is_blank else " ")
            buffer.cursor = end

    def _put(self, count: int, *, is_before: bool) -> None:
        buffer = self._buffer
        text = self._kills.last()
        if not text:
            return
        if self._are_lines:
            text = text.removesuffix("\n")
            at = buffer.line_begin(buffer.cursor) if is_before else buffer.line_end(buffer.cursor)
            lines = "".join(f"{text}\n" if is_before else f"\n{text}" for _ in range(count))
            buffer.replace(at, at, lines)
            buffer.cursor = self._motions.indent(at if is_before else at + 1)
            return
        is_here = is_before or buffer.cursor == buffer.line_end(buffer.cursor)
        at = buffer.cursor if is_here else buffer.behind(buffer.cursor)
        buffer.replace(at, at, text * count)
        buffer.cursor = buffer.before(buffer.cursor)

    def _undo(self, count: int) -> None:
        for _ in range(count):
            self._buffer.undo()
        self._keys = self._change

    def _redo(self, count: int) -> None:
        for _ in range(count):
            self._buffer.redo()
        self._keys = self._change

    def _append(self, _count: int) -> None:
        buffer = self._buffer
        if buffer.cursor < buffer.line_end(buffer.cursor):
            buffer.cursor = buffer.behind(buffer.cursor)
        self._insert()

    def _insert_line(self, _count: int) -> None:
        self._buffer.cursor = self._motions.indent(self._buffer.line_begin(self._buffer.cursor))
        self._insert()

    def _append_line(self, _count: int) -> None:
        self._buffer.cursor = self._buffer.line_end(self._buffer.cursor)
        self._insert()

    def _open(self, _count: int) -> None:
        self._append_line(1)
        self._buffer.insert("\n")

    def _open_above(self, _count: int) -> None:
        self._insert()
        at = self._buffer.line_begin(self._buffer.cursor)
        self._buffer.replace(at, at, "\n")
        self._buffer.cursor = at
