"""The database of sessions, and what happens to it."""

import contextlib
import itertools
import json
import os
import sqlite3
import stat
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.iterate.samples import ANY_ITEMS, answered

from iterate import events
from iterate.errors import SessionBusy, SessionUnknown, StoreTaken, StoreTooNew, StoreUnusable
from iterate.events import Done, Entry, Failed, Part, Piece, ReasoningPart, TextPart, Unknown
from iterate.ownership import Ownership
from iterate.runtime import ledger
from iterate.runtime.ledger import Place
from iterate.session import Turn
from iterate.store import PAGE_BYTES, PAGE_EVENTS, SCHEMA_VERSION, Begun, NewPrompt, PieceRow, Store, StoreWaiting

HI = (TextPart(text="hi"),)


def new(prompt_id: str = "p", session: str = "s") -> NewPrompt:
    return NewPrompt(id=prompt_id, session=session, model="m", directory="/here", parts=HI)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "iterate.db"


@contextmanager
def opened(path: Path) -> Iterator[Store]:
    """The store of a server, which is gone in the end: killed, as far as the database can tell."""
    ownership = Ownership(path)
    ownership.take(0)
    try:
        with closing(Store(path, ownership)) as store:
            yield store
    finally:
        ownership.close()


def test_the_tables_need_no_newer_sqlite_than_the_build_base_has(path: Path) -> None:
    """AlmaLinux 8, where the programs for Linux are compiled, has SQLite 3.26; strict tables came with 3.37."""
    with opened(path):
        pass
    with closing(sqlite3.connect(path)) as db:
        statements = [row[0] for row in db.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")]
    assert len(statements) >= 4
    assert not [text for text in statements if "STRICT" in text.upper()]


def begin(store: Store, prompt_id: str = "p") -> int:
    begun = store.begin(new(prompt_id))
    assert isinstance(begun, Begun)
    return begun.number


def finish(store: Store, number: int, *items: Piece | Part) -> None:
    batch = ledger.end("s", Place(number), items, None, "")
    store.append("s", batch.entries, batch.pieces)


def test_what_is_appended_is_loaded_by_the_next_one(path: Path) -> None:
    with opened(path) as store:
        store.create("s", "/home")
        finish(store, begin(store), Piece(text="ho"))
    with opened(path) as again:
        session = again.load("s")
    assert (session.number, session.directory, answered(session.turns[0])) == (3, "/home", "ho")
    assert session.turns[0].ending == Done(number=3, session="s")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")
def test_folder_and_files_are_for_this_user_alone_also_when_they_were_found_open(path: Path) -> None:
    def modes() -> set[int]:
        return {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir() if file.is_file()}

    with opened(path) as store:
        store.create("s", "")
        assert len(list(path.parent.iterdir())) >= 4
        assert modes() == {0o600}
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    path.parent.chmod(0o755)
    for file in path.parent.iterdir():
        file.chmod(0o755 if file.is_dir() else 0o644)
    with opened(path) as store:
        store.create("t", "")
        assert modes() == {0o600}
        assert {stat.S_IMODE(folder.stat().st_mode) for folder in (path.parent, path.parent / "owners")} == {0o700}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")
def test_what_is_no_regular_file_keeps_its_mode_because_it_may_be_a_device_behind_a_link(path: Path) -> None:
    path.parent.mkdir()
    pipe = path.with_name("pipe")
    os.mkfifo(pipe)
    pipe.chmod(0o644)
    path.with_name(f"{path.name}-link").symlink_to(pipe)
    with opened(path) as store:
        store.create("s", "")
    assert stat.S_IMODE(pipe.stat().st_mode) == 0o644


@given(items=ANY_ITEMS, cuts=st.lists(st.integers(0, 12), max_size=4), written=st.integers(0, 6))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_of_an_answer_was_written_is_read_and_ended_once(
    tmp_path_factory: pytest.TempPathFactory, items: list[Piece | Part], cuts: list[int], written: int
) -> None:
    path = tmp_path_factory.mktemp("store") / "iterate.db"
    edges = [0, *sorted(min(cut, len(items)) for cut in cuts), len(items)]
    with opened(path) as store:
        store.create("s", "")
        place = Place(begin(store))
        for index, (first, last) in enumerate(itertools.pairwise(edges)):
            if index >= written:
                break
            batch = ledger.write("s", place, items[first:last])
            store.append("s", batch.entries, batch.pieces)
            place = batch.place
    with opened(path):
        pass
    entries: list[Entry[events.Event | Unknown]] = []
    with opened(path) as again:
        session = again.load("s")
        while page := again.read("s", len(entries)).entries:
            entries += page
    assert [entry.event.number for entry in entries] == list(range(1, len(entries) + 1))
    ending = session.turns[0].ending
    assert isinstance(ending, Failed)
    assert (ending.reason, ending.number) == ("interrupted", len(entries))
    whole = place.open_part.text if place.open_part else ""
    if whole:
        # Calls that were cut off get results behind it.
        texts = [part for part in session.turns[0].parts if isinstance(part, TextPart | ReasoningPart)]
        assert texts[-1].text == whole
    with opened(path) as again:
        assert begin(again, "next") == len(entries) + 1


@given(kept=st.lists(st.booleans(), min_size=5, max_size=5))
@settings(max_examples=32, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_rows_are_lost_the_session_goes_on(tmp_path_factory: pytest.TempPathFactory, kept: list[bool]) -> None:
    path = tmp_path_factory.mktemp("store") / "iterate.db"
    with opened(path) as store:
        store.create("s", "")
        finish(store, begin(store, "one"), Piece(text="ho"))
        finish(store, begin(store, "two"))
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        for number, is_kept in enumerate(kept, 1):
            if not is_kept:
                database.execute("DELETE FROM event WHERE number = ?", (number,))
    with opened(path) as again:
        last = max((number for number, is_kept in enumerate(kept, 1) if is_kept), default=0)
        number = begin(again, "three")
        assert number == last + 1
        finish(again, number, Piece(text="yes"))
        assert answered(again.load("s").turns[-1]) == "yes"


def test_a_prompt_that_was_stored_before_is_not_stored_again(path: Path) -> None:
    with opened(path) as store:
        store.create("s", "")
        finish(store, begin(store), Piece(text="ho"))
        found = store.begin(new())
        assert isinstance(found, Turn)
        assert (found.number, answered(found)) == (1, "ho")


def test_a_prompt_whose_ending_was_lost_is_stored_again(path: Path) -> None:
    with opened(path) as store:
        store.create("s", "")
        finish(store, begin(store), Piece(text="ho"))
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.execute("DELETE FROM event WHERE number = 3")
        assert begin(store) == 3


def test_an_unknown_session_is_a_named_failure_and_leaves_nothing(path: Path) -> None:
    with opened(path) as store:
        for ask in (store.load, store.check, lambda session: store.read(session, 0), lambda _: store.begin(new())):
            with pytest.raises(SessionUnknown):
                ask("nobody")
        with closing(sqlite3.connect(path)) as database:
            assert database.execute("SELECT count(*) FROM event").fetchone() == (0,)


def test_a_number_that_is_taken_is_refused_and_nothing_of_its_batch_is_kept(path: Path) -> None:
    with opened(path) as store:
        store.create("s", "")
        begin(store)
        entries = [events.entry(Done(number=number, session="s")) for number in (2, 1)]
        with pytest.raises(StoreUnusable):
            store.append("s", entries, [PieceRow(3, "text", 0, "x")])
        assert store.load("s").number == 1
        assert store.check("s")


def test_a_page_is_bounded_and_the_next_one_goes_on(path: Path) -> None:
    with opened(path) as store:
        store.create("s", "")
        number = begin(store)
        small: list[Part] = [TextPart(text="x")] * (PAGE_EVENTS + 10)
        large: list[Part] = [TextPart(text="x" * PAGE_BYTES)] * 3
        finish(store, number, *small, *large)
        sizes, after = [], 0
        while page := store.read("s", after).entries:
            sizes.append(len(page))
            assert [entry.event.number for entry in page] == list(range(after + 1, after + 1 + len(page)))
            after += len(page)
    assert sum(sizes) == PAGE_EVENTS + 10 + 3 + 2
    assert sizes[0] == PAGE_EVENTS
    assert len(sizes) >= 4


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")
@pytest.mark.parametrize("umask", [0, 0o277, 0o477, 0o777])
def test_every_file_that_is_made_is_this_users_to_read_and_write_whatever_the_umask(path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        with opened(path) as store:
            store.create("s", "")
            files = [file for file in path.parent.rglob("*") if file.is_file()]
            assert len(files) >= 5
            assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    finally:
        os.umask(before)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")
@pytest.mark.parametrize("name", ["iterate.db.lock", "iterate.db-wal", "iterate.db.old"])
def test_what_a_link_in_the_folder_leads_to_keeps_its_mode(path: Path, tmp_path: Path, name: str) -> None:
    path.parent.mkdir()
    other = tmp_path / "other"
    other.touch()
    other.chmod(0o644)
    path.with_name(name).symlink_to(other)
    with contextlib.suppress(StoreUnusable), opened(path):
        pass
    assert stat.S_IMODE(other.stat().st_mode) == 0o644


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
@pytest.mark.parametrize("name", ["iterate.db", "iterate.db.lock"])
def test_what_is_no_regular_file_is_a_named_failure_at_once(path: Path, name: str) -> None:
    path.parent.mkdir()
    os.mkfifo(path.with_name(name), 0o644)
    with pytest.raises(StoreUnusable, match="no regular file"), opened(path):
        pass
    assert stat.S_IMODE(path.with_name(name).stat().st_mode) == 0o644


@pytest.mark.skipif(sys.platform == "win32", reason="Windows gives links to administrators only")
def test_links_to_one_database_have_one_owner(tmp_path: Path) -> None:
    """It has its locks where the file is, in whatever folder the link lies."""
    (tmp_path / "real").mkdir()
    (tmp_path / "real").chmod(0o755)
    paths = [tmp_path / name / "iterate.db" for name in ("a", "b")]
    for path in paths:
        path.parent.mkdir()
        path.symlink_to(tmp_path / "real" / "sessions.db")
    with opened(paths[0]) as store:
        store.create("s", "")
        begin(store)
        with pytest.raises(StoreTaken), opened(paths[1]):
            pass
        assert store.load("s").turns[0].ending is None
    # The folder is not ours.
    assert stat.S_IMODE((tmp_path / "real").stat().st_mode) == 0o755
    with opened(paths[1]) as store:
        assert isinstance(store.load("s").turns[0].ending, Failed)


def test_a_server_that_cannot_be_asked_is_not_taken_for_dead(path: Path) -> None:
    old = Ownership(path)
    old.take(0)
    with closing(Store(path, old)) as retired:
        retired.create("s", "")
        begin(retired)
        old.retire()
        old.close()
        # As when there are no files left to open: it is there, and opening it fails.
        (path.parent / "owners" / old.token).mkdir()
        with opened(path) as store:
            assert store.load("s").turns[0].ending is None
            assert store.check("s")


def test_a_newer_schema_is_left_alone(path: Path) -> None:
    with opened(path):
        pass
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    before = path.read_bytes()
    with pytest.raises(StoreTooNew, match=f"schema {SCHEMA_VERSION + 1}"), opened(path):
        pass
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"no database", b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_damaged_file_is_a_named_failure_and_left_alone(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(StoreUnusable, match=r"iterate\.db"), opened(path):
        pass
    assert path.read_bytes() == content


@pytest.mark.parametrize("row", ['{"type":"done"}', "nonsense", "", '{"type":"invented","number":2,"session":"s"}'])
def test_a_row_that_cannot_be_understood_breaks_no_session(path: Path, row: str) -> None:
    with opened(path) as store:
        store.create("s", "")
        finish(store, begin(store))
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.execute("UPDATE event SET json = ? WHERE number = 2", (row,))
            database.execute("UPDATE event SET json = CAST(x'7b22ff' AS TEXT) WHERE number = 1")
        entries = store.read("s", 0).entries
        assert [entry.event for entry in entries] == [Unknown(1, "s"), Unknown(2, "s")]
        if row.startswith("{"):
            assert entries[1].json == row.encode()
        # What is no JSON any more is told as words.
        damaged = [msgspec.json.decode(entry.json) for entry in entries if entry.json != row.encode()]
        assert all("is damaged in the database" in each["text"] for each in damaged)
        assert begin(store, "next") == 3


def test_a_folder_that_cannot_be_made_is_a_named_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreUnusable), opened(tmp_path / "file" / "iterate.db"):
        pass


def test_a_database_that_another_program_locks_is_waiting_and_works_again_afterwards(path: Path) -> None:
    with opened(path) as store:
        store.create("s", "")
        with closing(sqlite3.connect(path, isolation_level=None)) as rival:
            rival.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreWaiting, match="locked"):
                store.begin(new())
            assert store.read("s", 0).entries == ()
            rival.execute("ROLLBACK")
        assert begin(store) == 1


def test_a_database_has_one_owner_and_a_second_one_touches_nothing(path: Path) -> None:
    with opened(path) as store:
        store.create("s", "")
        begin(store)
        before = sorted(entry.name for entry in path.parent.iterdir())
        with pytest.raises(StoreTaken, match=r"iterate\.db"), opened(path):
            pass
        assert sorted(entry.name for entry in path.parent.iterdir()) == before
        assert store.load("s").turns[0].ending is None


@pytest.mark.skipif(sys.platform == "win32", reason="Windows removes no open file")
def test_the_owner_takes_a_lock_file_that_was_removed_anew(path: Path) -> None:
    ownership = Ownership(path)
    ownership.take(0)
    path.with_name("iterate.db.lock").unlink()
    ownership.take(0)
    with pytest.raises(StoreTaken):
        Ownership(path).take(0)
    ownership.close()


def test_an_answer_of_a_retired_server_is_left_alone_until_it_ends(path: Path) -> None:
    old = Ownership(path)
    old.take(0)
    with closing(Store(path, old)) as retired:
        retired.create("s", "")
        number = begin(retired)
        retired.append("s", (), [PieceRow(number + 1, "text", 0, "half")])
        old.retire()
        with opened(path) as store:
            page = store.read("s", 0)
            assert (page.is_running, page.open_part) == (True, (number + 1, "text", "half"))
            assert store.check("s")
            with pytest.raises(SessionBusy):
                store.begin(new("next"))
            finish(retired, number, Piece(text="whole"))
            assert not store.check("s")
            assert begin(store, "next") == number + 3
            assert answered(store.load("s").turns[0]) == "whole"
    old.close()


def test_an_answer_of_a_retired_server_that_is_killed_ends_as_interrupted(path: Path) -> None:
    old = Ownership(path)
    old.take(0)
    with closing(Store(path, old)) as retired:
        retired.create("s", "")
        number = begin(retired)
        retired.append("s", (), [PieceRow(number + 1, "text", 0, "half")])
        old.retire()
    with opened(path) as store:
        old.close()
        assert begin(store, "next") == number + 3
        first = store.load("s").turns[0]
    assert (answered(first), first.ending and type(first.ending)) == ("half", Failed)


def test_a_retired_server_does_not_take_the_database_back(path: Path) -> None:
    old = Ownership(path)
    old.take(0)
    old.retire()
    with pytest.raises(StoreTaken):
        old.take(0)
    old.close()


def test_the_lock_files_of_servers_that_are_gone_do_not_pile_up(path: Path) -> None:
    for index in range(3):
        ownership = Ownership(path)
        ownership.take(0)
        with closing(Store(path, ownership)) as store:
            if index == 0:
                store.create("s", "")
            begin(store, str(index))
        # Killed: the kernel closes the files, nobody removes them.
        os.close(ownership._own)
        ownership.retire()
    assert len(list((path.parent / "owners").iterdir())) == 1


V1 = """
CREATE TABLE session (id TEXT PRIMARY KEY, created_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE event (
    session TEXT NOT NULL REFERENCES session (id), number INTEGER NOT NULL, json TEXT NOT NULL,
    PRIMARY KEY (session, number)
) STRICT, WITHOUT ROWID;
PRAGMA user_version = 1;
"""


def test_a_database_of_the_first_schema_is_brought_forward(path: Path) -> None:
    path.parent.mkdir()
    rows = {
        "whole": [
            {"type": "prompted", "model": "echo/echo", "text": "hi ho"},
            {"type": "token", "text": "hi "},
            {"type": "token", "text": "ho"},
            {"type": "done"},
            {"type": "prompted", "model": "m", "text": "more"},
            {"type": "failed", "reason": "provider", "message": "no"},
        ],
        "broken": [{"type": "failed", "reason": "store", "message": "locked"}],
        "cut_off": [{"type": "prompted", "model": "m", "text": "x"}, {"type": "token", "text": "y"}],
    }
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.executescript(V1)
        for session, fields in rows.items():
            database.execute("INSERT INTO session VALUES (?, 1)", (session,))
            for number, row in enumerate(fields, 1):
                text = json.dumps({**row, "number": number, "session": session})
                database.execute("INSERT INTO event VALUES (?, ?, ?)", (session, number, text))
    with opened(path) as store:
        whole, broken, cut_off = (store.load(session) for session in rows)
        assert [entry.event.number for entry in store.read("whole", 0).entries] == [1, 2, 3, 4, 5]
    assert [(turn.prompt, answered(turn)) for turn in whole.turns] == [
        ((TextPart(text="hi ho"),), "hi ho"),
        ((TextPart(text="more"),), ""),
    ]
    assert [type(turn.ending) for turn in whole.turns] == [Done, Failed]
    assert (broken.number, broken.turns) == (1, ())
    assert (answered(cut_off.turns[0]), type(cut_off.turns[0].ending)) == ("y", Failed)
