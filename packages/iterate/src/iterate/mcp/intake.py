"""What the server tells its child, read from the first moment on: the SDK takes half a second to load.

A child whose standard input closes before that has started nothing, and ends at once.
"""

import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress

from iterate.mcp import frames

type Hand = Callable[[bytes | None], None]


class Intake:
    """The bodies of frames, kept until somebody takes them; None is the last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: list[bytes | None] = []
        self._hand: Hand | None = None

    def start(self) -> None:
        """Read, in a thread: what a pipe says cannot be waited for in the same way on every system."""
        threading.Thread(target=self._read, name="intake", daemon=True).start()

    def hand_over(self, hand: Hand) -> None:
        """Give what came, and from now on what comes, to `hand`, which is called in the thread."""
        with self._lock:
            self._hand = hand
            for body in self._kept:
                hand(body)
            self._kept.clear()

    def _read(self) -> None:
        pipe = sys.stdin.buffer
        with suppress(OSError):
            while len(head := pipe.read(frames.HEAD_BYTES)) == frames.HEAD_BYTES:
                self._give(pipe.read(int.from_bytes(head, "big")))
        self._give(None)

    def _give(self, body: bytes | None) -> None:
        with self._lock:
            if self._hand is not None:
                self._hand(body)
            elif body is not None:
                self._kept.append(body)
            else:
                os._exit(0)


def main() -> int:
    """Be the child."""
    intake = Intake()
    intake.start()
    from iterate.mcp.trimming import trim

    trim()
    from iterate.mcp.child import speak

    return speak(intake)
