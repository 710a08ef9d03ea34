"""Questions of a model in front of a person, one after the other: choices, several of them, or words of one's own."""

import time
from collections.abc import Callable

from iterate.config.bindings import Context
from iterate.heard import Heard
from iterate.terminal import rows, understood
from iterate.terminal.editor import Editor
from iterate.terminal.keys import Key
from iterate.terminal.rows import Row, Span, row
from iterate.tui.contract import Body, Picture, Size
from iterate.tui.parts import Choice, Choices, Grace, Window, fitted, read, with_line

type Send = Callable[[Body], None]
_OTHER = "something else, in your words"


class Questions:
    """What one call of the tool wants to know."""

    is_lasting = is_short = False

    def __init__(self, event: Heard, send: Send, clock: Callable[[], float] = time.monotonic) -> None:
        self.event = event
        # How many more wait behind it.
        self.others = 0
        # The agent below that asks.
        self.who = understood.who(event)
        self._send = send
        self._grace = Grace(clock)
        self._all = [_One(each) for each in event.rows("questions")]
        self._at = 0

    @property
    def context(self) -> Context:
        """Of the line that is typed, while one is, and while keys are still meant for another one."""
        return "editor" if self._all[self._at].is_typed or not self._grace.is_over else "dialog"

    @property
    def escapes(self) -> str:
        """What Esc does."""
        return "goes back" if self._at or self._all[self._at].is_typing else "declines"

    def appear(self) -> None:
        """It is shown from now on."""
        self._grace.begin()

    def again(self) -> None:
        """The answers did not arrive: the last question is shown again."""
        self._at = len(self._all) - 1

    def picture(self, room: Size) -> Picture:
        """The question that is next, its choices, and what is typed."""
        count = f"{self._at + 1} of {len(self._all)}: " if len(self._all) > 1 else ""
        more = f"  ({self.others} more {'waits' if self.others == 1 else 'wait'})" if self.others else ""
        head = Span(f"{f'{self.who}: ' if self.who else ''}{count}", "dim")
        return self._all[self._at].picture(room, head, Span(more, "dim"))

    def act(self, action: str, key: Key) -> bool:
        """A key; what was typed before anybody could read this is left to the editor."""
        if action == "interrupt" or key.name in {"ctrl+c", "ctrl+z", "ctrl+l"}:
            return False
        if not self._grace.passes():
            return False
        now = self._all[self._at]
        # Where text is typed, letters are letters.
        said, key = read("" if self.context == "editor" else action, key)
        if said == "cancel" and not now.is_typing:
            if self._at:
                # What was answered stays, and can be answered otherwise.
                self._at -= 1
            else:
                self._send({"answers": None})
        elif said == "left" and not now.has_words:
            self._at = max(0, self._at - 1)
        elif now.act(said, key):
            self._next()
        return True

    def _next(self) -> None:
        if self._at + 1 < len(self._all):
            self._at += 1
        else:
            self._send({"answers": [each.answer for each in self._all]})


class _One:
    """One question and what is chosen so far."""

    def __init__(self, question: Heard) -> None:
        self._text = question.word("text")
        self._texts = question.words("choices")
        self._is_many = question.fields.get("is_many") is True
        self._picked: set[int] = set()
        shown = [Choice("", each) for each in self._texts]
        self._choices = Choices([*shown, Choice("", _OTHER)] if shown else ())
        self._editor: Editor | None = None if shown else Editor()
        self._window = Window()
        # What an answer in own words was, beside what was picked.
        self._own = ""
        self.answer: list[str] = []

    @property
    def is_typed(self) -> bool:
        """Whether keys are for a line."""
        return self._editor is not None

    @property
    def has_words(self) -> bool:
        """Whether something stands in that line, in which Left moves."""
        return self._editor is not None and bool(self._editor.text)

    @property
    def is_typing(self) -> bool:
        """Whether Esc goes back from words to choices."""
        return self._editor is not None and bool(self._texts)

    def picture(self, room: Size, head: Span, more: Span) -> Picture:
        """The question, and the choices or the words."""
        asked = rows.wrapped([head, rows.span(self._text, "busy"), more], room.columns)
        if self._editor is not None:
            typed = len(self._editor.rows("> ", max(2, room.columns))[0])
            return with_line(
                self._window.cut(asked, max(0, room.lines - typed), columns=room.columns), self._editor, "> ", room
            )
        listed = self._marked(room.columns)
        has_foot = self._is_many and room.lines > len(listed)
        foot = [row(rows.span("space picks, Enter answers", "dim"))] if has_foot else []
        left = max(1, room.lines - len(foot))
        if len(asked) + len(listed) <= left:
            return Picture(fitted([*asked, *listed, *foot], room))
        shown = max(1, min(len(listed), left - min(len(asked), left // 2)))
        top = max(0, min(self._choices.at - shown // 2, len(listed) - shown))
        body = self._window.cut(asked, left - shown, columns=room.columns)
        return Picture(fitted([*body, *listed[top : top + shown], *foot], room))

    def act(self, said: str, key: Key) -> bool:
        """A key; whether the question is answered."""
        if self._editor is not None:
            return self._type(self._editor, said, key)
        if self._window.act(said):
            return False
        is_toggle = said == "text" and key.text[:1] == " "
        place = self._choices.at if is_toggle and self._is_many else self._choices.act(said, key)
        if place is None:
            return False
        if self._is_many and said != "accept":
            self._choices.at = place
            return self._pick(place)
        # Enter answers with what is picked, or with the one that the mark is at.
        return (self._is_many and self._done()) or self._pick(place) or self._done()

    def _type(self, editor: Editor, said: str, key: Key) -> bool:
        if said == "cancel":
            self._editor = None
        elif editor.take(key):
            if text := editor.text.strip():
                self._own = text
                self._editor = None if self._texts else editor
                return self._done()
            self._editor = None if self._texts else Editor()
        return False

    def _pick(self, place: int) -> bool:
        if place == len(self._texts):
            self._editor = Editor()
            self._editor.set(self._own)
        elif self._is_many:
            self._picked ^= {place}
        else:
            self._picked, self._choices.at = {place}, place
            self._own = ""
            return self._done()
        return False

    def _done(self) -> bool:
        picked = self._picked if self._is_many or not self._own else set()
        self.answer = [self._texts[place] for place in sorted(picked)] + ([self._own] if self._own else [])
        return bool(self.answer)

    def _marked(self, room: int) -> list[Row]:
        found = self._choices.rows(room)
        if not self._is_many:
            return found
        marked: list[Row] = []
        for place, each in enumerate(found):
            is_picked = place in self._picked if place < len(self._texts) else bool(self._own)
            marked.append(rows.clipped((Span("[x] " if is_picked else "[ ] "), *each), max(1, room)))
        return marked
