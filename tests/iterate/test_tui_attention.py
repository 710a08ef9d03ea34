"""The title of the window, and what somebody who looks elsewhere is told."""

from iterate.tui.attention import Attention


def attention() -> tuple[Attention, list[str], list[str]]:
    titles: list[str] = []
    told: list[str] = []
    return Attention(titles.append, lambda _, text: told.append(text)), titles, told


def test_the_title_says_what_goes_on_and_is_told_when_it_changed() -> None:
    made, titles, _ = attention()
    made.look("~/p", is_busy=False, waits=False)
    made.look("~/p", is_busy=False, waits=False)
    made.look("~/p", is_busy=True, waits=False)
    made.look("~/p", is_busy=True, waits=True)
    assert titles == ["~/p - iterate", "\N{HORIZONTAL ELLIPSIS} ~/p - iterate", "? ~/p - iterate"]


def test_a_title_is_one_short_line() -> None:
    made, titles, _ = attention()
    made.look("a\x07\x1b]52;c;x\x07\nb\u202ec" + "long " * 100, is_busy=False, waits=False)
    (title,) = titles
    assert title.isprintable()
    assert len(title) < 100


def test_what_waits_is_told_once_and_again_after_it_was_answered() -> None:
    made, _, told = attention()
    for waits in (False, True, True, False, True):
        made.look("x", is_busy=True, waits=waits)
    assert told == ["something is asked"] * 2
