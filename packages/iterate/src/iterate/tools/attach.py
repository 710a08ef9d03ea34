"""Files that a person puts beside a prompt, by name or as `@path` in its text, as parts of a message.

The person names them, so no border is asked. A text comes with its path and is bounded as when it is read; an image
comes as it is; a folder as its names.
"""

import os
import re
from pathlib import Path

from msgspec import Struct

from iterate.events import FilePart, TextPart
from iterate.tools import bound, files
from iterate.tools.read import LARGEST_IMAGE, data_url, media_type
from iterate.tools.script import NotText, clean, decoded
from iterate.tools.tool import ToolFailed

_MOST_NAMES = 500
# At the beginning or behind a blank or bracket, so that an address of mail is none.
_MENTION = re.compile(r"""(?:(?<=[\s(\[{,;:])|^)@(?:"([^"\n]+)"|([^\s"'`]+))""", re.MULTILINE)


class NotAttached(ToolFailed):
    """A file cannot be put beside a prompt."""


class Attached(Struct, frozen=True, kw_only=True):
    """A part of a message, the file that it is of, and what was read of it whole, to be noted as read."""

    part: TextPart | FilePart
    path: Path
    content: bytes | None = None


def attached(given: str, directory: Path, home: str = "") -> Attached:
    """A file or folder as a part; raises `NotAttached`, which names it."""
    path = _path(given, directory, home)
    if path.is_dir():
        return Attached(part=TextPart(text=_folder(given, path)), path=path)
    try:
        content = files.content(path)
    except ToolFailed as problem:
        raise NotAttached(f"{given} cannot be attached: {problem}") from problem
    kind = media_type(content)
    if kind and len(content) > LARGEST_IMAGE:
        raise NotAttached(f"{given} is an image of {len(content):,} bytes; at most {LARGEST_IMAGE:,} are sent")
    if kind:
        return Attached(part=FilePart(name=path.name, media_type=kind, url=data_url(content, kind)), path=path)
    try:
        text = clean(decoded(content).text).replace("\r\n", "\n")
    except NotText as problem:
        raise NotAttached(f"{given} is binary and no image; it cannot be attached") from problem
    shown, is_whole = _beginning(text)
    more = "" if is_whole else "\n[cut here: read the file for the rest]"
    part = TextPart(text=f"<file path={_quoted(given)}>\n{shown}{more}\n</file>")
    return Attached(part=part, path=path, content=content if is_whole else None)


def mentioned(text: str, directory: Path, home: str = "") -> tuple[str, ...]:
    """The paths that a prompt names by `@`, each once, where something is there."""
    found: dict[str, None] = {}
    for name in named(text):
        for candidate in (name, name.rstrip(".,;:!?)]}")):
            if candidate and _is_there(candidate, directory, home):
                found[candidate] = None
                break
    return tuple(found)


def named(text: str) -> tuple[str, ...]:
    """What stands behind an `@` where that names something, with what a sentence puts behind it."""
    return tuple(match[1] or match[2] for match in _MENTION.finditer(text))


def _is_there(name: str, directory: Path, home: str) -> bool:
    try:
        return _path(name, directory, home).exists()
    except (NotAttached, OSError):
        return False


def _path(given: str, directory: Path, home: str) -> Path:
    if not given or "\0" in given:
        raise NotAttached("a path is not empty and holds no NUL")
    text = home + given[1:] if home and (given == "~" or given.startswith("~/")) else given
    return Path(os.path.realpath(directory / text))


def _beginning(text: str) -> tuple[str, bool]:
    lines = text.split("\n")
    shown = "\n".join(bound.narrow(line) for line in lines[: bound.LINES])
    cut = shown.encode()[: bound.BYTES].decode("utf-8", "ignore")
    return cut.removesuffix("\n"), cut == text


def _folder(given: str, path: Path) -> str:
    with files.named(path):
        names = sorted(
            f"{each.name}/" if each.is_dir(follow_symlinks=False) else each.name for each in os.scandir(path)
        )
    more = f"\n[{len(names) - _MOST_NAMES} more]" if len(names) > _MOST_NAMES else ""
    rows = "\n".join(clean(name).replace("\n", "\\n") for name in names[:_MOST_NAMES])
    return f"<folder path={_quoted(given)}>\n{rows}{more}\n</folder>"


def _quoted(name: str) -> str:
    return '"' + clean(name).replace('"', "&quot;").replace("\n", "\\n") + '"'
