"""The register of sessions: a row for each, beside its events, so that a thousand are listed without reading any.

Functions on the open database of `store.py`, each inside a transaction of its caller.
"""

import sqlite3
import time
from typing import NamedTuple

import msgspec
from msgspec import Struct

from iterate import events
from iterate.errors import SessionUnknown
from iterate.events import Done, Event, Failed, PartAdded, Prompted, SessionChanged, TextPart, UsagePart
from iterate.session import title_of

COLUMNS = (
    "id, created_ms, updated_ms, directory, parent, title, model, agent, prompts, tokens, cost_micro_usd, "
    "EXISTS (SELECT 1 FROM running WHERE running.session = session.id)"
)


class Row(Struct, frozen=True, kw_only=True):
    """What is listed of a session. Times are Unix times; `updated_ms` is that of its newest prompt or ending.

    `total_` counts the sessions under it too, whatever their depth, as the cap on cost does. A cost is None where no
    step had a price.
    """

    id: str
    created_ms: int
    updated_ms: int
    directory: str
    parent: str
    title: str
    model: str
    agent: str
    prompts: int
    tokens: int
    cost_micro_usd: int | None
    total_tokens: int
    total_cost_micro_usd: int | None
    is_running: bool


class Search(NamedTuple):
    """Which sessions: whose title or prompts hold the words, of that folder, under that session; a page of them."""

    words: str = ""
    directory: str = ""
    parent: str = ""
    # The last row of the page before: its time and its id.
    after: tuple[int, str] | None = None
    most: int = 50


def now_ms() -> int:
    """The time, as it is stored."""
    return time.time_ns() // 1_000_000


def create(db: sqlite3.Connection, session: str, directory: str, parent: str, title: str = "") -> None:
    """A new, empty session."""
    now = now_ms()
    row = (session, now, now, directory, parent, title)
    db.execute(
        "INSERT INTO session (id, created_ms, updated_ms, directory, parent, title) VALUES (?, ?, ?, ?, ?, ?)", row
    )


def note(db: sqlite3.Connection, event: Event) -> None:
    """Keep of an event what is listed."""
    match event:
        case Prompted():
            text = "\n".join(part.text for part in event.parts if isinstance(part, TextPart))
            db.execute(
                "UPDATE session SET updated_ms = max(updated_ms + 1, ?), model = ?, agent = ?, prompts = prompts + 1, "
                "title = CASE title WHEN '' THEN ? ELSE title END WHERE id = ?",
                (now_ms(), event.model, event.agent, title_of(event.parts), event.session),
            )
            words = (event.session, event.number, event.id, text)
            db.execute("INSERT OR REPLACE INTO prompt (session, number, id, text) VALUES (?, ?, ?, ?)", words)
        case SessionChanged():
            db.execute("UPDATE session SET title = ? WHERE id = ?", (event.title, event.session))
        case Done() | Failed():
            db.execute("UPDATE session SET updated_ms = max(updated_ms + 1, ?) WHERE id = ?", (now_ms(), event.session))
        case PartAdded(part=UsagePart() as usage):
            db.execute(
                "UPDATE session SET tokens = tokens + ?, cost_micro_usd = cost_micro_usd + ? WHERE id = ?",
                (usage.input + usage.output, usage.cost_micro_usd or 0, event.session),
            )
        case _:
            pass


def get(db: sqlite3.Connection, session: str) -> Row:
    """One session; raises `SessionUnknown`."""
    row = db.execute(f"SELECT {COLUMNS} FROM session WHERE id = ?", (session,)).fetchone()  # noqa: S608
    if row is None:
        raise SessionUnknown(f"there is no session {session!r}")
    return _rows(db, [row])[0]


def search(db: sqlite3.Connection, asked: Search) -> list[Row]:
    """The sessions asked for, the newest first."""
    where, values = ["parent = ?"], [asked.parent]
    given: list[str | int] = list(values)
    if asked.directory:
        where.append("directory = ?")
        given.append(asked.directory)
    for word in asked.words.split():
        like = "%" + word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        where.append(
            "(title LIKE ? ESCAPE '\\' OR id = ? OR EXISTS (SELECT 1 FROM prompt WHERE prompt.session = session.id "
            "AND prompt.text LIKE ? ESCAPE '\\'))"
        )
        given += [like, word, like]
    if asked.after is not None:
        where.append("(updated_ms, id) < (?, ?)")
        given += asked.after
    query = f"SELECT {COLUMNS} FROM session WHERE {' AND '.join(where)} ORDER BY updated_ms DESC, id DESC LIMIT ?"  # noqa: S608
    return _rows(db, db.execute(query, (*given, asked.most)).fetchall())


