"""Asks people, in the name of one answer's calls: whoever watches the session, or one above it, may give the word."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from iterate.asks import AskedFile, AskedNeed
from iterate.events import Item, PermissionAnswered, PermissionAsked, Question, QuestionAnswered, QuestionAsked
from iterate.permissions.need import Need
from iterate.permissions.rules import Rule
from iterate.runtime.asking import Asking, Decided
from iterate.tools.tool import DENIED, Preview, Verdict

if TYPE_CHECKING:
    # Not read before the first prompt.
    from iterate.permissions.judge import Judged, Judgement
    from iterate.permissions.rules import Source

# How many parts of a call are told of, those that ask first; and how much of each.
MOST_NEEDS, LONGEST = 100, 2000

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
        from iterate.permissions.judge import lasting, said

        def made(source: "Source") -> tuple[Rule, ...]:
            # What is grave asks every time, whatever anybody writes.
            is_edited = decided.patterns is not None and judgement.lasting
            return said(decided.patterns or (), source) if is_edited else lasting(judgement, source)

        if decided.decision in ("session", "always"):
            self._given += made("session")
        if decided.decision == "always":
            await asyncio.to_thread(self._keep, made("always"))


class Asker:
    """The `Person` of one call."""

    def __init__(  # Whose call it is, and who hears of it.
        self, asking: Asking, rules: Rules, session: str, tool: str, listeners: Sequence[Listener], agent: str = ""
    ) -> None:
        self._asking = asking
        self._rules = rules
        self._session = session
        self._tool = tool
        self._listeners = listeners
        self._agent = agent

    async def permit(
        self, needs: Sequence[Need], why: str, preview: str | Preview = "", files: Sequence[AskedFile] = ()
    ) -> Verdict:
        """The rules' word, or a person's where they say to ask or where there is a reason of our own to."""
        judgement = self._rules.judge(needs)
        if judgement.action == "deny":
            return Verdict(is_allowed=False, message=f"this is not allowed here ({judgement.why}); do not try it again")
        if judgement.action == "allow" and not why:
            return Verdict(is_allowed=True)
        asked = PermissionAsked(
            number=1,
            session=self._session,
            id=f"per_{os.urandom(12).hex()}",
            call=self._listeners[0].call,
            tool=self._tool,
            why=why or judgement.why,
            patterns=judgement.patterns,
            preview=preview if isinstance(preview, str) else await preview(),
            needs=_understood(judgement),
            unlisted=max(0, len(judgement.rows) - MOST_NEEDS),
            files=tuple(files),
            asker=self._session,
            agent=self._agent,
        )
        return await self._asked(asked, judgement)

    async def _asked(self, asked: PermissionAsked, judgement: "Judgement") -> Verdict:
        decided = await self._asking.permissions.wait(asked.id, asked, self._tell(asked))
        if decided.decision != "deny":
            await self._rules.add(judgement, decided)
        answered = PermissionAnswered(
            number=1,
            session="",
            id=asked.id,
            decision=decided.decision,
            message=decided.message,
            patterns=decided.patterns,
            files=decided.files,
        )
        await self._tell(answered)
        if decided.decision == "deny":
            said = f": {decided.message}" if decided.message else ""
            return Verdict(is_allowed=False, message=f"{DENIED}{said}")
        return Verdict(is_allowed=True, message=decided.message, files=decided.files)

    async def answers(self, questions: Sequence[Question]) -> tuple[tuple[str, ...], ...] | None:
        """What a person answers, a row for each question; None when they would not say."""
        id_ = f"que_{os.urandom(12).hex()}"
        call = self._listeners[0].call
        asked = QuestionAsked(
            number=1,
            session=self._session,
            id=id_,
            call=call,
            questions=tuple(questions),
            asker=self._session,
            agent=self._agent,
        )
        answered = await self._asking.questions.wait(id_, asked, self._tell(asked))
        await self._tell(QuestionAnswered(number=1, session="", id=id_, answers=answered.answers))
        return answered.answers

    async def _tell(self, event: PermissionAsked | PermissionAnswered | QuestionAsked | QuestionAnswered) -> None:
        for listener in self._listeners:
            if isinstance(event, PermissionAsked | QuestionAsked):
                event = replace(event, call=listener.call)
            await listener.take(event)


def _understood(judgement: "Judgement") -> tuple[AskedNeed, ...]:
    """What the rules understood of a call, in its order; of very many parts those that ask."""
    rows = judgement.rows
    if len(rows) > MOST_NEEDS:
        rows = tuple(sorted(rows, key=lambda row: row.action == "allow"))[:MOST_NEEDS]
    return tuple(map(_part, rows))


def _part(row: "Judged") -> AskedNeed:
    need, rule = row.need, row.rule
    return AskedNeed(
        deed=need.deed,
        subject=need.subject[:LONGEST],
        action=row.action,
        why=row.why if need.is_grave or not need.why or need.why in row.why else f"{row.why} ({need.why})",
        command=need.via[:LONGEST],
        program=need.words[0][:LONGEST] if need.words else "",
        pattern="" if rule is None else rule.pattern,
        source="" if rule is None else rule.source,
        file="" if rule is None else rule.where,
    )
