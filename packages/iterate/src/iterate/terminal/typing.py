"""Reads what a person types: a text of one or more lines, at the bottom of the terminal."""

import select
import sys
from enum import Enum, auto

from iterate.terminal.editor import Complete, Editor
from iterate.terminal.keyboard import Keyboard
from iterate.terminal.live import Live
from iterate.terminal.rows import row, span

MARK = "> "


class Left(Enum):
    """Why there is no text."""

    # Ctrl-C on an empty line, Ctrl-D, or no terminal any more.
    INTERRUPTED = auto()
    ENDED = auto()


class Typing:
    """One text after the other, with what was typed before."""

    def __init__(self, keyboard: Keyboard, live: Live, history: list[str], complete: Complete) -> None:
        self._keyboard = keyboard
        self._live = live
        self._history = history
        self._complete = complete
        # What was typed while an answer came.
        self.ahead = ""
        self._queued: list[str] = []
        self.room = 79

    def queue(self) -> None:
        """What was typed while an answer comes is whole, and is next."""
        if self.ahead.strip():
            self._queued.append(self.ahead)
        self.ahead = ""

    def read(self, below: str = "") -> str | Left:
        """The next text; `below` is said under the line until the first key."""
        editor = Editor(self._history, self._complete)
        if self._queued:
            editor.set(self._queued.pop(0))
            self._end(editor)
            return editor.text
        editor.set(self.ahead)
        self.ahead = ""
        self._paint(editor, below)
        while True:
            select.select([self._keyboard.descriptor], [], [])
            for key in self._keyboard.read():
                match key.name:
                    case "interrupt" if not editor.text:
                        return self._left(editor, Left.INTERRUPTED)
                    case "interrupt" if not editor.is_searching:
                        editor.set("")
                    case "end-of-file" if not editor.text:
                        return self._left(editor, Left.ENDED)
                    case "suspend":
                        self._suspend()
                    case "clear":
                        self._live.wipe()
                    case _ if editor.take(key):
                        self._end(editor)
                        return editor.text
                    case _:
                        pass
            self._paint(editor)

    def line(self, text: str) -> None:
        """Keep in mind what was typed."""
        if text not in self._history[-1:]:
            self._history.append(text)

    def _paint(self, editor: Editor, below: str = "") -> None:
        rows, cursor = editor.rows(MARK, self.room)
        self._live.show((), [*rows, row(span(below, "dim"))] if below else rows, cursor)

    def _end(self, editor: Editor) -> None:
        """Leave the text in the scrollback, without what was offered below it."""
        editor.cursor = len(editor.text)
        editor.forget()
        rows, _ = editor.rows(MARK, self.room)
        self._live.show(rows, ())

    def _left(self, editor: Editor, why: Left) -> Left:
        self._end(editor)
        return why

    def _suspend(self) -> None:
        self._live.clear()
        if sys.platform != "win32":
            self._keyboard.suspend()
