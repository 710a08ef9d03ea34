"""Takes files that go with a prompt into it, so that a session reads the same wherever and whenever it is read."""

import asyncio
import base64
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from msgspec.structs import replace

from iterate.errors import FileUnusable
from iterate.events import FilePart

# All files of one prompt together.
LIMIT_BYTES = 5 << 20
# By the end of a name; everything else is text, or of no kind that a model reads.
KINDS = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".pdf": "application/pdf",
}


async def taken(files: Sequence[FilePart]) -> tuple[FilePart, ...]:
    """The files, those on this machine read; raises `FileUnusable`, which names the file."""
    return await asyncio.to_thread(_taken, files) if files else ()


def _taken(files: Sequence[FilePart]) -> tuple[FilePart, ...]:
    left = LIMIT_BYTES
    found: list[FilePart] = []
    for file in files:
        scheme = file.url.partition(":")[0].lower()
        part = _read(file, left) if scheme == "file" else file
        if scheme not in ("file", "data"):
            raise FileUnusable(f"{file.name}: the address of a file begins with file: or data:, not {scheme[:20]!r}")
        left -= len(part.url) * 3 // 4
        if left < 0:
            raise FileUnusable(f"{file.name}: the files of a prompt are larger than {LIMIT_BYTES} bytes together")
        found.append(part)
    return tuple(found)


def _read(file: FilePart, most: int) -> FilePart:
    path = Path(unquote(urlsplit(file.url).path))
    if not path.is_absolute():
        raise FileUnusable(f"{file.url} names no absolute path")
    content = _content(path, most)
    kind = KINDS.get(path.suffix.lower(), file.media_type)
    if not kind.startswith(("image/", "application/pdf")):
        if b"\0" in content:
            raise FileUnusable(f"{path} is neither text nor an image that models read")
        kind = "text/plain"
    url = f"data:{kind};base64,{base64.b64encode(content).decode()}"
    return replace(file, name=file.name or path.name, media_type=kind, url=url)


def _content(path: Path, most: int) -> bytes:
    try:
        # A pipe of that name is opened without waiting for its other end.
        with os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as opened:
            if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
                raise FileUnusable(f"{path} is no file")
            content = opened.read(most + 1)
    except (OSError, ValueError) as problem:
        raise FileUnusable(f"{path} cannot be read: {getattr(problem, 'strerror', None) or problem}") from problem
    if len(content) > most:
        raise FileUnusable(f"{path}: the files of a prompt are larger than {LIMIT_BYTES} bytes together")
    return content
