"""What a terminal can do: by the environment, and by its answers in any order and at any time."""

import base64

import pytest

from iterate import settings
from iterate.settings import Emulator
from iterate.terminal import clipboard, notices
from iterate.terminal.capabilities import Capabilities, Inquiry
from iterate.terminal.keys import Decoder

XTERM = Emulator(is_askable=True)
# Answers to the first questions, in their order, written by hand. Only tmux 3.3a and xterm 379 were really asked.
ANSWERS = {
    "kitty": "\x1bP>|kitty(0.31.0)\x1b\\\x1b[?0u\x1b]11;rgb:0000/0000/0000\x1b\\\x1b[>1;4000;31c\x1b[?62;c",
    "tmux": "\x1bP>|tmux 3.4\x1b\\\x1b[>84;0;0c\x1b[?1;2;4c",
    "xterm": "\x1bP>|XTerm(388)\x1b\\\x1b]11;rgb:ffff/ffff/ffff\x1b\\\x1b[>41;388;0c\x1b[?64;1;2;6;9;15;22;28c",
    "vte": "\x1bP>|VTE(7600)\x1b\\\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\\x1b[>65;7600;1c\x1b[?65;1;9c",
    "foot": "\x1bP>|foot(1.16.2)\x1b\\\x1b[?0u\x1b]11;rgb:24/24/24\x1b\\\x1b[>1;011602;0c\x1b[?62;4;22c",
    "apple": "\x1b]11;rgb:ffff/ffff/ffff\x07\x1b[>1;95;0c\x1b[?1;2c",
    "screen": "\x1b[>83;40900;0c\x1b[?1;2c",
    "": "\x1b[?6c",
}


def heard(answers: str, of: Emulator = XTERM, pieces: int = 1000) -> tuple[Inquiry, str, list[str]]:
    """The inquiry, what it asked next, and what of the answers would be typed."""
    inquiry, decoder = Inquiry(of), Decoder()
    inquiry.questions()
    asked, typed = "", []
    content = answers.encode()
    for begin in range(0, len(content), pieces):
        for key in decoder.take(content[begin : begin + pieces]):
            if key.name == "reply":
                asked += inquiry.take(key.text)
            else:
                typed.append(key.name)
    return inquiry, asked, typed


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize("pieces", [1, 1000])
def test_a_terminal_is_known_by_its_answers_and_nothing_of_them_is_typed(name: str, pieces: int) -> None:
    inquiry, asked, typed = heard(ANSWERS[name], pieces=pieces)
    assert inquiry.known.name == name
    assert typed == []
    assert inquiry.has_heard
    assert inquiry.is_open == bool(asked)


@pytest.mark.parametrize(
    ("name", "is_reflowing", "has_links", "images", "ground"),
    [
        ("kitty", True, True, "", "dark"),
        ("tmux", True, True, "sixel", ""),
        ("xterm", False, False, "", "light"),
        ("vte", True, True, "", "dark"),
        ("foot", True, True, "sixel", "dark"),
        ("apple", True, False, "", "light"),
        ("screen", False, False, "", ""),
        ("", False, False, "", ""),
    ],
)
def test_what_is_known_of_it(name: str, is_reflowing: bool, has_links: bool, images: str, ground: str) -> None:  # noqa: FBT001
    known = heard(ANSWERS[name])[0].known
    assert (known.is_reflowing, known.has_links, known.images, known.ground) == (
        is_reflowing,
        has_links,
        images,
        ground,
    )


def test_questions_that_some_print_are_only_for_those_that_told_their_name() -> None:
    assert "$p" not in Inquiry(XTERM).questions()
    assert "\x1b_" not in Inquiry(XTERM).questions()
    assert heard(ANSWERS[""])[1] == heard(ANSWERS["apple"])[1] == heard(ANSWERS["screen"])[1] == ""
    assert "$p" in heard(ANSWERS["tmux"])[1]
    assert "\x1b_" not in heard(ANSWERS["tmux"])[1]
    assert "\x1b_" in heard(ANSWERS["kitty"])[1]
    inside = Emulator("tmux", "3.4", is_askable=True, is_inside=True)
    assert "\x1b_" not in heard(ANSWERS["tmux"], inside)[1]


