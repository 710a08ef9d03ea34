"""A session's events as rows: what is final, once, and what may still change, as often as it is looked at.

Nothing here writes, waits or looks at a clock: the same events at the same times are the same rows on every screen.
"""

from typing import NamedTuple

from iterate import foreign
from iterate.heard import Heard
from iterate.settings import Depth
from iterate.terminal import diff, markdown, rows, tally
from iterate.terminal.rows import Row, Span, row
from iterate.terminal.tally import Tally
from iterate.terminal.waits import Waits

# Rows of a diff, an output or a summary that are shown without being asked for.
SHORT = 12
NOTHING = Heard("", "", {})
_MARKS = {"ok": Span("\N{CHECK MARK}", "good"), "error": Span("\N{BALLOT X}", "bad")}
_LATER = Span("\N{MULTIPLICATION SIGN}", "busy")
_TODO = {"open": "\N{WHITE SQUARE}", "active": "\N{BLACK RIGHT-POINTING SMALL TRIANGLE}", "done": "\N{CHECK MARK}"}


class Look(NamedTuple):
    """How much room there is, and how much is to be seen."""

    columns: int = 80
    lines: int = 24
    depth: Depth = "16"
    is_plain: bool = False
    is_verbose: bool = False
    is_quiet: bool = False
    # A conversation goes on after an answer that failed, so the failure is part of it.
    is_talk: bool = False


class Call(NamedTuple):
    """A call of a tool: what it was asked, when it began, and its result once there is one."""

    number: int
    about: str
    asked: Heard
    begun: float
    result: Heard = NOTHING


def missing(number: int, count: int) -> str:
    """That no call has this number."""
    return f"there is no call {number}; there {'is' if count == 1 else 'are'} {count}"


