"""Sessions and their events in one SQLite file. What the events mean is `session.py`'s business.

Calls block for as long as the disk takes, at most `BUSY_TIMEOUT_S` when somebody else has locked the file.
"""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from iterate import events
from iterate.errors import SessionUnknown, StoreTooNew, StoreUnusable
from iterate.events import Event, Failed
from iterate.session import Session, fold

SCHEMA_VERSION = 1
BUSY_TIMEOUT_S = 0.5

_SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS session (id TEXT PRIMARY KEY, created_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS event (
    session TEXT NOT NULL REFERENCES session (id),
    number INTEGER NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (session, number)
) STRICT, WITHOUT ROWID;
PRAGMA user_version = {SCHEMA_VERSION};
COMMIT;
"""

# The newest event of each session, where that is no ending: prompts cut off by a crash or a full disk.
_CUT_OFF = """
SELECT session, max(number), json FROM event GROUP BY session
HAVING json_extract(json, '$.type') NOT IN ('done', 'failed')
"""


class Store:
    """The open database of one server."""

    def __init__(self, path: Path) -> None:
        """Open or make the file, end what a crash cut off; raises `StoreUnusable`, `StoreTooNew`."""
        self._path = path
        with self._honest():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Made by us before SQLite does, because what is said in sessions is for this user alone.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._db = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
            try:
                self._prepare()
            except BaseException:
                self._db.close()
                raise

    def _prepare(self) -> None:
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise StoreTooNew(f"{self._path} has schema {version}, this iterate knows {SCHEMA_VERSION}")
        self._db.execute("PRAGMA journal_mode = WAL")
        # In WAL mode a power cut may lose the last events, never the file.
        self._db.execute("PRAGMA synchronous = NORMAL")
        if version < SCHEMA_VERSION:
            self._db.executescript(_SCHEMA)
        for session, number, _ in self._db.execute(_CUT_OFF).fetchall():
            ending = Failed(
                number=number + 1,
                session=session,
                reason="interrupted",
                message="the server ended before the answer did",
            )
            self._insert(ending)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def create(self, session: str) -> None:
        """Keep a new, empty session."""
        with self._honest():
            self._db.execute("INSERT INTO session VALUES (?, ?)", (session, time.time_ns() // 1_000_000))

    def load(self, session: str) -> Session:
        """The session, folded from its events; raises `SessionUnknown`."""
        with self._honest():
            if self._db.execute("SELECT 1 FROM session WHERE id = ?", (session,)).fetchone() is None:
                raise SessionUnknown(f"there is no session {session!r}")
            rows = self._db.execute("SELECT json FROM event WHERE session = ? ORDER BY number", (session,))
            return fold(Session(id=session), (events.from_json(row[0]) for row in rows))

    def append(self, event: Event) -> None:
        """Keep one event; its number must be the next of its session."""
        with self._honest():
            self._insert(event)

    def _insert(self, event: Event) -> None:
        row = (event.session, event.number, events.to_json(event))
        self._db.execute("INSERT INTO event VALUES (?, ?, ?)", row)

    @contextmanager
    def _honest(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError, ValueError) as problem:
            raise StoreUnusable(f"{self._path}: {problem}") from problem
