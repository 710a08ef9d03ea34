"""The tool `grep`: the lines of files that match a regular expression."""

import asyncio
import os
import re
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from iterate.permissions.need import Need
from iterate.permissions.patterns import is_secret
from iterate.tools import bound, change, files, globs, pattern, places, search
from iterate.tools.near import near
from iterate.tools.script import clean, decoded
from iterate.tools.tool import Result, ToolFailed, Work, tool

_TIME_S = 30.0
_MOST_HITS = 50_000


class Grep(Struct, frozen=True, kw_only=True):
    """The arguments of `grep`."""

    pattern: Annotated[str, Meta(min_length=1, max_length=2000, description="searched in each line")]
    path: Annotated[str, Meta(description="folder or file to search")] = "."
    glob: Annotated[str, Meta(description="only files that match, like *.py or src/**/*.{ts,tsx}")] = ""
    literal: Annotated[bool, Meta(description="take the pattern as plain text")] = False
    ignore_case: Annotated[bool, Meta(description="take upper and lower case as one")] = False
    only_files: Annotated[bool, Meta(description="give only the names of the files")] = False
    hidden: Annotated[bool, Meta(description="search also what begins with a dot")] = False
    ignored: Annotated[bool, Meta(description="search also what ignore files name")] = False


def _needs(given: Grep, work: Work) -> Sequence[Need]:
    return places.needs("read", given.path, work)


async def _run(given: Grep, work: Work) -> Result:
    target = places.place(given.path, work)
    wanted = pattern.parsed(given.pattern, is_literal=given.literal)
    names = globs.compiled(given.glob) if given.glob else None
    if not target.exists():
        raise ToolFailed(f"{given.path} is not there{near(target, work)}")
    found, stopped = await _collected(target, wanted, given, names, work)
    folder = target if target.is_dir() else target.parent
    text, count = await change.looked(lambda: _told(found, folder, given, work))
    title = f"grep {given.pattern!r}"
    if not count:
        return Result(text=f"Nothing matches.{_why_not(given)}{stopped}", title=title)
    limited = await change.looked(lambda: bound.bounded(f"{text}{stopped}", work, lines=500, size=32 * 1024))
    return Result(text=limited.text, full=limited.full, title=f"{title}: {count}")


def _why_not(given: Grep) -> str:
    left_out = [
        word for word, is_in in (("hidden files", given.hidden), ("what ignore files name", given.ignored)) if not is_in
    ]
    return f" Not searched: {' and '.join(left_out)}." if left_out else ""


def options(given: Grep) -> list[str]:
    """What ripgrep is told beside the pattern."""
    words = [f"--max-filesize={files.LARGEST}", "--glob=!.git"]
    words += search.only(given.glob)
    words += ["--ignore-case"] * given.ignore_case + ["--hidden"] * given.hidden + ["--no-ignore"] * given.ignored
    return words


type Found = dict[bytes, list[search.Hit]]


async def _collected(
    target: Path, wanted: pattern.Pattern, given: Grep, names: re.Pattern[bytes] | None, work: Work
) -> tuple[Found, str]:
    """The numbers of the matching lines of each file, and why it is not all."""
    found: Found = {}
    count = 0
    is_unhidden = not given.hidden and os.path.isdir(target)  # noqa: ASYNC240, PTH112  # One look.
    engine = search.engine(work.workspace.environment, work.root)
    try:
        async with asyncio.timeout(_TIME_S), aclosing(search.batches(engine, target, wanted, options(given))) as hits:
            async for batch in hits:
                for hit in batch:
                    if isinstance(hit, search.Binary):
                        count -= len(found.pop(hit.path, []))
                        continue
                    if (names and not names.match(hit.path)) or (is_unhidden and search.is_hidden(hit.path)):
                        continue
                    found.setdefault(hit.path, []).append(hit)
                    count += 1
                    if count >= _MOST_HITS:
                        return found, f"\n[stopped at {count:,} lines: search for less]"
    except TimeoutError:
        return found, f"\n[stopped after {_TIME_S:.0f} seconds: search less]"
    return found, ""


def _told(found: Found, folder: Path, given: Grep, work: Work) -> tuple[str, str]:
    """The lines by file, and how many they are; empty where there are none."""
    pieces: list[str] = []
    lines, names, secret = 0, 0, 0
    start = b"" if folder == work.root else os.fsencode(places.shown(folder, work)).rstrip(b"/") + b"/"
    for path in sorted(found, key=lambda each: each.split(b"/")):
        subject = os.fsdecode(start + path)
        if given.path != subject and is_secret(subject):
            # Who may read a folder may not read its keys: these are named, and judged, alone.
            secret += 1
            continue
        rows = _rows(folder, path, found[path])
        if not rows:
            continue
        names += 1
        lines += len(rows)
        name = clean(subject).replace("\n", "\\n")
        pieces += [name] if given.only_files else [f"{name}\n" + "\n".join(rows)]
    if secret:
        pieces.append(f"[{_counted(secret, 'file')} that may hold keys or passwords left out: search each by its path]")
    return "\n".join(pieces), f"{_counted(lines, 'line')} in {_counted(names, 'file')}" if names else ""


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}{'s' * (number != 1)}"


def _rows(folder: Path, path: bytes, hits: Sequence[search.Hit]) -> list[str]:
    """These lines as they are shown; those that are long, or no UTF-8, are read once more, in the file's encoding."""
    texts: list[str | None] = []
    for hit in hits:
        try:
            texts.append(None if hit.text is None else hit.text.decode())
        except UnicodeDecodeError:
            texts.append(None)
    lines = _lines(folder / os.fsdecode(path)) if None in texts else []
    rows = []
    for hit, text in zip(hits, texts, strict=True):
        if text is None and hit.line > len(lines):
            continue  # The file is another one by now.
        line = lines[hit.line - 1] if text is None else text
        rows.append(f"{hit.line:>6}\t{bound.narrow(clean(line.removesuffix(chr(13))), 500)}")
    return rows


def _lines(path: Path) -> list[str]:
    try:
        return decoded(files.content(path)).text.split("\n")
    except (ToolFailed, OSError):
        return []


GREP = tool(
    "grep",
    "Search files for a regular expression, line by line. Hidden, binary and ignored files (.gitignore, .ignore) are "
    "left out. No look-around and no back-references.",
    Grep,
    _needs,
    _run,
    is_parallel=True,
)
