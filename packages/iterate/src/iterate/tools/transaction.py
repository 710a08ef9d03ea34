"""A command as a transaction: it runs in an overlay over the project, and what it changed is taken as a whole or not.

The person is asked before anything is real where the agent's policy is `show`, and always where something would be
lost: files that nothing is kept of, a repository's history, or what somebody else changed while the command ran.
"""

import asyncio
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from iterate.asks import AskedFile
from iterate.events import FileChange
from iterate.permissions.need import Need
from iterate.sandbox import merging
from iterate.sandbox.layer import Change, Layer
from iterate.tools import partial
from iterate.tools.guarding import OBEYED
from iterate.tools.tool import ToolFailed, Work
from iterate.undo import diffs

# What is read of a file for a diff, and how long the diff of a whole command may be.
DIFF_BYTES = 256 << 10
# How many files are named to the model.
NAMED = 20
# How many files are judged one by one; more ask anyway.
MOST_NEEDS = 100_000
# So many files are much, where they are more than half of a project.
MUCH = 20
# Folders of what can be made again; they count for nothing there.
_MADE = frozenset(
    {
        "node_modules", "bower_components", "target", "build", "dist", "out", ".venv", "venv", "__pycache__", ".tox",
        ".nox", ".next", ".nuxt", ".gradle", ".cache", ".mypy_cache", ".pytest_cache", ".ruff_cache", "coverage",
    }
)  # fmt: skip
THROWN_AWAY = "the command ran, but what it changed was thrown away and the project is as before"
_HISTORY = b".git"
# Without these there is no repository any more.
_HEART = (b".git", b".git/HEAD", b".git/objects", b".git/refs", b".git/refs/heads")

# One merge at a time for each project.
_merges: defaultdict[Path, asyncio.Lock] = defaultdict(asyncio.Lock)


class Taken(Struct, frozen=True, kw_only=True):
    """What became of a command's changes; `note` says it to the model."""

    note: str = ""
    diff: str = ""
    change: str = ""
    changes: tuple[FileChange, ...] = ()
    is_refused: bool = False


async def begin(work: Work) -> Layer:
    """An empty layer over the project, in a folder that all sessions share; raises `OSError`."""
    return await asyncio.to_thread(Layer.make, work.outputs.parent / "layers", work.root)


async def settle(layer: Layer, command: str, work: Work) -> Taken:
    """Take the changes of a command that has ended, or throw them away; the layer is gone afterwards."""
    try:
        changes = await asyncio.to_thread(layer.changes)
        return await _decide(layer, changes, command, work) if changes else Taken()
    except OSError as problem:
        rest = " in part; the rest is taken when the server starts again" if layer.is_being_taken else ""
        raise ToolFailed(f"what the command changed could not be taken{rest}: {problem}") from problem
    finally:
        if not layer.is_being_taken:
            throw_away(layer)
        # Where nothing was changed there is no change to remember.
        await asyncio.shield(work.kept.close())


def throw_away(layer: Layer) -> None:
    """Remove a layer in a thread that nobody waits for: an abort has no time for large ones."""
    asyncio.get_running_loop().run_in_executor(None, layer.drop).add_done_callback(lambda _: None)


async def _decide(layer: Layer, changes: Sequence[Change], command: str, work: Work) -> Taken:
    texts = await asyncio.to_thread(_diffs, layer, changes)
    diff = _joined(texts)
    much = await asyncio.to_thread(_much, layer, changes)
    why = [*_heart(layer, changes), *_foreign(changes), *await _keep(changes, work), *much]
    if work.shell.mode == "show" and any(map(_is_seen, changes)):
        why.append("shown before it is real")
    needs = [Need(deed="edit", subject=diffs.name(each.path)) for each in changes if _is_judged(each)]
    if len(needs) > MOST_NEEDS:
        why.append(f"it changes {len(needs)} files")
    units = await asyncio.to_thread(partial.units, layer, changes)
    files = partial.asked(units, {path: _counted(text) for path, text in texts})
    question = f"{listed(changes)}\n\n{diff}"
    refused, chosen = await _ask(needs[:MOST_NEEDS], why, question, files, command, work)
    if refused:
        return Taken(note=refused, diff=diff, is_refused=True)
    if chosen is None:
        return await _take(layer, changes, diff, work)
    some = partial.chosen(changes, units, chosen)
    taken = await _take(layer, some, _joined(await asyncio.to_thread(_diffs, layer, some)), work)
    left = partial.left_out(units, some)
    if taken.is_refused or not left:
        return taken
    more = f" and {len(left) - NAMED} more" if len(left) > NAMED else ""
    told = f"left out by the person, and in the project as before: {', '.join(left[:NAMED])}{more}"
    return replace(taken, note=f"{taken.note}\n{told}")


