"""The source of a build: the tree of a commit, whole, as files in a folder.

It is read from git's objects. So no attribute, filter, line-end setting, sparse checkout, ignored or hidden edit
changes it, and what git lists as one entry (a submodule, a link) is followed to its content. What cannot be had
is told by name: a program that lacks a part builds well, and dies at its first import.
"""

import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from release import disk, git, shell
from release.errors import ProgramFailedError, SourceIncompleteError
from release.git.checkout import FETCHING, Checkout

_FILES = {"100644": 0o644, "100664": 0o644, "100755": 0o755}  # modes of files in a tree
_LINK, _SUBMODULE = "120000", "160000"
# Files that are held in memory together: as many, and bytes as long as there is more than one.
_BATCH, _BATCH_SIZE = 500, 32_000_000
# Source: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:ext-.*\n)*oid sha256:([0-9a-f]{64})\nsize (\d+)\n"
)
_POINTER_SIZE = 1024  # a pointer is smaller


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """A row of `git ls-tree`: a file, a link or a submodule; the path is from the top of its repository."""

    mode: str
    name: str
    size: int
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Copying:
    """One export: the folder it fills, and the links in it, which are made when all files stand."""

    root: Path
    results: Sequence[Path]
    links: dict[Path, str] = field(default_factory=dict)


def export(checkout: Checkout, commit: str, into: Path, *, changes: bool = False, results: Sequence[Path] = ()) -> None:
    """Write the tree of a commit, its submodules at their commits, into an empty folder.

    Args:
        checkout: where the commit is.
        commit: its name.
        into: the folder; made when it is missing.
        changes: put what `git status` shows on top: changed, new and removed files of the working tree.
        results: folders of results, whose new files are left out of the changes.

    Raises:
        SourceIncompleteError: a submodule, a git-lfs file or an object is not here, a link leads out of the tree, or
            two files have one name on this system.
        DiskFullError, WriteError: the files could not be written.
    """
    copying = _Copying(root=into, results=results)
    with disk.guarded(into):
        into.mkdir(parents=True, exist_ok=True)
        _tree(checkout, commit, into, copying)
        if changes:
            _changes(checkout, into, copying)
        _links(copying)


# --- the commit ------------------------------------------------------------------------------------------


def _tree(checkout: Checkout, commit: str, into: Path, copying: _Copying) -> None:
    entries = tuple(_entries(checkout, commit))
    pointers: dict[str, tuple[str, int]] = {}
    for batch in _batches(entry for entry in entries if entry.mode != _SUBMODULE):
        for entry, content in zip(batch, _blobs(checkout, batch), strict=True):
            path = into / entry.path
            if entry.mode == _LINK:
                copying.links[path] = os.fsdecode(content)
                continue
            _write(path, content, _FILES[entry.mode])
            found = _POINTER.fullmatch(content) if len(content) < _POINTER_SIZE else None
            if found:
                pointers[entry.path] = (found[1].decode(), int(found[2]))
    if pointers:
        _large(checkout, commit, into, pointers)
    for entry in entries:
        if entry.mode == _SUBMODULE:
            _tree(_submodule(checkout, commit, entry, into / entry.path), entry.name, into / entry.path, copying)


def _entries(checkout: Checkout, commit: str) -> Iterator[_Entry]:
    listed = os.fsdecode(_output(checkout, "ls-tree", "-r", "-z", "-l", "--full-tree", commit))
    for row in filter(None, listed.split("\0")):
        about, _, path = row.partition("\t")
        mode, _, name, size = about.split()
        if any(part in {"", ".", ".."} or part.lower() == ".git" for part in path.split("/")):
            raise SourceIncompleteError(f"the commit holds a file called {path!r}", hint="give it another name")
        yield _Entry(mode=mode, name=name, size=int(size) if size.isdigit() else 0, path=path)


