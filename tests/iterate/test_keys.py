"""Bytes of many terminals as keys, however they are cut; what is typed stays, what a terminal says is no text."""

import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from iterate.terminal.editor import Editor
from iterate.terminal.keys import FLOW_S, PASTE_S, Decoder, Key
from iterate.terminal.sequences import Mouse


def keys(*pieces: bytes) -> list[Key]:
    decoder = Decoder()
    found = [key for piece in pieces for key in decoder.take(piece)]
    while decoder.patience is not None:
        found += decoder.flush()
    return joined(found)


def joined(found: list[Key]) -> list[Key]:
    """Text that came in pieces is one text."""
    whole: list[Key] = []
    for key in found:
        if key.name == "text" and whole and whole[-1].name == "text":
            whole[-1] = Key("text", whole[-1].text + key.text)
        else:
            whole.append(key)
    return whole


NAMED = {
    # xterm, and nearly everybody.
    b"\x1b[A": "up",
    b"\x1bOB": "down",
    b"\x1b[1;5C": "ctrl+right",
    b"\x1b[1;6D": "ctrl+shift+left",
    b"\x1b[1;3H": "alt+home",
    b"\x1bOF": "end",
    b"\x1b[3~": "delete",
    b"\x1b[3;5~": "ctrl+delete",
    b"\x1b[5~": "pageup",
    b"\x1bOP": "f1",
    b"\x1b[1;2P": "shift+f1",
    b"\x1b[24~": "f12",
    b"\x1b[Z": "shift+tab",
    b"\r": "enter",
    b"\n": "ctrl+j",
    b"\t": "tab",
    b"\x7f": "backspace",
    b"\x08": "ctrl+h",
    b"\x00": "ctrl+space",
    b"\x1f": "ctrl+_",
    b"\x1b\r": "alt+enter",
    b"\x1b\x7f": "alt+backspace",
    b"\x1bb": "alt+b",
    b"\x1bB": "alt+shift+b",
    b"\x1b<": "alt+<",
    "\x1bé".encode(): "alt+é",
    b"\x1b\x01": "ctrl+alt+a",
    b"\x1b ": "alt+space",
    # rxvt, PuTTY, Terminal.app.
    b"\x1b[7$": "shift+home",
    b"\x1b[8^": "ctrl+end",
    b"\x1b[3@": "ctrl+shift+delete",
    b"\x1b[a": "shift+up",
    b"\x1bOd": "ctrl+left",
    b"\x1b\x1b[A": "alt+up",
    b"\x1b\x1bOC": "alt+right",
    b"\x1b[11~": "f1",
    # The Linux console, tmux and screen.
    b"\x1b[[A": "f1",
    b"\x1b[[E": "f5",
    b"\x1b[1~": "home",
    b"\x1b[4~": "end",
    # modifyOtherKeys, in both forms.
    b"\x1b[27;2;13~": "shift+enter",
    b"\x1b[27;5;13~": "ctrl+enter",
    b"\x1b[27;6;65~": "ctrl+shift+a",
    b"\x1b[27;6;95~": "ctrl+_",
    b"\x1b[105;5u": "ctrl+i",
    # Kitty.
    b"\x1b[13;2u": "shift+enter",
    b"\x1b[27u": "escape",
    b"\x1b[97;5u": "ctrl+a",
    b"\x1b[97;69u": "ctrl+a",
    b"\x1b[97;133u": "ctrl+a",
    b"\x1b[45:95;6u": "ctrl+_",
    b"\x1b[1089::99;5u": "ctrl+c",
    b"\x1b[97;9u": "super+a",
    b"\x1b[97;5:1u": "ctrl+a",
    b"\x1b[97;5:2u": "ctrl+a",
    b"\x1b[1;5:2A": "ctrl+up",
    b"\x1b[13~": "f3",
    b"\x1b[57414u": "enter",
    b"\x1b[57419;5u": "ctrl+up",
    b"\x1b[57376u": "f13",
    b"\x1b[I": "focus",
    b"\x1b[O": "blur",
    b"\x1b": "escape",
    b"\x1b[": "alt+[",
    b"\x1bO": "alt+shift+o",
    b"\x1b]": "alt+]",
}
TEXTS = {
    b"\x1b[97;1;97u": "a",
    b"\x1b[97:65;2u": "A",
    b"\x1b[97;2u": "A",
    b"\x1b[97;65u": "A",
    b"\x1b[229;3;229u": "å",
    b"\x1b[32;2u": " ",
    b"\x1b[57400u": "1",
    b"\x1bOp": "0",
    "日本".encode(): "日本",
}
NOTHING = [
    b"\x1b[97;5:3u",
    b"\x1b[1;1:3A",
    b"\x1b[57441;2u",
    b"\x1b[57358u",
    b"\x1b[99;99~",
    b"\x1b[201~",
    b"\x1b[57428u",
]
REPLIES = [
    b"\x1b[?62;22c",
    b"\x1b[>0;276;0c",
    b"\x1b[?2026;2$y",
    b"\x1b[4;1$y",
    b"\x1b[?1u",
    b"\x1b[24;80R",
    b"\x1b[1;1R",
    b"\x1b[?1;5R",
    b"\x1b[0n",
    b"\x1b[?997;1n",
    b"\x1b[8;24;80t",
    b"\x1b[48;24;80;480;800t",
    b"\x1b]11;rgb:1e1e/1e1e/2e2e\x1b\\",
    b"\x1b]11;rgb:1e1e/1e1e/2e2e\x07",
    b"\x1bP>|XTerm(380)\x1b\\",
    b"\x1bP1$r0m\x1b\\",
    b"\x1bP1+r524742\x1b\\",
    b"\x1b_Gi=31;OK\x1b\\",
]


