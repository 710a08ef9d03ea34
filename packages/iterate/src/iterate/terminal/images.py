"""Images: by the protocol of Kitty or iTerm2, or as sixels, where there is one; else a line of text.

The rows that an image takes are written first, and it is drawn over them from the last one: so nothing scrolls while it
is drawn, and the cursor is back where it was. Below tmux there are only sixels, which tmux itself knows of.
On a screen of its own an album has them.
"""

import binascii
import functools
import struct
import sys
from typing import TYPE_CHECKING, Literal, NamedTuple

from iterate import foreign
from iterate.heard import Heard
from iterate.terminal.flow import Prefix
from iterate.terminal.rows import Row, Span, clipped, row, span
from iterate.terminal.sixel import is_small, sixels

if TYPE_CHECKING:
    from collections.abc import Callable

    from iterate.terminal.album import Album

type Protocol = Literal["kitty", "iterm2", "sixel"]

# Rows and columns that an image takes at most, and its bytes.
ROWS, COLUMNS = 16, 60
MOST = 8 << 20
# Of base64 in one sequence of Kitty's protocol.
_CHUNK = 4096
_INDENT = 4
# Pixels of a cell where nobody says.
USUAL = (10, 20)
_KILO = 1024
_PNG = b"\x89PNG"


class Way(NamedTuple):
    """How a terminal shows images, and how many pixels one of its cells has."""

    protocol: Protocol
    cell: tuple[int, int] = USUAL
    # On a screen that is painted again and again.
    album: "Album | None" = None


class Image(NamedTuple):
    """An image that a call gave."""

    name: str
    data: bytes
    # How large it is, in words.
    told: str = ""


