"""`iterate session`: what is kept, found again by the begin of its id, changed, carried away and brought back."""

import json
from typing import TYPE_CHECKING

import pytest
from tests.iterate.chatting import chat, on_terminal, run, write

from iterate import errors
from iterate.cli.session import age
from iterate.client import Client, Workspace

if TYPE_CHECKING:
    from tests.iterate.conftest import World

pytestmark = [pytest.mark.processes, pytest.mark.systems("linux", "darwin")]


def prompted(world: "World", *words: str) -> str:
    """The id of a session that was prompted."""
    done = world.run("run", "--json", "--model", "echo/echo", *words)
    assert done.returncode == 0, done.stderr
    return str(json.loads(done.stdout)["session"])


def test_a_session_is_listed_shown_renamed_and_deleted_by_the_begin_of_its_id(world: "World") -> None:
    session = prompted(world, "hello there")
    short = session[4:10]
    listed = world.run("session", "list").stdout.decode()
    assert short in listed
    assert "hello there" in listed
    assert max(map(len, listed.splitlines())) <= 80
    assert b"hello there" in world.run("session", "show", short).stdout
    assert world.run("session", "rename", "last", "another", "title").returncode == 0
    rows = json.loads(world.run("session", "list", "--json").stdout)["sessions"]
    assert [(row["id"], row["title"]) for row in rows] == [(session, "another title")]
    refused = world.run("session", "delete", short)
    assert (refused.returncode, refused.stdout) == (errors.NotConfirmed.exit_code, b"")
    assert json.loads(world.run("session", "delete", short, "--yes", "--json").stdout) == {"removed": [session]}
    assert world.run("session", "show", short).returncode == errors.SessionUnknown.exit_code


def test_a_begin_that_several_have_is_refused_and_they_are_named(world: "World") -> None:
    # Seventeen ids cannot begin with seventeen different digits.
    sessions = [prompted(world, f"number {number}") for number in range(17)]
    digits = [session[4] for session in sessions]
    twice = next(digit for digit in digits if digits.count(digit) > 1)
    done = world.run("session", "show", twice)
    assert done.returncode == errors.SessionAmbiguous.exit_code
    assert done.stderr.count(b"ses_") >= 2


def test_an_export_is_imported_under_an_id_of_its_own_with_the_same_words(world: "World") -> None:
    session = prompted(world, "carry me")
    file = world.home / "talk.json"
    assert world.run("session", "export", session, "--json", "-o", str(file)).returncode == 0
    brought = world.run("session", "import", "-", "--json", input_=file.read_bytes())
    new = json.loads(brought.stdout)["id"]
    assert new != session
    assert b"carry me" in world.run("session", "show", new).stdout
    assert world.run("session", "import", "-", input_=b"{}").returncode == errors.ExportInvalid.exit_code
    assert world.run("session", "import", "-", input_=b"no").returncode == errors.ExportInvalid.exit_code


def test_a_file_that_is_there_is_written_over_only_when_somebody_says_so(world: "World") -> None:
    session = prompted(world, "carry me")
    file = world.home / "talk.md"
    file.write_text("mine")
    refused = world.run("session", "export", "last", "-o", str(file))
    assert (refused.returncode, file.read_text()) == (errors.NotConfirmed.exit_code, "mine")
    assert b"--force writes over it" in refused.stderr
    for answer, is_written in (("n\r", False), ("y\r", True)):
        with on_terminal(world, "session", "export", session, "-o", str(file)) as shown:
            shown.until("Write over")
            shown.type(answer)
            assert shown.end() == (0 if is_written else errors.NotConfirmed.exit_code)
        assert ("carry me" in file.read_text()) == is_written
    file.write_text("mine")
    assert world.run("session", "export", "last", "--force", "-o", str(file)).returncode == 0
    assert "carry me" in file.read_text()
    done = world.run("session", "export", "last", "-o", str(world.home / "talk.json"))
    assert b"as Markdown; --json writes what session import takes" in done.stderr


