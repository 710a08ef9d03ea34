"""The database of sessions, and what happens to it."""

import sqlite3
import stat
from pathlib import Path

import pytest

from iterate.errors import SessionUnknown, StoreTooNew, StoreUnusable
from iterate.events import Done, Failed, Prompted, Token
from iterate.store import SCHEMA_VERSION, Store

PROMPTED = Prompted(number=1, session="s", model="m", text="hi")
TOKEN = Token(number=2, session="s", text="ho")
DONE = Done(number=3, session="s")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "iterate.db"


def test_what_is_appended_is_loaded_by_the_next_one(path: Path) -> None:
    store = Store(path)
    store.create("s")
    for event in (PROMPTED, TOKEN, DONE):
        store.append(event)
    store.close()
    again = Store(path)
    session = again.load("s")
    again.close()
    assert (session.number, session.turns[0].answer, session.turns[0].ending) == (3, "ho", DONE)


def test_the_file_is_for_this_user_alone(path: Path) -> None:
    Store(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_prompt_that_a_crash_cut_off_is_ended_when_the_file_is_opened(path: Path) -> None:
    store = Store(path)
    store.create("s")
    store.append(PROMPTED)
    store.append(TOKEN)
    store.close()
    for _ in range(2):
        again = Store(path)
        session = again.load("s")
        again.close()
        assert session.number == 3
        assert isinstance(session.turns[0].ending, Failed)
        assert session.turns[0].ending.reason == "interrupted"


def test_an_unknown_session_is_a_named_failure(path: Path) -> None:
    store = Store(path)
    with pytest.raises(SessionUnknown):
        store.load("nobody")
    store.close()


def test_a_number_that_is_taken_is_refused(path: Path) -> None:
    store = Store(path)
    store.create("s")
    store.append(PROMPTED)
    with pytest.raises(StoreUnusable):
        store.append(PROMPTED)
    store.close()


def test_a_newer_schema_is_left_alone(path: Path) -> None:
    Store(path).close()
    with sqlite3.connect(path) as database:
        database.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    database.close()
    before = path.read_bytes()
    with pytest.raises(StoreTooNew, match=f"schema {SCHEMA_VERSION + 1}"):
        Store(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"no database", b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_damaged_file_is_a_named_failure_and_left_alone(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(StoreUnusable, match=r"iterate\.db"):
        Store(path)
    assert path.read_bytes() == content


def test_a_damaged_event_is_a_named_failure(path: Path) -> None:
    store = Store(path)
    store.create("s")
    with sqlite3.connect(path) as database:
        database.execute("INSERT INTO event VALUES ('s', 1, '{\"type\":\"done\"}')")
    database.close()
    with pytest.raises(StoreUnusable):
        store.load("s")
    store.close()


def test_a_folder_that_cannot_be_made_is_a_named_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreUnusable):
        Store(tmp_path / "file" / "iterate.db")


def test_a_database_that_another_program_locks_is_a_named_failure(path: Path) -> None:
    store = Store(path)
    store.create("s")
    with sqlite3.connect(path, isolation_level=None) as rival:
        rival.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnusable, match="locked"):
            store.append(PROMPTED)
        rival.execute("ROLLBACK")
    rival.close()
    store.append(PROMPTED)
    store.close()
