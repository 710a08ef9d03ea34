"""What waits for this person: permissions and questions of the session and of its sub-agents, one after the other."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from iterate.errors import AlreadyAnswered, Failure, RequestUnknown
from iterate.heard import Heard
from iterate.tui.contract import Body, Program

if TYPE_CHECKING:
    from iterate.tui.permission import Permission
    from iterate.tui.question import Questions

type Asked = Permission | Questions

_ASKED = {"permission.asked", "question.asked"}
_ANSWERED = {"permission.answered", "question.answered"}


class Asking:
    """All that is asked now. The first of it is on top of the program, with the number of the others."""

    def __init__(self, program: Program, clock: Callable[[], float] = time.monotonic) -> None:
        self._program = program
        self._clock = clock
        # By their ids, the oldest first; the first of them is shown, or will be.
        self._waiting: dict[str, Asked] = {}
        self._shown: Asked | None = None
        # What was answered here, so that nobody else gets the credit.
        self._ours: set[str] = set()
        self._calls: dict[str, Heard] = {}

    @property
    def count(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def take(self, event: Heard) -> None:
        """Hear of an event of the session, or of one below it."""
        kind = event.kind
        if kind == "part":
            part = event.inner("part")
            if part.kind == "tool_call":
                self._calls[part.word("call")] = part
        elif kind in _ASKED:
            self._ask(event)
        elif kind in _ANSWERED:
            self._answered(event)
        elif kind == "prompted" or event.is_ending:
            self._ended(event.word("session"))

    def forget(self) -> None:
        """Another session: nothing of this one waits any more."""
        self._waiting.clear()
        self._calls.clear()
        self._ours.clear()
        self._settle()

    def _ask(self, event: Heard) -> None:
        id_ = event.word("id")
        if id_ in self._waiting or id_ in self._ours:
            return  # What a sub-agent asks comes in its own session and in those above.
        from iterate.terminal import understood  # Most sessions that are opened ask nothing.
        from iterate.tui.parts import letters
        from iterate.tui.permission import Permission
        from iterate.tui.question import Questions

        if event.kind == "permission.asked":
            call = self._calls.get(event.word("call"))
            shown = letters(self._program.keymap)
            self._waiting[id_] = Permission(event, call, lambda body: self._send(id_, body), self._clock, shown)
        elif event.rows("questions"):
            self._waiting[id_] = Questions(event, lambda body: self._send(id_, body), self._clock)
        if id_ in self._waiting:
            self._waiting[id_].who = understood.who(event, self._program.session)
        # Events of a session that is read again come together: what they answer as well never shows.
        self._program.after(0.0, self._settle)

    def _answered(self, event: Heard) -> None:
        id_ = event.word("id")
        of = self._waiting.pop(id_, None)
        if of is not None and of is self._shown:
            # The transcript says how.
            self._program.tell("answered elsewhere")
        self._ours.discard(id_)
        self._settle_soon()

    def _ended(self, session: str) -> None:
        for id_ in [id_ for id_, of in self._waiting.items() if session in _sessions(of.event)]:
            if self._waiting.pop(id_) is self._shown:
                self._program.tell("not asked any more")
        self._settle_soon()

    def _settle_soon(self) -> None:
        if self._shown is not None:
            self._settle()

    def _settle(self) -> None:
        """Show what is first, where it is not yet."""
        first = next(iter(self._waiting.values()), None)
        if first is not self._shown:
            if self._shown is not None:
                self._program.close(self._shown)
            self._shown = first
            if first is not None:
                first.appear()
                self._program.show(first)
        if first is not None:
            first.others = len(self._waiting) - 1
        self._program.refresh()

    def _send(self, id_: str, body: Body) -> None:
        """Give the word; the question goes at once, and comes again where the word did not arrive."""
        of = self._waiting.pop(id_)
        self._ours.add(id_)
        kind = of.event.kind.partition(".")[0]

        def failed(failure: Failure) -> None:
            if isinstance(failure, AlreadyAnswered | RequestUnknown):
                self._program.tell("somebody else answered before")
                return
            self._ours.discard(id_)
            self._waiting[id_] = of
            of.again()
            self._program.fail(failure)
            self._settle()

        self._settle()
        self._program.call("POST", f"/{kind}/{id_}", body, then=lambda _: None, otherwise=failed)


def _sessions(event: Heard) -> set[str]:
    """Whose end ends a question: of who asks, and of the session that hears of it."""
    return {event.word("session"), event.word("asker")}
