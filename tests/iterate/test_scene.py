"""One session on two screens, the scrollback and one of its own: what was seen of it is known on both."""

import json

from iterate import heard
from iterate.heard import Heard
from iterate.settings import Emulator, Screen
from iterate.terminal import rows
from iterate.terminal.capabilities import Inquiry
from iterate.terminal.story import Look, Story
from iterate.tui import frame
from iterate.tui.contract import Size
from iterate.tui.scene import Scene
from iterate.tui.stalls import Stalls

LOOK = Look(columns=60, lines=30, is_talk=True, has_prompts=True)


class Stage:
    """A scene that nothing is painted of, its screen changed as the program does."""

    def __init__(self) -> None:
        self.scene = Scene(Screen(), None)
        self.scene.size = Size(LOOK.columns, LOOK.lines)
        self.scene.furnish()
        self.story()
        self.events: list[Heard] = []

    def story(self) -> None:
        self.scene.story = Story(LOOK, self.scene._times)

    def take(self, *told: Heard, now: float) -> None:
        for event in told:
            self.events += [event] if event.kind not in {"delta", "tool.output"} else []
            self.scene.take(event, now)

    def whole(self) -> None:
        """The screen is taken, and the session read again."""
        scene = self.scene
        scene.stalls = Stalls(lambda _: None, scene._live.paint, LOOK, scene.size, lambda _: None, scene._times)
        scene.stalls.pages.greet(scene._greeting)
        scene._below, scene._shown, scene._stopped = scene._shown, 0, scene._number
        for each in self.events:
            scene.take(each, None)
        scene.catch_up()

    def back(self, after: int) -> None:
        """The screen is given back, and the scrollback gets what came behind that event."""
        self.scene.stalls = None
        self.scene._go_on()
        for each in self.events:
            if each.number > after:
                self.scene.take(each, None)

    def seen(self, now: float = 0.0) -> list[str]:
        """All that is on the screen."""
        scene = self.scene
        if scene.stalls is not None:
            return [rows.plain(each) for each in scene.stalls.pages.view(1000, now).rows]
        assert scene.story is not None
        return [rows.plain(each) for each in (*scene._final, *scene.story.open(now))]


def event(**fields: object) -> Heard:
    return heard.read("", json.dumps({"session": "s", **fields}))


def prompted(number: int) -> Heard:
    return event(
        type="prompted",
        number=number,
        id=f"p{number}",
        model="m",
        directory="/",
        parts=[{"type": "text", "text": "go"}],
    )


def called(number: int, id_: str = "c") -> Heard:
    part = {"type": "tool_call", "call": id_, "tool": "bash", "arguments": {"command": f"make {number}"}}
    return event(type="part", number=number, part=part)


def gave(number: int, id_: str = "c") -> Heard:
    return event(type="part", number=number, part={"type": "tool_result", "call": id_, "status": "ok", "text": "x"})


def done(number: int) -> Heard:
    used = {"type": "usage", "input": 10, "output": 2, "cost_micro_usd": 1000}
    return event(type="done", number=number, usage=used)


def test_what_took_its_time_says_so_on_both_screens() -> None:
    stage = Stage()
    stage.take(prompted(1), called(2), now=1.0)
    stage.take(gave(3), event(type="part", number=4, part={"type": "text", "text": "It ran."}), now=4.5)
    stage.take(done(5), now=6.0)
    inline = stage.seen()
    assert any("make 2  3.5 s" in each for each in inline)
    stage.whole()
    assert [each for each in stage.seen() if each] == [each for each in inline if each]
    stage.take(prompted(6), called(7), now=10.0)
    stage.take(gave(8), done(9), now=12.5)
    stage.back(5)
    assert any("make 7  2.5 s" in each for each in stage.seen())
    assert len([each for each in stage.seen() if "make 2  3.5 s" in each]) == 1


