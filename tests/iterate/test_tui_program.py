"""What the program does by itself: with a line that is typed, with notes, when it stops and goes on."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, cast, override

import pytest
from tests.iterate.emulated.painted import as_heard, called, delta, gave, prompted
from tests.iterate.wholescreen import WholeScreen

from iterate import settings
from iterate.errors import UsageError
from iterate.events import PermissionAnswered, PermissionAsked, Watched
from iterate.heard import Heard
from iterate.reach import Wanted
from iterate.server import bodies
from iterate.settings import Mode, Screen
from iterate.terminal import rows
from iterate.terminal.keyboard import Keyboard
from iterate.terminal.keys import Key
from iterate.terminal.rows import row
from iterate.tui import prompts
from iterate.tui.contract import Size
from iterate.tui.options import Options
from iterate.tui.program import Conversation

if TYPE_CHECKING:
    from iterate.tui.link import Following

# Nobody listens there.
NOBODY = Wanted(url="http://127.0.0.1:1")


class Stopping(Keyboard):
    """A keyboard that looks, while the process is stopped, whether a thread could start a server."""

    program: Conversation
    was_held = False

    @override
    def suspend(self) -> None:
        with self.program.door.held() as is_free:
            self.was_held = not is_free


def begun(folder: Path, wanted: Wanted | None = None) -> tuple[Conversation, Stopping]:
    here = settings.read({"HOME": str(folder), "ITERATE_HOME": str(folder)})
    keyboard = Stopping(0)
    program = Conversation(here, Screen(), keyboard, wanted, Options(directory=str(folder)))
    keyboard.program = program
    return program, keyboard


def said(program: Conversation) -> list[str]:
    return [rows.plain(each) for each in program.scene._final]


def work(program: Conversation) -> None:
    """What other threads handed over."""
    program._loop._work()


def test_no_thread_starts_a_server_while_the_process_is_stopped(tmp_path: Path) -> None:
    program, keyboard = begun(tmp_path)
    program.suspend()
    assert keyboard.was_held
    # And afterwards one may.
    with program.door.held() as is_free:
        assert is_free


def test_what_is_told_of_a_server_at_an_address_is_told_once_however_often_it_comes_back(tmp_path: Path) -> None:
    program, _ = begun(tmp_path, Wanted(url="http://127.0.0.1:1"))
    for _ in range(3):
        program._note("what is said to it can be read on its way")
        work(program)
    assert said(program) == ["note: what is said to it can be read on its way"]


@pytest.mark.parametrize("typed", ["something typed", "two\nlines"])
def test_a_text_that_is_put_into_the_line_leaves_what_was_typed_there_to_be_found(tmp_path: Path, typed: str) -> None:
    from iterate.tui.past import Past

    program, _ = begun(tmp_path)
    program._past = Past(program)
    program.editor.set(typed)
    program.write("an earlier prompt")
    assert program.editor.text == "an earlier prompt"
    program.editor.set("")
    for _ in range(typed.count("\n") + 1):
        program.editor.act("up", Key("up"))
    assert program.editor.text == typed
    program._past.close()


def test_a_text_that_stands_there_already_is_not_kept_twice(tmp_path: Path) -> None:
    from iterate.tui.past import Past

    program, _ = begun(tmp_path)
    program._past = Past(program)
    program.editor.set("the same")
    program.write("the same")
    program.editor.set("  ")
    program.write("another")
    program.editor.set("")
    program.editor.act("up", Key("up"))
    assert program.editor.text == ""
    program._past.close()


def test_nothing_wakes_up_while_all_that_runs_waits_for_a_person() -> None:
    screen = WholeScreen()
    screen.hear(prompted("run it"), called(2, "c", "bash", command="make"))
    loop = screen.program._loop

    def passes() -> int:
        """Time goes by; how many timers there are then."""
        for timer in list(loop._timers):
            loop.cancel(timer.number)
            timer.call()
        return len(loop._timers)

    assert passes() == 1  # What counts seconds.
    asked = PermissionAsked(number=3, session="s", id="p", call="c", tool="bash", why="it asks")
    screen.hear(asked)
    passes()
    assert passes() == 0
    # Another call that works meanwhile counts.
    screen.hear(called(4, "d", "bash", command="sleep 9"))
    assert passes() == 1
    screen.hear(gave(5, "d", "done"))
    passes()
    assert passes() == 0
    screen.hear(PermissionAnswered(number=6, session="s", id="p", decision="once"))
    assert passes() == 1


def test_a_paste_that_is_too_long_for_a_prompt_is_told_at_once_and_stays_folded(tmp_path: Path) -> None:
    program, _ = begun(tmp_path)
    line = "x" * 99 + "\n"
    program._taken([Key("paste", line * 20_000)])
    assert "too long for a prompt: 2,000,000 bytes of 1,048,576" in program.remarks.told
    program._taken([Key("enter")])
    assert program.prompts.queue.sent is None
    assert "error: this is too long for a prompt: 2,000,000 bytes of 1,048,576" in said(program)
    # As it stood there.
    assert program.editor.typed != program.editor.text
    assert len(program.editor.rows("> ", 80)[0]) == 1
    program._taken([Key("backspace")])
    assert program.editor.text == ""


@pytest.mark.parametrize("character", ["x", "\N{GREEK SMALL LETTER OMEGA}"])
def test_the_length_of_a_prompt_is_that_which_the_server_takes(character: str) -> None:
    text = character * (bodies.TEXT_LIMIT_BYTES // len(character.encode()))
    assert prompts.too_long(text) is None
    assert prompts.too_long(text + "y") is not None


def test_a_huge_prompt_that_is_brought_back_is_folded(tmp_path: Path) -> None:
    from iterate.tui.past import Past

    program, _ = begun(tmp_path)
    program._past = Past(program)
    text = "a line\n" * 5000
    program.refused(text, (), UsageError("no", ""))
    program._taken([Key("up")])
    assert program.editor.text == text
    assert len(program.editor.rows("> ", 80)[0]) == 1
    program._taken([Key("down"), Key("up")])
    assert program.editor.text == text
    program._past.close()


@pytest.mark.parametrize(("room", "mark"), [(80, "researcher> "), (19, "rese> "), (9, "> ")])
def test_where_no_row_tells_the_mode_it_stands_before_the_line(tmp_path: Path, room: int, mark: str) -> None:
    program, _ = begun(tmp_path)
    program.answering.modes = ["build", "plan", "researcher"]
    program.agent = "researcher"
    assert program.answering.marked(room) == mark
    program.agent = "build"
    assert program.answering.marked(room) == "> "
    kinds: list[tuple[Mode, Size]] = [("inline", Size(20, 5)), ("inline", Size(80, 20)), ("mini", Size(80, 20))]
    found = []
    for program.scene.mode, program.scene.size in kinds:
        found.append(program.scene.has_status)
    assert found == [False, True, False]


def settled(program: Conversation) -> None:
    """Until what was looked for is there, or is not."""
    deadline = time.monotonic() + 60
    while program.is_opening:
        assert time.monotonic() < deadline
        work(program)
        time.sleep(0.01)


def test_a_session_that_is_not_there_leaves_the_one_that_is_open(tmp_path: Path) -> None:
    program, _ = begun(tmp_path, NOBODY)
    program.scene.furnish()
    program.session, program.is_answering, program.now.title = "ses_old", True, "what it is about"
    program.send("queued before")
    program.go_on("nope")
    assert (program.session, program.is_opening, program.is_answering) == ("ses_old", True, True)
    program.scene.take(as_heard(prompted("tell me")), 1.0)
    program.scene.take(as_heard(delta(2, 0, "Half")), 1.0)
    settled(program)
    assert (program.session, program.now.title, program.is_answering) == ("ses_old", "what it is about", True)
    assert [each.text for each in program.prompts.queue.waiting] == ["queued before"]
    assert not program.prompts.queue.is_held
    assert "Half" in "\n".join(rows.plain(each) for each in program.scene.open(3.0))
    assert "error: " in "\n".join(said(program))


def test_what_was_typed_for_a_session_that_is_not_there_goes_nowhere_by_itself(tmp_path: Path) -> None:
    program, _ = begun(tmp_path, NOBODY)
    program.session = "ses_old"
    program.go_on("nope")
    program.send("for the other one")
    assert program.prompts.queue.sent is None
    settled(program)
    assert [each.text for each in program.prompts.queue.waiting] == ["for the other one"]
    assert program.prompts.queue.is_held


@pytest.mark.parametrize("typed", ["/fork", "/undo", "/compact"])
def test_what_waits_for_an_answer_waits_for_a_prompt_on_its_way_too(tmp_path: Path, typed: str) -> None:
    from iterate.tui import commands

    program, _ = begun(tmp_path, NOBODY)
    program.session = "ses_old"
    program.send("on its way")
    assert not program.is_answering
    commands.obey(program, typed)
    assert f"error: {typed} waits for the answer that runs" in said(program)


class Late:
    """A session whose events came some time ago."""

    state = "connected"

    def __init__(self, *events: tuple[float, Watched]) -> None:
        self._events = [*events]
        self.came = 0.0

    def take(self) -> Heard | None:
        if not self._events:
            return None
        self.came, event = self._events.pop(0)
        return as_heard(event)


def test_a_call_took_what_it_took_however_long_an_editor_was_in_front_of_it(tmp_path: Path) -> None:
    program, _ = begun(tmp_path, NOBODY)
    program.scene.furnish()
    program.clock = lambda: 300.0
    late = cast(
        "Following", Late((1.0, prompted("go")), (2.0, called(2, "c", "bash", command="x")), (5.0, gave(3, "c", "y")))
    )
    program.now._following = late
    program.now._news(late)
    assert "3.0 s" in "\n".join(said(program))


def test_a_new_session_is_not_left_for_one_that_was_looked_for_before(tmp_path: Path) -> None:
    program, _ = begun(tmp_path, NOBODY)
    program.session = "ses_old"
    program.go_on("nope")
    program.go_on("")
    assert not program.session
    assert not program.is_opening


def test_what_waits_for_the_session_before_is_forgotten_and_what_was_typed_since_is_not(tmp_path: Path) -> None:
    program, _ = begun(tmp_path, NOBODY)
    program.is_answering = True
    program.send("before")
    before = program.prompts.queue.ids
    program.send("since")
    program.left(before)
    assert [each.text for each in program.prompts.queue.waiting] == ["since"]


def test_a_session_that_cannot_be_read_for_another_screen_is_followed_nevertheless(tmp_path: Path) -> None:
    program, _ = begun(tmp_path, NOBODY)
    program.session = "ses_old"
    program.now._read_again("ses_old")
    settled(program)
    assert program.now._following is not None
    program.now.close()


def test_what_was_open_of_a_session_stays_above_the_next_one_and_is_not_said_again_there(tmp_path: Path) -> None:
    program, _ = begun(tmp_path)
    program.scene.furnish()
    program.session = "ses_old"
    for event in (prompted("tell me"), delta(2, 0, "Half an answer")):
        program.scene.take(as_heard(event), 1.0)
    assert "Half an answer" in "\n".join(rows.plain(each) for each in program.scene.open(3.0))
    program.go_on("")
    program.say([row("a new session begins")])
    assert said(program)[-2:] == ["Half an answer", "a new session begins"]
    assert program.scene.open(3.0) == []
    # Nor is it waited for, and the next answer stands by itself.
    program.scene.take(as_heard(prompted("next")), 2.0)
    program.scene.take(as_heard(delta(2, 0, "Another")), 2.0)
    shown = "\n".join(rows.plain(each) for each in program.scene.open(3.0))
    assert "Another" in shown
    assert "Half" not in shown
