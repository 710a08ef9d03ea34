"""What the questions of the program have in common: what a key means, a window into long rows, choices by key."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from iterate.config.chords import spoken
from iterate.terminal import rows, width
from iterate.terminal.editor import Editor
from iterate.terminal.keymap import Keymap
from iterate.terminal.keys import Key
from iterate.terminal.rows import Row, Span, row
from iterate.tui.contract import Picture, Size

# Actions of dialogs, and plain names of keys that have none there.
_VERBS = {
    "previous": "up", "next": "down", "up": "up", "down": "down", "ctrl+p": "up", "ctrl+n": "down",
    "page-up": "page-up", "pageup": "page-up", "page-down": "page-down", "pagedown": "page-down",
    "home": "first", "end": "last", "first": "first", "last": "last",
    "accept": "accept", "enter": "accept", "cancel": "cancel", "escape": "cancel", "ctrl+d": "cancel",
    "left": "left", "right": "right", "tab": "down", "shift+tab": "up",
    "all": "all", "none": "none", "text": "text", "paste": "paste",
}  # fmt: skip
# The letters that stand beside the answers, whichever keys a person has bound them to.
_LETTERS = {
    "once": "y", "session": "s", "always": "a", "deny": "n", "edit": "e", "details": "d", "toggle": " ",
    **{f"choice-{number}": f"{number}" for number in range(1, 10)},
}  # fmt: skip


# In the place of a letter: the key that leaves a question.
CANCEL = "cancel"


def read(action: str, key: Key) -> tuple[str, Key]:
    """What a key means to a question, empty when it means nothing, and the key with the letter of its answer."""
    if action in _LETTERS:
        return "text", Key("text", _LETTERS[action])
    return _VERBS.get(action, "") or _VERBS.get(key.name, ""), key


def letters(keymap: Keymap) -> dict[str, str]:
    """What stands beside the answers in the place of our letters, where a person has bound them to other keys."""
    bound = {letter: keymap.chords("dialog", action) for action, letter in _LETTERS.items()}
    found = {letter: spoken(chords[0]) if chords else "" for letter, chords in bound.items() if letter not in chords}
    return found | {CANCEL: keymap.said("dialog", "cancel")}


def fitted(found: Sequence[Row], room: Size) -> list[Row]:
    """The rows, none wider or more than there is room for."""
    return [_narrow(rows.clipped(each, max(1, room.columns)), room.columns) for each in found[: max(0, room.lines)]]


def with_line(above: Sequence[Row], editor: Editor, mark: str, room: Size) -> Picture:
    """Rows above a line that is typed, with its cursor in sight; where there is no room for all, the line stays."""
    typed, (line, column) = editor.rows(mark if room.columns > 2 * len(mark) else "", max(2, room.columns))
    most = max(1, room.lines)
    kept = max(0, most - len(typed))
    first = max(0, line - most + 1) if len(typed) > most else 0
    shown = fitted([*above[:kept], *typed[first : first + most]], Size(room.columns, most))
    place = (min(kept, len(above)) + line - first, min(column, max(0, room.columns - 1)))
    return Picture(shown, place)


def _narrow(of: Row, room: int) -> Row:
    """The row, where it is still too wide: a mark of what is left out has no room in the narrowest ones."""
    if rows.columns(of) <= room:
        return of
    kept, used = "", 0
    for cluster, wide in width.clusters(rows.plain(of)):
        if used + wide > room:
            break
        kept, used = kept + cluster, used + wide
    return (Span(kept),)


# With fewer rows none is spent on the count of them; it takes so many columns of the last one.
FEW, COUNT = 3, 7


def _counted(of: Row, told: str, columns: int) -> Row:
    """The last row that is seen, with its place among all of them behind it."""
    if columns <= 2 * len(told):
        return of
    kept = rows.clipped(of, columns - len(told))
    return (*kept, Span(" " * (columns - len(told) - rows.columns(kept))), Span(told, "dim"))


class Window:
    """A place in rows that are more than can be shown."""

    def __init__(self) -> None:
        self._top = 0
        # The rows that the last picture had, which keys are relative to.
        self.room = 1
        self._count = 0

    @property
    def is_at_end(self) -> bool:
        """Whether there is nothing below what is seen."""
        return self._top + self.room >= self._count

    def cut(self, found: Sequence[Row], room: int, *, has_more: bool = False, columns: int = 80) -> list[Row]:
        """The rows that are seen; where some are not, the last one counts them. More may not be drawn yet."""
        self._count = len(found)
        if len(found) <= room:
            self.room = max(1, room)
            return list(found)
        self.room = max(1, room if room < FEW else room - 1)
        top = min(self._top, len(found) - self.room)
        last = top + self.room
        if room < 1:
            return []
        if room < FEW:
            # The count stands behind the last row that is seen.
            return [
                *found[top : last - 1],
                _counted(found[last - 1], f" {last}/{len(found)}{'+' if has_more else ''}", columns),
            ]
        told = f"  rows {top + 1} to {last} of {len(found)}{'+' if has_more else ''}: PageUp, PageDown"
        return [*found[top:last], row(Span(told, "dim"))]

    def act(self, verb_: str, *, by_line: bool = False) -> bool:
        """Move; whether it was a key for that."""
        step = {"page-up": -self.room, "page-down": self.room, "first": -self._count, "last": self._count}
        if by_line:
            step |= {"up": -1, "down": 1}
        if verb_ not in step:
            return False
        most = max(0, self._count - self.room)
        self._top = max(0, min(min(self._top, most) + step[verb_], most))
        return True


# So many characters of a long text are drawn at first: a key is to be answered at once.
FIRST = 1 << 13


class Scroll:
    """A window into a text that is drawn as far as somebody leafs."""

    def __init__(self, text: str, draw: Callable[[str, int], list[Row]]) -> None:
        """`draw` makes rows of a text for a width."""
        self._text = text
        self._draw = draw
        self._window = Window()
        self._drawn = min(FIRST, len(text))
        self._rows: tuple[int, int, list[Row]] = (-1, -1, [])

    def cut(self, columns: int, lines: int) -> list[Row]:
        """The rows that are seen."""
        inner = columns - COUNT if lines < FEW and columns > 2 * COUNT else columns
        return self._window.cut(self._all(inner), lines, has_more=self._drawn < len(self._text), columns=columns)

    def height(self, columns: int) -> int:
        """How many rows are drawn by now."""
        return len(self._all(columns))

    def act(self, said: str, *, by_line: bool = False) -> bool:
        """Move; whether it was a key for that."""
        if said == "last" and self._drawn < len(self._text):
            self._drawn = len(self._text)
            self._window.cut(self._all(self._rows[0]), self._window.room + 1)
        is_taken = self._window.act(said, by_line=by_line)
        if is_taken and self._window.is_at_end:
            self._drawn = min(len(self._text), self._drawn * 4)
        return is_taken

    def _all(self, columns: int) -> list[Row]:
        if self._rows[:2] != (columns, self._drawn):
            end = self._drawn
            if end < len(self._text):
                end = self._text.rfind("\n", 0, end) + 1 or end
            self._rows = (columns, self._drawn, self._draw(self._text[:end], columns))
        return self._rows[2]


class Choice(NamedTuple):
    """Something to choose: its letter, what it says, and more about it in dim text."""

    letter: str
    text: str
    about: str = ""
    # In one word, where there is no room.
    short: str = ""


class Choices:
    """Choices by number, letter, or arrows and Enter."""

    def __init__(
        self,
        choices: Sequence[Choice],
        shown: Mapping[str, str] = MappingProxyType({}),
        leaving: tuple[str, str] = ("", ""),
    ) -> None:
        """`shown` has what stands there for a letter, where that is another key; `leaving` what Esc does, and Esc."""
        self.choices = tuple(choices)
        self._shown = shown
        self._leaving = leaving
        self.at = 0

    def rows(self, room: int) -> list[Row]:
        """One row for each, the chosen one marked."""
        found = []
        for number, each in enumerate(self.choices):
            is_at = number == self.at
            mark = "> " if is_at else "  "
            letter = self._shown.get(each.letter, each.letter)
            key = f"{number + 1} {letter}  " if letter else f"{number + 1}  "
            about = rows.span(f"  {each.about}" if each.about else "", "dim")
            words = row(Span(mark, "bold"), Span(key, "dim"), rows.span(each.text, "bold" if is_at else ""), about)
            found.append(rows.clipped(words, max(1, room)))
        return found

    def small(self, room: int, lines: int) -> list[Row]:
        """All of them in as few rows as they take, one row being left to what they answer; else by their keys alone."""
        keys = [self._shown.get(each.letter, each.letter) or str(at) for at, each in enumerate(self.choices, 1)]
        said = [f"{key} {each.short or each.text}" for key, each in zip(keys, self.choices, strict=True)]
        does, leaves = self._leaving
        found = self._packed([*said, *([f"{leaves} {does}"] if leaves else [])], room)
        if len(found) < max(2, lines):
            return found
        found = self._packed([*keys, *([leaves] if leaves else [])], room)
        place = max(0, min(len(found) - 1, self.at * len(found) // max(1, len(self.choices))))
        found = found if len(found) < max(2, lines) else found[place : place + 1]
        meant = rows.clipped(row(rows.span(self.choices[self.at].text, "bold")), max(1, room))
        return [*found, meant] if len(found) + 1 < lines else found

    def _packed(self, said: Sequence[str], room: int) -> list[Row]:
        """Rows of as many as have room beside each other, the chosen one marked."""
        found: list[Row] = []
        for at, text in enumerate(said):
            is_at = at == self.at
            words = row(Span(">" if is_at else " ", "bold"), rows.span(text, "bold" if is_at else ""))
            if found and rows.columns(found[-1]) + 1 + rows.columns(words) <= room:
                found[-1] = (*found[-1], Span(" "), *words)
            else:
                found.append(words)
        return found

    def act(self, verb_: str, key: Key) -> int | None:
        """The number of the choice that was made; arrows move."""
        match verb_:
            case "up" | "down":
                self.at = (self.at + (1 if verb_ == "down" else -1)) % max(1, len(self.choices))
            case "accept":
                return self.at
            case "text":
                return self.of(key.text)
            case _:
                pass
        return None

    def of(self, text: str) -> int | None:
        """The choice of a number or letter."""
        typed = text[:1].lower()
        if typed.isascii() and typed.isdigit() and 1 <= int(typed) <= len(self.choices):
            return int(typed) - 1
        return next((place for place, each in enumerate(self.choices) if each.letter == typed and typed), None)

    @property
    def is_choosing(self) -> bool:
        """Whether there is something to choose."""
        return bool(self.choices)


# Nobody reads a question and answers it in less, so what is typed then was meant for something else, in seconds.
GRACE_S = 0.5


class Grace:
    """Whether a key may be an answer already: not while somebody is typing on, who has not seen the question yet."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._since = float("-inf")

    def begin(self) -> None:
        """The question appears now."""
        self._since = self._clock()

    @property
    def is_over(self) -> bool:
        """Whether keys are read as answers by now."""
        return self._clock() - self._since >= GRACE_S

    def passes(self) -> bool:
        """Whether this key is for the question; one that is not makes the next one wait as well."""
        now = self._clock()
        if now - self._since >= GRACE_S:
            self._since = float("-inf")
            return True
        self._since = now
        return False
