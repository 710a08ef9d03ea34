"""What would be lost for good: a command is grave by what it would touch, not by how it is called.

The undo keeps what lies in the project. Grave is what it cannot bring back: what lies outside, the project as a whole,
its history, more than it keeps, what is on other machines, and whatever cannot be told.
"""

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from iterate.permissions import git
from iterate.permissions.border import Place, is_nowhere
from iterate.permissions.effects import Touch, has
from iterate.permissions.words import Word

# What the undo keeps of one command: so many files, none longer than that, and so much together unless told otherwise.
MOST_FILES, LONGEST_BYTES, KEPT_BYTES = 100_000, 64 << 20, 256 << 20


def of_touch(touch: Touch, place: Place, root: Path, home: str, kept_bytes: int = KEPT_BYTES) -> str:
    """Why touching this place is grave; empty when it is not."""
    path = str(place.path)
    if is_nowhere(path) or touch.kind == "writes" or (touch.is_some and place.where == "inside"):
        return ""
    if place.where == "unknown":
        return "" if touch.kind == "changes" else f"where {place.subject!r} leads is not known"
    wide = _wide(path, root, home) if touch.is_deep or touch.kind == "removes" else ""
    if wide:
        return f"{'it removes' if touch.kind == 'removes' else 'it changes all of'} {wide}"
    if path.startswith("/dev/") and place.where == "outside" and not path.startswith("/dev/shm/"):  # noqa: S108
        return f"it overwrites the device {path}"
    if touch.kind == "changes":
        return f"it changes all of {path}, outside the project" if place.where == "outside" and touch.is_deep else ""
    return _of_removal(touch, place, kept_bytes) if touch.kind == "removes" else _of_overwriting(place, kept_bytes)


def shown(root: Path) -> set[str]:
    """The names in the project's folder that have no dot before them; nothing where there are not two of them."""
    try:
        with os.scandir(root) as entries:
            found = {entry.name for entry in entries if not entry.name.startswith(".")}
    except OSError:
        return set()
    return found if len(found) > 1 else set()


def unknown_touch(touch: Touch, kept_bytes: int = KEPT_BYTES) -> str:
    """Why it is grave that nobody knows which path this is."""
    if touch.kind == "removes":
        return f"what it removes is not known: {touch.word.text}"
    is_lost = touch.kind == "overwrites" and not kept_bytes
    return f"what it overwrites is not known, and is not in any snapshot: {touch.word.text}" if is_lost else ""


def of_words(name: str, words: Sequence[Word]) -> str:
    """Why a command is grave whatever it touches; empty when it is not."""
    if name == "git":
        return git.loses(words)
    check = COMMANDS.get(name)
    if check:
        return check(words)
    return "it makes a file system anew" if name.startswith(("mkfs", "newfs")) else ""


def of_text(text: str) -> str:
    """Why a text is grave that nobody can take apart, or that another language is written in."""
    return "it removes something, and what is not known" if _REMOVING.search(text) else ""


_REMOVING = re.compile(
    r"\brm\b|\brmtree\b|\bunlink(?:Sync|at)?\b|\b(?:File|Dir|Files)\.(?:delete|unlink)|removeSync|\brmdir\b|rmSync|rimraf|FileUtils\.rm|remove_dir|removedirs|os\.remove|shred\b|mkfs|\bdd\b"
    r"|truncate|--force|--hard|-delete\b|\bdrop\s+(?:table|database|schema)|of=/dev/|>\s*/dev/[sn]d|Remove-Item|shutil\.move",
    re.IGNORECASE,
)


def _wide(path: str, root: Path, home: str) -> str:
    folder = path.rstrip("/") + "/"
    if path == str(root):
        return "the project's whole folder"
    if str(root).startswith(folder):
        return f"{path}, which the project lies in"
    if home and (path == home or home.startswith(folder)):
        return f"{path}, the home"
    is_top = path.count("/") < 2  # noqa: PLR2004  # /usr, /etc and their like.
    return f"{path}, a folder of the system" if is_top or os.path.ismount(path) else ""


