"""What the program would write for events, keys and resizes, without a server, a terminal or a clock."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from iterate import events, heard
from iterate.events import Delta, Done, PartAdded, Prompted, TextPart, ToolCallPart, ToolResultPart, Watched
from iterate.heard import Heard
from iterate.terminal import rows, theme
from iterate.terminal.editor import Editor
from iterate.terminal.keys import Key
from iterate.terminal.live import Live
from iterate.terminal.rows import Row
from iterate.terminal.story import Look, Story
from iterate.tui import frame
from iterate.tui.contract import Picture, Size
from iterate.tui.frame import Seen as Frame
from iterate.tui.status import Facts
from iterate.tui.status import row as status_row

MARK = "> "


def as_heard(event: Watched) -> Heard:
    """As a client reads it."""
    return heard.read("", events.encode(event).decode())


@dataclass(slots=True)
class Painted:
    """A conversation's story, line and painter; `final` is all that was said for good."""

    write: Callable[[bytes], None]
    size: Size
    is_reflowing: bool = False
    final: list[Row] = field(default_factory=list)
    editor: Editor = field(default_factory=Editor)
    story: Story = field(init=False)
    live: Live = field(init=False)
    now: float = 0.0
    shown: Picture = field(init=False)

    def __post_init__(self) -> None:
        columns, lines = self.size
        self.story = Story(Look(columns=columns, lines=lines, is_talk=True))
        self.live = Live(lambda text: self.write(text.encode()), paint=theme.painting(), columns=columns, lines=lines)
        # As xterm.js.
        self.live.is_reflowing = self.live.is_sinking = self.is_reflowing

    def hear(self, *told: Watched) -> None:
        """Take events, and show what came of them."""
        new: list[Row] = []
        for event in told:
            new += self.story.take(as_heard(event), self.now)
        self.paint(new)

    def key(self, name: str, text: str = "") -> None:
        """A key."""
        if self.editor.take(Key(name, text)):
            self.editor.set("")
        self.paint(())

    def resize(self, columns: int, lines: int) -> None:
        """Another size, of which the terminal knows already."""
        self.size = Size(columns, lines)
        self.live.resize(columns, lines)
        self.story.resize(columns, lines)
        self.paint(())

    def paint(self, new: Sequence[Row]) -> None:
        """Show it all."""
        room = max(1, self.size.columns - 1)
        self.final += new
        found, cursor = self.editor.rows(MARK, room)
        status = status_row(Facts(mode="build", model="trial/m", folder="~/work", branch="main"), room)
        seen = Frame(open=self.story.open(self.now), line=Picture(found, cursor), status=status)
        self.shown = frame.picture(seen, self.size)
        self.live.show(new, self.shown.rows, self.shown.cursor, self.story.settled)

    @property
    def told(self) -> list[str]:
        """All rows that are to be seen, as text."""
        return [rows.plain(each) for each in (*self.final, *self.shown.rows)]


def prompted(text: str = "go") -> Prompted:
    return Prompted(number=1, session="s", id="p", model="m", directory="", parts=(TextPart(text=text),))


def said(number: int, text: str) -> PartAdded:
    return PartAdded(number=number, session="s", part=TextPart(text=text))


def delta(number: int, offset: int, text: str) -> Delta:
    return Delta(number=number, session="s", kind="text", offset=offset, text=text)


def done(number: int) -> Done:
    return Done(number=number, session="s")


def called(number: int, id_: str, tool: str, **arguments: str) -> PartAdded:
    return PartAdded(number=number, session="s", part=ToolCallPart(call=id_, tool=tool, arguments=dict(arguments)))


def gave(number: int, id_: str, text: str, title: str = "", diff: str = "") -> PartAdded:
    part = ToolResultPart(call=id_, status="ok", text=text, title=title, diff=diff)
    return PartAdded(number=number, session="s", part=part)
