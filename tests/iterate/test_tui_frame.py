"""The bottom of the screen as rows: in which order, where the cursor is, and what little room leaves out."""

from collections.abc import Callable

import pytest

from iterate.terminal import rows
from iterate.terminal.rows import row, span
from iterate.tui import frame
from iterate.tui.contract import Picture, Size
from iterate.tui.frame import Seen
from iterate.tui.parts import Choice, Choices

LINE = Picture([row("> typed")], (0, 7))
SEEN = Seen(
    open=[row("open")],
    queue=[row("queued: one"), row("queued: two")],
    line=LINE,
    told="something short",
    status=row("build  a/b"),
)


def texts(of: Picture) -> list[str]:
    return [rows.plain(each) for each in of.rows]


def test_all_of_it_stands_in_its_order_and_the_cursor_in_the_line() -> None:
    shown = frame.picture(SEEN, Size(60, 24))
    assert texts(shown) == ["open", "queued: one", "queued: two", "> typed", "something short", "build  a/b"]
    assert shown.cursor == (3, 7)


def test_a_widget_stands_in_the_place_of_the_line_and_has_the_cursor() -> None:
    shown = frame.picture(SEEN._replace(widget=Picture([row("asks"), row("y n")], (1, 3))), Size(60, 24))
    assert texts(shown) == ["open", "asks", "y n", "something short", "build  a/b"]
    assert shown.cursor == (2, 3)
    assert frame.picture(SEEN._replace(widget=Picture([row("asks")])), Size(60, 24)).cursor is None


@pytest.mark.parametrize("lines", [1, 2, 5, 7])
def test_a_low_screen_has_no_status(lines: int) -> None:
    assert "build" not in " ".join(texts(frame.picture(SEEN, Size(20, lines))))


def test_of_a_long_text_what_is_around_the_cursor_is_shown() -> None:
    long = Picture([row(str(number)) for number in range(30)], (12, 1))
    shown = frame.windowed(long, 5)
    assert texts(shown) == ["8", "9", "10", "11", "12"]
    assert shown.cursor == (4, 1)
    assert frame.windowed(long._replace(cursor=(0, 0)), 5).cursor == (0, 0)
    assert frame.windowed(long, 30) == long


def test_mini_is_one_line_to_type_in_and_what_is_open() -> None:
    long = SEEN._replace(line=Picture([row("> one"), row("  two")], (1, 5)), told="")
    shown = frame.mini(long, Size(20, 5))
    assert texts(shown) == ["open", "queued: one", "  two"]
    assert shown.cursor == (2, 5)


def test_what_was_said_out_of_sight_stands_between_what_is_open_and_the_line() -> None:
    of = SEEN._replace(noted=[row("error: no"), row("hint: so")])
    assert texts(frame.picture(of, Size(60, 24)))[:3] == ["open", "error: no", "hint: so"]
    assert frame.picture(of, Size(60, 24)).cursor == (5, 7)
    assert texts(frame.mini(of._replace(told="", queue=()), Size(20, 5))) == ["open", "> typed", "error: no"]


@pytest.mark.parametrize("picture", [frame.picture, frame.mini])
def test_while_something_is_asked_the_cursor_is_at_the_mark_of_the_answer(
    picture: Callable[[Seen, Size], Picture],
) -> None:
    answers = Choices([Choice("y", "yes"), Choice("n", "no")])
    answers.at = 1
    asked = SEEN._replace(widget=Picture([row("> quoted"), *answers.rows(40), row("keys")]))
    assert picture(asked, Size(60, 24)).cursor == (3, 0)
    tight = asked._replace(widget=Picture(answers.small(40, 1)))
    assert picture(tight, Size(60, 24)).cursor == (1, len(" y yes "))


@pytest.mark.parametrize(("lines", "left"), [(4, 4), (9, 9), (20, 10), (30, 15), (60, 16)])
def test_a_list_leaves_in_sight_what_is_above_it(lines: int, left: int) -> None:
    assert frame.short(Size(80, lines)) == Size(80, left)


def test_the_mode_before_a_long_text_stays_to_be_seen_on_one_line() -> None:
    found = [row(span("plan> ", "bold"), span("one")), row(span("      ", "bold"), span("two"))]
    line = frame.typed(found, (1, 9), "plan> ", "mini")
    shown = frame.mini(SEEN._replace(line=line, open=(), queue=(), told=""), Size(20, 5))
    assert texts(shown) == ["plan> two"]
    assert shown.cursor == (0, 9)
    assert texts(frame.typed(found, (1, 9), "plan> ", "inline")) == ["plan> one", "      two"]
    usual = [row(span("> ", "bold"), span("one")), row(span("  ", "bold"), span("two"))]
    assert texts(frame.typed(usual, (1, 5), "> ", "mini")) == ["> one", "  two"]
