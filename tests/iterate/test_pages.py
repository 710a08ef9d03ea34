"""Pages of a full screen: what is seen of a session, moving in it, searching, folding, selecting, at any length."""

import json
import re
from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from iterate import heard
from iterate.heard import Heard
from iterate.terminal import rows
from iterate.terminal.archive import CACHED
from iterate.terminal.drawing import Look
from iterate.terminal.pages import Jump, Pages, Shown

LOOK = Look(columns=40, lines=10, is_talk=True, has_prompts=True)


def event(**fields: object) -> Heard:
    return heard.read("", json.dumps({"session": "s", **fields}))


def answer(number: int, text: str, prompt: str = "") -> Iterator[Heard]:
    """A prompt, a call and a text, four events from that number on."""
    asked = [{"type": "text", "text": prompt or f"prompt {number}"}]
    yield event(type="prompted", number=number, id=f"p{number}", model="m", directory="/", parts=asked)
    call = {"type": "tool_call", "call": f"c{number}", "tool": "bash", "arguments": {"command": f"make {number}"}}
    yield event(type="part", number=number + 1, part=call)
    gave = {"type": "tool_result", "call": f"c{number}", "status": "ok", "text": f"it gave\n{number}"}
    yield event(type="part", number=number + 2, part=gave)
    yield event(type="part", number=number + 3, part={"type": "text", "text": text})
    yield event(type="done", number=number + 4)


def pages(
    count: int, look: Look = LOOK, text: str = "Some **words** of answer {} that are wrapped here.\n\n- one"
) -> Pages:
    found = Pages(look)
    for number in range(count):
        for each in answer(number * 10 + 1, text.format(number)):
            found.take(each, None)
    return found


def plain(shown: Shown) -> list[str]:
    return [rows.plain(each) for each in shown.rows]


def everything(of: Pages) -> list[str]:
    return plain(of.view(100_000))


def test_the_end_is_seen_and_stays_so_while_more_comes() -> None:
    of = pages(3)
    assert plain(of.view(3))[-1] == "• one"
    for each in answer(100, "the newest"):
        of.take(each, None)
    shown = of.view(3)
    assert plain(shown)[-1] == "the newest"
    assert shown.is_bottom
    assert not shown.is_top


def test_what_is_seen_above_the_end_does_not_move_while_more_comes() -> None:
    of = pages(5)
    of.view(6)
    of.jump("page-up")
    before = plain(of.view(6))
    of.take(event(type="prompted", number=90, id="p", model="m", directory="/", parts=[]), None)
    for number in range(30):
        of.take(event(type="delta", number=91, kind="text", offset=number * 5, text="text\n"), None)
        assert plain(of.view(6)) == before
    of.jump("bottom")
    assert plain(of.view(6))[-1].endswith("text text")


def test_each_way_of_moving_goes_through_the_same_rows() -> None:
    of = pages(6)
    whole = everything(of)
    jumps: list[tuple[Jump, int]] = [("down", 1), ("half-down", 5), ("page-down", 9)]
    for jump, step in jumps:
        of.view(10)
        of.jump("top")
        seen, at = plain(of.view(10)), 0
        while not of.view(10).is_bottom:
            of.jump(jump)
            at = min(at + step, len(whole) - 10)
            seen = plain(of.view(10))
            assert seen == whole[at : at + 10], (jump, at)
        assert seen == whole[-10:]
    for _ in range(100):
        of.jump("page-up")
    assert plain(of.view(10)) == whole[:10]
    assert of.view(10).is_top


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.sampled_from(["up", "down", "half-up", "half-down", "page-up", "page-down", "top", "bottom"]), max_size=20
    ),
    st.integers(1, 30),
)
def test_any_moves_show_rows_that_follow_each_other(moves: list[Jump], lines: int) -> None:
    of = pages(3)
    whole = everything(of)
    of.view(lines)
    for move in moves:
        of.jump(move)
        seen = plain(of.view(lines))
        assert any(whole[at : at + len(seen)] == seen for at in range(len(whole))), move
        assert len(seen) == min(lines, len(whole))


