"""What a text of somebody else may name as `@path`: what it names goes to the model with nobody asked."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from iterate.permissions.patterns import is_secret

# More than `tools/attach.py` and `commands.py` take for one: what is none for them loses nothing.
_MENTION = re.compile(r"""@(?:"(?P<quoted>[^"\n]+)"|(?P<bare>[^\s"'`]+))""")
# `@SERVER:URI`: it is read from a server of MCP.
_RESOURCE = re.compile(r"[^/\s:]+:\S")
_END = re.compile(r"[<>()\[\]{},;:!?*|.]+")


def harmless(text: str, root: Path, directory: Path) -> str:
    """The text, where what leads out of the project, may hold keys or is read from elsewhere is named without its `@`.

    So it is not taken along; the model may still read it, by the rules for reading.
    """
    while True:
        found = next((each for each in _mentions(text) if not _is_fine(each, root, directory)), None)
        if found is None:
            return text
        text = text[: found.start()] + text[found.start() + 1 :]


def _mentions(text: str) -> Iterator[re.Match[str]]:
    """All there are, those inside others too."""
    at = text.find("@")
    while at >= 0:
        if (found := _MENTION.match(text, at)) is not None:
            yield found
        at = text.find("@", at + 1)


def _is_fine(found: re.Match[str], root: Path, directory: Path) -> bool:
    name = found["quoted"] or found["bare"]
    if _RESOURCE.match(name):
        return False
    # A sign of a sentence may belong to it or not: each way of reading it counts.
    ways = {name, *(name[: end.start()] for end in _END.finditer(name))} - {""}
    return all(_is_inside(each, root, directory) for each in ways)


def _is_inside(name: str, root: Path, directory: Path) -> bool:
    if name.startswith("~"):
        return False
    try:
        path = Path(os.path.realpath(directory / name))
    except (OSError, ValueError):
        return True  # It names nothing.
    return path.is_relative_to(root) and not is_secret(path.relative_to(root).as_posix())
