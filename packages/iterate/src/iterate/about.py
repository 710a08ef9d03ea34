"""Which build this is, and how to start another process of it. It reads the stamp, and no file."""

import sys
from pathlib import Path
from typing import NamedTuple

from iterate import spawn
from iterate._stamp import CHANNEL, COMMIT, TARGET, VERSION


class Stamp(NamedTuple):
    """What the release wrote into this build."""

    version: str
    channel: str
    commit: str
    target: str


STAMP = Stamp(version=VERSION, channel=CHANNEL, commit=COMMIT, target=TARGET)


def executable() -> Path | None:
    """The real file of the compiled program, symlinks resolved; None when Python runs the source.

    Nuitka sets `__compiled__` in each module it compiles, and `sys.argv[0]` to the path of the executable,
    which macOS reports unresolved. Its `sys.executable` names a script that starts the program as a Python, and its
    `__compiled__.containing_dir` is the folder around the program's folder.
    """
    if "__compiled__" not in globals():
        return None
    return Path(sys.argv[0]).resolve()


def start_words() -> list[str]:
    """The words that start this same program again; the caller adds the command."""
    return spawn.words()


def python_version() -> str:
    """The version of the Python inside, such as 3.13.0."""
    return ".".join(str(part) for part in sys.version_info[:3])