async def _take(layer: Layer, changes: Sequence[Change], diff: str, work: Work) -> Taken:
    async with _merges[work.root]:
        # Since the changes were listed, for as long as the person thought about it.
        refused = await asyncio.to_thread(_impossible, layer, changes)
        if refused:
            return Taken(note=f"{THROWN_AWAY}: {refused}", diff=diff, is_refused=True)
        left, change, files = await _merged(layer, changes, work)
    note = listed([each for each in changes if each.path not in left])
    if left:
        note += f"\nleft alone, because somebody changed it in this moment: {', '.join(map(diffs.name, left))}"
    return Taken(note=note, diff=diff, change=change, changes=(*files, *_history(changes)))


def _impossible(layer: Layer, changes: Sequence[Change]) -> str:
    """Why the changes cannot be made real as a whole; empty when they can."""
    if late := merging.foreign(layer, changes):
        names = ", ".join(map(diffs.name, late[:NAMED]))
        return f"somebody changed {names} meanwhile; look at it, and run the command again"
    more = sum(each.after.size for each in changes if each.after is not None and not each.is_folder)
    less = sum(each.before.size for each in changes if each.before is not None and not each.is_folder)
    room = os.statvfs(layer.root)
    return "there is no room for it on the disk" if more - less > room.f_bavail * room.f_frsize else ""


async def _merged(layer: Layer, changes: Sequence[Change], work: Work) -> tuple[list[bytes], str, Sequence[FileChange]]:
    """Make the changes real, as a whole whoever aborts: what was left alone, the undo's id, the files."""
    job = asyncio.ensure_future(asyncio.to_thread(merging.merge, layer, changes))
    try:
        left = await asyncio.shield(job)
    except asyncio.CancelledError:
        with suppress(OSError):
            await job
        raise
    change, files = await work.kept.close()
    return left, change, files


async def _ask(  # What is judged, and what is shown.
    needs: Sequence[Need], why: Sequence[str], preview: str, files: Sequence[AskedFile], command: str, work: Work
) -> tuple[str, Sequence[str] | None]:
    """Have the changes judged like those of any tool, and ask where they must be.

    Gives what to tell the model if they are refused, and the files that the person wants; None is all of them. What a
    command's words did not show is known now: each file that it would change.
    """
    reason = "; ".join(why)
    if why:
        needs = [*needs, Need(deed="bash", subject=command, is_grave=True, why=reason)]
    if not needs:
        return "", None
    # Without a reason of our own it is the rules' that is told.
    question = f"take what the command changed? {reason}" if why else ""
    verdict = await work.person.permit(needs, question, preview, files)
    if verdict.is_allowed:
        return "", verdict.files
    said = f": {verdict.message}" if verdict.message else ""
    return f"{THROWN_AWAY}{f' ({reason})' if why else ''}{said}", None


async def _keep(changes: Sequence[Change], work: Work) -> list[str]:
    """Keep for the undo what is there before; gives what cannot be kept, as reasons to ask."""
    lost = []
    for path in _tops(changes):
        reason = await work.kept.before(work.root / os.fsdecode(path))
        lost += [f"not kept for the undo: {reason}"] if reason else []
    return lost


def _tops(changes: Sequence[Change]) -> Iterator[bytes]:
    """The paths that the undo is to keep: each removed folder stands for all in it; the history is git's own matter."""
    gone = b"\0"
    for each in changes:
        if each.kind == "touched" or _is_history(each.path) or each.path.startswith(gone):
            continue
        if each.kind == "deleted" and each.is_folder:
            gone = each.path + b"/"
        yield each.path


def _heart(layer: Layer, changes: Sequence[Change]) -> list[str]:
    gone = any(each.kind == "deleted" and each.path in _HEART for each in changes) or any(map(layer.hides, _HEART))
    return ["it removes the repository's history, which the undo does not keep"] if gone else []


def _much(layer: Layer, changes: Sequence[Change]) -> list[str]:
    """Whether more than half of a project's files are removed or emptied, or all of them, however that was done."""
    gone = {each.path for each in changes if _is_lost(each) and not _is_made(each.path)}
    # What was moved is there again.
    count = len(gone) - sum(_is_new(each) and not _is_made(each.path) for each in changes)
    if count < 2:  # noqa: PLR2004  # One file is not much, also where it is the only one.
        return []
    left = 0
    root = os.fsencode(layer.root)
    for folder, folders, files in os.walk(root):
        folders[:] = [each for each in folders if each != _HISTORY and os.fsdecode(each) not in _MADE]
        inner = os.path.relpath(folder, root) if folder != root else b""
        left += sum(os.path.join(inner, name) not in gone for name in files)  # noqa: PTH118
        if left >= count or (left and count < MUCH):
            return []
    return [f"it removes or empties {count:,} of the {count + left:,} files of the project"]