class Story:
    """The rows of answers, one after the other."""

    def __init__(self, look: Look) -> None:
        self.look = look
        self.tally = Tally()
        self._waits = Waits()
        # Every call of this conversation, so that it can be opened by its number.
        self.calls: list[Call] = []
        self._running: dict[str, Call] = {}
        self._begun = 0.0
        self._text: markdown.Growing | None = None
        self._number = 0
        self._shown = 0
        self._thought = ""
        self._retry: tuple[str, float] | None = None
        self._is_waiting = False

    def take(self, event: Heard, now: float) -> list[Row]:
        """What became final by this event."""
        self.tally.take(event)
        self._waits.take(event, now)
        if event.kind != "retry":
            self._retry = None
        match event.kind:
            case "prompted":
                self.tally, self._waits, self._begun, self._is_waiting = Tally(), Waits(), now, True
                # Another session counts its events from the beginning again.
                self._number = self._shown = 0
                return []
            case "delta":
                self._is_waiting = False
                return self._delta(event)
            case "part":
                self._is_waiting = False
                return self._part(event, now)
            case "done" | "failed":
                return [*self._cut(), *self._ending(event, now)]
            case _:
                return self._other(event, now)

    def open(self, now: float) -> list[Row]:
        """What may still change."""
        found: list[Row] = []
        if self._thought:
            told = f"thinking: {self._thought.strip().splitlines()[-1] if self._thought.strip() else ''}"
            found.append(rows.clipped(row(rows.span(told, "dim")), self._room))
        if self._text is not None:
            found += self._text.open()
        for call in self._running.values():
            spent = self._spent(call, now)
            time = f"  {spent:.0f} s" if spent >= 1 else ""
            found.append(self._line(Span("\N{HORIZONTAL ELLIPSIS}", "busy"), call, call.about, time))
        if self._retry is not None:
            why, at = self._retry
            left = max(0.0, at - now)
            found.append(rows.clipped(row(rows.span(f"{why}; trying again in {left:.0f} s", "busy")), self._room))
        elif not found and self._begun and (self._is_waiting or not self._running):
            spent = now - self._begun
            found.append(row(rows.span(f"waiting for the model{f', {spent:.0f} s' if spent >= 1 else ''}", "dim")))
        return found

    def resize(self, columns: int, lines: int) -> None:
        """Rows for another size from now on."""
        self.look = self.look._replace(columns=columns, lines=lines)
        if self._text is not None:
            self._text.resize(self._room)

    def has_clock(self) -> bool:
        """Whether what is open changes by time alone."""
        return bool(self._begun)

    def opened(self, number: int) -> list[Row]:
        """All of one call: what it was asked, what it gave, what it changed."""
        if not 1 <= number <= len(self.calls):
            return [row(missing(number, len(self.calls)))]
        call = self.calls[number - 1]
        found = [row(rows.span(f"{number} {call.about}", "bold"))]
        for name, value in call.asked.inner("arguments").fields.items():
            found += self._lines(f"{name}: {value}", indent=2)
        found += diff.rows(call.result.word("diff"), self._room)
        found += self._lines(call.result.word("text"), indent=2)
        if full := call.result.word("full"):
            found += self._lines(f"the whole output is in {full}", indent=2)
        return found

    @property
    def _room(self) -> int:
        # A terminal may wrap as soon as the last column is filled.
        return self.look.columns - 1

    def _delta(self, event: Heard) -> list[Row]:
        new = self._new(event.number, event.count("offset"), event.word("text"))
        if event.word("kind") == "reasoning":
            self._thought += new
            return []
        return self._grow(new)

    def _new(self, number: int, offset: int, text: str) -> str:
        if number != self._number:
            self._number, self._shown, self._thought, self._text = number, 0, "", None
        new = text[max(0, self._shown - offset) :]
        self._shown = max(self._shown, offset + len(text))
        return new

    def _grow(self, new: str) -> list[Row]:
        found: list[Row] = []
        if self._text is None:
            self._text = markdown.Growing(self._room)
            found = [()]
        self._text.add(new)
        return [*found, *self._text.closed()] if "\n" in new else found

    def _part(self, event: Heard, now: float) -> list[Row]:
        part = event.inner("part")
        match part.kind:
            case "text":
                found = self._grow(self._new(event.number, 0, part.word("text")))
                return [*found, *self._cut()]
            case "reasoning":
                self._new(event.number, 0, "")
                self._thought = ""
                is_shown = self.look.is_verbose and part.word("text").strip()
                return [(), *self._lines(part.word("text"), indent=2)] if is_shown else []
            case "tool_call":
                call = Call(len(self.calls) + 1, tally.about(part), part, now)
                self.calls.append(call)
                self._running[part.word("call")] = call
                return self._cut()
            case "tool_result":
                return self._result(part, now)
            case _:
                return []

    def _result(self, part: Heard, now: float) -> list[Row]:
        call = self._running.pop(part.word("call"), None) or Call(0, "", NOTHING, now)
        if call.number:
            self.calls[call.number - 1] = call._replace(result=part)
        status = part.word("status")
        title = tally.title(part, call.about, call.asked.word("tool"))
        changes = part.word("diff")
        added, removed = diff.counted(changes)
        count = f"  +{added} -{removed}" if added or removed else ""
        word = {"ok": "", "error": "  failed"}.get(status, f"  {status}")
        end = f"{word}{count}  {tally.seconds(self._spent(call, now))}"
        line = self._line(_MARKS.get(status, _LATER), call, title, end)
        found = [line]
        if changes:
            found += [row("    ", *each) for each in self._short(diff.rows(changes, self._room - 4), call.number)]
        if status != "ok" or self.look.is_verbose:
            found += self._short(self._lines(part.word("text"), indent=4), call.number, 3)
        return found

    def _spent(self, call: Call, now: float) -> float:
        """How long a call took, without what it waited for a person."""
        return now - call.begun - self._waits.of(call.asked.word("call"), now)

    def _short(self, found: list[Row], number: int, most: int = SHORT) -> list[Row]:
        if self.look.is_verbose or len(found) <= most:
            return found
        left = tally.counted(len(found) - most, "more row")
        how = f"/open {number} shows all" if self.look.is_talk else "--verbose shows all"
        return [*found[:most], row(rows.span(f"    {left}: {how}", "dim"))]

    def _line(self, mark: Span, call: Call, title: str, end: str) -> Row:
        first = title.splitlines()[0] if title else ""
        head = (mark, *row(rows.span(f" {call.number} " if call.number else " ", "dim"), first))
        tail = rows.span(end, "dim")
        return (*rows.clipped(head, self._room - rows.columns([tail])), tail)

    def _lines(self, text: str, indent: int) -> list[Row]:
        """Foreign text as it is, in dim rows."""
        prefix = [Span(" " * indent)]
        spans = [rows.span(text.rstrip("\n"), "dim")]
        return rows.wrapped(spans, self._room, prefix, prefix) if text.strip() else []

    def _cut(self) -> list[Row]:
        """What of the text was open."""
        text, self._text, self._thought = self._text, None, ""
        return text.end() if text is not None else []

    def _ending(self, event: Heard, now: float) -> list[Row]:
        spent, self._begun = now - self._begun - self._waits.total(now), 0.0
        self._running.clear()
        found: list[Row] = []
        if event.kind == "failed" and self.look.is_talk:
            found += [(), *rows.wrapped([rows.span(tally.failed(event), "bad")], self._room)]
        words = self.tally.words()
        if words and not self.look.is_quiet:
            found += [(), row(rows.span(f"{words}, {tally.seconds(spent)}", "dim"))]
        return found

    def _other(self, event: Heard, now: float) -> list[Row]:  # noqa: PLR0911  # A row for each kind.
        match event.kind:
            case "retry":
                void = self._cut()
                self._retry = (event.word("reason"), now + event.count("wait_ms") / 1000)
                return [*void, row(rows.span("that broke off and counts no more", "busy"))] if void else []
            case "files.changed":
                if any(
                    call.asked.word("call") == event.word("call") and call.result.word("diff") for call in self.calls
                ):
                    return []
                return self._lines(f"changed {tally.changed(event)}", indent=4)
            case "compacted":
                before, after = event.count("tokens_before"), event.count("tokens_after")
                head = row(rows.span(f"summed up to save room: {before:,} tokens became {after:,}", "busy"))
                summary = [row("  ", *each) for each in markdown.render(event.word("summary"), self._room - 2)]
                return [(), head, *(summary if self.look.is_verbose else summary[:SHORT])]
            case "task":
                return self._lines(f"the agent {event.word('agent')} works in {event.word('child')}", indent=4)
            case "todo":
                return [self._item(each) for each in event.rows("items")]
            case "permission.answered":
                words = {"once": "allowed once", "session": "allowed for this session", "always": "allowed for always"}
                told = words.get(event.word("decision"), f"denied. {event.word('message')}".strip())
                return [row(rows.span(f"    {told}", "dim"))]
            case _:
                return []

    def _item(self, item: Heard) -> Row:
        is_over = item.word("status") in {"done", "dropped"}
        mark = _TODO.get(item.word("status"), "\N{MULTIPLICATION SIGN}")
        text = foreign.plain(item.word("text"))
        return rows.clipped(row(f"    {mark} ", rows.span(text, "dim" if is_over else "")), self._room)
