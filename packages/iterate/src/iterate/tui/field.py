"""One line that is typed: a filter, a name. It paints nothing but itself."""

from iterate.terminal import rows, width
from iterate.terminal.keys import Key
from iterate.terminal.rows import Span

# Nobody types more into one line.
MOST = 1000


class Field:
    """A text of one line, and the place of the cursor in it."""

    def __init__(self, text: str = "") -> None:
        self.text = text
        self.cursor = len(text)

    def act(self, name: str, key: Key) -> bool:
        """Act on a key by the name of its action, or its own; whether it took it."""
        match name:
            case "text" | "paste":
                self._put(" ".join(key.text.split("\n")))
            case "backspace" | "ctrl+h":
                self._remove(self.cursor - len(self._before()), self.cursor)
            case "delete":
                self._remove(self.cursor, self.cursor + len(self._behind()))
            case "ctrl+u":
                self._remove(0, self.cursor)
            case "ctrl+k":
                self._remove(self.cursor, len(self.text))
            case "ctrl+w" | "alt+backspace" | "ctrl+backspace":
                self._remove(len(self.text[: self.cursor].rstrip().rpartition(" ")[0]), self.cursor)
            case _:
                return self._go(name)
        return True

    def shown(self, room: int) -> tuple[Span, int]:
        """The part of the text around the cursor that has room, and the column of the cursor in it."""
        before, behind = rows.span(self.text[: self.cursor]).text, rows.span(self.text[self.cursor :]).text
        room = max(room, 1)
        while before and width.width(before) >= room:
            before = before[len(next(width.clusters(before))[0]) :]
        at = width.width(before)
        return Span(width.cut(before + behind, room)[0]), min(at, room - 1)

    def _go(self, name: str) -> bool:
        match name:
            case "left" | "ctrl+b":
                self.cursor -= len(self._before())
            case "right" | "ctrl+f":
                self.cursor += len(self._behind())
            case "ctrl+a":
                self.cursor = 0
            case "ctrl+e":
                self.cursor = len(self.text)
            case _:
                return False
        return True

    def _put(self, text: str) -> None:
        text = text[: MOST - len(self.text)]
        self.text = self.text[: self.cursor] + text + self.text[self.cursor :]
        self.cursor += len(text)

    def _remove(self, begin: int, end: int) -> None:
        self.text = self.text[:begin] + self.text[end:]
        self.cursor = begin

    def _before(self) -> str:
        found = list(width.clusters(self.text[: self.cursor]))
        return found[-1][0] if found else ""

    def _behind(self) -> str:
        return next((cluster for cluster, _ in width.clusters(self.text[self.cursor :])), "")
