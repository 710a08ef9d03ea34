"""A screen of its own as rows: a panel beside the transcript, a box on top of it, never larger than there is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iterate.terminal import rows
from iterate.terminal.rows import Span, row
from iterate.tui import whole
from iterate.tui.contract import Picture, Size


def test_the_panel_stands_behind_rows_of_one_width() -> None:
    found = whole.joined([row("one"), row("much too long a row")], [row("a"), row("b"), row("c")], 8, 3)
    assert [rows.plain(each) for each in found] == [
        "one      \N{BOX DRAWINGS LIGHT VERTICAL} a",
        "much to\N{HORIZONTAL ELLIPSIS} \N{BOX DRAWINGS LIGHT VERTICAL} b",
        "         \N{BOX DRAWINGS LIGHT VERTICAL} c",
    ]
    assert [rows.plain(each) for each in whole.joined([row("one")], [], 8, 2)] == ["one", ""]


@pytest.mark.parametrize("columns", [1, 5, 20, 80, 200])
@pytest.mark.parametrize("lines", [1, 3, 10, 50])
def test_a_box_is_in_the_middle_and_never_larger_than_the_screen(columns: int, lines: int) -> None:
    size = Size(columns, lines)
    under = [(Span("x" * (columns - 1)),)] * lines
    of = Picture([row("\N{CJK UNIFIED IDEOGRAPH-65E5}" * 40)] * 30, (29, 3))
    found = whole.boxed(under, of, size)
    assert len(found.rows) == lines
    assert found.cursor is not None
    # The least box has a frame of six columns around one.
    assert max(rows.columns(each) for each in found.rows) <= max(columns, 7)


def test_a_cursor_in_the_box_is_where_its_row_is() -> None:
    found = whole.boxed([()] * 9, Picture([row("ask"), row("> typed")], (1, 7)), Size(60, 9))
    assert found.cursor is not None
    line, column = found.cursor
    assert rows.plain(found.rows[line])[:column].endswith("> typed")


@given(st.integers(1, 120), st.integers(1, 40), st.integers(0, 50), st.integers(0, 60))
def test_a_press_in_a_box_is_on_what_is_seen_there(columns: int, lines: int, height: int, width: int) -> None:
    size = Size(columns, lines)
    of = Picture([rows.row("#" * width) for _ in range(max(1, height))], (0, 0))
    under: list[rows.Row] = [()] * lines
    row, column = whole.corner(lines, of, size)
    assert whole.boxed(under, of, size).cursor == (row, column)


def test_what_stands_beside_a_box_is_as_it_was() -> None:
    size = Size(44, 7)
    under = [row("left 日本 in the middle and then the right"[: 30 + each] + "|") for each in range(7)]
    found = whole.boxed(under, Picture([row("x" * 12)]), size)
    assert not any("\N{HORIZONTAL ELLIPSIS}" in rows.plain(each) for each in found.rows)
    for before, after in zip(under, found.rows, strict=True):
        assert rows.plain(after)[:5] == "left "
        if before != after:
            assert rows.columns(after) == size.columns - 1
    assert rows.plain(found.rows[3]).startswith("left 日本 in \N{BOX DRAWINGS LIGHT VERTICAL} xxx")
    assert rows.plain(found.rows[3]).endswith("xxx \N{BOX DRAWINGS LIGHT VERTICAL} en th|")
    # What is left of them where a box takes nearly all is nothing to be read.
    found = whole.boxed(under, Picture([row("x" * 24)]), size)
    assert rows.plain(found.rows[3]).strip("x \N{BOX DRAWINGS LIGHT VERTICAL}") == ""


def test_a_box_that_begins_or_ends_in_a_wide_character_leaves_a_blank_of_it() -> None:
    for columns in range(20, 30):
        under = [(Span("日" * 20),)] * 5
        found = whole.boxed(under, Picture([row("x")]), Size(columns, 5)).rows[2]
        assert rows.columns(found) == columns - 1
