"""A screen of its own: the transcript in pages, beside it the panel, on top of it what is chosen from."""

import time
from typing import TYPE_CHECKING

from iterate.terminal.full import Full
from iterate.terminal.pages import Pages
from iterate.tui import frame, whole
from iterate.tui.contract import Picture, Size
from iterate.tui.leafing import Leafing

if TYPE_CHECKING:
    from collections.abc import Callable

    from iterate.terminal.rows import Paint
    from iterate.terminal.story import Look
    from iterate.terminal.times import Times
    from iterate.tui.bottom import Bottom
    from iterate.tui.frame import Seen


class Stalls:
    """The full screen of one conversation."""

    def __init__(
        self,
        write: "Callable[[str], None]",
        paint: "Paint",
        look: "Look",
        size: Size,
        copy: "Callable[[str], None]",
        times: "Times | None" = None,
        clock: "Callable[[], float]" = time.monotonic,
    ) -> None:
        self._write = write
        self.screen = Full(write, paint=paint, columns=size.columns, lines=size.lines)
        self.pages = Pages(look, times)
        self.leafing = Leafing(self.pages, copy, clock)
        # Where the picture in the box begins, for the mouse: row and column.
        self.corner = (0, 0)

    def paint(self, seen: "Seen", size: Size, panel: "Bottom") -> None:
        """Show it."""
        shown = self.picture(seen, size, panel)
        album = self.pages.album
        if album is None:
            self.screen.show(shown.rows, shown.cursor)
            return
        if self.screen.is_new:
            album.forget()
        if before := album.first(shown.rows):
            self._write(before)
        self.screen.show(shown.rows, shown.cursor, is_still=album.is_still(shown.rows))
        if behind := album.behind(shown.rows):
            self._write(behind)

    def leave(self) -> None:
        """Give the screen back."""
        if self.pages.album is not None and (left := self.pages.album.left()):
            self._write(left)
        self.screen.leave()

    def picture(self, seen: "Seen", size: Size, panel: "Bottom") -> Picture:
        """All rows of the screen."""
        box = seen.widget if seen.is_box else None
        bottom = frame.picture(seen._replace(widget=None if seen.is_box else seen.widget), size)
        # However much stands below, a row of the transcript is seen.
        lines = max(1, size.lines - len(bottom.rows))
        below = bottom.rows[max(0, len(bottom.rows) - (size.lines - lines)) :]
        width = panel.width(size.columns)
        columns = whole.left(size, width)
        self.pages.has_panel = width > 0
        transcript = self.leafing.picture(Size(columns, lines), is_told=bool(seen.noted))
        side = panel.panel(Size(width, lines)) if width else []
        above = whole.joined(transcript.rows, side, columns, lines)
        skipped = len(bottom.rows) - len(below)
        cursor = None if bottom.cursor is None else (lines + bottom.cursor[0] - skipped, bottom.cursor[1])
        if transcript.cursor is not None:
            cursor = transcript.cursor
        if box is not None:
            self.corner = whole.corner(len(above), box, size)
            above_box = whole.boxed(above, box, size)
            above, cursor = list(above_box.rows), above_box.cursor
        return Picture([*above, *below], cursor)
