"""How large an image is, in pixels, by what it begins with."""

import base64
import binascii
import struct

# Of base64, in characters: photographs hold much else before their size.
_BEGINNING = 1 << 18
_JPEG, _MARK = b"\xff\xd8", 0xFF
# Start of frame, and what has such a number and is something else.
_FRAMES, _NO_FRAMES = range(0xC0, 0xD0), (0xC4, 0xC8, 0xCC)


def longest_side(encoded: str) -> int:
    """The longer side of an image in base64; 0 where its beginning does not say."""
    try:
        content = base64.b64decode(encoded[:_BEGINNING])
        return max(_sides(content))
    except (binascii.Error, struct.error, IndexError):
        return 0


def _sides(content: bytes) -> tuple[int, int]:
    if content.startswith(b"\x89PNG"):
        width, height = struct.unpack_from(">II", content, 16)
    elif content.startswith(b"GIF8"):
        width, height = struct.unpack_from("<HH", content, 6)
    elif content.startswith(_JPEG):
        width, height = _of_jpeg(content)
    elif content[8:12] == b"WEBP":
        width, height = _of_webp(content)
    else:
        width, height = 0, 0
    return width, height


def _of_jpeg(content: bytes) -> tuple[int, int]:
    """Walk over the segments to the frame."""
    place = len(_JPEG)
    while content[place] == _MARK:
        kind, size = struct.unpack_from(">BH", content, place + 1)
        if kind == _MARK:
            # Filling.
            place += 1
        elif kind in _FRAMES and kind not in _NO_FRAMES:
            height, width = struct.unpack_from(">HH", content, place + 5)
            return width, height
        else:
            place += 2 + size
    return 0, 0


def _of_webp(content: bytes) -> tuple[int, int]:
    match content[12:16]:
        case b"VP8X":
            return 1 + int.from_bytes(content[24:27], "little"), 1 + int.from_bytes(content[27:30], "little")
        case b"VP8L":
            bits = int.from_bytes(content[21:25], "little")
            return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        case b"VP8 ":
            width, height = struct.unpack_from("<HH", content, 26)
            return width & 0x3FFF, height & 0x3FFF
        case _:
            return 0, 0