@pytest.mark.parametrize(("content", "name"), NAMED.items())
def test_a_sequence_is_a_chord(content: bytes, name: str) -> None:
    assert keys(content) == [Key(name)]


@pytest.mark.parametrize(("content", "text"), TEXTS.items())
def test_a_sequence_may_be_text(content: bytes, text: str) -> None:
    assert keys(content) == [Key("text", text)]


@pytest.mark.parametrize("content", NOTHING)
def test_keys_that_are_let_go_and_those_that_nobody_knows_are_nothing(content: bytes) -> None:
    assert keys(b"a" + content + b"b") == [Key("text", "ab")]


@pytest.mark.parametrize("content", REPLIES)
def test_what_a_terminal_answers_is_no_text(content: bytes) -> None:
    assert keys(b"a" + content + b"b") == [Key("text", "a"), Key("reply", content.decode()), Key("text", "b")]
    assert keys(b"\x1b" + content) == [Key("escape"), Key("reply", content.decode())]


@pytest.mark.parametrize("content", REPLIES)
def test_an_answer_that_is_torn_is_waited_for_longer_than_an_escape(content: bytes) -> None:
    for cut in range(3, len(content)):
        decoder = Decoder()
        assert decoder.take(content[:cut]) == []
        assert not decoder.has_escape
        assert [key.name for key in decoder.take(content[cut:])] == ["reply"]


@pytest.mark.parametrize(
    ("content", "mouse"),
    [
        (b"\x1b[<0;5;7M", Mouse("press", "left", 4, 6)),
        (b"\x1b[<0;5;7m", Mouse("release", "left", 4, 6)),
        (b"\x1b[<34;1;1M", Mouse("drag", "right", 0, 0)),
        (b"\x1b[<35;1;1M", Mouse("move", "", 0, 0)),
        (b"\x1b[<64;10;2M", Mouse("wheel", "up", 9, 1)),
        (b"\x1b[<65;10;2M", Mouse("wheel", "down", 9, 1)),
        (b"\x1b[<20;1;2M", Mouse("press", "left", 0, 1, ("ctrl", "shift"))),
        (b"\x1b[M !!", Mouse("press", "left", 0, 0)),
        (b"\x1b[M#a\xe0", Mouse("release", "", 64, 191)),
        (b"\x1b[96;3;4M", Mouse("wheel", "up", 2, 3)),
    ],
)
def test_the_mouse_is_told_in_every_form_and_never_text(content: bytes, mouse: Mouse) -> None:
    assert keys(content + b"x") == [Key("mouse", mouse=mouse), Key("text", "x")]


