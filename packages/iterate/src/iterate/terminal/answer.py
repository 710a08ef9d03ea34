"""Events of a prompt on the screen: as the text of the answer, or as one line of JSON each."""

from iterate.heard import Heard
from iterate.terminal import screen


class AsText:
    """Shows the text of an answer as it comes, each character once, and ends its last line.

    A part comes at once, or in deltas and then as a whole; what was shown of it is not shown again.
    """

    def __init__(self) -> None:
        self._number = 0
        self._shown = 0
        self._has_open_line = True

    def __call__(self, event: Heard) -> None:
        """Show what is new in one event."""
        match event.kind:
            case "delta" if event.word("kind") == "text":
                self._show(event.number, event.count("offset"), event.word("text"))
            case "part" if event.part()[0] == "text":
                self._show(event.number, 0, event.part()[1])
            case "warned":
                screen.note(event.word("text"))
            case "done" | "failed":
                screen.show("\n" if self._has_open_line else "")
            case _:
                pass  # Of no meaning as text, or of a kind that only a newer server knows.

    def _show(self, number: int, offset: int, text: str) -> None:
        if number != self._number:
            if self._number and self._has_open_line:
                screen.show("\n")
            self._number, self._shown = number, 0
        new = text[max(0, self._shown - offset) :]
        if new:
            screen.show(new)
            self._shown = offset + len(text)
            self._has_open_line = not new.endswith("\n")


def as_json(event: Heard) -> None:
    """Show one event on one line, at once, as the server sent it."""
    screen.show_json_line(event.json)
