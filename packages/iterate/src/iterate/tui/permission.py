"""A permission in front of a person: what a call would do, which rule asks, and the answers, by one key each."""

import time
from collections.abc import Callable, Mapping
from types import MappingProxyType

from iterate.config.bindings import Context
from iterate.heard import Heard
from iterate.terminal import rows, understood
from iterate.terminal.editor import Editor
from iterate.terminal.keys import Key
from iterate.terminal.rows import Row, row
from iterate.tui.contract import Body, Picture, Size
from iterate.tui.files import Files
from iterate.tui.parts import CANCEL, Choice, Choices, Grace, Scroll, fitted, read, with_line
from iterate.tui.remembering import Remembering

type Send = Callable[[Body], None]

_REASON = "no: a reason for the model, or Enter alone"
# So many rows are left to what would happen, before the answers share a row.
LEAST = 8


class Permission:
    """Whether a call may run, and how much of it."""

    is_lasting = is_short = False

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
        # Whether every part is shown.
        self._is_detailed = False
        self._body = Scroll(self._preview, self._drawn)
        self._tight = Scroll(self._preview, self._crowded)
        # Whether the last picture had no room for all, or for nearly nothing.
        self._is_small = self._is_crowded = False
        self._choices = Choices(
            _offered(event, letters.get(CANCEL, "Esc")), letters, ("denies", letters.get(CANCEL, "Esc"))
        )
        self._reason: Editor | None = None
        self._page: Files | Remembering | None = None

    @property
    def context(self) -> Context:
        """Of the line that is typed, while one is, and while keys are still meant for another one."""
        if not self._grace.is_over:
            return "editor"
        is_typed = self._reason is not None or (self._page is not None and self._page.is_typed)
        return "editor" if is_typed else "dialog"

    @property
    def escapes(self) -> str:
        """What Esc does."""
        return "denies" if self._page is None and self._reason is None else "goes back"

    def appear(self) -> None:
        """It is shown from now on."""
        self._grace.begin()

    def again(self) -> None:
        """The word did not arrive: it is asked again, with what was chosen."""
        self._reason = None

    def picture(self, room: Size) -> Picture:
        """What is asked, what would happen, and the answers."""
        self._is_small = False
        if self._page is not None:
            return self._page.picture(room)
        head = self._head(room.columns)
        if self._reason is not None:
            return self._with_reason(head, self._reason, room)
        foot = self._choices.rows(room.columns)
        height = self._body.height(room.columns)
        if room.lines < len(head) + len(foot) + min(LEAST, height):
            return self._small(room, len(head) + height)
        body = self._body.cut(room.columns, room.lines - len(head) - len(foot))
        return Picture(fitted([*head, *body, *foot], room))

    def _small(self, room: Size, height: int) -> Picture:
        """Where there is no room for all of it: answers share rows, and what is asked is scrolled."""
        self._is_small = True
        foot = self._choices.small(room.columns, room.lines)
        is_crowded, self._is_crowded = self._is_crowded, height > room.lines - len(foot)
        if is_crowded is not self._is_crowded:
            self._tight = Scroll(self._preview, self._crowded)
        return Picture(fitted([*self._tight.cut(room.columns, room.lines - len(foot)), *foot], room))

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
        elif not (self._tight if self._is_small else self._body).act(said):
            self._choose(said, key)
        return True

    def _head(self, room: int) -> list[Row]:
        more = f"  ({self.others} more {'waits' if self.others == 1 else 'wait'})" if self.others else ""
        return understood.head(self.event, self.who, room, more)

    def _drawn(self, text: str, room: int) -> list[Row]:
        """What would happen, and why it is asked; in detail every part of it."""
        inner = max(1, room - 2)
        found = understood.needs(self.event, inner) if self._is_detailed else []
        return [row("  ", *each) for each in [*understood.body(self.event, text, inner), *found]]

    def _crowded(self, text: str, room: int) -> list[Row]:
        """All above the answers, a command first; and what they would be remembered for."""
        head, body = self._head(room), self._drawn(text, room)
        patterns = self.event.words("patterns")
        kept = rows.wrapped([rows.span(f"remembered as: {understood.one_line(', '.join(patterns))}", "dim")], room)
        body = [row(*each[1:]) for each in body]
        is_first = self._is_crowded and self.event.word("tool") == "bash"
        found = [*body, *head] if is_first else [*head, *body]
        return [*found, *(kept if patterns else [])]

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
        if said == "text" and key.text.lower() == "d":
            self._is_detailed = not self._is_detailed
            self._body, self._tight = Scroll(self._preview, self._drawn), Scroll(self._preview, self._crowded)
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


def _offered(event: Heard, leaves: str) -> list[Choice]:
    files, patterns = event.rows("files"), event.words("patterns")
    kept = understood.one_line(", ".join(patterns))
    yes = "take all" if files else "yes, this once"
    found = [Choice("y", yes, f"{len(files)} files" if len(files) > 1 else "", "all" if files else "yes")]
    if len(files) > 1:
        found.append(Choice("f", "choose files", short="files"))
    if patterns:
        found += [
            Choice("s", "yes, for this session", kept, "session"),
            Choice("a", "yes, always", kept, "always"),
            Choice("e", "choose or edit what is remembered", short="edit"),
        ]
    no = "take none, with a reason" if files else "no, with a reason"
    return [*found, Choice("n", no, f"{leaves} denies" if leaves else "", "none" if files else "no")]
