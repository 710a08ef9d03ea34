"""Sessions and their events in one SQLite file. `session.py` gives the events their meaning.

Calls block for as long as the disk takes, at most `BUSY_TIMEOUT_S` when somebody else has locked the file; each is one
transaction, so it may be tried again. The runtime calls from a thread of its own.

An answer that runs has a row in `running`, written together with its prompt and removed together with its ending, and
the text of its open part lies in `piece`. So what a killed server leaves is found without looking through all events.
"""

import os
import sqlite3
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from iterate import events, migration, register, spending
from iterate.errors import SessionBusy, SessionUnknown, StoreTooNew, StoreUnusable
from iterate.events import (
    Entry,
    Event,
    Failed,
    PartAdded,
    Prompted,
    PromptPart,
    ReasoningPart,
    RetryScheduled,
    Streamed,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    Unknown,
)
from iterate.folders import make_private, open_private
from iterate.ownership import Ownership
from iterate.session import Session, Turn, fold

SCHEMA_VERSION = 4
BUSY_TIMEOUT_S = 0.05
# What a page of events holds at most, unless its first event is larger.
PAGE_EVENTS = 256
PAGE_BYTES = 1 << 18

# The mode of the database and of what SQLite makes beside it.
_PRIVATE = 0o600
_SCHEMA = """
CREATE TABLE IF NOT EXISTS session (
    id TEXT PRIMARY KEY,
    created_ms INTEGER NOT NULL,
    directory TEXT NOT NULL DEFAULT '',
    parent TEXT NOT NULL DEFAULT '',
    title TEXT NOT NULL DEFAULT '',
    updated_ms INTEGER NOT NULL DEFAULT 0,
    model TEXT NOT NULL DEFAULT '',
    agent TEXT NOT NULL DEFAULT '',
    prompts INTEGER NOT NULL DEFAULT 0,
    tokens INTEGER NOT NULL DEFAULT 0,
    cost_micro_usd INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS session_newest ON session (parent, updated_ms, id);
CREATE TABLE IF NOT EXISTS event (
    session TEXT NOT NULL REFERENCES session (id),
    number INTEGER NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (session, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS prompt (
    session TEXT NOT NULL REFERENCES session (id),
    number INTEGER NOT NULL,
    id TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (session, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS running (
    session TEXT PRIMARY KEY REFERENCES session (id), owner TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS piece (
    session TEXT NOT NULL REFERENCES session (id),
    start INTEGER NOT NULL,
    number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (session, start)
) WITHOUT ROWID;
CREATE TABLE spent (
    day TEXT NOT NULL,
    session TEXT NOT NULL,
    model TEXT NOT NULL,
    is_child INTEGER NOT NULL,
    prompts INTEGER NOT NULL,
    input INTEGER NOT NULL,
    output INTEGER NOT NULL,
    cache_read INTEGER NOT NULL,
    cost_micro_usd INTEGER NOT NULL,
    PRIMARY KEY (day, session, model)
) WITHOUT ROWID;
"""

# SQLite's primary result codes that may pass by themselves: busy, locked, I/O error, full, locking protocol.
_PASSING = {5, 6, 10, 13, 15}
# And of a file that is damaged, or none of its own.
_DAMAGED = {11, 26}


class StoreWaiting(StoreUnusable):
    """The database cannot be used at this moment, for a reason that may pass: locked, full, a broken disk."""


class StoreChanged(StoreUnusable):
    """The database is not the one that an answer began in: its session is gone, or others wrote under its numbers."""

    hint = "the file was replaced, or another program wrote to it; what was answered is not kept"


class OpenPart(NamedTuple):
    """The part that an answer is writing: the number it will have, its kind, and the text so far."""

    number: int
    kind: Streamed
    text: str

    def part(self) -> TextPart | ReasoningPart:
        """The part as it is when nothing more comes."""
        return TextPart(text=self.text) if self.kind == "text" else ReasoningPart(text=self.text)


class PieceRow(NamedTuple):
    """A piece of the open part, as it is stored."""

    number: int
    kind: Streamed
    start: int
    text: str


class Page(NamedTuple):
    """Events of a session in order, and when these are its last ones, what is known of the answer that runs."""

    session: str
    entries: tuple[Entry[Event | Unknown], ...]
    open_part: OpenPart | None = None
    is_running: bool = False


class NewPrompt(Struct, frozen=True, kw_only=True):
    """A prompt that is to be stored; the store gives it its number."""

    id: str
    session: str
    model: str
    directory: str
    parts: tuple[PromptPart, ...]
    agent: str = "build"