def test_of_a_thousand_answers_only_what_is_seen_is_made() -> None:
    of = pages(1000)
    of.view(40)
    assert len(of._of._strips) < 40
    for _ in range(200):
        of.jump("page-up")
        of.view(40)
    assert sum(each.height for each in of._of._strips.values()) <= CACHED + 100


def test_another_width_keeps_the_place() -> None:
    of = pages(8, text="A long line of answer {} " + "with words that go on " * 12)
    of.view(10)
    of.prompt(is_back=True)
    of.prompt(is_back=True)
    first = plain(of.view(10))[0]
    for columns in (25, 90, 40):
        of.resize(columns, 10)
        assert plain(of.view(10))[0] == first
    of.scroll(5)
    words = plain(of.view(10))[0]
    of.resize(41, 10)
    assert plain(of.view(10))[0].split()[:2] == words.split()[:2]


def test_prompts_are_jumped_between() -> None:
    of = pages(4)
    of.view(5)
    found = []
    for _ in range(5):
        of.prompt(is_back=True)
        found.append(plain(of.view(5))[0])
    assert found == ["> prompt 31", "> prompt 21", "> prompt 11", "> prompt 1", "> prompt 1"]
    of.prompt(is_back=False)
    assert plain(of.view(5))[0] == "> prompt 11"
    for _ in range(4):
        of.prompt(is_back=False)
    assert of.view(5).is_bottom


def test_a_search_counts_goes_round_and_marks_also_where_a_row_is_broken() -> None:
    of = pages(5, text="Straße {} and a needle that is WRAPPED over the end of the row here")
    of.view(8)
    assert of.search("wrapped OVER the") == 5
    shown = of.view(8)
    marked = "".join(each.text for row in shown.rows for each in row if each.style == "selected")
    assert marked == "WRAPPEDover the"
    places = [of._hit]
    for _ in range(5):
        of.next_match(is_back=True)
        places.append(of._hit)
        of.view(8)
    assert len(set(places[:5])) == 5
    assert places[5] == places[0]
    of.next_match()
    assert of._hit == places[4]
    assert of.search("straße 3") == 1
    assert of.search("nowhere") == 0
    assert not of.next_match()


def test_a_call_is_opened_and_folded_where_it_stands() -> None:
    of = pages(2)
    before = plain(of.view(20))
    line = next(at for at, each in enumerate(before) if "make 11" in each)
    assert of.toggle(line)
    opened = plain(of.view(20))
    assert "  it gave" in opened
    assert opened[:line] == before[:line] or opened[-1] == before[-1]
    line = next(at for at, each in enumerate(opened) if each.startswith("2 bash"))
    assert of.toggle(line)
    assert plain(of.view(20)) == before
    assert not of.toggle(len(before) - 1)
    assert not of.toggle(99)


def test_what_is_selected_is_copied_as_it_was_written() -> None:
    text = "A line that is long enough to be wrapped in forty columns.\n\n- an item\n\n```python\nif x:\n    y()\n```"
    of = pages(1, text=text)
    shown = plain(of.view(30))
    first = next(at for at, each in enumerate(shown) if each.startswith("A line"))
    of.select(first, 2)
    of.extend(len(shown) - 1, 39)
    assert of.selected() == ("line that is long enough to be wrapped in forty columns.\n\nan item\n\nif x:\n    y()")
    styles = [each.style for row in of.view(30).rows[first:] for each in row if each.text.strip(" •")]
    assert set(styles[1:]) == {"selection"}
    of.select(first, 3, "word")
    assert of.selected() == "line"
    of.select(first + 1, 0, "line")
    assert of.selected() == "A line that is long enough to be wrapped in forty columns."
    of.unselect()
    assert of.selected() == ""


