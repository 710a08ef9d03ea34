"""Rows at the bottom of a terminal, replayed into one: what is final is there once, and the cursor in its place."""

import unicodedata
from typing import NamedTuple

import pyte
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.iterate.reflowing import Pushing, Reflowing

from iterate.terminal import rows, theme
from iterate.terminal.live import Live
from iterate.terminal.markdown import Growing
from iterate.terminal.rows import Row, Span

PAINT = theme.painting(depth="none")


class Terminal:
    """A terminal of `pyte`, which wraps nothing anew, and a painter on it."""

    def __init__(self, columns: int = 40, lines: int = 10) -> None:
        self.screen = pyte.HistoryScreen(columns, lines, history=10_000)
        self.stream = pyte.Stream(self.screen)
        self.sent = ""
        self.live = Live(self.send, paint=PAINT, columns=columns, lines=lines)

    def send(self, text: str) -> None:
        self.sent += text
        # pyte does not know these two and would print them.
        self.stream.feed(text.replace("\x1b[?2026h", "").replace("\x1b[?2026l", ""))

    def lines(self) -> list[str]:
        above = ["".join(line[x].data for x in range(self.screen.columns)) for line in self.screen.history.top]
        found = [line.rstrip() for line in (*above, *self.screen.display)]
        while found and not found[-1]:
            found.pop()
        return found

    def is_hidden(self) -> bool:
        return bool(self.screen.cursor.hidden)

    def cursor(self) -> tuple[str, int]:
        return self.screen.display[self.screen.cursor.y].rstrip(), self.screen.cursor.x


def texts(*lines: str) -> list[Row]:
    return [(Span(line),) if line else () for line in lines]


class Step(NamedTuple):
    final: list[str]
    below: list[str]
    cursor: tuple[int, int] | None


# pyte has no place for a mark behind a wide character.
CLUSTERS = st.sampled_from(["a", "b", " ", "x", "日", "e\u0301", "✓", "é"])
WORDS = st.lists(CLUSTERS, max_size=10).map(lambda found: "".join(found).rstrip())
STEPS = st.builds(
    Step,
    st.lists(WORDS, max_size=5),
    st.lists(WORDS, max_size=12),
    st.none() | st.tuples(st.integers(0, 11), st.integers(0, 19)),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(STEPS, max_size=8), st.sampled_from([(20, 6), (40, 3), (1, 1), (21, 1), (200, 50)]))
def test_whatever_is_shown_the_screen_is_what_was_asked_for(steps: list[Step], size: tuple[int, int]) -> None:
    terminal = Terminal(*size)
    columns, lines = size
    said: list[str] = []
    for final, below, cursor in steps:
        terminal.live.show(texts(*final), texts(*below), cursor)
        said += final
        if columns < 20:
            continue
        room = max(1, lines - 2)
        line = min(cursor[0], len(below) - 1) if cursor and below else None
        first = max(0, len(below) - room)
        first = first if line is None else min(first, line)
        expected = [*said, *below[first : first + room]]
        while expected and not expected[-1]:
            expected.pop()
        assert terminal.lines() == [unicodedata.normalize("NFC", each) for each in expected]
        if cursor and line is not None:
            there = terminal.screen.history.top
            assert terminal.screen.cursor.y + len(there) == len(said) + line - first
            assert terminal.screen.cursor.x == cursor[1]


def test_a_frame_without_a_change_sends_nothing_and_a_key_sends_its_letter() -> None:
    terminal = Terminal()
    terminal.live.show((), texts("open", "> wor"), (1, 5))
    sent = terminal.sent
    terminal.live.show((), texts("open", "> wor"), (1, 5))
    assert terminal.sent == sent
    terminal.live.show((), texts("open", "> word"), (1, 6))
    assert terminal.sent[len(sent) :] == "\x1b[?2026h\x1b[?7l\x1b[6Gd\x1b[7G\x1b[?7h\x1b[?2026l"


def test_rows_that_become_final_as_they_are_shown_are_not_sent_again() -> None:
    terminal = Terminal()
    terminal.live.show((), texts("one", "two", "> "), (2, 2))
    sent = terminal.sent
    terminal.live.show(texts("one", "two"), texts("> "), (0, 2))
    assert "one" not in terminal.sent[len(sent) :]
    assert terminal.lines() == ["one", "two", ">"]
    assert terminal.cursor() == (">", 2)


