"""The program on a terminal of this process, whose time goes by as somebody says.

Run in a process of its own, whose outputs become that terminal: see `play`.
"""

import gc
import io
import os
import shutil
import signal
import struct
import sys
import time
from collections.abc import Buffer, Callable, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, override

from tests.iterate.acting.told import Reading, Told, Way
from tests.iterate.emulated.answering import XTERM, Kind
from tests.iterate.emulated.plain import Plain

from iterate import settings
from iterate.errors import Failure
from iterate.settings import Screen
from iterate.terminal import keymap, rows, width
from iterate.terminal.keyboard import Keyboard
from iterate.tui import asking, attention, bottom, frame, loop, opened, program, scene
from iterate.tui.beneath import Stream
from iterate.tui.contract import Picture
from iterate.tui.frame import Seen
from iterate.tui.options import Options

if sys.platform != "win32":
    import fcntl
    import pty
    import termios

if TYPE_CHECKING:
    from iterate.terminal.rows import Row

# So long after the last deed everything has come to rest.
REST_S = 3.0
# No program writes that.
_BEHIND = b"\0behind\0"


class _Output(io.RawIOBase):
    """Standard output as the terminal of a stage, which takes any amount at once."""

    def __init__(self, stage: "Stage") -> None:
        super().__init__()
        self._stage = stage

    @override
    def writable(self) -> bool:
        return True

    @override
    def isatty(self) -> bool:
        return True

    @override
    def write(self, content: Buffer, /) -> int:
        self._stage.read()
        self._stage.feed(bytes(content))
        return len(bytes(content))


class Deed(NamedTuple):
    """Something that is done, and how long after the one before."""

    pause_s: float
    kind: str
    value: object = None


class _Loop(loop.Loop):
    """Waits by asking the stage what happens next."""

    def __init__(self, paint: Callable[[], None], stage: "Stage") -> None:
        super().__init__(paint, clock=lambda: stage.now)
        self._stage = stage

    @override
    def _select(self, pause: float | None) -> list[Callable[[], None]]:
        if pause != 0.0:
            self._stage.wait(pause)
        return super()._select(0.0)


class _Scene(scene.Scene):
    """Keeps what it shows."""

    kept: "Stage"

    @override
    def paint(self, seen: Seen, panel: bottom.Bottom) -> None:
        self.kept.seen, self.kept.painted = seen, [*self.kept.painted, self.kept.now]
        if self.stalls is None:
            self.kept.said += self._final
        before = self.kept.emulator.overflows
        super().paint(seen, panel)
        # A frame may be on its way while the terminal gets another size.
        if self.size == self.kept.size:
            self.kept.overflows += self.kept.emulator.overflows - before


class _Opened(opened.Opened):
    """Reads sessions of the stage."""

    told: Told

    @override
    def _follow(self, session: str, after: str) -> None:
        program = self._program
        self._following = Reading(self.told, session, after, program.post, self._news, program.clock)  # type: ignore[assignment,arg-type]


class _Bottom(bottom.Bottom):
    """The same for agents below."""

    told: Told

    @override
    def _follow(self, session: str, news: Callable[[Stream], None]) -> Stream:
        return Reading(self.told, session, "", self._program.post, news)


class _Keyboard(Keyboard):
    """One whose process is not stopped."""

    between: Callable[[], None]
    # Has the terminal answer what it was asked.
    reply: Callable[[], None]

    @override
    def keep(self) -> None:
        """Nothing is killed here."""

    @override
    def suspend(self) -> None:
        self._give_back()
        self.between()
        self._take()

    @override
    def _hear_out(self) -> None:
        self.reply()
        super()._hear_out()


class _Conversation(program.Conversation):
    """The program, with the parts that are of the stage."""

    def __init__(self, stage: "Stage", of: Screen, held: Keyboard, meant: Options) -> None:
        super().__init__(stage.here, of, held, None, meant)
        self._loop.close()
        self._loop = _Loop(self._paint, stage)
        self.stage = stage
        self.clock = lambda: stage.now
        made = _Scene(of, None, meant.mode)
        made.kept = stage
        self.scene = made
        self.attention = attention.Attention(held.title, made.notify)
        self.door = Way(stage.told)
        _Opened.told = _Bottom.told = stage.told
        self.now, self.bottom = _Opened(self), _Bottom(self)

    @override
    def start[T](
        self, job: Callable[[], T], then: Callable[[T], None], otherwise: Callable[[Failure], None] | None = None
    ) -> None:
        def run() -> None:
            try:
                found = job()
            except Failure as failure:
                (otherwise or self.fail)(failure)
            else:
                then(found)
            self._loop.dirty()

        self.stage.asked.append(run)

    @override
    def _furnish(self) -> None:
        super()._furnish()
        self.asking = asking.Asking(self, lambda: self.stage.now)
        self._hands._chords = keymap.Chords(keymap.Keymap(), lambda: self.stage.now)


