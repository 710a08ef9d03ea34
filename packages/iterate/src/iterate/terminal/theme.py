"""Themes: how each style looks, as data, and what becomes of that on a terminal with few colours or none."""

from collections.abc import Mapping
from functools import cache
from typing import Literal, NamedTuple

from iterate.settings import Depth
from iterate.terminal.rows import Paint, Style

# A look is words: attributes, a colour, `on` and another one for the background. A colour is a name of the terminal's
# own palette, a number of the 256, or #rrggbb.
type Looks = Mapping[Style, str]

_ATTRIBUTES = {"bold": 1, "dim": 2, "italic": 3, "underline": 4, "reverse": 7, "strike": 9}
_NAMES = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
# What the sixteen are where nobody chose others, to find the nearest one.
_SIXTEEN = (
    (0, 0, 0),
    (205, 0, 0),
    (0, 205, 0),
    (205, 205, 0),
    (0, 0, 238),
    (205, 0, 205),
    (0, 205, 205),
    (229, 229, 229),
    (127, 127, 127),
    (255, 0, 0),
    (0, 255, 0),
    (255, 255, 0),
    (92, 92, 255),
    (255, 0, 255),
    (0, 255, 255),
    (255, 255, 255),
)
_STEPS = (0, 95, 135, 175, 215, 255)
_CUBE = 16  # The number of the first colour of the cube; the greys follow it.
_GREYS = 232


class Theme(NamedTuple):
    """How each style looks, and on which background it can be read; empty is any."""

    name: str
    looks: Looks
    ground: Literal["", "dark", "light"] = ""


# Where there are no colours: what must be told apart all the same.
MONO: Looks = {
    "": "",
    "bold": "bold",
    "italic": "italic",
    "bold-italic": "bold italic",
    "underline": "underline",
    "strike": "strike",
    "dim": "dim",
    "heading": "bold",
    "code": "",
    "link": "underline",
    "quote": "dim",
    "keyword": "",
    "string": "",
    "comment": "dim",
    "number": "",
    "name": "",
    "type": "",
    "added": "",
    "removed": "",
    "added-word": "bold underline",
    "removed-word": "bold underline",
    "hunk": "dim",
    "gutter": "dim",
    "good": "",
    "bad": "bold",
    "busy": "",
    "warning": "bold",
    "prompt": "bold",
    "user": "bold",
    "thought": "dim",
    "mode": "bold",
    "mode-plan": "bold",
    "status": "dim",
    "title": "bold",
    "border": "dim",
    "key": "bold",
    "selected": "reverse",
    "selection": "reverse",
    "match": "bold underline",
    "cursor": "reverse",
}

