"""Brings an older database to the schema of today, inside the transaction of whoever opens it."""

import json
import sqlite3
from collections.abc import Iterator

from iterate import events, register, spending
from iterate.events import Done, Event, Failed, PartAdded, Prompted, Reason, TextPart

type Row = dict[str, object]

# What to do about a file that is damaged.
RESCUE = "`sqlite3 FILE .recover` saves what can be read; nothing was changed; without that file an empty one is begun"


# What schema 3 added to a session.
_COLUMNS = (
    "parent TEXT NOT NULL DEFAULT ''",
    "title TEXT NOT NULL DEFAULT ''",
    "updated_ms INTEGER NOT NULL DEFAULT 0",
    "model TEXT NOT NULL DEFAULT ''",
    "agent TEXT NOT NULL DEFAULT ''",
    "prompts INTEGER NOT NULL DEFAULT 0",
    "tokens INTEGER NOT NULL DEFAULT 0",
    "cost_micro_usd INTEGER NOT NULL DEFAULT 0",
)


def migrate(db: sqlite3.Connection, version: int, schema: str, target: int) -> None:
    """Make what is missing; `version` is 0 for a new file."""
    if version == 1:
        db.execute("ALTER TABLE session ADD COLUMN directory TEXT NOT NULL DEFAULT ''")
        for (session,) in db.execute("SELECT id FROM session").fetchall():
            _merge_tokens(db, session)
    if version in (1, 2):
        for column in _COLUMNS:
            db.execute(f"ALTER TABLE session ADD COLUMN {column}")
    # Not executescript, which would end the transaction.
    for statement in schema.split(";"):
        if statement.strip():
            db.execute(statement)
    if version in (1, 2):
        register.fill(db)
    if version in (1, 2, 3):
        spending.fill(db)
    db.execute(f"PRAGMA user_version = {target}")


def _merge_tokens(db: sqlite3.Connection, session: str) -> None:
    """Schema 1 stored each token as an event; now they are one part, and the numbers close up."""
    rows = db.execute("SELECT json FROM event WHERE session = ? ORDER BY number", (session,)).fetchall()
    db.execute("DELETE FROM event WHERE session = ?", (session,))
    for event in _merged(session, [_fields(text) for (text,) in rows]):
        row = (session, event.number, events.encode(event).decode())
        db.execute("INSERT INTO event (session, number, json) VALUES (?, ?, ?)", row)


def _fields(text: str) -> Row:
    try:
        fields = json.loads(text)
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}


def _merged(session: str, rows: list[Row]) -> Iterator[Event]:
    number, text, is_open = 0, "", False
    for row in rows:
        kind = row.get("type")
        if kind == "token":
            text += str(row.get("text"))
            continue
        if text:
            number += 1
            yield PartAdded(number=number, session=session, part=TextPart(text=text))
            text = ""
        number += 1
        if kind == "prompted":
            parts = (TextPart(text=str(row.get("text"))),)
            yield Prompted(
                number=number,
                session=session,
                id=f"prm_{number}",
                model=str(row.get("model")),
                directory="",
                parts=parts,
            )
            is_open = True
        elif kind == "done":
            yield Done(number=number, session=session)
            is_open = False
        else:
            yield _failed(session, number, row)
            is_open = False
    if text:
        number += 1
        yield PartAdded(number=number, session=session, part=TextPart(text=text))
    if is_open:
        yield _failed(session, number + 1, {})


def _failed(session: str, number: int, row: Row) -> Failed:
    reasons: tuple[Reason, ...] = ("cancelled", "disposed", "stopping", "provider", "store")
    reason: Reason = next((known for known in reasons if known == row.get("reason")), "interrupted")
    return Failed(
        number=number,
        session=session,
        reason=reason,
        message=str(row.get("message", "the server ended before the answer did")),
    )
