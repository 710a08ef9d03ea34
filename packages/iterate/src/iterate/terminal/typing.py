"""Reads what a person types: a text of one or more lines, at the bottom of the terminal."""

import os
import select
import sys
from collections.abc import Callable
from contextlib import suppress
from enum import Enum, auto

from iterate.terminal.editor import Complete, Editor
from iterate.terminal.keyboard import Keyboard
from iterate.terminal.live import Live
from iterate.terminal.resizing import resizing
from iterate.terminal.rows import row, span

MARK = "> "


class Left(Enum):
    """Why there is no text."""

    # Ctrl-C on an empty line, Ctrl-D, or no terminal any more.
    INTERRUPTED = auto()
    ENDED = auto()


class Typing:
    """One text after the other, with what was typed before."""

    def __init__(
        self,
        keyboard: Keyboard,
        live: Live,
        history: list[str],
        complete: Complete,
        adapt: Callable[[], int] = lambda: 79,
    ) -> None:
        """`adapt` looks at the size of the terminal, and gives the room for a row."""
        self._keyboard = keyboard
        self._live = live
        self._history = history
        self._complete = complete
        # What was typed while an answer came.
        self.ahead = ""
        self._queued: list[str] = []
        self._adapt = adapt
        self._room = adapt()
        self._woken, self._wake = os.pipe()
        os.set_blocking(self._wake, False)

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
        self._room = self._adapt()
        self._paint(editor, below)
        with resizing(self._resized):
            while True:
                ready, _, _ = select.select([self._keyboard.descriptor, self._woken], [], [])
                if self._woken in ready:
                    os.read(self._woken, 64)
                    self._room = self._adapt()
                found = self._take(editor) if self._keyboard.descriptor in ready else None
                if found is not None:
                    return found
                self._paint(editor)

    def _resized(self) -> None:
        # What waits goes on waiting when a signal was handled; this wakes it.
        with suppress(OSError):
            os.write(self._wake, b"!")

    def _take(self, editor: Editor) -> str | Left | None:
        """Act on the keys that have come; what that ends with."""
        for key in self._keyboard.read():
            match key.name:
                case "ctrl+c" if not editor.text:
                    return self._left(editor, Left.INTERRUPTED)
                case "ctrl+c" if not editor.is_searching:
                    editor.set("")
                case "ctrl+d" | "end-of-file" if not editor.text:
                    return self._left(editor, Left.ENDED)
                case "ctrl+z":
                    self._suspend()
                case "ctrl+l":
                    self._live.wipe()
                case _ if editor.take(key):
                    self._end(editor)
                    return editor.text
                case _:
                    pass
        return None

    def line(self, text: str) -> None:
        """Keep in mind what was typed."""
        if text not in self._history[-1:]:
            self._history.append(text)

    def _paint(self, editor: Editor, below: str = "") -> None:
        rows, cursor = editor.rows(MARK, self._room)
        self._live.show((), [*rows, row(span(below, "dim"))] if below else rows, cursor)

    def _end(self, editor: Editor) -> None:
        """Leave the text in the scrollback, without what was offered below it."""
        editor.cursor = len(editor.text)
        editor.forget()
        rows, _ = editor.rows(MARK, self._room)
        self._live.show(rows, ())

    def _left(self, editor: Editor, why: Left) -> Left:
        self._end(editor)
        return why

    def _suspend(self) -> None:
        self._live.clear()
        if sys.platform != "win32":
            self._keyboard.suspend()