@pytest.mark.parametrize(
    ("content", "names"),
    [
        (b"\x1b\x1b", ["escape", "escape"]),
        (b"\x1bhello", ["alt+h", "text"]),
        (b"\x1b]hello", ["alt+]", "text"]),
        (b"\x1bPut", ["alt+shift+p", "text"]),
        ("\x1b日".encode(), ["escape", "text"]),
        (b"\x1b[12\r", ["alt+[", "text", "enter"]),
        (b"\x1b[?6\x1b[A", ["reply", "up"]),
        (b"a\x1b\x1b[200~b\x1b[201~", ["text", "escape", "paste"]),
        (b"\x1b]11;rgb\x1b[A", ["reply", "up"]),
        (b"\xff\xc3a\xc3", ["text"]),
    ],
)
def test_what_is_no_sequence_is_keys_and_the_text_behind_them(content: bytes, names: list[str]) -> None:
    assert [key.name for key in keys(content)] == names


def test_a_paste_is_one_text_with_all_that_is_in_it() -> None:
    inside = "a\tb\r\nc\rd \x1b[31mred\x1b[0m \x1b[200~ 日 \x03\x1b[20"
    assert keys(f"x\x1b[200~{inside}\x1b[201~y".encode()) == [
        Key("text", "x"),
        Key("paste", inside.replace("\r\n", "\n").replace("\r", "\n")),
        Key("text", "y"),
    ]
    assert keys(b"\x1b[200~\x1b[201~") == []


def test_a_paste_that_never_ends_is_given_and_what_follows_of_it_is_no_enter() -> None:
    decoder = Decoder()
    assert decoder.take(b"\x1b[200~one\r") == []
    assert decoder.flush() == [Key("paste", "one\n")]
    assert decoder.flush() == []
    assert decoder.take(b"two\rthree\x1b[201~x") == [Key("paste", "two\nthree"), Key("text", "x")]
    decoder.take(b"\x1b[200~one")
    decoder.flush()
    assert decoder.take(b"\x03") == [Key("ctrl+c")]


@pytest.mark.parametrize("cut", [1, 2])
@pytest.mark.parametrize(
    "content",
    [b"\x1b[200~one\rtwo\x1b[201~", b"\x1b]11;rgb:1/2/3\x07", b"\x1b[?62;22c", b"\x1b[<0;5;7M", b"\x1bP>|x\x1b\\"],
)
def test_what_belongs_to_a_key_that_was_given_too_early_is_neither_text_nor_enter(content: bytes, cut: int) -> None:
    decoder = Decoder()
    assert decoder.take(content[:cut]) == []
    assert len(decoder.flush()) == 1
    assert [key.name for key in decoder.take(content[cut:])] in (["paste"], ["reply"], ["mouse"])
    decoder.take(b"\x1b")
    decoder.flush()
    assert decoder.take(b"[x]") == [Key("text", "[x]")]


PIECES = st.one_of(
    st.sampled_from(
        [*NAMED, *TEXTS, *NOTHING, *REPLIES, b"\x1b[<0;5;7M", b"\x1b[M#a\xe0", b"\x1b[200~p\r\xe6\x1b[201~"]
    ),
    st.binary(max_size=6),
    st.text(max_size=4).map(lambda text: text.encode(errors="replace")),
    st.sampled_from([b"\x1b[20", b"\x1b[200~", b"\x1b[201~", b"\x1b]1", b"\x1b_", b"\x1bP1$", b"\x1b[7$y"]),
)


