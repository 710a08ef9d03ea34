"""Files that other programs obey, around a command that works on the files themselves.

In a transaction they are judged before they are real. Without one they are looked at before and after: what the rules
do not allow to be changed is put back as it was. While the command runs it is changed.
"""

import asyncio
import io
import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from iterate.beneath import unlocked
from iterate.permissions.need import Need
from iterate.permissions.patterns import is_guarded
from iterate.tools.tool import Work
from iterate.undo import diffs

# How many names are looked at, and what is read of one file.
MOST_NAMES, LONGEST_BYTES = 20_000, 1 << 20
# How many of them are held; each is a mount.
MOST_FIXED = 200
# Folders that hold many files and none that is obeyed.
_PASSED = frozenset({b"node_modules", b"__pycache__"})
# Of a repository's own files those that make git run programs; the samples it makes itself do not.
OBEYED = re.compile(rb"\.git/(?:.*/)?(?:hooks/.*(?<!\.sample)|config(?:\.worktree)?|info/attributes)\Z", re.DOTALL)
_INNER = re.compile(rb"(?:.*/)?\.git(?:/(?:hooks|info|modules|worktrees)(?:/.*)?)?\Z", re.DOTALL)

# What lies at a path: its mode and bytes, or where a link leads.
type Content = tuple[int, bytes]
type Seen = Mapping[bytes, Content]


async def look(work: Work) -> Seen:
    """What there is of such files."""
    return await asyncio.to_thread(_look, os.fsencode(work.root))


async def fixed(work: Work) -> tuple[Path, ...]:
    """Those that are there, and what the server itself starts: a command that nobody looks at may not change them.

    A repository without a folder of hooks gets one, so that nobody else makes it.
    """
    return await asyncio.to_thread(_fixed, work)


def _fixed(work: Work) -> tuple[Path, ...]:
    root = os.fsencode(work.root)
    with suppress(OSError):
        if (work.root / ".git").is_dir():
            (work.root / ".git" / "hooks").mkdir(exist_ok=True)
    found = {work.root / os.fsdecode(path) for path in _look(root)}
    found |= {each for each in (work.root / name for name in work.shell.obeyed) if each.is_file()}
    # Of a folder of hooks all, so that none is added.
    hooks = {each for each in (work.root / ".git" / "hooks", *(path.parent for path in found)) if each.name == "hooks"}
    kept = {each for each in found if not each.is_symlink() and each.parent not in hooks}
    return tuple(sorted(each for each in kept | hooks if each.exists())[:MOST_FIXED])


async def settle(before: Seen, work: Work) -> str:
    """Have what became of them judged, and put back what may not stay; a sentence about that for the model."""
    changed, after = await asyncio.to_thread(_changed, before, work)
    needs = [Need(deed="edit", subject=diffs.name(path)) for path in changed if path in after]
    if not needs:
        return ""
    verdict = await work.person.permit(needs, "", f"changed by the command:\n{chr(10).join(map(diffs.name, changed))}")
    if verdict.is_allowed:
        return ""
    await asyncio.to_thread(_put_back, os.fsencode(work.root), changed, before)
    said = f": {verdict.message}" if verdict.message else ""
    return f"put back as before: {', '.join(map(diffs.name, changed))}{said}"


async def put_back(before: Seen, work: Work) -> None:
    """Put all of them back as they were."""
    changed, _ = await asyncio.to_thread(_changed, before, work)
    await asyncio.to_thread(_put_back, os.fsencode(work.root), changed, before)


def _changed(before: Seen, work: Work) -> tuple[list[bytes], Seen]:
    after = _look(os.fsencode(work.root))
    return [path for path in {**before, **after} if before.get(path) != after.get(path)], after


def _look(root: bytes) -> Seen:
    found: dict[bytes, Content] = {}
    for number, path in enumerate(_names(root, b"")):
        if number > MOST_NAMES:
            break
        is_one = OBEYED.fullmatch(path) if b".git/" in path else is_guarded(diffs.name(path))
        content = _content(root, path) if is_one else None
        if content is not None:
            found[path] = content
    return found


def _names(root: bytes, folder: bytes) -> Iterator[bytes]:
    """The paths of all files; of a repository only those in the folders that matter."""
    inner = []
    try:
        with os.scandir(os.path.join(root, folder)) as entries:  # noqa: PTH118
            for entry in entries:
                path = os.path.join(folder, entry.name)  # noqa: PTH118
                if not entry.is_dir(follow_symlinks=False):
                    yield path
                elif entry.name not in _PASSED and (b".git" not in path.split(b"/") or _INNER.fullmatch(path)):
                    inner.append(path)
    except OSError:
        return
    for each in inner:
        yield from _names(root, each)


def _content(root: bytes, path: bytes) -> Content | None:
    try:
        with unlocked(root, path) as place:
            found = place.status()
            if found is None:
                return None
            if stat.S_ISLNK(found.st_mode):
                return found.st_mode, os.readlink(place.name, dir_fd=place.folder)
            if not stat.S_ISREG(found.st_mode):
                return found.st_mode, b""
            with os.fdopen(place.open(os.O_RDONLY), "rb") as file:
                return found.st_mode, file.read(LONGEST_BYTES)
    except OSError:
        return None


def _put_back(root: bytes, changed: list[bytes], before: Seen) -> None:
    for path in changed:
        with unlocked(root, path) as place:
            had = before.get(path)
            if had is None:
                place.remove()
            elif stat.S_ISLNK(had[0]):
                place.link(had[1])
            elif stat.S_ISREG(had[0]):
                place.write(io.BytesIO(had[1]), stat.S_IMODE(had[0]))
