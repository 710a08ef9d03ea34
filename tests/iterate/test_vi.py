"""The keys of vi, as vim 9.0 has them: each row was checked against it, and is again where vim is installed."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from iterate.terminal.editor import Editor
from iterate.terminal.keymap import Keymap
from iterate.terminal.keys import Key
from iterate.terminal.rows import Span, plain

# The text with its cursor, what is typed, and the text then.
CASES = [
    ("|one two three", "vwd", "|wo three"),
    ("|one two three", "vey$p", "one two threeon|e"),
    ("|one two three", "vld.", "|two three"),
    ("one| two three", "vbd", "|two three"),
    ("|one two", "vecX\x1b", "|X two"),
    ("|one two", "ved.", "|o"),
    ("|a\nb\nc\nd", "Vjd", "|c\nd"),
    ("|a\nb\nc\nd", "Vjdp", "c\n|a\nb\nd"),
    ("|a\nb\nc\nd", "Vd.", "|c\nd"),
    ("a\n|b\nc", "Vyp", "a\nb\n|b\nc"),
    ("a\n|b\nc", "VkcX\x1b", "|X\nc"),
    ("|a\nb\nc", "Vj>", "    |a\n    b\nc"),
    ("|a\nb\nc", "Vj>.", "        |a\n        b\nc"),
    ("    |a\n    b", "Vj<", "|a\nb"),
    ("|a\nb\nc", "VjJ", "a| b\nc"),
    ("|aBc d", "ve~", "|AbC d"),
    ("|abc d", "veU", "|ABC d"),
    ("|ABC d", "veu", "|abc d"),
    ("|abc\ndef", "vjrz", "|zzz\nzef"),
    ("|abc def", "v3lxp", "dabc| ef"),
    ("|one two three", "vwoh\x1bx", "|ne two three"),
    ("one |two three", "vawd", "one |three"),
    ("one |two three", "viwy0P", "tw|oone two three"),
    ('say "he|llo" now', 'vi"cX\x1b', 'say "|X" now'),
    ("f(a, |b)", "vi(d", "f(|)"),
    ("f(a, |b)", "va(y$p", "f(a, b)(a, b|)"),
    ("|one two three", "yiwwviwp", "one on|e three"),
    ("|one two three", "yiwwviwP0P", "on|eone one three"),
    ("|one two", "v$d", "|"),
    ("|one\ntwo\nthree", "v$d", "|two\nthree"),
    ("|one\ntwo\nthree", "vjd", "|wo\nthree"),
    ("one t|wo", "vby$p", "one twot|w"),
    ("|a b c", "vfcd", "|"),
    ("|a b c", "vtcd", "|c"),
    ("{\n  |a\n  b\n}", "viBd", "{\n|}"),
    ("{\n  |a\n  b\n}", "diB", "{\n|}"),
    ("{\n  |a\n  b\n}", "ciBX\x1b", "{\n|X\n}"),
    ("{\n  |a\n  b\n}", ">iB", "{\n      |a\n      b\n}"),
    ("f(|x) g(y)", "$di(", "f(x) g(|)"),
    ("|f(x) g(y)", "di(", "f(|) g(y)"),
    ("|a\nb", '"ayyj"ap', "a\nb\n|a"),
    ("|a\nb\nc", '"ayyj"Ayyj"ap', "a\nb\nc\n|a\nb"),
    ("|one two three", '"adw"bdw$"ap"bp', "threeone two| "),
    ("|one two three", '"_dwP', "|two three"),
    ("|one two three", 'yiww"_diwP', "one on|e three"),
    ("|one two", 'yiwwdiw"0P', "oneon|e "),
    ("|a\nb", '"add"ap"aP', "b\n|a\na"),
    ("|one two", "3ix\x1b", "xx|xone two"),
    ("|one two", "3ix\x1b.", "xxxx|xxone two"),
    ("|one two", "3ab \x1b", "ob b b| ne two"),
    ("|one two", "2A!\x1b", "one two!|!"),
    ("|one two", "2I-\x1b", "-|-one two"),
    ("|one", "2onew\x1b", "one\nnew\nne|w"),
    ("|one", "2Onew\x1b", "new\nne|w\none"),
    ("|one two three", "2ix\x1bw.", "xxone x|xtwo three"),
    ("|one two three", "2ix\x1bw3.", "xxone xx|xtwo three"),
    ("|abcdef", "2x.", "|ef"),
    ("|abcdefgh", "2x3.", "|fgh"),
    ("|one two three four", "2dw.", "|"),
    ("|one two three four five", "dw2.", "|four five"),
    ("|one two three four", "d2w.", "|"),
    ("|a\nb\nc\nd\ne", "2dd.", "|e"),
    ("|one two three four", "cwx\x1bw2.", "x |x four"),
    ("|abc", "Rxy\x1b", "x|yc"),
    ("|abc", "Rwxyz\x1b", "wxy|z"),
    ("|abcdef", "2Rxy\x1b", "xyx|yef"),
    ("|abcdef", "Rx\x1bl.", "x|xcdef"),
    ("|one two", "gUiw", "|ONE two"),
    ("|one two", "gUUw", "ONE |TWO"),
    ("|ONE TWO", "guw", "|one TWO"),
    ("|One Two", "g~~", "|oNE tWO"),
    ("one two| three", "gUb", "one |TWO three"),
    ("|a\nb\nc", ">>", "    |a\nb\nc"),
    ("|a\nb\nc", ">j", "    |a\n    b\nc"),
    ("    |a\n    b", "2<<", "|a\nb"),
    ("|a\nb", ">>.", "        |a\nb"),
    ("  |a\n\nb", ">}", "      |a\n\nb"),
    ("one\n|two\n\nthree", "d}", "one\n|\nthree"),
    ("one\ntwo\n\nth|ree", "d{", "one\ntwo\n|ree"),
    ("|one\ntwo\n\nthree", "}x", "one\ntwo\n|\nthree"),
    ("one\n\n\ntwo|", "{{x", "|ne\n\n\ntwo"),
    ("|one\ntwo\n\nthree\nfour", "dap", "|three\nfour"),
    ("one\n|two\n\nthree", "dip", "|\nthree"),
    ("one\n|\n\ntwo", "dip", "one\n|two"),
    ("a\nb\n\n|c\nd", "dap", "a\n|b"),
    ("|one two three four", "2daw", "|three four"),
    ("|one two three four", "3diw", "| three four"),
    ("f(a, (|b))", "2di(", "f(|)"),
    ("a(b\n  |c\n)", "dib", "a|(\n)"),
    ("  |a b", "d$", " | "),
    ("  |word\nx", "daW", " | \nx"),
    ("a\n|b\nc", "yyP", "a\n|b\nb\nc"),
    ("a\nb|c\nd", "ykp", "a\n|a\nbc\nbc\nd"),
    ("|one two\nthree", "wd2w", "one| "),
    ("one\n|two", "db", "|two"),
    ("|a\nb\nc", "2ddu", "|a\nb\nc"),
    ("|a\nb\nc", "xxuu", "|a\nb\nc"),
    ("|a b", "xu\x12", "| b"),
    ("|one two", "dwP.", "oneone|  two"),
    ("|one two", "x2p", "no|oe two"),
    ("a|b c", "2X", "|b c"),
    ("|a,b,c,d", "2f,;,", "a,b|,c,d"),
    ("|a b\nc", "J.", "a b| c"),
    ("|aaa bbb\nccc", "$r\r", "aaa bb\n|\nccc"),
    ("|one", "dfx3x", "|"),
    ("|one two", "d\x1bx", "|ne two"),
    ("|one two", "2d\x1bx", "|ne two"),
    ("|one two", "dux", "|ne two"),
    ("|日本語 x", "vlld", "| x"),
    ("|日本語 x", "lRab\x1b", "日a|b x"),
    ("|x", '"ap"bPp', "|x"),
]
_NAMES = {"\x1b": "escape", "\x12": "ctrl+r", "\r": "enter"}
_SCRIPT = """
set nocompatible report=9999 nomore noautoindent startofline selection=inclusive backspace=indent,eol,start
set shiftwidth=4 expandtab noswapfile nojoinspaces
let out = []
for case in json_decode(join(readfile($CASES), "\\n"))
  enew!
  set undolevels=-1
  call setline(1, split(case[0], "\\n", 1))
  set undolevels=1000
  for name in ['"', 'a', 'b', '0']
    call setreg(name, '')
  endfor
  call setcharsearch({'char': ''})
  call cursor(case[1], case[2])
  silent! call feedkeys(case[3], 'xt')
  call add(out, [join(getline(1, '$'), "\\n"), line('.'), col('.')])
