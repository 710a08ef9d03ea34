"""What the escape sequences of terminals mean: of xterm and its kin, rxvt, the Linux console, and Kitty."""

from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple

from iterate.config import chords

type Held = Literal["ctrl", "alt", "shift", "super", "hyper", "meta"]
type Deed = Literal["press", "release", "drag", "move", "wheel"]

# Bits of the number that terminals send for what is held; the locks beside them say nothing.
_BITS: tuple[tuple[int, Held], ...] = (
    (4, "ctrl"),
    (2, "alt"),
    (1, "shift"),
    (8, "super"),
    (16, "hyper"),
    (32, "meta"),
)
_MOUSE_BITS: tuple[tuple[int, Held], ...] = ((16, "ctrl"), (8, "alt"), (4, "shift"))
_CAPS_LOCK = 64
_RELEASED = "3"


class Mouse(NamedTuple):
    """What the mouse did, at a column and row that count from 0; `button` of a wheel is where it turned."""

    deed: Deed
    button: str
    column: int
    row: int
    held: tuple[Held, ...] = ()


class Meaning(NamedTuple):
    """What a sequence is: a key as `keys.Key` has it; without a name it is nothing."""

    name: str = ""
    text: str = ""
    mouse: Mouse | None = None


CONTROLS = {
    0x00: "ctrl+space",
    **{code: f"ctrl+{chr(code + 0x60)}" for code in range(0x01, 0x1B)},
    0x09: "tab",
    0x0D: "enter",
    0x1B: "escape",
    0x1C: "ctrl+\\",
    0x1D: "ctrl+]",
    0x1E: "ctrl+^",
    0x1F: "ctrl+_",
    0x7F: "backspace",
}
_LETTERS = {
    "A": "up",
    "B": "down",
    "C": "right",
    "D": "left",
    "E": "begin",
    "F": "end",
    "H": "home",
    "P": "f1",
    "Q": "f2",
    "R": "f3",
    "S": "f4",
}
_NUMBERS = {
    1: "home",
    2: "insert",
    3: "delete",
    4: "end",
    5: "pageup",
    6: "pagedown",
    7: "home",
    8: "end",
    **dict(zip((*range(11, 16), *range(17, 22), 23, 24), (f"f{n}" for n in range(1, 13)), strict=True)),
    **dict(zip((25, 26, 28, 29, 31, 32, 33, 34), (f"f{n}" for n in range(13, 21)), strict=True)),
    57427: "begin",
}
# Keys beside the letters, in application mode.
_PAD = {
    "M": "enter",
    "I": "tab",
    "E": "begin",
    "X": "=",
    **{chr(ord("p") + digit): str(digit) for digit in range(10)},
    "j": "*",
    "k": "+",
    "l": ",",
    "m": "-",
    "n": ".",
    "o": "/",
}
_CODES = {
    9: "tab",
    13: "enter",
    27: "escape",
    32: "space",
    127: "backspace",
    8: "backspace",
    57361: "printscreen",
    57362: "pause",
    57363: "menu",
    **{57376 + n: f"f{13 + n}" for n in range(23)},
    57414: "enter",
    **dict(
        zip(
            range(57417, 57428),
            (
                "left",
                "right",
                "up",
                "down",
                "pageup",
                "pagedown",
                "home",
                "end",
                "insert",
                "delete",
                "begin",
            ),
            strict=True,
        )
    ),
}
_PAD_TEXT = {
    **{57399 + n: str(n) for n in range(10)},
    57409: ".",
    57410: "/",
    57411: "*",
    57412: "-",
    57413: "+",
    57415: "=",
    57416: ",",
}
# Codes of keys that say nothing by themselves: locks, media, what is held.
_PRIVATE = range(57344, 63744)
_BUTTONS = {0: "left", 1: "middle", 2: "right"}
_WHEEL = {0: "up", 1: "down", 2: "left", 3: "right"}
_REPLIES = frozenset("cntxy")
# Keys that stand for themselves with anything held.
MOVABLE = frozenset({*_LETTERS.values(), *_NUMBERS.values()})


def chord(base: str, held: Iterable[str]) -> str:
    """The name of a key with what is held, always in the same order; letters are small, and Shift is said."""
    return chords.joined(set(held), base)


def with_alt(name: str) -> str:
    """The same key with Alt."""
    *held, base = name.split("+")
    return chord(base, (*held, "alt"))


def control(numbers: str, between: str, final: str) -> Meaning:
    """What follows `ESC [`."""
    if numbers.startswith("<") and final in "Mm":
        return _mouse(numbers[1:], is_release=final == "m")
    if numbers[:1] in {"?", ">", "=", "<"} or between or final in _REPLIES:
        return Meaning("reply")
    fields = numbers.split(";")
    if final in _FINALS:
        return _FINALS[final](fields)
    if final in _LETTERS:
        return _key(_LETTERS[final], fields)
    return Meaning() if numbers else _BARE.get(final, Meaning())


def single(held: str, letter: str) -> Meaning:
    """What follows `ESC O`."""
    if letter in _LETTERS and letter != "E":
        return Meaning(chord(_LETTERS[letter], _held(int(held or 1) - 1)))
    if letter in "abcd":
        return Meaning(chord(_LETTERS[letter.upper()], ("ctrl",)))
    name = _PAD.get(letter, "")
    return Meaning("text", name) if len(name) == 1 else Meaning(name)


def rxvt(number: int, final: str) -> str:
    """A key of rxvt, which says what is held by the end."""
    held = {"$": ("shift",), "^": ("ctrl",), "@": ("ctrl", "shift")}[final]
    return chord(_NUMBERS[number], held) if number in _NUMBERS else ""