def test_a_selection_upwards_over_several_entries_is_the_same() -> None:
    of = pages(2)
    shown = plain(of.view(30))
    prompt = next(at for at, each in enumerate(shown) if each == "> prompt 11")
    of.select(len(shown) - 1, 3)
    of.extend(prompt, 0)
    upwards = of.selected()
    of.select(prompt, 0)
    of.extend(len(shown) - 1, 3)
    assert of.selected() == upwards
    assert upwards.startswith("prompt 11\n")


def test_earlier_answers_come_before_without_moving_what_is_seen() -> None:
    whole = pages(6)
    of = pages(0)
    for number in range(4, 6):
        for each in answer(number * 10 + 1, f"Some **words** of answer {number} that are wrapped here.\n\n- one"):
            of.take(each, None)
    of.above = 4
    of.view(8)
    of.jump("top")
    before = plain(of.view(8))
    assert of.wants_earlier()
    earlier = [
        each
        for number in range(4)
        for each in answer(number * 10 + 1, f"Some **words** of answer {number} that are wrapped here.\n\n- one")
    ]
    of.prepend(earlier, 0)
    assert [each for each in plain(of.view(8)) if each] == [each for each in before if each][
        : len([each for each in plain(of.view(8)) if each])
    ]
    assert not of.wants_earlier()
    of.jump("top")
    assert re.sub(r"(✓) \d", r"\1", "\n".join(plain(whole_top(whole)))) == "\n".join(plain(of.view(8)))


def whole_top(of: Pages) -> Shown:
    of.view(8)
    of.jump("top")
    return of.view(8)


def test_what_was_taken_back_is_gone_and_comes_again() -> None:
    of = pages(3)
    before = everything(of)
    of.take(event(type="reverted", number=40, to=11, files=[]), None)
    assert not any("prompt 11" in each or "prompt 21" in each for each in everything(of))
    of.take(event(type="unreverted", number=41), None)
    assert [each for each in everything(of) if "taken back" not in each and "brought back" not in each][
        : len(before)
    ] == before[: len(before)] or ("> prompt 21" in everything(of))


def test_a_try_that_broke_is_taken_away() -> None:
    of = pages(1)
    of.take(event(type="delta", number=20, kind="text", offset=0, text="half a"), None)
    of.take(event(type="retry", number=21, attempt=1, reason="429", wait_ms=1, at_ms=1, first=20), None)
    assert not any("half a" in each for each in everything(of))


def test_text_that_grows_is_where_it_is_when_it_is_whole() -> None:
    of = Pages(LOOK)
    text = "# Head\n\nSome words that are wrapped, as they are longer than that.\n\n```python\nx = 1\n```\n"
    of.take(
        event(type="prompted", number=1, id="p", model="m", directory="/", parts=[{"type": "text", "text": "x"}]), 0.0
    )
    for at in range(0, len(text), 5):
        of.take(event(type="delta", number=2, kind="text", offset=at, text=text[at : at + 5]), 0.0)
        of.view(20, 0.0)
    before = everything(of)
    of.take(event(type="part", number=2, part={"type": "text", "text": text}), 0.0)
    assert [each for each in everything(of) if "waiting" not in each][: len(before)] == before
    of.resize(30, 10)
    assert of.view(5).rows


def test_rows_of_ours_are_broken_where_the_room_ends_and_copied_as_they_were() -> None:
    from iterate.terminal import flow

    found = pages(0)
    text = f"error: the setting {'that is wrong ' * 5}is plover"
    found.say(flow.flowed([rows.span(text, "bad")], 70))
    found.say([rows.row(rows.span("short")), rows.row(rows.span(f"note: {'as it is told ' * 6}"))])
    shown = found.view(20).rows
    assert all(rows.columns(each) < LOOK.columns for each in shown)
    found.select(0, 0)
    found.extend(len(shown) - 1, 39)
    assert found.selected().split("\n")[0] == text
    # One row ends where the room ends, not where it did on the wider screen.
    assert [rows.plain(each) for each in shown][:2] == [
        "error: the setting that is wrong that",
        "is wrong that is wrong that is wrong",
    ]
