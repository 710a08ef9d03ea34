"""Which keys mean what: built in, the person's own over it, in sequences, with conflicts told."""

import pytest

from iterate.config import bindings, chords, strict
from iterate.config.bindings import Context
from iterate.terminal.keymap import Chords, Keymap, sound
from iterate.terminal.keys import Key

LINE: tuple[Context, ...] = ("editor", "app")


def read(keys: Chords, *pressed: str, contexts: tuple[Context, ...] = LINE) -> list[str]:
    """The actions of keys; what is no action is there as its text."""
    found = []
    for name in pressed:
        key = Key("text", name[1:]) if name.startswith("'") else Key(name)
        found += [bound.action or f"'{bound.key.text}" for bound in keys.read(key, lambda: contexts)]
    return found


def test_the_built_in_keys_contradict_each_other_nowhere_and_are_spelt_as_the_decoder_does() -> None:
    assert Keymap().conflicts() == []
    for rows in bindings.BINDINGS.values():
        assert len({each.action for each in rows}) == len(rows)
        for each in rows:
            assert each.meaning
            assert [chords.spelt(text) for text in each.chords] == list(each.chords)


def test_every_action_can_be_reached_without_the_protocol_of_kitty() -> None:
    for row in Keymap().rows():
        assert len(row.rare) < len(row.chords), row.action


@pytest.mark.parametrize(
    ("text", "spelt"),
    [
        ("Ctrl-X", "ctrl+x"),
        ("^W", "ctrl+w"),
        ("C-x C-e", "ctrl+x ctrl+e"),
        ("M-<", "alt+<"),
        ("alt+O", "alt+shift+o"),
        ("shift+g", "G"),
        ("Shift+Ctrl+Left", "ctrl+shift+left"),
        ("ctrl++", "ctrl++"),
        ("alt+-", "alt+-"),
        ("Esc", "escape"),
        ("return", "enter"),
        ("leader m", "leader m"),
        ("?", "?"),
    ],
)
def test_a_chord_is_understood_however_people_spell_it(text: str, spelt: str) -> None:
    assert chords.spelt(text) == spelt
    assert chords.spelt(spelt) == spelt


@pytest.mark.parametrize(
    ("chord", "spoken"),
    [
        ("escape", "Esc"),
        ("ctrl+x ?", "Ctrl-X ?"),
        ("shift+tab", "Shift-Tab"),
        ("alt+b", "Alt-B"),
        ("alt+shift+b", "Alt-Shift-B"),
        ("pageup", "PageUp"),
        ("ctrl+-", "Ctrl--"),
        ("G", "G"),
        ("f1", "F1"),
        ("leader m", "leader m"),
    ],
)
def test_a_chord_is_said_in_one_way_which_settings_take_too(chord: str, spoken: str) -> None:
    assert chords.spoken(chord) == spoken
    assert chords.spelt(spoken) == chord


def test_every_built_in_chord_is_said_so_that_settings_take_it() -> None:
    for row in Keymap().rows():
        for chord in row.chords:
            assert chords.spelt(chords.spoken(chord)) == chord
        assert Keymap().said(row.context, row.action) == chords.spoken(row.chords[0])


@pytest.mark.parametrize("text", ["", "ctrl+", "hyperspace", "ctl+x", "ctrl+foo"])
def test_what_is_no_chord_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        chords.spelt(text)


@pytest.mark.parametrize(
    ("text", "reach"),
    [
        ("ctrl+x ctrl+e", "everywhere"),
        ("alt+enter", "everywhere"),
        ("shift+tab", "everywhere"),
        ("ctrl+shift+left", "everywhere"),
        ("ctrl+_", "everywhere"),
        ("ctrl+enter", "kitty"),
        ("shift+enter", "kitty"),
        ("ctrl+i", "kitty"),
        ("ctrl+tab", "kitty"),
        ("ctrl+;", "kitty"),
        ("ctrl+shift+a", "kitty"),
        ("super+a", "kitty"),
    ],
)
def test_a_key_that_many_terminals_cannot_send_is_known(text: str, reach: str) -> None:
    assert chords.reach(text) == reach


def test_sequences_are_read_and_letters_behind_a_broken_one_are_kept() -> None:
    keys = Chords(Keymap())
    assert read(keys, "ctrl+x", "ctrl+e", "ctrl+x", "'m") == ["open-editor", "models"]
    assert read(keys, "ctrl+x") == []
    assert keys.pending == "Ctrl-X"
    assert read(keys, "'zoo", "ctrl+x", "ctrl+y", "ctrl+y") == ["'z", "'oo", "yank"]
    assert keys.pending == ""


def test_escape_acts_at_once_and_twice_within_a_moment_it_means_more() -> None:
    now = 0.0
    keys = Chords(Keymap(), lambda: now)
    assert read(keys, "escape", "escape") == ["stop", "rewind"]
    assert read(keys, "escape", "'a", "escape") == ["stop", "'a", "stop"]
    now = 10.0
    assert read(keys, "escape") == ["stop"]


def test_a_key_that_is_bound_to_nothing_is_the_one_that_other_terminals_send_for_it() -> None:
    assert read(Chords(Keymap()), "ctrl+i", "ctrl+[", "ctrl+/") == ["complete", "stop", "undo"]
    own = Keymap({"editor": {"newline": ["ctrl+j"], "left": ["ctrl+i"]}})
    assert read(Chords(own), "shift+enter", "ctrl+i", "tab") == ["send", "left", "complete"]


