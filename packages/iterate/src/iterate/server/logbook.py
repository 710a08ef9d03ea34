"""What requests read of the server's log: the last lines, or those behind a place."""

import os
import re
from pathlib import Path

from msgspec import Struct

from iterate.server.problems import BadQuery
from iterate.server.route import Call, Context
from iterate.server.shapes import Nothing

MOST_LINES = 10_000
MOST_BYTES = 1 << 20
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
# See `log.py`: the time, then the level; repeats are counted without a time.
_LEVEL = re.compile(r"(?:\S+Z )?(DEBUG|INFO|WARNING|ERROR|CRITICAL) ")


class LogPage(Struct, frozen=True, kw_only=True):
    """Lines of the log, and the place behind them for `after`."""

    lines: tuple[str, ...]
    offset: int


class Logbook:
    """The log of one server."""

    def __init__(self, context: Context) -> None:
        self._path = context.log

    async def read_log(self, call: Call[Nothing]) -> LogPage:
        """The last lines, or those behind a place."""
        level = call.query.get("level", "debug").upper()
        if level not in _LEVELS:
            raise BadQuery(f"level is {level!r}", "it is debug, info, warning or error")
        most, after = _number(call, "lines", 100), _number(call, "after", -1)
        text, end = _text(self._path, after)
        lines = _graver(text.splitlines(), _LEVELS.index(level))
        return LogPage(lines=tuple(lines if after >= 0 else lines[-most:]), offset=end)


def _number(call: Call[Nothing], name: str, default: int) -> int:
    text = call.query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 16):  # noqa: PLR2004  # Of 2 ** 50.
        raise BadQuery(f"{name} is {text!r}", "send a number")
    return min(int(text), MOST_LINES) if name == "lines" else int(text)


def _text(path: Path | None, after: int) -> tuple[str, int]:
    """Whole lines from a place on, at most the last MiB, and the place behind them."""
    if path is None:
        return "", 0
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            # A file that was cut begins anew.
            begin = max(after if 0 <= after <= size else 0, size - MOST_BYTES)
            file.seek(begin)
            content = file.read(MOST_BYTES)
    except OSError:
        return "", 0
    whole = content[: content.rfind(b"\n") + 1]
    return whole.decode(errors="replace"), begin + len(whole)


def _graver(lines: list[str], least: int) -> list[str]:
    """Those of at least that level; a line without one, such as of a traceback, belongs to the one before."""
    kept, is_kept = [], least == 0
    for line in lines:
        if found := _LEVEL.match(line):
            is_kept = _LEVELS.index(found[1]) >= least
        if is_kept:
            kept.append(line)
    return kept
