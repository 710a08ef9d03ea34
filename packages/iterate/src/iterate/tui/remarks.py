"""What the program says by itself: rows in the transcript, a line beside the prompt, and what went wrong, once."""

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from iterate.terminal.rows import Row, row, span

if TYPE_CHECKING:
    from iterate.errors import Failure
    from iterate.tui.scene import Scene

# The same failure within so many seconds is of the same cause: several requests met it.
SAME_S = 2.0
# A key that comes so soon was pressed before anybody could read what is told.
READ_S = 1.0


class Remarks:
    """What is said into one scene."""

    def __init__(self, scene: "Scene", clock: Callable[[], float] = time.monotonic) -> None:
        self._scene = scene
        self._clock = clock
        # Beside the prompt, until the next key.
        self.told = ""
        # What was said where nobody sees it, because what is open fills the screen; until a key.
        self._noted: list[Row] = []
        self._noted_at = 0.0
        self._failed = ""
        self._failed_at = 0.0

    def say(self, found: Sequence[Row]) -> None:
        """Put rows behind what is final; where that is not on the screen they are seen above the prompt as well."""
        self._failed = ""
        if self._scene.hides(len(found)):
            self._noted += [each for each in found if each]
            self._noted_at = self._clock()
        self._scene.say(found)

    def fail(self, failure: "Failure") -> bool:
        """Show what went wrong and what to do; whether that is not what was shown last."""
        text, now = f"{failure}\n{failure.hint}", self._clock()
        if text == self._failed:
            if now - self._failed_at > SAME_S:
                self.told = f"error, as before: {first(failure)}"
            return False
        from iterate.terminal import flow  # Behind the first frame.

        # On a screen of its own they are broken again, beside the panel.
        found = flow.told(f"error: {failure}", "bad", self._scene.room)
        if failure.hint:
            found += flow.told(f"hint: {failure.hint}", "dim", self._scene.room)
        self.say([*found, ()])
        self._failed, self._failed_at = text, now
        return True

    def refuse(self, failure: "Failure") -> None:
        """The same of a prompt, which was not sent and is to be found."""
        why = "" if self.fail(failure) else f": {first(failure)}"
        self.told = f"not sent{why}; Up brings it back"

    def go_on(self) -> None:
        """Something else was seen: what fails from now on is news again."""
        self._failed = ""

    def pressed(self) -> None:
        """A key: what was to be read was read."""
        self.told = ""
        if self._noted and self._clock() - self._noted_at > READ_S:
            self._noted = []

    def noted(self, lines: int) -> list[Row]:
        """At most so many rows of what was said out of sight: how it begins, and its end."""
        if len(self._noted) <= lines:
            return self._noted
        if lines <= 2:  # noqa: PLR2004  # No room for a row that tells of others.
            return self._noted[:lines]
        left = len(self._noted) - lines + 1
        return [
            self._noted[0],
            row(span(f"  {left:,} more above", "dim")),
            *self._noted[len(self._noted) - lines + 2 :],
        ]


def first(failure: "Failure") -> str:
    """What it says in one line."""
    return str(failure).partition("\n")[0]
