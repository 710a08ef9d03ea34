"""What a model, its tools and other clients do in a session: coherent, as a real server tells it."""

from typing import TYPE_CHECKING

from tests.iterate.acting.told import CHILD, Session, Told, end

from iterate import asks, events
from iterate.events import PartAdded, ReasoningPart, ToolCallPart, ToolResultPart, Watched

if TYPE_CHECKING:
    from collections.abc import Callable


class Others:
    """All of them."""

    def __init__(self, told: Told) -> None:
        self._told = told
        # While an answer runs, and while a call of it does too.
        self._answers: dict[str, Callable[[Session, str], None]] = {
            "say": self._say,
            "end": lambda session, _: end(told, session, is_well=True),
            "fail": lambda session, _: end(told, session, is_well=False),
            "think": self._think,
            "call": self._call,
            "compacted": self._compacted,
            "reverted": lambda session, _: told.tell(
                session, events.Reverted(number=session.number, session=session.id, to=1)
            ),
        }
        self._calls: dict[str, Callable[[Session, str], None]] = {
            "gave": self._gave,
            "permission": self._permission,
            "question": self._question,
            "answered": self._answered,
        }

    def do(self, session: Session, kind: str, text: str) -> None:
        """One deed; nothing where it makes no sense now. A text is whole before anything is kept behind it."""
        if kind not in {"say", "output"}:
            self._told.said(session)
        if kind == "elsewhere" and not session.is_answering:
            self._told.prompted(session, f"{self._told.mark()} {text}")
        elif session.is_answering and kind in self._answers:
            self._answers[kind](session, text)
        elif session.calls and kind in self._calls:
            self._calls[kind](session, text)
        elif session.is_answering and (told := self._event(session, kind, text)) is not None:
            self._told.tell(session, told)

    def _event(self, session: Session, kind: str, text: str) -> Watched | None:
        """What changes nothing here."""
        number, id_, call = session.number, session.id, (session.calls or [""])[-1]
        match kind:
            case "todo":
                items = (asks.TodoItem(text=text or "?", status="active"),)
                return events.TodoChanged(number=number, session=id_, items=items)
            case "retry":
                return events.RetryScheduled(
                    number=number, session=id_, attempt=1, reason="busy", wait_ms=100, at_ms=0, first=1
                )
            case "warned":
                return events.Warned(number=number, session=id_, text=text)
            case "output" if call:
                return events.ToolOutput(session=id_, call=call, text=text)
            case "task" if call:
                return events.TaskStarted(number=number, session=id_, call=call, child=CHILD, agent="explore")
            case _:
                return None

    def _say(self, session: Session, text: str) -> None:
        self._told.say(session, f"{self._told.mark()} {text}")

    def _think(self, session: Session, text: str) -> None:
        self._add(session, ReasoningPart(text=text))

    def _call(self, session: Session, text: str) -> None:
        mark = self._told.mark()
        session.calls.append(f"c{mark[1:-1]}")
        self._add(session, ToolCallPart(call=session.calls[-1], tool="bash", arguments={"command": f"{mark} {text}"}))

    def _gave(self, session: Session, text: str) -> None:
        call = session.calls.pop()
        self._add(session, ToolResultPart(call=call, status="ok", text=text, title=f"{call} {self._told.mark()}"))

    def _compacted(self, session: Session, text: str) -> None:
        number, id_ = session.number, session.id
        self._told.tell(
            session,
            events.Compacted(number=number, session=id_, summary=text, first=1, tokens_before=9, tokens_after=5),
        )

    def _permission(self, session: Session, text: str) -> None:
        number, id_, call, asked = session.number, session.id, session.calls[-1], self._asked(session)
        told = events.PermissionAsked(
            number=number, session=id_, id=asked, call=call, tool="bash", why=text, patterns=("ls *",)
        )
        self._told.tell(session, told)

    def _question(self, session: Session, text: str) -> None:
        number, id_, call, asked = session.number, session.id, session.calls[-1], self._asked(session)
        of = asks.Question(text=text or "?", choices=("one", "two", text))
        self._told.tell(session, events.QuestionAsked(number=number, session=id_, id=asked, call=call, questions=(of,)))

    def _answered(self, session: Session, _: str) -> None:
        if session.asked:
            self._told.answer("POST", f"/permission/{session.asked[0]}", {"decision": "once"})

    def _asked(self, session: Session) -> str:
        session.asked.append(f"per_{self._told.mark()[1:-1]}")
        return session.asked[-1]

    def _add(self, session: Session, part: events.Part) -> None:
        self._told.tell(session, PartAdded(number=session.number, session=session.id, part=part))
