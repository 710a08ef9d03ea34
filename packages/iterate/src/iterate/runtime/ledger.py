"""Turns what an answer is made of into the numbered events and stored pieces of a session. Functions without I/O."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from msgspec.structs import replace

from iterate import events
from iterate.events import (
    Done,
    Entry,
    Event,
    Failed,
    Item,
    Part,
    PartAdded,
    Piece,
    Reason,
    ReasoningPart,
    RetryScheduled,
    ToolCallPart,
    ToolResultPart,
)
from iterate.store import OpenPart, PieceRow

ENDED = "the answer was ended before this call gave a result"


class Place(NamedTuple):
    """How far a session is written: its newest event, the part that is open behind it, calls without a result."""

    number: int
    open_part: OpenPart | None = None
    calls: tuple[str, ...] = ()


class Batch(NamedTuple):
    """What is stored in one transaction: events, then a piece of the part that is open at the end."""

    entries: tuple[Entry[Event], ...]
    pieces: tuple[PieceRow, ...]
    place: Place


def write(session: str, place: Place, items: Sequence[Item]) -> Batch:
    """The batch for these items. Pieces of one kind that follow each other are one part.

    Events get their number and session here. Signed reasoning completes the open reasoning that it repeats.
    """
    entries: list[Entry[Event]] = []
    number, open_part, calls = place
    pieces: tuple[PieceRow, ...] = ()
    for item in _joined(items):
        if isinstance(item, Piece):
            if open_part is not None and item.kind != open_part.kind:
                entries.append(_complete(session, open_part))
                number, open_part = number + 1, None
            start = len(open_part.text) if open_part else 0
            text = (open_part.text if open_part else "") + item.text
            open_part = OpenPart(number + 1, item.kind, text)
            pieces = (PieceRow(number + 1, item.kind, start, item.text),)
            continue
        if open_part is not None:
            signed = _signed(open_part, item)
            if signed is None:
                entries.append(_complete(session, open_part))
                number += 1
            else:
                item = signed  # noqa: PLW2901  # The same part, whole.
            open_part, pieces = None, ()
        if isinstance(item, ToolCallPart):
            calls = (*calls, item.call)
        elif isinstance(item, ToolResultPart):
            calls = tuple(call for call in calls if call != item.call)
        elif isinstance(item, RetryScheduled):
            # The calls of the try that broke are not made.
            calls = ()
        number += 1
        entries.append(_entry(number, session, item))
    return Batch(tuple(entries), pieces, Place(number, open_part, calls))


def end(session: str, place: Place, items: Sequence[Item], reason: Reason | None, message: str) -> Batch:
    """The batch for the last items and the ending; without a reason the answer is done.

    Calls that have no result get one here, so that each has exactly one.
    """
    batch = write(session, place, items)
    number, open_part, calls = batch.place
    entries = list(batch.entries)
    if open_part is not None:
        entries.append(_complete(session, open_part))
        number += 1
    for call in calls:
        number += 1
        entries.append(_entry(number, session, ToolResultPart(call=call, status="cancelled", text=ENDED)))
    number += 1
    ending: Done | Failed = Done(number=number, session=session)
    if reason is not None:
        ending = Failed(number=number, session=session, reason=reason, message=message)
    return Batch((*entries, events.entry(ending)), (), Place(number))


def check(item: Part | Event) -> None:
    """Raises what the encoder says of an item that is no JSON, which is a bug of whoever made it."""
    _entry(1, "", item)


def _entry(number: int, session: str, item: Part | Event) -> Entry[Event]:
    if events.is_event(item):
        return events.entry(replace(item, number=number, session=session))
    return events.entry(PartAdded(number=number, session=session, part=item))


def _signed(open_part: OpenPart, item: Part | Event) -> ReasoningPart | None:
    """The reasoning that this item completes, if it does."""
    if not isinstance(item, ReasoningPart) or open_part.kind != "reasoning":
        return None
    if not item.text:
        return replace(item, text=open_part.text)
    return item if item.text.startswith(open_part.text) else None


def _joined(items: Sequence[Item]) -> Iterator[Item]:
    """The items, with pieces of one kind that follow each other made one, and the empty ones left out."""
    said = (item for item in items if not (isinstance(item, Piece) and not item.text))
    for kind, group in groupby(said, lambda item: item.kind if isinstance(item, Piece) else None):
        if kind is None:
            yield from group
        else:
            yield Piece(text="".join(item.text for item in group if isinstance(item, Piece)), kind=kind)


def _complete(session: str, open_part: OpenPart) -> Entry[Event]:
    return events.entry(PartAdded(number=open_part.number, session=session, part=open_part.part()))
