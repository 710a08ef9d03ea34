"""What keys and the mouse do with the transcript on a full screen."""

from tests.iterate.test_pages import LOOK, pages

from iterate.terminal import rows
from iterate.terminal.keys import Key
from iterate.terminal.sequences import Mouse
from iterate.tui.contract import Size
from iterate.tui.leafing import Leafing

ROOM = Size(39, 8)


class Desk:
    """Where what is copied lands, and a clock that somebody sets."""

    def __init__(self, count: int = 4) -> None:
        self.copied: list[str] = []
        self.now = 0.0
        self.of = Leafing(pages(count, LOOK._replace(lines=8)), self.copied.append, lambda: self.now)

    def shown(self) -> list[str]:
        return [rows.plain(each) for each in self.of.picture(ROOM).rows]

    def mouse(self, deed: str, row: int, column: int, button: str = "left") -> bool:
        return self.of.act("", Key("mouse", mouse=Mouse(deed, button, column, row)))  # type: ignore[arg-type]


def test_the_picture_fills_its_room_and_scrolls_by_keys_and_wheel() -> None:
    desk = Desk()
    end = desk.shown()
    assert len(end) == 8
    assert desk.of.act("page-up", Key("pageup"))
    above = desk.shown()
    assert above[-1] == end[0]
    assert desk.mouse("wheel", 1, 1, "down")
    assert desk.shown()[:5] == above[3:]
    assert desk.of.act("bottom", Key("ctrl+end"))
    assert desk.shown() == end
    assert not desk.of.act("send", Key("enter"))
    assert len(Desk(0).shown()) == 8


def test_what_is_looked_for_is_typed_below_and_found() -> None:
    desk = Desk()
    desk.shown()
    desk.of.act("search", Key("ctrl+x"))
    for letter in "answer 1":
        assert desk.of.context == "list"
        desk.of.act("", Key("text", letter))
    picture = desk.of.picture(ROOM)
    assert rows.plain(picture.rows[-1]) == "/answer 1  1 found; Up and Down go on"
    assert picture.cursor == (7, 9)
    assert any("of answer 1 that" in rows.plain(each) for each in picture.rows)
    desk.of.act("accept", Key("enter"))
    assert desk.of.context == "app"
    assert desk.shown()[-1] == "/answer 1  1 found; n, N, Esc ends"
    desk.of.act("stop", Key("escape"))
    assert not desk.shown()[-1].startswith("/")


def test_a_drag_copies_characters_a_double_press_a_word_a_third_the_line() -> None:
    desk = Desk(1)
    shown = desk.shown()
    row = next(at for at, each in enumerate(shown) if each.startswith("Some words"))
    desk.mouse("press", row, 5)
    desk.mouse("drag", row + 1, 2)
    desk.mouse("release", row + 1, 2)
    assert desk.copied == ["words of answer 0 that are wrapped he"]
    for count in range(3):
        desk.now = 10 + count / 10
        desk.mouse("press", row, 6)
        desk.mouse("release", row, 6)
    assert desk.copied[1:] == ["words", "Some words of answer 0 that are wrapped here."]


def test_a_press_on_a_call_opens_it_and_a_key_folds_it() -> None:
    desk = Desk(1)
    row = next(at for at, each in enumerate(desk.shown()) if "make" in each)
    desk.mouse("press", row, 3)
    desk.mouse("release", row, 3)
    assert "  it gave" in desk.shown()
    assert desk.of.act("open-call", Key("ctrl+o"))
    assert "  it gave" not in desk.shown()
    assert not Desk(0).of.act("open-call", Key("ctrl+o"))


def test_a_press_that_selects_nothing_copies_nothing() -> None:
    desk = Desk(1)
    empty = desk.shown().index("")
    for row, column in ((empty, 0), (empty, 20), (0, 38)):
        for count in range(3):
            desk.now = 100.0 * row + column + count / 10
            desk.mouse("press", row, column)
            desk.mouse("release", row, column)
        desk.mouse("press", row, column)
        desk.mouse("drag", row, column)
        desk.mouse("release", row, column)
    assert [each for each in desk.copied if not each.strip()] == []


def test_a_word_ends_with_its_line() -> None:
    of = pages(1, LOOK, "```\none\n  two\n```")
    shown = [rows.plain(each) for each in of.view(20).rows]
    of.select(shown.index("  one"), 10, "word")
    assert of.selected() == ""


def test_what_comes_while_somebody_reads_above_is_told_below_it() -> None:
    desk = Desk()
    desk.shown()
    desk.of.came((rows.span("at the end it is seen"),))
    assert "at the end" not in "".join(desk.shown())
    desk.of.act("page-up", Key("pageup"))
    above = desk.shown()
    desk.of.came((rows.span("error: the disk is full", "bad"),))
    assert desk.shown() == [*above[:-1], "\N{DOWNWARDS ARROW} error: the disk is full"]
    desk.of.follow()
    assert not any("disk" in each for each in desk.shown())
    desk.of.act("page-up", Key("pageup"))
    desk.of.came((rows.span("error: the disk is full", "bad"),))
    desk.of.act("bottom", Key("ctrl+end"))
    assert not any("disk" in each for each in desk.shown())
