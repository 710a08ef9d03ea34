"""The text that somebody is typing: a cursor in it, what was typed before, completions. It paints nothing."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from iterate.config.bindings import Context
from iterate.terminal import rows, width
from iterate.terminal.buffer import Buffer, fitting
from iterate.terminal.emacs import Emacs, Kills
from iterate.terminal.keymap import Chords, Keymap
from iterate.terminal.keys import Key
from iterate.terminal.recall import Recall
from iterate.terminal.rows import Row, Span, row
from iterate.terminal.sheet import Sheet, Spot

if TYPE_CHECKING:
    from iterate.terminal.vi import Vi
    from iterate.terminal.vi_names import Mode

# A screen that is narrower has no room for the mark.
_MARKED = 8
_OFFERED = 40
_NO_ROOM = 80
_DIGITS = frozenset("0123456789")
# A count has no more digits, and goes no further up and down.
_COUNT_DIGITS, _MOST_STEPS = 4, 1000
# What nobody pressed on the keyboard.
_NO_KEYS = frozenset({"mouse", "reply", "focus", "blur"})


class Offer(NamedTuple):
    """What could stand in the place of the text from `begin` to the cursor."""

    begin: int
    texts: Sequence[str]


type Complete = Callable[[str, int], Offer]


def _nothing(_text: str, cursor: int) -> Offer:
    return Offer(cursor, ())


class Editor:
    """One text that is being edited, with the keys of emacs or of vi."""

    def __init__(self, history: Sequence[str] = (), complete: Complete = _nothing, *, is_vi: bool = False) -> None:
        self._buffer = Buffer()
        self._kills = Kills()
        self._emacs = Emacs(self._buffer, self._kills)
        self._vi: Vi | None = None
        self.use_vi(is_wanted=is_vi)
        self.recall = Recall(history)
        self._complete = complete
        self._offered: Sequence[str] = ()
        # The next key is a character, whatever it is bound to.
        self._is_literal = False
        # The room of the last picture, in which moves up and down happen, and the column that they keep to.
        self._sheet = Sheet()
        self._room = _NO_ROOM
        self._column: int | None = None
        # Where the first row that is seen begins.
        self._top = 0
        # The count that was typed for the next key, as its digits; and what Alt-. put in, from where to where, of how
        # many texts ago.
        self._argument = ""
        self._put_in: tuple[int, int, int, int] | None = None
        # The last keys went back in the history.
        self._is_recalling = False
        self._chords: Chords | None = None

    def use_vi(self, *, is_wanted: bool) -> None:
        """Take the keys of vi, or those of emacs."""
        self._vi = None
        if is_wanted:
            from iterate.terminal.vi import Vi  # Few want it.

            self._vi = Vi(self._buffer, self._kills, self._vertical, self.act)

    @property
    def text(self) -> str:
        """All of it, with what is folded."""
        return self._buffer.whole

    @property
    def typed(self) -> str:
        """The text that `cursor` is a place of: a folded paste is one character."""
        return self._buffer.text

    @property
    def version(self) -> int:
        """Another number after every change."""
        return self._buffer.version

    @property
    def cursor(self) -> int:
        """The place in `typed` before which the next character goes."""
        return self._buffer.cursor

    @cursor.setter
    def cursor(self, place: int) -> None:
        self._buffer.cursor = max(0, min(place, len(self._buffer.text)))

    def set(self, text: str) -> None:
        """Another text, with the cursor behind it; nothing of it can be undone."""
        self._buffer.set(text)
        self._column, self._top, self._offered, self._is_literal = None, 0, (), False
        self.recall.leave()
        self._emacs.rest()
        if self._vi is not None and not text:
            self._vi.reset()

    @property
    def is_blank(self) -> bool:
        """Whether there is nothing but spaces in it."""
        return not self._buffer.text or self._buffer.text.isspace()

    def clear(self) -> None:
        """Nothing in the place of the text, which the undo brings back."""
        self.change("")
        self.recall.leave()
        if self._vi is not None:
            self._vi.reset()

    def change(self, text: str) -> None:
        """Another text, which the undo takes back."""
        self._buffer.close()
        self._buffer.replace(0, len(self._buffer.text), fitting(text))
        self._buffer.close()

    def replace(self, begin: int, text: str) -> None:
        """Put a text in the place of what stands from there to the cursor: a completion."""
        self._buffer.close()
        self._buffer.replace(begin, self._buffer.cursor, text)
        self._buffer.close()

    def remember(self, history: Sequence[str]) -> None:
        """What was typed before, oldest first: it comes late, because a file has it."""
        self.recall.add_before(history)

    def remembered(self, text: str) -> None:
        """One more that was typed; the next text begins behind it."""
        self.recall.add(text)

    @property
    def is_searching(self) -> bool:
        """Whether keys are for what is looked for in the history."""
        return self.recall.wanted is not None

    @property
    def mode(self) -> "Mode | None":
        """The mode of vi; None with the keys of emacs."""
        return self._vi.mode if self._vi is not None else None

    @property
    def pending(self) -> str:
        """What was pressed of a command of vi, or the count of the next key, to be shown."""
        return (self._vi.pending if self._vi is not None else "") or self._argument

    @property
    def contexts(self) -> tuple[Context, ...]:
        """The bindings that the next key is read with; none where it is a character in any case."""
        if self._is_literal:
            return ()
        if self._vi is not None and self._vi.is_command and not self.is_searching:
            return () if self._vi.is_waiting else ("vi", "editor", "app")
        return ("editor", "app")

    def forget(self) -> None:
        """Offer nothing any more, and look for nothing."""
        self._offered, self.recall.wanted = (), None

    def take(self, key: Key) -> bool:
        """Act on one key by the built-in bindings; whether the text is complete now."""
        if self._chords is None:
            self._chords = Chords(Keymap())
        for bound in self._chords.read(key, lambda: self.contexts):
            if not self.act(bound.action, bound.key) and bound.action == "send":
                return True
        return False

    def act(self, action: str, key: Key) -> bool:
        """Act on a key by what it is bound to; whether it took it. It does not take what sends or leaves."""
        if key.name in _NO_KEYS:
            return False
        is_recalling, self._is_recalling = self._is_recalling, False
        if self.is_searching and (taken := self._searched(action, key)) is not None:
            return taken
        had, self._offered = self._offered, self._offered if action == "complete" else ()
        if action not in {"up", "down", "vi-up", "vi-down"}:
            self._column = None
        self._is_recalling = is_recalling
        if self._counted(action, key):
            return True
        taken = self._act(action, key)
        was_counting, self._argument = bool(self._argument), ""
        self._is_recalling = self._is_recalling and action in {"up", "down", "vi-up", "vi-down"}
        return taken or (action == "stop" and (bool(had) or was_counting))

    def _counted(self, action: str, key: Key) -> bool:
        """Whether a key belongs to the count of the next one."""
        digit = key.name.removeprefix("alt+") if action == "argument" else ""
        if self._argument and not action and key.name == "text" and key.text in _DIGITS:
            digit = key.text
        if not digit or self._is_literal:
            return False
        if action == "argument" and digit == "-":
            self._argument = "-"
        elif len(self._argument) <= _COUNT_DIGITS and digit in _DIGITS:
            self._argument += digit
        return True

    def _count(self) -> int:
        return -1 if self._argument == "-" else int(self._argument or 1)

    def rows(self, mark: str, room: int, lines: int | None = None) -> tuple[list[Row], tuple[int, int]]:
        """The rows of the text behind its mark, what is offered below, and where the cursor is: row and column.

        Of a text with more rows than there are lines those around the cursor are made, and no others.
        """
        below = self._below(room)
        left = None if lines is None else max(1, lines - len(below))
        indent = width.width(mark) if room >= _MARKED else 0
        self._look(room, indent)
        spots = self._seen(left)
        here = self._sheet.spot(self.cursor)
        found: list[Row] = []
        reach = self._vi.selection if self._vi is not None else None
        selected = None if reach is None else (reach.begin, reach.end + reach.is_lines)
        for spot in spots:
            prefix = (mark if spot == Spot(0, 0) else " " * indent) if indent else ""
            found.append((*([Span(prefix, "bold")] if prefix else []), *self._sheet.spans(spot, selected)))
        column = indent + self._sheet.column(here, self.cursor)
        return [*found, *below], (spots.index(here), min(column, max(room - 1, 0)))

    def _below(self, room: int) -> list[Row]:
        found: list[Row] = []
        if self.is_searching:
            found.append(rows.clipped(row(rows.span(self.recall.told(), "dim")), room))
        if self._offered:
            found += rows.wrapped([rows.span("  ".join(self._offered[:_OFFERED]), "dim")], room)
        return found

    def _look(self, room: int, indent: int) -> None:
        self._room = max(1, room - indent - 1)
        self._sheet.look(self._buffer.text, self._room, self._buffer.label)

    def _seen(self, lines: int | None) -> list[Spot]:
        """The rows that are seen: from where they began before, moved as little as the cursor wants."""
        sheet = self._sheet
        if lines is None:
            return self._down(Spot(0, 0), len(self._buffer.text) + 1)
        here = sheet.spot(self.cursor)
        top = sheet.spot(min(self._top, len(self._buffer.text)))
        top = min(top, here)
        spots = self._down(top, lines)
        if here not in spots:
            spots = self._up(here, lines)
        if len(spots) < lines:
            # The end of the text stands at the end of the screen.
            spots = self._up(spots[-1], lines)
        self._top = sheet.begin(spots[0])
        return spots

    def _down(self, spot: Spot, most: int) -> list[Spot]:
        found: list[Spot] = []
        following: Spot | None = spot
        while following is not None and len(found) < most:
            found.append(following)
            following = self._sheet.down(following)
        return found

    def _up(self, spot: Spot, most: int) -> list[Spot]:
        found: list[Spot] = []
        before: Spot | None = spot
        while before is not None and len(found) < most:
            found.append(before)
            before = self._sheet.up(before)
        return found[::-1]

    def _act(self, action: str, key: Key) -> bool:
        if self._is_literal:
            return self._literal(key)
        if self._vi is not None and (taken := self._with_vi(self._vi, action, key)) is not None:
            return taken
        return self._put(key) if not action else self._named(action)

    def _with_vi(self, vi: "Vi", action: str, key: Key) -> bool | None:
        """Whether vi took a key; None where it is one for every editor."""
        if action == "stop":
            return vi.leave()
        if not vi.is_command:
            vi.record(action, key)
            return True if vi.mode == "replace" and vi.overwrite(action, key) else None
        if vi.act(action, key):
            return True
        # What is no command of vi, and may be another text, ends a selection.
        vi.leave()
        return None if action else key.name == "paste" and self._put(key)

    def _put(self, key: Key) -> bool:
        if key.name == "paste":
            self._buffer.paste(key.text)
            self._emacs.rest()
        elif key.name == "text":
            self._emacs.type(key.text * (max(0, self._count()) if len(key.text) == 1 else 1))
        return key.name in {"paste", "text"}

    def _named(self, action: str) -> bool:
        match action:
            case "send":
                return self._goes_on()
            case "complete":
                self._tab()
            case "up" | "down":
                step = (-1 if action == "up" else 1) * (1 if self._count() > 0 else -1)
                for _ in range(min(abs(self._count()), _MOST_STEPS)):
                    self._vertical(step)
            case "last-argument":
                self._last_argument()
            case "literal":
                self._is_literal = True
            case "search-history" | "search-newer":
                self.recall.search(self._buffer.text)
            case "history-begin" | "history-end":
                self._show(self.recall.first(self._buffer.text) if action == "history-begin" else self.recall.end())
            case "delete-or-leave" if not self._buffer.text:
                return False
            case _:
                return self._emacs.act(action, self._count())
        self._emacs.rest()
        return True

    def _last_argument(self) -> None:
        """The last word of what was typed before, or the one of the count; again takes an older one in its place."""
        version = self._buffer.version
        begin, end, back = self.cursor, self.cursor, 0
        if self._put_in is not None and self._put_in[3] == version:
            begin, end, back = self._put_in[0], self._put_in[1], self._put_in[2] + 1
        words = self.recall.words(back)
        place = int(self._argument) if self._argument.isdigit() else -1
        if not words or place >= len(words):
            return
        self._buffer.close()
        self._buffer.replace(begin, end, words[place])
        self._put_in = (begin, self.cursor, back, self._buffer.version)

    def _goes_on(self) -> bool:
        """Enter behind a backslash begins another line."""
        at = self._buffer.cursor
        if at != len(self._buffer.text) or not self._buffer.text.endswith("\\"):
            return False
        self._buffer.replace(at - 1, at, "\n")
        return True

    def _literal(self, key: Key) -> bool:
        self._is_literal = False
        *held, base = key.name.split("+")
        character = {"enter": "\n", "tab": "\t", "escape": "\x1b", "space": " "}.get(key.name, key.text)
        if held == ["ctrl"] and len(base) == 1 and base.isascii():
            character = chr(ord(base.upper()) & 0x1F)
        if character:
            self._buffer.insert(character)
        return True

    def _vertical(self, step: int) -> None:
        """To the row above or below; from the first or last one into the history."""
        self._sheet.look(self._buffer.text, self._room, self._buffer.label)
        spot = self._sheet.spot(self.cursor)
        following = None if self._is_recalling else (self._sheet.up(spot) if step < 0 else self._sheet.down(spot))
        if following is None and self._vi is not None and self._vi.is_selecting:
            return
        if following is None:
            prefix = self._buffer.text if self.cursor == len(self._buffer.text) else ""
            self._show(self.recall.step(step, self._buffer.text, prefix))
            return
        if self._column is None:
            self._column = self._sheet.column(spot, self.cursor)
        self.cursor = self._sheet.place(following, self._column)

    def _show(self, text: str | None) -> None:
        """Something that was typed before."""
        if text is not None:
            self._instead(text)
            self._is_recalling = True
            self._column = None

    def _searched(self, action: str, key: Key) -> bool | None:
        """Act on a key while something is looked for in the history; None when it ends the search and does more."""
        recall = self.recall
        wanted = recall.wanted or ""
        if key.name in {"text", "paste"} and not (action and action != "search-history"):
            self._hit(recall.want(wanted + " ".join(key.text.splitlines())))
        elif action in {"backspace", "vi-left"}:
            self._hit(recall.want(wanted[:-1]))
        elif action in {"search-history", "up"}:
            self._hit(recall.next_hit(1))
        elif action in {"search-newer", "down"}:
            self._hit(recall.next_hit(-1))
        elif action in {"stop", "interrupt"} or key.name == "ctrl+g":
            self._instead(recall.stop(is_taken=False))
        else:
            recall.stop(is_taken=True)
            return None
        return True

    def _hit(self, text: str | None) -> None:
        if text is not None:
            self._instead(text)

    def _instead(self, text: str) -> None:
        """Another text, which one undo takes back however many there were."""
        self._buffer.instead(text)

    def _tab(self) -> None:
        offer = self._complete(self._buffer.text, self.cursor)
        if not offer.texts:
            # What is typed while nobody looks, or pasted key by key, has its tabs.
            self._offered = ()
            self._buffer.insert("\t")
            return
        common = _common(offer.texts)
        typed = self._buffer.text[offer.begin : self.cursor]
        if len(common) > len(typed) or len(offer.texts) == 1:
            # A folder, or a server of what can be read, goes on.
            end = " " if len(offer.texts) == 1 and not common.endswith(("/", ":")) else ""
            self._buffer.replace(offer.begin, self.cursor, common + end)
            self._offered = ()
        else:
            self._offered = offer.texts


def _common(texts: Sequence[str]) -> str:
    first, last = min(texts), max(texts)
    same = next((place for place, character in enumerate(first) if last[place : place + 1] != character), len(first))
    return first[:same]