def _is_lost(change: Change) -> bool:
    before, after = change.before, change.after
    if before is None or change.is_folder or _is_history(change.path):
        return False
    return after is None or (change.kind == "modified" and after.size == 0 and before.size > 0)


def _is_new(change: Change) -> bool:
    after = change.after
    return change.before is None and after is not None and not after.is_folder and not _is_history(change.path)


def _is_made(path: bytes) -> bool:
    return any(os.fsdecode(part) in _MADE for part in path.split(b"/")[:-1])


def _foreign(changes: Sequence[Change]) -> list[str]:
    names = [diffs.name(each.path) for each in changes if each.is_foreign]
    return [f"changed by somebody else while the command ran: {', '.join(names[:NAMED])}"] if names else []


def _history(changes: Sequence[Change]) -> tuple[FileChange, ...]:
    changed = any(_is_history(each.path) and each.kind != "touched" and not each.is_folder for each in changes)
    return (FileChange(path=".git", kind="modified", is_kept=False),) if changed else ()


def _is_history(path: bytes) -> bool:
    return path == _HISTORY or path.startswith(_HISTORY + b"/")


def _is_judged(change: Change) -> bool:
    """Whether the rules about editing have a say: not for a repository's own files, but for those that git obeys."""
    if not _is_seen(change) or change.is_folder:
        return False
    return not _is_history(change.path) or (OBEYED.match(change.path) is not None and change.kind != "deleted")


def _is_seen(change: Change) -> bool:
    """Whether a person cares: not for times, nor for a folder that only holds what is told of."""
    return change.kind != "touched" and not (change.is_folder and change.kind == "mode")


def listed(changes: Sequence[Change]) -> str:
    """What was changed, in a line for each file."""
    seen = [each for each in changes if _is_seen(each) and not _is_history(each.path)]
    signs = {"added": "A", "modified": "M", "deleted": "D", "mode": "m", "touched": "t"}
    lines = [f"{signs[each.kind]} {diffs.name(each.path)}{'/' if each.is_folder else ''}" for each in seen[:NAMED]]
    if len(seen) > NAMED:
        lines.append(f"and {len(seen) - NAMED} more")
    if _history(changes):
        lines.append("the repository's own files (.git), which the undo leaves alone")
    return "changed:\n" + "\n".join(lines) if lines else ""


def _joined(texts: Sequence[tuple[bytes, str]]) -> str:
    return "".join(text for _, text in texts)


def _counted(text: str) -> tuple[int, int]:
    """How many lines the diff of one file adds and removes."""
    marks = [line[:1] for line in text.partition("\n@@")[2].split("\n")[1:]]
    return marks.count("+"), marks.count("-")


def _diffs(layer: Layer, changes: Sequence[Change]) -> list[tuple[bytes, str]]:
    """The unified diff of each file, as long as there is room; the repository's own are left out."""
    parts: list[tuple[bytes, str]] = []
    size = 0
    for each in changes:
        if each.kind == "touched" or each.is_folder or _is_history(each.path):
            continue
        if size > DIFF_BYTES:
            parts.append((b"", "[the diff is cut here]\n"))
            break
        parts.append((each.path, _diff(layer, each)))
        size += len(parts[-1][1])
    return parts


def _diff(layer: Layer, change: Change) -> str:
    label = diffs.name(change.path)
    lines = [f"diff --git a/{label} b/{label}"]
    before, after = change.before, change.after
    if before is None and after is not None:
        lines.append(f"new file mode {after.mode:o}")
    elif after is None and before is not None:
        lines.append(f"deleted file mode {before.mode:o}")
    elif before is not None and after is not None and before.mode != after.mode:
        lines += [f"old mode {before.mode:o}", f"new mode {after.mode:o}"]
    old = _text(os.path.join(os.fsencode(layer.root), change.path)) if before else ""  # noqa: PTH118
    new = _text(layer.at(change.path)) if after else ""
    names = (f"a/{label}" if before else "/dev/null", f"b/{label}" if after else "/dev/null")
    if old is None or new is None:
        same = before is not None and after is not None and change.kind == "mode"
        return "\n".join([*lines, *([] if same else [f"Binary or long files {names[0]} and {names[1]} differ"]), ""])
    return "\n".join([*lines, *diffs.between(old, new, names), ""])


def _text(path: bytes) -> str | None:
    """A file as text; None where it is none, or long. Of a link its target."""
    try:
        if os.path.islink(path):  # noqa: PTH114
            return f"{diffs.name(os.readlink(path))}\n"  # noqa: PTH115
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:  # noqa: PTH123
            content = file.read(DIFF_BYTES + 1)
        return None if len(content) > DIFF_BYTES or b"\0" in content else content.decode()
    except (OSError, UnicodeDecodeError):
        return None
