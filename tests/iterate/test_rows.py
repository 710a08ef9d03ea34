"""Answers as rows: what events become on a terminal, replayed into one, with hostile text that tries to steer it."""

import json
import re
from collections.abc import Iterable, Sequence

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st

from iterate import heard
from iterate.heard import Heard
from iterate.terminal import diff, markdown, rows, theme, width
from iterate.terminal.live import Live
from iterate.terminal.rows import Row, Span
from iterate.terminal.story import Look, Story
from iterate.terminal.words import Words

TEXT = """# Head *x*

A paragraph with **bold**, `code` and a [link](http://a.b) that is long enough to be wrapped here.

- one
- two
  1. inner

> quote

| a | b |
|---|---|
| 1 | 日本語 |

```python
def f(x):
    return "s"  # c
```

last
"""
# What a model, a tool or the name of a file may say, and nothing of it may reach the terminal as it is.
HOSTILE = [
    "\x1b]52;c;ZXZpbA==\x07",
    "\x1b]8;;http://evil\x1b\\click\x1b]8;;\x1b\\",
    "\x1b[2J\x1b[H\x1b[31m",
    "\x9b2J\x9d0;title\x9c",
    "\x1bP+q544e\x1b\\",
    "a\x08\x08b\x7f\x07",
    "safe \u202egnp.exe\u202c",
    "\u2066x\u2069\u200f\u061c",
    "line\u2028separator\u2029",
    "\r\x1b[Kreplaced",
    "\x00\x0b\x0c\x0e\x0f",
    "\ud800",
]


def event(**fields: object) -> Heard:
    return heard.read("", json.dumps(fields))


def part(number: int, **fields: object) -> Heard:
    return event(type="part", number=number, session="s", part=fields)


def answer(text: str, pieces: int = 7) -> list[Heard]:
    """An answer of one text, in deltas and whole."""
    told = [event(type="prompted", number=1, session="s", id="p", model="m", directory="/", parts=[])]
    for begin in range(0, len(text), pieces):
        piece = text[begin : begin + pieces]
        told.append(event(type="delta", number=2, session="s", kind="text", offset=begin, text=piece))
    return [*told, part(2, type="text", text=text), event(type="done", number=3, session="s")]


def call(number: int, tool: str, result: dict[str, object], **arguments: object) -> list[Heard]:
    return [
        part(number, type="tool_call", call=f"c{number}", tool=tool, arguments=arguments),
        part(number + 1, type="tool_result", call=f"c{number}", **result),
    ]


class Terminal:
    """A terminal that was sent the rows of some events, painted after each of them."""

    def __init__(self, columns: int = 60, lines: int = 20) -> None:
        self.screen = pyte.HistoryScreen(columns, lines, history=10_000)
        self.stream = pyte.Stream(self.screen)
        self.sent = ""
        self.live = Live(self._send, paint=theme.painting(), columns=columns, lines=lines)
        self.story = Story(Look(columns=columns, lines=lines, is_talk=True))

    def _send(self, text: str) -> None:
        self.sent += text
        # pyte does not know these two and would print them.
        self.stream.feed(text.replace("\x1b[?2026h", "").replace("\x1b[?2026l", ""))

    def play(self, events: Iterable[Heard]) -> "Terminal":
        for number, each in enumerate(events):
            self.live.show(self.story.take(each, number / 10), self.story.open(number / 10))
        return self

    def lines(self) -> list[str]:
        """All that is in the scrollback and on the screen."""
        above = ["".join(line[x].data for x in range(self.screen.columns)) for line in self.screen.history.top]
        found = [line.rstrip() for line in (*above, *self.screen.display)]
        while found and not found[-1]:
            found.pop()
        return found


def plain(of: Sequence[Row]) -> list[str]:
    return [rows.plain(each) for each in of]


@pytest.mark.parametrize("pieces", [1, 3, 50, 1000])
@pytest.mark.parametrize("size", [(60, 20), (24, 6), (100, 50)])
def test_text_that_streams_is_in_the_scrollback_once_as_if_it_had_come_whole(
    pieces: int, size: tuple[int, int]
) -> None:
    shown = Terminal(*size).play(answer(TEXT, pieces)).lines()
    whole = plain(markdown.render(TEXT, size[0] - 1))
    assert [line for line in shown if line] == [line for line in whole if line]


