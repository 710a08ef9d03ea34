"""Answers where no person can be asked: what needs one is denied, at once and with a word about it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from iterate.heard import Heard

if TYPE_CHECKING:
    from iterate.client import Client

type Show = Callable[[Heard], None]
type Say = Callable[[str], None]

# So many times the server may say that nothing came, 10 s each, before that is told.
QUIET = 2
DENIED = "nobody can be asked here: do it another way, or say at the end what would be needed"


class Unattended:
    """Shows events, answers what is asked for, and says when nothing comes."""

    def __init__(self, client: "Client", show: Show, say: Say, *, is_yes: bool) -> None:
        self._client = client
        self._show = show
        self._say = say
        self._is_yes = is_yes
        self._quiet = 0
        self._calls: dict[str, str] = {}

    def __call__(self, event: Heard) -> None:
        """Show one event, and deny what it asks for."""
        self._quiet = 0
        self._show(event)
        part = event.inner("part")
        if part.kind == "tool_call":
            from iterate.terminal import tally

            self._calls[part.word("call")] = tally.said(part)
        match event.kind:
            case "permission.asked":
                if self._client.permit(event.word("id"), "deny", DENIED):
                    self._say(self._denied(event))
            case "question.asked":
                if self._client.answer(event.word("id"), None):
                    first = next((each.word("text") for each in event.rows("questions")), "")
                    self._say(f"not answered, because nobody can be asked here: {first}")
            case "retry":
                self._say(f"{event.word('reason')}; trying again in {event.count('wait_ms') / 1000:.0f} s")
            case _:
                pass

    def quiet(self) -> None:
        """Say that an answer is still awaited, when it has been for long."""
        self._quiet += 1
        if self._quiet % QUIET == 0:
            self._say(f"still waiting for the answer: nothing came for {self._quiet * 10} s")

    def _denied(self, event: Heard) -> str:
        what = " ".join((event.word("preview") or self._calls.get(event.word("call"), "")).split())[:200]
        about = f": {what}" if what else ""
        why = f"{event.word('tool')}{about} ({event.word('why')})"
        told = f"denied, because nobody can be asked here: {why}"
        return told if self._is_yes else f"{told}\n--yes runs without asking, inside the sandbox"