def test_a_deletion_is_asked_about_on_a_terminal(world: "World") -> None:
    session = prompted(world, "precious")
    for answer, code, left in (("\r", errors.NotConfirmed.exit_code, 1), ("yes\r", 0, 0)):
        with on_terminal(world, "session", "delete", session) as shown:
            shown.until(rf"Delete {session} \(precious\)\?")
            shown.type(answer)
            assert shown.end() == code
        assert len(json.loads(world.run("session", "list", "--json").stdout)["sessions"]) == left


def test_a_session_that_there_is_not_is_named_with_those_that_may_be_meant(world: "World") -> None:
    session = prompted(world, "mend the parser")
    slip = session[4:10] + ("0" if session[10] != "0" else "1") + "f" * 17
    for word in (slip, f"ses_{slip[:12]}", "parser"):
        refused = world.run("session", "show", word)
        assert refused.returncode == errors.SessionUnknown.exit_code
        assert f"did you mean {session[4:12]} (mend the parser)?".encode() in refused.stderr


def test_continue_passes_over_a_session_that_was_never_prompted(world: "World") -> None:
    session = prompted(world, "one")
    # As another client leaves one behind.
    Client(world.announced()).create_session(Workspace(str(world.home), {}))
    assert prompted(world, "-c", "two") == session


@pytest.mark.parametrize("command", ["list", "show", "rename", "fork", "export", "diff", "revert", "unrevert"])
def test_each_gives_one_object_to_programs(world: "World", command: str) -> None:
    with chat(world, {"work": (write("a.txt", "one\n"), "It is over.")}):
        session = json.loads(run(world, "run", "--json", "work").stdout)["session"]
        if command == "unrevert":
            run(world, "session", "revert", session)
        words = {"list": (), "rename": (session, "another")}.get(command, (session,))
        done = run(world, "session", command, *words, "--json")
        told = json.loads(done.stdout)
    assert isinstance(told, dict)
    assert done.stdout.count(b"\n") == 1
    key = {"list": "sessions", "show": "session", "rename": "title", "fork": "id", "export": "events", "diff": "diff"}
    assert key.get(command, "files") in told


def test_a_fork_is_another_session_and_what_is_taken_back_comes_again(world: "World") -> None:
    session = prompted(world, "one")
    forked = json.loads(world.run("session", "fork", "last", "--json").stdout)["id"]
    assert forked != session
    assert world.run("session", "revert", session).returncode == 0
    assert world.run("session", "revert", session).returncode == errors.NotRevertible.exit_code
    assert world.run("session", "unrevert", session).returncode == 0
    assert world.run("session", "diff", session).stdout == b""


def test_run_goes_on_with_the_newest_session_of_this_folder_or_with_a_copy_of_it(world: "World") -> None:
    refused = world.run("run", "--continue", "--model", "echo/echo", "hi")
    assert refused.returncode == errors.SessionUnknown.exit_code
    session = prompted(world, "one")
    assert prompted(world, "--continue", "two") == session
    assert prompted(world, "--session", session[4:12], "three") == session
    assert prompted(world, "-c", "--fork", "four") != session
    for words in (("--fork", "x"), ("-c", "--session", session, "x")):
        assert world.run("run", *words).returncode == errors.UsageError.exit_code


@pytest.mark.parametrize(
    ("spent", "words"), [(5, "just now"), (120, "2 min"), (7200, "2 h"), (90_000, "1 day"), (864_000, "10 days")]
)
def test_an_age_is_said_in_its_largest_unit(spent: int, words: str) -> None:
    assert age(1000, 1000 + spent) == words


def test_where_no_session_worked_the_newest_is_told_how_to_begin_one(world: "World") -> None:
    done = world.run("session", "show", "last")
    assert done.returncode == errors.SessionUnknown.exit_code
    assert b"hint: iterate run begins one; iterate session list --all" in done.stderr


def test_people_see_what_the_columns_of_lists_are(world: "World") -> None:
    prompted(world, "see me")
    for words, head in (
        (("session", "list", "--all"), "session +last +prompts +cost +title"),
        (("models",), "model +window +price"),
    ):
        with on_terminal(world, *words) as shown:
            shown.until(head)
            assert shown.end() == 0
        assert head.split()[0].encode() != world.run(*words).stdout.split()[0]
