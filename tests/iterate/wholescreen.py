"""A conversation on a screen of its own, without a server, a terminal or a clock: keys come in, rows come out."""

from pathlib import Path

from tests.iterate.emulated.painted import as_heard

from iterate import settings
from iterate.events import Watched
from iterate.heard import Heard
from iterate.settings import Screen
from iterate.terminal import rows, theme
from iterate.terminal.drawing import Look
from iterate.terminal.keyboard import Keyboard
from iterate.terminal.keys import Key
from iterate.terminal.sequences import Deed, Mouse
from iterate.tui.contract import Picture, Size
from iterate.tui.frame import Seen
from iterate.tui.options import Options
from iterate.tui.program import Conversation
from iterate.tui.stalls import Stalls


class WholeScreen:
    """The program with nothing started, and the bytes that it would send."""

    def __init__(self, columns: int = 100, lines: int = 20) -> None:
        self.sent: list[str] = []
        self.copied: list[str] = []
        self._before = self._last = 0
        self.size = Size(columns, lines)
        here = settings.read({"HOME": "/nowhere", "ITERATE_HOME": "/nowhere"})
        self.program = Conversation(here, Screen(), Keyboard(0), None, Options(directory=str(Path("/nowhere"))))
        self.program.scene.size = self.size
        look = Look(columns=columns, lines=lines, is_talk=True, has_prompts=True)
        self.stalls = Stalls(self.sent.append, theme.painting(), look, self.size, self.copied.append)
        self.program.scene.stalls = self.stalls

    def hear(self, *told: Watched) -> None:
        """Events of the session, as they come; numbers count from each prompt."""
        for event in told:
            found = as_heard(event)
            if found.kind == "prompted":
                self._before = self._last
            self._last = self._before + found.number
            # Of the stream, which there is none of.
            self.program.now._hear(Heard("", "", {**found.fields, "number": self._last}))

    def key(self, *names: str) -> None:
        """Keys by their names; single letters are text."""
        for name in names:
            self.program._taken([Key("text", name) if len(name) == 1 else Key(name)])

    def mouse(self, deed: Deed, row: int, column: int) -> None:
        """The left button at a place of the screen."""
        self.program._taken([Key("mouse", mouse=Mouse(deed, "left", column, row))])

    def picture(self) -> Picture:
        """All rows of the screen."""
        found, cursor = self.program.editor.rows("> ", self.program.scene.room)
        seen = Seen(line=Picture(found, cursor), status=self.program.bottom.row(self.program.scene.room))
        return self.stalls.picture(seen, self.size, self.program.bottom)

    def shown(self) -> list[str]:
        """The same as text."""
        return [rows.plain(each) for each in self.picture().rows]