def _of_removal(touch: Touch, place: Place, kept_bytes: int) -> str:
    if place.where == "outside":
        is_there = os.path.lexists(place.path)
        return f"it removes {place.path} (cannot be undone: not in any snapshot)" if is_there or touch.is_deep else ""
    if re.fullmatch(r"(?:.*/)?\.(?:git|hg|svn)(?:/.*)?", place.subject, re.IGNORECASE):
        return f"it removes {place.subject} (cannot be undone: the history is not in any snapshot)"
    try:
        is_folder = place.path.is_dir() and not place.path.is_symlink()
        size = 0 if is_folder else place.path.lstat().st_size
    except OSError:
        return ""
    if not is_folder:
        is_lost = size > min(LONGEST_BYTES, kept_bytes)
        return f"it removes {place.subject} ({_unheld(kept_bytes)})" if is_lost else ""
    found = _extent(place.path, kept_bytes) if touch.is_deep else ""
    return f"it removes {place.subject} (cannot be undone: {found})" if found else ""


def _of_overwriting(place: Place, kept_bytes: int) -> str:
    try:
        found = place.path.stat()
    except OSError:
        return ""
    if place.path.is_dir():
        return ""
    if place.where == "outside" and found.st_size:
        return f"it overwrites {place.path} (cannot be undone: not in any snapshot)"
    is_lost = found.st_size > min(LONGEST_BYTES, kept_bytes)
    return f"it overwrites {place.subject} ({_unheld(kept_bytes)})" if is_lost else ""


def _unheld(kept_bytes: int) -> str:
    return f"cannot be undone: {'too large for a snapshot' if kept_bytes else 'not in any snapshot'}"


def _extent(folder: Path, kept_bytes: int) -> str:
    """What is much about a folder: more than a snapshot holds, or a repository in it."""
    files, size, left = 0, 0, [str(folder)]
    while left:
        try:
            with os.scandir(left.pop()) as entries:
                for entry in entries:
                    files += 1
                    if entry.name == ".git":
                        return "it holds a repository with its history"
                    if entry.is_dir(follow_symlinks=False):
                        left.append(entry.path)
                        continue
                    if files > MOST_FILES or not kept_bytes:
                        return f"more than {MOST_FILES:,} files" if kept_bytes else "not in any snapshot"
                    if entry.is_file(follow_symlinks=False):
                        length = entry.stat(follow_symlinks=False).st_size
                        size += length
                        if length > LONGEST_BYTES or size > kept_bytes:
                            return f"more than a snapshot holds ({min(kept_bytes, size) >> 20} MiB)"
        except OSError:
            return "what it holds cannot be seen"
    return ""


def _always(why: str) -> Callable[[Sequence[Word]], str]:
    return lambda _words: why


def _with(why: str, *patterns: str, is_text: bool = False) -> Callable[[Sequence[Word]], str]:
    """Grave where the words hold one of these; those with blanks in them only where they are no text for people."""
    wanted = re.compile("|".join(patterns), re.IGNORECASE)

    def read(words: Sequence[Word]) -> str:
        texts = [word.shown for word in words[1:]]
        return why if wanted.search(" ".join(text for text in texts if is_text or " " not in text)) else ""

    return read


def _rsync(words: Sequence[Word]) -> str:
    is_removing = any(word.shown.startswith(("--del", "--remove")) for word in words)
    return "it removes what the other side does not have" if is_removing else ""


def _kill(words: Sequence[Word]) -> str:
    return "it ends every process" if any(word.shown in ("-1", "0") for word in words[2:]) else ""


