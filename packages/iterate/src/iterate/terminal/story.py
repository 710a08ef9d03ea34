"""A session's events as rows: what is final, once, and what may still change, as often as it is looked at.

Nothing here writes, waits or looks at a clock: the same events at the same times are the same rows on every screen.
"""

from iterate.heard import Heard
from iterate.terminal import drawing, markdown, rows, tally
from iterate.terminal.drawing import Look
from iterate.terminal.log import Call, Ended, Entry, Log, Piece, Prompt, Said, Thought, Todo, Void
from iterate.terminal.rows import Row, row, span
from iterate.terminal.times import Times

# Rows of what there is to do, while an answer runs.
TODO = 8

__all__ = ["Look", "Story", "missing", "waiting"]


def missing(number: int, count: int) -> str:
    """That no call has this number."""
    return f"there is no call {number}; there {'is' if count == 1 else 'are'} {count}"


class Story:
    """The rows of answers, one after the other, for a terminal that keeps them."""

    def __init__(self, look: Look, times: Times | None = None) -> None:
        self.look = look
        self.log = Log(times=times)
        self._text: markdown.Growing | None = None
        self._last: Entry | None = None
        # By their classes, what was folded last.
        self._newest: dict[type, Call | Thought] = {}
        # What there is to do, while an answer works on it: it changes in place, and is final with the answer.
        self._todo: Todo | None = None

    @property
    def tally(self) -> tally.Tally:
        """What the last answer did and cost."""
        return self.log.tally

    @property
    def calls(self) -> list[Call]:
        """Every call of this conversation, so that it can be opened by its number."""
        return self.log.calls

    def take(self, event: Heard, now: float | None) -> list[Row]:
        """What became final by this event; `now` is None for what happened before somebody looked."""
        return [each for entry in self.log.take(event, now) for each in self._final(entry)]

    def open(self, now: float) -> list[Row]:
        """What may still change."""
        found: list[Row] = []
        if self._text is not None:
            found += self._text.open()
        found += waiting(self.log, self.look, now, has_text=bool(found))
        return found if self._todo is None else [*found, *drawing.todo(self._todo, self.look, TODO)]

    @property
    def settled(self) -> int:
        """How many rows of what is open, from the first one on, only another width changes."""
        return 0 if self._text is None else self._text.settled

    def said(self) -> list[Row]:
        """What of a text that grows is not final, without what tells that something goes on."""
        return [] if self._text is None else self._text.open()

    def left(self) -> list[Row]:
        """What of a text that grows was not final: nobody follows this session any more."""
        self.log.end()
        text, self._text, self._last = self._text, None, None
        return [] if text is None else text.end()

    def resize(self, columns: int, lines: int) -> None:
        """Rows for another size from now on."""
        self.look = self.look._replace(columns=columns, lines=lines)
        if self._text is not None:
            self._text.resize(self.look.room)

    def has_clock(self) -> bool:
        """Whether what is open changes by time alone."""
        return self.log.is_answering

    def opened(self, number: int) -> list[Row]:
        """All of one call: what it was asked, what it gave, what it changed."""
        if not 1 <= number <= len(self.calls):
            return [row(missing(number, len(self.calls)))]
        return drawing.opened(self.calls[number - 1], self.look)

    def newest(self, kind: type[Call] | type[Thought] = Call) -> list[Row]:
        """All of what is folded and came last: a call, or what was thought."""
        found = self._newest.get(kind)
        return [] if found is None else drawing.drawn(found, self.look, is_open=True)

    def _final(self, entry: Entry) -> list[Row]:
        if isinstance(entry, Piece):
            found = self._growing()
            if self._text is not None:
                self._text.add(entry.text)
                found += self._text.closed()
            return found
        if isinstance(entry, Said):
            found = self._growing()
            if self._text is not None:
                self._text.add(entry.text[entry.given :])
                found += self._text.end()
            self._text, self._last = None, entry
            return found
        if isinstance(entry, Todo):
            self._todo = entry
            return []
        if isinstance(entry, Call | Thought):
            self._newest[type(entry)] = entry
        if isinstance(entry, Ended | Prompt) and self._todo is not None:
            todo, self._todo = self._todo, None
            return [*self._drawn(todo), *self._drawn(entry)]
        return self._drawn(entry)

    def _drawn(self, entry: Entry) -> list[Row]:
        found = drawing.drawn(entry, self.look)
        if not found:
            return []
        is_first = self._last is None and not isinstance(entry, Said)
        gap: list[Row] = [()] if drawing.has_gap(self._last, entry) and not is_first else []
        if isinstance(entry, Void) or (isinstance(entry, Prompt) and isinstance(self._last, Ended)):
            gap = []
        self._last = entry
        return [*gap, *found]

    def _growing(self) -> list[Row]:
        """Begin a text, if none grows."""
        if self._text is not None:
            return []
        self._text = markdown.Growing(self.look.room, has_links=self.look.has_links, is_whole=True)
        return [()]


def waiting(log: Log, look: Look, now: float | None, *, has_text: bool) -> list[Row]:
    """What goes on beside the text: what is thought, the calls that run, or what is waited for."""
    found: list[Row] = []
    if log.thought:
        last = (log.thought.strip().splitlines() or [""])[-1]
        took = "" if now is None or log.thinks_since is None else f" {now - log.thinks_since:.0f} s"
        found.append(rows.clipped(row(span(f"thinking{took}: {last}", "thought")), look.room))
    for each in log.running.values():
        found += drawing.running(each, look, log.spent(each.call, now))
    if log.retry is not None:
        why, at = log.retry
        left = max(0.0, at - (now or 0.0))
        found.append(rows.clipped(row(span(f"{why}; trying again in {left:.0f} s", "busy")), look.room))
    elif not found and not has_text and log.is_answering and (log.is_waiting or not log.running):
        spent = 0.0 if now is None or log.begun is None else now - log.begun
        told = f"waiting for the model{f', {spent:.0f} s' if spent >= 1 else ''}"
        found.append(rows.clipped(row(span(told, "dim")), look.room))
    return found


def is_still(log: Log) -> bool:
    """Whether all that runs waits for a person, so that nothing changes by time alone."""
    if log.thought or log.retry is not None or not log.running:
        return False
    return all(each.is_asked or (each.child is not None and is_still(each.child)) for each in log.running.values())
