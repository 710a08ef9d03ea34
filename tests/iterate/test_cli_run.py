"""`iterate run`: what goes in, what comes out, and how it ends."""

import json
import os
import signal
import sqlite3
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from tests.ending import ending

from iterate import errors

pytestmark = pytest.mark.processes

if TYPE_CHECKING:
    from tests.iterate.conftest import World


def test_words_are_joined_and_the_answer_comes_back(warm: "World") -> None:
    done = warm.run("run", "hello", "big", "world")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"hello big world\n", b"")


def test_two_dashes_end_the_options(warm: "World") -> None:
    assert warm.run("run", "--", "--help", "-x").stdout == b"--help -x\n"


@pytest.mark.parametrize("words", [(), ("-",)])
def test_standard_input_is_a_prompt_and_comes_back_to_the_byte(warm: "World", words: tuple[str, ...]) -> None:
    text = "first line\n\n  日本語\t🎈\nlast line".encode()
    assert warm.run("run", *words, input_=text).stdout == text + b"\n"


def test_an_answer_that_ends_its_line_gets_no_second_end(warm: "World") -> None:
    assert warm.run("run", "-", input_=b"hello\n").stdout == b"hello\n"


@pytest.mark.parametrize("words", [("",), ("  ",), (), ("-",)])
def test_an_empty_message_is_a_usage_error(world: "World", words: tuple[str, ...]) -> None:
    done = world.run("run", *words)
    assert done.returncode == errors.UsageError.exit_code
    assert world.servers() == []


def test_a_message_that_is_no_text_is_a_usage_error(warm: "World") -> None:
    done = warm.run("run", "-", input_=b"\xff\xfe\x00")
    assert done.returncode == errors.UsageError.exit_code
    argument = subprocess.run(
        [b"iterate", b"run", b"\xff"],
        executable=str(warm.program),
        env=warm.environment,
        capture_output=True,
        check=False,
    )
    assert argument.returncode == errors.UsageError.exit_code


def test_json_is_one_event_a_line_and_nothing_else(warm: "World") -> None:
    done = warm.run("run", "--format", "stream-json", "hello world")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["number"] for event in events if event["type"] != "delta"] == [1, 2, 3]
    assert [event["type"] for event in events if event["type"] != "delta"] == ["prompted", "part", "done"]
    assert done.stderr == b""


def test_events_are_shown_as_they_come(warm: "World") -> None:
    running = warm.start("run", "--format", "stream-json", "--model", "echo/slow", " ".join("abcdefghijklmnop"))
    assert running.stdout is not None
    running.stdout.readline()
    assert b'"a "' in running.stdout.readline()
    begun = time.monotonic()
    running.communicate()
    # A word takes a tenth of a second: what comes only at the end comes all at once.
    assert time.monotonic() - begun > 0.2


def test_a_session_goes_on_where_it_was_even_after_a_restart(world: "World") -> None:
    first = json.loads(world.run("run", "--format", "stream-json", "one").stdout.splitlines()[-1])
    world.run("server", "stop")
    done = world.run("run", "--session", first["session"], "--format=stream-json", "two")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["number"] for event in events if event["type"] != "delta"] == [4, 5, 6]
    assert {event["session"] for event in events} == {first["session"]}


@pytest.mark.parametrize("session", ["ses_none", "../../etc", "a b", "ses_x\r\nX: y", "ß"])
def test_an_unknown_session_is_a_named_error(warm: "World", session: str) -> None:
    done = warm.run("run", "--session", session, "hello")
    assert done.returncode == errors.SessionUnknown.exit_code
    assert done.stderr.startswith(b"error: there is no session")


def test_an_unknown_model_is_a_named_error_that_says_where_the_known_are(warm: "World") -> None:
    done = warm.run("run", "--model", "nobody/none", "hello")
    assert done.returncode == errors.ModelUnknown.exit_code
    assert b"iterate models" in done.stderr
    assert warm.run("run", "hello", variables={"ITERATE_MODEL": "x/y"}).returncode == done.returncode


def test_a_prompt_that_is_refused_leaves_no_empty_session_behind(world: "World") -> None:
    assert world.run("run", "--model", "no/such", "hi").returncode == errors.ModelUnknown.exit_code
    assert world.run("run", "--agent", "nobody", "hi").returncode == errors.AgentUnknown.exit_code
    assert json.loads(world.run("session", "list", "--json").stdout) == {"sessions": []}


def test_without_a_model_nothing_answers_in_its_place(warm: "World") -> None:
    done = warm.run("run", "hello", variables={"ITERATE_MODEL": ""})
    assert (done.returncode, done.stdout) == (errors.ModelMissing.exit_code, b"")
    assert b"--model" in done.stderr


