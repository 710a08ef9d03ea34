"""Every option of `run`: what it changes is seen by the model, in the session, or on the two outputs."""

import base64
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pytest
from tests.iterate.chatting import Calls, bash, chat, on_terminal, project, run, write

from iterate import errors

if TYPE_CHECKING:
    from tests.iterate.conftest import World

pytestmark = [pytest.mark.processes, pytest.mark.systems("linux", "darwin")]

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
LISTING = Calls(tool="list", arguments={"path": "."})
SAID = {
    "work": (write("a.txt", "one\n"), bash("touch b"), "# Done\n\nIt is over.\n"),
    "loop": tuple(LISTING for _ in range(50)),
}
# What the object of `--format json` holds, and of which type: programs rely on it.
OBJECT = {
    "session": str,
    "prompt": str,
    "model": str,
    "agent": str,
    "ending": str,
    "reason": str,
    "message": str,
    "text": str,
    "steps": int,
    "calls": int,
    "denied": int,
    "input": int,
    "cache_read": int,
    "output": int,
    "cost_micro_usd": int,
    "total_tokens": int,
    "total_cost_micro_usd": int,
    "files": list,
}


def answer(world: "World", *words: str) -> Mapping[str, object]:
    """The object that an answer is, whether it came to its end or not."""
    done = run(world, "run", "--json", *words)
    found: dict[str, object] = json.loads(done.stdout)
    assert (done.returncode == 0) == (found["ending"] == "done"), done.stderr
    return found


def sent(asked: list[dict[str, object]]) -> str:
    """The messages of the newest request."""
    return json.dumps(asked[-1]["messages"])


def test_files_and_images_reach_the_model_with_the_prompt(world: "World") -> None:
    (project(world) / "notes.txt").write_text("the secret word is plover\n")
    (project(world) / "dot.png").write_bytes(PIXEL)
    with chat(world, {}) as asked:
        run(world, "config", "set", "providers.trial.models.m.images", "true")
        assert answer(world, "--file", "notes.txt", "--image", "dot.png", "look")["ending"] == "done"
        assert "plover" in sent(asked)
        assert f"data:image/png;base64,{base64.b64encode(PIXEL).decode()}" in sent(asked)
        for words in (("--file", "none.txt"), ("--image", "notes.txt"), ("--file", ".")):
            done = run(world, "run", *words, "look")
            assert (done.returncode, done.stdout) == (errors.FileNotSent.exit_code, b"")
            assert words[1].encode() in done.stderr
        assert len(asked) == 1


def test_a_fork_goes_on_in_a_copy_and_leaves_the_other_as_it_was(world: "World") -> None:
    with chat(world, {}) as asked:
        first = answer(world, "remember plover")["session"]
        copy = answer(world, "--session", str(first), "--fork", "go on")["session"]
        assert copy != first
        assert "plover" in sent(asked)
        assert answer(world, "-c", "more")["session"] == copy
    shown = [json.loads(run(world, "session", "show", str(each), "--json").stdout)["prompts"] for each in (first, copy)]
    assert [[row["text"] for row in each] for each in shown] == [
        ["remember plover"],
        ["remember plover", "go on", "more"],
    ]


def test_the_effort_the_model_and_the_agent_are_those_that_were_named(world: "World") -> None:
    with chat(world, {}) as asked:
        run(world, "config", "set", "providers.trial.models.other.reasoning", "true")
        told = answer(world, "--model", "trial/other", "--effort", "high", "--agent", "plan", "think")
        assert (told["model"], told["agent"]) == ("trial/other", "plan")
        assert (asked[-1]["model"], asked[-1].get("reasoning_effort")) == ("other", "high")
        assert "You plan; you change nothing" in sent(asked)
        assert answer(world, "--model", "trial/other", "think")["agent"] == "build"
        assert "reasoning_effort" not in asked[-1]


@pytest.mark.parametrize(
    ("option", "bound", "reason"),
    [("--max-steps", "3", "steps"), ("--max-tokens", "250", "tokens"), ("--max-cost", "0.0003", "cost")],
)
def test_an_answer_ends_at_its_bound_and_says_which_one_it_was(
    world: "World", option: str, bound: str, reason: str
) -> None:
    with chat(world, SAID) as asked:
        told = answer(world, option, bound, "loop")
        assert (told["ending"], told["reason"]) == ("failed", reason)
        assert len(asked) == told["steps"]
        assert len(asked) <= 3
        assert run(world, "run", option, "0" if reason == "steps" else "-1", "loop").returncode == 2