_CONTAINERS = _with(
    "it removes containers, images or volumes",
    r"\bprune\b",
    r"\b(?:volume|image|network|system)\s+(?:rm|remove)\b",
    r"\bdown\b.*(?:-v|--volumes|--rmi)",
    r"\brmi?\b.*-\w*[fv]",
)
_SQL = _with("it removes data", r"\b(?:drop|truncate|delete)\b", r"flushall|flushdb", is_text=True)
_DISK = _always("it changes a disk")
_CLUSTER = "it removes what runs in a cluster"
_ELSEWHERE = "it removes what is stored elsewhere"
_PUBLISHED = "it takes back what was published"
_FAMILIES: tuple[tuple[str, Callable[[Sequence[Word]], str]], ...] = (
    ("fdisk sfdisk parted wipefs gdisk sgdisk cfdisk blkdiscard hdparm mkswap cryptsetup mdadm", _DISK),
    ("lvremove vgremove pvremove zpool zfs", _DISK),
    ("shutdown reboot halt poweroff init", _always("it stops the machine")),
    ("userdel deluser groupdel delgroup", _always("it removes a user")),
    ("docker podman nerdctl docker-compose", _CONTAINERS),
    ("kubectl oc", _with(_CLUSTER, r"\bdelete\b", r"\bdrain\b", r"--prune\b", r"replace.*--force")),
    ("helm", _with(_CLUSTER, r"\b(?:uninstall|delete|rollback)\b")),
    (
        "terraform tofu pulumi cdk",
        _with("it removes what was made", r"\bdestroy\b", r"-auto-approve|--yes\b"),
    ),
    ("dropdb dropuser", _always("it removes a database")),
    ("psql mysql mariadb sqlite3 mongosh mongo redis-cli clickhouse-client mysqladmin", _SQL),
    ("aws", _with(_ELSEWHERE, r"\b(?:rm|rb)\b", r"\bdelete-", r"\bterminate-", r"sync.*--delete")),
    ("gcloud gsutil az doctl heroku fly flyctl gh glab", _with(_ELSEWHERE, r"\b(?:delete|rm|rb|destroy|purge)\b")),
    ("rclone", _with(_ELSEWHERE, r"\b(?:delete|purge|sync|rmdirs?|move)\b")),
    ("npm pnpm yarn", _with(_PUBLISHED, r"\bunpublish\b")),
    ("cargo", _with(_PUBLISHED, r"\byank\b")),
    ("crontab", _with("it removes what runs later", r"(?:^|\s)-\w*r")),
    ("diskutil", _with("it changes a disk", "erase", "partition", "delete")),
    ("format", _always("it makes a file system anew")),
    ("shred srm", _always("it destroys what it overwrites")),
    ("Remove-Item", _always("it removes something")),
    ("rsync", _rsync),
    (
        "hg sl",
        _with(
            "changes that were not committed are removed",
            r"\bpurge\b",
            r"\b(?:update|up|co|checkout|clean)\b.*(?:-C\b|--clean)",
            r"\bclean\b",
            r"\brevert\b.*(?:-a\b|--all|-C\b|--no-backup)",
            r"\bstrip\b",
        ),
    ),
    (
        "svn",
        _with(
            "changes that were not committed are removed",
            r"\brevert\b",
            r"\bcleanup\b.*--remove",
            r"\b(?:delete|rm|remove)\b.*--force",
        ),
    ),
    (
        "jj",
        _with(
            "what was changed is abandoned",
            r"\babandon\b",
            r"\brestore\b",
            r"\bop(?:eration)?\s+(?:restore|abandon)\b",
            r"\butil\s+gc\b",
        ),
    ),
    ("tar bsdtar gtar", _with("it removes what it packs", r"--remove-files")),
    ("zip", _with("it removes what it packs", r"(?:^|\s)-\w*m", r"--move")),
    ("kill", _kill),
    ("rmdir", lambda words: "it removes a tree" if has(words, "s") else ""),
)
COMMANDS: dict[str, Callable[[Sequence[Word]], str]] = {name: check for row, check in _FAMILIES for name in row.split()}
