"""A session's events as lines of words, for screen readers and terminals that cannot redraw: nothing is taken back."""

from iterate.heard import Heard
from iterate.terminal import tally
from iterate.terminal.story import NOTHING, Call, Look, missing
from iterate.terminal.tally import Tally
from iterate.terminal.waits import Waits

_STATES = {"ok": "done", "error": "failed", "denied": "denied", "cancelled": "cancelled"}


class Words:
    """The text of answers as it comes, and what happens beside it, a line each."""

    def __init__(self, look: Look, *, has_text: bool = True) -> None:
        self.look = look
        # Without, the text of answers is shown elsewhere.
        self._has_text = has_text
        self.tally = Tally()
        self._waits = Waits()
        self.calls: list[Call] = []
        self._running: dict[str, Call] = {}
        self._number = 0
        self._shown = 0
        self._is_open = False
        self._begun = 0.0

    def take(self, event: Heard, now: float) -> str:
        """What is to be written for this event."""
        self.tally.take(event)
        self._waits.take(event, now)
        match event.kind:
            case "prompted":
                self.tally, self._waits, self._begun, self._number, self._shown = Tally(), Waits(), now, 0, 0
                self._is_open = self._has_text
                return ""
            case "delta" if event.word("kind") == "text" and self._has_text:
                return self._text(event.number, event.count("offset"), event.word("text"))
            case "part":
                return self._part(event, now)
            case "done" | "failed":
                return self._ending(event, now)
            case _:
                told = "" if self.look.is_quiet else self._other(event)
                return f"{self._line()}{told}\n" if told else ""

    def opened(self, number: int) -> str:
        """All of one call: what it was asked, what it gave, what it changed."""
        if not 1 <= number <= len(self.calls):
            return f"{missing(number, len(self.calls))}\n"
        call = self.calls[number - 1]
        lines = [f"tool {number}: {call.about}"]
        lines += [f"{name}: {value}" for name, value in call.asked.inner("arguments").fields.items()]
        lines += [call.result.word("diff"), call.result.word("text") or "nothing came of it yet"]
        if full := call.result.word("full"):
            lines.append(f"the whole output is in {full}")
        return "".join(f"{line.rstrip('\n')}\n" for line in lines if line)

    def _line(self) -> str:
        """The end of a line that is open."""
        is_open, self._is_open = self._is_open and self._shown > 0, False
        return "\n" if is_open else ""

    def _text(self, number: int, offset: int, text: str) -> str:
        before = ""
        if number != self._number:
            before = self._line() if self._number else ""
            self._number, self._shown = number, 0
        new = text[max(0, self._shown - offset) :]
        self._shown = max(self._shown, offset + len(text))
        if new:
            self._is_open = not new.endswith("\n")
        return before + new

    def _part(self, event: Heard, now: float) -> str:
        part = event.inner("part")
        match part.kind:
            case "text" if self._has_text:
                return self._text(event.number, 0, part.word("text"))
            case "tool_call":
                call = Call(len(self.calls) + 1, tally.about(part), part, now)
                self.calls.append(call)
                self._running[part.word("call")] = call
                return "" if self.look.is_quiet else f"{self._line()}tool {call.number} started: {call.about}\n"
            case "reasoning" if self.look.is_verbose and part.word("text").strip():
                return f"{self._line()}thought: {part.word('text').strip()}\n"
            case "tool_result" if not self.look.is_quiet:
                return self._result(part, now)
            case _:
                return ""

    def _result(self, part: Heard, now: float) -> str:
        call = self._running.pop(part.word("call"), None) or Call(0, "", NOTHING, now)
        if call.number:
            self.calls[call.number - 1] = call._replace(result=part)
        state = _STATES.get(part.word("status"), part.word("status"))
        title = tally.title(part, call.about, call.asked.word("tool")).partition("\n")[0]
        spent = now - call.begun - self._waits.of(part.word("call"), now)
        lines = [f"tool {call.number} {state}: {title}, {tally.seconds(spent)}"]
        if self.look.is_verbose or (part.word("diff") and len(part.word("diff")) < 2000):  # noqa: PLR2004
            lines += part.word("diff").splitlines()
        if self.look.is_verbose or part.word("status") != "ok":
            lines += part.word("text").splitlines()
        return self._line() + "".join(f"{line}\n" for line in lines)

    def _ending(self, event: Heard, now: float) -> str:
        end = "\n" if self._is_open else ""
        self._is_open = False
        if self.look.is_quiet:
            return end
        words = self.tally.words()
        failed = f"{tally.failed(event)}\n"
        spent = now - self._begun - self._waits.total(now)
        cost = f"{words}, {tally.seconds(spent)}\n" if words else ""
        return end + (failed if event.kind == "failed" and self.look.is_talk else "") + cost

    def _other(self, event: Heard) -> str:  # noqa: PLR0911  # A row for each kind.
        match event.kind:
            case "retry":
                return f"{event.word('reason')}; trying again in {event.count('wait_ms') / 1000:.0f} s"
            case "files.changed":
                return f"changed {tally.changed(event)}"
            case "compacted":
                before, after = event.count("tokens_before"), event.count("tokens_after")
                return f"summed up to save room: {before:,} tokens became {after:,}\n{event.word('summary')}"
            case "task":
                return f"the agent {event.word('agent')} works in {event.word('child')}"
            case "todo":
                return "\n".join(f"to do, {each.word('status')}: {each.word('text')}" for each in event.rows("items"))
            case "permission.answered":
                return f"permission: {event.word('decision')}"
            case _:
                return ""
