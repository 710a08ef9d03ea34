"""Opens a file in the person's editor, and waits until it has ended."""

import shlex
import sys
from pathlib import Path

from iterate import settings
from iterate.errors import EditorFailed
from iterate.install.programs import Place

# What a shell adds to the number of a signal that ended a program.
_BY_SIGNAL = 128


class EditorKilled(EditorFailed):
    """A signal ended it, so that it could put nothing back."""


def edit(home: Path, file: Path, keys: int | None = None, words: str = "") -> None:
    """Wait until the editor ended; raises `EditorFailed` when it cannot be started, or says that it failed.

    With `keys`, the terminal that it reads, it has the terminal to itself: an interrupt there is none of ours.
    """
    words = words or settings.editor()
    place = Place(home)
    try:
        parts = [words] if sys.platform == "win32" and Path(words).exists() else shlex.split(words)
        line = [*parts, str(file)]
        code = place.run(line, Path.cwd()) if keys is None else place.lend(line, keys)
    except (OSError, ValueError, IndexError) as problem:
        why = getattr(problem, "strerror", None) or problem
        raise EditorFailed(f"the editor {words!r} cannot be started: {why}") from problem
    if code != 0:
        failed = EditorKilled if code < 0 or code > _BY_SIGNAL else EditorFailed
        raise failed(
            f"the editor {parts[0]} ended with exit code {code}",
            "nothing of what it wrote is taken; set VISUAL or EDITOR to another one",
        )
