"""Texts that are edited with the keys of emacs and of vi: what each key leaves, and what the undo takes back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iterate.config.bindings import BINDINGS
from iterate.terminal import rows, width
from iterate.terminal.editor import Editor
from iterate.terminal.keymap import Keymap
from iterate.terminal.keys import Decoder, Key


def press(editor: Editor, *keys: str) -> Editor:
    """Press chords; what begins with a quote is typed, with `>` pasted."""
    for name in keys:
        key = Key("text", name[1:]) if name[0] == "'" else Key("paste", name[1:]) if name[0] == ">" else Key(name)
        editor.take(key)
    return editor


def marked(editor: Editor) -> str:
    """The text with its cursor."""
    text = "".join("#" if "\ud800" <= each <= "\udbff" else each for each in editor.typed)
    return f"{text[: editor.cursor]}|{text[editor.cursor :]}"


def begun(text: str, *, is_vi: bool = False) -> Editor:
    """An editor with this text, the cursor where the mark is."""
    editor = Editor(is_vi=is_vi)
    editor.set(text.replace("|", ""))
    editor.cursor = text.index("|")
    if is_vi:
        press(editor, "escape")
        editor.cursor = text.index("|")
    return editor


@pytest.mark.parametrize(
    ("before", "keys", "after"),
    [
        ("one two|", ["alt+b"], "one |two"),
        ("one_two three|", ["alt+b", "alt+b"], "one_|two three"),
        ("|one, two", ["alt+f", "alt+f"], "one, two|"),
        ("a\n|b c\nd", ["ctrl+e"], "a\nb c|\nd"),
        ("a\nb c|\nd", ["ctrl+a"], "a\n|b c\nd"),
        ("a\nb|", ["alt+<"], "|a\nb"),
        ("|a\nb", ["alt+>"], "a\nb|"),
        ("ab|c", ["ctrl+t"], "acb|"),
        ("abc|", ["ctrl+t"], "acb|"),
        ("|abc", ["ctrl+t"], "|abc"),
        ("one tw|o three", ["alt+t"], "two one| three"),
        ("one two|", ["alt+t"], "two one|"),
        ("one |two", ["alt+u"], "one TWO|"),
        ("|ONE two", ["alt+l"], "one| two"),
        ("| one two", ["alt+c"], " One| two"),
        ("a  |  b", ["alt+\\"], "a|b"),
        ("one two|", ["ctrl+w", "ctrl+w", "ctrl+y"], "one two|"),
        ("a/b c-d|", ["ctrl+w"], "a/b |"),
        ("a/b c-d|", ["alt+backspace"], "a/b c-|"),
        ("|one two", ["alt+d"], "| two"),
        ("one |two\nthree", ["ctrl+k", "ctrl+k"], "one |three"),
        ("one |two\nthree", ["ctrl+k", "ctrl+k", "ctrl+y"], "one two\n|three"),
        ("one\n|two", ["ctrl+u"], "one|two"),
        ("one |two", ["ctrl+u"], "|two"),
        ("one two |", ["ctrl+w", "left", "ctrl+w", "ctrl+y", "alt+y"], "two | "),
        ("|", ["'a b c", "ctrl+w", "left", "ctrl+w", "ctrl+y", "alt+y", "alt+y"], "a b| "),
        ("ab|", ["ctrl+j", "'c", "alt+enter", "'d"], "ab\nc\nd|"),
        ("e\u0301x|", ["left", "backspace"], "|x"),
        ("|\U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7", ["right", "delete"], "\U0001f1e9\U0001f1ea|"),
        ("👩\u200d👧a|", ["left", "left"], "|👩\u200d👧a"),
        ("a|", ["ctrl+q", "tab", "ctrl+v", "ctrl+x", "ctrl+q", "'xyz"], "a\t\x18xyz|"),
        ("a|", ["tab"], "a\t|"),
        ("|", ["'one two", "ctrl+_"], "one |"),
        ("|", ["'one", "left", "'x", "ctrl+_", "ctrl+_"], "|"),
        ("abc|", ["backspace", "backspace", "ctrl+_"], "abc|"),
        ("abc|", ["backspace", "ctrl+_", "alt+_"], "ab|"),
        ("ab|", ["ctrl+d"], "ab|"),
        ("one|", ["up"], "one|"),
    ],
)
def test_the_keys_of_readline(before: str, keys: list[str], after: str) -> None:
    assert marked(press(begun(before), *keys)) == after


@pytest.mark.parametrize(
    ("before", "keys", "after"),
    [
        ("|one two", "w", "one |two"),
        ("|foo.bar baz", "www", "foo.bar |baz"),
        ("|foo.bar baz", "W", "foo.bar |baz"),
        ("one t|wo", "bb", "|one two"),
        ("|one two", "ee", "one tw|o"),
        ("  one| x", "0", "|  one x"),
        ("  one| x", "^", "  |one x"),
        ("|one", "$", "on|e"),
        ("|a,b,c", "f,;", "a,b|,c"),
        ("a,b,|c", "F,;,", "a,b|,c"),
        ("|a,b,c", "t,;", "a,|b,c"),
        ("|a\nb\nc", "G", "a\nb\n|c"),
        ("a\nb\n|c", "gg", "|a\nb\nc"),
        ("|a\nb\nc", "2G", "a\n|b\nc"),
        ("f|(a[b]c)", "%", "f(a[b]c|)"),
        ("|one two three", "dw", "|two three"),
        ("|one two three", "2dw", "|three"),
        ("|one two three", "d2w", "|three"),
        ("one |two\nthree", "dw", "one| \nthree"),
        ("|one two", "de", "| two"),
        ("one |two", "d$", "one| "),
        ("one t|wo", "db", "one |wo"),
        ("one t|wo", "d0", "|wo"),
        ("|a,b", "df,", "|b"),
        ("|a,b", "dt,", "|,b"),
        ("a\n|b\nc", "dd", "a\n|c"),
        ("a\nb\n|c", "dd", "a\n|b"),
        ("|a\nb\nc", "2dd", "|c"),
        ("|a\nb\nc", "dj", "|c"),
        ("a\nb\n|c", "dgg", "|"),
        ("|a\nb\nc", "dd..", "|"),
        ("one |two three", "cwx", "one x| three"),
        ("one t|wo three", "ciwx", "one x| three"),
        ("one t|wo three", "daw", "one |three"),
        ("one t|wo", "daw", "on|e"),
        ('say "he|llo" now', 'ci"x', 'say "x|" now'),
        ('say "he|llo" now', 'da"', "say |now"),
        ("f(a, (b), |c)", "di(", "f(|)"),
        ("f(a, |c)d", "da(", "f|d"),
        ("{ a|b }", "ciBx", "{x|}"),
        ("one| two", "ccx", "x|"),
        ("one| two", "Cx", "onex|"),
        ("one| two", "D", "on|e"),
        ("|abc", "x", "|bc"),
        ("|abcd", "2x", "|cd"),
        ("abc|d", "X", "ab|d"),
        ("|abc", "xp", "b|ac"),
        ("|a\nb", "yyp", "a\n|a\nb"),
        ("|a\nb", "yyjP", "a\n|a\nb"),
        ("|a\nb", "yy2p", "a\n|a\na\nb"),
        ("|one two", "yw$p", "one twoone| "),
        ("a\n|\nb", "yyP", "a\n|\n\nb"),
        ("a\n|\nb", "ddp", "a\nb\n|"),
        ("a\n|b", "dj", "a\n|b"),
        ("|a\nb", "dk", "|a\nb"),
        ("|abc", "rx", "|xbc"),
        ("|abc", "2rx", "x|xc"),
        ("|abc", "5rx", "|abc"),
        ("|aBc", "3~", "Ab|C"),
        ("|a\n  b", "J", "a| b"),
        ("|one two three", "dwu", "|one two three"),
        ("|one two three", "dw.", "|three"),
        ("|one two three", "cwx\x1bw.", "x |x three"),
        ("|a\nb", "oxyz", "a\nxyz|\nb"),
        ("a\n|b", "Oxyz", "a\nxyz|\nb"),
        ("a|b", "Ac", "abc|"),
        (" a|b", "Ic", " c|ab"),
        ("|ab", "ac", "ac|b"),
        ("|ab", "ixyz\x1bu", "|ab"),
        ("|ab", "sx", "x|b"),
        ("|abc", "3l", "ab|c"),
        ("|日本語 x", "lx", "日|語 x"),
        ("|one", "dfz", "|one"),
        ("|a b", "d\x1bw", "a |b"),
    ],
)
def test_the_keys_of_vi(before: str, keys: str, after: str) -> None:
    editor = begun(before, is_vi=True)
    for piece in keys.replace("\x1b", "\n\x1b\n").split("\n"):
        press(editor, *(["escape"] if piece == "\x1b" else [f"'{piece}"] if piece else []))
    assert marked(editor) == after


@pytest.mark.parametrize("key", [Key("reply", "\x1b[?62c"), Key("mouse"), Key("focus")])
def test_what_nobody_pressed_is_no_character_and_ends_nothing(key: Key) -> None:
    editor = press(Editor(["before"]), "ctrl+q")
    assert not editor.act("", key)
    assert press(editor, "tab").text == "\t"
    press(editor, "ctrl+r", "'bef")
    editor.act("", key)
    assert editor.is_searching
    assert press(editor, "ctrl+g").text == "\t"
    vi = begun("|one two", is_vi=True)
    press(vi, "'dt")
    vi.act("", key)
    assert marked(press(vi, "' ")) == "| two"


def test_vi_tells_its_mode_and_what_waits() -> None:
    editor = begun("|one two", is_vi=True)
    assert (editor.mode, Editor().mode) == ("normal", None)
    assert press(editor, "'2d3").pending == "2d3"
    assert press(editor, "'f").contexts == ()
    assert press(editor, "escape").pending == ""
    assert press(editor, "'i").mode == "insert"
    editor.set("")
    assert editor.mode == "insert"


def test_redo_in_vi_is_not_the_search_and_a_paste_is_no_command() -> None:
    editor = begun("|one two", is_vi=True)
    assert marked(press(editor, "'dwu", "ctrl+r")) == "|two"
    assert not editor.is_searching
    assert marked(press(editor, ">dd")) == "dd|two"


@pytest.mark.parametrize(
    ("before", "keys", "after"),
    [
        ("one two three|", ["alt+2", "alt+b"], "one |two three"),
        ("one two three|", ["ctrl+a", "alt+2", "alt+f"], "one two| three"),
        ("one two three|", ["alt+3", "ctrl+b"], "one two th|ree"),
        ("one two three|", ["ctrl+a", "alt+-", "alt+3", "ctrl+f"], "|one two three"),
        ("one two three|", ["ctrl+a", "alt+1", "alt+2", "ctrl+f"], "one two thre|e"),
        ("abc|", ["alt+5", "'x"], "abcxxxxx|"),
        ("abc|", ["alt+1", "'2", "'x"], "abcxxxxxxxxxxxx|"),
        ("one two three|", ["alt+2", "ctrl+w"], "one |"),
        ("one two three|", ["alt+2", "backspace"], "one two thr|"),
        ("one two three|", ["alt+2", "alt+backspace"], "one |"),
        ("one two three|", ["ctrl+a", "alt+2", "alt+d"], "| three"),
        ("one two three|", ["ctrl+a", "alt+2", "alt+d", "ctrl+e", "ctrl+y"], " threeone two|"),
        ("one two three|", ["alt+-", "alt+d"], "one two |"),
        ("one two three|", ["alt+-", "alt+u"], "one two THREE|"),
        ("one two three|", ["alt+-", "'2", "alt+u"], "one TWO THREE|"),
        ("one two three|", ["alt+b", "alt+-", "alt+c"], "one Two |three"),
        ("ONE TWO|", ["ctrl+a", "alt+2", "alt+l"], "one two|"),
        ("one two|", ["ctrl+a", "alt+2", "alt+c"], "One Two|"),
        ("one two three|", ["ctrl+a", "ctrl+f", "ctrl+f", "alt+-", "ctrl+k"], "|e two three"),
        ("one two three|", ["alt+b", "alt+-", "ctrl+w"], "one |three"),
        ("abc def|", ["ctrl+b", "ctrl+b", "ctrl+t"], "abc ed|f"),
        ("one two three|", ["alt+b", "alt+t"], "one three two|"),
        ("one two three|", ["ctrl+a", "alt+t"], "|one two three"),
        ("one, two three|", ["ctrl+a", "alt+f", "alt+f", "alt+t"], "one, three two|"),
        ("x |", ["alt+."], "x last|"),
        ("x |", ["alt+.", "alt+."], "x first|"),
        ("x |", ["alt+.", "alt+.", "ctrl+_"], "x last|"),
        ("x |", ["alt+1", "alt+."], "x one|"),
        ("x |", ["alt+.", "' ", "alt+."], "x last last|"),
        ("one two|", ["alt+0", "ctrl+b"], "one two|"),
        ("abc|", ["ctrl+a", "alt+2", "ctrl+t"], "|abc"),
        ("abcdef|", ["alt+4", "ctrl+b", "alt+2", "ctrl+t"], "acdb|ef"),
        ("one|", ["alt+5", "ctrl+g", "'x"], "onex|"),
        ("one two three|", ["ctrl+a", "alt+2", "ctrl+d"], "|e two three"),
        ("one two three|", ["alt+2", "ctrl+u"], "|"),
        ("one two|", ["alt+-", "backspace"], "one two|"),
        ("one two|", ["ctrl+a", "alt+-", "backspace"], "|ne two"),
        ("one two|", ["alt+-", "ctrl+d"], "one tw|"),
        ("one-two_three|", ["alt+b", "alt+b"], "one-|two_three"),
        ("foo bar|", ["ctrl+w", "alt+2", "ctrl+y"], "foo bar|"),
        ("x|", ["alt+-", "'5", "'y"], "x|"),
    ],
)
def test_counts_do_what_they_do_in_the_readline_of_bash(before: str, keys: list[str], after: str) -> None:
    # Each row but those with the undo was checked against bash 5.2.
    editor = begun(before)
    editor.remember(["git commit -m first", "echo one two last"])
    assert marked(press(editor, *keys)) == after


def test_a_count_is_shown_escape_forgets_it_and_one_undo_takes_back_all_that_it_did() -> None:
    editor = begun("one two three four|")
    assert press(editor, "alt+2", "'1").pending == "21"
    assert editor.act("stop", Key("escape"))
    assert editor.pending == ""
    assert marked(press(editor, "alt+3", "alt+backspace", "ctrl+_")) == "one two three four|"
    assert len(press(Editor(), *["alt+9"] * 40, "'x").text) <= 99_999
    assert press(Editor(['say "two words"']), "alt+.").text == '"two words"'


PASTE = "\n".join(f"line {number}" for number in range(240))


def test_a_long_paste_is_one_character_that_is_sent_whole() -> None:
    editor = press(Editor(), "'see ", f">{PASTE}", "' now")
    shown = [rows.plain(each) for each in editor.rows("> ", 60)[0]]
    assert shown == ["> see [pasted 240 lines] now"]
    assert editor.text == f"see {PASTE} now"
    press(editor, "left", "left", "left", "left", "left", "'x", "right", "'y")
    assert editor.text == f"see x{PASTE}y now"
    press(editor, "backspace", "backspace")
    assert editor.text == "see x now"
    press(editor, "ctrl+_")
    assert editor.text == f"see x{PASTE}y now"
    assert rows.plain(press(Editor(), f">{'x' * 5000}").rows("> ", 60)[0][0]) == "> [pasted 5,000 characters]"
    assert press(Editor(), ">a\nb").typed == "a\nb"


def test_a_folded_paste_is_unfolded_by_a_key_and_killed_and_put_back_as_one() -> None:
    editor = press(Editor(), f">{PASTE}", "ctrl+x", "ctrl+o")
    assert editor.typed == PASTE
    assert marked(press(editor, "ctrl+_")) == "#|"
    press(editor, "' a", "ctrl+w", "ctrl+w", "'b", "ctrl+y")
    assert editor.text == f"b{PASTE} a"
    assert len(editor.typed) == 4


def test_up_and_down_go_by_rows_that_are_seen_and_keep_their_column() -> None:
    editor = press(Editor(), "'" + "x" * 25, "ctrl+j", "'ab", "ctrl+j", "'" + "y" * 12)
    _, place = editor.rows("> ", 13)
    assert place == (5, 4)
    found = []
    for _ in range(6):
        press(editor, "up")
        found.append(editor.rows("> ", 13)[1])
    assert found == [(4, 4), (3, 4), (2, 4), (1, 4), (0, 4), (0, 4)]
    editor = press(Editor(), "'long line", "ctrl+j", "'ab", "ctrl+j", "'long line")
    assert marked(press(editor, "up", "up")) == "long line|\nab\nlong line"


def test_what_is_typed_before_comes_by_how_it_begins() -> None:
    editor = Editor(["git push", "make", "git pull", "ls"])
    assert press(editor, "'git", "up").text == "git pull"
    assert press(editor, "up").text == "git push"
    assert press(editor, "up", "down").text == "git pull"
    assert press(editor, "down").text == "git"
    assert press(Editor(["one\ntwo", "three"]), "up", "up").text == "one\ntwo"
    assert press(Editor(["a", "a", "b"]), "up", "up", "up", "'x").text == "ax"


def test_the_search_says_where_it_is_goes_on_and_gives_back_what_was_typed() -> None:
    editor = press(Editor(["make test", "ls", "Make all", "make test"]), "'mine", "ctrl+r", "'make")
    assert editor.text == "make test"
    assert "make  (1 of 2)" in rows.plain(editor.rows("> ", 60)[0][-1])
    assert press(editor, "ctrl+r").text == "Make all"
    assert press(editor, "ctrl+r").text == "Make all"
    assert press(editor, "ctrl+s").text == "make test"
    assert press(editor, "escape").text == "mine"
    assert press(editor, "ctrl+r", "'est ma").text == "make test"
    assert press(editor, "'nix").recall.told().endswith("(nothing)")
    assert press(editor, "ctrl+c").text == "mine"
    assert marked(press(editor, "ctrl+r", "'all", "ctrl+a")) == "|Make all"


@pytest.mark.parametrize("is_vi", [False, True])
def test_a_line_that_was_cleared_comes_back_with_the_undo(is_vi: bool) -> None:  # noqa: FBT001
    editor = press(Editor(is_vi=is_vi), "'one two", f">{PASTE}")
    editor.clear()
    assert (editor.text, editor.is_blank, editor.mode) == ("", True, "insert" if is_vi else None)
    press(editor, "ctrl+_")
    assert editor.text == f"one two{PASTE}"
    assert editor.is_blank is False


def test_a_long_line_is_broken_again_behind_what_was_changed_alone() -> None:
    editor, fresh = Editor(), Editor()
    editor.set("日本 words é " * 2000)
    editor.rows("> ", 40, 10)
    editor.cursor = 9000
    press(editor, "'inserted 日", "backspace", "delete")
    fresh.set(editor.text)
    fresh.cursor = editor.cursor
    assert editor.rows("> ", 40) == fresh.rows("> ", 40)


def test_of_many_lines_those_around_the_cursor_are_seen() -> None:
    editor = Editor()
    editor.set("\n".join(f"line {number}" for number in range(1000)))
    found, place = editor.rows("> ", 40, 5)
    assert ([rows.plain(each) for each in found], place) == ([f"  line {n}" for n in range(995, 1000)], (4, 10))
    press(editor, "up", "up")
    assert editor.rows("> ", 40, 5)[1] == (2, 10)
    press(editor, "alt+<")
    found, place = editor.rows("> ", 40, 5)
    assert (rows.plain(found[0]), len(found), place) == ("> line 0", 5, (0, 2))


def test_a_text_of_ten_thousand_lines_makes_no_more_rows_than_are_seen() -> None:
    editor = Editor()
    editor.set("\n".join("some words of a line" for _ in range(10_000)))
    made = len(editor.rows("> ", 80, 20)[0])
    assert made == 20


ACTIONS = [
    each.chords[0].replace("leader", "ctrl+x") for rows_ in (BINDINGS["editor"], BINDINGS["vi"]) for each in rows_
]
PRESSED = st.one_of(
    st.sampled_from(ACTIONS),
    st.text(st.sampled_from('ab W.\n\tdcyfw"(é日👩\u200d\u0301\U0001f1e9'), min_size=1, max_size=4).map("'{}".format),
    st.sampled_from([">x\ny", f">{PASTE}", "escape", "escape"]),
)


@given(keys=st.lists(PRESSED, max_size=30), is_vi=st.booleans(), room=st.integers(1, 30), lines=st.integers(1, 8))
def test_whatever_is_pressed_the_rows_have_room_and_the_undo_ends_where_it_began(
    keys: list[str], *, is_vi: bool, room: int, lines: int
) -> None:
    editor = Editor(["before", "other\nlines"], is_vi=is_vi)
    for name in keys:
        press(editor, *(name.split(" ") if name[0] not in "'>" else [name]))
        assert 0 <= editor.cursor <= len(editor.typed)
        found, (line, column) = editor.rows("> ", room, lines)
        assert 0 <= line < len(found) <= max(lines, 2)
        assert 0 <= column < room or room == column == 0
        assert all(rows.columns(each) <= room for each in found), found
        assert not any("\ud800" <= each <= "\udbff" for each in editor.text)


@given(st.lists(PRESSED.filter(lambda name: name not in {"up", "down", "ctrl+r"}), max_size=30))
def test_every_change_can_be_undone_and_done_again(keys: list[str]) -> None:
    editor = Editor()
    for name in keys:
        press(editor, *(name.split(" ") if name[0] not in "'>" else [name]))
    press(editor, "escape")
    editor.forget()
    # Where the last key was an undo, what it took back comes again too.
    editor.act("", Key("text", "!"))
    text = editor.text
    for _ in range(300):
        editor.act("undo", Key("ctrl+_"))
    assert editor.text == ""
    for _ in range(300):
        editor.act("redo", Key("alt+_"))
    assert editor.text == text


def test_the_table_of_the_editor_has_no_action_that_does_nothing() -> None:
    elsewhere = {"send", "open-editor", "search-newer"}
    for context in ("editor", "vi"):
        for each in Keymap().rows():
            if each.context != context or each.action in elsewhere:
                continue
            editor = begun("one tw|o", is_vi=context == "vi")
            editor.remember(["before"])
            assert editor.act(each.action, Key(each.chords[0])), each.action


def test_bytes_of_a_terminal_reach_the_text_whole() -> None:
    editor = Editor()
    for key in Decoder().take("a\tb é日\x1b[200~x\ty\x1b[201~".encode()):
        editor.take(key)
    assert editor.text == "a\tb é日x\ty"
    assert width.width(rows.plain(editor.rows("", 40)[0][0])) == 13


def test_what_was_sent_with_a_folded_paste_comes_back_with_all_of_it_and_can_be_searched() -> None:
    editor = press(Editor(), "'see ", f">{PASTE}")
    sent = editor.text
    editor.remembered(sent)
    editor.set("")
    assert press(editor, "up").text == sent
    assert len(press(editor, "ctrl+x", "ctrl+o").typed) == len(sent)
    editor.set("")
    assert press(editor, "ctrl+r", "'line 239").text == sent
    assert press(editor, "ctrl+g").text == ""
