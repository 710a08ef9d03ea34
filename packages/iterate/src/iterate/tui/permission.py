"""A permission in front of a person: what a call would do, which rule asks, and the answers, by one key each."""

import time
from collections.abc import Callable, Mapping
from types import MappingProxyType

from iterate.config.bindings import Context
from iterate.heard import Heard
from iterate.terminal import rows, understood
from iterate.terminal.editor import Editor
from iterate.terminal.keys import Key
from iterate.terminal.rows import Row, Span, row
from iterate.tui.contract import Body, Picture, Size
from iterate.tui.files import Files
from iterate.tui.parts import Choice, Choices, Grace, Scroll, fitted, read, with_line
from iterate.tui.remembering import Remembering

type Send = Callable[[Body], None]

_REASON = "no: a reason for the model, or Enter alone"
# So many rows are left to what would happen, before the answers share a row.
LEAST = 3


class Permission:
    """Whether a call may run, and how much of it."""

    is_lasting = False

    def __init__(
        self,
        event: Heard,
        call: Heard | None,
        send: Send,
        clock: Callable[[], float] = time.monotonic,
        letters: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.event = event
        # How many more wait behind it.
        self.others = 0
        # The agent below that asks.
        self.who = understood.who(event)
        self._send = send
        self._grace = Grace(clock)
        self._preview = understood.preview(event, call)
        self._body = Scroll(self._preview, self._drawn)
        self._choices = Choices(_offered(event), letters)
        self._reason: Editor | None = None
        self._page: Files | Remembering | None = None

    @property
    def context(self) -> Context:
        """Of the line that is typed, while one is, and while keys are still meant for another one."""
        if not self._grace.is_over:
            return "editor"
        is_typed = self._reason is not None or (self._page is not None and self._page.is_typed)
        return "editor" if is_typed else "dialog"

    def appear(self) -> None:
        """It is shown from now on."""
        self._grace.begin()

    def again(self) -> None:
        """The word did not arrive: it is asked again, with what was chosen."""
        self._reason = None

    def picture(self, room: Size) -> Picture:
        """What is asked, what would happen, and the answers."""
        if self._page is not None:
            return self._page.picture(room)
        head = self._head(room.columns)
        if self._reason is not None:
            return self._with_reason(head, self._reason, room)
        foot = self._choices.rows(room.columns)
        if room.lines < len(head) + len(foot) + LEAST:
            foot = [self._choices.short(room.columns)]
            head = head[: max(0, min(len(head), room.lines - len(foot)))]
        body = self._body.cut(room.columns, room.lines - len(head) - len(foot))
        return Picture(fitted([*head, *body, *foot], room))

    def act(self, action: str, key: Key) -> bool:
        """A key; what was typed before anybody could read this is left to the editor."""
        if action == "interrupt" or key.name in {"ctrl+c", "ctrl+z", "ctrl+l"}:
            return False
        if not self._grace.passes():
            return False
        if self.context == "editor":
            action = ""  # Its letters are text.
        said, key = read(action, key)
        if self._page is not None:
            if not self._page.act(said, key):
                self._page = None
        elif self._reason is not None:
            self._type(self._reason, said, key)
        elif not self._body.act(said):
            self._choose(said, key)
        return True

    def _head(self, room: int) -> list[Row]:
        said = f"{f'{self.who}: ' if self.who else ''}{self.event.word('tool')} asks: {self.event.word('why')}"
        more = f"  ({self.others} more {'waits' if self.others == 1 else 'wait'})" if self.others else ""
        return rows.wrapped([rows.span(said, "busy"), Span(more, "dim")], room)

    def _drawn(self, text: str, room: int) -> list[Row]:
        """The parts of the call, and what would happen."""
        inner = max(1, room - 2)
        found = understood.needs(self.event, inner)
        listed = self.event.rows("needs")
        if len(listed) != 1 or listed[0].word("subject").strip() != self._preview.strip():
            found += understood.preview_rows(text, inner)  # Or it was said.
        return [row("  ", *each) for each in found]

    def _with_reason(self, head: list[Row], reason: Editor, room: Size) -> Picture:
        asked = rows.wrapped([rows.span(_REASON, "bold")], room.columns)
        typed = len(reason.rows("> ", max(2, room.columns))[0])
        left = max(0, room.lines - len(asked) - typed)
        head = head[:left]
        body = self._body.cut(room.columns, left - len(head))
        return with_line([*head, *body, *asked], reason, "> ", room)

    def _choose(self, said: str, key: Key) -> None:
        if said == "cancel":
            self._send({"decision": "deny"})
            return
        place = self._choices.act(said, key)
        if place is None:
            return
        match self._choices.choices[place].letter:
            case "y":
                self._send({"decision": "once"})
            case "s":
                self._send({"decision": "session"})
            case "a":
                self._send({"decision": "always"})
            case "e":
                self._page = Remembering(self.event.words("patterns"), self._send)
            case "f":
                self._page = Files(self.event, understood.by_file(self._preview), self._send)
            case _:
                self._reason = Editor()

    def _type(self, reason: Editor, said: str, key: Key) -> None:
        if said == "cancel":
            self._reason = None
        elif reason.take(key):
            text = reason.text.strip()
            self._send({"decision": "deny", "message": text} if text else {"decision": "deny"})


def _offered(event: Heard) -> list[Choice]:
    files, patterns = event.rows("files"), event.words("patterns")
    kept = understood.one_line(", ".join(patterns))
    yes = "take all" if files else "yes, this once"
    found = [Choice("y", yes, f"{len(files)} files" if len(files) > 1 else "")]
    if len(files) > 1:
        found.append(Choice("f", "choose files"))
    if patterns:
        found += [
            Choice("s", "yes, for this session", kept),
            Choice("a", "yes, always", kept),
            Choice("e", "choose or edit what is remembered"),
        ]
    return [*found, Choice("n", "take none, with a reason" if files else "no, with a reason")]