def test_letters_are_keys_where_some_are_bound_and_the_rest_waits_for_what_they_do() -> None:
    keys = Chords(Keymap())
    contexts: list[tuple[Context, ...]] = [("vi", "editor", "app")]
    found = []
    for bound in keys.read(Key("text", "2dggihello g"), lambda: contexts[0]):
        found.append(bound.action or bound.key.text)
        if bound.action == "vi-insert":
            contexts[0] = LINE
    assert found == ["2", "vi-delete", "vi-text-begin", "vi-insert", "hello g"]
    assert read(keys, "'yn", contexts=("dialog", "app")) == ["once", "deny"]
    assert read(keys, "'yes", contexts=("list", "app")) == ["'yes"]


def test_own_keys_take_the_place_of_the_built_in_ones_and_what_they_take_is_told() -> None:
    own = Keymap({"editor": {"undo": ["ctrl+t", "leader z"], "redo": []}, "app": {"models": ["ctrl+k"]}}, "ctrl+g")
    assert own.chords("editor", "undo") == ("ctrl+t", "ctrl+g z")
    assert own.chords("editor", "redo") == ()
    assert read(Chords(own), "ctrl+t", "ctrl+g", "'z", "ctrl+k", "ctrl+_") == ["undo", "undo", "models", "'"]
    told = {(each.chords, each.action, each.other) for each in own.conflicts()}
    assert told == {("ctrl+t", "undo", "transpose"), ("ctrl+k", "models", "kill-line")}
    assert "Ctrl-T is undo (editor), and not transpose (editor)" in [each.words() for each in own.conflicts()]


def test_two_own_keys_that_are_the_same_are_told() -> None:
    own = Keymap({"editor": {"undo": ["ctrl+o"]}, "app": {"help": ["ctrl+o"], "files": ["ctrl+O"]}})
    assert {(each.action, each.other) for each in own.conflicts()} == {
        ("help", "files"),
        ("help", "undo"),
        ("help", "open-call"),
    }


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"editor": {"undoo": ["ctrl+z"]}}, "there is no setting keys.editor.undoo; did you mean undo?"),
        ({"editr": {"undo": []}}, "there is no setting keys.editr; did you mean editor?"),
        ({"app": {"help": ["ctl+h"]}}, "keys.app.help[0]: 'ctl' in 'ctl+h' is none of ctrl, alt, shift"),
        ({"app": {"help": ["ctrl+x hlep"]}}, "there is no key 'hlep' in 'hlep'; write it like ctrl+x"),
        ({"leader": "ctrl+spce"}, "keys.leader: there is no key 'spce'"),
        ({"app": {"help": "f2"}}, "keys.app.help is array, not text"),
    ],
)
def test_a_slip_in_the_settings_is_named_with_its_place_and_what_was_meant(keys: dict[str, object], said: str) -> None:
    found = [each.text for each in strict.mistakes({"keys": keys})]
    assert len(found) == 1
    assert said in found[0]


def test_good_keys_in_the_settings_are_no_mistake() -> None:
    own = {"leader": "ctrl+g", "editor": {"undo": ["ctrl+z", "leader u"], "redo": []}, "vi": {"vi-left": ["H"]}}
    assert list(strict.mistakes({"keys": own, "terminal": {"editor": "vi"}})) == []


@pytest.mark.parametrize("own", [{"editor": {"undoo": ["ctrl+z"]}}, {"editr": {}}, {"app": {"help": ["ctl+h"]}}])
def test_a_keymap_refuses_what_there_is_not(own: dict[str, dict[str, list[str]]]) -> None:
    with pytest.raises(ValueError, match=r"undoo|editr|ctl"):
        Keymap(own)


def test_a_key_that_begins_longer_ones_is_told_once_with_how_many() -> None:
    own = Keymap({"editor": {"undo": ["ctrl+x"]}, "app": {"files": ["ctrl+a f"]}})
    told = [each.words() for each in own.conflicts()]
    assert len(told) == 3
    assert any(each.startswith("Ctrl-X is undo (editor), which is done before Ctrl-X ") for each in told)
    assert "Ctrl-A is line-begin (editor), which is done before Ctrl-A f, files (app)" in told
    assert any("Ctrl-A is line-begin" in each.words() for each in Keymap(leader="ctrl+a").conflicts())
    # What is in no context beside it does not matter.
    assert Keymap({"list": {"fork": ["ctrl+x"]}}).conflicts() == []


def test_what_is_wrong_of_own_keys_is_told_and_the_rest_is_in_force() -> None:
    found = sound(
        {"editor": {"undoo": ["ctrl+t"], "redo": ["ctrl+t"], "yank": ["hyperspace"], "left": []}, "nowhere": {"x": []}},
        "ctl+x",
    )
    assert found.own == {"editor": {"redo": ["ctrl+t"], "left": []}}
    assert found.leader == ""
    assert len(found.problems) == 4
    for named in ("undoo", "did you mean undo?", "hyperspace", "nowhere", "ctl"):
        assert any(named in each for each in found.problems)
    Keymap(found.own, found.leader)


def test_a_key_that_somebody_took_from_dialogs_is_free_there() -> None:
    own = Keymap({"dialog": {"once": ["o"], "accept": ["ctrl+y"], "choice-1": []}})
    for key in (Key("text", "y"), Key("enter"), Key("text", "1")):
        assert own.is_freed("dialog", key)
        assert not Keymap().is_freed("dialog", key)
    for key in (Key("text", "n"), Key("text", "o"), Key("text", "f"), Key("home")):
        assert not own.is_freed("dialog", key)