def test_the_second_round_ends_the_asking() -> None:
    answers = ANSWERS["kitty"] + "\x1b[?2026;2$y\x1b_Gi=31;OK\x1b\\\x1b[?62;c"
    inquiry, _, typed = heard(answers)
    assert inquiry.known.is_synchronized is True
    assert inquiry.known.images == "kitty"
    assert (inquiry.is_open, typed) == (False, [])
    # Whatever comes later asks nothing more.
    assert inquiry.take("\x1b[?62;c") == ""


@pytest.mark.parametrize(
    ("environment", "name", "is_askable"),
    [
        ({"TERM": "xterm-256color"}, "", True),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7600"}, "vte", True),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "Apple_Terminal"}, "apple", True),
        ({"TERM": "xterm-kitty"}, "kitty", True),
        ({"TERM": "alacritty"}, "alacritty", True),
        ({"TERM": "linux"}, "linux", False),
        ({"TERM": "dumb"}, "", False),
        ({"TERM": "vt100"}, "", False),
        ({"TERM": "eterm-color"}, "", False),
        ({}, "", False),
        # What is around tmux and screen has its variables inherited.
        ({"TERM": "tmux-256color", "TMUX": "/run/x", "VTE_VERSION": "7600"}, "tmux", True),
        ({"TERM": "screen-256color", "STY": "1.x", "VTE_VERSION": "7600"}, "screen", False),
        ({"TERM": "screen"}, "screen", False),
    ],
)
def test_the_environment_names_a_terminal_and_says_whether_it_can_be_asked(
    environment: dict[str, str],
    name: str,
    is_askable: object,
) -> None:
    found = settings.emulator(environment)
    assert (found.name, found.is_askable) == (name, is_askable)
    assert bool(Inquiry(found).questions()) == is_askable


@pytest.mark.parametrize(
    ("said", "ground"), [("15;0", "dark"), ("0;15", "light"), ("0;default;15", "light"), ("x", "")]
)
def test_colours_by_number_say_whether_it_is_light(said: str, ground: str) -> None:
    assert settings.emulator({"TERM": "xterm", "COLORFGBG": said}).ground == ground


def test_old_tmux_has_no_links() -> None:
    assert not Capabilities("tmux", "3.3a").has_links
    assert Capabilities("tmux", "3.5").has_links
    assert Capabilities("tmux", "next-3.6").has_links


def test_what_is_copied_reaches_the_terminal_through_tmux_and_screen() -> None:
    encoded = base64.b64encode("häh".encode()).decode()
    plain = clipboard.copied("häh", XTERM)
    assert plain == f"\x1b]52;c;{encoded}\x07"
    assert clipboard.copied("häh", Emulator("tmux")) == f"{plain}\x1bPtmux;\x1b\x1b]52;c;{encoded}\x07\x1b\\"
    long = clipboard.copied("x" * 5000, Emulator("screen"))
    pieces = [each.removeprefix("\x1bP") for each in long.split("\x1b\\") if each]
    assert "".join(pieces) == clipboard.copied("x" * 5000, XTERM)
    assert max(map(len, pieces)) < 768
    assert clipboard.copied("x", Emulator("linux")) == ""
    assert clipboard.copied("x" * 80_000, XTERM) == ""


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("iterm2", "\x1b]9;a: b c\x1b\\"),
        ("kitty", "\x1b]99;i=iterate:d=0;a\x1b\\\x1b]99;i=iterate:d=1:p=body;b c\x1b\\"),
        ("foot", "\x1b]777;notify;a;b c\x1b\\"),
        ("vte", "\x1b]777;notify;a;b c\x1b\\\x07"),
        ("tmux", "\x07"),
        ("", "\x07"),
    ],
)
def test_somebody_who_looks_elsewhere_is_told_as_the_terminal_can(name: str, sent: str) -> None:
    assert notices.notice("a", "b;c", Capabilities(name)) == sent


def test_a_notice_ends_where_we_end_it() -> None:
    assert notices.notice("a\x1b\\", "\x07b\x9c\x1b]0;x", Capabilities("iterm2")).count("\x1b") == 2