@given(st.text(alphabet="ab #*`>-1.|\n日é👩\u200d", max_size=80), st.integers(1, 9))
def test_any_text_is_the_same_in_pieces_and_whole(text: str, pieces: int) -> None:
    growing = markdown.Growing(30)
    found: list[Row] = []
    for begin in range(0, len(text), pieces):
        growing.add(text[begin : begin + pieces])
        growing.open()
    found += [*growing.closed(), *growing.end()]
    assert [each for each in plain(found) if each] == [each for each in plain(markdown.render(text, 30)) if each]


@given(st.text(max_size=60), st.integers(8, 40))
def test_no_row_is_wider_than_its_room(text: str, room: int) -> None:
    for each in markdown.render(text, room):
        assert rows.columns(each) <= room + 1


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_steers_nothing_wherever_it_comes_from(text: str) -> None:
    events = [
        *answer(f"say {text} and\n\n```{text}\n{text}\n```\n\n[{text}](http://{text})")[:-1],
        *call(4, text, {"status": "error", "title": text, "text": text, "diff": f"--- a/{text}\n+{text}"}, path=text),
        event(type="retry", number=6, session="s", attempt=1, reason=text, wait_ms=10, at_ms=1),
        event(type="compacted", number=7, session="s", summary=text, first=1, tokens_before=2, tokens_after=1),
        event(type="files.changed", number=8, session="s", call="c", change="x", files=[{"path": text}]),
        event(type="todo", number=9, session="s", items=[{"text": text, "status": text}]),
        event(type="task", number=10, session="s", call="c", child=text, agent=text),
        event(type="permission.answered", number=11, session="s", id="i", decision="deny", message=text),
        event(type="failed", number=12, session="s", reason="provider", message=text),
    ]
    story = Story(Look(is_talk=True, is_verbose=True))
    found: list[Row] = []
    for each in events:
        found += [*story.take(each, 1.0), *story.open(1.0)]
    found += story.opened(1)
    assert found
    for of in found:
        for piece in of:
            assert not [one for one in piece.text if one != " " and not one.isprintable() and one != "\u200d"], of


def test_a_call_is_one_line_and_its_diff_is_in_colour_below_it() -> None:
    change = "--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-old\n+new\n"
    shown = Terminal()
    shown.play(call(2, "edit", {"status": "ok", "title": "edit x.py", "text": "ok", "diff": change}, path="x.py"))
    lines = [line for line in shown.lines() if line]
    assert lines[0].startswith("✓ 1 edit x.py  +1 -1")
    assert [line.strip() for line in lines[1:]] == ["x.py", "@@ -1 +1 @@", "1 -old", "1 +new"]
    assert "\x1b[0;31m-old" in shown.sent
    assert "\x1b[0;32m+new" in shown.sent


def test_a_call_that_runs_says_how_long_and_is_opened_by_its_number() -> None:
    story = Story(Look())
    begun, ended = call(2, "bash", {"status": "ok", "title": "make", "text": "out\nput"}, command="make")
    story.take(begun, 0.0)
    assert plain(story.open(7.0))[0] == "… 1 bash make  7 s"
    story.take(ended, 8.0)
    assert plain(story.opened(1)) == ["1 bash make", "  command: make", "  out", "  put"]
    assert "no call 9" in plain(story.opened(9))[0]


def asked(number: int, id_: str, call_: str) -> Heard:
    return event(
        type="permission.asked", number=number, session="s", id=id_, call=call_, tool="bash", why="", patterns=[]
    )


def answered(number: int, id_: str) -> Heard:
    return event(type="permission.answered", number=number, session="s", id=id_, decision="once")


def test_the_time_of_a_call_is_that_of_its_work_and_not_of_waiting_for_a_person() -> None:
    begun, ended = call(2, "bash", {"status": "ok", "title": "make", "text": ""}, command="make")
    usage = part(9, type="usage", input=1, output=1)
    told = [
        (answer("x")[0], 0.0),
        (begun, 1.0),
        (asked(4, "per_1", begun.inner("part").word("call")), 2.0),
        # Another call is asked about meanwhile.
        (asked(5, "per_2", "other"), 3.0),
        (answered(6, "per_1"), 60.0),
        (answered(7, "per_2"), 70.0),
        (ended, 72.0),
        (usage, 73.0),
        (event(type="done", number=10, session="s"), 73.0),
    ]
    story, words = Story(Look()), Words(Look(is_plain=True))
    rows_, spoken = [], ""
    for one, at in told:
        rows_ += plain(story.take(one, at))
        spoken += words.take(one, at)
        if one is begun:
            assert plain(story.open(at + 1.0))[0].endswith("1 s")
    # 72 - 1 without 2 to 60; in all 73 without 2 to 70.
    assert next(each for each in rows_ if "make" in each).endswith("  13 s")
    assert rows_[-1].endswith(", 5.0 s")
    assert "tool 1 done: bash make, 13 s\n" in spoken
    assert spoken.endswith(", 5.0 s\n")


