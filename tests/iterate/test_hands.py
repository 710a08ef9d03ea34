"""What keys do on a screen of its own: Esc ends what runs, whatever is marked; what the person sends is seen."""

from tests.iterate.emulated.painted import called, done, prompted, said
from tests.iterate.wholescreen import WholeScreen

from iterate.errors import OutputFailed


def talked() -> WholeScreen:
    """A session of some screens, of which the first one is read."""
    screen = WholeScreen()
    for number in range(10):
        screen.hear(prompted(f"prompt {number}"), said(2, f"answer {number}\n\nand more of it"), done(3))
    screen.shown()
    return screen


def test_escape_ends_the_answer_also_while_something_is_selected_or_found() -> None:
    for is_found in (False, True):
        screen = talked()
        screen.hear(prompted("one more"), called(2, "c", "bash", command="sleep 9"))
        screen.shown()
        if is_found:
            screen.stalls.pages.search("answer 3")
        else:
            screen.mouse("press", 3, 0)
            screen.mouse("drag", 3, 6)
            screen.mouse("release", 3, 6)
            assert screen.copied
        screen.key("escape")
        assert screen.program.prompts._is_cancelled
        assert not screen.stalls.pages.wanted
        assert not screen.stalls.pages.selected()


def test_escape_takes_away_what_is_marked_where_nothing_runs() -> None:
    screen = talked()
    screen.stalls.pages.search("answer 3")
    screen.key("escape")
    assert not screen.stalls.pages.wanted
    assert not screen.program.prompts._is_cancelled


def test_what_is_sent_while_somebody_reads_above_is_seen() -> None:
    screen = talked()
    screen.key("pageup", "pageup")
    assert not any("answer 9" in each for each in screen.shown())
    screen.program.prompts.queue.is_held = True
    screen.key("g", "o", "enter")
    assert any("answer 9" in each for each in screen.shown())
    screen.key("pageup", "pageup", *"/mini", "enter")
    assert any("answer 9" in each for each in screen.shown())


def test_what_goes_wrong_is_told_once_wherever_somebody_reads() -> None:
    screen = talked()
    problem = OutputFailed("the disk is full", "free some of it")
    screen.program.fail(problem)
    assert sum("the disk is full" in each for each in screen.shown()) == 1
    screen.hear(prompted("one more"), called(2, "c", "bash", command="sleep 9"))
    screen.program.fail(OutputFailed("the other disk is full"))
    assert sum("the other disk is full" in each for each in screen.shown()) == 1
    screen.key("pageup", "pageup")
    screen.program.fail(OutputFailed("no disk is left"))
    assert sum("no disk is left" in each for each in screen.shown()) == 1
    screen.now += 5.0
    screen.key("pageup")
    # By then it was read; a row still says where it is.
    assert sum("no disk is left" in each for each in screen.shown()) == 1
    screen.key("ctrl+end")
    assert sum("no disk is left" in each for each in screen.shown()) == 1
