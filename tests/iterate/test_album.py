"""Images on a screen of its own: sent once, in cells that scroll, or pixels that are drawn where all of one is seen."""

import base64
import json
import re
import unicodedata
from collections.abc import Sequence

import pytest
from tests.iterate.test_images import RED, png
from tests.iterate.test_pages import LOOK, answer

from iterate import heard
from iterate.heard import Heard
from iterate.terminal import rows, theme, width
from iterate.terminal.album import MOST, Album
from iterate.terminal.capabilities import Capabilities
from iterate.terminal.full import Full
from iterate.terminal.images import COLUMNS, ROWS, Protocol, Way
from iterate.terminal.pages import Pages
from iterate.terminal.rows import Row
from iterate.tui import whole
from iterate.tui.contract import Picture, Size

DATA = png([[RED] * 60 for _ in range(60)], 2)


def event(number: int, part: dict[str, object]) -> Heard:
    return heard.read("", json.dumps({"session": "s", "type": "part", "number": number, "part": part}))


class Wall:
    """Pages with an image in them, painted."""

    def __init__(self, protocol: Protocol, lines: int = 20) -> None:
        self.sent = ""
        self.lines = lines
        self.album = Album(in_cells=protocol == "kitty")
        self.look = LOOK._replace(lines=lines, images=Way(protocol, (10, 20), self.album))
        self.pages = Pages(self.look)
        self.full = Full(self._write, paint=theme.painting(), columns=40, lines=lines)
        for each in answer(1, "before it"):
            self.pages.take(each, None)
        url = f"data:image/png;base64,{base64.b64encode(DATA).decode()}"
        files = [{"name": "a.png", "media_type": "image/png", "url": url}]
        self.pages.take(event(11, {"type": "tool_call", "call": "i", "tool": "read", "arguments": {"path": "a"}}), None)
        self.pages.take(
            event(12, {"type": "tool_result", "call": "i", "status": "ok", "text": "", "files": files}), None
        )
        for number in range(6):
            for each in answer(20 + number * 10, "behind it"):
                self.pages.take(each, None)

    def _write(self, text: str) -> None:
        self.sent += text

    def paint(self, over: Sequence[Row] | None = None) -> str:
        """What goes out for what is seen now, or for other rows."""
        shown = self.pages.view(self.lines).rows if over is None else over
        self.sent = ""
        if self.full.is_new:
            self.album.forget()
        self.sent += self.album.first(shown)
        self.full.show(shown, is_still=self.album.is_still(shown))
        self.sent += self.album.behind(shown)
        return self.sent

    def to_image(self) -> None:
        """Have all of it seen."""
        self.pages.jump("top")
        self.pages.scroll(2)


def test_kitty_is_sent_an_image_once_and_draws_it_in_cells_of_text_that_scroll() -> None:
    wall = Wall("kitty")
    assert "\x1b_G" not in wall.paint()
    wall.to_image()
    first = wall.paint()
    begun = re.search(r"\x1b_Ga=T,f=100,q=2,i=(\d+),U=1,c=6,r=3,m=0;([^\x1b]*)\x1b\\", first)
    assert begun is not None
    assert base64.b64decode(begun[2]) == DATA
    number = int(begun[1])
    colour = f"\x1b[38;2;{number >> 16};{number >> 8 & 255};{number & 255}m"
    # It is there before its cells are.
    assert first.index("\x1b_G") < first.index("\U0010eeee")
    # Row and column of a cell are marks behind it; the colour ends with the row.
    assert first.count(colour) == 3
    assert f"{colour}\U0010eeee\u0305\u0305\U0010eeee\u0305\u030d" in first
    assert "\U0010eeee\u030e\u033d\x1b[39m" in first
    wall.pages.scroll(1)
    assert "\x1b_G" not in wall.paint()
    wall.pages.jump("bottom")
    wall.paint()
    wall.to_image()
    again = wall.paint()
    assert "\x1b_G" not in again
    assert "\U0010eeee" in again
    assert wall.album.left() == f"\x1b_Ga=d,d=I,i={number},q=2\x1b\\"
    assert wall.album.left() == ""


