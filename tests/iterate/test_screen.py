"""What is printed where, in a real terminal and in a pipe."""

import io
import json
import os
import sys
import unicodedata
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iterate import events, foreign, heard
from iterate.errors import NotRunning, OutputClosed, OutputFailed, PromptFailed
from iterate.events import Delta, Done, Failed, PartAdded, Prompted, TextPart, Watched
from iterate.heard import Heard
from iterate.terminal import answer, screen


class Closed(io.RawIOBase):
    """An output whose reader left."""

    def writable(self) -> bool:
        return True

    def write(self, _content: object) -> int:
        raise BrokenPipeError(32, "Broken pipe")


def output() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="ascii")


def written(text: io.TextIOWrapper) -> str:
    buffer = text.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode()


def test_results_are_utf_8_whatever_the_locale() -> None:
    with redirect_stdout(out := output()):
        screen.show("日本\x1b")
    assert written(out) == "日本\x1b"


def test_a_failure_is_two_lines_on_stderr() -> None:
    with redirect_stderr(out := output()):
        screen.show_failure(NotRunning("nobody is there"))
        screen.show_failure(OutputClosed("no hint"))
        screen.note("by the way")
    assert written(out).splitlines() == [
        "error: nobody is there",
        "hint: iterate server start starts one",
        "error: no hint",
        "note: by the way",
    ]


def test_json_is_one_line() -> None:
    with redirect_stdout(out := output()):
        screen.show_json({"a": "ä\n", "b": None})
    assert written(out).count("\n") == 1
    assert json.loads(written(out)) == {"a": "ä\n", "b": None}


def test_json_carries_what_steers_a_terminal_as_escapes_and_means_the_same() -> None:
    text = "\x1b[2J \x9b31m \x7f \u202eevil\u2066 \u200f \r\n\t ä 日本 🎈"
    with redirect_stdout(out := output()):
        screen.show_json({"a": text})
        screen.show_json_line(json.dumps({"a": text}, ensure_ascii=False))
    for line in written(out).splitlines():
        assert json.loads(line) == {"a": text}
        assert "ä 日本 🎈" in line
        assert foreign.plain(line) == line


def is_unfit(character: str) -> bool:
    """As Unicode's own tables say it."""
    reorders = unicodedata.bidirectional(character) in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    return reorders or unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}


def test_no_character_that_steers_or_reorders_is_fit_for_a_terminal() -> None:
    everything = [chr(code) for code in range(sys.maxunicode + 1)]
    shown = foreign.plain("".join(everything))
    assert {character for character in shown if is_unfit(character)} == {"\n", "\t"}
    kept = [character for character in everything if not is_unfit(character)]
    lost = {character for character in kept if foreign.plain(character) != character}
    assert {unicodedata.category(character) for character in lost} == {"Cf"}
    assert len(lost) == 9


@given(st.text())
def test_what_is_fit_stays_as_it_is(text: str) -> None:
    once = foreign.plain(text)
    assert foreign.plain(once) == once
    assert json.loads(foreign.escaped(json.dumps(text, ensure_ascii=False))) == text


def test_lines_of_windows_are_lines() -> None:
    assert foreign.plain("one\r\ntwo\rthree") == "one\ntwothree"


@pytest.mark.parametrize("foul", ["\x1b[31mred", "\x9b2J", "a\rerror: b", "\u202etxt.exe", "\x07", "\x7f"])
def test_failures_hints_and_notes_are_fit_for_a_terminal_wherever_they_go(foul: str) -> None:
    with redirect_stderr(out := output()):
        screen.show_failure(PromptFailed(f"the provider says {foul}", f"try {foul}"))
        screen.note(foul)
    assert not any(is_unfit(character) for line in written(out).split("\n") for character in line)


def test_no_line_of_a_foreign_message_looks_like_one_of_ours() -> None:
    with redirect_stderr(out := output()):
        screen.show_failure(PromptFailed("first\nerror: second\n  third", "do\nhint: more"))
    assert written(out) == "error: first\n  error: second\n  third\nhint: do\n  hint: more\n"


