"""Where a prompt works: a folder, and the environment of the client that asks. It opens nothing.

It is named in each request that starts work, so one server works for many projects. The environment may hold secrets:
it is handed to what the prompt starts, and is neither stored, sent to readers nor printed.
"""

from pathlib import PurePosixPath, PureWindowsPath
from typing import override

import msgspec


class Workspace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An absolute path, and the environment variables of whoever asks."""

    directory: str = ""
    environment: dict[str, str] = {}

    @override
    def __repr__(self) -> str:
        return f"Workspace(directory={self.directory!r})"


def is_absolute(directory: str) -> bool:
    """Whether it is a whole path, of whatever system the client runs on."""
    is_path = PurePosixPath(directory).is_absolute() or PureWindowsPath(directory).is_absolute()
    return is_path and "\0" not in directory