def test_a_call_that_runs_goes_on_with_its_time_and_its_output() -> None:
    stage = Stage()
    stage.take(prompted(1), called(2), now=1.0)
    stage.take(event(type="tool.output", call="c", text="half of it\n"), now=2.0)
    stage.take(event(type="permission.asked", number=3, id="r", call="c"), now=3.0)
    stage.take(event(type="permission.answered", number=4, id="r", call="c", decision="once"), now=8.0)
    inline = stage.seen(11.0)
    assert any("make 2  5 s" in each for each in inline)
    stage.whole()
    assert [each for each in stage.seen(11.0) if each] == [each for each in inline if each]
    stage.take(event(type="tool.output", call="c", text="the rest\n"), now=12.0)
    stage.back(4)
    assert [each.strip("\N{BOX DRAWINGS LIGHT VERTICAL} ") for each in stage.seen(13.0)][-2:] == [
        "half of it",
        "the rest",
    ]
    stage.take(gave(5), done(6), now=14.0)
    assert any("make 2  8.0 s" in each for each in stage.seen())


def test_what_the_program_said_stands_where_it_was_said_on_both_screens() -> None:
    stage = Stage()
    stage.scene.greet([(rows.span("hello"),)], [(rows.span("hello, whole"),)])
    stage.scene.say([(rows.span("before all"),)])
    stage.take(prompted(1), gave(2), now=1.0)
    stage.scene.say([(rows.span("in between"),)])
    stage.take(done(3), prompted(4), done(5), now=2.0)
    stage.scene.say([(rows.span("at the end"),)])
    stage.whole()
    words = [
        each for each in stage.seen() if each in {"hello, whole", "before all", "in between", "at the end", "> go"}
    ]
    assert words == ["hello, whole", "before all", "> go", "in between", "> go", "at the end"]
    stage.scene.say([(rows.span("said there"),)])
    stage.take(prompted(6), done(7), now=3.0)
    stage.back(5)
    told = [each for each in stage.seen() if each]
    assert told.count("at the end") == told.count("in between") == told.count("said there") == 1
    assert told.index("at the end") < told.index("said there")
    stage.whole()
    assert stage.seen().count("said there") == 1


def test_another_session_on_the_whole_screen_shows_nothing_of_this_one_as_if_it_ran() -> None:
    stage = Stage()
    stage.whole()
    stage.take(prompted(1), called(2), now=1.0)
    stage.take(event(type="delta", number=3, kind="text", offset=0, text="half a"), now=1.0)
    stage.scene.settle()
    assert not any("make" in each or "waiting" in each for each in stage.seen(99.0)[-1:])
    assert "half a" in stage.seen(99.0)


def test_the_first_row_of_a_screen_of_its_own_says_what_this_is_and_how_to_go_on() -> None:
    inline, whole = frame.greetings("iterate 1.2.3", "trial/m", "~/work", 99)
    assert rows.plain(inline[0]) == "iterate 1.2.3  trial/m  /help shows commands, Ctrl-D leaves"
    assert [rows.plain(each) for each in whole] == [
        "iterate 1.2.3  trial/m  ~/work",
        "/help shows commands, Ctrl-D leaves",
        "",
    ]
    narrow, _ = frame.greetings("iterate 1.2.3", "trial/m", "~/work", 30)
    assert [rows.plain(each) for each in narrow] == [
        "iterate 1.2.3  trial/m",
        "/help shows commands, Ctrl-D",
        "leaves",
        "",
    ]
    stage = Stage()
    stage.scene.mode = "full"
    stage.whole()
    stage.scene.greet(inline, whole)
    assert stage.seen()[0] == "iterate 1.2.3  trial/m  ~/work"
    earlier = [
        event(type="prompted", number=1, id="p", model="m", directory="/", parts=[{"type": "text", "text": "old"}])
    ]
    assert stage.scene.stalls is not None
    stage.scene.stalls.pages.prepend(earlier, 0)
    assert [each for each in stage.seen() if each][:3] == [*[rows.plain(each) for each in whole[:2]], "> old"]


