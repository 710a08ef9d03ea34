"""A conversation on a screen of its own, without a server, a terminal or a clock: keys come in, bytes go out."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.iterate.emulated.painted import as_heard

from iterate import settings
from iterate.client import Client
from iterate.errors import ServerLost
from iterate.events import Watched
from iterate.heard import Heard
from iterate.settings import Screen
from iterate.terminal import modes, rows, theme
from iterate.terminal.drawing import Look
from iterate.terminal.keyboard import Keyboard
from iterate.terminal.keys import Key
from iterate.terminal.sequences import Deed, Mouse
from iterate.tui import frame
from iterate.tui.asking import Asking
from iterate.tui.attention import Attention
from iterate.tui.contract import Size
from iterate.tui.door import Door
from iterate.tui.options import Options
from iterate.tui.program import Conversation
from iterate.tui.remarks import Remarks
from iterate.tui.stalls import Stalls

if TYPE_CHECKING:
    from tests.iterate.emulated.seen import Step


class Shut(Door):
    """A way to the server that leads to none, and starts none in the home of nobody."""

    def client(self) -> Client:
        raise ServerLost("no server in this test")

    def ask[T](self, question: Callable[[Client], T]) -> T:
        return question(self.client())


class WholeScreen:
    """The program with nothing started; `steps` are what was done, with the bytes of each."""

    def __init__(self, columns: int = 100, lines: int = 20) -> None:
        self.size = (columns, lines)
        self.steps: list[tuple[str, Step]] = []
        self.copied: list[str] = []
        self.now = 0.0
        self._sent = modes.on({"alternate"})
        self._before = self._last = 0
        here = settings.read({"HOME": "/people/me", "ITERATE_MODEL": "trial/m"})
        meant = Options(directory="/people/me/work", mode="full", agent="build")
        self.program = program = Conversation(here, Screen(), Keyboard(0), None, meant)
        program.door = Shut(here, None, program.door._voice)
        program.clock = lambda: self.now
        program.remarks = Remarks(program.scene, program.clock)
        program.asking = Asking(program, lambda: self.now)
        program.attention = Attention(lambda _: None, lambda *_: None)
        # Asked for once, as if it had been.
        program.bottom._has_looked = True
        program.scene.size = Size(columns, lines)
        look = Look(columns=columns, lines=lines, is_talk=True, has_prompts=True)
        self.stalls = Stalls(
            self._write, theme.painting(), look, Size(columns, lines), self.copied.append, clock=lambda: self.now
        )
        program.scene.stalls = self.stalls
        program.scene.greet(*frame.greetings("iterate 1.2.3", "trial/m", "~/work", 99))

    def _write(self, text: str) -> None:
        self._sent += text

    def hear(self, *told: Watched) -> None:
        """Events of the session, as they come; numbers count from each prompt."""
        for event in told:
            found = as_heard(event)
            if found.kind == "prompted":
                self._before = self._last
            self._last = self._before + found.number
            # Of the stream, which there is none of.
            self.program.now._hear(Heard("", "", {**found.fields, "number": self._last}), self.now)
        if self.program.asking is not None:
            self.program.asking._settle()
        self.now += 1.0

    def key(self, *names: str) -> None:
        """Keys by their names; single letters are text."""
        for name in names:
            self.program._taken([Key("text", name) if len(name) == 1 else Key(name)])

    def mouse(self, deed: Deed, row: int, column: int) -> None:
        """The left button at a place of the screen."""
        self.program._taken([Key("mouse", mouse=Mouse(deed, "left", column, row))])

    def did(self, name: str) -> None:
        """All until now was for this."""
        self.program._paint()
        self.steps.append((name, self._sent.encode()))
        self._sent = ""

    def resize(self, columns: int, lines: int) -> None:
        """Another size, of which the terminal knows first."""
        self.steps.append((f"the terminal becomes {columns} x {lines}", (columns, lines)))
        self.program.scene.size = Size(columns, lines)
        self.stalls.screen.resize(columns, lines)
        self.did("the program hears of it")

    def shown(self) -> list[str]:
        """All rows of the screen as text."""
        self.program._paint()
        return [rows.plain(each) for each in self.stalls.screen._shown if each is not None]
