"""Bare `iterate` on a terminal: a conversation, line by line, in the terminal's own scrollback."""

from contextlib import suppress
from typing import TYPE_CHECKING

from iterate import interrupts, settings
from iterate.cli import farewell, talking, welcome
from iterate.cli import session as sessions_command
from iterate.cli.options import server, voice, wanted
from iterate.cli.sending import Asked, Where, send
from iterate.config import looks
from iterate.errors import Failure, OutputClosed, OutputFailed
from iterate.heard import Heard
from iterate.settings import Settings
from iterate.terminal import history, keyboard, screen, views
from iterate.terminal.keyboard import Keyboard
from iterate.terminal.stage import Desk, Stage
from iterate.terminal.typing import Left, Typing

if TYPE_CHECKING:
    from collections.abc import Callable

    from iterate.client import Body, Client, Exchange

# What somebody who pressed Ctrl-C waits at most.
LEAVE_S = 2.0


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


def talk(directory: str = "", session: str = "") -> int:
    """Talk until the person leaves; in a session that goes on, or a new one in this folder of the server."""
    here = settings.read()
    look = views.look(looks.screen(), is_talk=True)
    talk_ = Talk(here, directory or ("" if session else settings.directory()), session)
    welcome.greet(talk_)
    held = keyboard.found()
    if held is None:
        return 0
    _Spoken(talk_, held).talk() if look.is_plain else _Drawn(talk_, held).talk()
    if talk_.session:
        farewell.say(talk_.session, wanted())
    return 0


class _Drawn:
    """The conversation with rows that are painted again and a line editor."""

    def __init__(self, talk_: Talk, held: Keyboard) -> None:
        self._talk = talk_
        self._keyboard = held
        self._view = views.drawn(views.look(looks.screen(), is_talk=True))
        self._file = history.file_of(talk_.here.state, talk_.directory)
        complete = talking.completion(talk_)
        self._typing = Typing(held, self._view.live, history.read(self._file), complete, self._adapt)
        talk_.open_call = lambda number: sessions_command.print_rows(self._view.story.opened(number))
        self._exchange: Exchange | None = None
        self._is_cancelled = False

    def talk(self) -> None:
        """Read, answer, and begin again."""
        with self._keyboard.held(has_signals=False):
            is_warned = False
            while not self._talk.is_over:
                text = self._typing.read("Ctrl-C again leaves" if is_warned else "")
                if text is Left.ENDED or (text is Left.INTERRUPTED and is_warned):
                    return
                is_warned = text is Left.INTERRUPTED
                if isinstance(text, str) and text.strip():
                    self._typing.line(text)
                    history.add(self._file, text)
                    self._take(text)
                    self._typing.ahead += self._talk.next
                    self._talk.next = ""

    def _take(self, text: str) -> None:
        try:
            with self._keyboard.signals(), interrupts.Calling(self._talk.cancel, stays=True):
                asked = talking.understood(self._talk, text)
            if asked is not None:
                self._answer(asked)
        except (OutputClosed, OutputFailed):
            raise
        except Failure as failure:
            self._view.live.clear()
            screen.show_failure(failure)

    def _answer(self, asked: Asked) -> None:
        self._is_cancelled = False
        self._adapt()

        def follow(client: "Client", exchange: "Exchange") -> Heard:
            farewell.prepare(exchange.session, wanted())
            self._exchange = exchange
            stage = Stage(self._view, self._keyboard, Desk(client.permit, client.answer))
            stage.typed = self._typed
            stage.interrupted = self._interrupted
            with interrupts.Calling(exchange.cancel):
                return stage.play(exchange.follow)

        sent = send(self._talk.here, asked, self._talk.where(), follow, voice())
        self._talk.session = sent.session
        self._view.say([()])
        self._view.paint(0.0)

    def _typed(self, held: Keyboard) -> None:
        """Keys while an answer comes: Ctrl-C ends it, a second one leaves; text is for the next line."""
        for key in held.read():
            match key.name:
                case "interrupt" | "escape":
                    self._interrupted()
                case "text" | "paste":
                    self._typing.ahead += key.text
                case "enter":
                    self._typing.queue()
                case "backspace":
                    self._typing.ahead = self._typing.ahead[:-1]
                case "suspend":
                    self._view.live.clear()
                    held.suspend()
                case _:
                    pass

    def _interrupted(self) -> None:
        if self._is_cancelled:
            interrupts.leave()
        self._is_cancelled = True
        if self._exchange is not None:
            import threading

            threading.Thread(target=self._exchange.cancel, daemon=True).start()

    def _adapt(self) -> int:
        """Look at the size of the terminal; the room for a row."""
        self._view.resize()
        self._view.paint(0.0)
        return self._view.story.look.columns - 1


class _Spoken:
    """The conversation in lines of words: whole lines are read, and nothing is painted again."""

    def __init__(self, talk_: Talk, held: Keyboard) -> None:
        self._talk = talk_
        self._keyboard = held
        self._view = views.Spoken(views.look(looks.screen(), is_talk=True))
        talk_.open_call = lambda number: screen.show(self._view.words.opened(number))
        self._found = ""

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
    return {"agent": talk_.agent} if talk_.agent else {}
