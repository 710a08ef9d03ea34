"""What a person is asked in the middle of an answer, and what their keys mean. It paints and sends nothing."""

from collections.abc import Mapping
from typing import NamedTuple

from iterate import foreign
from iterate.heard import Heard
from iterate.terminal import rows, understood
from iterate.terminal.editor import Editor
from iterate.terminal.keys import Key
from iterate.terminal.rows import Row, row

PREVIEW = 40
_DECISIONS = {"y": "once", "s": "session", "a": "always"}
NO_ANSWER = "the person would not say"


class Reply(NamedTuple):
    """What to send: a decision and a message, or rows of answers; `answers` None beside no decision declines."""

    decision: str = ""
    message: str = ""
    answers: tuple[tuple[str, ...], ...] | None = None


class Permission:
    """Whether a call may run."""

    def __init__(self, event: Heard, call: Heard | None = None) -> None:
        self.id = event.word("id")
        self.event = event
        self._preview = understood.preview(event, call)
        self._message: Editor | None = None
        self._is_lost = False

    def head(self, room: int) -> list[Row]:
        """What is asked, and what would happen."""
        found = understood.head(self.event, understood.who(self.event), room)
        shown = understood.body(self.event, self._preview, max(1, room - 2), has_details=False, most=PREVIEW)
        return [*found, *(row("  ", *each) for each in shown)]

    def prompt(self, room: int) -> tuple[list[Row], tuple[int, int]]:
        """What waits for a key, and where the cursor is."""
        if self._message is not None:
            return self._message.rows("no; a reason for the model, or Enter: ", room)
        patterns = ", ".join(self.event.words("patterns"))
        lasting = f"   s this session   a always ({patterns})" if patterns else ""
        # One more row, for as long as it waits: each wrong key paints the same.
        keys = "y, s, a or n" if patterns else "y or n"
        found = rows.wrapped([rows.span(f"  that key means nothing here: press {keys}", "busy")], room)
        found = found if self._is_lost else []
        found += rows.wrapped([rows.span(f"  y once{lasting}   n no   Esc no  ", "bold")], room)
        return found, (len(found) - 1, rows.columns(found[-1]))

    def key(self, key: Key) -> Reply | None:
        """The reply, once there is one."""
        if key.name == "text" and len(key.text) > 1 and self._message is None:
            # What is typed fast comes together.
            first = self.key(Key("text", key.text[0]))
            return first if first is not None else self.key(Key("text", key.text[1:]))
        if self._message is not None:
            if key.name in {"escape", "ctrl+c"}:
                return Reply("deny")
            return Reply("deny", self._message.text.strip()) if self._message.take(key) else None
        typed = key.text[:1].lower()
        if key.name == "text" and typed == "n":
            self._message = Editor()
        elif key.name == "text" and typed in _DECISIONS and (typed == "y" or self.event.words("patterns")):
            return Reply(_DECISIONS[typed])
        elif key.name in {"escape", "ctrl+d", "end-of-file"}:
            return Reply("deny")
        else:
            self._is_lost = key.name != "ctrl+c"
        return None

    def spoken(self) -> str:
        """The same in lines of words."""
        patterns = ", ".join(self.event.words("patterns"))
        about = {
            "y": "for once",
            "s": "for this session",
            "a": f"always, from now on ({patterns})",
            "n": "and a reason for no",
        }
        ways = ", ".join(f"{number} or {each} {about[each]}" for number, each in enumerate(self._letters, 1))
        told = f"permission: {understood.spoken(self.event)}\n{self._preview}"
        return foreign.plain(f"{told.rstrip()}\nType {ways}, then Enter: ")

    def line(self, text: str) -> Reply | None:
        """The reply that a line is: a letter or its number."""
        first, _, rest = text.strip().partition(" ")
        first = {"yes": "y", "no": "n"}.get(first.lower(), first.lower())
        if first.isascii() and first.isdigit() and 1 <= int(first) <= len(self._letters):
            first = self._letters[int(first) - 1]
        if first == "n":
            return Reply("deny", rest.strip())
        return Reply(_DECISIONS[first]) if first in tuple(self._letters) else None

    @property
    def _letters(self) -> str:
        return "ysan" if self.event.words("patterns") else "yn"

    def told(self, event: Heard) -> str:
        """What somebody else's answer was."""
        return f"answered elsewhere: {event.word('decision')}"


class Questions:
    """What a model wants to know, one after the other."""

    def __init__(self, event: Heard) -> None:
        self.id = event.word("id")
        self._questions = event.rows("questions")
        self._answers: list[tuple[str, ...]] = []
        self._editor = Editor()

    def head(self, room: int) -> list[Row]:
        """Nothing: each question comes with its own prompt."""
        del room
        return []

    def prompt(self, room: int) -> tuple[list[Row], tuple[int, int]]:
        """The question that is next, its choices, and what was typed."""
        found = rows.wrapped([rows.span(self._now.word("text"), "busy")], room)
        for number, choice in enumerate(self._now.words("choices"), 1):
            found += rows.wrapped([rows.span(choice)], room, [rows.span(f"  {number} ", "dim")], [rows.span("    ")])
        typed, (line, column) = self._editor.rows("> ", room)
        return [*found, *typed], (len(found) + line, column)

    def key(self, key: Key) -> Reply | None:
        """The reply, once every question has its answer."""
        if key.name in {"escape", "ctrl+d", "end-of-file"}:
            return Reply()
        if not self._editor.take(key):
            return None
        text, self._editor = self._editor.text, Editor()
        return self.line(text)

    def spoken(self) -> str:
        """The question that is next in lines of words."""
        choices = "".join(f"{n} {text}\n" for n, text in enumerate(self._now.words("choices"), 1))
        how = "Type a number or words" if choices else "Type your answer"
        return foreign.plain(f"question: {self._now.word('text')}\n{choices}{how}, then Enter: ")

    def line(self, text: str) -> Reply | None:
        """Take the answer to one question."""
        choices = self._now.words("choices")
        is_many = self._now.fields.get("is_many") is True
        pieces = text.replace(",", " ").split() if choices and is_many else [text.strip()]
        chosen = tuple(_chosen(piece, choices) for piece in pieces if piece)
        if not chosen:
            return None
        self._answers.append(chosen)
        return Reply(answers=tuple(self._answers)) if len(self._answers) == len(self._questions) else None

    def told(self, event: Heard) -> str:
        """What somebody else's answer was."""
        return "answered elsewhere" if event.fields.get("answers") else f"answered elsewhere: {NO_ANSWER}"

    @property
    def _now(self) -> Heard:
        return self._questions[len(self._answers)]


type Dialog = Permission | Questions


def _chosen(text: str, choices: list[str]) -> str:
    is_number = text.isascii() and text.isdigit() and 1 <= int(text) <= len(choices)
    return choices[int(text) - 1] if is_number else text


def begun(event: Heard, calls: Mapping[str, Heard]) -> Dialog | None:
    """The dialog that an event begins, if it does; the calls of this answer are known by their ids."""
    if event.kind == "permission.asked":
        return Permission(event, calls.get(event.word("call")))
    return Questions(event) if event.kind == "question.asked" and event.rows("questions") else None


def is_over(dialog: Dialog, event: Heard) -> bool:
    """Whether this event ends it: somebody answered, or the answer that asked has ended."""
    is_answer = event.kind in {"permission.answered", "question.answered"} and event.word("id") == dialog.id
    return is_answer or event.is_ending