def test_a_final_row_that_is_longer_than_the_screen_is_one_line_for_whoever_copies_it() -> None:
    terminal = Terminal(20, 6)
    terminal.live.show((), texts("open", "> "), (1, 2))
    sent = terminal.sent
    terminal.live.show(texts("x" * 45, "y"), texts("> "), (0, 2))
    assert "x" * 45 in terminal.sent[len(sent) :]
    assert terminal.lines() == ["x" * 20, "x" * 20, "x" * 5, "y", ">"]
    assert terminal.cursor() == (">", 2)


def test_what_may_change_never_takes_two_rows_of_the_screen() -> None:
    terminal = Terminal(20, 6)
    terminal.live.show((), texts("x" * 45, "日" * 12, "> "), (2, 2))
    terminal.live.show(texts("end"), texts("> "), (0, 2))
    assert terminal.lines() == ["end", ">"]


def test_a_row_that_fills_the_screen_keeps_its_last_character_when_it_is_changed() -> None:
    terminal = Terminal(10, 6)
    terminal.live.show((), texts("a" * 10, "> "), (1, 2))
    terminal.live.show((), texts("b" * 10, "> "), (1, 2))
    assert terminal.lines() == ["b" * 10, ">"]
    terminal.live.show((), texts("日" * 5, "> "), (1, 2))
    assert terminal.screen.display[0].startswith("日")
    terminal.live.show((), texts("c", "> "), (1, 2))
    assert terminal.lines() == ["c", ">"]


def test_a_letter_with_a_mark_that_comes_later_is_written_as_a_whole() -> None:
    terminal = Terminal()
    terminal.live.show((), texts("xe"))
    sent = terminal.sent
    terminal.live.show((), texts("xe\u0301"))
    assert "xe\u0301" in terminal.sent[len(sent) :]


def test_wiping_empties_the_screen_and_keeps_what_was_on_it_above() -> None:
    terminal = Terminal(20, 6)
    terminal.live.show(texts("a", "b"), texts("> "), (0, 2))
    terminal.live.wipe()
    terminal.live.show((), texts("> "), (0, 2))
    assert [line for line in terminal.lines() if line] == ["a", "b", ">"]
    assert terminal.screen.display[0].startswith(">")
    before = len(terminal.screen.history.top)
    terminal.live.wipe()
    terminal.live.show(texts("c"), texts("> "), (0, 2))
    terminal.live.wipe()
    assert len(terminal.screen.history.top) == before + 1


def test_what_comes_behind_clear_or_leave_begins_a_row() -> None:
    terminal = Terminal()
    terminal.live.show(texts("a"), texts("> x", "below"), (0, 3))
    terminal.live.leave()
    terminal.send("b\r\n")
    terminal.live.show((), texts("> y"), (0, 3))
    terminal.live.clear()
    terminal.send("c")
    assert terminal.lines() == ["a", "> x", "below", "b", "c"]


def test_the_cursor_is_hidden_where_no_row_has_it_and_always_shown_again() -> None:
    terminal = Terminal()
    terminal.live.hides_cursor = True
    terminal.live.show((), texts("open"))
    assert terminal.is_hidden()
    terminal.live.show((), texts("open", "> "), (1, 2))
    assert not terminal.is_hidden()
    for end in (terminal.live.clear, terminal.live.wipe, terminal.live.leave):
        terminal.live.show((), texts("open"))
        assert terminal.is_hidden()
        end()
        assert not terminal.is_hidden()


def test_another_theme_paints_everything_again() -> None:
    terminal = Terminal()
    terminal.live.show((), [(Span("a", "good"),)])
    sent = terminal.sent
    terminal.live.paint = theme.painting(depth="16")
    terminal.live.show((), [(Span("a", "good"),)])
    assert "\x1b[32ma" in terminal.sent[len(sent) :]


class Desk(NamedTuple):
    """A terminal that wraps anew, and a painter on it."""

    terminal: Reflowing
    live: Live


def desk(columns: int, lines: int) -> Desk:
    terminal = Reflowing(columns, lines)
    live = Live(terminal.feed, paint=PAINT, columns=columns, lines=lines)
    live.is_reflowing = True
    return Desk(terminal, live)


