"""Remembers which versions were asked for by name, for copies whose receipt belongs to a package manager."""

import json
import os
from contextlib import suppress
from pathlib import Path

from iterate import folders
from iterate.install.copy import Copy

NAME = "pins.json"


def is_pinned(copy: Copy, folder: Path) -> bool:
    """Whether this version of this copy was asked for by its name; one that came otherwise since then was not."""
    return copy.pinned or _pins(folder).get(_key(copy)) == copy.version


def pin(copy: Copy, version: str, folder: Path) -> None:
    """Note that a version of a copy was asked for by its name; with an empty version, that none was any more."""
    pins = _pins(folder)
    changed = {key: each for key, each in {**pins, _key(copy): version}.items() if each}
    if changed == pins:
        return
    fresh = folder / f"{NAME}.{os.getpid()}"
    # What cannot be written is forgotten: then a notice says once more that something newer is there.
    with suppress(OSError):
        folders.make_private(folder)
        try:
            fresh.write_text(json.dumps(changed), encoding="utf-8")
            fresh.replace(folder / NAME)
        finally:
            fresh.unlink(missing_ok=True)


def _key(copy: Copy) -> str:
    return f"{copy.method} {copy.package}"


def _pins(folder: Path) -> dict[str, str]:
    try:
        found = json.loads(folders.read(folder / NAME))
    except (OSError, ValueError, RecursionError):
        return {}
    items = found.items() if isinstance(found, dict) else ()
    return {key: version for key, version in items if isinstance(version, str)}