def _batches(entries: Iterable[_Entry]) -> Iterator[list[_Entry]]:
    batch: list[_Entry] = []
    for entry in entries:
        if batch and (len(batch) == _BATCH or sum(each.size for each in batch) + entry.size > _BATCH_SIZE):
            yield batch
            batch = []
        batch.append(entry)
    if batch:
        yield batch


def _blobs(checkout: Checkout, entries: Sequence[_Entry]) -> Iterator[bytes]:
    """The content of files, in order. A partial clone fetches what it lacks."""
    asked = "".join(f"{entry.name}\n" for entry in entries).encode()
    answer = _output(checkout, "cat-file", "--batch", stdin=asked)
    at = 0
    for entry in entries:
        end = answer.index(b"\n", at)
        words = answer[at:end].split()
        if words[-1] == b"missing":
            raise SourceIncompleteError(f"{entry.path} is not in the repository", hint="git fsck says what is damaged")
        size = int(words[2])
        yield answer[end + 1 : end + 1 + size]
        at = end + 1 + size + 1


def _output(checkout: Checkout, *words: str, stdin: bytes = b"") -> bytes:
    try:
        return checkout.git.output(*words, stdin=stdin, timeout=FETCHING)
    except ProgramFailedError as error:
        raise SourceIncompleteError(
            f"the commit cannot be read whole: {error}", hint="git fsck; in a partial clone, check the network"
        ) from None