def wide(*lines: str) -> list[Row]:
    """Rows that fill most of 40 columns."""
    return texts(*(line.ljust(38, "x") for line in lines))


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 3), st.integers(0, 4), st.sampled_from([(40, 30), (15, 30), (20, 22), (90, 40), (39, 22)])
        ),
        max_size=8,
    )
)
def test_a_terminal_that_wraps_anew_has_everything_once(steps: list[tuple[int, int, tuple[int, int]]]) -> None:
    terminal, live = desk(40, 30)
    said = 0
    for final, below, size in steps:
        if size != (terminal.columns, terminal.lines):
            terminal.resize(*size)
            live.resize(*size)
        room = size[0] - 1
        shown = [
            row for each in wide(*(f"open{number}" for number in range(below))) for row in rows.wrapped(each, room)
        ]
        new = [f"final{said + number}".ljust(50, "z") for number in range(final)]
        said += final
        live.show(texts(*new), [*shown, *texts("> prompt", "status")], (len(shown), 8))
        assert terminal.cursor == ("> prompt", 8)
        finals = [f"final{number}".ljust(50, "z") for number in range(said)]
        expected = [*finals, *(rows.plain(each) for each in shown), "> prompt", "status"]
        assert terminal.logical() == expected


def test_what_a_lower_terminal_pushed_up_is_not_written_again() -> None:
    terminal, live = desk(40, 30)
    open_ = wide(*(f"row{number}" for number in range(20)))
    live.show(texts("before"), [*open_, *texts("> ", "status")], (20, 2))
    for size in ((40, 10), (40, 8), (40, 30)):
        terminal.resize(*size)
        live.resize(*size)
        live.show((), [*open_, *texts("> ", "status")], (20, 2))
        assert terminal.cursor == (">", 2)
    live.show(open_, texts("> ", "status"), (0, 2))
    assert terminal.logical() == ["before", *(rows.plain(each) for each in open_), ">", "status"]


# The same ones each time: where empty rows are below the line, tmux pushes out some that nobody counts, one in 500.
@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(20, 90), st.integers(7, 40)), min_size=1, max_size=8))
@example([(60, 40, 30), (60, 50, 8), (60, 30, 8), (60, 90, 20), (60, 21, 9)])
def test_a_paragraph_that_is_higher_than_the_screen_is_there_once_while_it_grows_and_sizes_change(
    steps: list[tuple[int, int, int]],
) -> None:
    terminal, live = desk(40, 30)
    live.is_pushing = True
    growing, said = Growing(39, is_whole=True), 0
    live.show(texts("before"), texts("> ", "status"), (0, 2))
    for more, columns, lines in [*steps, (0, 60, 20)]:
        for word in range(said, said + more):
            growing.add(f"word{word} ")
        said += more
        terminal.resize(columns, lines)
        live.resize(columns, lines)
        growing.resize(columns - 1)
        closed, open_ = growing.closed(), growing.open()
        live.show(closed, [*open_, *texts("> ", "status")], (len(open_), 2), growing.settled)
        assert terminal.cursor == (">", 2)
    live.show(growing.end(), texts("> ", "status"), (0, 2))
    seen = " ".join(terminal.logical())
    assert seen.split() == ["before", *(f"word{word}" for word in range(said)), ">", "status"]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(20, 90), st.integers(7, 40)), min_size=1, max_size=8))
@example([(28, 80, 37), (13, 23, 37)])
@example([(8, 80, 36), (19, 70, 36), (30, 23, 33)])
def test_what_empty_rows_below_push_out_is_counted_where_the_terminal_says_in_which_row_the_cursor_is(
    steps: list[tuple[int, int, int]],
) -> None:
    terminal = Pushing(80, 24)
    live = Live(terminal.feed, paint=PAINT, columns=80, lines=24)
    live.is_reflowing = live.is_pushing = live.asks = True
    growing, said = Growing(79, is_whole=True), 0
    live.show(texts(*(f"before{number}" for number in range(6))), texts("> ", "status"), (0, 2))
    for more, wanted, lines in steps:
        # Nobody knows how much of what is higher comes out of the scrollback, and how much is empty.
        columns = max(wanted, terminal.columns) if lines > terminal.lines else wanted
        terminal.resize(columns, lines)
        live.resize(columns, lines)
        growing.resize(columns - 1)
        for _ in range(2):
            closed, open_ = growing.closed(), growing.open()
            live.show(closed, [*open_, *texts("> ", "status")], (len(open_), 2), growing.settled)
            assert terminal.cursor == (">", 2)
            while terminal.answers:
                live.placed(*terminal.answers.pop(0))
            for word in range(said, said + more):
                growing.add(f"word{word} ")
            said += more
    live.show(growing.end(), texts("> ", "status"), (0, 2))
    seen = " ".join(terminal.logical())
    assert [each for each in seen.split() if each.startswith("w")] == [f"word{word}" for word in range(said)]


