"""Any event, any part, any piece: strategies for the tests that must hold for all of them."""

import typing
from typing import TypeAliasType, get_args, get_origin, get_type_hints

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from msgspec import Struct

from iterate import events
from iterate.session import Turn

if typing.TYPE_CHECKING:
    from collections.abc import Callable

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
JSON: SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)


PLAIN: dict[object, SearchStrategy[object]] = {
    str: TEXT,
    int: st.integers(),
    type(None): st.none(),
    events.Json: JSON,
    events.Number: st.integers(1, 2**53),
    events.Count: st.integers(0, 2**53),
}


def values_of(shape: object) -> SearchStrategy[object]:
    """Any value of a type that stands in the events, made from the type itself, so that none is forgotten."""
    if shape in PLAIN:
        return PLAIN[shape]
    if isinstance(shape, TypeAliasType):
        return st.deferred(lambda: values_of(shape.__value__))
    if isinstance(shape, type) and issubclass(shape, Struct):
        return st.builds(shape, **{name: values_of(hint) for name, hint in get_type_hints(shape).items()})
    arguments = get_args(shape)
    made: dict[object, Callable[[], SearchStrategy[object]]] = {
        typing.Literal: lambda: st.sampled_from(arguments),
        tuple: lambda: st.lists(values_of(arguments[0]), max_size=3).map(tuple),
        dict: lambda: st.dictionaries(TEXT, values_of(arguments[1]), max_size=3),
    }
    return made.get(get_origin(shape), lambda: st.one_of([values_of(argument) for argument in arguments]))()


ANY_EVENT: SearchStrategy[events.Event] = typing.cast("SearchStrategy[events.Event]", values_of(events.Event))
ANY_WATCHED: SearchStrategy[events.Watched] = typing.cast("SearchStrategy[events.Watched]", values_of(events.Watched))
ANY_PART: SearchStrategy[events.Part] = typing.cast("SearchStrategy[events.Part]", values_of(events.Part))
PIECE = st.builds(events.Piece, text=TEXT, kind=st.sampled_from(["text", "reasoning"]))
ANY_ITEMS: SearchStrategy[list[events.Piece | events.Part]] = st.lists(st.one_of(PIECE, PIECE, ANY_PART), max_size=12)


def answered(turn: Turn) -> str:
    """The text of an answer, without reasoning and tools."""
    return "".join(part.text for part in turn.parts if isinstance(part, events.TextPart))
