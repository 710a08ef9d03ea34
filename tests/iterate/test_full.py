"""Rows on the alternate screen, replayed into a terminal: it shows what was asked for, by few bytes."""

import unicodedata

import pyte
from hypothesis import given, settings
from hypothesis import strategies as st

from iterate.terminal import theme
from iterate.terminal.full import Full
from iterate.terminal.rows import Row, Span


class Terminal:
    def __init__(self, columns: int = 40, lines: int = 10) -> None:
        self.screen = pyte.Screen(columns, lines)
        self.stream = pyte.Stream(self.screen)
        self.sent = ""
        self.full = Full(self.send, paint=theme.painting(depth="none"), columns=columns, lines=lines)

    def send(self, text: str) -> None:
        self.sent += text
        self.stream.feed(text.replace("\x1b[?2026h", "").replace("\x1b[?2026l", ""))

    def lines(self) -> list[str]:
        return [line.rstrip() for line in self.screen.display]

    def is_hidden(self) -> bool:
        return bool(self.screen.cursor.hidden)


def texts(*lines: str) -> list[Row]:
    return [(Span(line),) if line else () for line in lines]


CLUSTERS = st.sampled_from(["a", "b", " ", "x", "日", "e\u0301", "✓"])
WORDS = st.lists(CLUSTERS, max_size=10).map(lambda found: "".join(found).rstrip())
# Few different rows, so that what is shown often stands elsewhere already.
SCREENS = st.lists(st.sampled_from(["", "one", "two", "three", "日本語", "four 4"]) | WORDS, max_size=14)


@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.tuples(SCREENS, st.none() | st.tuples(st.integers(0, 20), st.integers(0, 30))), max_size=8),
    st.sampled_from([(20, 12), (40, 5), (20, 1)]),
)
def test_whatever_is_shown_the_screen_shows_it(
    frames: list[tuple[list[str], tuple[int, int] | None]], size: tuple[int, int]
) -> None:
    terminal = Terminal(*size)
    for shown, cursor in frames:
        terminal.full.show(texts(*shown), cursor)
        expected = [unicodedata.normalize("NFC", each) for each in shown[: size[1]]]
        assert terminal.lines() == [*expected, *[""] * (size[1] - len(expected))]
        assert terminal.is_hidden() == (cursor is None)
        if cursor:
            at = terminal.screen.cursor
            assert (at.y, at.x) == (min(cursor[0], size[1] - 1), min(cursor[1], size[0] - 1))


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 40), st.integers(-12, 12))
def test_what_is_scrolled_within_a_frame_arrives(begin: int, by: int) -> None:
    text = [f"row {number} {'x' * (number % 17)}" for number in range(80)]
    terminal = Terminal(40, 24)
    for first in (begin, max(0, begin + by)):
        frame = ["title", *text[first : first + 20], "", "> "]
        terminal.full.show(texts(*frame), (22, 2))
        assert terminal.lines() == [each.rstrip() for each in [*frame, ""]]


def test_one_row_further_is_scrolled_by_the_terminal() -> None:
    text = [f"row {number} " + "word " * 12 for number in range(60)]
    terminal = Terminal(100, 40)
    terminal.full.show(texts("title", *text[:38], "> "), (39, 2))
    sent = len(terminal.sent)
    terminal.full.show(texts("title", *text[1:39], "> "), (39, 2))
    assert len(terminal.sent) - sent < 150
    assert terminal.lines()[1] == text[1].rstrip()


def test_a_frame_without_a_change_sends_nothing_and_a_key_sends_its_letter() -> None:
    terminal = Terminal()
    terminal.full.show(texts("title", "> wor"), (1, 5))
    sent = terminal.sent
    terminal.full.show(texts("title", "> wor"), (1, 5))
    assert terminal.sent == sent
    terminal.full.show(texts("title", "> word"), (1, 6))
    assert terminal.sent[len(sent) :] == "\x1b[?2026h\x1b[?7l\x1b[2;6Hd\x1b[?7h\x1b[2;7H\x1b[?2026l"


def test_a_terminal_of_one_cell_and_rows_that_are_too_long_do_no_harm() -> None:
    terminal = Terminal(1, 1)
    terminal.full.show(texts("long", "日本"), (1, 4))
    terminal.full.resize(10, 3)
    terminal.screen.resize(3, 10)
    terminal.full.show(texts("x" * 30, "日" * 6, "end"), (0, 0))
    assert terminal.screen.display[2].rstrip() == "end"
    assert "日" * 4 in terminal.screen.display[1]


def test_what_somebody_else_wrote_is_gone_after_wiping() -> None:
    terminal = Terminal()
    terminal.full.show(texts("title", "> "), (1, 2))
    terminal.send("\x1b[5;5Hgarbage")
    terminal.full.wipe()
    terminal.full.show(texts("title", "> "), (1, 2))
    assert [line for line in terminal.lines() if line] == ["title", ">"]
