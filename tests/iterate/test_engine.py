"""One Ask, one ending, whatever the model does."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from iterate import engine
from iterate.errors import ProviderFailed, StoreUnusable
from iterate.events import Done, Event, Failed, Prompted, is_ending
from iterate.providers import Model
from iterate.session import Ask, Session

ASK = Ask(session=Session(id="s", number=7), model="m", text="hi")


async def two_pieces(_ask: Ask) -> AsyncIterator[str]:
    yield "a"
    yield "b"


async def endless(_ask: Ask) -> AsyncIterator[str]:
    while True:
        yield "x"
        await asyncio.sleep(0)


async def failing(_ask: Ask) -> AsyncIterator[str]:
    yield "a"
    raise ProviderFailed("no more")


async def buggy(_ask: Ask) -> AsyncIterator[str]:
    yield "a"
    raise ZeroDivisionError


async def empty(_ask: Ask) -> AsyncIterator[str]:
    return
    yield


def run(stream: Callable[[Ask], AsyncIterator[str]], record: Callable[[Event], None] | None = None) -> list[Event]:
    events: list[Event] = []
    model = Model(name="m", stream=stream)
    asyncio.run(engine.answer(ASK, model, record or events.append))
    return events


def check_numbers_and_ending(events: list[Event]) -> Event:
    assert [event.number for event in events] == list(range(8, 8 + len(events)))
    assert [is_ending(event) for event in events].count(True) == 1
    assert is_ending(events[-1])
    return events[-1]


def test_pieces_become_tokens_and_then_it_is_done() -> None:
    events = run(two_pieces)
    assert isinstance(events[0], Prompted)
    assert check_numbers_and_ending(events) == Done(number=11, session="s")


def test_an_answer_without_pieces_is_done_as_well() -> None:
    assert len(run(empty)) == 2


def test_a_failing_provider_ends_in_failed() -> None:
    ending = check_numbers_and_ending(run(failing))
    assert isinstance(ending, Failed)
    assert (ending.reason, ending.message) == ("provider", "no more; try again, or another --model")


def test_a_bug_in_a_provider_ends_in_failed_and_is_not_hidden() -> None:
    events: list[Event] = []
    with pytest.raises(ZeroDivisionError):
        run(buggy, events.append)
    assert isinstance(check_numbers_and_ending(events), Failed)


@pytest.mark.parametrize("reason", ["cancelled", "disposed", "stopping"])
def test_a_cancelled_task_ends_in_failed_with_the_reason(reason: str) -> None:
    events: list[Event] = []

    async def main() -> None:
        task = asyncio.create_task(engine.answer(ASK, Model(name="m", stream=endless), events.append))
        while len(events) < 5:  # noqa: ASYNC110  # The events are what is waited for.
            await asyncio.sleep(0)
        task.cancel(reason)
        await task

    asyncio.run(main())
    ending = check_numbers_and_ending(events)
    assert isinstance(ending, Failed)
    assert ending.reason == reason


@pytest.mark.parametrize("good", [0, 1, 2])
def test_a_store_that_breaks_after_any_event_leaves_no_gap(good: int) -> None:
    events: list[Event] = []

    def record(event: Event) -> None:
        if len(events) == good and not is_ending(event):
            raise StoreUnusable("the disk is full")
        events.append(event)

    run(endless, record)
    ending = check_numbers_and_ending(events)
    assert isinstance(ending, Failed)
    assert ending.reason == "store"
    assert "the disk is full" in ending.message
