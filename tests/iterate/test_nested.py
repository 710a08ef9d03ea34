"""What agents did stands nested again in a session that is opened later, once, and waits for no agent that works."""

import json
from collections.abc import Callable, Sequence

from iterate import heard
from iterate.errors import SessionUnknown
from iterate.heard import Heard
from iterate.settings import Screen
from iterate.terminal import drawing, rows
from iterate.terminal.story import Story
from iterate.tui import nested


def event(of: str, number: int, **fields: object) -> Heard:
    return heard.read("", json.dumps({"session": of, "number": number, **fields}))


def prompted(of: str) -> Heard:
    return event(of, 1, type="prompted", id="p", model="m", directory="/", parts=[{"type": "text", "text": "go"}])


def called(of: str, number: int, call: str, tool: str = "bash") -> Heard:
    given = {"command": f"make {call}"} if tool == "bash" else {"agent": "explore", "prompt": "look"}
    return event(of, number, type="part", part={"type": "tool_call", "call": call, "tool": tool, "arguments": given})


def gave(of: str, number: int, call: str, text: str = "x") -> Heard:
    part = {"type": "tool_result", "call": call, "status": "ok", "text": text}
    return event(of, number, type="part", part=part)


def task(of: str, number: int, call: str, child: str) -> Heard:
    return event(of, number, type="task", call=call, agent="explore", child=child)


def done(of: str, number: int) -> Heard:
    return event(of, number, type="done", usage={"type": "usage", "input": 1, "output": 1})


TWO = [
    prompted("s"),
    called("s", 2, "a", "task"),
    called("s", 3, "b", "task"),
    task("s", 4, "a", "one"),
    task("s", 5, "b", "two"),
    gave("s", 6, "b"),
    gave("s", 7, "a"),
    done("s", 8),
]
SESSIONS: dict[str, Sequence[Heard]] = {
    "one": [
        prompted("one"),
        event("one", 2, type="part", part={"type": "text", "text": "I look."}),
        called("one", 3, "x"),
        gave("one", 4, "x", "y" * 5000),
        called("one", 5, "deep", "task"),
        task("one", 6, "deep", "three"),
        gave("one", 7, "deep"),
        done("one", 8),
    ],
    "two": [prompted("two"), called("two", 2, "z"), gave("two", 3, "z"), done("two", 4)],
    "three": [prompted("three"), called("three", 2, "w"), gave("three", 3, "w"), done("three", 4)],
}


def reading(asked: list[str]) -> Callable[[str], Sequence[Heard]]:
    def read(session: str) -> Sequence[Heard]:
        asked.append(session)
        if session not in SESSIONS:
            raise SessionUnknown(f"there is no session {session}")
        return SESSIONS[session]

    return read


def seen(events: Sequence[Heard]) -> list[str]:
    story = Story(drawing.look(Screen(), is_talk=True)._replace(has_prompts=True, columns=80))
    return [rows.plain(each) for one in events for each in story.take(one, None)]


def test_the_calls_of_agents_stand_nested_with_those_of_agents_below_them() -> None:
    asked: list[str] = []
    found = nested.whole(TWO, reading(asked))
    assert [each for each in found if each.word("session") == "s"] == TWO
    assert sorted(asked) == ["one", "three", "two"]
    told = [each for each in seen(found) if "make" in each]
    assert [sum(name in each for each in told) for name in ("make x", "make w", "make z")] == [1, 1, 1]
    assert all("explore" in each for each in told)
    assert "explore explore" in next(each for each in told if "make w" in each)
    # What was long is there as far as it is shown.
    assert max(len(each.inner("part").word("text")) for each in found) < 5000


def test_who_works_still_is_followed_and_who_is_shown_already_is_not_read() -> None:
    asked: list[str] = []
    assert nested.whole(TWO[:6], reading(asked), {"two"}) == TWO[:6]
    assert asked == []


def test_work_that_was_broken_off_is_over_too() -> None:
    ended = [*TWO[:4], event("s", 9, type="failed", reason="cancelled", message="")]
    assert any("make x" in each for each in seen(nested.whole(ended, reading([]))))


def test_a_session_that_is_gone_takes_nothing_else_away() -> None:
    events = [*TWO[:3], task("s", 4, "a", "gone"), *TWO[4:]]
    told = seen(nested.whole(events, reading([])))
    assert any("make z" in each for each in told)


def test_who_opens_a_session_waits_for_few_agents_the_newest_first() -> None:
    many = [prompted("s")]
    for place in range(200):
        many += [task("s", len(many) + 1, f"c{place}", "two"), gave("s", len(many) + 2, f"c{place}")]
    asked: list[str] = []
    found = nested.whole(many, reading(asked))
    assert len(asked) < 100
    assert found[-2].word("session") == "two"
    asked.clear()
    ticks = iter(range(1000))
    nested.whole(many, reading(asked), clock=lambda: float(next(ticks)))
    assert len(asked) < 5
