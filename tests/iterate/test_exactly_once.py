"""Any sequence of events, keys, pastes and resizes: what was said stands on the terminal once, and nothing is too wide.

The judges are two emulators that are not ours: one that wraps again what is there when it gets another size, and one
that does not.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.iterate.emulated.painted import Painted, called, delta, done, gave, prompted, said
from tests.iterate.emulated.plain import Plain
from tests.iterate.emulated.seen import Emulator
from tests.iterate.emulated.wrapping import PROGRAM, Wrapping

from iterate.terminal import rows
from iterate.tui.contract import Size

WORDS = st.sampled_from(
    ("plover", "日本語", "🎈", "e\u0301", "a" * 70, "`code`", "**bold**", "|", "\t", "  ", "\n", "\n\n", "- item",
     "# head\n", "```python\n", "```\n", "| a | b |\n|---|---|\n| 1 | 2 |\n", "> quote\n", "\x1b[2J", "\x07", "1. x\n")
)  # fmt: skip
SIZES = st.tuples(st.integers(1, 500), st.integers(1, 200))
USUAL = st.tuples(st.integers(12, 160), st.integers(4, 60))
# So high that all that is open has room.
HIGH = st.tuples(st.integers(18, 160), st.integers(40, 60))
TEXTS = st.lists(WORDS, min_size=1, max_size=6).map(" ".join)
KEYS = st.sampled_from(("left", "right", "up", "down", "home", "end", "backspace", "enter", "newline", "kill-word"))


@dataclass(slots=True)
class Talk:
    """Deeds of a person, a model and a terminal, as they come."""

    painted: Painted
    emulator: Emulator
    number: int = 1
    text: str = ""
    count: int = 0
    calls: list[str] = field(default_factory=list)

    def do(self, deed: str, value: object) -> None:
        match deed, value:
            case "ask", _:
                self.painted.hear(prompted())
                self.number, self.text = 2, ""
            case "say", str(text):
                self.count += 1
                text = f"{text} <{self.count}>"
                self.painted.hear(delta(self.number, len(self.text), text))
                self.text += text
            case "end", _:
                self.painted.hear(said(self.number, self.text), done(self.number + 1))
                self.number, self.text = self.number + 2, ""
            case "call", str(text):
                self.count += 1
                id_ = f"c{self.count}"
                self.painted.hear(called(self.number, id_, "bash", command=f"{text} <{self.count}>"))
                self.number += 1
                self.painted.hear(gave(self.number, id_, text, f"{text} <{self.count}>"))
                self.number, self.text = self.number + 1, ""
            case "key", str(name):
                self.painted.key(name)
            case ("text" | "paste") as name, str(text):
                self.painted.key(name, text)
            case "size", (int(columns), int(lines)):
                self.emulator.resize(columns, lines)
                self.painted.resize(columns, lines)
            case _:
                raise AssertionError(deed, value)


def deeds(
    sizes: st.SearchStrategy[tuple[int, int]] | None, texts: st.SearchStrategy[str] = TEXTS
) -> st.SearchStrategy[list[tuple[str, object]]]:
    kinds: list[st.SearchStrategy[tuple[str, object]]] = [
        st.tuples(st.sampled_from(("ask", "end")), st.none()),
        st.tuples(st.just("say"), texts),
        st.tuples(st.just("say"), texts),
        st.tuples(st.just("call"), texts),
        st.tuples(st.just("key"), KEYS),
        st.tuples(st.sampled_from(("text", "paste")), texts),
    ]
    kinds += [st.tuples(st.just("size"), sizes)] if sizes is not None else []
    return st.lists(st.one_of(kinds), min_size=1, max_size=30)


def squeezed(text: str) -> str:
    """Without what wrapping may add and leave out."""
    return "".join(text.split())


def check_cursor(talk: Talk) -> None:
    """It is where the editor says, unless that row had no room."""
    seen, shown = talk.emulator.seen(), talk.painted.shown
    if shown.cursor is None or len(shown.rows) > talk.painted.size.lines - 2:
        return
    behind = len(shown.rows) - 1 - shown.cursor[0]
    below = [squeezed(each) for each in seen.screen[seen.cursor[0] + 1 :]]
    assert below[:behind] == [squeezed(rows.plain(each)) for each in shown.rows[shown.cursor[0] + 1 :]]
    assert not any(below[behind:])
    assert seen.cursor[1] == shown.cursor[1]


def check_once(talk: Talk) -> None:
    seen = talk.emulator.seen()
    assert squeezed(seen.text) == squeezed("".join(talk.painted.told))


def played(
    emulator: Emulator, size: tuple[int, int], done: list[tuple[str, object]], check: Callable[[Talk], None]
) -> None:
    talk = Talk(Painted(emulator.feed, Size(*size), isinstance(emulator, Wrapping)), emulator)
    talk.painted.paint(())
    for deed, value in done:
        talk.do(deed, value)
        check(talk)


# The same ones each time: what nobody has seen yet is looked for with more of them by hand, not in everybody's way.
LENIENT = settings(deadline=None, max_examples=60, derandomize=True, suppress_health_check=list(HealthCheck))


@LENIENT
@given(SIZES, deeds(SIZES))
def test_no_sequence_at_any_size_is_an_exception_or_a_row_that_is_too_wide(
    size: tuple[int, int], done: list[tuple[str, object]]
) -> None:
    emulator = Plain(*size)

    def check(talk: Talk) -> None:
        # Rows that are final may be longer: the terminal wraps them, so that they are copied whole.
        assert not emulator.overflows, (talk.painted.size, talk.painted.told)

    played(emulator, size, done, check)


class Exactly:
    """Judges until some of what is open had no room: that has left the screen at its top, and may be old."""

    def __init__(self) -> None:
        self._is_over = False

    def __call__(self, talk: Talk) -> None:
        self._is_over = self._is_over or len(talk.painted.shown.rows) > talk.painted.size.lines - 2
        if not self._is_over:
            check_once(talk)
            check_cursor(talk)


@LENIENT
@given(USUAL, deeds(None))
def test_what_was_said_stands_there_once_on_a_terminal_of_the_old_kind(
    size: tuple[int, int], done: list[tuple[str, object]]
) -> None:
    played(Plain(*size), size, done, Exactly())


@LENIENT
@given(HIGH, deeds(HIGH, st.lists(st.sampled_from(("x", "\n", "\n\n")), min_size=1, max_size=3).map("".join)))
def test_a_resize_loses_no_row_and_says_none_twice_where_nothing_is_wrapped_again(
    size: tuple[int, int], done: list[tuple[str, object]]
) -> None:
    def check(talk: Talk) -> None:
        said, seen = "\n".join(talk.painted.told), talk.emulator.seen().text
        assert re.findall(r"<\d+>", seen) == re.findall(r"<\d+>", said)

    played(Plain(*size), size, done, check)


@pytest.fixture(scope="module")
def wrapping() -> Iterator[Wrapping]:
    made = Wrapping()
    yield made
    made.close()


@pytest.mark.consumer(PROGRAM, "node")
class TestWrapping:
    @LENIENT
    @given(size=HIGH, done=deeds(HIGH))
    # The last row is wrapped, and the cursor above it goes down with that.
    @example(size=(23, 40), done=[("size", (18, 40))])
    # The row of the cursor is not wrapped.
    @example(
        size=(39, 40), done=[("say", "plover"), ("text", "a" * 70), ("end", None), ("key", "up"), ("size", (18, 40))]
    )
    def test_what_was_said_stands_there_once_on_a_terminal_that_wraps_again(
        self, wrapping: Wrapping, size: tuple[int, int], done: list[tuple[str, object]]
    ) -> None:
        wrapping.begin(*size)
        played(wrapping, size, done, Exactly())
