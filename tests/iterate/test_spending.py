"""What was used: counted on its day and under its model, once, whatever becomes of the session."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from tests.iterate.test_register import prompted

from iterate import spending
from iterate.events import Done, PartAdded, UsagePart
from iterate.ownership import Ownership
from iterate.spending import Spending
from iterate.store import Store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "iterate.db"


@contextmanager
def opened(path: Path) -> Iterator[Store]:
    ownership = Ownership(path)
    ownership.take(1.0)
    with closing(Store(path, ownership)) as store:
        yield store
    ownership.close()


def used(session: str, input_: int, cost: int | None = None) -> PartAdded:
    usage = UsagePart(input=input_, output=1, cache_read=2, cost_micro_usd=cost)
    return PartAdded(number=1, session=session, part=usage)


def by(store: Store, group: spending.By, days: int = 2) -> list[Spending]:
    return store.look(lambda db: spending.of(db, days, group, 100))


def test_a_copy_and_an_import_spend_nothing_and_a_deletion_gives_nothing_back(path: Path) -> None:
    with opened(path) as store:
        store.create("s", "/x")
        for event in (prompted(1, "go"), used("s", 7, 5), used("s", 3)):
            store.add("s", event)
        store.create("child", "/x", "s")
        store.add("child", used("child", 100))
        store.fork("s", "copy", 100, "copy")
        store.bring("brought", "/x", "brought", [prompted(1, "go"), Done(number=2, session="s")])
        (row,) = (each for each in by(store, "day") if each.model == "m/m")
        assert (row.sessions, row.prompts, row.input, row.output, row.cache_read) == (1, 1, 10, 2, 4)
        assert (row.tokens, row.cost_micro_usd) == (12, 5)
        before = store.look(lambda db: spending.altogether(db, 2))
        # What its agents used is a part of it, and they are no sessions of a person.
        assert (before.sessions, before.tokens) == (1, 113)
        assert [(each.session, each.title) for each in by(store, "session")] == [("s", "go"), ("child", "")]
        store.delete("s")
        assert store.look(lambda db: spending.altogether(db, 2)) == before


def test_each_step_counts_on_its_day_and_under_the_model_of_its_prompt(path: Path) -> None:
    with opened(path) as store:
        store.create("s", "/x")
        for event in (prompted(1, "go"), used("s", 7)):
            store.add("s", event)
    # Time passes.
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE spent SET day = date('now', 'localtime', '-5 days')")
        database.commit()
    with opened(path) as store:
        for event in (prompted(1, "on"), used("s", 50)):
            store.add("s", event)
        assert [each.input for each in by(store, "day", 30)] == [50, 7]
        assert [each.input for each in by(store, "day", 5)] == [50]
        assert [(each.model, each.input) for each in by(store, "model", 30)] == [("m/m", 57)]


def test_a_database_of_schema_3_counts_as_it_did(path: Path) -> None:
    with opened(path) as store:
        store.create("s", "/x")
        for event in (prompted(1, "go"), used("s", 7, 9)):
            store.add("s", event)
    with closing(sqlite3.connect(path)) as database:
        database.executescript("DROP TABLE spent; PRAGMA user_version = 3;")
    with opened(path) as store:
        (row,) = by(store, "day")
        assert (row.model, row.prompts, row.tokens, row.cost_micro_usd) == ("m/m", 1, 8, 9)
    assert path.with_name("iterate.db.schema-3").exists()
