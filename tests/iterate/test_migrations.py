"""A database of an older iterate that is brought forward and killed at any moment: nothing is lost, a copy is kept."""

import json
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from tests.iterate.test_store import V1, opened

from iterate.store import SCHEMA_VERSION

pytestmark = [pytest.mark.processes, pytest.mark.systems("linux", "darwin")]
SESSIONS, TOKENS, KILLS = 150, 100, 12
OPENING = """
import sys
from pathlib import Path
from iterate.ownership import Ownership
from iterate.store import Store
path = Path(sys.argv[1])
ownership = Ownership(path)
ownership.take(0)
print("begun", flush=True)
Store(path, ownership)
print("done", flush=True)
"""


def make(path: Path) -> None:
    """A database of schema 1 whose bringing forward takes its time."""
    path.parent.mkdir(exist_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.executescript(V1)
        database.execute("BEGIN")
        for session in range(SESSIONS):
            database.execute("INSERT INTO session VALUES (?, 1)", (f"ses_{session}",))
            rows = [
                {"type": "prompted", "model": "m", "text": f"prompt {session}"},
                *({"type": "token", "text": f"word{number} "} for number in range(TOKENS)),
                {"type": "done"},
            ]
            for number, row in enumerate(rows, 1):
                text = json.dumps({**row, "number": number, "session": f"ses_{session}"})
                database.execute("INSERT INTO event VALUES (?, ?, ?)", (f"ses_{session}", number, text))
        database.execute("COMMIT")


def everything(path: Path) -> list[object]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute("SELECT session, number, json FROM event ORDER BY session, number").fetchall()


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as database:
        return int(database.execute("PRAGMA user_version").fetchone()[0])


def test_a_start_that_is_killed_while_it_brings_a_database_forward_loses_nothing(tmp_path: Path) -> None:
    old = tmp_path / "old" / "iterate.db"
    make(old)
    whole = tmp_path / "whole" / "iterate.db"
    shutil.copytree(old.parent, whole.parent)
    begun = time.monotonic()
    with opened(whole):
        longest = time.monotonic() - begun
    chance, hits, number = random.Random(4), 0, 0
    # So often, and until enough of them met it at its work; else nothing would be tried here.
    while number < KILLS // 2 or hits < 3:
        number += 1
        assert number < KILLS * 4, f"{hits} of {number} kills met the start at its work"
        path = tmp_path / str(number) / "iterate.db"
        shutil.copytree(old.parent, path.parent)
        with subprocess.Popen([sys.executable, "-c", OPENING, str(path)], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"begun\n"
            time.sleep(chance.uniform(0, longest))
            process.kill()
            hits += process.stdout.readline() == b""
        with opened(path):
            pass
        assert everything(path) == everything(whole)
        assert version(path) == SCHEMA_VERSION
        copy = path.with_name("iterate.db.schema-1")
        assert version(copy) == 1
        assert everything(copy) == everything(old)
        assert not list(path.parent.glob("*.new"))
        shutil.rmtree(path.parent)
