"""A program that does nothing but keep what its parts ask of it; its server answers what it was told, or when."""

from collections.abc import Callable, Sequence
from typing import override

from iterate import settings
from iterate.discovery import Announcement
from iterate.errors import Failure, ServerLost
from iterate.heard import Heard
from iterate.terminal import rows
from iterate.terminal.keymap import Keymap
from iterate.terminal.keys import Key
from iterate.terminal.rows import Row
from iterate.tui.contract import Body, Size, Widget


class FakeProgram:
    """See `contract.Program`."""

    def __init__(self, answers: dict[str, object] | None = None) -> None:
        # Nothing of the machine that this runs on.
        self.here = settings.read()._replace(config=None)
        self.directory = "/work"
        self.session = ""
        self.model = ""
        self.agent = ""
        # By method and path, without what is behind `?`; a Failure is raised.
        self.answers = answers or {}
        self._late: dict[str, Callable[[Body], None]] = {}
        self.asked: list[tuple[str, str, Body | None]] = []
        self.widgets: list[Widget] = []
        self.said: list[str] = []
        self.told: list[str] = []
        self.failures: list[Failure] = []
        self.sent: list[str] = []
        self.written: list[str] = []
        self.copied: list[str] = []
        self.later: list[Callable[[], None]] = []
        self.is_over = False
        self.is_full = False
        self.is_copy = False
        self.is_answering = False
        self.is_far = False
        self.kept: dict[str, object] = {}
        self.added: list[Body] = []
        self.theme = "terminal"
        self.keymap = Keymap()
        self.answer = ""
        # With what of its own each was sent.
        self.chose: list[tuple[str, str, tuple[Body, ...]]] = []

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
        del timeout_s
        self.asked.append((method, path, body))
        answer = self.answers.get(f"{method} {path.partition('?')[0]}", {})
        if isinstance(answer, Failure):
            (otherwise or self.fail)(answer)
        elif isinstance(answer, dict):
            then(answer)
        elif answer is None:
            self._late[f"{method} {path.partition('?')[0]}"] = then

    def answer_late(self, asked: str, body: Body) -> None:
        """The server answers what it was asked; None is told of it beforehand."""
        self._late.pop(asked)(body)

    def rows(self, path: str, then: Callable[[list[Body]], None]) -> None:
        self.asked.append(("GET", path, None))
        answer = self.answers.get(f"GET {path.partition('?')[0]}", [])
        if isinstance(answer, list):
            then(answer)

    def work(self, job: Callable[[], object], then: Callable[[object], None]) -> None:
        try:
            result = job()
        except Failure as failure:
            self.fail(failure)
        else:
            then(result)

    def after(self, seconds: float, then: Callable[[], None]) -> None:
        del seconds
        self.later.append(then)

    def wait(self) -> None:
        """Time goes by."""
        later, self.later = self.later, []
        for each in later:
            each()

    def post(self, then: Callable[[], None]) -> None:
        then()

    def say(self, rows_: Sequence[Row]) -> None:
        self.said += [rows.plain(each) for each in rows_]

    def tell(self, text: str) -> None:
        self.told.append(text)

    def fail(self, failure: Failure) -> None:
        self.failures.append(failure)

    def show(self, widget: Widget) -> None:
        self.widgets.append(widget)

    def close(self, widget: Widget) -> None:
        self.widgets = [each for each in self.widgets if each is not widget]

    @property
    def is_elsewhere(self) -> bool:
        return self.is_far

    def answerer(self) -> tuple[str, str]:
        return self.agent, self.model

    @property
    def is_busy(self) -> bool:
        return self.is_answering

    def workspace(self) -> Body:
        return {"directory": self.directory, "environment": {}}

    def add(self, file: Body) -> None:
        self.added.append(file)

    def server(self) -> Announcement:
        raise ServerLost("there is none here")

    def opened(self, number: int) -> Sequence[Row]:
        return [rows.row(f"call {number}")] if number == 1 else ()

    def send(self, text: str, *, model: str = "", agent: str = "", files: Sequence[Body] = ()) -> None:
        self.sent.append(text)
        self.chose.append((model, agent, tuple(files)))

    def write(self, text: str) -> None:
        self.written.append(text)

    def copy(self, text: str) -> None:
        self.copied.append(text)

    def go_on(self, session: str, *, is_copy: bool = False) -> None:
        self.session = session
        self.is_copy = is_copy

    def wear(self, theme: str) -> None:
        self.theme = theme

    def learn(self) -> None:
        self.told.append("(learnt)")

    def write_outside(self) -> None:
        self.told.append("(outside)")

    def turn(self) -> None:
        self.is_full = not self.is_full

    def wipe(self) -> None:
        self.said.append("(wiped)")

    def refresh(self) -> None:
        """Nothing is painted here."""

    def leave(self) -> None:
        self.is_over = True


def press(widget: Widget, *names: str) -> None:
    """Press keys by their names; one that is no name is typed."""
    for name in names:
        is_name = name in NAMES or "+" in name[1:]
        widget.act(KEYMAP.action(widget.context, (name,)), Key(name) if is_name else Key("text", name))


KEYMAP = Keymap()
NAMES = {"up", "down", "home", "end", "enter", "escape", "tab", "backspace", "pageup", "pagedown", "left", "right"}


def seen(widget: Widget, columns: int = 60, lines: int = 12) -> list[str]:
    """The rows of a widget as text, held against the room."""
    picture = widget.picture(Size(columns, lines))
    assert len(picture.rows) <= lines
    assert all(rows.columns(each) <= columns for each in picture.rows)
    if picture.cursor is not None:
        assert 0 <= picture.cursor[0] < len(picture.rows)
        assert 0 <= picture.cursor[1] < max(columns, 1)
    return [rows.plain(each) for each in picture.rows]


class Call:
    """One request to the server, to be answered."""

    def __init__(
        self,
        method: str,
        path: str,
        body: Body | None,
        then: Callable[[Body], None],
        otherwise: Callable[[Failure], None] | None,
    ) -> None:
        self.method, self.path, self.body, self.then, self.otherwise = method, path, body, then, otherwise


class Onstage(FakeProgram):
    """One whose server answers when a test says so, and whose jobs wait for that too."""

    def __init__(self) -> None:
        super().__init__()
        self.session = "ses_1"
        self.calls: list[Call] = []
        self.jobs: list[tuple[Callable[[], object], Callable[[object], None]]] = []

    @override
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
        del timeout_s
        self.calls.append(Call(method, path, body, then, otherwise))

    @override
    def work(self, job: Callable[[], object], then: Callable[[object], None]) -> None:
        self.jobs.append((job, then))

    def settle(self) -> None:
        """Let the time pass that something waits for."""
        while self.later:
            self.wait()

    @property
    def top(self) -> Widget:
        """What stands on top."""
        return self.widgets[-1]

    def keys(self, *typed: str | Key) -> list[bool]:
        """Type at what is on top: a key by its name in brackets, or one letter after the other; what was taken."""
        taken: list[bool] = []
        for each in typed:
            keys = [each] if isinstance(each, Key) else _keys(each)
            taken += [self.top.act("", key) for key in keys]
        return taken

    def seen(self, columns: int = 80, lines: int = 24) -> list[str]:
        """What is on top, as text."""
        return seen(self.top, columns, lines)


def _keys(typed: str) -> list[Key]:
    if typed.startswith("["):
        return [Key(typed[1:-1])]
    return [Key("text", each) for each in typed]


def heard(kind: str, **fields: object) -> Heard:
    """An event, as a client reads it."""
    return Heard("", "", {"type": kind, "number": 1, "session": "ses_1", **fields})
