"""One Ask, one outcome, whatever the model does."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from typing import override

import pytest

from iterate.engine import loop
from iterate.engine.job import Job, Lanes, Limits, Outcome, Purse
from iterate.errors import ModelUnknown
from iterate.events import Item, Part, Piece, TextPart
from iterate.request import Model, Request
from iterate.session import Ask, Session
from iterate.workspace import Workspace

ASK = Ask(session=Session(id="s"), model="m", parts=(TextPart(text="hi"),), workspace=Workspace())

type Said = AsyncGenerator[Piece | Part]


async def two_pieces(_request: Request) -> Said:
    yield Piece(text="a")
    yield Piece(text="b")


async def failing(_request: Request) -> Said:
    yield Piece(text="a")
    raise ModelUnknown("no more", "take another")


async def buggy(_request: Request) -> Said:
    yield Piece(text="a")
    raise ZeroDivisionError


async def empty(_request: Request) -> Said:
    return
    yield


def job(stream: Callable[[Request], Said]) -> Job:
    return Job(ask=ASK, model=Model(name="m", stream=stream), purse=Purse(Limits()), lanes=Lanes())


class Taken:
    """A record in memory."""

    def __init__(self) -> None:
        self.items: list[Item] = []

    async def take(self, item: Item) -> None:
        self.items.append(item)

    async def settled(self) -> int:
        return len(self.items)

    async def session(self) -> Session:
        return ASK.session


def run(stream: Callable[[Request], Said]) -> tuple[Outcome, list[Item]]:
    record = Taken()
    return asyncio.run(loop.run(job(stream), record)), record.items


def test_everything_is_handed_on_and_then_it_is_done() -> None:
    assert run(two_pieces) == (Outcome(), [Piece(text="a"), Piece(text="b")])


def test_an_answer_without_pieces_is_done_as_well() -> None:
    assert run(empty) == (Outcome(), [])


def test_a_failing_provider_is_an_outcome_that_says_what_to_do() -> None:
    outcome, taken = run(failing)
    assert outcome == Outcome(reason="provider", message="no more; take another")
    assert taken == [Piece(text="a")]


def test_a_bug_in_a_provider_is_an_outcome_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        outcome, _ = run(buggy)
    assert outcome.reason == "provider"
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize("word", ["cancelled", "disposed", "stopping"])
def test_a_cancelled_task_is_an_outcome_with_the_reason_and_the_clean_up_is_done(word: str) -> None:
    cleaned: list[str] = []

    async def waiting(_request: Request) -> Said:
        try:
            yield Piece(text="a")
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.01)
            cleaned.append("up")

    async def main() -> Outcome:
        begun = asyncio.Event()

        class Noticing(Taken):
            @override
            async def take(self, item: Item) -> None:
                begun.set()

        task = asyncio.create_task(loop.run(job(waiting), Noticing()))
        await begun.wait()
        await asyncio.sleep(0)
        task.cancel(word)
        return await task

    outcome = asyncio.run(main())
    assert outcome.reason == word
    assert cleaned == ["up"]


def test_a_generator_is_closed_when_nobody_takes_what_it_says() -> None:
    closed: list[str] = []

    async def endless(_request: Request) -> Said:
        try:
            while True:
                yield Piece(text="x")
        finally:
            await asyncio.sleep(0)
            closed.append("yes")

    class Full(Taken):
        @override
        async def take(self, item: Item) -> None:
            raise ModelUnknown("full")

    async def main() -> Outcome:
        outcome = await loop.run(job(endless), Full())
        # Before the loop ends, which would close it as well.
        assert closed == ["yes"]
        return outcome

    assert asyncio.run(main()).reason == "provider"