@pytest.mark.systems("linux", "darwin")
def test_on_a_terminal_an_error_is_folded_between_its_words_and_none_of_them_is_broken() -> None:
    import termios

    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, (24, 40))
    with open(theirs, "w", encoding="utf-8") as out, redirect_stderr(out):  # noqa: PTH123  # a descriptor
        screen.show_failure(PromptFailed(f"{'words ' * 12}\n{'日本 ' * 12}", f"look at /{'x' * 60} now"))
        told = os.read(ours, 65536).decode().splitlines()
    os.close(ours)
    assert told[:2] == ["error: words words words words words", "       words words words words words"]
    assert told[3] == "  日本 日本 日本 日本 日本 日本 日本"
    assert told[4].startswith("    日本")
    assert [line.strip() for line in told[-3:]] == ["hint: look at", f"/{'x' * 60}", "now"]


@pytest.mark.systems("linux", "darwin")
def test_words_of_a_row_stay_in_their_column_on_a_terminal_and_in_one_line_elsewhere() -> None:
    import termios

    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, (24, 40))
    with open(theirs, "w", encoding="utf-8") as out, redirect_stdout(out):  # noqa: PTH123  # a descriptor
        narrow = screen.beside("* build  ", "one two three four five six seven eight")
        below = screen.beside(f"{'x' * 30}  ", "one two three four five six seven eight")
        short = screen.beside("* build  ", "one")
    os.close(ours)
    assert narrow == "* build  one two three four five six\n         seven eight"
    assert below == f"{'x' * 30}\n    one two three four five six seven\n    eight"
    assert short == "* build  one"
    with redirect_stdout(output()):
        assert screen.beside("* build  ", "one  two " * 40) == "* build  " + "one  two " * 40


def test_an_output_whose_reader_left_is_a_named_failure() -> None:
    with redirect_stdout(io.TextIOWrapper(io.BufferedWriter(Closed()))) as out, pytest.raises(OutputClosed):
        screen.show("x")
    with pytest.raises(BrokenPipeError):
        out.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
def test_a_full_device_is_another_failure_that_says_so() -> None:
    with Path("/dev/full").open("w") as full, redirect_stdout(full), pytest.raises(OutputFailed, match="No space left"):
        screen.show("x")


def test_an_output_that_was_never_open_is_a_failure_and_a_missing_place_for_messages_is_none() -> None:
    with redirect_stdout(None), pytest.raises(OutputFailed, match="closed"):
        screen.show("x")
    with redirect_stderr(None):
        screen.note("x")
    with redirect_stderr(io.TextIOWrapper(io.BufferedWriter(Closed()))) as out:
        screen.show_failure(NotRunning("nobody reads this"))
    with pytest.raises(BrokenPipeError):
        out.close()