endfor
call writefile([json_encode(out)], $FOUND)
qa!
"""


def press(editor: Editor, keys: str) -> None:
    for each in keys:
        editor.take(Key(_NAMES[each]) if each in _NAMES else Key("text", each))


def begun(text: str) -> Editor:
    """An editor in the normal mode, with the cursor where the mark is."""
    editor = Editor(is_vi=True)
    editor.set(text.replace("|", ""))
    editor.take(Key("escape"))
    editor.cursor = text.index("|")
    return editor


def marked(editor: Editor) -> str:
    return f"{editor.typed[: editor.cursor]}|{editor.typed[editor.cursor :]}"


@pytest.mark.parametrize(("before", "keys", "after"), CASES)
def test_keys_do_what_they_do_in_vim(before: str, keys: str, after: str) -> None:
    editor = begun(before)
    press(editor, keys)
    assert (marked(editor), editor.mode) == (after, "normal")


@pytest.mark.processes
def test_vim_itself_does_the_same(tmp_path: Path) -> None:
    if shutil.which("vim") is None:
        pytest.skip("needs vim")
    told = [(before.replace("|", ""), *_place(before), keys) for before, keys, _ in CASES]
    (tmp_path / "cases").write_text(json.dumps(told))
    (tmp_path / "script").write_text(_SCRIPT)
    subprocess.run(
        ["vim", "-u", "NONE", "-i", "NONE", "-N", "-n", "-T", "dumb", "--not-a-term", "-S", str(tmp_path / "script")],
        env={**os.environ, "CASES": str(tmp_path / "cases"), "FOUND": str(tmp_path / "found")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    if not (tmp_path / "found").exists():
        pytest.skip("this vim runs no scripts")
    found = json.loads((tmp_path / "found").read_text())
    assert [_marked(*each) for each in found] == [after for _, _, after in CASES]


def _place(text: str) -> tuple[int, int]:
    before = text[: text.index("|")]
    return before.count("\n") + 1, len(before.rpartition("\n")[2].encode()) + 1


def _marked(text: str, line: int, column: int) -> str:
    lines = text.split("\n")
    at = sum(len(each) + 1 for each in lines[: line - 1]) + len(lines[line - 1].encode()[: column - 1].decode())
    return f"{text[:at]}|{text[at:]}"


def test_what_is_selected_is_shown_and_the_mode_and_what_waits_are_told() -> None:
    editor = begun("one |two\n\nthree")
    press(editor, "v")
    assert (editor.mode, editor.rows("", 40)[0][0]) == ("visual", (Span("one "), Span("t", "selected"), Span("wo")))
    press(editor, "Vj")
    assert (editor.mode, editor.rows("", 40)[0][0]) == (
        "visual line",
        (Span("one two", "selected"), Span(" ", "selected")),
    )
    press(editor, "\x1b")
    assert (editor.mode, [plain(each) for each in editor.rows("", 40)[0]]) == ("normal", ["one two", "", "three"])
    press(editor, '"a2d3')
    assert editor.pending == '"a2d3'


def test_a_selection_does_not_go_into_what_was_typed_before_and_another_text_ends_it() -> None:
    editor = Editor(["before"], is_vi=True)
    editor.set("now")
    press(editor, "\x1bvkkd")
    assert editor.text == "no"
    press(editor, "v")
    editor.take(Key("paste", "more "))
    assert (editor.mode, editor.text) == ("normal", "nmore o")
    press(editor, "v")
    editor.set("")
    assert editor.mode == "insert"


def test_what_vi_deletes_is_what_ctrl_y_puts_back_and_a_kill_is_no_line() -> None:
    editor = begun("|one\ntwo")
    press(editor, "ddi")
    editor.take(Key("ctrl+y"))
    assert editor.text == "one\ntwo"
    for name in ("ctrl+w", "escape"):
        editor.take(Key(name))
    press(editor, "P")
    assert editor.text.count("one") == 1


def test_a_count_makes_no_more_text_than_there_is_room_for() -> None:
    editor = begun("|" + "x" * 100_000)
    press(editor, "yy9999p")
    assert len(editor.text) < 1 << 23
    editor = begun("|")
    press(editor, "9999i")
    editor.take(Key("paste", "y" * 1900))
    press(editor, "\x1b")
    assert len(editor.text) < 1 << 23


def test_every_action_of_vi_is_in_the_page_of_keys_once() -> None:
    names = [each.action for each in Keymap().rows() if each.context == "vi"]
    assert len(names) == len(set(names))
