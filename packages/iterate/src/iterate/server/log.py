"""The server's log: what happens often is written once and counted, and its file stays small while it is written.

Everything goes through `logging` to the standard error of the process: our own records and asyncio's,
warnings, and exceptions that nobody caught in a thread. In the background that is `server.log`. People read it on
terminals, so foreign text in it is made plain.
"""

import contextlib
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import override

from msgspec import Struct

from iterate import foreign

# The file is cut at this size; what was in it stays in `server.log.1` until the next time.
LIMIT_BYTES = 1 << 20
# A record that comes again within this time is counted instead of written.
QUIET_S = 60.0
# Kinds of records that are remembered; the oldest is forgotten for a new one.
MOST_KINDS = 128
_STANDARD_ERROR = 2

type _Kind = tuple[str, int, str, str]


class _Repeated(Struct, kw_only=True):
    """Since when a kind of record is only counted, and how often it came."""

    since: float
    count: int = 0


class Log(logging.Handler):
    """Writes records to an open file; `path` is where that file lies, if it is to be kept small."""

    def __init__(self, file: int, path: Path | None, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._file = file
        self._path = path
        self._clock = clock
        self._kinds: dict[_Kind, _Repeated] = {}
        formatter = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%SZ")
        formatter.converter = time.gmtime
        self.setFormatter(formatter)

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, or count it."""
        kind, now = _kind(record), self._clock()
        known = self._kinds.get(kind)
        if known is not None and now - known.since < QUIET_S:
            known.count += 1
            return
        if known is not None:
            self._tell(kind, self._kinds.pop(kind).count)
        elif len(self._kinds) >= MOST_KINDS:
            oldest = next(iter(self._kinds))
            self._tell(oldest, self._kinds.pop(oldest).count)
        self._kinds[kind] = _Repeated(since=now)
        self._write(self.format(record))

    def look(self) -> None:
        """Say what has been counted for long enough, and cut a file that has grown too large."""
        with self.lock or contextlib.nullcontext():
            now = self._clock()
            for kind, repeated in list(self._kinds.items()):
                if now - repeated.since >= QUIET_S:
                    self._tell(kind, self._kinds.pop(kind).count)
            self._cut()

    @override
    def close(self) -> None:
        """Say what is still only counted."""
        for kind, repeated in self._kinds.items():
            self._tell(kind, repeated.count)
        self._kinds.clear()
        super().close()

    def _tell(self, kind: _Kind, count: int) -> None:
        if count:
            name, level, message, _ = kind
            self._write(f"{logging.getLevelName(level)} {name}: {count} more like: {message}")

    def _write(self, text: str) -> None:
        # A full disk must not end the server; what happened is lost then.
        with contextlib.suppress(OSError):
            os.write(self._file, f"{foreign.indented(text)}\n".encode(errors="replace"))
        self._cut()

    def _cut(self) -> None:
        """Move the content to `.1`. The file itself stays: whoever has it open, we as well, goes on at its end."""
        if self._path is None:
            return
        with contextlib.suppress(OSError):
            if os.fstat(self._file).st_size > LIMIT_BYTES and os.path.samestat(os.fstat(self._file), self._path.stat()):
                with contextlib.suppress(OSError):
                    _keep(self._path)
                os.ftruncate(self._file, 0)


def _keep(path: Path) -> None:
    old = path.with_name(f"{path.name}.1")
    old.unlink(missing_ok=True)
    with path.open("rb") as source, os.fdopen(os.open(old, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as kept:
        source.seek(max(0, os.fstat(source.fileno()).st_size - LIMIT_BYTES))
        kept.write(source.read(LIMIT_BYTES))


def _kind(record: logging.LogRecord) -> _Kind:
    """What makes two records alike: the template of their message, and where their exception was raised."""
    problem = record.exc_info[1] if record.exc_info else None
    place = ""
    if problem is not None and (trace := problem.__traceback__) is not None:
        while trace.tb_next is not None:
            trace = trace.tb_next
        place = f"{type(problem).__name__} {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
    return (record.name, record.levelno, str(record.msg)[:200], place)


@contextlib.contextmanager
def kept(path: Path) -> Iterator[None]:
    """Log to standard error as long as this lasts; when that is the file `path`, it is kept small."""
    log = Log(_STANDARD_ERROR, path)
    root = logging.getLogger()
    root.addHandler(log)
    logging.captureWarnings(capture=True)
    hooks = threading.excepthook, sys.unraisablehook
    threading.excepthook, sys.unraisablehook = _log_thread, _log_unraisable
    try:
        yield
    finally:
        threading.excepthook, sys.unraisablehook = hooks
        logging.captureWarnings(capture=False)
        root.removeHandler(log)
        log.close()


def look() -> None:
    """Let the log of this process see after its file; cheap enough for every second."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, Log):
            handler.look()


def _log_thread(bug: threading.ExceptHookArgs) -> None:
    problem = bug.exc_value or bug.exc_type()
    logging.getLogger("iterate.server").error("a thread broke off", exc_info=problem)


def _log_unraisable(bug: "sys.UnraisableHookArgs") -> None:
    logging.getLogger("iterate.server").error("%s", bug.err_msg or "an exception was lost", exc_info=bug.exc_value)
