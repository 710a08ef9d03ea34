"""The list that everything is chosen from: what is seen of it in any room, and what keys do."""

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.iterate.fakeprogram import FakeProgram, press, seen

from iterate.terminal.keys import Key
from iterate.terminal.sequences import Mouse
from iterate.tui import sight
from iterate.tui.choice import Item
from iterate.tui.listing import Deed, Listing, Purpose

NAMES = ["alpha", "beta", "gamma", "delta", "epsilon"]


def listing(program: FakeProgram, purpose: Purpose) -> Listing:
    found = Listing(program, purpose)
    program.show(found)
    found.fill([Item(name, name, f"the {name}") for name in NAMES])
    return found


def nothing(_: object) -> None:
    """Nobody hears of what is chosen."""


def test_what_is_typed_narrows_the_list_at_once_and_enter_takes_the_best() -> None:
    program, chosen = FakeProgram(), list[str]()
    found = listing(program, Purpose("Things", lambda item: chosen.append(item.key)))
    assert seen(found)[:3] == ["Things" + " " * 46 + "5 in all", ">", "\u203a alpha" + " " * 44 + "the alpha"]
    press(found, "d", "t")
    assert seen(found)[0].endswith("1 of 5 match")
    press(found, "enter")
    assert chosen == ["delta"]
    assert program.widgets == []


def test_the_cursor_goes_round_and_stays_on_its_item_when_the_filter_is_gone() -> None:
    program, chosen = FakeProgram(), list[str]()
    found = listing(program, Purpose("Things", lambda item: chosen.append(item.key)))
    press(found, "up")
    assert found.item == Item("epsilon", "epsilon", "the epsilon")
    press(found, "down", "down", "g", "a", "m")
    assert found.item == Item("gamma", "gamma", "the gamma")
    press(found, "backspace", "backspace", "backspace")
    assert found.item == Item("gamma", "gamma", "the gamma")
    press(found, "escape")
    assert (chosen, program.widgets) == ([], [])


def test_a_grave_deed_wants_a_second_press_and_another_key_forgets_the_first() -> None:
    program, gone = FakeProgram(), list[str]()
    deed = Deed("delete", "deletes", lambda item, _: gone.append(item.key), is_grave=True)
    found = listing(program, Purpose("Things", nothing, deeds=(deed,)))
    press(found, "ctrl+d")
    assert "once more: deletes alpha" in "\n".join(seen(found))
    press(found, "down", "ctrl+d")
    assert gone == []
    press(found, "ctrl+d")
    assert gone == ["beta"]
    found.forget("beta")
    assert found.item == Item("gamma", "gamma", "the gamma")


def test_a_deed_with_a_question_gets_the_line_that_is_typed() -> None:
    program, named = FakeProgram(), list[tuple[str, str]]()
    deed = Deed("rename", "rename", lambda item, text: named.append((item.key, text)), asks=lambda item: item.text)
    found = listing(program, Purpose("Things", nothing, deeds=(deed,)))
    press(found, "ctrl+r", "ctrl+u", "escape", "ctrl+r", "!", "enter")
    assert named == [("alpha", "alpha!")]


def test_ticked_items_are_taken_together_in_their_order() -> None:
    program, taken = FakeProgram(), list[str]()
    found = listing(program, Purpose("Things", nothing, many=lambda items: taken.extend(each.key for each in items)))
    press(found, "down", "tab", "up", "up", "tab", "enter")
    assert taken == ["alpha", "beta"]


def test_a_preview_is_asked_for_once_when_the_cursor_rests() -> None:
    program, asked = FakeProgram(), list[str]()

    def look(key: str, then: "sight.Taking") -> None:
        asked.append(key)
        then(sight.text(f"all about {key}"))

    found = listing(program, Purpose("Things", nothing, sight=look))
    assert asked == ["alpha"]
    press(found, "down", "down")
    program.wait()
    assert asked == ["alpha", "gamma"]
    assert "all about gamma" in "\n".join(seen(found, 100))
    assert "all about gamma" not in "\n".join(seen(found, 60))
    assert "all about gamma" in "\n".join(seen(found, 60, 40))
    press(found, "up", "up")
    program.wait()
    assert asked == ["alpha", "gamma"]


