"""Images: what each protocol is sent, that they fit, and that what is no image is a line of text."""

import base64
import re
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iterate.heard import Heard
from iterate.terminal import images, rows
from iterate.terminal.images import Image, Protocol, Way


def png(lines: list[list[tuple[int, ...]]], kind: int, way: int = 0, palette: bytes = b"") -> bytes:
    """A PNG of these pixels, each line told by the same filter."""
    step = len(lines[0][0])
    before = [0] * (step * len(lines[0]))
    packed = b""
    for line in lines:
        raw = [sample for pixel in line for sample in pixel]
        told = []
        for at, value in enumerate(raw):
            left, corner = (raw[at - step], before[at - step]) if at >= step else (0, 0)
            above = before[at]
            guess = left + above - corner
            near = min((abs(guess - left), 0, left), (abs(guess - above), 1, above), (abs(guess - corner), 2, corner))
            told.append((value - [0, left, above, (left + above) // 2, near[2]][way]) & 255)
        packed += bytes([way, *told])
        before = raw
    head = struct.pack(">IIBBBBB", len(lines[0]), len(lines), 8, kind, 0, 0, 0)
    found = b"\x89PNG\r\n\x1a\n"
    for name, body in ((b"IHDR", head), (b"PLTE", palette), (b"IDAT", zlib.compress(packed)), (b"IEND", b"")):
        found += struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
    return found


def unsixel(text: str) -> list[list[tuple[int, int, int] | None]]:
    """The pixels of a sixel sequence, colours in percent."""
    found = re.fullmatch(r'\x1bP0;1;0q"1;1;(\d+);(\d+)(.*)\x1b\\', text, re.DOTALL)
    assert found is not None
    wide, high = int(found[1]), int(found[2])
    picture: list[list[tuple[int, int, int] | None]] = [[None] * wide for _ in range(high)]
    colours: dict[int, tuple[int, int, int]] = {}
    now = x = y = 0
    for piece in re.finditer(r"#(\d+);2;(\d+);(\d+);(\d+)|#(\d+)|!(\d+)(.)|(\$)|(-)|([?-~])", found[3]):
        if piece[1]:
            colours[int(piece[1])] = (int(piece[2]), int(piece[3]), int(piece[4]))
        elif piece[5]:
            now = int(piece[5])
        elif piece[8]:
            x = 0
        elif piece[9]:
            x, y = 0, y + 6
        else:
            for _ in range(int(piece[6] or 1)):
                bits = ord(piece[7] or piece[10]) - 63
                for at in range(6):
                    if bits >> at & 1:
                        picture[y + at][x] = colours[now]
                x += 1  # noqa: SIM113  # It begins anew in between.
    return picture


RED, BLUE = (255, 0, 0), (0, 0, 255)
SQUARE = [[RED if (x + y) % 3 else BLUE for x in range(20)] for y in range(14)]


@pytest.mark.parametrize("way", range(5))
def test_sixels_have_the_pixels_of_the_png_whatever_its_filters(way: int) -> None:
    sent = images.drawn(Image("a", png([list(line) for line in SQUARE], 2, way)), Way("sixel", (1, 1)), 80)[-1]
    picture = unsixel(sent[-1].raw.removeprefix("\x1b7\x1b[13A").removesuffix("\x1b8"))
    assert picture == [[tuple(each * 100 // 255 for each in pixel) for pixel in line] for line in SQUARE]


def test_what_is_seen_through_and_palettes_are_read() -> None:
    clear = png([[(255, 0, 0, 255), (1, 2, 3, 0)]], 6)
    sent = images.drawn(Image("a", clear), Way("sixel", (1, 1)), 80)[-1][-1].raw
    assert unsixel(sent[2:-2])[0] == [(100, 0, 0), None]
    palette = png([[(1,), (0,)]], 3, palette=bytes([*RED, *BLUE]))
    sent = images.drawn(Image("a", palette), Way("sixel", (1, 1)), 80)[-1][-1].raw
    assert unsixel(sent[2:-2])[0] == [(0, 0, 100), (100, 0, 0)]


def test_kitty_gets_the_file_in_pieces_and_as_many_rows_as_are_left_free() -> None:
    data = png([[(x * 7 % 256, y * 13 % 256, x * y % 256) for x in range(200)] for y in range(160)], 2)
    found = images.drawn(Image("a.png", data, "200 x 160, 1 kB"), Way("kitty", (10, 20)), 80)
    assert rows.plain(found[0]) == "    [a.png, 200 x 160, 1 kB]"
    assert len(found) == 1 + 8
    raw = found[-1][-1].raw
    assert raw.startswith("\x1b7\x1b[7A\x1b_Ga=T,f=100,q=2,C=1,c=20,r=8,m=1;")
    assert raw.endswith("\x1b\\\x1b8")
    pieces = re.findall(r"\x1b_G[^;]*;([^\x1b]*)\x1b\\", raw)
    assert len(pieces) > 1
    assert max(map(len, pieces)) <= 4096
    assert base64.b64decode("".join(pieces)) == data
    assert not any(each.text.strip() for row in found[1:] for each in row)


def test_iterm_gets_other_formats_too_and_kitty_a_line_of_them() -> None:
    gif = b"GIF89a" + struct.pack("<HH", 30, 20) + b"\0" * 20
    found = images.drawn(Image("a.gif", gif), Way("iterm2", (10, 20)), 80)
    assert "]1337;File=inline=1;size=30;width=3;height=1;" in found[-1][-1].raw
    assert len(images.drawn(Image("a.gif", gif), Way("kitty", (10, 20)), 80)) == 1
    assert images.size(b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x11\x08\x00\x10\x00\x20" + b"\0" * 9) == (32, 16)


@pytest.mark.parametrize("protocol", ["kitty", "iterm2", "sixel"])
@settings(deadline=None)
@given(st.binary(max_size=60), st.integers(1, 90))
def test_what_is_no_image_is_a_line(protocol: Protocol, data: bytes, room: int) -> None:
    for text in (data, b"\x89PNG\r\n\x1a\n" + data, b"\xff\xd8" + data, b"GIF8" + data):
        for each in images.drawn(Image("x\x1b[2J", text), Way(protocol), room):
            assert rows.columns(each) <= room


def test_images_of_a_call_are_shown_once_and_not_kept() -> None:
    url = f"data:image/png;base64,{base64.b64encode(png([[RED]], 2)).decode()}"
    files = [
        {"name": "a.png", "media_type": "image/png", "url": url},
        {"name": "b", "media_type": "text/x", "url": url},
    ]
    found = images.images(Heard("", "", {"files": files}))
    assert [(each.name, each.told) for each in found] == [("a.png", f"1 x 1, {len(png([[RED]], 2))} bytes")]
    assert images.images(Heard("", "", {"files": [{**files[0], "url": "data:image/png;base64,%"}]}))[0].data == b""
