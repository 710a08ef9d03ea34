"""A session's events as lines of words, for screen readers and terminals that cannot redraw: nothing is taken back.

The words are those of the rows that others see, in lines that end where they were written to end, with words in the
place of marks. What the model says is not laid out: it comes letter by letter, as the Markdown that it is.
"""

from collections.abc import Sequence

from iterate.heard import Heard
from iterate.terminal import drawing, tally
from iterate.terminal.flow import Joint, Prefix
from iterate.terminal.log import Call, Ended, Entry, Log, Piece, Prompt, Said, Started, Summary, Todo
from iterate.terminal.rows import Row, plain
from iterate.terminal.story import Look, missing

_STATES = {"ok": "done", "error": "failed", "denied": "denied", "cancelled": "cancelled"}
# No row is broken.
_ROOM = 1 << 16


class Words:
    """The text of answers as it comes, and what happens beside it, a line each."""

    def __init__(self, look: Look, *, has_text: bool = True) -> None:
        self.look = look
        # Rows for no screen: as wide as they want to be, in one column, without colours and pictures.
        self._wide = look._replace(columns=_ROOM, depth="none", diffs="unified", images=None, has_links=False)
        # Without, the text of answers is shown elsewhere.
        self._has_text = has_text
        self.log = Log()
        # Whether a line was begun and has no end yet.
        self._is_open = False

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
        shown = lines(drawing.opened(call, self._wide)).removeprefix(f"{number} ")
        told = f"tool {number}: {shown}\n"
        return told if call.result is not None else f"{told}nothing came of it yet\n"

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
            case _:
                told = self._told(entry)
                return f"{self._line()}{told}\n" if told else self._line() if isinstance(entry, Ended) else ""

    def _text(self, text: str) -> str:
        if not self._has_text or not text:
            return ""
        self._is_open = not text.endswith("\n")
        return text

    def _told(self, entry: Entry) -> str:
        match entry:
            case Started(call=call):
                return f"{_who(call)}tool {call.number} started: {call.about}"
            case Call():
                return self._result(entry)
            case Todo(items=items):
                return "\n".join(f"to do, {status}: {text}" for text, status in items)
            case Summary(text=text):
                # What the model said, as it is.
                return f"{lines(drawing.drawn(entry, self._wide)[:1])}\n{text}"
            case Prompt():
                told = lines(drawing.drawn(entry, self._wide, is_open=True))
                return f"prompt: {told}" if told else ""
            case _:
                return lines(drawing.drawn(entry, self._wide))

    def _result(self, call: Call) -> str:
        first, *below = drawing.call(call, self._wide)
        state = _STATES.get(call.status, call.status)
        # The mark, who it was and its number are said otherwise; behind the title stands how it went.
        head = plain(tuple(each for each in first if not isinstance(each, Prefix)))[2:]
        end = first[-1].text if first[-1].style == "dim" and first[-1].text.startswith("  ") else ""
        title = head.removesuffix(end).removeprefix(f"{call.agent} ").removeprefix(f"{call.number} ")
        facts = [each for each in end.split("  ") if each and each != state]
        told = f"{_who(call)}tool {call.number} {state}: {', '.join([title, *facts])}"
        return "\n".join([told, lines(below)]) if below else told


def lines(of: Sequence[Row]) -> str:
    """Rows as lines: what a row was broken into is one again; marks before text and empty rows are left out."""
    found: list[str] = []
    for row in of:
        text = plain(tuple(each for each in row if not _is_mark(each))).rstrip()
        if any(isinstance(each, Joint) for each in row) and found:
            found[-1] += text
        elif text:
            found.append(text)
    return "\n".join(found)


def _is_mark(of: object) -> bool:
    return isinstance(of, Prefix) and not any(each.isalnum() or each in "+-" for each in of.text)


def _who(call: Call) -> str:
    return f"{call.agent}: " if call.agent else ""
