"""Rules about iterate's own files: no tool of an agent reads or changes what the server lives by, whatever is allowed.

Who reads the server's secret can answer in the person's place; who writes what is remembered or trusted allows
everything. The settings may be changed, with a word each time.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from iterate.permissions.need import Deed
from iterate.permissions.rules import Rule

# Of the data folder that of outputs is free: its files are what tools were told to be read.
_CLOSED = ("*", "undo/**", "layers/**")


def rules(root: Path, state: Path, data: Path, config: Path | None) -> tuple[Rule, ...]:
    """The rules in a project, for a server with these folders and for those of other channels beside them."""
    closed = [f"{folder}/**" for folder in _alike(state)]
    closed += [f"{folder}/{each}" for folder in _alike(data) for each in _CLOSED]
    made = [
        Rule(deed=deed, pattern=each, action="deny", source="built-in")
        for each in closed
        for deed in _deeds(each, root)
    ]
    if config is not None:
        made += [
            Rule(deed="edit", pattern=f"{folder}/**", action="ask", source="obeyed", where="the person's settings")
            for folder in _names(config)
        ]
    return tuple(made)


def _deeds(pattern: str, root: Path) -> tuple[Deed, ...]:
    """A project that is the home holds them."""
    return ("read", "edit") if pattern.startswith(f"{root.as_posix().rstrip('/')}/") else ("outside",)


def _alike(folder: Path) -> Iterator[str]:
    for name in _names(folder):
        # Channels have folders of their own: iterate, iterate-dev, iterate-snapshot-NAME.
        yield f"{name.rpartition('/')[0]}/iterate*" if folder.name.startswith("iterate") else name


def _names(folder: Path) -> list[str]:
    return list(dict.fromkeys((folder.as_posix(), Path(os.path.realpath(folder)).as_posix())))
