"""Any events in any order: rows, pages and words come of them without an exception, and in their room."""

import json
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from iterate import heard
from iterate.heard import Heard
from iterate.terminal import rows
from iterate.terminal.drawing import Look
from iterate.terminal.pages import Pages
from iterate.terminal.story import Story
from iterate.terminal.words import Words

words = st.text(alphabet="ab #*`>|-\n\t日\x1b\u202e👩\u200d", max_size=30)
ids = st.sampled_from(["c1", "c2", "c3"])
numbers = st.integers(0, 9)


def fields(**of: st.SearchStrategy[object]) -> st.SearchStrategy[dict[str, object]]:
    return st.fixed_dictionaries(of)


def kind(name: str) -> st.SearchStrategy[str]:
    return st.just(name)


changes = st.sampled_from(["", "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n", "@@ -1 +1 @@\n x", "rubbish"])
files = st.lists(fields(name=words, media_type=kind("image/png"), url=st.sampled_from(["data:,", "x", ""])), max_size=2)
parts: st.SearchStrategy[dict[str, object]] = st.one_of(
    fields(type=kind("text"), text=words),
    fields(type=kind("reasoning"), text=words),
    fields(type=kind("tool_call"), call=ids, tool=words, arguments=st.dictionaries(words, words, max_size=2)),
    fields(
        type=kind("tool_result"),
        call=ids,
        status=st.sampled_from(["ok", "error", "denied", "cancelled", "new"]),
        text=words,
        title=words,
        diff=changes,
        files=files,
    ),
    fields(type=kind("usage"), input=numbers, output=numbers),
)
events: st.SearchStrategy[dict[str, object]] = st.one_of(
    fields(type=kind("prompted"), parts=st.lists(fields(type=kind("text"), text=words), max_size=2)),
    fields(type=kind("part"), part=parts),
    fields(type=kind("delta"), kind=st.sampled_from(["text", "reasoning"]), offset=numbers, text=words),
    fields(type=kind("tool.output"), call=ids, text=words),
    fields(type=kind("retry"), first=numbers, reason=words, wait_ms=numbers),
    fields(type=kind("task"), call=ids, child=st.sampled_from(["below", "further"]), agent=words),
    fields(type=kind("todo"), items=st.lists(fields(text=words, status=words), max_size=2)),
    fields(type=kind("reverted"), to=numbers),
    fields(type=kind("compacted"), summary=words, tokens_before=numbers, tokens_after=numbers),
    fields(type=kind("question.answered"), answers=st.one_of(st.none(), st.lists(st.lists(words), max_size=2))),
    fields(
        type=st.sampled_from(["unreverted", "done", "failed", "warned", "permission.answered", "files.changed", "x"])
    ),
)
sessions = st.sampled_from(["s", "s", "s", "below", "further"])
told = st.lists(st.tuples(events, numbers, sessions), max_size=25)
type Told = list[tuple[dict[str, object], int, str]]


def each(of: Told, take: Callable[[Heard], None]) -> None:
    for one, number, session in of:
        take(heard.read("", json.dumps({**one, "number": number, "session": session})))


@settings(max_examples=60, deadline=None)
@given(told, st.integers(1, 60), st.booleans())
def test_rows_have_their_room_and_nothing_that_steers(of: Told, columns: int, is_verbose: bool) -> None:  # noqa: FBT001
    story = Story(Look(columns=columns, is_talk=True, has_prompts=True, is_verbose=is_verbose))

    def take(event: Heard) -> None:
        final, opened = story.take(event, 1.0), story.open(2.0)
        for row in opened:
            assert rows.columns(row) <= max(1, columns - 1), row
        for row in (*final, *opened, *story.newest()):
            assert all(one.isprintable() or one == "\u200d" for span in row for one in span.text), row

    each(of, take)


@settings(max_examples=60, deadline=None)
@given(
    told,
    st.integers(1, 60),
    st.integers(1, 12),
    st.lists(st.sampled_from(["up", "toggle", "search", "resize", "prompt"])),
)
def test_pages_show_what_there_is_wherever_somebody_is(of: Told, columns: int, lines: int, deeds: list[str]) -> None:
    pages = Pages(Look(columns=columns, lines=lines, is_talk=True, has_prompts=True))
    left = list(deeds)

    def take(event: Heard) -> None:
        pages.take(event, 1.0)
        match left.pop() if left else "":
            case "up":
                pages.jump("page-up")
            case "toggle":
                pages.toggle(0)
            case "search":
                pages.search("a")
            case "resize":
                pages.resize(columns + len(left), lines)
            case "prompt":
                pages.prompt(is_back=True)
            case _:
                pages.select(0, 0, "word")
                pages.extend(lines, columns)
                pages.selected()
        shown = pages.view(lines, 2.0)
        assert len(shown.rows) <= lines
        assert len(shown.rows) == lines or (shown.is_top and shown.is_bottom)
        for row in shown.rows:
            assert rows.columns(row) <= max(1, pages.look.columns - 1), row

    each(of, take)


@settings(max_examples=60, deadline=None)
@given(told)
def test_words_are_lines(of: Told) -> None:
    spoken = Words(Look(is_plain=True, is_talk=True, has_prompts=True))
    each(of, lambda event: [spoken.take(event, 1.0)].clear())
    assert spoken.opened(1)
