"""Agents that work for a session are followed while they do, each by its own stream, and can be looked into."""

from collections import deque
from collections.abc import Callable

from tests.iterate.fakeprogram import FakeProgram, heard, press, seen

from iterate.heard import Heard
from iterate.tui import beneath
from iterate.tui.beneath import Beneath, Stream
from iterate.tui.figures import Figures


class Reading:
    """A stream of a test."""

    def __init__(self, session: str, news: Callable[[Stream], None]) -> None:
        self.session, self.news, self.is_closed = session, news, False
        self.events: deque[Heard] = deque()

    def take(self) -> Heard | None:
        return self.events.popleft() if self.events else None

    def close(self) -> None:
        self.is_closed = True

    def say(self, *events: Heard) -> None:
        self.events += events
        self.news(self)


class Stage:
    """A session with agents below it."""

    def __init__(self) -> None:
        self.program = FakeProgram()
        self.figures = Figures("ses_1")
        self.streams: list[Reading] = []
        self.heard: list[Heard] = []
        self.beneath = Beneath(self.program, lambda: self.figures, self.follow)
        self.beneath.hear = self.take

    def follow(self, session: str, news: Callable[[Stream], None]) -> Reading:
        self.streams.append(Reading(session, news))
        return self.streams[-1]

    def take(self, event: Heard) -> None:
        self.heard.append(event)
        self.figures.take(event)

    def own(self, *events: Heard) -> None:
        for each in events:
            self.figures.take(each)
            self.beneath.look()
        self.program.wait()


def begun(session: str, call: str, child: str) -> list[Heard]:
    part = {"type": "tool_call", "call": call, "tool": "task", "arguments": {"prompt": "look"}}
    return [
        heard("part", session=session, part=part),
        heard("task", session=session, call=call, child=child, agent="explore"),
    ]


def over(session: str, call: str) -> Heard:
    return heard("part", session=session, part={"type": "tool_result", "call": call, "status": "ok", "text": ""})


def test_an_agent_is_followed_while_it_works_and_those_below_it_too() -> None:
    stage = Stage()
    stage.own(heard("prompted"), *begun("ses_1", "c1", "ses_2"))
    (first,) = stage.streams
    first.say(heard("prompted", session="ses_2"), *begun("ses_2", "d1", "ses_3"))
    stage.program.wait()
    assert [each.session for each in stage.streams] == ["ses_2", "ses_3"]
    stage.streams[1].say(heard("done", session="ses_3"))
    stage.program.wait()
    assert [each.is_closed for each in stage.streams] == [False, True]
    stage.own(over("ses_1", "c1"))
    assert all(each.is_closed for each in stage.streams)
    # What comes late belongs to nothing that is shown.
    count = len(stage.heard)
    first.say(heard("prompted", session="ses_2"))
    assert len(stage.heard) == count


def test_agents_of_a_session_that_is_read_again_are_not_followed_once_more() -> None:
    stage = Stage()
    calls = [(f"c{number}", f"ses_{number + 2}") for number in range(50)]
    stage.own(*[each for call, child in calls for each in (*begun("ses_1", call, child), over("ses_1", call))])
    assert stage.streams == []


def test_many_at_once_are_not_all_followed() -> None:
    stage = Stage()
    stage.own(*[each for number in range(40) for each in begun("ses_1", f"c{number}", f"ses_{number + 2}")])
    assert len(stage.streams) == beneath.MOST
    stage.beneath.close()
    assert all(each.is_closed for each in stage.streams)


def test_one_is_looked_into_from_a_list_with_those_that_work_first() -> None:
    rows = [
        {"id": "ses_9", "title": "done before", "agent": "general", "is_running": False},
        {"id": "ses_2", "title": "look around", "agent": "explore", "is_running": True},
    ]
    program = FakeProgram({"GET /session": {"sessions": rows}})
    program.session = "ses_1"
    beneath.show(program)
    assert program.asked[0][1].startswith("/session?parent=ses_1")
    (listing,) = program.widgets
    shown = [row for row in seen(listing) if "look around" in row or "done before" in row]
    assert "works" in shown[0]
    assert "has ended" in shown[1]
    press(listing, "enter")
    assert (program.session, program.widgets) == ("ses_2", [])
