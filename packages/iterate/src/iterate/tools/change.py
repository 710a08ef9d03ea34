"""Changes files as one deed: all or nothing, kept for the undo, and told as a diff."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from iterate.tools import diffs, files
from iterate.tools.places import shown
from iterate.tools.script import NotText, decoded
from iterate.tools.tool import Result, ToolFailed, Work

# A diff is for people and for the event log; beyond this the undo shows it.
_LONGEST_DIFF = 1024 * 1024


class Change(Struct, frozen=True, kw_only=True):
    """One file that becomes other bytes; None is no file."""

    path: Path
    before: bytes | None
    after: bytes | None
    # The mode of a file that is made from another.
    mode: int | None = None


async def looked[T](function: Callable[[], T]) -> T:
    """What a thread gives that only looks; who is cancelled goes at once, and it ends by itself."""
    return await asyncio.to_thread(function)


async def whole[T](function: Callable[[], T]) -> T:
    """What a thread gives; who is cancelled waits for its end, so that nothing goes on behind."""
    job = asyncio.ensure_future(asyncio.to_thread(function))
    try:
        return await asyncio.shield(job)
    except asyncio.CancelledError:
        with suppress(Exception):
            await job
        raise


async def make(changes: Sequence[Change], work: Work, text: str, title: str) -> Result:
    """Check that the model knows what it changes, keep that, write, and give a result with the diff."""
    changes = [each for each in changes if each.before != each.after]
    for each in changes:
        work.memory.check(each.path, each.before)
    diff = await looked(lambda: shown_diff(changes, work))
    try:
        for each in changes:
            await work.kept.before(each.path)
        await whole(lambda: _all_or_nothing(changes))
        for each in changes:
            work.memory.note(each.path, each.after)
    finally:
        change, kept = await work.kept.close()
    return Result(text=text, title=title, diff=diff, change=change, changes=kept)


def shown_diff(changes: Sequence[Change], work: Work) -> str:
    """What the changes are, as people see it before and after."""
    diff = "".join(diffs.unified(_text(each.before), _text(each.after), shown(each.path, work)) for each in changes)
    return diff if len(diff) <= _LONGEST_DIFF else f"{diff[:_LONGEST_DIFF]}\n[diff cut: {len(diff):,} signs]\n"


def _text(content: bytes | None) -> str | None:
    if content is None:
        return None
    try:
        return decoded(content).text
    except NotText:
        return f"[{len(content)} bytes, no text]\n"


def _all_or_nothing(changes: Sequence[Change]) -> None:
    done: list[Change] = []
    try:
        for each in changes:
            files.replace(each.path, each.before, each.after, each.mode)
            done.append(each)
    except BaseException:
        _take_back(done)
        raise


def _take_back(done: Sequence[Change]) -> None:
    left: list[Path] = []
    for each in reversed(done):
        try:
            files.replace(each.path, each.after, each.before)
        except (ToolFailed, OSError):
            left.append(each.path)
    if left:
        raise ToolFailed(f"a later file failed, and these could not be put back: {', '.join(map(str, left))}")
