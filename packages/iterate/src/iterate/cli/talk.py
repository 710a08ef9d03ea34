"""Bare `iterate` on a terminal: a conversation, line by line, in the terminal's own scrollback."""

from contextlib import suppress
from typing import TYPE_CHECKING

from iterate import interrupts, settings
from iterate.cli import talking, welcome
from iterate.cli.options import server, voice, wanted
from iterate.cli.sending import Where, send
from iterate.config import looks
from iterate.errors import Failure, OutputClosed, OutputFailed
from iterate.heard import Heard
from iterate.settings import Settings
from iterate.terminal import drawing, keyboard, screen, views
from iterate.terminal.keyboard import Keyboard
from iterate.terminal.stage import Desk, Stage
from iterate.tui import farewell
from iterate.tui.options import Options

if TYPE_CHECKING:
    from collections.abc import Callable

    from iterate.client import Body, Client, Exchange

# What somebody who pressed Ctrl-C waits at most.
LEAVE_S = 2.0
OPTIONS = Options()


def can_talk() -> bool:
    """Whether a person sits at a terminal and sees what we say."""
    return screen.can_ask() and screen.is_watched() and keyboard.can_be_held()


class Talk:
    """One conversation: the session, who answers, and what is shown. Commands of the person change it."""

    def __init__(self, here: Settings, directory: str, session: str = "") -> None:
        self.here = here
        self.session = session
        self.model = ""
        self.agent = ""
        # A folder of the server.
        self.directory = directory
        # A text that stands in the next line to be typed.
        self.next = ""
        self.is_over = False
        # Files that go along with the next prompt, and the last note, which can be taken back.
        self.added: list[Body] = []
        self.kept: Body | None = None
        # Asks for a line; None when there will be none.
        self.ask: Callable[[str], str | None] = lambda _: None
        # Shows all of a call by its number.
        self.open_call: Callable[[int], None] = lambda _: None

    def client(self) -> "Client":
        """A client of the server, which is started if none runs."""
        from iterate.client import Client

        return Client(server())

    def where(self) -> Where:
        """Where the next prompt goes."""
        return Where(self.session, wanted(), directory=self.directory)

    def cancel(self) -> None:
        """End what the server does for this session, such as summing it up; no harm where it does nothing."""
        with suppress(Failure):
            if self.session:
                self.client().call("POST", f"/session/{self.session}/cancel", timeout_s=LEAVE_S)

    def say(self, text: str) -> None:
        """Say something of ours on a line."""
        screen.show(f"{text}\n")


def talk(meant: Options = OPTIONS, *, is_plain: bool = False) -> int:
    """Talk until the person leaves; with rows that are painted again, or in lines of words."""
    meant.checked()
    of = looks.screen()
    if not (of.is_plain or is_plain):
        from iterate.tui import start

        return start.run(of, wanted(), meant)
    talk_ = Talk(settings.read(), meant.folder(is_elsewhere=bool(wanted().url)))
    talk_.model, talk_.agent = meant.model, meant.agent
    if meant.goes_on:
        talk_.session = _session(talk_, meant)
    welcome.greet(talk_)
    held = keyboard.found()
    if held is None:
        return 0
    _Spoken(talk_, held).talk()
    if talk_.session:
        farewell.say(talk_.session, wanted())
    return 0


def _session(talk_: Talk, meant: Options) -> str:
    """The session that goes on; its folder is worked in from now on."""
    from iterate.tui import opened

    word = "last" if meant.is_newest else meant.session
    there = opened.found(talk_.client(), word, talk_.directory, 1, is_fork=meant.is_fork)
    talk_.directory = meant.directory or there.directory or talk_.directory
    return there.session


class _Spoken:
    """The conversation in lines of words: whole lines are read, and nothing is painted again."""

    def __init__(self, talk_: Talk, held: Keyboard) -> None:
        self._talk = talk_
        self._keyboard = held
        self._view = views.Spoken(drawing.look(looks.screen(), is_talk=True))
        talk_.open_call = lambda number: screen.show(self._view.words.opened(number))
        talk_.ask = self._ask
        self._found = ""

    def _ask(self, asked: str) -> str | None:
        screen.prompt(asked)
        return self._keyboard.line()

    def talk(self) -> None:
        """Read, answer, and begin again."""
        while not self._talk.is_over:
            screen.prompt("you: ")
            text = self._read()
            if text is None:
                return
            if text.strip():
                self._take(text)

    def _read(self) -> str | None:
        self._found = ""
        with interrupts.Calling(self._warn, stays=True):
            while (line := self._keyboard.line()) is not None:
                self._found += line.removesuffix("\n")
                if not self._found.endswith("\\"):
                    return self._found
                self._found = self._found[:-1] + "\n"
        return None

    def _warn(self) -> None:
        """The first Ctrl-C throws away the line that is typed."""
        self._found = ""
        screen.prompt("\nCtrl-C again leaves\nyou: ")

    def _take(self, text: str) -> None:
        def follow(client: "Client", exchange: "Exchange") -> Heard:
            farewell.prepare(exchange.session, wanted())
            with interrupts.Calling(exchange.cancel, stays=True):
                return Stage(self._view, self._keyboard, Desk(client.permit, client.answer)).play(exchange.follow)

        try:
            with interrupts.Calling(self._talk.cancel, stays=True):
                asked = talking.understood(self._talk, text)
            if asked is not None:
                self._talk.session = send(self._talk.here, asked, self._talk.where(), follow, voice()).session
        except (OutputClosed, OutputFailed):
            raise
        except Failure as failure:
            screen.show_failure(failure)


def body(talk_: Talk) -> "Body":
    """What each prompt of this conversation says besides its text."""
    added, talk_.added = talk_.added, []
    return {**({"agent": talk_.agent} if talk_.agent else {}), **({"files": added} if added else {})}