class Earlier(NamedTuple):
    """Whole prompts with their answers: their events as JSON, the number of the first, and how many are before it."""

    rows: list[tuple[int, str]]
    first: int
    above: int


def earlier(db: sqlite3.Connection, session: str, before: int, prompts: int, most: int) -> Earlier:
    """The last prompts before a number, at least one and not more than so many characters; 0 is the end."""
    end = before or 1 << 62
    begins = "SELECT number FROM prompt WHERE session = ? AND number < ? ORDER BY number DESC LIMIT ?"
    numbers = [number for (number,) in db.execute(begins, (session, end, prompts))]
    found: list[tuple[int, str]] = []
    size, first = 0, end
    for number in numbers:
        query = "SELECT number, json FROM event WHERE session = ? AND number >= ? AND number < ? ORDER BY number"
        answer = db.execute(query, (session, number, first)).fetchall()
        size += sum(len(json) for _, json in answer)
        if found and size > most:
            break
        found = [*answer, *found]
        first = number
    query = "SELECT count(*) FROM prompt WHERE session = ? AND number < ?"
    above = db.execute(query, (session, first)).fetchone()[0]
    return Earlier(found, 0 if first == 1 << 62 else first, above)


def before_last(db: sqlite3.Connection, session: str, prompts: int) -> int:
    """The number before that of so many prompts at the end, 0 where all are meant; none are means behind all."""
    if prompts <= 0:
        return int(db.execute("SELECT coalesce(max(number), 0) FROM event WHERE session = ?", (session,)).fetchone()[0])
    query = "SELECT number FROM prompt WHERE session = ? ORDER BY number DESC LIMIT 1 OFFSET ?"
    row = db.execute(query, (session, prompts - 1)).fetchone()
    return 0 if row is None else int(row[0]) - 1


def under(db: sqlite3.Connection, session: str) -> list[str]:
    """A session and those under it, whatever their depth."""
    found = [session]
    for parent in found:
        found += [row[0] for row in db.execute("SELECT id FROM session WHERE parent = ?", (parent,))]
    return found


def delete(db: sqlite3.Connection, session: str) -> list[str]:
    """Forget a session and those under it, with all they hold; the ids of all."""
    gone = under(db, session)
    for each in reversed(gone):
        for table in ("piece", "running", "prompt", "event"):
            db.execute(f"DELETE FROM {table} WHERE session = ?", (each,))  # noqa: S608  # Names of our own.
        db.execute("DELETE FROM session WHERE id = ?", (each,))
    return gone


def fill(db: sqlite3.Connection) -> None:
    """Schema 2 kept no such rows: make them from the events. Their times are those of the sessions' beginnings."""
    db.execute("UPDATE session SET updated_ms = created_ms")
    query = 'SELECT session, number, json FROM event WHERE json LIKE \'{"type":"prompted"%\' ORDER BY session, number'
    for session, number, json in db.execute(query).fetchall():
        event = events.stored(number, session, json).event
        if isinstance(event, Prompted):
            note(db, event)
    db.execute("UPDATE session SET updated_ms = created_ms")


type _Columns = tuple[str, int, int, str, str, str, str, str, int, int, int, int]

# Level by level: most sessions have none under them, and a page may have a thousand.
_BELOW = (
    "SELECT parent, id, tokens, cost_micro_usd FROM session "
    "WHERE parent != '' AND parent IN (SELECT value FROM json_each(?))"
)


def _rows(db: sqlite3.Connection, found: list[_Columns]) -> list[Row]:
    """The rows of a page, with what the sessions under each of them used."""
    totals = {row[0]: [row[9], row[10]] for row in found}
    # Under which one of the page a session is; none of a page is under another one.
    tops = {row[0]: row[0] for row in found}
    level = list(tops)
    while level:
        below = db.execute(_BELOW, (msgspec.json.encode(level).decode(),)).fetchall()
        level = [row[1] for row in below if row[1] not in tops]
        for parent, session, tokens, cost in below:
            top = tops.setdefault(session, tops[parent])
            totals[top][0] += tokens
            totals[top][1] += cost
    return [_row(row, *totals[row[0]]) for row in found]


def _row(row: _Columns, tokens: int, cost: int) -> Row:
    return Row(
        id=row[0],
        created_ms=row[1],
        updated_ms=row[2],
        directory=row[3],
        parent=row[4],
        title=row[5],
        model=row[6],
        agent=row[7],
        prompts=row[8],
        tokens=row[9],
        cost_micro_usd=row[10] or None,
        total_tokens=tokens,
        total_cost_micro_usd=cost or None,
        is_running=bool(row[11]),
    )
