"""A program with something on top, whose server answers when it is told to, and keys typed at it."""

from collections.abc import Callable
from typing import override

from tests.iterate.fakeprogram import FakeProgram, seen

from iterate.errors import Failure
from iterate.heard import Heard
from iterate.terminal.keys import Key
from iterate.tui.contract import Body, Widget


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
    """The `contract.Program` of a test."""

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
