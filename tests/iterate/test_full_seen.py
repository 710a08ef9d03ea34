"""A screen of its own as two emulators of terminals show it after each step; `make golden` writes the files."""

from collections.abc import Iterator

import pytest
from tests.iterate.emulated.painted import called, delta, done, gave, prompted, said
from tests.iterate.emulated.plain import Plain
from tests.iterate.emulated.wrapping import PROGRAM, Wrapping
from tests.iterate.test_emulated import DIFF, GOLDEN, MARKDOWN, check, told
from tests.iterate.wholescreen import WholeScreen

from iterate.asks import AskedNeed, TodoItem
from iterate.events import PermissionAnswered, PermissionAsked, TodoChanged
from iterate.terminal.rows import row
from iterate.tui.listing import Item, Listing, Purpose
from iterate.tui.page import Page, text


def listing(made: WholeScreen) -> Listing:
    """Some things to choose from, with a preview."""
    items = [Item(f"{each}", f"model-{each}", "what it is") for each in range(30)]
    purpose = Purpose("Models", lambda _: None, sight=lambda key, then: then(lambda _: [row(f"about {key}")]))
    shown = Listing(made.program, purpose)
    shown.fill(items)
    return shown


def asked() -> PermissionAsked:
    need = AskedNeed(deed="bash", subject="rm x", command="rm x", action="ask", why="built-in rule: bash * = ask")
    return PermissionAsked(
        number=9, session="s", id="per_1", call="c2", tool="bash", why="built-in rule: bash * = ask",
        patterns=("bash rm *",), preview="rm x", needs=(need,),
    )  # fmt: skip


def answered(made: WholeScreen) -> None:
    """A prompt, its answer with Markdown and a diff, and what there is to do."""
    made.hear(prompted("do it"))
    made.hear(TodoChanged(number=2, session="s", items=(TodoItem(text="find it", status="active"),)))
    half = len(MARKDOWN) // 2
    for begin in range(0, half, 16):
        made.hear(delta(3, begin, MARKDOWN[begin : min(begin + 16, half)]))
    made.did("half of an answer")
    made.hear(delta(3, half, MARKDOWN[half:]), said(3, MARKDOWN))
    made.hear(called(4, "c1", "edit", path="a.txt"))
    made.did("a call that runs")
    made.hear(gave(5, "c1", "done", "a.txt", DIFF))
    made.hear(TodoChanged(number=6, session="s", items=(TodoItem(text="find it", status="done"),)))
    made.hear(said(7, "It is over."), done(8))
    made.did("the end")


def wide() -> WholeScreen:
    """With a panel beside it, a list, a page and a permission on top."""
    made = WholeScreen(120, 40)
    made.did("the first frame")
    made.key(*"do it", "enter")
    made.did("sent, and nobody has heard of it yet")
    queue = made.program.prompts.queue
    assert queue.sent is not None
    queue.heard(queue.sent.id)
    answered(made)
    shown = listing(made)
    made.program.show(shown)
    made.did("a list on top")
    made.program.close(shown)
    page = Page(made.program, "A page", text("some text of a page\n" * 4))
    made.program.show(page)
    made.did("a page on top")
    made.program.close(page)
    made.hear(prompted("and this"), called(2, "c2", "bash", command="rm x"), asked())
    made.did("a permission is asked")
    made.resize(80, 24)
    return made


def small() -> WholeScreen:
    """Without a panel; what comes below what is read, other sizes, a permission on the smallest screen."""
    made = WholeScreen(80, 24)
    made.did("the first frame")
    answered(made)
    made.key("pageup")
    made.did("a page up")
    made.hear(prompted("from elsewhere"), said(2, "Somebody else asked."), done(3))
    made.did("an answer comes below what is read")
    made.key("ctrl+end", *"line")
    made.did("to the end, and typed")
    made.resize(20, 5)
    made.hear(prompted("and this"), called(2, "c2", "bash", command="rm x"), asked())
    made.did("a permission is asked")
    made.hear(PermissionAnswered(number=10, session="s", id="per_1", decision="once"))
    made.did("it was answered")
    made.resize(80, 24)
    return made


RECORDINGS = {"full": wide, "full-small": small}


@pytest.mark.parametrize("name", RECORDINGS)
def test_golden_steps_of_the_whole_screen_are_seen_on_a_terminal_of_the_old_kind(name: str) -> None:
    made = RECORDINGS[name]()
    terminal = Plain(*made.size)
    check(GOLDEN / f"{name}.txt", told(made.steps, terminal)[0])
    assert not terminal.overflows


@pytest.fixture(scope="module")
def wrapping() -> Iterator[Wrapping]:
    made = Wrapping()
    yield made
    made.close()


@pytest.mark.consumer(PROGRAM, "node")
@pytest.mark.parametrize("name", RECORDINGS)
def test_golden_steps_of_the_whole_screen_are_seen_the_same_by_both(name: str, wrapping: Wrapping) -> None:
    made = RECORDINGS[name]()
    wrapping.begin(*made.size)
    _, ours = told(made.steps, Plain(*made.size))
    _, theirs = told(made.steps, wrapping)
    for (step, what), one, other in zip(made.steps, ours, theirs, strict=True):
        # Until the program hears of another size each has done with the rows what it does.
        if isinstance(what, bytes):
            assert (one.screen, one.is_alternate) == (other.screen, other.is_alternate), step
            assert not one.above
            assert not other.above
