"""xterm.js as a terminal of the new kind: graphemes are one character, and a resize wraps what is there again."""

import base64
import json
import subprocess
from pathlib import Path

from msgspec import Struct
from msgspec import json as fast
from tests.iterate.emulated.seen import Seen

PROGRAM = "xterm-headless"
_SCRIPT = Path(__file__).with_name("xterm.js")


class Look(Struct, frozen=True, kw_only=True):
    """What it says of itself; `replies` is what it would have typed since it was asked last."""

    rows: list[str]
    wrapped: list[bool]
    above: int
    cursor: tuple[int, int]
    alternate: bool
    modes: dict[str, object]
    replies: str


class Wrapping:
    """A terminal that xterm.js emulates, in a process of its own, which may be one terminal after the other."""

    def __init__(self, columns: int = 80, lines: int = 24) -> None:
        self._process = subprocess.Popen(
            [PROGRAM, str(_SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        self.begin(columns, lines)

    def begin(self, columns: int, lines: int) -> None:
        """Another, empty terminal."""
        self._tell(begin=[columns, lines])

    def feed(self, content: bytes) -> None:
        """What the program wrote."""
        self._tell(feed=base64.b64encode(content).decode())

    def resize(self, columns: int, lines: int) -> None:
        """Another size."""
        self._tell(resize=[columns, lines])

    def seen(self) -> Seen:
        """What is to be seen now."""
        found = self.look()
        # `translateToString` leaves out empty cells alone.
        rows = tuple(each.rstrip() for each in found.rows)
        return Seen(rows[: found.above], rows[found.above :], found.cursor, found.alternate)

    def look(self) -> Look:
        """All that it says of itself."""
        self._tell(look=True)
        assert self._process.stdout is not None
        return fast.decode(self._process.stdout.readline(), type=Look)

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()

    def _tell(self, **asked: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asked).encode() + b"\n")
