"""What changed between two states of a file, as a unified diff and as counts of lines."""

import os
import stat
from collections.abc import Iterable

from iterate.events import FileChange
from iterate.undo.objects import Objects
from iterate.undo.states import State

# Longer texts are not compared line by line: difflib takes seconds for them.
LONGEST_BYTES, MOST_LINES = 512 << 10, 10_000
# What is shown of a change, in characters.
LONGEST_DIFF = 4 << 20
_KINDS = {"folder": "folder", "link": "link", "pipe": "pipe", "other": "special file"}


def name(path: bytes) -> str:
    """A path as text."""
    text = os.fsdecode(path).replace(os.sep, "/")
    return text.encode(errors="surrogateescape").decode(errors="replace")


def change(path: bytes, before: State, after: State, objects: Objects, *, is_kept: bool) -> FileChange:
    """One line of what a call changed."""
    added, removed = _counts(_text(before, objects), _text(after, objects))
    kind = (
        "added" if before.kind in {"none", "folder"} else "deleted" if after.kind in {"none", "folder"} else "modified"
    )
    return FileChange(
        path=name(path),
        kind=kind,  # type: ignore[arg-type]
        added=added,
        removed=removed,
        is_kept=is_kept and before.is_kept,
    )


def unified(path: bytes, before: State, after: State, objects: Objects) -> str:
    """The diff of one file, in the manner of git; empty where there is nothing to see."""
    if before.is_like(after):
        return ""
    label = name(path)
    lines = [f"diff --git a/{label} b/{label}"]
    if before.kind == "none":
        lines.append(f"new {_kind(after)}")
    elif after.kind == "none":
        lines.append(f"deleted {_kind(before)}")
    elif _kind(before) != _kind(after):
        # Of a file that stays one, git says the rights alone.
        which = slice(len("file ") if before.kind == after.kind == "file" else 0, None)
        lines += [f"old {_kind(before)[which]}", f"new {_kind(after)[which]}"]
    old, new = _text(before, objects), _text(after, objects)
    names = (
        "/dev/null" if before.kind == "none" else f"a/{label}",
        "/dev/null" if after.kind == "none" else f"b/{label}",
    )
    if old is None or new is None:
        return "\n".join([*lines, f"Binary or long files {names[0]} and {names[1]} differ", ""])
    return "\n".join([*lines, *between(old, new, names)]) + "\n"


def joined(parts: Iterable[str]) -> str:
    """The diffs of many files together, cut behind the one that makes them too long."""
    made, size = [], 0
    for part in parts:
        if size > LONGEST_DIFF:
            made.append("[the diff is cut here]\n")
            break
        made.append(part)
        size += len(part)
    return "".join(made)


def between(old: str, new: str, names: tuple[str, str]) -> list[str]:
    """The lines of the diff of two texts; none where they are the same."""
    if old == new:
        return []
    left, right = old.split("\n"), new.split("\n")
    # What stands behind the last newline is no line, unless there is something.
    left, right = _lines(left), _lines(right)
    if max(len(left), len(right)) > MOST_LINES:
        return [
            f"--- {names[0]}",
            f"+++ {names[1]}",
            f"@@ {len(left)} lines became {len(right)}; too many to compare @@",
        ]
    import difflib

    found = []
    for line in difflib.unified_diff(left, right, *names, lineterm=""):
        found += line.split("\n")
    return found


def _lines(parts: list[str]) -> list[str]:
    last = parts.pop()
    return [*parts, f"{last}\n\\ No newline at end of file"] if last else parts


def _counts(old: str | None, new: str | None) -> tuple[int, int]:
    if old is None or new is None:
        return 0, 0
    if not old or not new:
        return _length(new), _length(old)
    lines = between(old, new, ("", ""))[2:]
    return sum(line.startswith("+") for line in lines), sum(line.startswith("-") for line in lines)


def _length(text: str) -> int:
    return text.count("\n") + (not text.endswith("\n") if text else 0)


def _kind(state: State) -> str:
    """Kind and mode; of files and links with the numbers that git has for both, so that it can apply the diff."""
    match state.kind:
        case "file":
            return f"file mode {stat.S_IFREG | state.mode:o}"
        case "link":
            return f"file mode {stat.S_IFLNK:o}"
        case _:
            return f"{_KINDS.get(state.kind, 'file')} mode {state.mode:04o}"


def _text(state: State, objects: Objects) -> str | None:
    """The content as text; None of what is no text, too long, or not kept."""
    match state.kind:
        case "file":
            if state.size > LONGEST_BYTES or not state.digest or not objects.has(state.digest):
                return None
            content = objects.read(state.digest)
            if b"\0" in content:
                return None
            try:
                return content.decode()
            except UnicodeDecodeError:
                return None
        case "link":
            return name(state.target)
        case _:
            return ""