@given(st.lists(PIECES, max_size=8).map(b"".join), st.lists(st.integers(0, 60), max_size=8))
@example(b"\x1b\x1b[200~a", [1, 2])
@example(b"\x1b\xe6\x97\xa5", [2, 3])
def test_however_the_bytes_are_cut_the_keys_are_the_same(content: bytes, cuts: list[int]) -> None:
    places = sorted({0, len(content), *(cut for cut in cuts if cut < len(content))})
    pieces = [content[begin:end] for begin, end in itertools.pairwise(places)]
    assert keys(*pieces) == keys(content)
    assert keys(*(content[place : place + 1] for place in range(len(content)))) == keys(content)


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=40))
def test_typed_text_is_neither_lost_nor_changed(text: str) -> None:
    assert keys(text.encode()) == [Key("text", text)]


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\x1b"), min_size=1, max_size=60))
def test_a_paste_is_neither_lost_nor_changed(text: str) -> None:
    assert keys(b"\x1b[200~" + text.encode() + b"\x1b[201~") == [Key("paste", text)]


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_keys_in_a_paste_whose_end_was_lost_are_keys_a_moment_later_however_fast_one_types() -> None:
    clock = Clock()
    decoder = Decoder(clock)
    assert decoder.take(b"\x1b[200~pasted") == []
    for typed in (b"\x03", b"a", b"\x1b", b"\x03"):
        clock.now += 0.2
        assert decoder.take(typed) == []
    # They do not make it wait longer.
    assert decoder.patience == pytest.approx(PASTE_S - 0.8)
    clock.now += 0.2
    found = decoder.flush()
    assert [key.name for key in found] == ["paste", "ctrl+c", "text", "escape", "ctrl+c"]
    assert found[0].text == "pasted"
    assert decoder.patience is None
    assert decoder.take(b"\x03") == [Key("ctrl+c")]


def test_the_last_enter_of_a_paste_whose_end_was_lost_does_not_send() -> None:
    clock = Clock()
    decoder = Decoder(clock)
    decoder.take(b"\x1b[200~rm -rf x")
    clock.now += 0.5
    decoder.take(b"\r")
    assert decoder.flush() == [Key("paste", "rm -rf x"), Key("paste", "\n")]


@pytest.mark.parametrize("pause", [0.0, FLOW_S / 2, 0.3])
def test_a_paste_that_comes_slowly_and_in_pieces_is_whole(pause: float) -> None:
    clock = Clock()
    decoder = Decoder(clock)
    text = "a line of text, and more of it\n" * 4
    content = b"\x1b[200~" + text.encode() + b"\x1b[201~"
    # One that pauses for long comes in pieces that nobody types.
    size = 1 if pause < FLOW_S else 40
    found = []
    for place in range(0, len(content), size):
        found += decoder.take(content[place : place + size])
        clock.now += pause
    assert found == [Key("paste", text)]


def test_the_end_of_a_paste_may_be_cut_by_a_pause() -> None:
    for cut in range(1, 6):
        clock = Clock()
        decoder = Decoder(clock)
        decoder.take(b"\x1b[200~text" + b"\x1b[201~"[:cut])
        clock.now += 0.5
        assert decoder.take(b"\x1b[201~"[cut:]) == [Key("paste", "text")]


def test_more_of_a_paste_that_paused_for_too_long_is_no_keys_also_behind_a_key() -> None:
    decoder = Decoder(Clock())
    decoder.take(b"\x1b[200~one\r")
    assert decoder.flush() == [Key("paste", "one\n")]
    assert decoder.take(b"x") == [Key("text", "x")]
    assert decoder.take(b"a line that goes on for longer than a person types\r") == []
    assert decoder.take(b"two\r\x1b[201~y") == [
        Key("paste", "a line that goes on for longer than a person types\ntwo\n"),
        Key("text", "y"),
    ]


