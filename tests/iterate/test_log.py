"""The server's log: every kind of record once in a while, and never a large file."""

import contextlib
import logging
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.iterate.conftest import eventually

from iterate.server import log
from iterate.server.log import LIMIT_BYTES, MOST_KINDS, QUIET_S, Log

if TYPE_CHECKING:
    from tests.iterate.conftest import World


class Clock:
    """A clock that the test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@contextlib.contextmanager
def writing(path: Path, clock: Clock) -> Iterator[tuple[logging.Logger, Log]]:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    logger = logging.Logger("test")
    handler = Log(file, path, clock)
    logger.addHandler(handler)
    yield logger, handler
    handler.close()
    os.close(file)


def break_off() -> None:
    raise ValueError("something else each time")


def test_what_comes_again_is_counted_and_said_later(tmp_path: Path) -> None:
    path, clock = tmp_path / "server.log", Clock()
    with writing(path, clock) as (logger, handler):
        for number in range(1000):
            logger.error("the disk %s is full", number)
        logger.error("another thing")
        assert len(path.read_text().splitlines()) == 2
        clock.now = QUIET_S
        handler.look()
        handler.look()
        assert path.read_text().splitlines()[2:] == ["ERROR test: 999 more like: the disk %s is full"]
        logger.error("the disk %s is full", "again")
        assert path.read_text().splitlines()[-1].endswith("the disk again is full")


def test_what_is_only_counted_is_said_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "server.log"
    with writing(path, Clock()) as (logger, _):
        logger.error("x")
        logger.error("x")
    assert path.read_text().splitlines()[1:] == ["ERROR test: 1 more like: x"]


def test_a_traceback_is_written_once_for_each_place(tmp_path: Path) -> None:
    path = tmp_path / "server.log"
    with writing(path, Clock()) as (logger, _):
        for _ in range(50):
            try:
                break_off()
            except ValueError:
                logger.exception("bug")
            try:
                int("x")
            except ValueError:
                logger.exception("bug")
    assert path.read_text().count("Traceback") == 2


def test_foreign_text_in_the_log_steers_no_terminal_and_makes_no_line_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "server.log"
    with writing(path, Clock()) as (logger, _):
        logger.error("the provider says \x1b[2J\x9b \u202e\nERROR test: all is lost")
    first, second = path.read_text().split("\n")[:2]
    assert first.endswith("the provider says \ufffd[2J\ufffd \ufffd")
    assert second == "  ERROR test: all is lost"


@pytest.mark.systems("linux", "darwin")
def test_a_file_that_has_grown_is_cut_and_its_end_kept(tmp_path: Path) -> None:
    path = tmp_path / "server.log"
    with writing(path, Clock()) as (logger, handler):
        path.write_bytes(b"a" * LIMIT_BYTES + b"the end\n")
        handler.look()
        assert path.read_bytes() == b""
        kept = path.with_name("server.log.1")
        assert kept.read_bytes().endswith(b"athe end\n")
        assert kept.stat().st_size <= LIMIT_BYTES
        if os.name == "posix":
            assert kept.stat().st_mode & 0o777 == 0o600
        logger.error("goes on")
        assert path.read_text().endswith("goes on\n")


def test_any_number_of_kinds_takes_two_small_files_and_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "server.log"
    with writing(path, Clock()) as (logger, handler):
        for number in range(5000):
            logger.error(f"{number} {'x' * 1000}")  # noqa: G004  # On purpose: no template.
        assert len(handler._kinds) <= MOST_KINDS
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) < 2 * LIMIT_BYTES + 10_000


def test_another_file_is_not_cut(tmp_path: Path) -> None:
    terminal = os.open(tmp_path / "elsewhere", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    (tmp_path / "server.log").write_bytes(b"x" * 2 * LIMIT_BYTES)
    handler = Log(terminal, tmp_path / "server.log")
    os.write(terminal, b"y" * 2 * LIMIT_BYTES)
    handler.look()
    assert {file.stat().st_size for file in tmp_path.iterdir()} == {2 * LIMIT_BYTES}
    handler.close()
    os.close(terminal)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
def test_a_full_disk_ends_nothing() -> None:
    file = os.open("/dev/full", os.O_WRONLY)
    handler = Log(file, None)
    handler.handle(logging.makeLogRecord({"msg": "x", "levelno": logging.ERROR}))
    handler.close()
    os.close(file)


def test_what_breaks_in_a_thread_is_a_record(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    before = threading.excepthook
    with log.kept(tmp_path / "server.log"):
        thread = threading.Thread(target=break_off)
        thread.start()
        thread.join()
        log.look()
    assert [record.message for record in caplog.records] == ["a thread broke off"]
    assert threading.excepthook is before


@pytest.mark.processes
def test_the_log_of_a_running_server_stays_small(world: "World") -> None:
    world.run("server", "start")
    path = world.state / "server.log"
    with path.open("ab") as other:
        other.write(b"x" * (3 * LIMIT_BYTES))
    eventually(lambda: path.stat().st_size < LIMIT_BYTES)
    assert path.with_name("server.log.1").stat().st_size <= LIMIT_BYTES
    assert world.run("run", "hello").stdout == b"hello\n"
