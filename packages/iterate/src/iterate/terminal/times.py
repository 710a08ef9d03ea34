"""When what was seen happened and how long it took: nobody keeps it, so a session that is read again asks here.

A conversation reads its session again when it takes the whole screen, and when it gives it back.
What was never seen has no times.
"""

from iterate.terminal.tail import Tail
from iterate.terminal.waits import Waits


class Times:
    """The times of sessions, by the numbers of their events, and the ends of what running commands put out."""

    def __init__(self) -> None:
        self._begun: dict[tuple[str, int], float] = {}
        self._spent: dict[str, dict[int, float]] = {}
        self._waits: dict[str, Waits] = {}
        self._tails: dict[str, Tail] = {}

    def begun(self, session: str, number: int, now: float | None, *, is_first: bool = True) -> float | None:
        """When something that runs began: now, or when it was seen first."""
        known = self._begun.get((session, number))
        if now is None or (known is not None and not is_first):
            return known
        self._begun[session, number] = now
        return now

    def spent(self, session: str, number: int, seconds: float | None, *, is_past: bool) -> float | None:
        """How long something took that is over: as it is told, or as it was told when it was seen."""
        known = self._spent.setdefault(session, {})
        if is_past:
            return known.get(number)
        if seconds is not None:
            known[number] = seconds
        return seconds

    def waits(self, session: str, number: int, *, is_past: bool) -> Waits:
        """How long the answer to this prompt waits for the person."""
        if not is_past or (session, number) not in self._begun or session not in self._waits:
            self._waits[session] = Waits()
        return self._waits[session]

    def waiting(self, session: str) -> Waits:
        """How long the answer that runs in this session waits."""
        return self._waits.setdefault(session, Waits()) if session else Waits()

    def tail(self, call: str, *, is_past: bool) -> Tail:
        """What this call puts out."""
        if not is_past or call not in self._tails:
            self._tails[call] = Tail()
        return self._tails[call]

    def over(self, call: str) -> None:
        """This call puts out nothing any more."""
        self._tails.pop(call, None)

    def ended(self, session: str) -> None:
        """Nothing of this session runs any more."""
        self._begun = {each: when for each, when in self._begun.items() if each[0] != session}