class Stage:
    """One play."""

    def __init__(
        self, folder: Path, size: tuple[int, int], options: Options, kind: Kind = XTERM, left: str = ""
    ) -> None:
        self.now = 1000.0
        self.told = Told()
        self.emulator = Plain(*size)
        # All that the terminal was sent, also by others.
        self.fed = b""
        self._feed(left.encode())
        self.size = size
        self.raw = b""
        self._typed = b""
        self.seen = Seen()
        # All rows that were said for good, and when frames were painted.
        self.said: list[Row] = []
        self.painted: list[float] = []
        # Requests that are on their way, and whether they stay there.
        self.asked: list[Callable[[], None]] = []
        self.is_slow = False
        self.turned = 0
        # How often a row was longer than the screen is wide, which was not to be wrapped.
        self.overflows = 0
        self._kind, self._question = kind, b""
        self._folder = folder
        shutil.rmtree(folder / "state", ignore_errors=True)
        self.here = settings.read()._replace(state=folder / "state", data=folder / "data", config=None)
        width.adapt(width.Habits())
        self._ours, self._theirs = pty.openpty()
        for number in (0, 1, 2):
            os.dup2(self._theirs, number)
        self.resize(*size, is_told=False)
        self._before = termios.tcgetattr(self._theirs)
        self.is_cooked = False
        held = _Keyboard(0)
        held.between, held.reply = self.others_write, self.reply
        self.program = _Conversation(self, Screen(depth="256"), held, options)
        self._deeds: list[Deed] = []
        self._due = 0.0
        self._do: Callable[[Deed], None] = lambda _: None
        self._check: Callable[[], None] = lambda: None

    def play(self, deeds: Sequence[Deed], do: Callable[[Deed], None], check: Callable[[], None]) -> None:
        """Do all of it; `check` is called whenever nothing is to be done."""
        self._deeds, self._do, self._check = list(deeds), do, check
        self._due = self.now + self._deeds[0].pause_s
        output = io.TextIOWrapper(io.BufferedWriter(_Output(self)), encoding="utf-8")
        try:
            with redirect_stdout(output):
                self.program.run()
            self.read()
            self.is_cooked = termios.tcgetattr(self._theirs) == self._before
        finally:
            gc.unfreeze()
            for each in (self._ours, self._theirs):
                os.close(each)

    def wait(self, pause: float | None) -> None:
        """Time goes by until something is due, or the next deed is done."""
        self.read()
        if self._typed:
            self._hand_over()
            return
        if self.asked and not self.is_slow:
            self._serve()
            return
        self._check()
        until = float("inf") if pause is None else self.now + pause
        if not self._deeds:
            self._end()
        elif self._due <= until:
            self.now = max(self.now, self._due)
            deed = self._deeds.pop(0)
            self._due = self.now + (self._deeds[0].pause_s if self._deeds else 0.0)
            self._do(deed)
        else:
            self.now = until

    def _end(self) -> None:
        """The terminal has said all that it was asked, and the program leaves."""
        if self._question:
            self.reply()
        else:
            self.program.leave()

    def _serve(self) -> None:
        """Requests are answered at once, while the server is quick."""
        asked, self.asked = self.asked, []
        for each in asked:
            self.program.post(each)

    def type(self, content: bytes) -> None:
        """Keys, as bytes."""
        self._typed += content
        self._hand_over()

    def _hand_over(self) -> None:
        """A terminal takes so much at once."""
        now, self._typed = self._typed[:2000], self._typed[2000:]
        if now:
            count = self._unread() + os.write(self._ours, now)
            # It takes a moment, which is none of the play.
            while self._unread() < count:
                time.sleep(0)

    def _unread(self) -> int:
        return int.from_bytes(fcntl.ioctl(self._theirs, termios.FIONREAD, bytes(4)), sys.byteorder)

    def resize(self, columns: int, lines: int, *, is_told: bool = True) -> None:
        """Another size of the terminal."""
        fcntl.ioctl(self._theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.size = (columns, lines)
        if is_told:
            self.emulator.resize(columns, lines)
            os.kill(os.getpid(), signal.SIGWINCH)

    def others_write(self) -> None:
        """The process is stopped, and a shell shows something."""
        self.read()
        text = f"between {self.turned}"
        self.turned += 1
        self._feed(f"{text}\r\n".encode())
        self.said.append(rows.row(text))

    def read(self) -> None:
        """All that the program wrote past its output is seen: what is written behind it comes behind it."""
        os.write(self._theirs, _BEHIND)
        content = b""
        while not content.endswith(_BEHIND):
            content += os.read(self._ours, 1 << 16)
        if content != _BEHIND:
            self.feed(content.removesuffix(_BEHIND))

    def feed(self, content: bytes) -> None:
        """What the program wrote."""
        self.raw += content
        self._feed(content)
        self._question += content

    def _feed(self, content: bytes) -> None:
        self.fed += content
        self.emulator.feed(content)

    def reply(self) -> None:
        """The terminal answers what it was asked."""
        self.read()
        asked, self._question = self._question, b""
        self.type(self._kind.replies(asked, self.emulator.seen().cursor))

    @property
    def is_full(self) -> bool:
        """Whether the whole screen is taken."""
        return self.program.scene.stalls is not None

    @property
    def is_shown(self) -> bool:
        """Whether the last frame shows all there is."""
        return bool(self.painted) and not self.program._loop._is_dirty

    @property
    def is_leafing(self) -> bool:
        """Whether keys are for the transcript of a full screen."""
        stalls = self.program.scene.stalls
        return stalls is not None and stalls.leafing.context != "app"

    @property
    def picture(self) -> Picture:
        """What the bottom of the screen has to look like."""
        if self.program.scene.mode == "mini":
            return frame.mini(self.seen, self.program.scene.size)
        return frame.picture(self.seen, self.program.scene.size)