def test_what_there_is_to_do_is_shown_once() -> None:
    stage = Stage()
    stage.whole()
    assert stage.scene.stalls is not None
    pages = stage.scene.stalls.pages

    def todo(number: int, status: str) -> Heard:
        return event(type="todo", number=number, items=[{"text": "the thing", "status": status}])

    stage.take(prompted(1), todo(2, "open"), todo(3, "active"), now=1.0)
    assert [each.strip() for each in stage.seen() if "the thing" in each] == [
        "\N{BLACK RIGHT-POINTING SMALL TRIANGLE} the thing"
    ]
    pages.has_panel = True
    assert not any("the thing" in each for each in stage.seen())
    stage.take(todo(4, "done"), done(5), now=2.0)
    assert [each.strip() for each in stage.seen() if "the thing" in each] == ["\N{CHECK MARK} the thing"]


def test_what_an_agent_below_says_when_its_call_is_over_is_not_said_again() -> None:
    stage = Stage()
    answered = event(type="permission.answered", number=5, id="r", call="c", decision="once")
    stage.take(prompted(1), called(2), event(type="task", number=3, call="c", agent="a", child="below"), now=1.0)
    below = heard.read("", json.dumps({**answered.fields, "session": "below"}))
    stage.scene.take_below(below, 1.0)
    stage.take(answered, gave(6), now=2.0)
    for each in (below, heard.read("", json.dumps({"session": "below", "type": "failed", "number": 9, "reason": "x"}))):
        stage.scene.take_below(each, 3.0)
    assert len([each for each in stage.seen() if "allowed once" in each]) == 1
    assert any("waiting for the model" in each for each in stage.seen(3.0))


def test_a_screen_of_its_own_learns_what_the_terminal_can_show() -> None:
    stage = Stage()
    stage.whole()
    assert stage.scene.stalls is not None
    pages = stage.scene.stalls.pages
    stage.scene._inquiry = inquiry = Inquiry(Emulator("kitty", "0.40.1", is_askable=True))
    inquiry.known = inquiry.known._replace(has_kitty_images=True)
    stage.scene._tell()
    assert pages.look.has_links
    assert pages.album is not None
    assert pages.album.in_cells
    album = pages.album
    stage.scene._tell()
    assert pages.album is album
    inquiry.known = inquiry.known._replace(version="0.26.5")
    stage.scene._tell()
    assert pages.album is None


def test_what_an_agent_below_did_is_there_on_both_screens() -> None:
    def below(of: Heard) -> Heard:
        return heard.read("", json.dumps({**of.fields, "session": "below"}))

    stage = Stage()
    task = event(type="task", number=3, call="c", agent="explore", child="below")
    stage.take(prompted(1), called(2), task, now=1.0)
    stage.scene.take_below(below(called(2, "x")), 2.0)
    stage.scene.take_below(below(gave(3, "x")), 4.0)
    stage.scene.take_below(below(called(4, "y")), 5.0)
    stage.scene.take_below(below(event(type="permission.asked", number=5, id="r", call="y")), 6.0)
    stage.scene.take_below(below(event(type="permission.answered", number=6, id="r", call="y")), 7.0)
    inline = [each for each in stage.seen(8.0) if each]
    assert any("explore 2" in each and "2.0 s" in each for each in inline)
    stage.whole()
    assert [each for each in stage.seen(8.0) if each] == inline
    stage.scene.take_below(below(gave(7, "y")), 9.0)
    stage.back(3)
    again = [each for each in stage.seen(9.0) if "explore 3" in each]
    assert len(again) == 1
    assert "3.0 s" in again[0]
    stage.take(gave(4), done(5), now=10.0)
    stage.whole()
    told = [each for each in stage.seen(10.0) if ("explore" in each and "make" in each) or "make 2" in each]
    assert [each.split("  ")[-1] for each in told] == ["2.0 s", "3.0 s", "9.0 s"]