def test_another_paste_behind_one_whose_end_was_lost_is_itself() -> None:
    clock = Clock()
    decoder = Decoder(clock)
    decoder.take(b"\x1b[200~one")
    decoder.flush()
    assert decoder.take(b"\x1b[200~two\x1b[201~\r") == [Key("paste", "two"), Key("enter")]
    # Also while more of the first one is waited for.
    decoder.take(b"\x1b[200~one")
    clock.now += 0.5
    assert decoder.take(b"\x1b[200~two\x1b[201~") == [Key("paste", "one"), Key("paste", "two")]


# What a terminal sends where somebody wants another line, and what is sent at once; `\\` before Enter is a line too.
LINES = [
    ("xterm", b"\n", "a\nb"),
    ("xterm, Alt-Enter", b"\x1b\r", "a\nb"),
    ("xterm, modifyOtherKeys 2, Shift-Enter", b"\x1b[27;2;13~", "a\nb"),
    ("xterm, modifyOtherKeys 2, Ctrl-Enter", b"\x1b[27;5;13~", "a\nb"),
    ("xterm, modifyOtherKeys 2, Alt-Enter", b"\x1b[27;3;13~", "a\nb"),
    ("xterm, formatOtherKeys 1", b"\x1b[13;2u", "a\nb"),
    ("xterm, modifyOtherKeys 2, Ctrl-J", b"\x1b[27;5;106~", "a\nb"),
    ("Kitty, Shift-Enter", b"\x1b[13;2u", "a\nb"),
    ("Kitty, Shift-Enter with Num Lock", b"\x1b[13;130u", "a\nb"),
    ("Kitty, Shift-Enter with Caps Lock", b"\x1b[13;66u", "a\nb"),
    ("Kitty, Alt-Enter", b"\x1b[13;3u", "a\nb"),
    ("Kitty, Ctrl-J", b"\x1b[106;5u", "a\nb"),
    ("Kitty, events: pressed and let go", b"\x1b[13;2:1u\x1b[13;2:3u", "a\nb"),
    ("Kitty, the Enter of the number block with Shift", b"\x1b[57414;2u", "a\nb"),
    ("tmux, extended-keys-format csi-u", b"\x1b[13;2u", "a\nb"),
    ("tmux, extended-keys-format xterm", b"\x1b[27;2;13~", "a\nb"),
    ("tmux, Alt-Enter", b"\x1b\r", "a\nb"),
    ("GNU screen, Ctrl-J", b"\n", "a\nb"),
    ("Windows Terminal, Alt-Enter that it does not keep", b"\x1b\r", "a\nb"),
    ("Windows Terminal, sendInput of a line feed", b"\n", "a\nb"),
    ("Terminal.app, Option-Enter with Option as Meta", b"\x1b\r", "a\nb"),
    ("VS Code, sendSequence", b"\\\r", "a\nb"),
    ("everywhere, a backslash before Enter", b"\\\r", "a\nb"),
    ("everywhere, Enter", b"\r", None),
    ("Terminal.app and Windows Terminal, Shift-Enter, which is Enter there", b"\r", None),
]


@pytest.mark.parametrize(("sent", "text"), [each[1:] for each in LINES], ids=[each[0] for each in LINES])
@pytest.mark.parametrize("is_whole", [True, False])
def test_another_line_begins_by_what_each_terminal_sends_for_it(
    sent: bytes, text: str | None, *, is_whole: bool
) -> None:
    editor, decoder = Editor(), Decoder()
    pieces = [b"a", sent] if is_whole else [b"a", *(sent[at : at + 1] for at in range(len(sent)))]
    if text is not None:
        pieces.append(b"b")
    is_sent = False
    for piece in pieces:
        for key in decoder.take(piece):
            is_sent = editor.take(key) or is_sent
    if text is None:
        assert (editor.text, is_sent) == ("a", True)
    else:
        assert (editor.text, is_sent) == (text, False)
