"""Sessions below the one that is open: those of agents that work for it now are followed, each by its own stream.

A stream of its own has a place that a broken connection is taken up at, so nothing of them is lost or told twice.
"""

from collections.abc import Callable
from typing import Protocol

from iterate.heard import Heard
from iterate.tui.contract import Body, Program
from iterate.tui.figures import Figures

# So many at once; of more the lines say that they work, and no more.
MOST = 16


class Stream(Protocol):
    """The reading of one session."""

    def take(self) -> Heard | None:
        """The next event; None when all that came was taken."""

    def close(self) -> None:
        """Read no more."""


# Follows a session from its beginning, and calls this in the loop when there is something to take.
type Follow = Callable[[str, Callable[[Stream], None]], Stream]


class Beneath:
    """The streams of agents that work now."""

    def __init__(self, program: Program, figures: Callable[[], Figures], follow: Follow) -> None:
        self._program = program
        self._figures = figures
        self._follow = follow
        self._streams: dict[str, Stream] = {}
        self._is_due = False
        # Hears of their events.
        self.hear: Callable[[Heard], None] = lambda _: None

    def look(self) -> None:
        """Begin and end streams, as agents come and go; those of a session that is read again are gone already."""
        if self._is_due or self._streams.keys() == self._wanted():
            return
        self._is_due = True
        self._program.after(0.0, self._settle)

    def close(self) -> None:
        """Follow none any more."""
        for each in self._streams.values():
            each.close()
        self._streams.clear()

    def _wanted(self) -> set[str]:
        return set(list(self._figures().below)[:MOST])

    def _settle(self) -> None:
        self._is_due = False
        wanted = self._wanted()
        for session in [each for each in self._streams if each not in wanted]:
            self._streams.pop(session).close()
        for session in sorted(wanted - self._streams.keys()):
            self._streams[session] = self._follow(session, self._news)

    def _news(self, stream: Stream) -> None:
        while stream in self._streams.values() and (event := stream.take()) is not None:
            self.hear(event)
        self.look()
        self._program.refresh()


def show(program: Program) -> None:
    """The agents that worked for this session: those that work now first; the session of one is opened."""
    from iterate.tui.listing import Item, Listing, Purpose

    def item(row: Heard) -> Item:
        about = f"{row.word('agent')}  {'works' if row.fields.get('is_running') is True else 'has ended'}"
        return Item(row.word("id"), row.word("title") or row.word("id"), about)

    def told(body: Body) -> None:
        found = Heard("", "", body).rows("sessions")
        listing.fill([item(each) for each in sorted(found, key=lambda row: row.fields.get("is_running") is not True)])

    def opened(chosen: Item) -> None:
        program.close(listing)
        program.go_on(chosen.key)

    empty = "no other agent worked for this session"
    listing = Listing(program, Purpose("Sub-agents of this session", opened, empty=empty))
    program.show(listing)
    path = f"/session?parent={program.session}&limit=200"
    program.call("GET", path, then=told, otherwise=lambda failure: listing.fail(str(failure)))