# The sixteen colours that every terminal has and lets its user choose: right on any background that they chose.
TERMINAL = Theme(
    "terminal",
    {
        **MONO,
        "heading": "bold magenta",
        "code": "cyan",
        "keyword": "magenta",
        "string": "green",
        "number": "cyan",
        "name": "blue",
        "type": "yellow",
        "added": "green",
        "removed": "red",
        "added-word": "green reverse",
        "removed-word": "red reverse",
        "hunk": "cyan",
        "good": "green",
        "bad": "red",
        "busy": "yellow",
        "warning": "bold yellow",
        "mode": "bold cyan",
        "mode-plan": "bold yellow",
        "key": "cyan",
        "match": "bold yellow",
    },
)
DARK = Theme(
    "dark",
    {
        **MONO,
        "dim": "#8b949e",
        "heading": "bold #d2a8ff",
        "code": "#79c0ff",
        "link": "underline #58a6ff",
        "quote": "#8b949e",
        "keyword": "#ff7b72",
        "string": "#a5d6ff",
        "comment": "italic #8b949e",
        "number": "#79c0ff",
        "name": "#d2a8ff",
        "type": "#ffa657",
        "added": "#7ee787 on #12261e",
        "removed": "#ffa198 on #25171c",
        "added-word": "bold #aff5b4 on #1d572d",
        "removed-word": "bold #ffdcd7 on #792e2e",
        "hunk": "#79c0ff",
        "gutter": "#6e7681",
        "good": "#3fb950",
        "bad": "#ff7b72",
        "busy": "#d29922",
        "warning": "bold #e3b341",
        "prompt": "bold #58a6ff",
        "user": "bold #e6edf3",
        "thought": "italic #8b949e",
        "mode": "bold #56d4dd",
        "mode-plan": "bold #e3b341",
        "status": "#8b949e",
        "title": "bold #e6edf3",
        "border": "#484f58",
        "key": "#79c0ff",
        "selected": "#ffffff on #1f4b82",
        "selection": "on #264f78",
        "match": "bold #e3b341",
    },
    "dark",
)
LIGHT = Theme(
    "light",
    {
        **MONO,
        "dim": "#59636e",
        "heading": "bold #8250df",
        "code": "#0550ae",
        "link": "underline #0969da",
        "quote": "#59636e",
        "keyword": "#cf222e",
        "string": "#0a3069",
        "comment": "italic #59636e",
        "number": "#0550ae",
        "name": "#6639ba",
        "type": "#953800",
        "added": "#116329 on #dafbe1",
        "removed": "#82071e on #ffebe9",
        "added-word": "bold #04260f on #aceebb",
        "removed-word": "bold #4c0614 on #ffcecb",
        "hunk": "#0550ae",
        "gutter": "#6e7781",
        "good": "#1a7f37",
        "bad": "#cf222e",
        "busy": "#9a6700",
        "warning": "bold #7d4e00",
        "prompt": "bold #0969da",
        "user": "bold #1f2328",
        "thought": "italic #59636e",
        "mode": "bold #0b6e75",
        "mode-plan": "bold #7d4e00",
        "status": "#59636e",
        "title": "bold #1f2328",
        "border": "#afb8c1",
        "key": "#0550ae",
        "selected": "#ffffff on #0550ae",
        "selection": "on #b6d7ff",
        "match": "bold #9a6700",
    },
    "light",
)
# No dim text, and colours that differ much from both black and what stands beside them.
CONTRAST = Theme(
    "contrast",
    {
        **MONO,
        "dim": "",
        "quote": "italic",
        "comment": "italic",
        "gutter": "",
        "thought": "italic",
        "status": "",
        "border": "",
        "hunk": "bold bright-cyan",
        "heading": "bold underline",
        "code": "bold",
        "link": "underline bright-cyan",
        "keyword": "bold bright-yellow",
        "string": "bright-green",
        "number": "bright-cyan",
        "name": "bold",
        "type": "bright-yellow",
        "added": "bold bright-green",
        "removed": "bold bright-red underline",
        "added-word": "bold black on bright-green",
        "removed-word": "bold black on bright-red",
        "good": "bold bright-green",
        "bad": "bold bright-red",
        "busy": "bold bright-yellow",
        "warning": "bold black on bright-yellow",
        "mode": "bold bright-cyan",
        "mode-plan": "bold bright-yellow",
        "key": "bold underline",
        "selected": "bold black on bright-white",
        "selection": "bold black on bright-white",
        "match": "bold black on bright-yellow",
    },
    "dark",
)
# The same on a light background, where the bright ones are not to be read.
_DEEP = {"bright-red": "#a00000", "bright-green": "#005000", "bright-yellow": "#5c3d00", "bright-cyan": "#004f5c"}
CONTRAST_LIGHT = Theme(
    "contrast",
    {
        style: look if " on " in look else " ".join(_DEEP.get(word, word) for word in look.split())
        for style, look in CONTRAST.looks.items()
    },
    "light",
)
# Code in what changed: the colour of the code on the background of the change. They follow from the other two.
MIXED: dict[tuple[Style, Style], Style] = {
    ("added", "keyword"): "added-keyword",
    ("added", "string"): "added-string",
    ("added", "comment"): "added-comment",
    ("added", "number"): "added-number",
    ("added", "name"): "added-name",
    ("added", "type"): "added-type",
    ("removed", "keyword"): "removed-keyword",
    ("removed", "string"): "removed-string",
    ("removed", "comment"): "removed-comment",
    ("removed", "number"): "removed-number",
    ("removed", "name"): "removed-name",
    ("removed", "type"): "removed-type",
}
BUILT_IN = {each.name: each for each in (TERMINAL, DARK, LIGHT, CONTRAST)}


