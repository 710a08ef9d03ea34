"""Themes: every style has a look in each of them, and few colours, or none, still tell apart what must be."""

import re
from pathlib import Path
from typing import get_args

import pytest

from iterate import settings
from iterate.errors import ThemeUnusable
from iterate.terminal import rows, theme, wardrobe
from iterate.terminal.rows import Span, Style

STYLES: tuple[Style, ...] = get_args(Style.__value__)


@pytest.mark.parametrize("name", theme.BUILT_IN)
@pytest.mark.parametrize("depth", ["truecolor", "256", "16", "none"])
def test_a_theme_has_a_look_for_every_style_at_every_depth(name: str, depth: settings.Depth) -> None:
    assert set(theme.BUILT_IN[name].looks) == set(theme.MONO) == set(STYLES) - set(theme.MIXED.values())
    paint = theme.painting(theme.BUILT_IN[name], depth)
    for style in STYLES:
        assert re.fullmatch(r"(\d+(;\d+)*)?", paint.codes[style])


def test_without_colours_attributes_are_all_there_is() -> None:
    for each in theme.BUILT_IN.values():
        for code in theme.painting(each, "none").codes.values():
            assert all(int(number) < 10 for number in code.split(";") if number)


@pytest.mark.parametrize(
    ("look", "depth", "code"),
    [
        ("bold magenta", "16", "1;35"),
        ("bright-red on black", "truecolor", "91;40"),
        ("#ff0000", "truecolor", "38;2;255;0;0"),
        ("#ff0000", "256", "38;5;196"),
        ("#ff0000", "16", "91"),
        ("#808080", "256", "38;5;244"),
        ("on 236 italic", "256", "48;5;236;3"),
        ("208", "16", "33"),
        ("underline #123456", "none", "4"),
        ("", "truecolor", ""),
    ],
)
def test_a_look_becomes_what_the_terminal_can_show(look: str, depth: settings.Depth, code: str) -> None:
    assert theme.code(look, depth) == code


@pytest.mark.parametrize("look", ["blod", "#12345", "#gggggg", "256", "-1", "bright-", "٣"])
def test_a_word_that_means_nothing_is_named(look: str) -> None:
    with pytest.raises(ValueError, match=re.escape(look)):
        theme.code(look, "none")


def test_colours_change_with_one_sequence_and_end_with_the_row() -> None:
    paint = theme.painting()
    assert rows.painted((Span("a", "added"), Span("b", "removed"), Span("c")), paint) == "\x1b[32ma\x1b[0;31mb\x1b[mc"
    assert rows.painted((Span("a", "added"), Span("b", "added")), paint) == "\x1b[32mab\x1b[m"


def test_a_link_goes_out_only_where_the_terminal_opens_links_and_cannot_leave_its_sequence() -> None:
    span = Span("x", "link", "http://a/\x1b\\\x07\x9c ü")
    assert rows.painted((span,), theme.painting()) == "\x1b[4mx\x1b[m"
    linked = rows.painted((span,), theme.painting(has_links=True))
    assert linked == "\x1b]8;;http://a/%1B%5C%07%C2%9C%20%C3%BC\x1b\\\x1b[4mx\x1b[m\x1b]8;;\x1b\\"


def test_bytes_of_ours_go_before_their_text_in_no_style() -> None:
    painted = rows.painted((Span("a", "bold"), Span("b", "bold", raw="\x1b[s")), theme.painting())
    assert painted == "\x1b[1ma\x1b[m\x1b[s\x1b[1mb\x1b[m"


