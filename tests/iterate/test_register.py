"""The register of sessions: made from older databases, which are copied first; kept with the events."""

import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from iterate import events, register, spending
from iterate.errors import SessionUnknown
from iterate.events import (
    Done,
    Event,
    Failed,
    PartAdded,
    Prompted,
    RetryScheduled,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    UsagePart,
)
from iterate.ownership import Ownership
from iterate.register import Search
from iterate.session import title_of
from iterate.store import SCHEMA_VERSION, Store

OLD = """
CREATE TABLE session (
    id TEXT PRIMARY KEY, created_ms INTEGER NOT NULL, directory TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE TABLE event (
    session TEXT NOT NULL REFERENCES session (id), number INTEGER NOT NULL, json TEXT NOT NULL,
    PRIMARY KEY (session, number)
) WITHOUT ROWID;
CREATE TABLE running (session TEXT PRIMARY KEY REFERENCES session (id), owner TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE piece (
    session TEXT NOT NULL REFERENCES session (id), start INTEGER NOT NULL, number INTEGER NOT NULL,
    kind TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (session, start)
) WITHOUT ROWID;
PRAGMA user_version = 2;
"""


def prompted(number: int, text: str) -> Event:
    parts = (TextPart(text=text),)
    return Prompted(number=number, session="s", id=f"p{number}", model="m/m", directory="/x", parts=parts)


def older(path: Path, *listed: Event, owner: str = "") -> None:
    """A database as schema 2 left it."""
    path.parent.mkdir(mode=0o700)
    with closing(sqlite3.connect(path)) as database:
        database.executescript(OLD)
        database.execute("INSERT INTO session VALUES ('s', 1000, '/x')")
        rows = [("s", event.number, events.encode(event).decode()) for event in listed]
        database.executemany("INSERT INTO event VALUES (?, ?, ?)", rows)
        if owner:
            database.execute("INSERT INTO running VALUES ('s', ?)", (owner,))
        database.commit()


def opened(path: Path) -> "closing[Store]":
    ownership = Ownership(path)
    ownership.take(1.0)
    return closing(Store(path, ownership))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "iterate.db"


def test_an_older_database_is_copied_before_it_is_changed_and_its_sessions_are_listed(path: Path) -> None:
    older(path, prompted(1, "# First words"), Done(number=2, session="s"), prompted(3, "more"))
    with opened(path) as store:
        (row,) = store.look(lambda db: register.search(db, Search(words="more")))
    assert (row.title, row.prompts, row.model, row.created_ms, row.updated_ms) == ("First words", 2, "m/m", 1000, 1000)
    copy = path.with_name("iterate.db.schema-2")
    assert os.name == "nt" or stat.S_IMODE(copy.stat().st_mode) == 0o600
    with closing(sqlite3.connect(copy)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (2,)
        assert database.execute("SELECT count(*) FROM event").fetchone() == (3,)
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    assert not path.with_name("iterate.db.schema-2.new").exists()


def test_calls_that_a_killed_server_left_open_get_one_result_each(path: Path) -> None:
    older(
        path,
        prompted(1, "go"),
        PartAdded(number=2, session="s", part=ToolCallPart(call="void", tool="t", arguments={})),
        RetryScheduled(number=3, session="s", attempt=1, reason="x", wait_ms=1, at_ms=1, first=2),
        PartAdded(number=4, session="s", part=ToolCallPart(call="a", tool="t", arguments={})),
        PartAdded(number=5, session="s", part=ToolCallPart(call="b", tool="t", arguments={})),
        PartAdded(number=6, session="s", part=ToolResultPart(call="a", status="ok", text="done")),
        owner="0123456789abcdef",
    )
    with opened(path) as store:
        (turn,) = store.load("s").turns
    results = [part for part in turn.parts if isinstance(part, ToolResultPart)]
    assert [(part.call, part.status) for part in results] == [("a", "ok"), ("b", "cancelled")]
    assert isinstance(turn.ending, Failed)
    assert turn.ending.reason == "interrupted"


def test_the_row_of_a_session_says_what_its_events_say(path: Path) -> None:
    with opened(path) as store:
        store.create("s", "/x")
        for event in (prompted(1, "go"), PartAdded(number=2, session="s", part=UsagePart(input=7, output=3))):
            store.add("s", event)
        usage = UsagePart(input=1, output=1, cost_micro_usd=5)
        store.add("s", PartAdded(number=1, session="s", part=usage))
        row = store.look(lambda db: register.get(db, "s"))
        assert (row.tokens, row.cost_micro_usd, row.prompts, row.title) == (12, 5, 1, "go")
        assert store.load("s").spent.tokens == row.tokens
        assert store.delete("s") == ["s"]
        with pytest.raises(SessionUnknown):
            store.look(lambda db: register.get(db, "s"))


def test_a_total_counts_the_sessions_under_it_and_what_nobody_knows_is_nothing(path: Path) -> None:
    with opened(path) as store:
        for name, parent in (("s", ""), ("child", "s"), ("grandchild", "child"), ("free", "")):
            store.create(name, "/x", parent)
        for name, cost in (("s", 5), ("child", None), ("grandchild", 30), ("free", None)):
            store.add(name, PartAdded(number=1, session=name, part=UsagePart(input=1, output=1, cost_micro_usd=cost)))
        found = {row.id: row for row in store.look(lambda db: register.search(db, register.Search()))}
        assert {
            each: (row.cost_micro_usd, row.total_cost_micro_usd, row.total_tokens) for each, row in found.items()
        } == {
            "s": (5, 35, 6),
            "free": (None, None, 2),
        }
        child = store.look(lambda db: register.get(db, "child"))
        assert (child.cost_micro_usd, child.total_cost_micro_usd) == (None, 30)
        total = store.look(lambda db: spending.altogether(db, 2))
        assert total.cost_micro_usd == 35
        store.delete("s")


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Mend the parser", "Mend the parser"),
        ("\n\n## Mend   the\tparser\nsoon", "Mend the parser"),
        ("---\n...\nthen this", "then this"),
        ("", ""),
        ("word " * 30, "word word word word word word word word word word word\N{HORIZONTAL ELLIPSIS}"),
        ("x" * 100, "x" * 59 + "\N{HORIZONTAL ELLIPSIS}"),
    ],
)
def test_a_title_is_the_first_line_that_says_something(text: str, title: str) -> None:
    assert title_of((TextPart(text=text),)) == title
