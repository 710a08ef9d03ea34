"""An earlier rehearsal on a local site, cleared for what comes now; refuses what it cannot prove to be one.

A rehearsal (stand-ins, or uncommitted changes) has the version of its commit, and so has the real release of
that commit later. Published versions never change, but a rehearsal was never published to anybody: it leaves
a marker with the digests of its archives, and while the archives still are those, another release may take
its place.
"""

import json
import shutil
from pathlib import Path

from release import disk
from release.model import Release

MARKER = "rehearsal.json"


def clear(release: Release, site: Path) -> None:
    """Remove the version's folder from the site if it holds an untouched rehearsal, unless this is the same one.

    Raises:
        WriteError: the folder cannot be removed.
    """
    folder = site / release.plan.version.tag
    recorded = _recorded(folder)
    wanted = {artifact.file: artifact.sha256 for artifact in release.artifacts}
    # A real release of the same bytes clears it too, or the marker would stay and let it be replaced.
    if recorded is None or (release.rehearsal and recorded == wanted):
        return
    there = {path.name: path for path in folder.iterdir() if path.name in recorded}
    if all(disk.sha256(path) == recorded[name] for name, path in there.items()):
        with disk.guarded(folder):
            shutil.rmtree(folder)


def marker(release: Release) -> bytes:
    """The marker of a rehearsal: its archives and their digests."""
    digests = {artifact.file: artifact.sha256 for artifact in release.artifacts}
    return (json.dumps(digests, indent=2, sort_keys=True) + "\n").encode()


def _recorded(folder: Path) -> dict[str, str] | None:
    try:
        recorded = json.loads((folder / MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(recorded, dict):
        return None
    return {str(name): str(digest) for name, digest in recorded.items()}
