"""A vendor that is busy, broken or cut off in mid-answer, through the real program: told, waited for, not doubled."""

import json
import time
from email.utils import formatdate
from pathlib import Path

import pytest
from tests.iterate import spoken
from tests.iterate.conftest import World
from tests.iterate.replaying import Answer, refusal, replay_beside
from tests.iterate.spoken import Called, Said
from tests.iterate.test_tasks_scripted import exported, home, run, settings

__all__ = ["home"]

pytestmark = [pytest.mark.processes, pytest.mark.systems("linux")]

BUSY = {"error": {"type": "overloaded_error", "message": "busy", "code": "rate_limit_exceeded"}}
TEXT = "The answer is forty-two, and it is written down."


def good(wire: str) -> bytes:
    calls = (Called(id="c1", tool="list", arguments={"path": "."}),)
    return spoken.transcript(wire, (Said(text=TEXT, calls=calls, read=10, wrote=5),))


def last(wire: str) -> Answer:
    return Answer(pieces=(spoken.transcript(wire, (Said(text="Done.", read=20, wrote=2),)),))


def troubled(wire: str) -> list[Answer]:
    """Busy with seconds, busy with a date, gone before a word, cut in the middle of the text, and then well."""
    whole = good(wire)
    middle = whole.index(b"\n\n", whole.index(b"forty")) + 2
    return [
        refusal(429, BUSY, "Retry-After: 1"),
        refusal(503, BUSY, f"Retry-After: {formatdate(time.time() + 2, usegmt=True)}"),
        Answer(end="cut"),
        Answer(pieces=(whole[:middle], 0.3), end="cut"),
        Answer(pieces=(whole,)),
        last(wire),
    ]


@pytest.mark.parametrize("wire", sorted(spoken.FORMATS))
def test_what_passes_is_tried_again_with_a_word_and_nothing_of_a_broken_try_counts(
    wire: str, home: World, tmp_path: Path
) -> None:
    project, config = tmp_path / "project", tmp_path / "config.toml"
    project.mkdir()
    task = tmp_path / "task"
    task.mkdir()
    (task / "settings.toml").write_text("")
    with replay_beside(*troubled(wire)) as server:
        config.write_text(settings(wire, server.url, task))
        done = run(home, project, config, "run", "--format", "stream-json", "--", "go")
        assert done.returncode == 0, done.stderr
        events = [json.loads(line) for line in done.stdout.splitlines()]
        assert len(server.asked) == 6
        # Each try of a step is asked the same.
        assert len({asked.body for asked in server.asked[:5]}) == 1
    retries = [event for event in events if event["type"] == "retry"]
    assert [event["attempt"] for event in retries] == [1, 2, 3, 4]
    assert retries[0]["wait_ms"] == 1000
    assert retries[1]["wait_ms"] <= 2000
    assert all(event["reason"] and event["at_ms"] > 0 for event in retries)
    session = str(events[0]["session"])
    (whole,) = exported(home, project, config, session)
    assert isinstance(whole["events"], list)
    first = max(event["number"] for event in whole["events"] if event["type"] == "retry")
    begun = min(event["first"] for event in whole["events"] if event["type"] == "retry" and event["first"])
    parts = [event for event in whole["events"] if event["type"] == "part"]
    counted = [event["part"] for event in parts if not begun <= event["number"] < first]
    assert [part["text"] for part in counted if part["type"] == "text"] == [TEXT, "Done."]
    assert [part["call"] for part in counted if part["type"] == "tool_call"] == ["c1"]
    shown = run(home, project, config, "session", "show", session)
    assert shown.stdout.decode().count("forty-two") == 1
    written = run(home, project, config, "session", "export", session)
    assert written.stdout.decode().count("forty-two") == 1


def test_in_a_pipe_a_broken_try_is_told_beside_it_and_the_next_one_is_whole(home: World, tmp_path: Path) -> None:
    wire = "openai-chat"
    project, config = tmp_path / "project", tmp_path / "config.toml"
    project.mkdir()
    task = tmp_path / "task"
    task.mkdir()
    (task / "settings.toml").write_text("")
    whole = good(wire)
    cut = Answer(pieces=(whole[: whole.index(b"\n\n", whole.index(b"forty")) + 2], 0.3), end="cut")
    for form in ("text", "json"):
        with replay_beside(cut, Answer(pieces=(whole,)), last(wire)) as server:
            config.write_text(settings(wire, server.url, task))
            done = run(home, project, config, "run", "--format", form, "--", "go")
        assert done.returncode == 0, done.stderr
        assert b"trying again in 1 s" in done.stderr
        if form == "json":
            assert json.loads(done.stdout)["text"] == "Done."
        else:
            # What was printed cannot be taken back: the next try begins on a line of its own.
            *broken, again, over = done.stdout.decode().splitlines()
            assert (again, over) == (TEXT, "Done.")
            assert all(TEXT.startswith(line) for line in broken)
