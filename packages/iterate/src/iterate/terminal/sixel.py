"""Small PNG images as sixels, in 216 colours: read with what Python has, so only as far as that is quick."""

import struct
import zlib

# Pixels that are read at most: in Python a thousand take a millisecond or so.
MOST = 120_000
# Samples of a pixel by the colour type of PNG: grey, true colour, palette, grey and alpha, true colour and alpha.
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_EIGHT = 8
# Levels of each colour, as in the cube of 216.
_LEVELS = 6


def sixels(data: bytes, wide: int, high: int) -> str:
    """The sequence that draws it with so many pixels at most; empty where this PNG is not read here."""
    try:
        read = _read(data)
    except (zlib.error, struct.error, IndexError, ValueError):
        return ""
    if read is None:
        return ""
    lines, width = read
    scale = min(1.0, wide / width, high / len(lines))
    columns, count = max(1, int(width * scale)), max(1, int(len(lines) * scale))
    across = [int(at / scale) for at in range(columns)]
    picture = [[line[min(at, width - 1)] for at in across] for line in (lines[int(at / scale)] for at in range(count))]
    return _drawn(picture, columns)


def is_small(data: bytes) -> bool:
    """Whether a PNG is one that is read here, by its head."""
    try:
        wide, high, depth, kind, _, _, is_interlaced = struct.unpack(">IIBBBBB", data[16:29])
    except struct.error:
        return False
    return depth == _EIGHT and not is_interlaced and kind in _SAMPLES and 0 < wide * high <= MOST


def _drawn(picture: list[list[int]], columns: int) -> str:
    used = sorted({each for line in picture for each in line if each >= 0})
    found = [f'\x1bP0;1;0q"1;1;{columns};{len(picture)}']
    step = 100 // (_LEVELS - 1)
    for colour in used:
        red, rest = divmod(colour, _LEVELS * _LEVELS)
        green, blue = divmod(rest, _LEVELS)
        found.append(f"#{colour};2;{red * step};{green * step};{blue * step}")
    for top in range(0, len(picture), 6):
        band = picture[top : top + 6]
        bits: dict[int, list[int]] = {}
        for number, line in enumerate(band):
            for at, colour in enumerate(line):
                if colour >= 0:
                    bits.setdefault(colour, [0] * columns)[at] |= 1 << number
        found.append("$".join(f"#{colour}{_packed(row)}" for colour, row in bits.items()))
        found.append("-")
    found.append("\x1b\\")
    return "".join(found)


def _packed(row: list[int]) -> str:
    """One colour of six lines, runs as their count."""
    found: list[str] = []
    at = 0
    while at < len(row):
        end = at
        while end < len(row) and row[end] == row[at]:
            end += 1
        mark = chr(63 + row[at])
        found.append(f"!{end - at}{mark}" if end - at > 3 else mark * (end - at))  # noqa: PLR2004  # Else it is longer.
        at = end
    return "".join(found)


def _read(data: bytes) -> tuple[list[list[int]], int] | None:
    """The lines of a PNG, each pixel as its number in the cube of colours, -1 where it is seen through."""
    if not is_small(data):
        return None
    wide, high, _, kind, _, _, _ = struct.unpack(">IIBBBBB", data[16:29])
    place, packed, palette, clear = 8, b"", b"", b""
    while place + 8 <= len(data):
        length, name = struct.unpack(">I4s", data[place : place + 8])
        body = data[place + 8 : place + 8 + length]
        match name:
            case b"IDAT":
                packed += body
            case b"PLTE":
                palette = body
            case b"tRNS":
                clear = body
            case _:
                pass
        place += 12 + length
    samples = _SAMPLES[kind]
    reader = zlib.decompressobj()
    text = reader.decompress(packed, high * (wide * samples + 1))
    return [_pixels(line, kind, palette, clear) for line in _unfiltered(text, wide * samples, high, samples)], wide


def _unfiltered(text: bytes, size: int, high: int, step: int) -> list[bytearray]:
    """The lines as they were before each was told by its neighbours (PNG, section 9)."""
    lines: list[bytearray] = []
    before = bytearray(size)
    for number in range(high):
        begin = number * (size + 1)
        way, line = text[begin], bytearray(text[begin + 1 : begin + 1 + size])
        match way:
            case 1:
                for at in range(step, size):
                    line[at] = (line[at] + line[at - step]) & 255
            case 2:
                line = bytearray((now + above) & 255 for now, above in zip(line, before, strict=True))
            case 3:
                for at in range(size):
                    left = line[at - step] if at >= step else 0
                    line[at] = (line[at] + (left + before[at]) // 2) & 255
            case 4:
                _paeth(line, before, step)
            case _:
                pass
        lines.append(line)
        before = line
    return lines


def _paeth(line: bytearray, before: bytearray, step: int) -> None:
    for at in range(len(line)):
        left = line[at - step] if at >= step else 0
        corner = before[at - step] if at >= step else 0
        above = before[at]
        a, b, c = abs(above - corner), abs(left - corner), abs(left + above - 2 * corner)
        nearest = left if a <= b and a <= c else above if b <= c else corner
        line[at] = (line[at] + nearest) & 255


def _pixels(line: bytearray, kind: int, palette: bytes, clear: bytes) -> list[int]:
    if kind == 3:  # noqa: PLR2004  # A palette.
        colours = [
            -1 if at < len(clear) and clear[at] < 128 else _cube(*palette[3 * at : 3 * at + 3])  # noqa: PLR2004
            for at in range(len(palette) // 3)
        ]
        return [colours[each] for each in line]
    samples = _SAMPLES[kind]
    found = []
    for at in range(0, len(line), samples):
        one = line[at : at + samples]
        is_clear = samples in {2, 4} and one[-1] < 128  # noqa: PLR2004
        found.append(-1 if is_clear else _cube(*one[:3]) if samples > 2 else _cube(one[0], one[0], one[0]))  # noqa: PLR2004
    return found


def _cube(red: int, green: int, blue: int) -> int:
    return ((red * 5 + 127) // 255 * 6 + (green * 5 + 127) // 255) * 6 + (blue * 5 + 127) // 255
