"""How chords are spelt: `ctrl+x`, `shift+tab`, `G`, and several after one another with spaces between."""

from typing import Literal

# In this order they are spelt.
HELD = ("ctrl", "alt", "shift", "super", "hyper", "meta")
NAMED = frozenset(
    {
        *("enter", "tab", "backspace", "escape", "space", "up", "down", "left", "right", "home", "end", "pageup"),
        *("pagedown", "insert", "delete", "begin", "menu", "pause", "printscreen"),
        *(f"f{number}" for number in range(1, 36)),
    }
)
LEADER = "leader"
_OTHER = {
    "control": "ctrl",
    "c": "ctrl",
    "option": "alt",
    "opt": "alt",
    "m": "alt",
    "s": "shift",
    "cmd": "super",
    "command": "super",
    "win": "super",
    "return": "enter",
    "cr": "enter",
    "esc": "escape",
    "del": "delete",
    "ins": "insert",
    "bs": "backspace",
    "pgup": "pageup",
    "page-up": "pageup",
    "pgdn": "pagedown",
    "pgdown": "pagedown",
    "page-down": "pagedown",
    "spc": "space",
    "plus": "+",
    "back-tab": "shift+tab",
}
# What Shift makes of a key that is no letter: whoever types it holds Shift already.
SHIFTED = frozenset('~!@#$%^&*()_+{}|:"<>?')
# Keys that a terminal without the protocol of Kitty sends as another one.
TWINS = {
    "ctrl+i": "tab",
    "ctrl+m": "enter",
    "ctrl+[": "escape",
    "ctrl+h": "backspace",
    "ctrl+/": "ctrl+_",
    "ctrl+7": "ctrl+_",
    "ctrl+-": "ctrl+_",
    "ctrl+shift+-": "ctrl+_",
    "ctrl+@": "ctrl+space",
    "ctrl+2": "ctrl+space",
    "ctrl+3": "escape",
    "ctrl+8": "backspace",
    "ctrl+backspace": "ctrl+h",
    "shift+enter": "enter",
    "ctrl+enter": "enter",
    "ctrl+tab": "tab",
    "shift+backspace": "backspace",
    "shift+space": "space",
    "shift+escape": "escape",
}
# What is said of keys otherwise than with a capital letter.
_SPOKEN = {"escape": "Esc", "pageup": "PageUp", "pagedown": "PageDown", "printscreen": "PrintScreen"}
_SPOKEN_WORDS = {LEADER: LEADER}
type Reach = Literal["everywhere", "kitty"]


def spelt(text: str) -> str:
    """A sequence of chords as we spell it; raises ValueError with what is wrong."""
    words = text.split()
    if not words:
        raise ValueError("an empty text is no key")
    return " ".join(chord(word) for word in words)


def chord(word: str) -> str:
    """One chord as we spell it; raises ValueError with what is wrong."""
    if len(word) == 1 or word == LEADER:
        return word
    if word.startswith("^") and len(word) == 2:  # noqa: PLR2004
        word = f"ctrl+{word[1]}"
    cut = "-" if "+" not in word.rstrip("+") and "-" in word[:-1] and word not in _OTHER else "+"
    # The key itself may be what stands between.
    *before, base = [*word[:-2].split(cut), cut] if word.endswith(cut * 2) else word.split(cut)
    held = {_held(each, word) for each in before}
    base = _OTHER.get(base.lower(), base) if len(base) > 1 else base
    if base == "shift+tab":
        held, base = held | {"shift"}, "tab"
    if not base or (len(base) > 1 and base.lower() not in NAMED):
        raise ValueError(f"there is no key {base!r} in {word!r}")
    # With Ctrl people write capitals and mean no Shift; with Alt they are another key, but where all is written so.
    is_small = len(base) > 1 or "ctrl" in held or (cut == "-" and before[0][:1].isupper() and len(before[0]) > 1)
    return joined(held, base.lower() if is_small else base)


def spoken(text: str) -> str:
    """Chords as a person reads them, one spelling everywhere: `ctrl+x ?` is `Ctrl-X ?`, `escape` is `Esc`."""
    return " ".join(_SPOKEN_WORDS.get(word) or _spoken(word) for word in text.split())


def _spoken(word: str) -> str:
    *held, base = _parts(word)
    if not held and len(base) == 1:
        return base
    named = _SPOKEN.get(base) or (base.upper() if len(base) == 1 else base.capitalize())
    return "-".join([*(each.capitalize() for each in held), named])


def joined(held: set[str], base: str) -> str:
    """The name of a key with what is held: letters are small where something is, and Shift is said for them alone."""
    base = "space" if base == " " else base
    if len(base) == 1 and base.isalpha() and held and base.lower() != base:
        held, base = held | {"shift"}, base.lower()
    elif base in SHIFTED:
        held = held - {"shift"}
    if held == {"shift"} and len(base) == 1 and base.isalpha():
        return base.upper()
    return "+".join((*(each for each in HELD if each in held), base))


def _held(name: str, word: str) -> str:
    found = _OTHER.get(name.lower(), name.lower())
    if found not in HELD:
        raise ValueError(f"{name!r} in {word!r} is none of {', '.join(HELD)}")
    return found


def reach(text: str) -> Reach:
    """Whether every terminal sends these chords, or only one with the protocol of Kitty."""
    return "kitty" if any(_reach(word) == "kitty" for word in text.split()) else "everywhere"


def _reach(word: str) -> Reach:
    *before, base = _parts(word)
    held = set(before)
    if word == LEADER or word in {"ctrl+h", "ctrl+_", "ctrl+space"}:
        return "everywhere"
    if base in {"menu", "pause", "printscreen"} or base in {f"f{number}" for number in range(21, 36)}:
        return "kitty"
    if word in TWINS or held & {"super", "hyper", "meta"}:
        return "kitty"
    if base in {"enter", "tab", "backspace", "escape", "space"}:
        is_plain = held <= {"alt"} or (base == "tab" and held == {"shift"}) or (base == "space" and held == {"ctrl"})
        return "everywhere" if is_plain and (base, held) != ("escape", {"alt"}) else "kitty"
    if len(base) == 1:
        has_control = base.isascii() and (base.isalpha() or base in "\\]^_@")
        return "everywhere" if "ctrl" not in held or (has_control and "shift" not in held) else "kitty"
    return "everywhere"


def _parts(word: str) -> list[str]:
    if len(word) == 1:
        return [word]
    return [*word[:-2].split("+"), "+"] if word.endswith("++") else word.split("+")
