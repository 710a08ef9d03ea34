"""Events and their JSON."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iterate import events
from iterate.events import Done, Event, Failed, Prompted, Token

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
ANY_EVENT = st.one_of(
    st.builds(Prompted, number=st.integers(1), session=TEXT, model=TEXT, text=TEXT),
    st.builds(Token, number=st.integers(1), session=TEXT, text=TEXT),
    st.builds(Done, number=st.integers(1), session=TEXT),
    st.builds(Failed, number=st.integers(1), session=TEXT, reason=st.sampled_from(events.REASONS), message=TEXT),
)


@given(ANY_EVENT)
def test_json_is_one_line_and_comes_back_as_the_same_event(event: Event) -> None:
    text = events.to_json(event)
    assert "\n" not in text
    assert "\r" not in text
    back = events.from_json(text)
    assert back == event
    assert type(back) is type(event)


def test_the_type_comes_first() -> None:
    assert events.to_json(Done(number=3, session="s")) == '{"type":"done","number":3,"session":"s"}'


@given(ANY_EVENT)
def test_done_and_failed_are_the_endings(event: Event) -> None:
    assert events.is_ending(event) == (events.kind(event) in {"done", "failed"})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{}",
        '{"type":"token"}',
        '{"type":"nothing","number":1}',
        '{"type":"done","number":"1","session":"s"}',
        '{"type":"done","number":true,"session":"s"}',
        '{"type":"done","number":1,"session":null}',
        '{"type":"done","number":1,"session":"s","more":"x"}',
    ],
)
def test_anything_else_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        events.from_json(text)
