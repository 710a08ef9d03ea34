"""A session's events as lines of words, for screen readers and terminals that cannot redraw: nothing is taken back."""

from iterate.heard import Heard
from iterate.terminal import drawing, tally
from iterate.terminal.log import (
    Call,
    Ended,
    Entry,
    Log,
    Note,
    Own,
    Piece,
    Prompt,
    Said,
    Started,
    Summary,
    Thought,
    Todo,
    Void,
)
from iterate.terminal.rows import plain
from iterate.terminal.story import Look, missing

_STATES = {"ok": "done", "error": "failed", "denied": "denied", "cancelled": "cancelled"}
# A diff that is longer, in characters, is told when somebody asks for it.
_LONG = 2000


class Words:
    """The text of answers as it comes, and what happens beside it, a line each."""

    def __init__(self, look: Look, *, has_text: bool = True) -> None:
        self.look = look
        # Without, the text of answers is shown elsewhere.
        self._has_text = has_text
        self.log = Log()
        # Whether a line was begun and has no end yet.
        self._is_open = False
        self._texts = 0

    @property
    def tally(self) -> tally.Tally:
        """What the last answer did and cost."""
        return self.log.tally

    @property
    def calls(self) -> list[Call]:
        """Every call of this conversation, so that it can be opened by its number."""
        return self.log.calls

    def take(self, event: Heard, now: float | None) -> str:
        """What is to be written for this event."""
        told = "".join(self._said(entry) for entry in self.log.take(event, now))
        if event.kind == "retry" and not self.look.is_quiet:
            again = f"{event.word('reason')}; trying again in {event.count('wait_ms') / 1000:.0f} s"
            told += self._line() + f"{again}\n"
        return told

    def opened(self, number: int) -> str:
        """All of one call: what it was asked, what it gave, what it changed."""
        if not 1 <= number <= len(self.calls):
            return f"{missing(number, len(self.calls))}\n"
        call = self.calls[number - 1]
        lines = [f"tool {number}: {call.about}"]
        lines += [f"{name}: {value}" for name, value in call.asked.heard().inner("arguments").fields.items()]
        if call.result is None:
            lines.append("nothing came of it yet")
        else:
            result = call.result.heard()
            lines += [result.word("diff"), result.word("text") or "it gave nothing"]
            if full := result.word("full"):
                lines.append(f"the whole output is in {full}")
        return "".join(f"{line.rstrip('\n')}\n" for line in lines if line)

    def _line(self) -> str:
        """The end of a line that is open."""
        is_open, self._is_open = self._is_open, False
        return "\n" if is_open else ""

    def _said(self, entry: Entry) -> str:
        match entry:
            case Piece(text=text):
                return self._text(text)
            case Said(text=text, given=given):
                return self._text(text[given:]) + (self._line() if self._has_text else "")
            case _ if self.look.is_quiet:
                return self._line() if isinstance(entry, Ended) else ""
            case Ended():
                return self._line() + self._ended(entry)
            case _:
                told = self._told(entry)
                return f"{self._line()}{told}\n" if told else ""

    def _text(self, text: str) -> str:
        if not self._has_text or not text:
            return ""
        self._is_open = not text.endswith("\n")
        return text

    def _told(self, entry: Entry) -> str:  # noqa: PLR0911  # A row for each kind.
        match entry:
            case Prompt(text=text, files=files):
                told = "".join(f"\nwith the file {name}" for name in files)
                return f"prompt: {text}{told}" if self.look.has_prompts else ""
            case Started(call=call):
                return f"{_who(call)}tool {call.number} started: {call.about}"
            case Call():
                return self._result(entry)
            case Thought():
                return self._thought(entry)
            case Note(text=text):
                return text
            case Summary(text=text, before=before, after=after):
                return f"summed up to save room: {before:,} tokens became {after:,}\n{text}"
            case Todo(items=items):
                return "\n".join(f"to do, {status}: {text}" for text, status in items)
            case Void():
                return "that broke off and counts no more"
            case Own(rows=rows):
                return "\n".join(plain(each) for each in rows)
            case _:
                return ""

    def _thought(self, entry: Thought) -> str:
        if self.look.is_verbose:
            return f"thought: {entry.kept.heard().word('text').strip()}"
        if not self.look.is_talk:
            return ""
        return "thought" + ("" if entry.seconds is None else f" for {tally.seconds(entry.seconds)}")

    def _result(self, call: Call) -> str:
        state = _STATES.get(call.status, call.status)
        took = "" if call.seconds is None else f", {tally.seconds(call.seconds)}"
        lines = [f"{_who(call)}tool {call.number} {state}: {call.title.partition('\n')[0]}{took}"]
        if call.result is not None and not call.agent:
            result = call.result.heard()
            changes = result.word("diff")
            if self.look.is_verbose or (changes and len(changes) < _LONG):
                lines += changes.splitlines()
            elif changes:
                lines.append(f"{tally.counted(call.added, 'line')} added, {call.removed:,} removed")
            if self.look.is_verbose or call.status != "ok":
                lines += drawing.failure(call, is_verbose=self.look.is_verbose).splitlines()
        return "\n".join(lines)

    def _ended(self, entry: Ended) -> str:
        failed = f"{entry.failure}\n" if entry.failure and self.look.is_talk else ""
        took = "" if entry.seconds is None else f", {tally.seconds(entry.seconds)}"
        return failed + (f"{entry.cost}{took}\n" if entry.cost else "")


def _who(call: Call) -> str:
    return f"{call.agent}: " if call.agent else ""