def old_mouse(content: bytes) -> Mouse | None:
    """The old form: a button and a place, each 32 too high."""
    code, column, row = content
    return _mouse(f"{code - 32};{column - 32};{row - 32}", is_release=False).mouse


def _number(fields: list[str], place: int, otherwise: int = 1) -> int:
    text = fields[place].partition(":")[0] if place < len(fields) else ""
    return int(text) if text.isdigit() and len(text) < 8 else otherwise  # noqa: PLR2004


def _held(bits: int) -> tuple[Held, ...]:
    return tuple(name for bit, name in _BITS if bits & bit)


def _key(base: str, fields: list[str], held: tuple[Held, ...] = ()) -> Meaning:
    """A key with what is held in the second field, and behind a colon whether it was let go."""
    state = fields[1] if len(fields) > 1 else ""
    if state.partition(":")[2] == _RELEASED:
        return Meaning()
    return Meaning(chord(base, (*held, *_held(max(0, _number(fields, 1) - 1)))))


def _numbered(fields: list[str]) -> Meaning:
    number = _number(fields, 0, 0)
    if number == 27 and len(fields) == 3:  # noqa: PLR2004
        # Of xterm's modifyOtherKeys.
        return _kitty([fields[2], fields[1]])
    if number == 200:  # noqa: PLR2004
        return Meaning("paste-begin")
    # Kitty's F3, which must not be taken for the place of a cursor.
    name = "f3" if number == 13 else _NUMBERS.get(number, "")  # noqa: PLR2004
    return _key(name, fields) if name else Meaning()


def _third(fields: list[str]) -> Meaning:
    """A function key with something held, or the place of the cursor, which is told in the same way."""
    is_key = _number(fields, 0) == 1 and 2 <= _number(fields, 1) <= 16  # noqa: PLR2004
    return _key("f3", fields) if is_key else Meaning("reply")


def _old_wheel(fields: list[str]) -> Meaning:
    """The mouse of rxvt, its button 32 too high."""
    return _mouse(";".join((str(_number(fields, 0) - 32), *fields[1:])), is_release=False)


def _kitty(fields: list[str]) -> Meaning:
    """`code:shifted:base ; held:event ; text`, all but the code optional."""
    codes = fields[0].split(":")
    code = _number(codes, 0, 0)
    state = fields[1] if len(fields) > 1 else ""
    if state.partition(":")[2] == _RELEASED:
        return Meaning()
    bits = max(0, _number(fields, 1) - 1)
    held = _held(bits)
    text = "".join(_character(each) for each in fields[2].split(":")) if len(fields) > 2 else ""  # noqa: PLR2004
    if text and not {"ctrl", "super", "hyper", "meta"} & set(held):
        return Meaning("text", text)
    if code in _CODES and not (code == 32 and set(held) <= {"shift"}):  # noqa: PLR2004
        return Meaning(chord(_CODES[code], held))
    base = _PAD_TEXT.get(code, "") or ("" if code in _PRIVATE else _character(str(code)))
    if not base:
        return Meaning()
    shifted = _character(codes[1]) if len(codes) > 1 else ""
    if set(held) <= {"shift"}:
        return Meaning("text", _shifted(base, shifted, bits))
    if not base.isascii() and len(codes) > 2:  # noqa: PLR2004
        # The same key on a keyboard with Latin letters.
        base = _character(codes[2]) or base
    elif shifted in chords.SHIFTED and "shift" in held:
        base = shifted
    return Meaning(chord(base, held))


def _shifted(base: str, shifted: str, bits: int) -> str:
    if bits & 1:
        return shifted or base.upper()
    return base.upper() if bits & _CAPS_LOCK and base.isalpha() else base


def _character(code: str) -> str:
    if not code.isdigit() or len(code) > 7:  # noqa: PLR2004
        return ""
    number = int(code)
    is_control = number < 0x20 or 0x7F <= number < 0xA0  # noqa: PLR2004
    is_none = is_control or 0xD800 <= number < 0xE000 or number > 0x10FFFF  # noqa: PLR2004
    return "" if is_none else chr(number)


def _mouse(fields: str, *, is_release: bool) -> Meaning:
    numbers = [int(each) if each.lstrip("-").isdigit() and len(each) < 8 else 0 for each in fields.split(";")]  # noqa: PLR2004
    if len(numbers) != 3:  # noqa: PLR2004
        return Meaning()
    code, column, row = numbers
    held: tuple[Held, ...] = tuple(name for bit, name in _MOUSE_BITS if code & bit)
    button, deed = _deed(code, is_release=is_release)
    return Meaning("mouse", "", Mouse(deed, button, max(0, column - 1), max(0, row - 1), held))


def _deed(code: int, *, is_release: bool) -> tuple[str, Deed]:
    low = code & 3
    if code & 64:
        return _WHEEL[low], "wheel"
    button = f"button{8 + low}" if code & 128 else _BUTTONS.get(low, "")
    if code & 32:
        return button, "drag" if button else "move"
    return button, "release" if is_release or not button else "press"


_FINALS: dict[str, Callable[[list[str]], Meaning]] = {
    "u": _kitty,
    "~": _numbered,
    "R": _third,
    "Z": lambda fields: _key("tab", fields, ("shift",)),
    "^": lambda fields: Meaning(rxvt(_number(fields, 0), "^")),
    "@": lambda fields: Meaning(rxvt(_number(fields, 0), "@")),
    "M": _old_wheel,
}
# Without a number before them.
_BARE = {
    "I": Meaning("focus"),
    "O": Meaning("blur"),
    **{letter: Meaning(f"shift+{_LETTERS[letter.upper()]}") for letter in "abcd"},
}
