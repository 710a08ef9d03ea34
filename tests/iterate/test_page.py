"""A text to read: scrolled, searched, made again when the room is another."""

from hypothesis import given
from hypothesis import strategies as st
from tests.iterate.fakeprogram import FakeProgram, press, seen

from iterate.tui import page
from iterate.tui.page import Page


def numbered(count: int = 100) -> str:
    return "\n".join(f"line {number}" for number in range(1, count + 1))


def shown(count: int = 100) -> tuple[FakeProgram, Page]:
    program = FakeProgram()
    found = Page(program, "Lines", page.text(numbered(count)))
    program.show(found)
    seen(found)
    return program, found


def test_a_page_is_scrolled_by_lines_and_pages_and_never_behind_its_end() -> None:
    program, found = shown()
    assert seen(found)[1] == "line 1"
    assert seen(found)[0].endswith("lines 1 to 10 of 100")
    press(found, "down", "j")
    assert seen(found)[1] == "line 3"
    press(found, "pagedown")
    assert seen(found)[1] == "line 12"
    press(found, "end", "down", "pagedown")
    assert seen(found)[10] == "line 100"
    assert seen(found)[0].endswith("lines 91 to 100 of 100")
    press(found, "home", "up")
    assert seen(found)[1] == "line 1"
    press(found, "q")
    assert program.widgets == []


def test_what_is_looked_for_is_found_while_it_is_typed_and_goes_round() -> None:
    program, found = shown()
    press(found, "/", "E", " ", "5", "enter")
    assert "found on 11 lines" in seen(found)[0]
    assert seen(found)[1] == "line 5"
    press(found, "n")
    assert seen(found)[1] == "line 50"
    press(found, "N", "N")
    assert "line 59" in seen(found)
    press(found, "escape")
    assert "found" not in seen(found)[0]
    press(found, "escape")
    assert program.widgets == []


def test_a_letter_is_typed_into_the_search_and_no_command_there() -> None:
    program, found = shown()
    press(found, "/", "q", "n")
    assert seen(found)[-1] == "/qn"
    assert program.widgets == [found]


def test_the_same_part_is_seen_when_the_room_is_another() -> None:
    program = FakeProgram()
    found = Page(program, "Lines", page.text("\n".join(f"{number} " + "word " * 20 for number in range(50))))
    seen(found, 110)
    press(found, *["down"] * 25)
    assert seen(found, 110)[1].startswith("25 ")
    assert any(row.startswith("25 ") for row in seen(found, 55)[1:4])


@given(
    st.lists(st.sampled_from(["up", "down", "end", "home", "pagedown", "/", "n", "N", "日", "i", "enter", "escape"])),
    st.integers(2, 60),
    st.integers(1, 20),
)
def test_whatever_is_pressed_the_page_fits(names: list[str], columns: int, lines: int) -> None:
    program = FakeProgram()
    found = Page(program, "日本語", page.text("日本語 i İ\n" * 30 + "x" * 300 + "\n\x1b[31m\n\n"))
    for name in names:
        seen(found, columns, lines)
        press(found, name)
    seen(found, columns, lines)


def test_the_head_counts_what_is_seen_in_the_first_picture_too() -> None:
    first = seen(Page(FakeProgram(), "About", page.text(numbered(9))), 40, 8)[0]
    assert first.endswith("lines 1 to 6 of 9")
    assert seen(Page(FakeProgram(), "About", page.text(numbered(2))), 40, 9)[0].endswith("2 lines")