class Begun(Struct, frozen=True, kw_only=True):
    """A prompt that was stored: the conversation before it, and its event."""

    before: Session
    entry: Entry[Event]
    prompt_id: str
    number: int
    directory: str


class Store:
    """The open database of one server."""

    def __init__(self, path: Path, ownership: Ownership) -> None:
        """Open or make the file, end what a crash cut off; raises `StoreUnusable`, `StoreTooNew`."""
        self._path = path
        self._ownership = ownership
        with self._named_failures():
            _make_private(path)
            # Used by one thread at a time, which need not be the one that opened it.
            self._db = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
            # Bytes that are no UTF-8 can only come from damage, which is to break one event and not the session.
            self._db.text_factory = lambda text: text.decode(errors="replace")
            self._file = path.stat()
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
        self._db.execute("PRAGMA foreign_keys = ON")
        if 0 < version < SCHEMA_VERSION:
            self._back_up(version)
        with self._transaction():
            (version,) = self._db.execute("PRAGMA user_version").fetchone()
            if version < SCHEMA_VERSION:
                migration.migrate(self._db, version, _SCHEMA, SCHEMA_VERSION)
            for session, owner in self._db.execute("SELECT session, owner FROM running").fetchall():
                if not self._is_answering(owner):
                    self._end_cut_off(session, owner)

    def _back_up(self, version: int) -> None:
        """Keep the database as an older iterate wrote it, before it is changed; the file says its schema."""
        copy = self._path.with_name(f"{self._path.name}.schema-{version}")
        fresh = copy.with_name(f"{copy.name}.new")
        fresh.unlink(missing_ok=True)
        os.close(open_private(fresh))
        with closing(sqlite3.connect(fresh)) as target:
            self._db.backup(target)
        fresh.replace(copy)

    def is_in_place(self) -> bool:
        """Whether the file that is open is still the one of this path, and not one that was removed or moved away."""
        try:
            return os.path.samestat(self._path.stat(), self._file)
        except OSError:
            return False

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def create(self, session: str, directory: str, parent: str = "") -> None:
        """Keep a new, empty session."""
        with self._transaction():
            register.create(self._db, session, directory, parent)

    def directory(self, session: str) -> str:
        """The folder that a session works in; raises `SessionUnknown`."""
        with self._named_failures():
            row = self._db.execute("SELECT directory FROM session WHERE id = ?", (session,)).fetchone()
            if row is None:
                raise SessionUnknown(f"there is no session {session!r}")
            return str(row[0])

    def look[T](self, function: Callable[[sqlite3.Connection], T]) -> T:
        """What a function reads of the database."""
        with self._named_failures():
            return function(self._db)

    def add(self, session: str, event: Event) -> Entry[Event]:
        """Keep one event that belongs to no answer, under the next number.

        Raises `SessionUnknown`, and `SessionBusy` while another server is answering in this session.
        """
        with self._transaction():
            if self.check(session):
                raise SessionBusy(f"session {session} is being answered")
            query = "SELECT coalesce(max(number), 0) + 1 FROM event WHERE session = ?"
            (number,) = self._db.execute(query, (session,)).fetchone()
            entry = events.entry(replace(event, number=number, session=session))
            self._insert(number, session, entry.json)
            register.note(self._db, entry.event)
            spending.count(self._db, entry.event)
        return entry

    def delete(self, session: str) -> list[str]:
        """Forget a session and those under it; the ids of all. Raises `SessionUnknown` and `SessionBusy`."""
        with self._transaction():
            if self.check(session):
                raise SessionBusy(f"session {session} is being answered")
            return register.delete(self._db, session)

    def fork(self, session: str, new: str, end: int, title: str) -> None:
        """Make a session of the events before the number `end` of another one."""
        with self._transaction():
            directory = self.directory(session)
            register.create(self._db, new, directory, "", title)
            query = "SELECT number, json FROM event WHERE session = ? AND number < ? ORDER BY number"
            for number, json in self._db.execute(query, (session, end)).fetchall():
                event = events.stored(number, session, json).event
                if isinstance(event, Unknown):
                    # What a newer iterate wrote is kept, under the name of this session.
                    fields = {**msgspec.json.decode(json), "session": new}
                    self._insert(number, new, msgspec.json.encode(fields))
                else:
                    self._bring(new, event)

    def bring(self, session: str, directory: str, title: str, listed: Iterable[Event]) -> None:
        """Make a session of events that come from elsewhere."""
        with self._transaction():
            register.create(self._db, session, directory, "", title)
            for event in listed:
                self._bring(session, event)

    def _bring(self, session: str, event: Event) -> None:
        event = replace(event, session=session)
        self._insert(event.number, session, events.encode(event))
        register.note(self._db, event)

    def everything(self, session: str) -> list[Entry[Event | Unknown]]:
        """All events of a session; raises `SessionUnknown`."""
        with self._named_failures():
            self.directory(session)
            rows = self._db.execute("SELECT number, json FROM event WHERE session = ? ORDER BY number", (session,))
            return [events.stored(number, session, json) for number, json in rows]

    def load(self, session: str) -> Session:
        """The session, folded from its events; raises `SessionUnknown`."""
        with self._named_failures():
            row = self._db.execute("SELECT directory FROM session WHERE id = ?", (session,)).fetchone()
            if row is None:
                raise SessionUnknown(f"there is no session {session!r}")
            rows = self._db.execute("SELECT number, json FROM event WHERE session = ? ORDER BY number", (session,))
            known = (events.stored(number, session, json).event for number, json in rows)
            return fold(Session(id=session, directory=row[0]), known)

    def check(self, session: str) -> bool:
        """Whether an answer runs in that session, here or in a server that retired; raises `SessionUnknown`."""
        with self._named_failures():
            if self._db.execute("SELECT 1 FROM session WHERE id = ?", (session,)).fetchone() is None:
                raise SessionUnknown(f"there is no session {session!r}")
            row = self._db.execute("SELECT owner FROM running WHERE session = ?", (session,)).fetchone()
            return row is not None and self._is_answering(row[0])

    def begin(self, prompt: NewPrompt) -> Begun | Turn:
        """Store a prompt as the next event; a `Turn` when this very prompt was stored before.

        Raises `SessionUnknown`, and `SessionBusy` while another server is answering in this session.
        """
        with self._transaction():
            row = self._db.execute("SELECT owner FROM running WHERE session = ?", (prompt.session,)).fetchone()
            # The caller has no answer of its own in this session, so a row of ours is left over as well.
            is_left_over = row is not None and (row[0] == self._ownership.token or not self._is_answering(row[0]))
            if is_left_over:
                self._end_cut_off(prompt.session, row[0])
            before = self.load(prompt.session)
            for turn in before.turns:
                # One without an ending is no answer that could be read to its end: its row was lost.
                if turn.id == prompt.id and turn.ending is not None:
                    return turn
            if row is not None and not is_left_over:
                raise SessionBusy(f"session {prompt.session} is being answered by another server")
            directory = prompt.directory or before.directory
            entry = events.entry(
                Prompted(
                    number=before.number + 1,
                    session=prompt.session,
                    id=prompt.id,
                    model=prompt.model,
                    directory=directory,
                    parts=prompt.parts,
                    agent=prompt.agent,
                )
            )
            self._insert(before.number + 1, prompt.session, entry.json)
            register.note(self._db, entry.event)
            spending.count(self._db, entry.event)
            owner = (prompt.session, self._ownership.token)
            self._db.execute("INSERT INTO running (session, owner) VALUES (?, ?)", owner)
        return Begun(before=before, entry=entry, prompt_id=prompt.id, number=before.number + 1, directory=directory)

    def append(self, session: str, entries: Iterable[Entry[Event]], pieces: Iterable[PieceRow]) -> None:
        """Keep the next events of an answer, then the pieces of its open part; an ending ends the answer.

        An event that completes a part takes the place of the pieces of that part. Raises `StoreChanged`.
        """
        with self._transaction():
            try:
                self._append(session, entries, pieces)
            except sqlite3.IntegrityError as problem:
                raise StoreChanged(f"{self._path} does not hold what was answered before: {problem}") from problem

    def _append(self, session: str, entries: Iterable[Entry[Event]], pieces: Iterable[PieceRow]) -> None:
        for entry in entries:
            self._insert(entry.event.number, session, entry.json)
            register.note(self._db, entry.event)
            spending.count(self._db, entry.event)
            if isinstance(entry.event, PartAdded):
                self._db.execute("DELETE FROM piece WHERE session = ?", (session,))
            elif events.is_ending(entry.event):
                self._forget_running(session)
        for number, kind, start, text in pieces:
            row = (session, start, number, kind, text)
            self._db.execute("INSERT INTO piece (session, start, number, kind, text) VALUES (?, ?, ?, ?, ?)", row)

    def read(self, session: str, after: int) -> Page:
        """The next events after that number; raises `SessionUnknown`."""
        with self._transaction("DEFERRED"):
            if self._db.execute("SELECT 1 FROM session WHERE id = ?", (session,)).fetchone() is None:
                raise SessionUnknown(f"there is no session {session!r}")
            query = "SELECT number, json FROM event WHERE session = ? AND number > ? ORDER BY number LIMIT ?"
            entries: list[Entry[Event | Unknown]] = []
            size = 0
            for number, json in self._db.execute(query, (session, after, PAGE_EVENTS)):
                size += len(json)
                if entries and size > PAGE_BYTES:
                    return Page(session, tuple(entries))
                entries.append(events.stored(number, session, json))
            if len(entries) == PAGE_EVENTS:
                return Page(session, tuple(entries))
            row = self._db.execute("SELECT owner FROM running WHERE session = ?", (session,)).fetchone()
            is_running = row is not None and self._is_answering(row[0])
            return Page(session, tuple(entries), self._open_part(session), is_running)

    def _is_answering(self, owner: str) -> bool:
        return owner == self._ownership.token or self._ownership.is_alive(owner)

    def _end_cut_off(self, session: str, owner: str) -> None:
        """Write the ending of an answer whose server is gone: its open part becomes a part, then it failed."""
        if owner != self._ownership.token:
            self._ownership.forget(owner)
        (number,) = self._db.execute(
            "SELECT coalesce(max(number), 0) FROM event WHERE session = ?", (session,)
        ).fetchone()
        open_part = self._open_part(session)
        if open_part is not None:
            number += 1
            added = PartAdded(number=number, session=session, part=open_part.part())
            self._insert(number, session, events.encode(added))
        for call in self._open_calls(session):
            number += 1
            result = ToolResultPart(
                call=call, status="cancelled", text="the server ended before this call gave a result"
            )
            self._insert(number, session, events.encode(PartAdded(number=number, session=session, part=result)))
        ending = Failed(
            number=number + 1,
            session=session,
            reason="interrupted",
            message="the server ended before the answer did",
        )
        self._insert(number + 1, session, events.encode(ending))
        register.note(self._db, ending)
        self._forget_running(session)

    def _open_calls(self, session: str) -> list[str]:
        """The calls of the newest turn that have no result, in order."""
        calls: list[str] = []
        results: set[str] = set()
        query = "SELECT number, json FROM event WHERE session = ? ORDER BY number DESC"
        for number, json in self._db.execute(query, (session,)):
            match events.stored(number, session, json).event:
                case Prompted() | RetryScheduled():
                    # Calls of a try that broke were not made.
                    break
                case PartAdded(part=ToolCallPart(call=call)):
                    calls.append(call)
                case PartAdded(part=ToolResultPart(call=call)):
                    results.add(call)
                case _:
                    pass
        return [call for call in reversed(calls) if call not in results]

    def _forget_running(self, session: str) -> None:
        self._db.execute("DELETE FROM piece WHERE session = ?", (session,))
        self._db.execute("DELETE FROM running WHERE session = ?", (session,))

    def _open_part(self, session: str) -> OpenPart | None:
        rows = self._db.execute("SELECT number, kind, text FROM piece WHERE session = ? ORDER BY start", (session,))
        found = rows.fetchall()
        if not found:
            return None
        kind: Streamed = "reasoning" if found[0][1] == "reasoning" else "text"
        return OpenPart(found[0][0], kind, "".join(text for _, _, text in found))

    def _insert(self, number: int, session: str, json: bytes) -> None:
        self._db.execute("INSERT INTO event (session, number, json) VALUES (?, ?, ?)", (session, number, json.decode()))

    @contextmanager
    def _transaction(self, kind: str = "IMMEDIATE") -> Iterator[None]:
        with self._named_failures():
            self._db.execute(f"BEGIN {kind}")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _named_failures(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError, ValueError) as problem:
            code = getattr(problem, "sqlite_errorcode", 0) & 0xFF
            failure = StoreWaiting if code in _PASSING else StoreUnusable
            raise failure(f"{self._path}: {problem}", migration.RESCUE if code in _DAMAGED else None) from problem


def _make_private(path: Path) -> None:
    """Make folder and file for this user alone, or mend what was made too open; raises `OSError`."""
    make_private(path.parent)
    # Made by us before SQLite does, because what is said in sessions is for this user alone.
    os.close(open_private(path, follows=True))
    real = Path(os.path.realpath(path))
    for file in real.parent.glob(f"{real.name}*"):
        mode = file.lstat().st_mode
        if stat.S_ISREG(mode) and stat.S_IMODE(mode) != _PRIVATE:
            file.chmod(_PRIVATE)
