"""How a long step tells that it is alive; the printing itself happens at the top."""

from typing import Protocol


class Progress(Protocol):
    """Somebody who shows what is going on."""

    def step(self, text: str) -> None:
        """Something new has begun."""

    def tick(self, text: str, seconds: float) -> None:
        """The same thing still goes on, `seconds` after its start; called often."""
