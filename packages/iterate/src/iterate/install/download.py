"""Gets a file of a known size and SHA-256 from the first of its addresses that gives it."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from iterate.errors import SiteNotTrusted, SiteUnreachable
from iterate.install.network import Door, Pace

# A whole archive, in seconds; a drip is noticed earlier.
PATIENCE_S = 1800.0

type Progress = Callable[[str, int, int], None]
"""Called with the name of the file, the bytes that came, and all that will come."""


def silent(_file: str, _received: int, _size: int) -> None:
    """Show nothing."""


def download(
    door: Door, urls: tuple[str, ...], into: Path, *, size: int, sha256: str, progress: Progress = silent
) -> None:
    """Get a file from one of its addresses, the first one first.

    Raises:
        SiteNotTrusted: An address gave another file than the signed one, and none gave that.
        SiteUnreachable: No address gave it.
        OSError: It cannot be written.
    """
    problems: list[SiteUnreachable | SiteNotTrusted] = []
    for url in urls:
        try:
            _get(door, url, into, size, sha256, progress)
        except (SiteUnreachable, SiteNotTrusted) as problem:
            problems.append(problem)
        else:
            return
    worst = next((each for each in problems if isinstance(each, SiteNotTrusted)), problems[0])
    others = "".join(f"\n  {each}" for each in problems if each is not worst)
    raise type(worst)(f"{worst}{others}", worst.hint)


def _get(door: Door, url: str, into: Path, size: int, sha256: str, progress: Progress) -> None:
    digest, received = hashlib.sha256(), 0
    with into.open("wb") as file:
        for piece in door.pieces(url, size, Pace(PATIENCE_S)):
            digest.update(piece)
            file.write(piece)
            received += len(piece)
            progress(into.name, received, size)
        file.flush()
        os.fsync(file.fileno())
    if received != size or digest.hexdigest() != sha256:
        raise SiteNotTrusted(f"{url} is another file than the one that was signed for")
