"""Whether a path is inside the project, by where it really leads: links, `..`, other spellings and mounts resolved.

What is looked at may change before it is used. A tool opens the `path` that it got from here, not the text it was
given; against somebody who changes links meanwhile the sandbox stands.
"""

import os
import stat
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal

from msgspec import Struct

from iterate.permissions.need import Deed, Need

LINKS = 40
# What PATH_MAX and NAME_MAX are on Linux; elsewhere they are smaller, and the system says so itself.
LONGEST_PATH, LONGEST_NAME = 4096, 255
# Devices that are nowhere: reading and writing them changes nothing.
NOWHERE = frozenset({"/dev/null", "/dev/zero", "/dev/stdin", "/dev/stdout", "/dev/stderr", "/dev/tty", "/dev/full"})
RANDOM = frozenset({"/dev/random", "/dev/urandom"})


class Place(Struct, frozen=True, kw_only=True):
    """Where a path leads: `path` is the real one, `subject` what rules are matched with.

    unknown: it cannot be told, for the reason `why`; nothing may be done with it.
    """

    where: Literal["inside", "outside", "unknown"]
    path: Path
    subject: str
    why: str = ""


def place(
    root: Path, path: str | Path, directory: Path | None = None, home: str = "", *, is_followed: bool = True
) -> Place:
    """Where `path` leads, as seen from `directory` (the project's folder unless given).

    Args:
        root: the project's folder, resolved.
        path: as somebody wrote it. `~` is the home where there is one; nothing else is expanded.
        directory: what a relative path begins at.
        home: the folder of the user.
        is_followed: whether a link at its end is followed; whoever removes or moves a link touches the link.
    """
    text = str(path)
    problem = _problem(text, home)
    if problem:
        return _unknown(text, problem)
    if text == "~" or text.startswith("~/"):
        text = home + text[1:]
    begun = os.path.join(directory or root, text)  # noqa: PTH118  # pathlib would take out what matters.
    head, _, name = begun.rpartition("/")
    is_link = not is_followed and name not in ("", ".", "..")
    try:
        real, is_odd = _resolved(f"{head}/" if is_link else begun)
        real = f"{real.rstrip('/')}/{name}" if is_link else real
    except OSError as failure:
        return _unknown(text, failure.strerror or "it cannot be resolved")
    inner = None if is_odd else _inside(real, root)
    why = "it leads through /proc" if is_odd else ""
    if inner is not None and (mount := _mount(real, root)):
        inner, why = None, f"{mount} is mounted from elsewhere"
    return Place(
        where="outside" if inner is None else "inside",
        path=Path(real),
        subject=(real if inner is None else inner).replace(os.sep, "/"),
        why=why,
    )


def needs(deed: Deed, place: Place, via: str = "", why: str = "") -> tuple[Need, ...]:
    """What doing this (`read` or `edit`) at that place needs: an edit outside is two things."""
    said = why or place.why
    match place.where:
        case "inside":
            return (Need(deed=deed, subject=place.subject, via=via, why=said),)
        case "outside":
            made = Need(deed="outside", subject=place.subject, via=via, why=said or "it is outside the project")
            return (made, Need(deed=deed, subject=place.subject, via=via, why=said)) if deed == "edit" else (made,)
        case "unknown":
            text = f"where {place.subject!r} leads is not known: {place.why}"
            return (Need(deed="outside", subject=place.subject, via=via, why=text),)


def is_nowhere(path: str) -> bool:
    """Whether it is a device that keeps nothing, as in `> /dev/null`."""
    return path in NOWHERE or path in RANDOM


def is_below(path: str, root: Path) -> bool:
    """Whether a path leads into the project or to it; what cannot be resolved might."""
    try:
        real, is_odd = _resolved(path)
    except OSError:
        return True
    return is_odd or _inside(real, root) is not None


