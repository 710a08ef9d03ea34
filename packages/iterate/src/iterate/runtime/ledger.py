"""Turns what a provider says into the numbered events and stored pieces of a session. Functions without I/O."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from iterate import events
from iterate.events import Done, Entry, Event, Failed, Part, PartAdded, Piece, Reason
from iterate.store import OpenPart, PieceRow


class Place(NamedTuple):
    """How far a session is written: its newest event, and the part that is open behind it."""

    number: int
    open_part: OpenPart | None = None


class Batch(NamedTuple):
    """What is stored in one transaction: events, then a piece of the part that is open at the end."""

    entries: tuple[Entry[Event], ...]
    pieces: tuple[PieceRow, ...]
    place: Place


def write(session: str, place: Place, items: Sequence[Piece | Part]) -> Batch:
    """The batch for these items. Pieces of one kind that follow each other are one part."""
    entries: list[Entry[Event]] = []
    number, open_part = place
    pieces: tuple[PieceRow, ...] = ()
    for item in _joined(items):
        if open_part is not None and not (isinstance(item, Piece) and item.kind == open_part.kind):
            entries.append(_complete(session, open_part))
            number, open_part, pieces = number + 1, None, ()
        if isinstance(item, Piece):
            start = len(open_part.text) if open_part else 0
            text = (open_part.text if open_part else "") + item.text
            open_part = OpenPart(number + 1, item.kind, text)
            pieces = (PieceRow(number + 1, item.kind, start, item.text),)
        else:
            number += 1
            entries.append(events.entry(PartAdded(number=number, session=session, part=item)))
    return Batch(tuple(entries), pieces, Place(number, open_part))


def end(session: str, place: Place, items: Sequence[Piece | Part], reason: Reason | None, message: str) -> Batch:
    """The batch for the last items and the ending; without a reason the answer is done."""
    batch = write(session, place, items)
    number, open_part = batch.place
    entries = list(batch.entries)
    if open_part is not None:
        entries.append(_complete(session, open_part))
        number += 1
    number += 1
    ending: Done | Failed = Done(number=number, session=session)
    if reason is not None:
        ending = Failed(number=number, session=session, reason=reason, message=message)
    return Batch((*entries, events.entry(ending)), (), Place(number))


def _joined(items: Sequence[Piece | Part]) -> Iterator[Piece | Part]:
    """The items, with pieces of one kind that follow each other made one, and the empty ones left out."""
    for kind, group in groupby(items, lambda item: item.kind if isinstance(item, Piece) else None):
        if kind is None:
            yield from (item for item in group if not isinstance(item, Piece))
        else:
            text = "".join(item.text for item in group if isinstance(item, Piece))
            if text:
                yield Piece(text=text, kind=kind)


def _complete(session: str, open_part: OpenPart) -> Entry[Event]:
    return events.entry(PartAdded(number=open_part.number, session=session, part=open_part.part()))
