"""Where a prompt works: a folder, and the environment of the client that asks. It opens nothing.

It is named in each request that starts work, so one server works for many projects. The environment may hold secrets:
it is handed to what the prompt starts, and is neither stored, sent to readers nor printed.
"""

import re
from typing import Annotated, override

import msgspec

# Nothing, or a whole path of whatever system the client runs on.
_DIRECTORY = r"^(?![\s\S])|^(/|[A-Za-z]:[\\/]|\\\\)[^\x00]*$"


class Workspace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An absolute path, and the environment variables of whoever asks."""

    directory: Annotated[str, msgspec.Meta(pattern=_DIRECTORY, max_length=8192)] = ""
    environment: dict[str, str] = {}

    @override
    def __repr__(self) -> str:
        return f"Workspace(directory={self.directory!r})"


def is_absolute(directory: str) -> bool:
    """Whether it is a whole path, of whatever system the client runs on."""
    return bool(directory) and re.search(_DIRECTORY, directory) is not None
