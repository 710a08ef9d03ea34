"""The tool `read`: a file as numbered lines, an image as an image, a folder as its names."""

import base64
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, BinaryIO

from msgspec import Meta, Struct

from iterate.events import FilePart
from iterate.permissions.need import Need
from iterate.tools import bound, change, files, places
from iterate.tools.near import near
from iterate.tools.script import NotText, Script, clean, decoded
from iterate.tools.tool import Result, ToolFailed, Work, tool

# By their first bytes; what vendors take.
_IMAGES = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF8", "image/gif"))
# Base64 makes 5 MiB of them, which is what vendors take.
LARGEST_IMAGE = 5 * 1024 * 1024 // 4 * 3
_MOST_NAMES = 1000
# More of a line is never held.
_WIDEST = 1 << 20


class Read(Struct, frozen=True, kw_only=True):
    """The arguments of `read`."""

    path: Annotated[str, Meta(min_length=1, description="a file or folder, from the project's folder or absolute")]
    offset: Annotated[int, Meta(ge=1, description="the first line")] = 1
    limit: Annotated[int, Meta(ge=1, le=bound.LINES, description="how many lines")] = bound.LINES


class Page(Struct, frozen=True, kw_only=True):
    """Lines of a file as they are shown, which they are, and whether the file goes on."""

    text: str
    first: int
    last: int
    total: int | None


def _needs(given: Read, work: Work) -> Sequence[Need]:
    return places.needs("read", given.path, work)


async def _run(given: Read, work: Work) -> Result:
    path = places.place(given.path, work)
    return await change.looked(lambda: _read(path, given, work))


def _read(path: Path, given: Read, work: Work) -> Result:
    name = places.shown(path, work)
    if os.path.isdir(path):  # noqa: PTH112  # Never raises.
        return Result(text=_names(path, given.offset, work), title=f"read {name}/")
    try:
        content = files.content(path)
    except files.NotThere as problem:
        raise files.NotThere(f"{given.path} is not there{near(path, work)}") from problem
    except files.TooLarge:
        # Read as it comes, and not noted: it cannot be edited.
        with files.opened(path) as descriptor, open(descriptor, "rb", closefd=False) as file:
            return _shown(_page(_beginnings(file), given, None), name, "")
    image = media_type(content)
    if image:
        return _image(path, content, image, work)
    try:
        script = decoded(content)
    except NotText as problem:
        raise NotText(f"{name} is binary, {len(content):,} bytes: not shown") from problem
    work.memory.note(path, content)
    lines = script.text.split("\n")
    total = len(lines) - (not lines[-1])
    if given.offset > max(total, 1):
        raise ToolFailed(f"{name} has {total} lines; offset {given.offset} is behind its end")
    page = _page((f"{line}\n" for line in lines[:total]), given, total)
    return _shown(page, name, _remarks(script))


def media_type(content: bytes) -> str:
    """What kind of image this is; empty for what is none."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for first, kind in _IMAGES if content.startswith(first)), "")


def data_url(content: bytes, kind: str) -> str:
    """Bytes as a `data:` URL."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _image(path: Path, content: bytes, kind: str, work: Work) -> Result:
    name = places.shown(path, work)
    if len(content) > LARGEST_IMAGE:
        raise ToolFailed(f"{name} is an image of {len(content):,} bytes; at most {LARGEST_IMAGE:,} are shown")
    part = FilePart(name=path.name, media_type=kind, url=data_url(content, kind))
    return Result(text=f"{name}: {kind}, {len(content):,} bytes.", title=f"read {name}", files=(part,))


def _beginnings(file: BinaryIO) -> Iterator[str]:
    """The lines of a file of any size, of each as much as is shown."""
    while line := file.readline(_WIDEST):
        is_whole = line.endswith(b"\n")
        yield line.decode("utf-8", "replace") + ("" if is_whole else "\n")
        while not is_whole and (rest := file.readline(_WIDEST)):
            is_whole = rest.endswith(b"\n")


def _page(lines: Iterator[str], given: Read, total: int | None) -> Page:
    shown: list[str] = []
    size, number = 0, 0
    for number, line in enumerate(lines, 1):
        if number < given.offset:
            continue
        row = f"{number:>6}\t{bound.narrow(clean(line.rstrip(chr(10)).removesuffix(chr(13))))}\n"
        size += len(row.encode())
        if len(shown) == given.limit or (shown and size > bound.BYTES):
            return Page(text="".join(shown), first=given.offset, last=number - 1, total=total)
        shown.append(row)
    return Page(text="".join(shown), first=given.offset, last=number, total=number)


def _shown(page: Page, name: str, remarks: str) -> Result:
    if not page.text:
        return Result(text=f"{name} is empty.{remarks}", title=f"read {name}")
    text = page.text.rstrip("\n")
    if page.last != page.total:
        of = f" of {page.total}" if page.total else ""
        text += f"\n[lines {page.first} to {page.last}{of}; read on with offset {page.last + 1}]"
    elif page.first > 1:
        text += f"\n[lines {page.first} to {page.last}, the last]"
    whole = page.first == 1 and page.last == page.total
    return Result(text=text + remarks, title=f"read {name}" + ("" if whole else f" {page.first}-{page.last}"))


def _remarks(script: Script) -> str:
    """What a model cannot see in the lines, and which stays as it is when it edits."""
    breaks, pairs = script.text.count("\n"), script.text.count("\r\n")
    said = []
    if pairs:
        said.append("lines end with CRLF" if pairs == breaks else f"{pairs} of {breaks} lines end with CRLF")
    if script.encoding != "utf-8":
        said.append(f"written in {script.encoding}")
    if script.text and not script.text.endswith("\n"):
        said.append("no newline at its end")
    return f"\n[{'; '.join(said)}]" if said else ""


def _names(path: Path, offset: int, work: Work) -> str:
    with files.named(path):
        entries = sorted(os.scandir(path), key=lambda each: each.name)
    names = [clean(f"{each.name}/" if each.is_dir(follow_symlinks=False) else each.name) for each in entries]
    page = names[offset - 1 : offset - 1 + _MOST_NAMES]
    rest = len(names) - (offset - 1) - len(page)
    text = "\n".join(name.replace("\n", "\\n") for name in page)
    if not names:
        return f"{places.shown(path, work)} is an empty folder."
    return f"{text}\n[{rest} more; read on with offset {offset + len(page)}]" if rest > 0 else text


READ = tool(
    "read",
    f"Read a file: its lines with their numbers, at most {bound.LINES} or {bound.BYTES >> 10} kB at once. "
    "An image is shown, a folder is listed. A file must be read before it is edited or overwritten.",
    Read,
    _needs,
    _run,
    is_parallel=True,
)
