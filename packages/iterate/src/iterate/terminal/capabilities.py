"""What a terminal can do: told by the environment, and by the terminal itself, which is asked and never waited for.

Answers come with the keys, whenever they come. They never change what was typed, and a terminal that answers nothing
is treated as one that can do little.
"""

import re
from typing import Literal, NamedTuple

from iterate.settings import Emulator, Ground
from iterate.terminal.width import APART, KITTY, OLD_KITTY, OLD_TMUX, TMUX, Habits

type Images = Literal["", "kitty", "iterm2", "sixel"]
type Notice = Literal["bell", "osc9", "osc777", "osc99"]

# Name and version, keys of Kitty, colour of the background, what it passes for; the last one is answered by all.
_FIRST = "\x1b[>0q\x1b[?u\x1b]11;?\x1b\\\x1b[>c\x1b[c"
# Only for a terminal that has told its name: some others print what they do not know of these.
_SYNCHRONIZED, _IMAGES, _LAST = "\x1b[?2026$p", "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\", "\x1b[c"

_NAME = re.compile(r"\x1bP>\|\s*([^\x07\x1b( ]+)[( ]*([^\x07\x1b)]*)")
_KITTY_KEYS = re.compile(r"\x1b\[\?\d+u\Z")
_BACKGROUND = re.compile(r"\x1b\]11;rgba?:([0-9a-fA-F]{1,4})/([0-9a-fA-F]{1,4})/([0-9a-fA-F]{1,4})")
_SECOND = re.compile(r"\x1b\[>(\d+)(?:;(\d+))?(?:;(\d+))?c\Z")
_END = re.compile(r"\x1b\[\?([\d;]*)c\Z")
_MODE = re.compile(r"\x1b\[\?2026;(\d)\$y\Z")
_IMAGE = re.compile(r"\x1b_Gi=31[^;]*;(\w+)")
_SIXEL = "4"


class _Kind(NamedTuple):
    """What is known of a terminal by its name."""

    # What it has is wrapped anew when it gets another width.
    is_reflowing: bool = True
    # Its cursor goes down by what that adds below it too.
    is_sinking: bool = False
    # Empty rows below are kept when rows are wrapped, and others leave the screen at its top.
    is_pushing: bool = False
    # What is marked as a prompt is emptied, for a shell to paint it anew.
    is_emptying: bool = False
    has_links: bool = True
    notice: Notice = "bell"
    images: Images = ""
    has_other_keys: bool = False


_KINDS: dict[str, _Kind] = {
    "kitty": _Kind(is_emptying=True, notice="osc99"),
    "ghostty": _Kind(notice="osc777"),
    "wezterm": _Kind(notice="osc777", images="iterm2"),
    "iterm2": _Kind(notice="osc9", images="iterm2"),
    "foot": _Kind(notice="osc777"),
    "vte": _Kind(notice="osc777"),
    "konsole": _Kind(),
    "xterm.js": _Kind(is_sinking=True),
    "vscode": _Kind(is_sinking=True, images="iterm2"),
    "windows": _Kind(),
    "alacritty": _Kind(),
    "contour": _Kind(),
    "rio": _Kind(),
    "mintty": _Kind(is_reflowing=False, images="iterm2", has_other_keys=True),
    "jediterm": _Kind(),
    "apple": _Kind(has_links=False),
    # Links since 3.4; images and notices only where its user lets them through.
    "tmux": _Kind(is_pushing=True, has_other_keys=True),
    "xterm": _Kind(is_reflowing=False, has_links=False, has_other_keys=True),
    "screen": _Kind(is_reflowing=False, has_links=False),
    "linux": _Kind(is_reflowing=False, has_links=False),
    "rxvt": _Kind(is_reflowing=False, has_links=False),
    "st": _Kind(is_reflowing=False, has_links=False),
}
_UNKNOWN = _Kind(is_reflowing=False, has_links=False)
# What terminals call themselves, where it is not our name.
_CALLED = {"windowsterminal": "windows", "gnome-terminal": "vte", "apple_terminal": "apple", "iterm.app": "iterm2"}
# What those pass for that do not tell their name (the first number of DA2).
_PASSING = {"84": "tmux", "83": "screen", "85": "rxvt", "77": "mintty", "65": "vte", "41": "xterm"}
_PASSING_ALL = {"1;95;0": "apple", "0;276;0": "xterm.js", "0;10;1": "windows"}


class Capabilities(NamedTuple):
    """What is known of a terminal until now."""

    name: str = ""
    version: str = ""
    # Which background it has; empty is unknown.
    ground: Ground = ""
    has_kitty_keys: bool = False
    # Whether it shows a frame at once (mode 2026); None when it did not say.
    is_synchronized: bool | None = None
    has_sixel: bool = False
    has_kitty_images: bool = False
    # Within tmux or screen, which hand on only what they know.
    is_inside: bool = False

    @property
    def _kind(self) -> _Kind:
        return _KINDS.get(self.name, _UNKNOWN)

    @property
    def is_reflowing(self) -> bool:
        """Whether it wraps its rows anew when it gets another width; no where nobody knows, so that nothing is lost."""
        return self._kind.is_reflowing

    @property
    def is_sinking(self) -> bool:
        """Whether its cursor goes down by each row that wrapping anew adds, also below it, as that of xterm.js does."""
        return self._kind.is_sinking

    @property
    def is_pushing(self) -> bool:
        """Whether rows that it wraps push others out at the top though there are empty ones below, as in tmux."""
        return self._kind.is_pushing

    @property
    def is_emptying(self) -> bool:
        """Whether it empties what is marked as a prompt when it gets another size, as Kitty does."""
        return self._kind.is_emptying and not self.is_inside

    @property
    def has_links(self) -> bool:
        """Whether it opens links (OSC 8)."""
        return self._kind.has_links and not (self.name == "tmux" and _before(self.version, (3, 4)))

    @property
    def habits(self) -> Habits:
        """How it counts the columns of what is read as one character."""
        if self.name == "tmux":
            return OLD_TMUX if _before(self.version, (3, 5)) else TMUX
        if self.name == "kitty":
            # Since then it joins what Unicode joins.
            return OLD_KITTY if _before(self.version, (0, 42)) else KITTY
        return APART if self.name in {"xterm", "screen", "linux", "rxvt", "st"} else Habits()

    @property
    def has_other_keys(self) -> bool:
        """Whether it tells ambiguous keys as xterm does, where it has not Kitty's way."""
        return self._kind.has_other_keys and not self.has_kitty_keys

    @property
    def images(self) -> Images:
        """How it shows images."""
        return "kitty" if self.has_kitty_images else self._pixels

    @property
    def lasting_images(self) -> Images:
        """The same on a screen that is painted again and again: Kitty's way only in cells of text."""
        return "kitty" if self.has_cells else self._pixels

    @property
    def _pixels(self) -> Images:
        return self._kind.images or ("sixel" if self.has_sixel else "")

    @property
    def has_cells(self) -> bool:
        """Whether text may say where Kitty's images are drawn: so it is known of Kitty since 0.28 and of Ghostty."""
        is_kitty = self.name == "kitty" and bool(self.version) and not _before(self.version, (0, 28))
        return self.has_kitty_images and (is_kitty or self.name == "ghostty")

    @property
    def notice(self) -> Notice:
        """How somebody is told who looks elsewhere."""
        return self._kind.notice


class Inquiry:
    """What one terminal was asked, and what it has said."""

    def __init__(self, of: Emulator) -> None:
        self.known = Capabilities(of.name, of.version, of.ground, is_inside=of.is_inside)
        self._of = of
        # Rounds of questions whose last answer has not come.
        self._open = 0
        self._is_second = False
        # Whether all of the first round was answered.
        self.has_heard = False

    @property
    def is_open(self) -> bool:
        """Whether an answer is still to come."""
        return self._open > 0

    def questions(self) -> str:
        """What to ask first; nothing where it would be printed."""
        if not self._of.is_askable:
            return ""
        self._open += 1
        return _FIRST

    def take(self, reply: str) -> str:
        """Hear an answer, which may be any; what to ask next."""
        known = self.known
        if found := _NAME.match(reply):
            called = found[1].lower().rstrip("(")
            self.known = known._replace(name=_CALLED.get(called, called), version=found[2].strip())
        elif _KITTY_KEYS.match(reply):
            self.known = known._replace(has_kitty_keys=True)
        elif found := _BACKGROUND.match(reply):
            self.known = known._replace(ground=_ground(found[1], found[2], found[3]))
        elif found := _SECOND.match(reply):
            passing = _PASSING_ALL.get(";".join(found.groups("0"))) or _PASSING.get(found[1], "")
            self.known = known._replace(name=known.name or passing)
        elif found := _MODE.match(reply):
            self.known = known._replace(is_synchronized=found[1] in {"1", "2", "3"})
        elif found := _IMAGE.match(reply):
            self.known = known._replace(has_kitty_images=found[1] == "OK")
        elif found := _END.match(reply):
            self.known = known._replace(has_sixel=known.has_sixel or _SIXEL in found[1].split(";")[1:])
            return self._ended()
        return ""

    def _ended(self) -> str:
        """All answers of a round are there: the second round is only for terminals that can be asked anything."""
        self._open = max(0, self._open - 1)
        self.has_heard = True
        is_known = bool(self.known.version) or self.known.has_kitty_keys
        if self._is_second or not is_known or self.known.name == "apple":
            return ""
        self._is_second = True
        self._open += 1
        # tmux takes an image for a title.
        asks_images = not self.known.is_inside and self.known.name not in {"tmux", "screen", "xterm"}
        return f"{_SYNCHRONIZED}{_IMAGES if asks_images else ''}{_LAST}"


def _ground(*parts: str) -> Ground:
    """Whether a colour is one for light or for dark text, by how bright an eye finds it."""
    red, green, blue = (int(part, 16) / (16 ** len(part) - 1) for part in parts)
    return "light" if 0.299 * red + 0.587 * green + 0.114 * blue > 0.5 else "dark"  # noqa: PLR2004  # In the middle.


def _before(version: str, wanted: tuple[int, int]) -> bool:
    found = re.match(r"(?:next-)?(\d+)\.(\d+)", version)
    return found is not None and (int(found[1]), int(found[2])) < wanted
