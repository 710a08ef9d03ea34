"""What a provider says, as events and pieces: the numbers have no gaps, and no text is lost, wherever it is cut."""

import itertools

from hypothesis import given
from hypothesis import strategies as st
from tests.iterate.samples import ANY_ITEMS

from iterate.events import Delta, Event, Part, PartAdded, Piece, ReasoningPart, TextPart, is_ending
from iterate.runtime import ledger, reading
from iterate.runtime.ledger import Batch, Place
from iterate.runtime.reading import Cursor
from iterate.store import Page

type Items = list[Piece | Part]


def cut(items: Items, cuts: list[int]) -> list[Items]:
    edges = [0, *sorted(min(edge, len(items)) for edge in cuts), len(items)]
    return [items[begin:end] for begin, end in itertools.pairwise(edges)]


def batches(items: Items, cuts: list[int]) -> list[Batch]:
    """All of an answer after event 7, written in these portions."""
    place, made = Place(7), []
    *portions, last = cut(items, cuts)
    for portion in portions:
        made.append(ledger.write("s", place, portion))
        place = made[-1].place
    return [*made, ledger.end("s", place, last, None, "")]


def events(made: list[Batch]) -> list[Event]:
    return [entry.event for batch in made for entry in batch.entries]


CUTS = st.lists(st.integers(0, 12), max_size=4)


@given(ANY_ITEMS, CUTS)
def test_numbers_have_no_gaps_and_there_is_one_ending_at_the_end(items: Items, cuts: list[int]) -> None:
    written = events(batches(items, cuts))
    assert [event.number for event in written] == list(range(8, 8 + len(written)))
    assert [is_ending(event) for event in written] == [False] * (len(written) - 1) + [True]


@given(ANY_ITEMS, CUTS)
def test_where_it_is_cut_makes_no_difference(items: Items, cuts: list[int]) -> None:
    assert events(batches(items, cuts)) == events(batches(items, []))


@given(ANY_ITEMS, CUTS)
def test_the_stored_pieces_are_the_open_part(items: Items, cuts: list[int]) -> None:
    stored: dict[int, str] = {}
    for batch in batches(items, cuts)[:-1]:
        for row in batch.pieces:
            assert row.start == len(stored.get(row.number, ""))
            stored[row.number] = stored.get(row.number, "") + row.text
        if batch.place.open_part is not None:
            assert stored[batch.place.open_part.number] == batch.place.open_part.text


def said(items: Items, kind: str) -> str:
    texts = []
    for item in items:
        is_part = isinstance(item, TextPart if kind == "text" else ReasoningPart)
        if is_part or (isinstance(item, Piece) and item.kind == kind):
            assert isinstance(item, Piece | TextPart | ReasoningPart)
            texts.append(item.text)
    return "".join(texts)


def test_an_empty_piece_of_another_kind_parts_nothing() -> None:
    items: Items = [Piece(text="a"), Piece(text="", kind="reasoning"), Piece(text="b")]
    written = ledger.write("s", Place(7), items)
    assert [(piece.number, piece.start, piece.text) for piece in written.pieces] == [(8, 0, "ab")]


@given(ANY_ITEMS, CUTS)
def test_no_text_is_lost(items: Items, cuts: list[int]) -> None:
    parts: Items = [event.part for event in events(batches(items, cuts)) if isinstance(event, PartAdded)]
    for kind in ("text", "reasoning"):
        assert said(parts, kind) == said(items, kind)


@given(ANY_ITEMS, CUTS, st.data())
def test_a_reader_that_comes_and_goes_anywhere_sees_each_event_once_and_each_character_once(
    items: Items, cuts: list[int], data: st.DataObject
) -> None:
    made = batches(items, cuts)
    written: list[Event] = []
    cursor = Cursor(7)
    seen: list[int] = []
    shown: dict[int, str] = {}
    for batch in made:
        written += [entry.event for entry in batch.entries]
        if not data.draw(st.booleans(), label="reads now") and batch is not made[-1]:
            continue
        entries = tuple(entry for other in made[: made.index(batch) + 1] for entry in other.entries)
        page = Page("s", entries[cursor.number - 7 :], batch.place.open_part)
        lines, cursor = reading.unseen(cursor, page)
        for line in lines:
            event = line.event
            if event.number in shown and isinstance(event, PartAdded):
                assert isinstance(event.part, TextPart | ReasoningPart)
                assert shown[event.number] == event.part.text
            if isinstance(event, Delta):
                assert len(shown.get(event.number, "")) == event.offset
                shown[event.number] = shown.get(event.number, "") + event.text
            else:
                seen.append(event.number)
    assert seen == [event.number for event in written]