def open_inside(root: Path, subject: str, flags: int, mode: int = 0o666) -> int:
    """A descriptor of a file inside `root`, opened folder by folder so that no link is followed on the way.

    Raises OSError (ELOOP, ENOTDIR) where a part became a link since it was resolved.
    """
    parts = [part for part in subject.split("/") if part not in ("", ".")]
    if not parts or ".." in parts:
        raise OSError(22, "no path inside", subject)
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in parts[:-1]:
            below = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
            os.close(folder)
            folder = below
        return os.open(parts[-1], flags | os.O_NOFOLLOW | os.O_CLOEXEC, mode, dir_fd=folder)
    finally:
        os.close(folder)


def _problem(text: str, home: str) -> str:
    """Why nothing can be said about a path of that text; empty when there is no reason."""
    first = text.partition("/")[0]
    problems = {
        "it is empty": not text,
        "it holds a NUL": "\0" in text,
        "it is too long": len(os.fsencode(text)) >= LONGEST_PATH,
        "a name in it is too long": any(len(os.fsencode(part)) > LONGEST_NAME for part in text.split("/")),
        "there is no home": first == "~" and not home,
        "it begins in somebody's home": first.startswith("~") and first != "~",
    }
    return next((why for why, is_so in problems.items() if is_so), "")


def _unknown(text: str, why: str) -> Place:
    return Place(where="unknown", path=Path(os.devnull), subject=text.replace("\0", "\N{SYMBOL FOR NULL}"), why=why)


def _resolved(begun: str) -> tuple[str, bool]:
    """The real path, and whether it leads through /proc, whose links are not what they say."""
    if os.name == "nt":
        return os.path.realpath(begun), False
    done, rest, links, is_odd = "/", begun.split("/")[::-1], 0, False
    while rest:
        part = rest.pop()
        if part in ("", "."):
            continue
        if part == "..":
            done = done.rpartition("/")[0] or "/"
            continue
        step = f"{done.rstrip('/')}/{part}"
        is_odd = is_odd or step == "/proc" or step.startswith(("/proc/", "/dev/fd/"))
        try:
            is_link = stat.S_ISLNK(os.lstat(step).st_mode)
        except (FileNotFoundError, NotADirectoryError):
            is_link = False
        if is_link:
            links += 1
            if links > LINKS:
                raise OSError(40, "it has too many links")
            target = os.readlink(step)  # noqa: PTH115  # Plain text, in a loop.
            rest += reversed(target.split("/"))
            done = "/" if target.startswith("/") else done
        else:
            done = step
    return done, is_odd


def _inside(real: str, root: Path) -> str | None:
    """The path from the root on; None when it is elsewhere."""
    base = str(root)
    if real == base:
        return "."
    if real.startswith(base.rstrip(os.sep) + os.sep):
        return real[len(base.rstrip(os.sep)) + 1 :]
    # The same folder under another spelling, on a disk that overlooks case, or under another mount.
    try:
        wanted = root.stat()
    except OSError:
        return None
    tail: list[str] = []
    head = real
    while head not in ("", "/", os.path.dirname(head)):  # noqa: PTH120  # Plain text, in a loop.
        try:
            found = os.stat(head)  # noqa: PTH116
        except OSError:
            found = None
        if found is not None and (found.st_dev, found.st_ino) == (wanted.st_dev, wanted.st_ino):
            return "/".join(reversed(tail)) or "."
        head, _, name = head.rpartition("/")
        tail.append(name)
    return None


def _mount(real: str, root: Path) -> str:
    """The mount inside the project that a path lies in; empty when there is none."""
    base = str(root).rstrip("/") + "/"
    for point in _mounts():
        if point.startswith(base) and (real == point or real.startswith(point + "/")):
            return point
    return ""


def _mounts() -> Sequence[str]:
    table = Path("/proc/self/mountinfo")
    try:
        text = table.read_bytes()
    except OSError:
        return ()
    return _points(text)


@lru_cache(maxsize=4)
def _points(text: bytes) -> Sequence[str]:
    found = []
    for line in text.decode(errors="surrogateescape").splitlines():
        fields = line.split(" ")
        found.append(fields[4].replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\"))
    return tuple(found)