@pytest.mark.parametrize(
    ("environment", "depth"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, "truecolor"),
        ({"TERM": "xterm-256color"}, "256"),
        ({"TERM": "xterm"}, "16"),
        ({"TERM": "linux"}, "16"),
        ({"TERM": "vt100"}, "none"),
        ({"TERM": "xterm-mono"}, "none"),
        ({"TERM": "linux-m", "COLORTERM": "truecolor"}, "none"),
        ({"TERM": "dumb", "COLORTERM": "truecolor"}, "none"),
        ({}, "none"),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": "1"}, "none"),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, "256"),
        ({"TERM": "screen-256color", "COLORTERM": "truecolor"}, "256"),
        ({"TERM": "screen-256color", "COLORTERM": "truecolor", "TMUX": "/x"}, "truecolor"),
        ({"TERM": "tmux-256color", "TMUX": "/x"}, "256"),
        ({"TERM": "xterm-kitty"}, "truecolor"),
        ({"TERM": "xterm-256color", "WT_SESSION": "1"}, "truecolor"),
    ],
)
def test_the_environment_says_how_many_colours_there_are(environment: dict[str, str], depth: str) -> None:
    assert settings.screen(environment).depth == depth


def test_a_theme_goes_by_the_background_where_it_can() -> None:
    assert wardrobe.worn("auto", "light", None).name == "light"
    assert wardrobe.worn("auto", "dark", None).name == "dark"
    assert wardrobe.worn("auto", "", None).name == "terminal"
    assert wardrobe.worn("contrast", "light", None).ground == "light"
    assert wardrobe.worn("dark", "light", None).name == "dark"
    looks = wardrobe.worn("contrast", "light", None).looks
    assert not any("bright" in look.partition(" on ")[0] for look in looks.values())


def test_a_person_has_themes_of_their_own(tmp_path: Path) -> None:
    Path(tmp_path, "mine.toml").write_text('base = "light"\nheading = "bold #123456"\n')
    found = wardrobe.worn("mine", "", tmp_path)
    assert found.looks["heading"] == "bold #123456"
    assert found.looks["code"] == theme.LIGHT.looks["code"]
    assert found.ground == "light"
    assert wardrobe.names(tmp_path) == ["auto", "terminal", "dark", "light", "contrast", "mine"]
    assert wardrobe.names(None) == wardrobe.names(tmp_path / "missing") == ["auto", *theme.BUILT_IN]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('heading = "blod"', "heading has a word that means nothing: blod"),
        ('head = "bold"', "there is no style 'head'"),
        ("heading = 1", "heading is no text"),
        ('base = "mine"', "base is one of"),
        ('ground = "grey"', "ground is"),
        ("=", "mine.toml"),
    ],
)
def test_a_file_that_is_no_theme_is_told_with_its_key_and_word(text: str, told: str, tmp_path: Path) -> None:
    Path(tmp_path, "mine.toml").write_text(text)
    with pytest.raises(ThemeUnusable, match=re.escape(told)):
        wardrobe.worn("mine", "", tmp_path)


@pytest.mark.parametrize("name", ["missing", "../x", "", "a/b"])
def test_a_theme_that_is_not_there_is_told_with_those_that_are(name: str, tmp_path: Path) -> None:
    with pytest.raises(ThemeUnusable) as found:
        wardrobe.worn(name, "", tmp_path)
    assert "contrast" in found.value.hint


def test_the_page_about_themes_has_every_style() -> None:
    page = Path(__file__).parents[2].joinpath("docs", "themes.md").read_text()
    assert {style for style in STYLES if style and f"`{style}`" not in page} == set()


def test_code_in_a_change_has_its_colour_only_where_the_change_has_a_background() -> None:
    deep = theme.painting(theme.DARK, "truecolor").codes
    assert deep["added-keyword"].split(";48;") == [deep["keyword"], deep["added"].split(";48;")[1]]
    for each, depth in ((theme.TERMINAL, "truecolor"), (theme.DARK, "256"), (theme.DARK, "16"), (theme.CONTRAST, "16")):
        codes = theme.painting(each, depth).codes  # type: ignore[arg-type]
        for (side, _), style in theme.MIXED.items():
            assert codes[style] == codes[side]
