"""One line for a person, in a header of an answer that a command reads anyway: no request, no file, no wait of its own.

A client that can show a line says so with `Iterate-Notices: VERSION`, its own version. A good answer may then carry
`Iterate-Notice: LINE`. It counts as told when all of the answer was sent.
"""

from collections.abc import Coroutine
from typing import NamedTuple, Protocol

ASKED = b"iterate-notices"
TOLD = b"iterate-notice"


class Bulletin(NamedTuple):
    """What is told: one line in ASCII, and the key under which it is remembered as told."""

    key: str
    line: str


class Board(Protocol):
    """Knows what is to be told, and to whom."""

    def reserve(self, version: str) -> Bulletin | None:
        """What to tell a client of this version; nobody else is told it until `settle`."""

    def settle(self, bulletin: Bulletin, *, is_told: bool) -> None:
        """The client got it, or left before."""


class Updates(Board, Protocol):
    """A board, and what fills it while the server lives."""

    def watch(self) -> Coroutine[None, None, None]:
        """Look for what is to be told, until cancelled."""
