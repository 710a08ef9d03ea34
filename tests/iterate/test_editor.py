"""What is typed: keys from bytes, a text that is edited, what was typed before, and what a person is asked."""

import json
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iterate import heard
from iterate.terminal import dialog, history, rows
from iterate.terminal.dialog import Reply
from iterate.terminal.editor import Editor, Offer
from iterate.terminal.keys import Decoder, Key


def typed(content: bytes, editor: Editor | None = None) -> Editor:
    editor = editor or Editor()
    for key in Decoder().take(content):
        editor.take(key)
    return editor


@pytest.mark.parametrize(
    ("content", "names"),
    [
        (b"a\x1b[A\x1b[1;5D\x7f", ["text", "up", "ctrl+left", "backspace"]),
        (b"\r\n\x1b\r", ["enter", "ctrl+j", "alt+enter"]),
        (b"\x03\x04\x1a\x12", ["ctrl+c", "ctrl+d", "ctrl+z", "ctrl+r"]),
        (b"\x1b[200~a\r\nb\x1b[201~x", ["paste", "text"]),
        (b"\x1b[99;99~", []),
    ],
)
def test_bytes_are_keys(content: bytes, names: list[str]) -> None:
    assert [key.name for key in Decoder().take(content)] == names


def test_what_comes_in_pieces_is_one_key() -> None:
    decoder = Decoder()
    content = "日\x1b[A\x1b[200~x\ry\x1b[201~".encode()
    found: list[Key] = []
    for place in range(0, len(content), 2):
        found += decoder.take(content[place : place + 2])
    assert [key.name for key in found] == ["text", "up", "paste"]
    assert found[-1].text == "x\ny"


@given(st.binary(max_size=60))
def test_any_bytes_are_keys_or_nothing(content: bytes) -> None:
    editor = typed(content)
    assert 0 <= editor.cursor <= len(editor.text)
    editor.rows("> ", 20)


@pytest.mark.parametrize(
    ("content", "text", "cursor"),
    [
        (b"hello\x1b[D\x1b[DX", "helXlo", 4),
        (b"one two\x17", "one ", 4),
        (b"one two\x01\x0b", "", 0),
        (b"one\x15\x19\x19", "oneone", 6),
        (b"ab\x01\x1b[3~", "b", 0),
        (b"ab\x1b\rcd\x1b[A", "ab\ncd", 2),
        (b"a\x1b[200~x\rz\x1b[201~", "ax\nz", 4),
        ("e\u0301\x7f".encode(), "", 0),
        ("👩\u200d👧\x1b[Dx".encode(), "x👩\u200d👧", 1),
    ],
)
def test_a_text_is_edited_by_characters_words_and_lines(content: bytes, text: str, cursor: int) -> None:
    editor = typed(content)
    assert (editor.text, editor.cursor) == (text, cursor)


def test_enter_ends_a_text_but_not_behind_a_backslash() -> None:
    editor = typed(b"one\\")
    assert editor.take(Key("enter")) is False
    assert editor.text == "one\n"
    assert typed(b"two", editor).take(Key("enter")) is True


def test_the_history_goes_back_and_forth_and_is_searched() -> None:
    editor = Editor(["first", "second one", "third"])
    assert typed(b"now\x1b[A\x1b[A", editor).text == "second one"
    assert typed(b"\x1b[B\x1b[B", editor).text == "now"
    assert typed(b"\x12on", editor).text == "second one"
    assert typed(b"\x12", editor).text == "second one"
    assert editor.take(Key("enter")) is True


def test_tab_takes_what_all_offers_begin_with_then_shows_them() -> None:
    editor = Editor((), lambda text, _: Offer(0, [each for each in ("/model", "/more") if each.startswith(text)]))
    assert typed(b"/\t", editor).text == "/mo"
    assert typed(b"\t", editor).text == "/mo"
    assert "/model  /more" in [rows.plain(each) for each in editor.rows("> ", 40)[0]]
    assert typed(b"d\t", editor).text == "/model "


def test_the_cursor_is_where_the_text_is_wrapped() -> None:
    editor = typed(b"a" * 25)
    found, place = editor.rows("> ", 12)
    assert [rows.plain(each) for each in found] == ["> aaaaaaaaa", "  aaaaaaaaa", "  aaaaaaa"]
    assert place == (2, 9)


def test_what_was_typed_is_kept_for_its_owner_alone_and_a_broken_line_is_passed_over(tmp_path: Path) -> None:
    file = history.file_of(tmp_path, "/a/project")
    assert "project" not in str(file)
    for text in ("one\ntwo", "three", "three"):
        history.add(file, text)
    with file.open("ab") as output:
        output.write(b"\xff no json\n[]\n")
    assert history.read(file) == ["one\ntwo", "three"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert history.read(tmp_path / "none") == []


def permission(**more: object) -> dialog.Permission:
    fields = {"type": "permission.asked", "number": 1, "session": "s", "id": "per_1", "call": "c", "tool": "bash"}
    return dialog.Permission(heard.read("", json.dumps({**fields, "why": "it writes", **more})))


@pytest.mark.parametrize(
    ("content", "reply"),
    [
        (b"y", Reply("once")),
        (b"S", Reply("session")),
        (b"a", Reply("always")),
        (b"nnot that\r", Reply("deny", "not that")),
        (b"n\r", Reply("deny")),
        (b"\x1b", Reply("deny")),
        (b"q", None),
        (b"\r", None),
    ],
)
def test_a_permission_is_one_key_and_no_is_said_with_a_reason(content: bytes, reply: Reply | None) -> None:
    asked = permission(patterns=["make *"])
    found = None
    decoder = Decoder()
    for key in [*decoder.take(content), *(decoder.flush() if decoder.has_escape else [])]:
        found = asked.key(key) or found
    assert found == reply


@pytest.mark.parametrize("key", [Key("text", "q"), Key("text", "7"), Key("enter"), Key("up")])
def test_a_key_that_means_nothing_is_told_the_keys_once(key: Key) -> None:
    asked = permission(patterns=["make *"])
    before, _ = asked.prompt(80)
    assert "means nothing" not in "".join(rows.plain(each) for each in before)
    assert (asked.key(key), asked.key(key)) == (None, None)
    found, cursor = asked.prompt(80)
    assert [rows.plain(each).strip() for each in found[:-1]] == ["that key means nothing here: press y, s, a or n"]
    assert (found[-1], cursor[0]) == (before[-1], len(found) - 1)
    only = permission()
    only.key(Key("text", "a"))
    assert rows.plain(only.prompt(80)[0][0]).endswith("press y or n")


def test_what_cannot_be_remembered_is_not_offered_for_longer() -> None:
    asked = permission()
    assert "always" not in rows.plain(asked.prompt(80)[0][0])
    assert asked.key(Key("text", "a")) is None
    for nothing in ("always", "", "  ", "ys", "ysan", "san", "0", "5", "\N{SUPERSCRIPT ONE}"):
        assert asked.line(nothing) is None, nothing


def test_a_question_takes_the_number_of_a_choice_or_words() -> None:
    questions = [{"text": "which?", "choices": ["red", "blue"]}, {"text": "and why?", "choices": []}]
    told = {"type": "question.asked", "number": 1, "session": "s", "id": "que_1", "call": "c", "questions": questions}
    asked = dialog.Questions(heard.read("", json.dumps(told)))
    assert asked.line("2") is None
    assert asked.line("because") == Reply(answers=(("blue",), ("because",)))
    declined = dialog.Questions(heard.read("", json.dumps(told)))
    assert declined.key(Key("escape")) == Reply()
