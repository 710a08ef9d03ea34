"""The person's own status line: a command that reads what is known as JSON, and whose first line is shown.

It runs beside everything else, one at a time, not more often than the settings say, and is ended when it takes too
long. Its colours are kept; whatever else would steer the terminal is not.
"""

import json
import re
import sys
import time
from collections.abc import Callable, Sequence

from iterate import foreign
from iterate.terminal import rows, width
from iterate.terminal.rows import Row, Span
from iterate.tui import status
from iterate.tui.contract import Program
from iterate.tui.status import Facts

# What a status line may take, in seconds and in bytes.
LONGEST_S, MOST_BYTES = 2.0, 1 << 16
_GAP = "  "
_SGR = re.compile(r"(\x1b\[[0-9;:]*m)")
# Whole escape sequences, which show nothing; what is left of a broken one is made visible.
_OTHER = re.compile(
    r"\x1b(?:\][^\x07\x1b]*(?:\x07|\x1b\\)?|[PX^_][^\x1b]*(?:\x1b\\)?|\[[0-?]*[ -/]*[@-~]|[ -/]*[0-OQ-WYZ\\`-~])"
)

type Begun = Callable[[int], None]
type Run = Callable[[Sequence[str], bytes, Begun], tuple[str, str]]


def run(command: Sequence[str], given: bytes, begun: Begun = lambda _: None) -> tuple[str, str]:
    """The first line that a command writes, and what went wrong; it waits for the command, whose number is `begun`."""
    import subprocess  # Not before somebody wants it.

    try:
        # A session of its own: no key of ours is for it, and all it starts ends with it.
        child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as problem:
        return "", problem.strerror or str(problem)
    begun(child.pid)
    try:
        told, complaint = child.communicate(given, LONGEST_S)
    except subprocess.TimeoutExpired:
        _end(child.pid)
        child.communicate()
        return "", f"it took longer than {LONGEST_S:.0f} s"
    if child.returncode:
        said = complaint[:MOST_BYTES].decode(errors="replace").strip().splitlines()
        return "", f"exit code {child.returncode}{f': {said[-1]}' if said else ''}"
    lines = told[:MOST_BYTES].decode(errors="replace").splitlines()
    return (lines[0] if lines else ""), ""


def _end(group: int) -> None:
    import os
    import signal
    from contextlib import suppress

    if sys.platform != "win32":
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


def row(line: str, room: int, *, has_colour: bool = True) -> Row:
    """A foreign line with its colours, as wide as there is room."""
    found: list[Span] = []
    left = room
    for piece in _SGR.split(line):
        if _SGR.fullmatch(piece):
            found += [Span("", raw=piece)] if has_colour else []
            continue
        text = foreign.plain(_OTHER.sub("", piece).expandtabs(4).replace("\n", " "))
        if not text or left <= 0:
            continue
        if width.width(text) > left:
            text = _cut(text, left)
        found.append(Span(text))
        left -= width.width(text)
    # Whatever was begun ends here.
    return (*found, Span("", raw="\x1b[m")) if any(each.raw for each in found) else tuple(found)


def beside(of: Facts, line: str, room: int, *, has_colour: bool = True) -> Row:
    """A foreign line behind what is always to be seen: keys that were pressed, the mode, what waits and is asked."""
    always = Facts(keys=of.keys, works=of.works, queued=of.queued, behind=of.behind, asked=of.asked)
    if of.mode not in foreign.plain(_OTHER.sub("", _SGR.sub("", line))).split():
        always = always._replace(mode=of.mode)
    first = status.row(always, room)
    left = room - (rows.columns(first) + len(_GAP) if first else 0)
    if left <= 0:
        return first
    return (*first, *((Span(_GAP),) if first else ()), *row(line, left, has_colour=has_colour))


def _cut(text: str, room: int) -> str:
    kept, used = "", 0
    for cluster, wide in width.clusters(text):
        if used + wide > room:
            break
        kept, used = kept + cluster, used + wide
    return kept


class StatusCommand:
    """That command, run again when what it reads has changed."""

    def __init__(
        self,
        program: Program,
        command: Sequence[str],
        every_s: float,
        run_: Run = run,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.line = ""
        self._program = program
        self._command = tuple(command)
        self._every_s = every_s
        self._run = run_
        self._clock = clock
        self._given = b""
        self._begun = float("-inf")
        self._is_running = self._is_waiting = self._is_over = False
        self._child = 0
        self._wanted: bytes | None = None
        # A failure is told once, until it works again.
        self._problem = ""

    def look(self, facts: Facts, **more: object) -> None:
        """This is how it stands; the command is asked, unless it was asked just this."""
        given = _json(facts, more)
        if given == self._given and self._wanted is None:
            return
        self._wanted = given if given != self._given else None
        self._next()

    def _next(self) -> None:
        if self._is_running or self._is_waiting or self._wanted is None:
            return
        left = self._begun + self._every_s - self._clock()
        if left > 0:
            self._is_waiting = True
            self._program.after(left, self._due)
            return
        given, self._wanted = self._wanted, None
        self._given, self._begun, self._is_running = given, self._clock(), True
        self._program.work(lambda: self._run(self._command, given, self._began), self._told)

    def close(self) -> None:
        """It is wanted no more, and outlives nobody."""
        self._is_over = True
        if self._child:
            _end(self._child)

    def _began(self, number: int) -> None:
        """In the thread that waits for it."""
        self._child = number
        if self._is_over:
            _end(number)

    def _due(self) -> None:
        self._is_waiting = False
        self._next()

    def _told(self, found: object) -> None:
        self._is_running = False
        self._child = 0
        line, problem = found if isinstance(found, tuple) else ("", "")
        if problem and problem != self._problem:
            self._program.tell(f"terminal.status_command: {problem}")
        self._problem = problem
        if not problem:
            self.line = line
        self._program.refresh()
        self._next()


def _json(facts: Facts, more: dict[str, object]) -> bytes:
    # What changes by time alone is no reason to run it.
    given = {name: value for name, value in facts._asdict().items() if name != "works"}
    return json.dumps({**given, **more}, ensure_ascii=False, sort_keys=True).encode() + b"\n"