def test_yes_runs_inside_the_sandbox_without_asking_and_nothing_else_does(world: "World") -> None:
    with chat(world, SAID):
        told = answer(world, "work")
        assert (told["denied"], told["calls"]) == (1, 2)
        assert not (project(world) / "b").exists()
        (project(world) / "a.txt").unlink()
        told = answer(world, "--yes", "work")
        assert told["denied"] == 0
        assert (project(world) / "b").exists()


def test_json_is_one_object_with_these_fields_however_the_answer_ends(world: "World") -> None:
    with chat(world, SAID):
        for words in (("work",), ("--max-steps", "1", "loop")):
            told = answer(world, *words)
            assert {name: type(value) for name, value in told.items()} == OBJECT
        told = answer(world, "--yes", "--format", "json", "work again")
    assert told["text"] == "# Done\n\nIt is over.\n"


def test_stream_json_is_the_events_of_the_session_a_line_each(world: "World") -> None:
    with chat(world, SAID):
        done = run(world, "run", "--format", "stream-json", "work")
        events = [json.loads(line) for line in done.stdout.splitlines()]
        kinds = [event["type"] for event in events]
        assert (kinds[0], kinds[-1]) == ("prompted", "done")
        assert {"part", "permission.asked", "permission.answered"} <= set(kinds)
        session = events[0]["session"]
        assert all(event["session"] == session for event in events)
        kept = json.loads(run(world, "session", "export", session, "--json").stdout)["events"]
    stored = [event for event in events if event["type"] != "delta"]
    assert [each["type"] for each in kept] == [each["type"] for each in stored]


def test_text_in_a_pipe_is_the_text_alone_and_verbose_says_the_rest_on_the_other_output(world: "World") -> None:
    with chat(world, SAID):
        for words, told in ((("-q",), False), (("-v",), True)):
            (project(world) / "a.txt").unlink(missing_ok=True)
            done = run(world, "run", *words, "work")
            assert done.stdout == b"# Done\n\nIt is over.\n"
            assert (b"tool 1 done: write a.txt" in done.stderr) == told
            assert (b"+one" in done.stderr) == told
            assert (b"3 steps" in done.stderr) == told
            assert b"It is over" not in done.stderr
            assert done.stderr or not told


def test_verbose_shows_whole_diffs_on_a_terminal_too(world: "World") -> None:
    many = "".join(f"line {number}\n" for number in range(30))
    with chat(world, {"write": (write("long.txt", many), "Yes.")}):
        with on_terminal(world, "run", "write") as shown:
            assert shown.end() == 0
            shown.until("20 more rows: --verbose shows all")
            assert "line 29" not in shown.text
        (project(world) / "long.txt").unlink()
        with on_terminal(world, "run", "--verbose", "write") as shown:
            assert shown.end() == 0
            assert "+line 29" in shown.text
            assert b"32m+line 29" in shown.raw
        (project(world) / "long.txt").unlink()
        with on_terminal(world, "run", "--verbose", "write", variables={"NO_COLOR": "1"}) as shown:
            assert shown.end() == 0
            assert "+line 29" in shown.text
            assert b"\x1b[32m" not in shown.raw


def test_a_prompt_comes_from_standard_input_and_options_stand_before_it(world: "World") -> None:
    with chat(world, {}) as asked:
        for words in (("run", "-"), ("run",)):
            assert run(world, *words, input_=b"from a pipe\n").stdout == b"Yes.\n"
            assert "from a pipe" in sent(asked)


def test_an_answer_says_what_it_cost_with_its_sub_agents(world: "World") -> None:
    work = Calls(tool="task", arguments={"agent": "general", "prompt": "Look around"})
    with chat(world, {"begin": (work, "Done."), "Look around": ("Seen.",)}):
        found = answer(world, "begin")
        listed = json.loads(run(world, "session", "list", "--json").stdout)["sessions"]
    assert (found["text"], found["input"], found["output"]) == ("Done.", 200, 40)
    assert found["total_tokens"] == 360
    assert isinstance(found["cost_micro_usd"], int)
    assert found["total_cost_micro_usd"] == found["cost_micro_usd"] * 3 // 2
    (row,) = listed
    assert (row["total_tokens"], row["total_cost_micro_usd"]) == (360, found["total_cost_micro_usd"])
    assert row["cost_micro_usd"] == found["cost_micro_usd"]
