"""Asks people, in the name of one answer's calls: whoever watches the session, or one above it, may give the word."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from iterate.events import Item, PermissionAnswered, PermissionAsked, Question, QuestionAnswered, QuestionAsked
from iterate.permissions.need import Need
from iterate.permissions.rules import Rule
from iterate.runtime.asking import Asking, Decided
from iterate.tools.tool import DENIED, Preview, Verdict

if TYPE_CHECKING:
    # Not read before the first prompt.
    from iterate.permissions.judge import Judgement

type Take = Callable[[Item], Awaitable[None]]


class Listener(Struct, frozen=True, kw_only=True):
    """A session whose readers see what is asked: its own call that waits, and where its events are written."""

    call: str
    take: Take


class Rules:
    """The rules in force while an answer runs; an answer for the session or for always adds to them."""

    def __init__(
        self,
        judge: "Callable[[Sequence[Need], Sequence[Rule]], Judgement]",
        given: Sequence[Rule],
        keep: Callable[[Sequence[Rule]], None],
    ) -> None:
        self._judge = judge
        self._given = tuple(given)
        self._keep = keep

    def judge(self, needs: Sequence[Need]) -> "Judgement":
        """What the rules say about these needs now."""
        return self._judge(needs, self._given)

    async def add(self, judgement: "Judgement", decided: Decided) -> None:
        """Remember what a person said, as far as they want it remembered."""
        from iterate.permissions.judge import lasting

        if decided.decision in ("session", "always"):
            self._given += lasting(judgement, "session")
        if decided.decision == "always":
            await asyncio.to_thread(self._keep, lasting(judgement, "always"))


class Asker:
    """The `Person` of one call."""

    def __init__(self, asking: Asking, rules: Rules, session: str, tool: str, listeners: Sequence[Listener]) -> None:
        self._asking = asking
        self._rules = rules
        self._session = session
        self._tool = tool
        self._listeners = listeners

    async def permit(self, needs: Sequence[Need], why: str, preview: str | Preview = "") -> Verdict:
        """The rules' word, or a person's where they say to ask or where there is a reason of our own to."""
        judgement = self._rules.judge(needs)
        if judgement.action == "deny":
            return Verdict(is_allowed=False, message=f"this is not allowed here ({judgement.why}); do not try it again")
        if judgement.action == "allow" and not why:
            return Verdict(is_allowed=True)
        id_ = f"per_{os.urandom(12).hex()}"
        asked = PermissionAsked(
            number=1,
            session=self._session,
            id=id_,
            call=self._listeners[0].call,
            tool=self._tool,
            why=why or judgement.why,
            patterns=judgement.patterns,
            preview=preview if isinstance(preview, str) else await preview(),
        )
        decided = await self._asking.permissions.wait(id_, asked, self._tell(asked))
        if decided.decision != "deny":
            await self._rules.add(judgement, decided)
        answered = PermissionAnswered(number=1, session="", id=id_, decision=decided.decision, message=decided.message)
        await self._tell(answered)
        if decided.decision == "deny":
            said = f": {decided.message}" if decided.message else ""
            return Verdict(is_allowed=False, message=f"{DENIED}{said}")
        return Verdict(is_allowed=True, message=decided.message)

    async def answers(self, questions: Sequence[Question]) -> tuple[tuple[str, ...], ...] | None:
        """What a person answers, a row for each question; None when they would not say."""
        id_ = f"que_{os.urandom(12).hex()}"
        call = self._listeners[0].call
        asked = QuestionAsked(number=1, session=self._session, id=id_, call=call, questions=tuple(questions))
        answered = await self._asking.questions.wait(id_, asked, self._tell(asked))
        await self._tell(QuestionAnswered(number=1, session="", id=id_, answers=answered.answers))
        return answered.answers

    async def _tell(self, event: PermissionAsked | PermissionAnswered | QuestionAsked | QuestionAnswered) -> None:
        for listener in self._listeners:
            if isinstance(event, PermissionAsked | QuestionAsked):
                event = replace(event, call=listener.call)
            await listener.take(event)