def test_a_diff_names_each_file_once_and_a_removed_line_that_looks_like_a_head_is_a_line() -> None:
    text = (
        "diff --git a/new file.txt b/new file.txt\nnew file mode 100644\nindex 0000000..1234567\n"
        "--- /dev/null\n+++ b/new file.txt\n@@ -0,0 +1 @@\n+one\n"
        "--- a/q.sql\n+++ b/q.sql\n@@ -1,3 +1,2 @@\n--- a comment\n-++ b\n+++ c\n x\n"
        "diff --git a/picture.png b/picture.png\nBinary files a/picture.png and b/picture.png differ\n"
    )
    assert plain(diff.rows(text, 60)) == [
        "new file.txt  new file",
        "@@ -0,0 +1 @@",
        "1 +one",
        "q.sql",
        "@@ -1,3 +1,2 @@",
        "1 --- a comment",
        "2 -++ b",
        "1 +++ c",
        "2  x",
        "picture.png  binary",
    ]
    assert diff.counted(text) == (2, 2)


def test_what_is_left_out_says_how_to_see_it_where_one_is() -> None:
    many: dict[str, object] = {"status": "error", "title": "make", "text": "one\ntwo\nthree\nfour"}
    for is_talk, how in ((True, "1 more row: /open 1 shows all"), (False, "1 more row: --verbose shows all")):
        story = Story(Look(is_talk=is_talk))
        found = [each for one in call(2, "bash", many, command="make") for each in plain(story.take(one, 0.0))]
        assert found[-1].strip() == how


@pytest.mark.parametrize(("status", "word"), [("error", "failed"), ("denied", "denied")])
def test_a_call_that_came_to_nothing_is_shown_with_what_it_was_about(status: str, word: str) -> None:
    result: dict[str, object] = {"status": status, "title": f"write {word}", "text": "no"}
    events = call(2, "write", result, path="x.py")
    story = Story(Look())
    found = [each for one in events for each in plain(story.take(one, 0.0))]
    assert re.search(rf" 1 write x\.py  {word}  \d", found[0]), found
    words = Words(Look(is_plain=True))
    told = "".join(words.take(one, 0.0) for one in events)
    assert f"tool 1 {word}: write x.py, " in told


def test_an_answer_in_another_session_is_shown_from_its_first_letter() -> None:
    shown = Terminal()
    shown.play(answer("first"))
    # Its events have the same numbers.
    shown.play(answer("and another one"))
    assert [line for line in shown.lines() if line] == ["first", "and another one"]


def test_in_words_a_call_is_opened_by_its_number_too() -> None:
    words = Words(Look(is_plain=True, is_talk=True))
    change = "--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-old\n+new\n"
    for each in call(2, "edit", {"status": "ok", "title": "edit x.py", "text": "ok", "diff": change}, path="x.py"):
        words.take(each, 0.0)
    assert words.opened(1) == "tool 1: edit x.py\npath: x.py\nx.py\n@@ -1 +1 @@\n1 -old\n1 +new\nok\n"
    assert words.opened(2) == "there is no call 2; there is 1\n"


def test_a_retry_counts_down_and_is_gone_when_it_goes_on() -> None:
    story = Story(Look())
    story.take(answer("x")[0], 0.0)
    story.take(event(type="retry", number=2, session="s", attempt=1, reason="429", wait_ms=5000, at_ms=1), 1.0)
    assert plain(story.open(2.0)) == ["429; trying again in 4 s"]
    story.take(event(type="delta", number=3, session="s", kind="text", offset=0, text="hi"), 6.0)
    assert plain(story.open(6.0)) == ["hi"]


def test_the_costs_come_last_and_quiet_leaves_them_out() -> None:
    usage = part(3, type="usage", input=1200, output=50, cache_read=1000, cost_micro_usd=12_300)
    events = [*answer("hi")[:-1], usage, event(type="done", number=4, session="s")]
    assert Terminal().play(events).lines()[-1].startswith("1,200 tokens in (1,000 cached), 50 out, $0.0123")
    story = Story(Look(is_quiet=True))
    assert not [each for one in events for each in plain(story.take(one, 0.0)) if "tokens" in each]


