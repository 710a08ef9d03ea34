"""Where keys come from: those that are whole are handed on at once, the rest of one is waited for in the loop."""

from collections.abc import Callable, Sequence

from iterate.terminal.keyboard import Keyboard
from iterate.terminal.keys import Key
from iterate.tui.loop import Loop


class Ear:
    """Hears one keyboard."""

    def __init__(self, held: Keyboard, loop: Loop, take: Callable[[Sequence[Key]], None]) -> None:
        self._keyboard = held
        self._loop = loop
        self._take = take
        # The number of the timer that waits for the rest of a key.
        self._patience = 0

    def typed(self) -> None:
        """There is something to be read."""
        self._take(self._keyboard.arrived())
        if self._patience:
            self._loop.cancel(self._patience)
            self._patience = 0
        if (seconds := self._keyboard.patience) is not None:
            # What begins a key may be one.
            self._patience = self._loop.after(seconds, self._flush)

    def _flush(self) -> None:
        self._patience = 0
        self._take(self._keyboard.flush())
