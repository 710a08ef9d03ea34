"""What the parts of the program know of each other: a thing on top that takes keys, and the program that holds it."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from iterate.config.bindings import Context
from iterate.errors import Failure
from iterate.settings import Settings
from iterate.terminal.keymap import Keymap
from iterate.terminal.keys import Key
from iterate.terminal.rows import Row

if TYPE_CHECKING:
    from iterate.discovery import Announcement

type Body = dict[str, object]


class Size(NamedTuple):
    """Columns and lines that there are."""

    columns: int
    lines: int


class Picture(NamedTuple):
    """Rows, none wider than was asked for, and the row and column of the cursor; None hides it."""

    rows: Sequence[Row]
    cursor: tuple[int, int] | None = None


class Widget(Protocol):
    """Something on top that takes the keys: a list, a question, a page of text."""

    # Whether it may stay while an answer ends or the session changes.
    is_lasting: bool
    # Whether it leaves what is above it in sight, in the scrollback.
    is_short: bool

    @property
    def context(self) -> Context:
        """The bindings that its keys are read with; `editor` or `list` while it has text typed."""

    @property
    def escapes(self) -> str:
        """What Esc does here now, in a word or two behind its name: `closes`."""

    def picture(self, room: Size) -> Picture:
        """How it looks in at most that room: a pure function of its state."""

    def act(self, action: str, key: Key) -> bool:
        """Act on a key; `action` is what the key is bound to here, empty when it is text. Whether it took it.

        The column and row of a mouse count from the beginning of its picture.
        """


class Program(Protocol):
    """What commands, lists and questions may do with the program. All of it happens in its one thread."""

    here: Settings
    # A folder of the server.
    directory: str
    # Empty before the first prompt.
    session: str
    # What the person chose for the next prompts; empty is what the settings say.
    model: str
    agent: str
    # Whether an answer runs in the session.
    is_answering: bool

    # What commands keep for later ones, each by its own name.
    kept: dict[str, object]

    @property
    def is_busy(self) -> bool:
        """Whether an answer runs, or a prompt is on its way to be answered."""

    @property
    def theme(self) -> str:
        """The name of the theme that is worn."""

    @property
    def keymap(self) -> Keymap:
        """The bindings in force."""

    @property
    def answer(self) -> str:
        """The text of the newest answer, as it came; empty before the first one."""

    @property
    def is_elsewhere(self) -> bool:
        """Whether the server is at an address, with folders and an environment of its own."""

    def answerer(self) -> tuple[str, str]:
        """Who answers the next prompt: the agent and the model, as far as that is known."""

    def workspace(self) -> Body:
        """The folder, and the environment that prompts and commands work in."""

    def call(
        self,
        method: str,
        path: str,
        body: Body | None = None,
        *,
        then: Callable[[Body], None],
        otherwise: Callable[[Failure], None] | None = None,
        timeout_s: float | None = None,
    ) -> None:
        """Ask the server in the background, and go on with the answer in the loop; a failure is shown otherwise."""

    def rows(self, path: str, then: Callable[[list[Body]], None]) -> None:
        """The same for a GET that gives a list."""

    def work(self, job: Callable[[], object], then: Callable[[object], None]) -> None:
        """Do something slow in a thread, which touches no state, and go on with what it returned in the loop."""

    def after(self, seconds: float, then: Callable[[], None]) -> None:
        """Do something later, once."""

    def post(self, then: Callable[[], None]) -> None:
        """From any thread: do this in the loop."""

    def say(self, rows: Sequence[Row]) -> None:
        """Put rows of ours behind what is final, as part of the transcript."""

    def tell(self, text: str) -> None:
        """Say something short beside the prompt; it goes with the next key."""

    def fail(self, failure: Failure) -> None:
        """Show what went wrong and what to do."""

    def show(self, widget: Widget) -> None:
        """Put a widget on top."""

    def close(self, widget: Widget) -> None:
        """Take it away."""

    def send(self, text: str, *, model: str = "", agent: str = "", files: Sequence[Body] = ()) -> None:
        """Send a prompt, or queue it while an answer runs; what is not said of it is what the person chose."""

    def add(self, file: Body) -> None:
        """Have a file go with the next prompt."""

    def server(self) -> "Announcement":
        """For a thread: the server, which is started if none runs."""

    def opened(self, number: int) -> Sequence[Row]:
        """All of a call of a tool, by its number; nothing where there is none."""

    def write(self, text: str) -> None:
        """Put a text into the editor."""

    def copy(self, text: str) -> None:
        """Put a text onto the clipboard of the terminal."""

    def go_on(self, session: str, *, is_copy: bool = False) -> None:
        """Open another session, or a copy of the open one; empty begins a new one with the next prompt."""

    def wear(self, theme: str) -> None:
        """Paint with another theme from now on."""

    def learn(self) -> None:
        """Read the settings of keys again."""

    def write_outside(self) -> None:
        """Write the line in the person's own editor."""

    def turn(self) -> None:
        """Take the whole screen, or go back to the terminal's own scrollback."""

    def wipe(self) -> None:
        """Empty the screen."""

    def refresh(self) -> None:
        """Look at the state again: something that is shown has changed."""

    def leave(self) -> None:
        """End the program."""