def test_what_is_open_when_the_terminal_shrinks_leaves_nothing_behind() -> None:
    shown = Terminal(40, 10)
    shown.live.show((), [(Span("x" * 39),), (Span("y" * 39),)])
    # A terminal that wraps again what it shows: each row takes two now.
    shown.live.is_reflowing = True
    shown.live.resize(20, 10)
    before = shown.sent
    shown.live.show((), [(Span("z"),)])
    assert shown.sent[len(before) :].startswith("\x1b[?2026h\x1b[2A\r\r\x1b[K")


def test_words_for_screen_readers_are_lines_that_are_never_taken_back() -> None:
    words = Words(Look(is_plain=True, is_talk=True))
    change: dict[str, object] = {"status": "ok", "title": "edit x.py", "text": "ok", "diff": ""}
    events = [*answer("hello")[:-1], *call(4, "edit", change, path="x.py"), event(type="done", number=6, session="s")]
    text = "".join(words.take(each, 0.0) for each in events)
    assert text == "hello\ntool 1 started: edit x.py\ntool 1 done: edit x.py, 0.0 s\n"
    assert "\x1b" not in text


def test_words_are_those_of_the_rows_without_marks_and_without_the_ends_of_rows() -> None:
    change = "--- a/x.py\n+++ b/x.py\n@@ -1,2 +1,2 @@\n     keep\n-old\n+new\n"
    result: dict[str, object] = {"status": "ok", "title": "edit  x.py", "text": "ok", "diff": change}
    events = call(2, "edit", result, path="x.py")
    long = event(type="warned", number=5, session="s", text="word " * 60)
    look = Look(columns=20, is_talk=True)
    story, words = Story(look), Words(look._replace(is_plain=True))
    seen = " ".join(row for one in [*events, long] for row in plain(story.take(one, 0.0)))
    spoken = "".join(words.take(one, 0.0) for one in [*events, long])
    assert "tool 1 done: edit  x.py, +1 -1, 0.0 s\nx.py\n@@ -1,2 +1,2 @@\n" in spoken
    assert "\n2 -old\n2 +new\n" in spoken
    assert spoken.endswith(f"\n{('word ' * 60).rstrip()}\n")
    assert {each for each in seen.split() if each.isalpha()} <= {*spoken.split(), "edit"}


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("abc", 3),
        ("日本", 4),
        ("e\u0301", 1),
        ("👩\u200d👩\u200d👧", 2),
        ("👍🏽", 2),
        ("🇩🇪🇫🇷", 4),
        ("❤\ufe0f", 2),
        ("", 0),
    ],
)
def test_a_character_has_the_columns_that_a_reader_sees(text: str, columns: int) -> None:
    assert width.width(text) == columns


@given(st.text(max_size=40), st.integers(1, 20))
def test_what_is_cut_is_all_there(text: str, room: int) -> None:
    head, rest = width.cut(text, room)
    assert head + rest == text
    assert head or not text


def test_without_colour_bold_is_left_and_nothing_red() -> None:
    painted = rows.painted((Span("a", "bold"), Span("b", "removed")), theme.painting(depth="none"))
    assert painted == "\x1b[1ma\x1b[mb"


def test_a_long_diff_says_how_much_is_left_out() -> None:
    text = "--- a/x\n+++ b/x\n@@ -0,0 +1,99 @@\n" + "+line\n" * 99
    found = plain(diff.rows(text, 40, 10))
    assert len(found) == 10
    assert found[-1] == "  and 92 more rows"


@pytest.mark.parametrize("hostile", [*HOSTILE, "two\nlines", "two\r\nlines"])
def test_whoever_made_a_row_no_name_in_it_ends_it_or_steers_the_terminal(hostile: str) -> None:
    # As a part that forgot to make it fit would do.
    shown = rows.painted((Span(hostile, "dim"), Span("behind")), theme.painting(depth="none"))
    assert not set(re.sub(r"\x1b\[[0-9;]*m", "", shown)) & {*map(chr, [*range(32), *range(127, 160)]), "\u2028"}
    assert shown.endswith("behind")


@pytest.mark.parametrize("name", ["~/n\nl", "a\x1b[2Jb\nc"])
def test_a_name_with_a_line_break_stays_in_the_row_at_the_bottom(name: str) -> None:
    from iterate.tui import status

    facts = status.Facts(keys=name, mode=name, model=name, state=name, folder=name, branch=name, hint=name)
    found = status.row(facts, 300)
    shown = re.sub(r"\x1b\[[0-9;]*m", "", rows.painted(found, theme.painting(depth="none")))
    assert "\n" not in shown
    assert "\x1b" not in shown
    assert width.width(shown) == rows.columns(found)
