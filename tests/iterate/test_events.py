"""Events: one description, and everything that is made from it."""

import json
from typing import TypeAliasType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct
from tests.iterate.samples import ANY_EVENT, ANY_WATCHED

from iterate import events, heard
from iterate.events import Done, Event, Unknown


@given(ANY_WATCHED)
def test_json_is_one_line_with_the_type_first(event: events.Watched) -> None:
    text = events.encode(event).decode()
    assert "\n" not in text
    assert "\r" not in text
    assert next(iter(json.loads(text))) == "type"


@given(ANY_EVENT)
def test_every_event_comes_back_as_itself(event: Event) -> None:
    back = events.decode(events.encode(event))
    assert back == event
    assert type(back) is type(event)


@given(ANY_EVENT)
def test_every_event_comes_back_from_a_row_of_the_database(event: Event) -> None:
    row = events.encode(event).decode()
    assert events.stored(event.number, event.session, row) == events.entry(event)


@given(ANY_EVENT)
def test_done_and_failed_are_the_endings(event: Event) -> None:
    assert events.is_ending(event) == (events.kind(type(event)) in {"done", "failed"})


@pytest.mark.parametrize("union", [events.Event, events.Watched, events.Read, events.Part, events.PromptPart])
def test_each_kind_of_a_union_has_a_name_of_its_own(union: TypeAliasType) -> None:
    kinds = [events.kind(shape) for shape in events.members(union)]
    assert len(set(kinds)) == len(kinds)
    assert all(issubclass(shape, Struct) for shape in events.members(union))


def test_every_class_with_a_type_belongs_to_a_union() -> None:
    """A kind that no union holds would be written and never read again."""
    tagged = {
        value
        for value in vars(events).values()
        if isinstance(value, type) and issubclass(value, Struct) and value.__struct_config__.tag is not None
    }
    assert tagged == {*events.members(events.Watched), *events.members(events.Part)}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{}",
        '{"type":"part"}',
        '{"type":"nothing","number":1}',
        '{"type":"done","number":"1","session":"s"}',
        '{"type":"done","number":true,"session":"s"}',
        '{"type":"done","number":0,"session":"s"}',
        '{"type":"done","number":1,"session":null}',
        '{"type":"part","number":1,"session":"s","part":{"type":"text"}}',
    ],
)
def test_anything_else_is_a_value_error_and_an_unknown_row(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        events.decode(text)
    assert events.stored(1, "s", text).event == Unknown(1, "s")


def test_what_a_newer_iterate_adds_is_skipped_and_a_kind_that_it_adds_is_kept_as_it_is() -> None:
    assert events.decode('{"type":"done","number":1,"session":"s","more":"x"}') == Done(number=1, session="s")
    row = '{"type":"dreamt","number":3,"session":"s","of":["sheep"]}'
    kept = events.stored(3, "s", row)
    assert kept.event == Unknown(3, "s")
    assert kept.json == row.encode()


def test_a_row_that_says_another_number_than_its_key_is_unknown() -> None:
    assert events.stored(2, "s", '{"type":"done","number":1,"session":"s"}').event == Unknown(2, "s")


@given(ANY_WATCHED)
def test_the_client_reads_the_same_fields_without_the_classes(event: events.Watched) -> None:
    line = events.encode(event).decode()
    read = heard.read("7", line)
    assert read.kind == events.kind(type(event))
    assert read.json == line
    assert read.number == getattr(event, "number", 0)
    assert read.is_ending == events.is_ending(event)
    for name in ("session", "text", "reason", "message", "kind"):
        if name == "kind" and not isinstance(event, events.Delta):
            continue
        assert read.word(name) == getattr(event, name, "")
    assert read.count("offset") == getattr(event, "offset", 0)
    if isinstance(event, events.PartAdded):
        assert read.part() == (events.kind(type(event.part)), getattr(event.part, "text", ""))


@given(st.text())
def test_a_line_that_is_no_event_is_a_value_error(text: str) -> None:
    try:
        fields = json.loads(text)
    except ValueError:
        fields = None
    if not (isinstance(fields, dict) and isinstance(fields.get("type"), str)):
        with pytest.raises(ValueError, match=r".+"):
            heard.read("", text)


def test_what_an_older_iterate_stored_is_read_with_what_it_did_not_tell_left_out() -> None:
    lines = [
        '{"type":"permission.asked","number":1,"session":"s","id":"p","call":"c","tool":"bash","why":"w"}',
        '{"type":"permission.answered","number":2,"session":"s","id":"p","decision":"always","message":""}',
        '{"type":"question.asked","number":3,"session":"s","id":"q","call":"c","questions":[]}',
        '{"type":"reverted","number":4,"session":"s","to":1,"files":["a"]}',
    ]
    asked, answered, question, reverted = map(events.decode, lines)
    assert isinstance(asked, events.PermissionAsked)
    assert (asked.needs, asked.files, asked.asker, asked.unlisted) == ((), (), "", 0)
    assert isinstance(answered, events.PermissionAnswered)
    assert (answered.patterns, answered.files) == (None, None)
    assert isinstance(question, events.QuestionAsked)
    assert isinstance(reverted, events.Reverted)
    assert (reverted.what, reverted.change) == ("both", "")