def _write(path: Path, content: bytes, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("xb") as file:
            file.write(content)
    except FileExistsError:
        raise SourceIncompleteError(
            f"two files of the commit are called {path.name} on this system", hint="rename one, or build on Linux"
        ) from None
    path.chmod(mode)


# --- submodules ------------------------------------------------------------------------------------------


def _submodule(checkout: Checkout, commit: str, entry: _Entry, into: Path) -> Checkout:
    """The repository of a submodule that holds the commit which is wanted.

    It is looked for in the working tree, and among those that git keeps of submodules which are not checked out.
    """
    into.mkdir(parents=True, exist_ok=True)
    kept = list(_kept(checkout, commit, entry))
    within = checkout.top / entry.path
    if (within / ".git").exists():
        done = shell.attempt(["git", "rev-parse", "--absolute-git-dir"], **git.discovery(within))
        if done.code == 0:
            kept.insert(0, (Path(os.fsdecode(done.raw.removesuffix(b"\n"))), within))
    for folder, top in kept:
        found = Checkout(git=git.reading(folder, top if top.is_dir() else into), top=top)
        if found.git.attempt("cat-file", "-e", f"{entry.name}^{{commit}}", timeout=FETCHING).code == 0:
            return found
    raise SourceIncompleteError(
        f"the submodule {entry.path} is not here at its commit {entry.name[:12]}",
        hint="git submodule update --init --recursive (in CI: submodules: recursive)",
    )


def _kept(checkout: Checkout, commit: str, entry: _Entry) -> Iterator[tuple[Path, Path]]:
    """Repositories that git keeps for a submodule below its own, by the name in .gitmodules."""
    words = ["config", "-z", "--blob", f"{commit}:.gitmodules", "--get-regexp", r"^submodule\..*\.path$"]
    for row in checkout.git.attempt(*words, timeout=FETCHING).out.split("\0"):
        key, _, path = row.partition("\n")
        name = key.removeprefix("submodule.").removesuffix(".path")
        if path == entry.path and ".." not in name.split("/"):
            for folder in (checkout.git.folder, _common(checkout)):
                if (folder / "modules" / name / "HEAD").exists():
                    yield folder / "modules" / name, checkout.top / entry.path


def _common(checkout: Checkout) -> Path:
    """The repository that linked worktrees share."""
    printed = checkout.git.output("rev-parse", "--path-format=absolute", "--git-common-dir")
    return Path(os.fsdecode(printed.removesuffix(b"\n")))


# --- git-lfs ---------------------------------------------------------------------------------------------


def _large(checkout: Checkout, commit: str, into: Path, pointers: dict[str, tuple[str, int]]) -> None:
    """Put the content in the place of git-lfs pointers, from git-lfs's own store in the repository."""
    store = _store(checkout)
    for path in _by_lfs(checkout, commit, tuple(pointers)):
        digest, size = pointers[path]
        content = store / digest[:2] / digest[2:4] / digest
        if not content.is_file() or content.stat().st_size != size or disk.sha256(content) != digest:
            raise SourceIncompleteError(f"{path} is kept by git-lfs, and its content is not here", hint="git lfs pull")
        mode = stat.S_IMODE((into / path).stat().st_mode)
        shutil.copyfile(content, into / path)
        (into / path).chmod(mode)


def _store(checkout: Checkout) -> Path:
    configured = checkout.git.attempt("config", "--path", "lfs.storage").raw.removesuffix(b"\n")
    return _common(checkout) / os.fsdecode(configured or b"lfs") / "objects"


def _by_lfs(checkout: Checkout, commit: str, paths: Sequence[str]) -> Iterator[str]:
    """Those that the commit's own attributes give to git-lfs; others merely look like a pointer."""
    with tempfile.TemporaryDirectory(prefix="release-", ignore_cleanup_errors=True) as folder:
        ours = git.indexed(checkout.git, Path(folder) / "index")
        ours.run("read-tree", "--no-sparse-checkout", commit, timeout=FETCHING)
        asked = b"".join(os.fsencode(path) + b"\0" for path in paths)
        fields = os.fsdecode(ours.output("check-attr", "-z", "--stdin", "--cached", "filter", stdin=asked))
    words = fields.split("\0")
    for path, value in zip(words[::3], words[2::3], strict=False):
        if value == "lfs":
            yield path


# --- changes of the working tree ---------------------------------------------------------------------------


def _changes(checkout: Checkout, into: Path, copying: _Copying) -> None:
    changed = [
        replace(each, path=each.path.rstrip("/"))
        for each in checkout.changes()
        if not (each.untracked and checkout.within(each, copying.results))
    ]
    for each in changed:
        _removed(into / each.path, copying)
    for each in changed:
        _changed(checkout.top / each.path, into / each.path, copying)


def _removed(path: Path, copying: _Copying) -> None:
    copying.links.pop(path, None)
    if path.is_dir():
        for link in [link for link in copying.links if path in link.parents]:
            del copying.links[link]
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    for parent in path.parents:
        if parent == copying.root or not parent.is_dir() or any(parent.iterdir()):
            return
        parent.rmdir()


def _changed(path: Path, into: Path, copying: _Copying) -> None:
    if path.is_symlink():
        copying.links[into] = str(path.readlink())
    elif path.is_file():
        into.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, into)
        into.chmod(0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644)
    elif (path / ".git").exists():
        # A submodule, or a repository that the commit knows nothing of: what it has checked out, changes and all.
        folder = shell.run(["git", "rev-parse", "--absolute-git-dir"], **git.discovery(path)).removesuffix("\n")
        inner = Checkout(git=git.reading(Path(folder), path), top=path)
        into.mkdir(parents=True, exist_ok=True)
        _tree(inner, inner.commit(), into, copying)
        _changes(inner, into, copying)


# --- links -----------------------------------------------------------------------------------------------


def _links(copying: _Copying) -> None:
    """Make the links, last: no file is ever written through one. None leads out of the tree."""
    root = Path(os.path.realpath(copying.root))
    for path, target in copying.links.items():
        at = path.relative_to(copying.root)
        inside = os.path.normpath(at.parent / target)
        if Path(target).is_absolute() or inside == ".." or inside.startswith(f"..{os.sep}"):
            raise _leads_out(at, target)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target, target_is_directory=(copying.root / inside).is_dir())
    for path, target in copying.links.items():
        # Again with the links of others resolved.
        if not Path(os.path.realpath(path)).is_relative_to(root):
            raise _leads_out(path.relative_to(copying.root), target)


def _leads_out(path: Path, target: str) -> SourceIncompleteError:
    return SourceIncompleteError(
        f"the link {path} leads out of the commit, to {target}", hint="commit what it names, or a link to that"
    )
