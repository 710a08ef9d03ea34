"""The keys of vi on a text of many lines: counts, motions, operators, objects, selections, the last change again."""

from collections.abc import Callable

from iterate.terminal import motions
from iterate.terminal import vi_names as names
from iterate.terminal.buffer import Buffer
from iterate.terminal.emacs import Kills
from iterate.terminal.keys import Key
from iterate.terminal.motions import Reach
from iterate.terminal.vi_changes import MOST, Changes
from iterate.terminal.vi_motions import Find, Motion, Motions
from iterate.terminal.vi_names import Again, Change, Mode, Used
from iterate.terminal.vi_registers import Kept, Registers


class Vi:
    """The modes of vi, for whoever wants them."""

    def __init__(self, buffer: Buffer, kills: Kills, vertical: Callable[[int], None], again: Again) -> None:
        self.mode: Mode = "insert"
        self._buffer = buffer
        self._again = again
        self._motions = Motions(buffer, vertical)
        self._registers = Registers(kills)
        self._changes = Changes(buffer, self._motions, self._registers)
        self._count = ""
        # An operator that waits for its motion, with its own count; 0 where none was typed.
        self._operator = ""
        self._operator_count = 0
        self._register = ""
        # A motion, an object or a register that waits for a character.
        self._waiting = ""
        # Where the selection began.
        self._anchor = 0
        self._selected: tuple[Mode, int, int] | None = None
        # Keys of the command that is not whole, what was typed in it, and what it used.
        self._keys: list[tuple[str, Key]] = []
        self._typed: list[tuple[str, Key]] = []
        self._used = Used()
        # How often it is to stand there, and whether each time in a line of its own.
        self._times = 1
        self._is_opened = False
        self._change: Change | None = None
        self._is_again = False
        self._commands = self._table()

    def _table(self) -> dict[str, Callable[[int], None]]:
        return {
            "vi-delete-end": lambda count: self._to_end(count, "d"),
            "vi-change-end": lambda count: self._to_end(count, "c"),
            "vi-yank-line": lambda count: self._whole_lines(count, "y"),
            "vi-substitute": lambda count: self._characters(count, "c"),
            "vi-substitute-line": lambda count: self._whole_lines(count, "c"),
            "vi-erase": lambda count: self._characters(count, "d"),
            "vi-erase-back": self._erase_back,
            "vi-case": self._case,
            "vi-join": self._changes.join,
            "vi-put": lambda count: self._changes.put(self._registers.get(self._used.register), count, is_before=False),
            "vi-put-before": lambda count: self._changes.put(
                self._registers.get(self._used.register), count, is_before=True
            ),
            "vi-undo": lambda count: self._many(count, self._buffer.undo),
            "vi-redo": lambda count: self._many(count, self._buffer.redo),
            "vi-capitals": lambda _count: None,
            "vi-insert": self._insert,
            "vi-append": self._append,
            "vi-insert-line": self._insert_line,
            "vi-append-line": self._append_line,
            "vi-open": self._open,
            "vi-open-above": self._open_above,
            "vi-overwrite": lambda count: self._insert(count, "replace"),
            "vi-visual": lambda count: self._select("visual", count),
            "vi-visual-line": lambda count: self._select("visual line", count),
        }

    @property
    def is_waiting(self) -> bool:
        """Whether the next key is a character, and nothing that is bound."""
        return bool(self._waiting)

    @property
    def is_command(self) -> bool:
        """Whether keys are commands, and not text."""
        return self.mode not in names.TYPED

    @property
    def is_selecting(self) -> bool:
        """Whether a part of the text is selected."""
        return self.mode in names.SELECTING

    @property
    def selection(self) -> Reach | None:
        """What is selected."""
        if self.mode not in names.SELECTING:
            return None
        begin, end = sorted((min(self._anchor, len(self._buffer.text)), self._buffer.cursor))
        if self.mode == "visual":
            return Reach(begin, self._buffer.behind(end))
        return self._changes.lines(begin, end)

    @property
    def pending(self) -> str:
        """What was pressed of a command that is not whole."""
        register = f'"{self._register}' if self._register else ""
        return f"{register}{self._operator_count or ''}{self._operator}{self._count}{self._waiting}"

    def reset(self) -> None:
        """A new text begins in the insert mode."""
        self.mode = "insert"
        self._keys, self._typed, self._times = [], [], 1
        self._clear()
        self._buffer.release()

    def record(self, action: str, key: Key) -> None:
        """Keep a key of the insert mode, so that it can be made again."""
        self._typed.append((action, key))

    def overwrite(self, action: str, key: Key) -> bool:
        """Act on a key in the replace mode, which writes over what is there; whether it did."""
        if action == "backspace":
            self._changes.unwrite()
        elif not action and key.name == "text":
            self._changes.overwrite(key.text)
        else:
            return False
        return True

    def leave(self) -> bool:
        """Escape: from insert to normal, or forget what is not whole; whether anything changed."""
        if self.mode in names.TYPED:
            self._end_typing()
            return True
        had = bool(self.pending) or self.mode in names.SELECTING
        self._stop_selecting()
        self._clear()
        return had

    def act(self, action: str, key: Key) -> bool:
        """Act on a key in a mode of commands; whether it was for this."""
        if self._waiting:
            return self._took(key)
        if not action:
            return self._digit(key)
        if action == "vi-line-begin" and self._count:
            self._count += "0"
        elif action == "vi-repeat":
            self._repeat()
        elif action == "vi-register" and not self._operator:
            self._waiting = '"'
        elif self.mode in names.SELECTING and self._on_selection(action, key):
            pass
        else:
            return self._begin(action, key)
        return True

    def _begin(self, action: str, key: Key) -> bool:
        does = self._commands.get(action)
        if does is None and not (action in names.OPERATORS or action in names.WAITS or self._motions.has(action)):
            return False
        self._keys = [*(self._keys if self._operator else ()), (action, key)]
        if self._operator and self._operator in {names.OPERATORS.get(action), names.DOUBLED.get(action)}:
            self._whole_lines(self._settle(), names.OPERATORS.get(action) or names.DOUBLED[action])
        elif self._operator and action in {"vi-insert", "vi-append"}:
            self._waiting = "i" if action == "vi-insert" else "a"
        elif self._operator and (does is not None or action in names.OPERATORS or action == "vi-replace"):
            self._clear()  # An operator wants a motion.
        elif action in names.WAITS:
            self._waiting = names.WAITS[action]
        elif action in names.OPERATORS:
            self._operator, self._operator_count, self._count = names.OPERATORS[action], int(self._count or 0), ""
        elif does is not None:
            self._command(does)
        else:
            motion = self._motions.go(
                action, self._number(), has_count=self._has_count, is_for_operator=bool(self._operator)
            )
            self._move(motion, is_word=action in {"vi-word", "vi-WORD"}, is_line_end=action == "vi-line-end")
        return True

    def _digit(self, key: Key) -> bool:
        is_digit = key.name == "text" and key.text.isascii() and key.text.isdigit()
        if is_digit:
            self._count = str(min(int(self._count + key.text), names.MOST_COUNT))
        else:
            self._clear()
        return is_digit or key.name == "text"

    @property
    def _has_count(self) -> bool:
        return bool(self._count or self._operator_count)

    def _number(self) -> int:
        return min(int(self._count or 1) * (self._operator_count or 1), names.MOST_COUNT)

    def _clear(self) -> None:
        self._count, self._operator, self._operator_count, self._waiting, self._register = "", "", 0, "", ""

    def _settle(self) -> int:
        """The command is whole: its count."""
        count = self._number()
        self._used = Used(count if self._has_count else 0, self._register)
        self._selected = None
        self._clear()
        return count

    def _command(self, does: Callable[[int], None]) -> None:
        count = self._settle()
        self._buffer.close()
        version = self._buffer.version
        does(count)
        self._end(version)

    def _end(self, version: int) -> None:
        """A command is whole: remember it where it changed something, and stay within the line."""
        if self.mode != "normal":
            return
        if (
            not self._is_again
            and self._keys
            and (self._buffer.version != version or self._selected)
            and not self._is_none()
        ):
            self._change = Change(self._keys, self._used, self._selected)
        self._keys = []
        self._clamp()

    def _is_none(self) -> bool:
        """Whether the command is one that `.` does not make again."""
        action = self._keys[0][0]
        return (action in names.NO_CHANGE and not self._selected) or (action in names.YANKS)

    def _clamp(self) -> None:
        buffer = self._buffer
        begin, end = buffer.line_begin(buffer.cursor), buffer.line_end(buffer.cursor)
        if buffer.cursor == end and end > begin:
            buffer.cursor = buffer.before(end)

    def _repeat(self) -> None:
        change = self._change
        count = int(self._count or 0)
        self._clear()
        if change is None:
            return
        if count:
            change = self._change = change._replace(used=change.used._replace(times=count))
        self._is_again = True
        self._buffer.hold()
        try:
            if change.selected is not None:
                self._select_again(*change.selected)
            self._count = str(change.used.times or "")
            self._register = change.used.register
            for action, key in change.keys:
                self._again(action, key)
            if self.mode in names.TYPED:
                self._end_typing()
        finally:
            self._is_again = False
            self._buffer.release()

    # What is typed.

    def _insert(self, count: int = 1, mode: Mode = "insert") -> None:
        self.mode = mode
        self._typed, self._times, self._is_opened = [], count, False
        self._changes.over.clear()
        self._buffer.hold()

    def _end_typing(self) -> None:
        """From insert to normal, with what was typed as often as was said."""
        buffer, typed = self._buffer, self._typed
        self._typed = []  # What comes now is recorded anew.
        size = sum(len(key.text) + 1 for _, key in typed)
        for _ in range(min(self._times - 1, MOST // max(1, size))):
            if self._is_opened:
                buffer.cursor = buffer.line_end(buffer.cursor)
                buffer.insert("\n")
            for action, key in typed:
                self._again(action, key)
        self._typed, self._times = [], 1
        self.mode = "normal"
        buffer.release()
        if self._keys and not self._is_again:
            self._change = Change([*self._keys, *typed], self._used, self._selected)
        self._keys = []
        if buffer.cursor > buffer.line_begin(buffer.cursor):
            buffer.cursor = buffer.before(buffer.cursor)

    def _append(self, count: int) -> None:
        buffer = self._buffer
        if buffer.cursor < buffer.line_end(buffer.cursor):
            buffer.cursor = buffer.behind(buffer.cursor)
        self._insert(count)

    def _insert_line(self, count: int) -> None:
        self._buffer.cursor = self._motions.indent(self._buffer.line_begin(self._buffer.cursor))
        self._insert(count)

    def _append_line(self, count: int) -> None:
        self._buffer.cursor = self._buffer.line_end(self._buffer.cursor)
        self._insert(count)

    def _open(self, count: int) -> None:
        self._append_line(count)
        self._is_opened = True
        self._buffer.insert("\n")

    def _open_above(self, count: int) -> None:
        self._insert(count)
        self._is_opened = True
        at = self._buffer.line_begin(self._buffer.cursor)
        self._buffer.replace(at, at, "\n")
        self._buffer.cursor = at

    # What waits for a character.

    def _took(self, key: Key) -> bool:
        waiting, self._waiting = self._waiting, ""
        character = "\n" if key.name == "enter" else key.text if key.name == "text" else ""
        if not character:
            self._clear()
            return True
        if waiting == '"':
            self._register = character
            return True
        self._keys.append(("", key))
        if waiting == "r" and self.mode in names.SELECTING:
            self._apply_selected("r", character)
        elif waiting == "r":
            self._command(lambda count: self._changes.replace(character, count))
        elif waiting in "ia":
            text, at, count = self._buffer.text, self._buffer.cursor, min(self._number(), names.MOST_OBJECTS)
            self._object(motions.thing(text, at, character, is_around=waiting == "a", count=count))
        else:
            find = self._motions.find = Find(character, is_back=waiting in "FT", is_till=waiting in "tT")
            self._move(self._motions.found(find, self._number()))
        return True

    def _object(self, reach: Reach | None) -> None:
        operator = self._operator
        self._settle()
        if reach is None:
            return
        if operator:
            self._apply(operator, reach)
        elif self.mode in names.SELECTING and reach.end > reach.begin:
            begin = min(self._anchor, reach.begin) if self._anchor != self._buffer.cursor else reach.begin
            self._anchor, self._buffer.cursor = begin, self._buffer.before(reach.end)
            self.mode = "visual line" if reach.is_lines else "visual"

    # Motions.

    def _move(self, motion: Motion | None, *, is_word: bool = False, is_line_end: bool = False) -> None:
        operator = self._operator
        if motion is None:
            self._clear()
            return
        self._settle()
        buffer = self._buffer
        if not operator:
            buffer.cursor = motion.at
            self._keys = []
            if self.mode not in names.SELECTING or not (is_line_end or buffer.cursor < len(buffer.text)):
                self._clamp()
            return
        begin, end = sorted((buffer.cursor, motion.at))
        if motion.is_lines:
            self._apply(operator, self._changes.lines(begin, end), at=begin)
            return
        if is_word:
            end = self._changes.word_reach(operator, end)
        elif motion.is_inclusive:
            end = buffer.behind(end)
        self._apply(
            operator, self._changes.fitted(operator, begin, end, is_exclusive=not (motion.is_inclusive or is_word))
        )

    # Operators.

    def _apply(self, operator: str, reach: Reach, *, at: int | None = None, count: int = 1) -> None:
        """Do it to a part of the text; `at` is where the cursor stays behind what changes nothing there."""
        buffer = self._buffer
        buffer.close()
        version = buffer.version
        if operator in "dcy":
            text = buffer.text[reach.begin : reach.end]
            # A line that is empty is something too.
            kept = Kept(f"{text}\n", is_lines=True) if reach.is_lines else Kept(text)
            self._registers.keep(kept, self._used.register, is_yank=operator == "y")
        match operator:
            case "y":
                buffer.cursor = reach.begin if at is None else at
            case "c":
                self._insert()
                buffer.replace(reach.begin, reach.end, "")
                buffer.cursor = reach.begin
            case "d":
                self._changes.delete(reach)
            case ">" | "<":
                self._changes.shift(reach, operator, count)
            case _:
                self._changes.case(reach, operator)
                is_line = reach.is_lines and "\n" not in buffer.text[reach.begin : reach.end]
                here = self._motions.indent(reach.begin) if is_line else at
                buffer.cursor = reach.begin if at is None or here is None else here
        self._end(version)

    def _whole_lines(self, count: int, operator: str) -> None:
        buffer = self._buffer
        if count == 1 or buffer.line_end(buffer.cursor) < len(buffer.text):
            far = self._changes.far(buffer.cursor, count - 1, 0)
            self._apply(operator, self._changes.lines(buffer.cursor, far), at=buffer.cursor)

    def _characters(self, count: int, operator: str) -> None:
        at, end = self._buffer.cursor, self._motions.right(count).at
        if operator == "c":
            self._insert()
        self._changes.take(at, end, self._used.register)

    def _to_end(self, count: int, operator: str) -> None:
        motion = self._motions.line_end(count)
        if motion is None:
            return
        self._apply(operator, self._changes.fitted(operator, self._buffer.cursor, motion.at, is_exclusive=False))

    def _erase_back(self, count: int) -> None:
        self._changes.take(self._motions.left(count).at, self._buffer.cursor, self._used.register)

    def _case(self, count: int) -> None:
        end = self._motions.right(count).at
        self._changes.case(Reach(self._buffer.cursor, end), "~")
        self._buffer.cursor = end

    def _many(self, count: int, step: Callable[[], bool]) -> None:
        for _ in range(count):
            if not step():
                break

    # What is selected.

    def _select(self, mode: Mode, count: int) -> None:
        self.mode, self._anchor = mode, self._buffer.cursor
        if mode == "visual" and count > 1:
            self._buffer.cursor = max(self._anchor, self._buffer.before(self._motions.right(count).at))

    def _select_again(self, mode: Mode, lines: int, characters: int) -> None:
        """As much as was selected before, from the cursor on."""
        self.mode, self._anchor = mode, self._buffer.cursor
        self._buffer.cursor = self._changes.far(self._anchor, lines, characters if mode == "visual" else 0)

    def _stop_selecting(self) -> None:
        if self.mode in names.SELECTING:
            self.mode = "normal"
            self._clamp()

    def _on_selection(self, action: str, key: Key) -> bool:
        """A command that means something else while a part is selected; whether it is one."""
        meant: dict[str, Mode] = {"vi-visual": "visual", "vi-visual-line": "visual line"}
        if action in meant:
            if self.mode == meant[action]:
                self._stop_selecting()
            self.mode = meant[action] if self.mode in names.SELECTING else self.mode
            self._clear()
        elif action in {"vi-insert", "vi-append"}:
            self._waiting = "i" if action == "vi-insert" else "a"
        elif action in {"vi-open", "vi-open-above"}:
            self._anchor, self._buffer.cursor = self._buffer.cursor, min(self._anchor, len(self._buffer.text))
        elif action in names.ON_SELECTION:
            self._keys = [(action, key)]
            self._apply_selected(names.ON_SELECTION[action])
        else:
            return action in self._commands
        return True

    def _apply_selected(self, does: str, character: str = "") -> None:
        reach = self.selection or Reach(0, 0)
        buffer, mode = self._buffer, self.mode
        text = buffer.text[reach.begin : reach.end]
        count = self._settle()
        self._selected = (mode, text.count("\n"), len(text) - text.rfind("\n") - 1)
        if does[1:]:
            reach = self._changes.lines(reach.begin, max(reach.begin, buffer.before(reach.end)))
        self.mode = "normal"
        if does[0] not in "JpPr":
            self._apply(does[0], reach, count=count)
            return
        buffer.close()
        version = buffer.version
        if does == "J":
            buffer.cursor = reach.begin
            self._changes.join(text.count("\n") + 1)
        elif does == "r":
            self._changes.fill(reach, character)
        else:
            kept = self._registers.get(self._used.register)
            if does == "p":
                self._registers.keep(Kept(f"{text}\n", is_lines=True) if reach.is_lines else Kept(text), "")
            self._changes.put_over(reach, kept, count)
        self._end(version)