class Screen(io.BytesIO):
    """The memory of a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_its_own_encoding_and_nothing_that_steers_it() -> None:
    with redirect_stdout(io.TextIOWrapper(Screen(), encoding="latin-1")) as out:
        screen.show("ä \x1b[31m \x9b 日\n")
        assert out.buffer.getvalue() == b"\xe4 ?[31m ? ?\n"


def test_a_message_after_a_broken_off_answer_begins_on_a_line_of_its_own() -> None:
    both = io.TextIOWrapper(Screen(), encoding="utf-8")
    with redirect_stdout(both), redirect_stderr(both):
        screen.show("half an ans")
        screen.show_failure(NotRunning("it is gone", "start it"))
        screen.show("whole\n")
        screen.note("more")
        assert both.buffer.getvalue().decode().splitlines() == [
            "half an ans",
            "error: it is gone",
            "hint: start it",
            "whole",
            "note: more",
        ]


def test_how_far_something_is_stands_in_one_line_that_the_next_word_removes() -> None:
    error, out = (io.TextIOWrapper(Screen(), encoding="utf-8") for _ in range(2))
    with redirect_stderr(error), redirect_stdout(out):
        screen.moving(" 12 % of 1.0 MB")
        screen.moving(" 99 % of 1.0 MB")
        screen.show("done\n")
        screen.moving("")
        screen.note("that was it")
    assert written(error) == "\r\x1b[K 12 % of 1.0 MB\r\x1b[K 99 % of 1.0 MB\r\x1b[Knote: that was it\n"


def test_how_far_something_is_is_no_matter_for_a_file() -> None:
    error = output()
    with redirect_stderr(error):
        screen.moving(" 12 % of 1.0 MB")
        screen.note("that was it")
    assert written(error) == "note: that was it\n"


def lines(*values: Watched) -> list[Heard]:
    """These events as a client reads them."""
    return [heard.read("", events.encode(value).decode()) for value in values]


def delta(number: int, offset: int, text: str) -> Delta:
    return Delta(number=number, session="s", kind="text", offset=offset, text=text)


def part(number: int, text: str) -> PartAdded:
    return PartAdded(number=number, session="s", part=TextPart(text=text))


PROMPTED = Prompted(number=1, session="s", id="p", model="m", directory="", parts=(TextPart(text="not shown"),))
THOUGHT = Delta(number=2, session="s", kind="reasoning", offset=0, text="not shown")
DONE = Done(number=4, session="s")
FAILED = Failed(number=4, session="s", reason="store", message="x")


@pytest.mark.parametrize("ending", [DONE, FAILED])
@pytest.mark.parametrize(
    "told",
    [
        [part(3, "hello")],
        [delta(3, 0, "hel"), delta(3, 3, "lo"), part(3, "hello")],
        [delta(3, 0, "hel"), part(3, "hello")],
        [delta(3, 0, "hel"), delta(3, 0, "hel"), delta(3, 2, "llo")],
        [delta(3, 0, "hel"), delta(3, 3, "lo")],
    ],
)
def test_an_answer_is_its_text_once_and_the_end_of_the_line(told: list[Watched], ending: Done | Failed) -> None:
    with redirect_stdout(out := output()):
        show = answer.AsText()
        for event in lines(PROMPTED, THOUGHT, *told, ending):
            show(event)
    assert written(out) == "hello\n"


def test_an_answer_without_a_word_says_so_beside_the_output() -> None:
    with redirect_stdout(out := output()), redirect_stderr(err := output()):
        show = answer.AsText()
        for event in lines(PROMPTED, THOUGHT, DONE):
            show(event)
    assert written(out) == ""
    assert "the model ended its answer without a word" in written(err)


def test_two_parts_are_two_lines_and_a_line_that_ends_gets_no_second_end() -> None:
    with redirect_stdout(out := output()):
        show = answer.AsText()
        for event in lines(part(2, "one"), part(3, "two\n"), part(4, "three\n"), DONE):
            show(event)
    assert written(out) == "one\ntwo\nthree\n"


def test_kinds_that_only_a_newer_server_knows_are_no_text() -> None:
    with redirect_stdout(out := output()):
        show = answer.AsText()
        show(heard.read("", '{"type":"dreamt","text":"x"}'))
        show(heard.read("", '{"type":"part","number":2,"part":{"type":"dream","text":"x"}}'))
        show(heard.read("", '{"type":"delta","number":2,"kind":"dream","offset":0,"text":"x"}'))
    assert written(out) == ""


def test_as_json_every_event_is_the_line_that_the_server_sent() -> None:
    line = '{"type":"dreamt","number":7,"of":["sheep"]}'
    with redirect_stdout(out := output()):
        for event in (*lines(PROMPTED, DONE), heard.read("7", line)):
            answer.as_json(event)
    assert [json.loads(shown)["number"] for shown in written(out).splitlines()] == [1, 4, 7]
    assert written(out).splitlines()[-1] == line