def test_nothing_yet_nothing_at_all_and_a_failure_are_told_apart() -> None:
    program = FakeProgram()
    found = Listing(program, Purpose("Things", lambda _: None, empty="no things"))
    assert "loading" in "\n".join(seen(found))
    found.fill(())
    assert "no things" in "\n".join(seen(found))
    found.fail("the server is gone")
    assert "the server is gone" in "\n".join(seen(found))
    found.fill([Item("a", "a")])
    press(found, "z")
    assert "nothing has these letters" in "\n".join(seen(found))


def test_groups_are_named_until_somebody_types() -> None:
    program = FakeProgram()
    found = Listing(program, Purpose("Things", lambda _: None))
    found.fill([Item("a", "one", group="First"), Item("b", "two", group="First"), Item("c", "three", group="Second")])
    assert [row.strip() for row in seen(found)[2:7]] == ["First", "\u203a one", "two", "Second", "three"]
    press(found, "t")
    assert "First" not in "\n".join(seen(found))


def test_all_of_ten_thousand_can_be_reached_also_behind_the_best_matches() -> None:
    program = FakeProgram()
    found = Listing(program, Purpose("Things", lambda _: None))
    found.fill([Item(str(number), f"item {number}") for number in range(10_000)])
    press(found, "i", "end")
    assert len({found.choice.places[at] for at in range(len(found.choice.places))}) == 10_000
    assert seen(found)[0].endswith("10,000 in all")
    press(found, "down")
    assert found.choice.at == 0


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(["up", "down", "pagedown", "end", "home", "tab", "backspace", "e", "日", "ctrl+d", "enter"])
    ),
    st.integers(4, 120),
    st.integers(1, 40),
)
def test_whatever_is_pressed_no_row_is_wider_than_the_room(names: list[str], columns: int, lines: int) -> None:
    program = FakeProgram()
    purpose = Purpose("日本語", lambda _: None, many=lambda _: None, sight=lambda key, then: then(sight.text(key * 99)))
    found = Listing(program, purpose)
    texts = ["日本語" * 9, "tab\there", "e\u0301" * 50, "\x1b[31m", ""]
    found.fill([Item(str(at), text, text, group="日" * (at // 2)) for at, text in enumerate(texts * 9)])
    for name in names:
        press(found, name)
        seen(found, columns, lines)
    shown = seen(found, columns, max(lines, 3))
    assert columns < 8 or not found.choice.places or any("\u203a" in row for row in shown)


def test_the_mouse_goes_to_the_row_that_it_presses_and_a_second_press_takes_it() -> None:
    program, chosen = FakeProgram(), list[str]()
    found = listing(program, Purpose("Things", lambda item: chosen.append(item.key)))
    shown = seen(found)
    line = next(at for at, row in enumerate(shown) if "gamma" in row)
    press_there = Key("mouse", mouse=Mouse("press", "left", 3, line))
    found.act("", press_there)
    assert found.item == Item("gamma", "gamma", "the gamma")
    found.act("", Key("mouse", mouse=Mouse("press", "left", 3, 0)))
    found.act("", Key("mouse", mouse=Mouse("wheel", "up", 3, 0)))
    assert found.item == Item("alpha", "alpha", "the alpha")
    found.act("", press_there)
    found.act("", press_there)
    assert chosen == ["gamma"]


def test_what_is_in_force_is_said_so_in_a_word() -> None:
    program = FakeProgram()
    found = listing(program, Purpose("Things", nothing))
    found.fill([Item("a", "a", "the a"), Item("b", "b", "the b", is_current=True)])
    assert seen(found)[3] == " *b (now)" + " " * 46 + "the b"