def painting(theme: Theme = TERMINAL, depth: Depth = "16", *, has_links: bool = False) -> Paint:
    """What a terminal with so many colours is sent for styles; raises `ValueError` for a look that means nothing."""
    looks = MONO if depth == "none" else theme.looks
    codes = {style: code(looks.get(style, ""), depth) for style in MONO}
    for (side, kind), style in MIXED.items():
        codes[style] = code(_mixed(looks.get(side, ""), looks.get(kind, ""), depth), depth)
    return Paint(codes, has_links=has_links)


def _mixed(side: str, kind: str, depth: Depth) -> str:
    """Code on the background of a change; the change alone where few colours, or none behind it, would hide it."""
    ground = side.partition("on ")[2]
    front = kind.partition("on ")[0].strip()
    return f"{front} on {ground}" if depth == "truecolor" and ground and front else side


@cache
def code(look: str, depth: Depth) -> str:
    """The parameters of SGR for a look; raises `ValueError`, with the word that means nothing."""
    found: list[str] = []
    is_back = False
    for word in look.split():
        if word == "on":
            is_back = True
        elif word in _ATTRIBUTES:
            found.append(str(_ATTRIBUTES[word]))
        elif depth == "none":
            _colour(word)
        else:
            found.append(_parameters(_colour(word), depth, is_back=is_back))
            is_back = False
    return ";".join(found)


def _colour(word: str) -> int | tuple[int, int, int]:
    """A number of the 256, or red, green and blue."""
    plain = word.removeprefix("bright-")
    if plain in _NAMES:
        return _NAMES.index(plain) + (8 if plain != word else 0)
    if word.isascii() and word.isdigit() and int(word) <= 255:  # noqa: PLR2004  # Of the 256.
        return int(word)
    if word.startswith("#") and len(word) == len("#rrggbb"):
        try:
            return int(word[1:3], 16), int(word[3:5], 16), int(word[5:7], 16)
        except ValueError:
            pass
    raise ValueError(word)


def _parameters(colour: int | tuple[int, int, int], depth: Depth, *, is_back: bool) -> str:
    if depth == "truecolor" and not isinstance(colour, int):
        return f"{48 if is_back else 38};2;{';'.join(map(str, colour))}"
    if depth == "16" or (isinstance(colour, int) and colour < _CUBE):
        number = colour if isinstance(colour, int) and colour < _CUBE else _nearest(_light(colour))
        return str((100 if is_back else 90) + number - 8 if number >= 8 else (40 if is_back else 30) + number)  # noqa: PLR2004
    return f"{48 if is_back else 38};5;{colour if isinstance(colour, int) else _of_256(colour)}"


def _light(colour: int | tuple[int, int, int]) -> tuple[int, int, int]:
    """A colour of the 256 as red, green and blue."""
    if not isinstance(colour, int):
        return colour
    if colour < _CUBE:
        return _SIXTEEN[colour]
    if colour >= _GREYS:
        return (8 + 10 * (colour - _GREYS),) * 3
    number = colour - _CUBE
    return _STEPS[number // 36], _STEPS[number // 6 % 6], _STEPS[number % 6]


def _apart(one: tuple[int, int, int], other: tuple[int, int, int]) -> int:
    """How far apart two colours are for an eye, which sees green best."""
    red, green, blue = (a - b for a, b in zip(one, other, strict=True))
    return 3 * red * red + 6 * green * green + blue * blue


def _nearest(colour: tuple[int, int, int]) -> int:
    return min(range(16), key=lambda number: _apart(_SIXTEEN[number], colour))


def _of_256(colour: tuple[int, int, int]) -> int:
    """The nearest of the cube or the greys: the sixteen are whatever the user chose."""
    red, green, blue = (min(range(6), key=lambda step: abs(_STEPS[step] - part)) for part in colour)
    grey = min(max(round((sum(colour) / 3 - 8) / 10), 0), 23)
    candidates = (_CUBE + 36 * red + 6 * green + blue, _GREYS + grey)
    return min(candidates, key=lambda number: _apart(_light(number), colour))
