"""The text that somebody is typing: a cursor in it, what was typed before, completions. It paints nothing."""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from iterate.terminal import rows, width
from iterate.terminal.keymap import Keymap
from iterate.terminal.keys import Key
from iterate.terminal.rows import Row, Span, row

_KEYMAP = Keymap()
_WORD = re.compile(r"\w+|[^\w\s]+")


class Offer(NamedTuple):
    """What could stand in the place of the text from `begin` to the cursor."""

    begin: int
    texts: Sequence[str]


type Complete = Callable[[str, int], Offer]


def _nothing(_text: str, cursor: int) -> Offer:
    return Offer(cursor, ())


class Editor:
    """One text that is being edited."""

    def __init__(self, history: Sequence[str] = (), complete: Complete = _nothing) -> None:
        self.text = ""
        self.cursor = 0
        self._history = list(history)
        self._place = len(self._history)
        # What was typed before somebody went back in the history.
        self._kept = ""
        self._complete = complete
        self._offered: Sequence[str] = ()
        self._killed = ""
        # What is looked for in the history; None when nothing is.
        self._wanted: str | None = None

    def set(self, text: str) -> None:
        """Another text, with the cursor behind it."""
        self.text, self.cursor = text, len(text)

    def remember(self, history: Sequence[str]) -> None:
        """What was typed before, oldest first: it comes late, because a file has it."""
        self._history = [*history, *self._history]
        self._place = len(self._history)

    def remembered(self, text: str) -> None:
        """One more that was typed; the next text begins behind it."""
        if text not in self._history[-1:]:
            self._history.append(text)
        self._place = len(self._history)

    @property
    def is_searching(self) -> bool:
        """Whether keys are for what is looked for in the history."""
        return self._wanted is not None

    def forget(self) -> None:
        """Offer nothing any more, and look for nothing."""
        self._offered, self._wanted = (), None

    def take(self, key: Key) -> bool:
        """Act on one key; whether the text is complete now."""
        if self._wanted is not None and self._search(key):
            return False
        action = _KEYMAP.action("editor", (key.name,))
        self._offered = () if action != "complete" else self._offered
        match action:
            case "" if key.name in {"text", "paste"}:
                self._insert(key.text)
            case "newline":
                self._insert("\n")
            case "send":
                return self._enter()
            case "complete":
                self._tab()
            case "search-history":
                self._wanted = ""
            case "up" | "down":
                self._vertical(-1 if action == "up" else 1)
            case _:
                self._edit(action)
        return False

    def rows(self, mark: str, room: int) -> tuple[list[Row], tuple[int, int]]:
        """The rows of the text behind its mark, what is offered below, and where the cursor is: row and column."""
        found: list[Row] = []
        place = (0, 0)
        indent = " " * width.width(mark)
        begin = 0
        for number, line in enumerate(self.text.split("\n")):
            prefix = Span(indent if number else mark, "bold")
            at = self.cursor - begin if begin <= self.cursor <= begin + len(line) else None
            painted, here = _broken(line, prefix, indent, room, at)
            if here is not None:
                place = (len(found) + here[0], here[1])
            found += painted
            begin += len(line) + 1
        if self._wanted is not None:
            found.append(row(rows.span(f"searching what was typed before: {self._wanted}", "dim")))
        if self._offered:
            found += rows.wrapped([rows.span("  ".join(self._offered[:40]), "dim")], room)
        return found, place

    def _enter(self) -> bool:
        if self.text.endswith("\\") and self.cursor == len(self.text):
            self.set(self.text[:-1] + "\n")
            return False
        return True

    def _insert(self, text: str) -> None:
        self.text = self.text[: self.cursor] + text + self.text[self.cursor :]
        self.cursor += len(text)

    def _edit(self, name: str) -> None:
        match name:
            case "left":
                self.cursor -= len(self._before())
            case "right":
                self.cursor += len(self._behind())
            case "line-begin":
                self.cursor = self.text.rfind("\n", 0, self.cursor) + 1
            case "line-end":
                self.cursor = self._line_end()
            case "word-left":
                self.cursor = self._word_begin()
            case "word-right":
                self.cursor = self._word_end()
            case "backspace":
                self._remove(self.cursor - len(self._before()), self.cursor)
            case "delete" | "delete-or-leave":
                self._remove(self.cursor, self.cursor + len(self._behind()))
            case _:
                self._kill(name)

    def _kill(self, name: str) -> None:
        match name:
            case "kill-line":
                end = self._line_end()
                self._killed = self._remove(self.cursor, max(end, self.cursor + (end == self.cursor)))
            case "kill-to-begin":
                self._killed = self._remove(self.text.rfind("\n", 0, self.cursor) + 1, self.cursor)
            case "kill-space-word" | "kill-word-left":
                self._killed = self._remove(self._word_begin(), self.cursor)
            case "kill-word-right":
                self._killed = self._remove(self.cursor, self._word_end())
            case "yank":
                self._insert(self._killed)
            case _:
                pass

    def _remove(self, begin: int, end: int) -> str:
        removed = self.text[begin:end]
        self.text = self.text[:begin] + self.text[end:]
        self.cursor = begin
        return removed

    def _before(self) -> str:
        found = list(width.clusters(self.text[: self.cursor]))
        return found[-1][0] if found else ""

    def _behind(self) -> str:
        return next((cluster for cluster, _ in width.clusters(self.text[self.cursor :])), "")

    def _line_end(self) -> int:
        end = self.text.find("\n", self.cursor)
        return len(self.text) if end < 0 else end

    def _word_begin(self) -> int:
        return max((found.start() for found in _WORD.finditer(self.text) if found.start() < self.cursor), default=0)

    def _word_end(self) -> int:
        ends = (found.end() for found in _WORD.finditer(self.text) if found.end() > self.cursor)
        return min(ends, default=len(self.text))

    def _vertical(self, step: int) -> None:
        """To the line above or below; from the first or last one into the history."""
        begin = self.text.rfind("\n", 0, self.cursor) + 1
        column = self.cursor - begin
        if step < 0 and begin:
            above = self.text.rfind("\n", 0, begin - 1) + 1
            self.cursor = min(above + column, begin - 1)
        elif step > 0 and "\n" in self.text[self.cursor :]:
            below = self._line_end() + 1
            end = self.text.find("\n", below)
            self.cursor = min(below + column, len(self.text) if end < 0 else end)
        else:
            self._recall(self._place + step)

    def _recall(self, place: int) -> None:
        if not 0 <= place <= len(self._history) or place == self._place:
            return
        if self._place == len(self._history):
            self._kept = self.text
        self._place = place
        self.set(self._kept if place == len(self._history) else self._history[place])

    def _search(self, key: Key) -> bool:
        """Look for text in the history, newest first; whether the key was for that."""
        match key.name:
            case "text":
                self._wanted = (self._wanted or "") + key.text
                self._seek(len(self._history))
            case "backspace":
                self._wanted = (self._wanted or "")[:-1]
                self._seek(len(self._history))
            case "ctrl+r":
                self._seek(self._place)
            case "escape" | "ctrl+c":
                self._wanted = None
                self.set("")
            case _:
                self._wanted = None
                return False
        return True

    def _seek(self, before: int) -> None:
        found = [place for place in range(before) if (self._wanted or "") in self._history[place]]
        if found and self._wanted:
            self._place = found[-1]
            self.set(self._history[found[-1]])

    def _tab(self) -> None:
        offer = self._complete(self.text, self.cursor)
        if not offer.texts:
            self._offered = ()
            return
        common = _common(offer.texts)
        typed = self.text[offer.begin : self.cursor]
        if len(common) > len(typed) or len(offer.texts) == 1:
            # A folder, or a server of what can be read, goes on.
            end = " " if len(offer.texts) == 1 and not common.endswith(("/", ":")) else ""
            self.text = self.text[: offer.begin] + common + end + self.text[self.cursor :]
            self.cursor = offer.begin + len(common) + len(end)
            self._offered = ()
        else:
            self._offered = offer.texts


def _common(texts: Sequence[str]) -> str:
    first, last = min(texts), max(texts)
    same = next((place for place, character in enumerate(first) if last[place : place + 1] != character), len(first))
    return first[:same]


def _broken(
    line: str, prefix: Span, indent: str, room: int, at: int | None
) -> tuple[list[Row], tuple[int, int] | None]:
    """One line broken where the screen ends, and where in it the cursor is."""
    found: list[Row] = []
    here = None
    text, used, count = "", width.width(prefix.text), 0
    for cluster, _ in width.clusters(line):
        shown = cluster if cluster.isprintable() else "\N{REPLACEMENT CHARACTER}"
        wide = width.width(shown)
        if used + wide >= room:
            found.append((prefix, Span(text)))
            prefix, text, used = Span(indent), "", len(indent)
        if at is not None and here is None and count >= at:
            here = (len(found), used)
        text, used, count = text + shown, used + wide, count + len(cluster)
    if at is not None and here is None:
        here = (len(found), used)
    return [*found, (prefix, Span(text))], here
