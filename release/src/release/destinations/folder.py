"""A folder of static files; writes only what differs, each file whole, with the release's time."""

import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from release import disk
from release.destinations.seen import need_unchanged
from release.errors import ArtifactChangedError
from release.model import File, Seen, State

STALE = 3600.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A folder that a web server can serve; `mtime` in seconds since 1970 for what is written."""

    root: Path
    mtime: int

    def check(self) -> None:
        """Make the folder, and clear what a killed run left half-written; what is young may be another run's."""
        with disk.guarded(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
            for left in self.root.rglob(f".*{disk.PARTIAL}"):
                # A folder of this name is a repository half made, and its own place's matter.
                if left.is_file() and left.stat().st_mtime < time.time() - STALE:
                    left.unlink(missing_ok=True)

    def look(self, files: tuple[File, ...]) -> dict[str, State]:
        """Compare by content, archives by their digest."""
        with disk.guarded(self.root):
            return {file.path: self._state(file) for file in files}

    def read(self, path: str) -> bytes | None:
        """The content of a file."""
        with disk.guarded(self.root):
            return (self.root / path).read_bytes() if (self.root / path).is_file() else None

    def _state(self, file: File) -> State:
        path = self.root / file.path
        if not path.is_file():
            return State.ABSENT
        if isinstance(file.content, bytes):
            return _state(same=path.read_bytes() == file.content)
        return _state(same=disk.sha256(path) == file.sha256)

    def push(self, files: tuple[File, ...], message: str, seen: Seen | None = None) -> str:
        """Write the files that are not there yet, or differ.

        Raises:
            PlaceChangedError: something else stands there than was `seen`.
        """
        del message
        need_unchanged(self.read, seen)
        states = self.look(files)
        wanted = [file for file in files if states[file.path] is not State.SAME]
        for file in wanted:
            self._write(file)
        return f"{len(wanted)} of {len(files)} files"

    def _write(self, file: File) -> None:
        path = self.root / file.path
        if isinstance(file.content, bytes):
            disk.write(path, file.content, mtime=self.mtime, mode=file.mode)
            return
        with disk.replacing(path) as partial:
            shutil.copyfile(file.content, partial)
            if disk.sha256(partial) != file.sha256:
                raise ArtifactChangedError(
                    f"{file.content} changed after it was hashed", hint="build that target and merge again"
                )
            partial.chmod(file.mode)
            os.utime(partial, (self.mtime, self.mtime))


def _state(*, same: bool) -> State:
    return State.SAME if same else State.DIFFERENT