def cell_of(terminal: int) -> tuple[int, int]:
    """The pixels of a cell, by what a terminal says of its size; something usual where it says nothing."""
    if sys.platform == "win32":
        return USUAL
    import fcntl
    import termios

    try:
        told = fcntl.ioctl(terminal, termios.TIOCGWINSZ, bytes(8))
    except OSError:
        return USUAL
    lines, columns, wide, high = struct.unpack("HHHH", told)
    return (wide // columns, high // lines) if columns and lines and wide >= columns and high >= lines else USUAL


def images(part: Heard) -> tuple[Image, ...]:
    """Those of a part that carries them itself."""
    found = []
    for each in part.rows("files"):
        media, url = each.word("media_type"), each.word("url")
        if media.startswith("image/") and url.startswith("data:") and len(url) < MOST:
            try:
                data = binascii.a2b_base64(url.partition(",")[2])
            except ValueError:
                continue
            pixels = size(data)
            told = f"{pixels[0]} x {pixels[1]}, " if pixels else ""
            found.append(Image(foreign.plain(each.word("name")), data, f"{told}{_bytes(len(data))}"))
    return tuple(found)


def drawn(image: Image, way: Way | None, room: int, lines_there: int = 2 * ROWS) -> list[Row]:
    """The rows of an image, a line about it first; in an album half of the lines that there are at most."""
    pixels = size(image.data)
    line = row(span(f"    [{image.name or 'image'}, {image.told}]", "dim"))
    found = [clipped(line, room)]
    if way is None or pixels is None or room <= _INDENT + 2 or not pixels[0] * pixels[1] > 0:
        return found
    most = ROWS if way.album is None else max(1, min(ROWS, lines_there // 2))
    columns, lines = cells(pixels, way.cell, min(COLUMNS, room - _INDENT), most)
    if way.album is not None:
        if not _is_known(image, way.protocol):
            return found
        # Drawn again and again, and read in Python.
        sent: Callable[[int], str] = functools.partial(_sent, image, way, columns, lines)
        sent = functools.cache(sent) if way.protocol == "sixel" else sent
        return [*found, *way.album.rows(image.data, columns, lines, sent, Prefix(" " * _INDENT))]
    sent_here = _sent(image, way, columns, lines)
    if not sent_here:
        return found
    up = f"\x1b[{lines - 1}A" if lines > 1 else ""
    return [*found, *[()] * (lines - 1), (Prefix(" " * _INDENT), Span("", raw=f"\x1b7{up}{sent_here}\x1b8"))]


def _is_known(image: Image, protocol: Protocol) -> bool:
    """Whether that protocol shows it."""
    return protocol == "iterm2" or (image.data[:4] == _PNG and (protocol == "kitty" or is_small(image.data)))


def cells(pixels: tuple[int, int], cell: tuple[int, int], columns: int, most: int = ROWS) -> tuple[int, int]:
    """The columns and rows of an image, in its proportions, and never larger than it is."""
    wide, high = pixels[0] / max(1, cell[0]), pixels[1] / max(1, cell[1])
    scale = min(1.0, columns / wide, most / high)
    return max(1, round(wide * scale)), max(1, round(high * scale))


def size(data: bytes) -> tuple[int, int] | None:
    """The pixels of a PNG, GIF or JPEG, by its first bytes; None for anything else."""
    if data[:8] == b"\x89PNG\r\n\x1a\n" and len(data) >= 24:  # noqa: PLR2004  # Behind the head (RFC 2083).
        wide, high = struct.unpack(">II", data[16:24])
        return int(wide), int(high)
    if data[:4] == b"GIF8" and len(data) >= 10:  # noqa: PLR2004
        wide, high = struct.unpack("<HH", data[6:10])
        return int(wide), int(high)
    if data[:2] == b"\xff\xd8":
        return _jpeg(data)
    return None


def _jpeg(data: bytes) -> tuple[int, int] | None:
    place = 2
    while place + 9 < len(data) and data[place] == 0xFF:  # noqa: PLR2004  # A marker.
        kind = data[place + 1]
        # A frame: SOF0 to SOF15 without DHT, JPG and DAC.
        if kind >> 4 == 0xC and kind not in {0xC4, 0xC8, 0xCC}:  # noqa: PLR2004
            high, wide = struct.unpack(">HH", data[place + 5 : place + 9])
            return int(wide), int(high)
        place += 2 + int(struct.unpack(">H", data[place + 2 : place + 4])[0])
    return None


def _sent(image: Image, way: Way, columns: int, lines: int, number: int = 0) -> str:
    is_png = image.data[:4] == _PNG
    match way.protocol:
        case "kitty" if is_png:
            return _kitty(image.data, columns, lines, number)
        case "iterm2":
            text = binascii.b2a_base64(image.data, newline=False).decode()
            # doNotMoveCursor is of WezTerm; others come back by what is around this.
            told = f"inline=1;size={len(image.data)};width={columns};height={lines};preserveAspectRatio=1"
            return f"\x1b]1337;File={told};doNotMoveCursor=1:{text}\x07"
        case "sixel" if is_png:
            return sixels(image.data, columns * way.cell[0], lines * way.cell[1])
        case _:
            return ""


def _kitty(data: bytes, columns: int, lines: int, number: int = 0) -> str:
    """Sent in pieces; it answers nothing (q=2) and leaves the cursor alone (C=1). By a number it is for cells (U=1)."""
    text = binascii.b2a_base64(data, newline=False).decode()
    pieces = [text[at : at + _CHUNK] for at in range(0, len(text), _CHUNK)]
    found = []
    how = f"i={number},U=1" if number else "C=1"
    for place, piece in enumerate(pieces):
        more = int(place + 1 < len(pieces))
        head = f"a=T,f=100,q=2,{how},c={columns},r={lines},m={more}" if place == 0 else f"m={more},q=2"
        found.append(f"\x1b_G{head};{piece}\x1b\\")
    return "".join(found)


def _bytes(count: int) -> str:
    return f"{count} bytes" if count < _KILO else f"{count / _KILO:.0f} kB"