def test_a_megabyte_comes_back(warm: "World") -> None:
    text = b"word " * 200_000
    assert warm.run("run", "-", input_=text).stdout == text + b"\n"
    largest = b"x" * (1 << 20)
    assert warm.run("run", "-", input_=largest).stdout == largest + b"\n"


def test_ctrl_c_cancels_the_prompt_and_the_ending_is_kept(warm: "World") -> None:
    running = warm.start("run", "--format", "stream-json", "--model", "echo/slow", " ".join("abcdefghijklmnop"))
    assert running.stdout is not None
    session = json.loads(running.stdout.readline())["session"]
    running.stdout.readline()
    running.send_signal(signal.SIGINT)
    _, complaint = running.communicate()
    assert (running.returncode, complaint) == (130, b"")
    done = warm.run("run", "--session", session, "and now?")
    assert done.returncode == 0
    with sqlite3.connect(warm.data / "iterate.db") as database:
        query = "SELECT json FROM event WHERE session = ? ORDER BY number"
        rows = [json.loads(row[0]) for row in database.execute(query, (session,))]
    database.close()
    assert [row["reason"] for row in rows if row["type"] == "failed"] == ["cancelled"]
    assert [row["number"] for row in rows] == list(range(1, len(rows) + 1))


def test_a_reader_that_leaves_early_makes_no_noise(warm: "World") -> None:
    command = "iterate run --format stream-json a b c d e f g | head -n 1; echo ${PIPESTATUS[0]}"
    program = str(warm.program)
    done = subprocess.run(
        ["bash", "-c", command.replace("iterate", program, 1)], env=warm.environment, capture_output=True, check=False
    )
    assert done.stdout.splitlines()[-1] in {b"141", b"0"}
    assert done.stderr == b""


def test_a_full_disk_behind_stdout_is_no_traceback(warm: "World") -> None:
    program = str(warm.program)
    for words in ("run hello", "--help", "version", "--version"):
        done = subprocess.run(
            ["bash", "-c", f"{program} {words} > /dev/full"], env=warm.environment, capture_output=True, check=False
        )
        assert done.returncode != 0
        assert b"Traceback" not in done.stderr
        assert b"Exception ignored" not in done.stderr


def test_a_server_that_is_killed_under_a_prompt_is_a_named_error(world: "World") -> None:
    world.run("server", "start")
    running = world.start("run", "--model", "echo/slow", " ".join("abcdefghijklmnop"))
    assert running.stdout is not None
    running.stdout.read(1)
    os.kill(world.announced().pid, signal.SIGKILL)
    _, complaint = running.communicate()
    assert running.returncode == errors.ServerLost.exit_code
    assert complaint.startswith(b"error: ")


def test_an_answer_that_fails_is_a_failure_of_the_command(world: "World") -> None:
    child, _ = world.serve()
    running = world.start("run", "--model", "echo/slow", " ".join("abcdefghijklmnop"))
    assert running.stdout is not None
    running.stdout.read(1)
    child.send_signal(signal.SIGINT)
    _, complaint = running.communicate()
    assert running.returncode == errors.PromptFailed.exit_code
    assert b"error: the answer failed (stopping)" in complaint


@pytest.mark.parametrize(
    ("content", "failure"),
    [(b"not a database at all, " * 100, errors.StoreUnusable), (None, errors.StoreTooNew)],
)
def test_a_store_that_cannot_be_used_is_a_named_error(
    world: "World", content: bytes | None, failure: type[errors.Failure]
) -> None:
    world.data.mkdir(parents=True)
    if content is None:
        with sqlite3.connect(world.data / "iterate.db") as database:
            database.execute("PRAGMA user_version = 99")
        database.close()
    else:
        (world.data / "iterate.db").write_bytes(content)
    done = world.run("run", "hello")
    assert done.returncode == failure.exit_code
    assert str(world.data / "iterate.db").encode() in done.stderr


def test_on_a_terminal_an_answer_cannot_move_the_cursor(warm: "World") -> None:
    import pty

    ours, theirs = pty.openpty()
    with ending(
        subprocess.Popen(
            [str(warm.program), "run", "red \x1b[31m bell \x07"],
            env=warm.environment,
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=theirs,
        )
    ) as running:
        running.wait(20)
        os.close(theirs)
        shown = os.read(ours, 4096)
        os.close(ours)
        assert b"\x1b" not in shown
        assert "red �[31m bell �".encode() in shown
