"""Takes files that go with a prompt into it, so that a session reads the same wherever and whenever it is read."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from iterate.errors import FileUnusable
from iterate.events import FilePart, PromptPart

# All files of one prompt together, as they are stored.
LIMIT_BYTES = 20 << 20


class Taken(Struct, frozen=True, kw_only=True):
    """Parts of a prompt, and the files that the model has read whole with them."""

    parts: tuple[PromptPart, ...] = ()
    read: tuple[tuple[Path, bytes], ...] = ()


async def taken(text: str, files: Sequence[FilePart], directory: str, home: str) -> Taken:
    """Files that go beside a prompt, and those that its text names as `@path`; raises `FileUnusable`, which says which.

    A file: URL is read here. A data: URL is taken as it is.
    """
    if not files and "@" not in text:
        return Taken()
    return await asyncio.to_thread(_taken, text, files, directory, home)


def _taken(text: str, files: Sequence[FilePart], directory: str, home: str) -> Taken:
    from urllib.parse import unquote, urlsplit

    from iterate.tools import attach

    parts: list[PromptPart] = []
    paths: list[str] = []
    for file in files:
        scheme = file.url.partition(":")[0].lower()
        if scheme == "file":
            paths.append(unquote(urlsplit(file.url).path))
        elif scheme == "data":
            parts.append(file)
        else:
            raise FileUnusable(f"{file.name}: the address of a file begins with file: or data:, not {scheme[:20]!r}")
    if directory:
        paths += [path for path in attach.mentioned(text, Path(directory), home) if path not in paths]
    read: list[tuple[Path, bytes]] = []
    seen: set[Path] = set()
    for path in paths:
        try:
            found = attach.attached(path, Path(directory or "/"), home)
        except attach.NotAttached as problem:
            raise FileUnusable(str(problem)) from problem
        if found.path in seen:
            continue  # It was named in two ways, as by a command and by its text.
        seen.add(found.path)
        parts.append(found.part)
        if found.content is not None:
            read.append((found.path, found.content))
    if sum(len(part.url if isinstance(part, FilePart) else part.text) for part in parts) > LIMIT_BYTES:
        raise FileUnusable(f"the files of this prompt are larger than {LIMIT_BYTES >> 20} MiB together")
    return Taken(parts=tuple(parts), read=tuple(read))