def test_a_paragraph_that_is_higher_than_the_screen_goes_on_behind_notes_and_an_empty_screen() -> None:
    terminal = Terminal(40, 10)
    open_ = texts("", *(f"row{number}" for number in range(20)))
    for end in (terminal.live.wipe, terminal.live.clear, terminal.live.forget):
        terminal.live.show(texts("a note"), [*open_, *texts("> ")], (21, 2), 20)
        end()
    terminal.live.show([*open_], texts("> "), (0, 2))
    lines = [each for each in terminal.lines() if each]
    assert [each for each in lines if each in {"a note", "row0", "row12"}] == [
        *["a note", "row0", "row12"],
        *["a note"] * 2,
    ]
    assert lines[-2:] == ["row19", ">"]


def test_what_may_become_another_text_is_not_given_out_where_it_has_no_room() -> None:
    terminal, live = desk(40, 6)
    live.show((), [*texts("| a | b |", *"12345678"), *texts("> ")], (9, 2))
    live.show((), texts("| a much wider | table |", "> "), (1, 2))
    assert terminal.logical() == ["| a much wider | table |", ">"]


def test_a_frame_that_met_a_size_in_between_is_painted_again_where_the_terminal_has_its_size_again() -> None:
    terminal, live = desk(60, 14)
    terminal.resize(20, 5)
    live.show(texts("greeting"), texts("> ", "build  trial/m  ~/project  /help"), (0, 2))
    terminal.resize(60, 14)
    live.resize(60, 14)
    live.show((), texts("> ", "build  trial/m  ~/project  /help"), (0, 2))
    assert terminal.logical() == ["greeting", ">", "build  trial/m  ~/project  /help"]


def test_where_nobody_knows_whether_it_wraps_anew_nothing_is_lost() -> None:
    terminal, live = desk(40, 30)
    live.is_reflowing = False
    live.show(texts("one", "two"), [*wide("open"), *texts("> ")], (1, 2))
    terminal.resize(15, 30)
    live.resize(15, 30)
    live.show((), texts("> "), (0, 2))
    assert terminal.logical()[:2] == ["one", "two"]


def test_all_of_the_last_row_goes_also_where_the_cursor_stands_in_its_middle() -> None:
    terminal = Terminal()
    terminal.live.show((), texts("", "behind the cursor", "below"), (1, 6))
    terminal.live.show((), ())
    assert terminal.lines() == []


def test_rows_that_end_before_a_wide_character_are_counted_as_the_terminal_wraps_them() -> None:
    sent: list[str] = []
    live = Live(sent.append, paint=PAINT, columns=40, lines=30)
    live.is_reflowing = True
    live.show((), texts("日" * 10, "> "), (1, 2))
    live.resize(5, 30)
    live.show((), texts("日日", "> "), (1, 2))
    # Two of them have room in five columns.
    assert "\x1b[5A\r" in sent[-1]


def test_a_cursor_behind_a_row_that_just_fits_is_in_that_row() -> None:
    sent: list[str] = []
    live = Live(sent.append, paint=PAINT, columns=40, lines=30)
    live.is_reflowing = True
    live.show(texts("said"), texts("> abcdef"), (0, 8))
    live.resize(8, 30)
    live.show((), texts("> abc"), (0, 5))
    assert "A" not in sent[-1]


