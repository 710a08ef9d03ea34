"""What a text of somebody else may name as `@path`: what it names goes to the model with nobody asked."""

import os
import re
from pathlib import Path

from iterate.permissions.patterns import is_secret

# More than `tools/attach.py` and `commands.py` take for one: what is none for them loses nothing.
_MENTION = re.compile(r"""@(?:"(?P<quoted>[^"\n]+)"|(?P<bare>[^\s"'`]+))""")
# `@SERVER:URI`: it is read from a server of MCP.
_RESOURCE = re.compile(r"[^/\s:]+:\S")
_NAME = re.compile(r"""[^\s`'"<>()\[\]{},;:!?*|]*""")
_END = ".,;:!?)]}"
# A text that names more has none of them taken along.
MOST = 1000
LONGEST = 4096


def harmless(text: str, root: Path, directory: Path) -> str:
    """The text, where what leads out of the project, may hold keys or is read from elsewhere is named without its `@`.

    So it is not taken along; the model may still read it, by the rules for reading.
    """
    if text.count("@") > MOST:
        return text.replace("@", "")
    # From the end on: a sign that goes makes a name before it longer, never one behind it.
    at = text.rfind("@")
    while at >= 0:
        if (found := _MENTION.match(text, at)) is not None and not _is_fine(found, root, directory):
            text = text[:at] + text[at + 1 :]
        at = text.rfind("@", 0, at)
    return text


def _is_fine(found: re.Match[str], root: Path, directory: Path) -> bool:
    name = found["quoted"] or found["bare"]
    if len(name) > LONGEST or _RESOURCE.match(name):
        return False
    short = _NAME.match(name)
    # A sign of a sentence may belong to it or not: each way of reading it counts.
    ways = {name, name.rstrip(_END), *((short[0], short[0].rstrip(".")) if short else ())} - {""}
    return all(_is_inside(each, root, directory) for each in ways)


def _is_inside(name: str, root: Path, directory: Path) -> bool:
    if name.startswith("~"):
        return False
    try:
        path = Path(os.path.realpath(directory / name))
    except (OSError, ValueError):
        return True  # It names nothing.
    return path.is_relative_to(root) and not is_secret(path.relative_to(root).as_posix())
