"""Any sequence of events, keys, pastes and resizes: what was said stands on the terminal once, and nothing is too wide.

The judges are two emulators that are not ours: one that wraps again what is there when it gets another size, and one
that does not.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
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
# Columns that a row is not broken for.
NARROW = 24
SIZES = st.tuples(st.integers(1, 500), st.integers(1, 200))
USUAL = st.tuples(st.integers(12, 160), st.integers(4, 60))
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


def deeds(sizes: st.SearchStrategy[tuple[int, int]] | None) -> st.SearchStrategy[list[tuple[str, object]]]:
    texts = st.lists(WORDS, min_size=1, max_size=6).map(" ".join)
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
    talk = Talk(Painted(emulator.feed, Size(*size)), emulator)
    talk.painted.paint(())
    for deed, value in done:
        talk.do(deed, value)
        check(talk)


LENIENT = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))


@LENIENT
@given(SIZES, deeds(SIZES))
def test_no_sequence_at_any_size_is_an_exception_or_a_row_that_is_too_wide(
    size: tuple[int, int], done: list[tuple[str, object]]
) -> None:
    emulator, before = Plain(*size), 0

    def check(talk: Talk) -> None:
        nonlocal before
        now, before = emulator.wraps - before, emulator.wraps
        assert not now or talk.painted.size.columns < NARROW, (talk.painted.size, talk.painted.told)

    played(emulator, size, done, check)


def is_whole(talk: Talk) -> bool:
    """Whether all that is open had room."""
    return len(talk.painted.shown.rows) <= talk.painted.size.lines - 2


@LENIENT
@given(USUAL, deeds(None))
def test_what_was_said_stands_there_once_on_a_terminal_of_the_old_kind(
    size: tuple[int, int], done: list[tuple[str, object]]
) -> None:
    def check(talk: Talk) -> None:
        if is_whole(talk):
            check_once(talk)
            check_cursor(talk)

    played(Plain(*size), size, done, check)


@pytest.fixture(scope="module")
def wrapping() -> Iterator[Wrapping]:
    made = Wrapping()
    yield made
    made.close()


@pytest.mark.consumer(PROGRAM, "node")
class TestWrapping:
    @LENIENT
    @given(size=USUAL, done=deeds(None))
    def test_what_was_said_stands_there_once_on_a_terminal_that_wraps_again(
        self, wrapping: Wrapping, size: tuple[int, int], done: list[tuple[str, object]]
    ) -> None:
        def check(talk: Talk) -> None:
            if is_whole(talk):
                check_once(talk)
                check_cursor(talk)

        wrapping.begin(*size)
        played(wrapping, size, done, check)