def test_a_size_in_which_nothing_has_room_is_waited_out_until_there_is_something_to_show() -> None:
    terminal, live = desk(40, 10)
    live.show(texts("before"), texts("> abc", "status " * 4), (0, 5))
    for size in ((8, 3), (1, 1)):
        terminal.resize(*size)
        live.resize(*size)
        live.show((), texts("> a"), (0, 3))
        live.show((), texts("> a"), (0, 3))
    assert live.last()
    terminal.resize(40, 10)
    live.resize(40, 10)
    live.show((), texts("> abc", "status"), (0, 5))
    assert terminal.logical() == ["before", "> abc", "status"]
    terminal.resize(8, 1)
    live.resize(8, 1)
    live.show((), texts("> abc"), (0, 5))
    live.show((), texts("> abcd"), (0, 6))
    assert terminal.cursor == ("> abcd", 6)


def test_other_colours_leave_everything_where_it_is() -> None:
    terminal = Terminal(40, 24)
    terminal.live.is_pushing = True
    terminal.live.show(texts("a"), texts("> ", "status"), (0, 2))
    listed = texts(*("x" * 39 for _ in range(8)))
    for paint in (theme.painting(depth="16"), theme.painting(depth="256"), theme.painting(depth="none")):
        terminal.live.show((), listed, (0, 2))
        before = list(terminal.screen.display)
        terminal.live.paint = paint
        terminal.live.show((), listed, (0, 2))
        assert terminal.screen.display == before


def test_where_empty_rows_push_others_out_some_stay_empty_at_the_top() -> None:
    terminal = Terminal(40, 12)
    terminal.live.is_pushing = True
    terminal.live.show(texts("a"), texts("> ", "status"), (0, 2))
    for _ in range(2):
        terminal.live.wipe()
        terminal.live.show((), texts("> ", "status"), (0, 2))
        assert terminal.screen.display[4].startswith(">")
        assert [line for line in terminal.lines() if line] == ["a", ">", "status"]
    # The second time there was nothing to be pushed.
    assert len(terminal.screen.history.top) == 12 - 1
    # What was put below empty rows leaves the screen, and those do not; the more of it, the fewer there are.
    for count in (2, 9, 30):
        terminal.live.show(texts(*(f"said {number}" for number in range(count))), texts("> ", "status"), (0, 2))
        terminal.live.wipe()
        terminal.live.show((), texts("> ", "status"), (0, 2))
        assert [line.strip() for line in terminal.screen.display] == [*[""] * 4, ">", "status", *[""] * 6]
        above = [line for line in terminal.lines() if line]
        assert above[-count - 2 : -2] == [f"said {number}" for number in range(count)]
    terminal.live.forget()
    terminal.send("\x1b[H")
    terminal.live.show((), texts("> ", "x" * 39), (0, 2))
    assert terminal.screen.display[1].startswith(">")


class Emptying(Reflowing):
    """As Kitty: what is marked as a prompt is emptied at another size, in as many rows down to the cursor as before."""

    def __init__(self, columns: int, lines: int) -> None:
        super().__init__(columns, lines)
        self._marked: list[int] = []

    def feed(self, text: str) -> None:
        for number, part in enumerate(text.split("\x1b]133;A\x1b\\")):
            if number:
                self._marked.append(self._y)
            super().feed(part)

    def resize(self, columns: int, lines: int) -> None:
        first = max(each for each in self._marked if each <= self._y)
        self._rows[first:] = [""] * (self._y - first + 1)
        self._goes_on[first:] = [False] * (self._y - first + 1)
        super().resize(columns, lines)
        self._marked = [self._y]


def test_a_terminal_that_empties_its_prompt_has_everything_once() -> None:
    terminal = Emptying(60, 30)
    live = Live(terminal.feed, paint=PAINT, columns=60, lines=30)
    live.is_reflowing = live.is_emptying = True
    live.show(texts("said " * 9), texts("open " * 8, "> abc", "status " * 7), (1, 5))
    for size in ((30, 30), (50, 30), (45, 20), (60, 30)):
        terminal.resize(*size)
        # A frame that was on its way: a row that was shown is final by it.
        live.show(texts("open " * 8), texts("> abc", "status " * 7), (0, 5))
        live.resize(*size)
        live.show((), texts("open " * 8, "> abc", "status " * 7), (1, 5))
        assert terminal.cursor == ("> abc", 5)
    shown = [" ".join(each.split()) for each in terminal.logical()]
    once = " ".join(["open"] * 8)
    assert shown == [" ".join(["said"] * 9), *[once] * 4, once, "> abc", " ".join(["status"] * 7)]
