"""Columns of text: as `wcwidth` and real terminals count them, where those agree, and quickly."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import wcwidth
from hypothesis import given
from hypothesis import strategies as st

from iterate.terminal import rows, width
from iterate.terminal.rows import Span
from iterate.terminal.width import APART, OLD_KITTY, OLD_TMUX, Habits

# Text, its columns by us, and where the cursor stood behind it in tmux 3.3a, xterm 379 and GNU screen 4.9.
MEASURED = {
    "日本": (4, 4, 4, 4),
    "한글": (4, 4, 4, 4),
    "\u1112\u1161\u11ab": (2, 2, 2, 2),
    "e\u0301": (1, 1, 1, 1),
    "a\u0300\u0301\u0302": (1, 1, 1, 1),
    "😀": (2, 2, 2, 2),
    "👩\u200d👩\u200d👧": (2, 2, 6, 6),
    "👍🏽": (2, 4, 4, 4),
    "🇩🇪": (2, 2, 2, 2),
    "☺\ufe0f": (2, 1, 1, 1),
    "1\ufe0f\u20e3": (2, 1, 1, 1),
    "नमस्ते": (4, 4, 4, 4),
    "कि": (2, 2, 2, 2),
    "क्ष": (2, 2, 2, 2),
    "தமிழ்": (4, 4, 4, 4),
    "สวัสดี": (4, 4, 4, 4),
    "مرحبا": (5, 5, 5, 5),
    "שלום": (4, 4, 4, 4),
    "a\xadb": (3, 3, 3, 3),
    "a\u200bb": (2, 2, 2, 2),
    "─│": (2, 2, 2, 2),
    "±§…": (3, 3, 3, 3),
    "①": (1, 1, 1, 1),
    "\uff21": (2, 2, 2, 2),
    "ｱ": (1, 1, 1, 1),
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f": (2, 2, 2, 2),
    "\u3000": (2, 2, 2, 2),
    "\ua960\ud7b0\ud7cb": (2, 2, 2, 4),
    "👩\u200d❤\ufe0f\u200d👨": (2, 2, 5, 5),
    "❤\ufe0f\u200d🔥": (2, 1, 3, 3),
}
# What terminals count differently: by us, in tmux 3.3a, in xterm 379 and GNU screen 4.9, and in Kitty 0.26.5.
APART_FROM = {
    "⌚\ufe0e": (2, 2, 2, 1),
    "⚓\ufe0e": (2, 2, 2, 1),
    "✈\ufe0e": (1, 1, 1, 1),
    "\U0001f1e9": (1, 1, 1, 2),
    "\U0001f1e9a": (2, 2, 2, 3),
    "🇩🇪": (2, 2, 2, 2),
    "🇩🇪\U0001f1eb": (3, 3, 3, 4),
    "ក្ក": (2, 2, 2, 2),
    "ស្ត្រី": (3, 3, 3, 3),
    "က္က": (2, 2, 2, 2),
    "ကာ": (2, 2, 2, 1),
    "कौ": (2, 2, 2, 1),
    "स्त्री": (4, 4, 4, 3),
    "ක්\u200dෂ": (2, 1, 2, 2),
    "क्\u200dष": (2, 1, 2, 2),
    "👩\u200d⚕\ufe0f": (2, 2, 3, 4),
    "👩\u200d❤\ufe0f\u200d👨": (2, 2, 5, 6),
}
CHARACTERS = st.sampled_from([*MEASURED, "a", " ", "ж", "é", "✓", "x\u0301"])


@contextmanager
def counting(habits: Habits) -> Iterator[None]:
    width.adapt(habits)
    try:
        yield
    finally:
        width.adapt(Habits())


@pytest.mark.parametrize("text", MEASURED)
def test_columns_are_those_that_terminals_take(text: str) -> None:
    ours, tmux, xterm, _ = MEASURED[text]
    assert width.width(text) == ours == wcwidth.wcswidth(text)
    with counting(OLD_TMUX):
        assert width.width(text) == tmux
    with counting(APART):
        assert width.width(text) == xterm


def test_every_character_of_the_quick_way_has_the_columns_of_the_slow_one() -> None:
    for code in range(0x20, 0x30000):
        character = chr(code)
        if width._easy().fullmatch(character):  # The two ways are compared.
            assert width.width(character) == sum(columns for _, columns in width.clusters(character)), hex(code)
            assert wcwidth.wcwidth(character) == width.width(character), hex(code)


@pytest.mark.parametrize("text", APART_FROM)
def test_columns_are_those_of_the_terminal_where_terminals_differ(text: str) -> None:
    for habits, columns in zip((Habits(), OLD_TMUX, APART, OLD_KITTY), APART_FROM[text], strict=True):
        with counting(habits):
            assert width.width(text) == columns, habits
            assert sum(wide for _, wide in width.clusters(text)) == columns


@given(st.lists(CHARACTERS, max_size=12).map("".join), st.integers(1, 12), st.integers(1, 12))
def test_what_is_broken_is_all_there_and_no_piece_is_too_wide(text: str, first: int, rest: int) -> None:
    pieces = list(width.broken(text, first, rest))
    assert "".join(pieces) == text
    for number, piece in enumerate(pieces):
        assert width.width(piece) <= (rest if number else first) or len(list(width.clusters(piece))) == 1


@given(st.lists(CHARACTERS, max_size=12).map("".join), st.integers(0, 30))
def test_what_fits_is_told_without_counting_all(text: str, room: int) -> None:
    assert width.fits(text, room) == (width.width(text) <= room)


@given(st.lists(CHARACTERS, max_size=12).map("".join), st.integers(1, 30))
def test_a_clipped_row_has_room_and_says_that_something_is_left_out(text: str, room: int) -> None:
    row = (Span(text[:3]), Span(text[3:]))
    found = rows.clipped(row, room)
    assert rows.columns(found) <= room
    if rows.columns(row) <= room:
        assert found == row
    else:
        assert rows.plain(found).endswith("…")


def test_a_long_line_costs_what_is_seen_of_it() -> None:
    for text in ("x" * 1_000_000, "日" * 1_000_000, "👍🏽" * 300_000, "e" + "\u0301" * 1_000_000):
        assert rows.columns(rows.clipped((Span(text),), 100)) <= 100
        taken, left = width.cut(text, 80)
        assert width.width(taken) <= 80
        assert len(taken) < 5000
        assert taken + left == text


def test_text_without_spaces_fills_its_rows() -> None:
    found = rows.wrapped([Span("see 日本語日本語日本語")], 12)
    assert [rows.plain(each) for each in found] == ["see 日本語日", "本語日本語"]
