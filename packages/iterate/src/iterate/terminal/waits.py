"""How long an answer waited for a person, so that times say how long the work took."""

from iterate.heard import Heard

_ASKED = {"permission.asked", "question.asked"}
_ANSWERED = {"permission.answered", "question.answered"}


class Waits:
    """The waiting of one answer, from its events and when each came, in seconds of one clock."""

    def __init__(self) -> None:
        # What is asked now: by its id, the call and since when.
        self._open: dict[str, tuple[str, float]] = {}
        self._calls: dict[str, float] = {}
        self._total = 0.0
        self._since = 0.0

    def take(self, event: Heard, now: float) -> None:
        """Hear of one event."""
        if event.kind in _ASKED:
            self._since = self._since if self._open else now
            self._open[event.word("id")] = event.word("call"), now
        elif event.kind in _ANSWERED and event.word("id") in self._open:
            call, since = self._open.pop(event.word("id"))
            self._calls[call] = self._calls.get(call, 0.0) + now - since
            self._total += 0.0 if self._open else now - self._since

    def of(self, call: str, now: float) -> float:
        """How long this call waited."""
        waiting = sum(now - since for each, since in self._open.values() if each == call)
        return self._calls.get(call, 0.0) + waiting

    def total(self, now: float) -> float:
        """How long the answer waited; two questions at a time count once."""
        return self._total + (now - self._since if self._open else 0.0)
