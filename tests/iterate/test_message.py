"""The message of `iterate run`: words, standard input, and what looks like an option."""

import os
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ending import ending

from iterate import errors
from iterate.cli.commands import ROOT
from iterate.cli.message import LIMIT_BYTES
from iterate.cli.mistakes import explain
from iterate.cli.run import run
from iterate.server import bodies

if TYPE_CHECKING:
    from tests.iterate.conftest import World


def parsed(*words: str) -> dict[str, object]:
    """What the words are taken for."""
    return run.make_context("run", list(words), parent=click.Context(ROOT, info_name="iterate")).params


@pytest.mark.parametrize(
    "word",
    [
        "- one",
        "- one\n- two",
        "-",
        "---",
        "--- a/file\n+++ b/file",
        "-->",
        "->",
        "-5",
        "-5 + 3",
        "-.5",
        "--help me with this",
        "--session is what?",
        "-h is for help",
        "-- two",
        "-\tx",
        "-é",
        "--=",
        "-*- mode -*-",
    ],
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_what_begins_with_a_dash_and_can_be_no_option_is_text(word: str, place: int) -> None:
    words = ["a", "b"]
    words.insert(place, word)
    assert parsed(*words)["message"] == tuple(words)
    found = parsed("--session", "s", *words, "--format=stream-json")
    assert (found["session"], found["model"], found["form"]) == ("s", None, "stream-json")


@pytest.mark.parametrize(
    ("word", "option"),
    [
        ("--foo", "--foo"),
        ("-x", "-x"),
        ("-x=1", "-x"),
        ("--foo=bar baz", "--foo"),
        ("--Format", "--Format"),
        ("-rf", "-r"),
        ("--help,", "--help,"),
    ],
)
def test_what_may_be_a_mistyped_option_is_refused_and_the_hint_says_how_to_send_it(word: str, option: str) -> None:
    with pytest.raises(click.NoSuchOption) as refused:
        parsed("hello", word)
    assert explain(refused.value).hint.endswith(f"iterate run -- {option} ... sends it as text")
    assert parsed("hello", "--", word)["message"] == ("hello", word)


def test_the_value_of_an_option_may_begin_with_a_dash() -> None:
    assert parsed("--model", "-x/y", "- a")["model"] == "-x/y"
    assert parsed("--model=- x", "- a")["model"] == "- x"


def test_what_comes_after_two_dashes_is_text_in_its_order() -> None:
    assert parsed("- a", "--format", "stream-json", "b", "--", "--session", "c")["message"] == (
        "- a",
        "b",
        "--session",
        "c",
    )


@given(st.lists(st.text(max_size=8).map(lambda text: f"- {text}") | st.sampled_from(["-5", "---", "word"]), min_size=1))
def test_any_list_of_such_words_is_the_message(words: list[str]) -> None:
    assert parsed(*words)["message"] == tuple(words)


def test_json_is_short_for_its_format() -> None:
    assert parsed("--json", "hi")["form"] == parsed("--format", "json", "hi")["form"] == "json"
    assert parsed("hi")["form"] == "text"


def test_no_more_is_read_than_the_server_takes() -> None:
    assert LIMIT_BYTES == bodies.TEXT_LIMIT_BYTES


@pytest.mark.processes
@pytest.mark.systems("linux", "darwin")
def test_an_endless_input_is_refused_without_reading_it(world: "World") -> None:
    with ending(
        subprocess.Popen(
            [world.program, "run"],
            env=world.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
        )
    ) as child:
        assert child.stdin
        taken = 0
        with suppress(BrokenPipeError):
            while taken < 300 << 20:
                taken += child.stdin.write(bytes(1 << 16)) or 0
        child.stdin.close()
        child.stdin = None  # `communicate` would flush it.
        _, complaint = child.communicate()
        assert child.returncode == errors.UsageError.exit_code
        assert complaint.startswith(b"error: the message is larger than 1048576 bytes\nhint: ")
        assert taken < 4 << 20


@pytest.mark.processes
@pytest.mark.systems("linux", "darwin")
def test_a_pipe_that_does_not_wait_is_read_to_its_end(warm: "World") -> None:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    with ending(
        subprocess.Popen(
            [warm.program, "run"], env=warm.environment, stdin=reading, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
    ) as child:
        os.close(reading)
        for text in (b"slowly ", b"it ", b"comes"):
            time.sleep(0.5)
            os.write(writing, text)
        os.close(writing)
        assert child.communicate(timeout=60) == (b"slowly it comes\n", b"")


@pytest.mark.processes
@pytest.mark.systems("linux", "darwin")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_all_of_an_answer_goes_into_a_pipe_that_does_not_wait(warm: "World", unbuffered: str) -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    words = "word " * 40_000
    with ending(
        subprocess.Popen(
            [warm.program, "run", "-"],
            env=warm.environment | {"PYTHONUNBUFFERED": unbuffered},
            stdin=subprocess.PIPE,
            stdout=writing,
            stderr=subprocess.DEVNULL,
        )
    ) as child:
        os.close(writing)
        with child:
            assert child.stdin is not None
            child.stdin.write(words.encode())
            child.stdin.close()
            time.sleep(1)
            with os.fdopen(reading, "rb") as output:
                assert output.read().decode() == f"{words}\n"
        assert child.returncode == 0


@pytest.mark.processes
@pytest.mark.parametrize("encoding", ["cp1252", "iso-8859-1", "ascii", "utf-16"])
def test_output_into_a_pipe_is_utf_8_whatever_the_encoding_of_the_place(warm: "World", encoding: str) -> None:
    here = {"PYTHONIOENCODING": encoding, "LC_ALL": "C"}
    text = "日本 ä 🎈 \x9b"
    assert warm.run("run", "-", input_=text.encode(), variables=here).stdout.decode() == f"{text}\n"
    done = warm.run("run", "-", "--json", input_=text.encode(), variables=here)
    assert "日本 ä 🎈" in done.stdout.decode()
    refused = warm.run("run", "--model", "日本/ä", "hi", variables=here)
    assert refused.returncode == errors.ModelUnknown.exit_code
    assert "日本/ä" in refused.stderr.decode()


CLOSED = [
    ("run hello <&-", 0, b"hello\n", b""),
    ("run - <&-", errors.UsageError.exit_code, b"", b"error: standard input is closed"),
    ("run <&-", errors.UsageError.exit_code, b"", b"error: there is no message to send"),
    ("run hello >&-", errors.OutputFailed.exit_code, b"", b"error: the output is closed"),
    ("run hello 2>&-", 0, b"hello\n", b""),
    ("run --session none hello 2>&-", errors.SessionUnknown.exit_code, b"", b""),
    ("run --json hello <&- >&- 2>&-", errors.OutputFailed.exit_code, b"", b""),
    ("version >&-", errors.OutputFailed.exit_code, b"", b"error: the output is closed"),
    ("--help >&-", errors.OutputFailed.exit_code, b"", b"error: the output is closed"),
    ("--version >&-", errors.OutputFailed.exit_code, b"", b"error: the output is closed"),
    ("--version >/dev/full", errors.OutputFailed.exit_code, b"", b"error: cannot write the output: No space left"),
    # As a compiled program finds what was closed: open, and neither readable nor writable.
    ("run hello 0>/dev/null 1</dev/null 2>&1", errors.OutputFailed.exit_code, b"", b""),
    ("run hello 1</dev/null", errors.OutputFailed.exit_code, b"", b"error: the output is closed"),
    ("--version 1</dev/null", errors.OutputFailed.exit_code, b"", b"error: the output is closed"),
    ("run - 0>/dev/null", errors.UsageError.exit_code, b"", b"error: standard input is closed"),
    ("nonsense 2>&-", errors.UsageError.exit_code, b"", b""),
    ("run hello >/dev/full", errors.OutputFailed.exit_code, b"", b"error: cannot write the output: No space left"),
    ("version --json >/dev/full", errors.OutputFailed.exit_code, b"", b"error: cannot write the output: No space left"),
    ("--help >/dev/full", errors.OutputFailed.exit_code, b"", b"error: cannot write the output: No space left"),
    ("server status >/dev/full", errors.OutputFailed.exit_code, b"", b"error: cannot write the output: No space left"),
    ("nonsense 2>/dev/full", errors.UsageError.exit_code, b"", b""),
    ("run hello >/dev/full 2>/dev/full", errors.OutputFailed.exit_code, b"", b""),
]


@pytest.mark.processes
@pytest.mark.systems("linux", "darwin")
@pytest.mark.parametrize(("command", "code", "output", "complaint"), CLOSED, ids=[row[0] for row in CLOSED])
def test_closed_and_full_outputs_and_inputs_are_said_and_never_a_traceback(
    warm: "World", command: str, code: int, output: bytes, complaint: bytes
) -> None:
    if "/dev/full" in command and not Path("/dev/full").exists():
        pytest.skip("there is no full device here")
    done = subprocess.run(
        ["bash", "-c", f"{warm.program} {command}"], env=warm.environment, capture_output=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout) == (code, output)
    assert done.stderr.startswith(complaint)
    assert len(done.stderr.splitlines()) == (2 if complaint else 0)


@pytest.mark.processes
@pytest.mark.systems("linux", "darwin")
def test_a_server_started_without_standard_files_does_not_take_its_own_for_them(world: "World") -> None:
    command = f"{world.program} run hello <&- >&- 2>&-; {world.program} run again"
    done = subprocess.run(["bash", "-c", command], env=world.environment, capture_output=True, check=False, timeout=60)
    assert (done.stdout, done.stderr) == (b"again\n", b"")