def test_the_marks_are_those_of_the_protocol_and_take_no_column() -> None:
    assert MOST >= COLUMNS >= ROWS
    wall = Wall("kitty")
    wall.to_image()
    found = [each for each in wall.pages.view(20).rows if "\U0010eeee" in rows.plain(each)]
    assert [rows.columns(each) for each in found] == [10, 10, 10]
    text = rows.plain(found[0]).strip()
    assert [wide for _, wide in width.clusters(text)] == [1] * 6
    assert all(unicodedata.combining(each) == 230 for each in text if each != "\U0010eeee")


@pytest.mark.parametrize(("protocol", "begin"), [("iterm2", "\x1b]1337;File="), ("sixel", "\x1bP0;1;0q")])
def test_pixels_are_drawn_where_all_of_the_image_is_seen_and_again_when_a_row_of_it_was_written(
    protocol: Protocol, begin: str
) -> None:
    wall = Wall(protocol)
    wall.paint()
    wall.to_image()
    shown = [rows.plain(each) for each in wall.pages.view(20).rows]
    place = next(at for at, each in enumerate(shown) if "a.png" in each) + 1
    first = wall.paint()
    assert f"\x1b7\x1b[{place + 1};5H{begin}" in first
    assert first.endswith("\x1b8")
    assert begin not in wall.paint()
    # Its rows move: it is drawn there, and nothing is scrolled under it.
    wall.pages.scroll(1)
    moved = wall.paint()
    assert f"\x1b7\x1b[{place};5H{begin}" in moved
    assert not re.search(r"\x1b\[\d+;\d+r", moved)
    # Half of it is not drawn, and what was there is written over.
    wall.pages.scroll(place + 1)
    assert begin not in wall.paint()
    wall.to_image()
    assert begin in wall.paint()
    # A list covers it, and goes again.
    under = wall.pages.view(20).rows
    box = whole.boxed(under, Picture([rows.row("x" * 30)] * 16), Size(40, 20)).rows
    assert begin not in wall.paint(box)
    assert begin in wall.paint()
    wall.full.forget()
    assert begin in wall.paint()
    assert wall.album.left() == ""


def test_a_box_over_half_of_an_image_ends_the_colour_of_its_cells() -> None:
    wall = Wall("kitty")
    wall.to_image()
    box = whole.boxed(wall.pages.view(20).rows, Picture([rows.row("x" * 10)] * 16), Size(40, 20)).rows
    for each in box:
        painted = rows.painted(each, theme.painting())
        assert painted.count("\x1b[38;2;") == 0 or painted.rindex("\x1b[39m") > painted.rindex("\x1b[38;2;")


def test_an_image_is_nothing_that_is_copied_or_found() -> None:
    wall = Wall("kitty")
    wall.to_image()
    shown = wall.pages.view(20).rows
    wall.pages.select(0, 0)
    wall.pages.extend(len(shown) - 1, 39)
    assert "\U0010eeee" not in wall.pages.selected()


def test_an_image_takes_half_of_a_low_screen_and_is_a_line_where_it_cannot_be_shown() -> None:
    low = Wall("kitty", 4)
    assert len([each for each in low.pages.view(1000).rows if "\U0010eeee" in rows.plain(each)]) == 2
    plain = Pages(LOOK)
    plain.take(event(1, {"type": "tool_call", "call": "i", "tool": "read", "arguments": {"path": "a"}}), None)
    url = f"data:image/png;base64,{base64.b64encode(DATA).decode()}"
    files = [{"name": "a.png", "media_type": "image/png", "url": url}]
    plain.take(event(2, {"type": "tool_result", "call": "i", "status": "ok", "text": "", "files": files}), None)
    assert rows.plain(plain.view(10).rows[-1]).strip().startswith("[a.png, 60 x 60,")


def test_cells_are_used_where_a_terminal_is_known_to_draw_in_them() -> None:
    known = Capabilities(has_kitty_images=True)
    assert known._replace(name="kitty", version="0.40.1").has_cells
    assert known._replace(name="ghostty").has_cells
    for name, version in (("kitty", "0.26.5"), ("kitty", ""), ("konsole", "23.04"), ("wezterm", "2024")):
        assert not known._replace(name=name, version=version).has_cells
    # These draw pixels in another way.
    assert known._replace(name="wezterm").lasting_images == "iterm2"
    assert known._replace(name="konsole", has_sixel=True).lasting_images == "sixel"
    assert known._replace(name="kitty", version="0.26.5").lasting_images == ""
