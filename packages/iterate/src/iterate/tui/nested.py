"""What agents did who worked for a session that is read again: their events, behind those that tell of their work.

A session keeps only that an agent worked, and where; its calls are in a session of its own.
"""

import time
from collections.abc import Callable, Collection, Iterator, Sequence

from iterate.errors import Failure
from iterate.heard import Heard

# Reads what happened in a session.
type Read = Callable[[str], Sequence[Heard]]

# Events of agents below that are shown, and characters of a result of theirs, which can be opened.
_SHOWN = frozenset({"part", "task", "failed", "warned"})
_MUCH = 2000
# Who opens a session waits for so many agents, and for so long until the last one is asked for.
_MOST, _MOST_S = 64, 1.0


def is_shown(event: Heard) -> bool:
    """Whether an event of an agent below tells something later as well."""
    return event.kind in _SHOWN


def without_much(event: Heard) -> Heard:
    """The event with the beginning of its text, and no files."""
    part = event.inner("part")
    if not part.fields:
        return event
    less = {name: value[:_MUCH] if isinstance(value, str) else value for name, value in part.fields.items()}
    return event._replace(fields={**event.fields, "part": {**less, "files": ()}}, json="")


def whole(
    events: Sequence[Heard], read: Read, known: Collection[str] = (), clock: Callable[[], float] = time.monotonic
) -> list[Heard]:
    """The events with those of agents whose work is over; one who still works is followed, as `known` ones were."""
    return _Whole(read, known, clock).of(events)


class _Whole:
    """The reading of all agents below one session, the newest first."""

    def __init__(self, read: Read, known: Collection[str], clock: Callable[[], float]) -> None:
        self._read, self._known, self._clock = read, known, clock
        self._until = clock() + _MOST_S
        self._left = _MOST

    def of(self, events: Sequence[Heard]) -> list[Heard]:
        """These events, with those below them."""
        below = {place: self._below(child) for place, child in reversed(list(_over(events)))}
        return [each for place, event in enumerate(events) for each in (event, *below.get(place, ()))]

    def _below(self, child: str) -> list[Heard]:
        if child in self._known or self._left == 0 or self._clock() > self._until:
            return []
        self._left -= 1
        try:
            found = self._read(child)
        except Failure:
            # It was deleted, say: the session itself is there all the same.
            return []
        return [without_much(each) for each in self.of(found) if is_shown(each)]


def _over(events: Sequence[Heard]) -> Iterator[tuple[int, str]]:
    """Where agents began to work who have ended, and their sessions."""
    works: dict[str, tuple[int, str]] = {}
    for place, event in enumerate(events):
        part = event.inner("part")
        if event.kind == "task":
            works[event.word("call")] = (place, event.word("child"))
        elif part.kind == "tool_result" and (found := works.pop(part.word("call"), None)) is not None:
            yield found
        elif event.is_ending:
            yield from works.values()
            works.clear()
