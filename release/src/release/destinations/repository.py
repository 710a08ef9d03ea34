"""A git repository, here or far away; one commit for what differs, none where nothing does.

The commit is made beside the repository, with the release's own time and committer, and pushed in one
step. So the same release makes the same commit wherever it is made, a killed run leaves the branch where it
was, and a run that comes after finds either the old state or the new one.
"""

import tempfile
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from release import disk, git, shell
from release.destinations.seen import need_unchanged
from release.errors import ProgramFailedError, PushError
from release.git import Git
from release.model import File, Seen, State
from release.shell import Done

TRIES = 12
# Seconds that one call over the network may take: these repositories hold a few small text files.
PATIENCE = 120.0
_TIP = "refs/release/tip"  # the tip of the branch, in our copy
_HEADS = "refs/heads/"
_FIRST_BRANCH = "main"  # of a repository that names none


@dataclass(frozen=True, slots=True, kw_only=True)
class _Branch:
    """A branch of the repository: its name, its commit (empty before the first), and the kind of its names."""

    name: str
    tip: str
    object_format: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Copy:
    """A bare repository of our own that holds the tip of the branch."""

    git: Git
    branch: _Branch


@dataclass(slots=True, weakref_slot=True)
class _Last:
    """What was fetched last, in a folder that goes when nobody can ask for it any more."""

    copy: _Copy | None = None

    def folder(self) -> Path:
        """A new folder for it."""
        # It removes what git has made read-only, on Windows too.
        made = tempfile.TemporaryDirectory(prefix="release-", ignore_cleanup_errors=True)
        weakref.finalize(self, made.cleanup)
        return Path(made.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A branch of a bare repository.

    Attributes:
        location: a path, or an address that git knows.
        local: it is a path, and is made when it is not there.
        branch: the branch to push; None for the one that the repository itself calls its default, which is
            what everybody gets who clones it.
        committer: `Name <mail>`.
        when: time of the commits, in seconds since 1970, UTC.
        patience: seconds that one call over the network may take.
    """

    location: str
    local: bool
    branch: str | None
    committer: str
    when: int
    patience: float = PATIENCE
    _last: _Last = field(init=False, repr=False, compare=False, default_factory=_Last)

    def check(self) -> None:
        """Make a local repository that is missing; ask a remote one whether it would take a push.

        Raises:
            PushError: it does not answer, we may only read it, or the path holds something else.
            ToolMissingError: git is not on PATH, or too old.
        """
        git.need()
        if self.local and not Path(self.location).exists():
            self._make()
        branch = self._branch()
        if self.local:
            self._publish_refs()
            return
        # A push that git stops at the last moment: by then the other side has looked at who we are.
        with self._copy(branch) as copy:
            commit = copy.branch.tip or self._commit(copy, (), "rehearsal")
            done = self._push(copy, commit, "--dry-run")
        if done.code != 0:
            raise self._refused(done)

    def look(self, files: tuple[File, ...]) -> dict[str, State]:
        """Compare with the files of the branch.

        Raises:
            PushError: the repository cannot be read.
        """
        if self.local and not Path(self.location).exists():
            return {file.path: State.ABSENT for file in files}
        with self._named():
            copy = self._seen()
            held = self._held(copy)
            wanted = ((file.path, f"{_mode(file)} {blob}") for file, blob in self._blobs(copy, files))
            return {path: _state(held.get(path), entry) for path, entry in wanted}

    def read(self, path: str) -> bytes | None:
        """What a file of the branch holds; None where there is none.

        Raises:
            PushError: the repository cannot be read.
        """
        if self.local and not Path(self.location).exists():
            return None
        with self._named():
            return self._content(self._seen(), path)

    def push(self, files: tuple[File, ...], message: str, seen: Seen | None = None) -> str:
        """Commit the files on top of the branch and push; again from the start when somebody was faster.

        Raises:
            PushError: the repository did not take it.
            PlaceChangedError: the branch holds something else than was `seen`.
        """
        for tried in range(TRIES):
            with self._copy(self._branch()) as copy:
                need_unchanged(partial(self._content, copy), seen)
                commit = self._commit(copy, files, message)
                if commit == copy.branch.tip:
                    return f"nothing to do at {commit[:12]}"
                done = self._push(copy, commit)
            if done.code == 0:
                self._publish_refs()
                return f"commit {commit[:12]} on {copy.branch.name}"
            if tried + 1 == TRIES or not self._overtaken(copy.branch, done):
                raise self._refused(done)
            # Up to 2 s, and not in step with the others who wait.
            time.sleep(min(0.1 * 2**tried, 2) * (0.5 + time.monotonic_ns() % 1000 / 1000))
        raise AssertionError  # the last try returned or raised

    # --- the other side ----------------------------------------------------------------------------------

    def _make(self) -> None:
        path = Path(self.location)
        # Made under another name first: a repository is there whole or not at all.
        partial = path.with_name(f".{path.name}{disk.PARTIAL}")
        with disk.guarded(path), self._named():
            disk.emptied(partial)
            _init(partial, self.branch or _FIRST_BRANCH, "sha1")
            partial.rename(path)

    def _branch(self) -> _Branch:
        """Ask for the branch by its whole name: `main` is no other word for `draft/main`."""
        wanted = "HEAD" if self.branch is None else _HEADS + self.branch
        with self._folder() as folder:
            asking = git.trusting(git.nowhere(), folder / "trusted")
            done = asking.attempt("ls-remote", "--symref", "--", self.location, wanted, timeout=self.patience)
        if done.code != 0:
            raise self._refused(done)
        rows = [row.split("\t") for row in done.out.splitlines() if "\t" in row]
        tip = next((found for found, name in rows if name == wanted and not found.startswith("ref: ")), "")
        name = self.branch
        if name is None:
            head = f"ref: {_HEADS}"
            name = next((to.removeprefix(head) for to, name in rows if name == "HEAD" and to.startswith(head)), None)
            if name is None and tip:
                raise PushError(
                    f"{self._name}: its HEAD is no branch, so it has no default branch",
                    hint="give it one, or name a branch in the address",
                )
        if name is not None and tip:
            return _Branch(name=name, tip=tip, object_format=_object_format(tip))
        unborn, object_format = self._unborn()
        return _Branch(name=name or unborn, tip="", object_format=object_format)

    def _unborn(self) -> tuple[str, str]:
        """Default branch and object format of a repository where that branch has no commit yet."""
        if self.local:
            return _default(self._theirs())
        # Only a clone asks the other side for the name of a branch that is not there.
        with self._folder() as folder:
            words = ["-c", f"init.defaultBranch={_FIRST_BRANCH}", "clone", "-q", "--bare", "--template="]
            words += ["--depth=1", "--no-tags", "--", self.location]
            asking = git.trusting(git.nowhere(), folder / "trusted")
            done = asking.attempt(*words, folder / "asked", timeout=self.patience)
            if done.code != 0:
                raise self._refused(done)
            return _default(git.private(folder / "asked"))

    def _theirs(self) -> Git:
        path = Path(self.location)
        return git.private(path / ".git" if (path / ".git").is_dir() else path)

    def _publish_refs(self) -> None:
        """Keep the listing that clients of a plain web server read; written only when it changes."""
        if not self.local:
            return
        with self._named():
            theirs = self._theirs()
            wanted = theirs.run("for-each-ref", "--format=%(objectname)%09%(refname)")
            listing = theirs.folder / "info" / "refs"
            if not listing.exists() or listing.read_text() != wanted:
                theirs.run("update-server-info")

    def _overtaken(self, before: _Branch, done: Done) -> bool:
        """Whether a push failed because somebody else pushes: the branch moved on, or is being moved."""
        return "cannot lock ref" in done.err or self._branch().tip != before.tip

    # --- our copy ----------------------------------------------------------------------------------------

    def _seen(self) -> _Copy:
        """A copy to look at: the last one, where the branch is still what it was."""
        branch = self._branch()
        if self._last.copy is None or self._last.copy.branch != branch:
            with disk.guarded(Path(tempfile.gettempdir())):
                self._last.copy = self._fetched(self._last.folder(), branch)
        return self._last.copy

    @contextmanager
    def _copy(self, branch: _Branch) -> Iterator[_Copy]:
        """A copy to make commits in."""
        with self._folder() as folder:
            yield self._fetched(folder, branch)

    def _fetched(self, folder: Path, branch: _Branch) -> _Copy:
        ours = git.trusting(_init(folder / "copy", _FIRST_BRANCH, branch.object_format), folder / "trusted")
        tip = ""
        if branch.tip:
            words = ["fetch", "-q", "--depth=1", "--no-tags", "--", self.location]
            done = ours.attempt(*words, f"+{_HEADS}{branch.name}:{_TIP}", timeout=self.patience)
            if done.code != 0:
                raise self._refused(done)
            # Not what was listed a moment ago: the branch may have moved on.
            tip = ours.run("rev-parse", "--verify", _TIP).strip()
        return _Copy(git=ours, branch=_Branch(name=branch.name, tip=tip, object_format=branch.object_format))

    @contextmanager
    def _folder(self) -> Iterator[Path]:
        """A folder for a moment; what goes wrong in it is told with the place's name."""
        with (
            disk.guarded(Path(tempfile.gettempdir())),
            tempfile.TemporaryDirectory(prefix="release-", ignore_cleanup_errors=True) as name,
            self._named(),
        ):
            yield Path(name)

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except ProgramFailedError as error:
            raise self._failed(str(error)) from None

    def _held(self, copy: _Copy) -> dict[str, str]:
        """Modes and blobs of the branch by their path."""
        if not copy.branch.tip:
            return {}
        listed = copy.git.output("ls-tree", "-r", "-z", copy.branch.tip).decode("utf-8", "surrogateescape")
        rows = (row.partition("\t") for row in listed.split("\0") if row)
        return {path: " ".join(about.split()[::2]) for about, _, path in rows}

    def _content(self, copy: _Copy, path: str) -> bytes | None:
        entry = self._held(copy).get(path)
        return copy.git.output("cat-file", "blob", entry.split()[1]) if entry else None

    def _blobs(self, copy: _Copy, files: tuple[File, ...]) -> list[tuple[File, str]]:
        words = ["hash-object", "-w", "--stdin", "--no-filters"]
        return [
            (
                file,
                copy.git.run(
                    *words,
                    stdin=file.content if isinstance(file.content, bytes) else file.content.read_bytes(),
                ).strip(),
            )
            for file in files
        ]

    def _commit(self, copy: _Copy, files: tuple[File, ...], message: str) -> str:
        """The commit that holds the files; the tip itself where it already does."""
        ours, parent = git.indexed(copy.git, copy.git.folder / "our-index"), copy.branch.tip
        if parent:
            ours.run("read-tree", parent)
        rows = "".join(f"{_mode(file)} {blob}\t{file.path}\0" for file, blob in self._blobs(copy, files))
        ours.run("update-index", "-z", "--index-info", stdin=rows.encode())
        tree = ours.run("write-tree").strip()
        if parent and tree == ours.run("rev-parse", f"{parent}^{{tree}}").strip():
            return parent
        name, _, mail = self.committer.rstrip(">").partition(" <")
        who = {
            f"GIT_{role}_{part}": value
            for role in ("AUTHOR", "COMMITTER")
            # The @ makes it seconds: without it, git takes small numbers for something else.
            for part, value in (("NAME", name), ("EMAIL", mail), ("DATE", f"@{self.when} +0000"))
        }
        words = ["commit-tree", tree, "-m", message]
        return ours.run(*words, *(["-p", parent] if parent else []), env=who).strip()

    def _push(self, copy: _Copy, commit: str, *options: str) -> Done:
        refs = f"{commit}:{_HEADS}{copy.branch.name}"
        return copy.git.attempt("push", "-q", *options, "--", self.location, refs, timeout=self.patience)

    # --- failures ----------------------------------------------------------------------------------------

    @property
    def _name(self) -> str:
        return Path(self.location).name

    def _refused(self, done: Done) -> PushError:
        if done.code == shell.KILLED:
            return PushError(
                f"{self._name}: no answer within {self.patience:g} s",
                hint="check the network and the place, then run publish again: it resumes",
            )
        return self._failed(done.err)

    def _failed(self, words: str) -> PushError:
        said = [line.strip().rstrip(".") for line in words.splitlines()]
        lines = [line for line in said if line and not line.startswith("hint:")][-6:] or ["no reason given"]
        return PushError(
            f"{self._name}: " + "; ".join(lines),
            hint="check the place and your right to write there, then run publish again: it resumes",
        )


def _init(folder: Path, branch: str, object_format: str) -> Git:
    words = ["init", "-q", "--bare", "--template=", f"--object-format={object_format}", f"--initial-branch={branch}"]
    git.nowhere().run(*words, folder)
    return git.private(folder)


def _default(theirs: Git) -> tuple[str, str]:
    head = theirs.attempt("symbolic-ref", "-q", "HEAD").out.strip()
    name = head.removeprefix(_HEADS) if head.startswith(_HEADS) else _FIRST_BRANCH
    return name, theirs.run("rev-parse", "--show-object-format").strip()


def _object_format(commit: str) -> str:
    """The hash that names are made with, told by their length."""
    return "sha256" if len(commit) == 64 else "sha1"  # noqa: PLR2004


def _mode(file: File) -> str:
    """As git writes it: of all permissions it knows the executable bit."""
    return "100755" if file.mode & 0o100 else "100644"


def _state(held: str | None, wanted: str) -> State:
    if held is None:
        return State.ABSENT
    return State.SAME if held == wanted else State.DIFFERENT
