"""What a checkout holds, asked in forms that no setting of git, no flag and no name of a file can bend."""

import os
import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from release import git, shell
from release.errors import CommitTimeError, NotARepositoryError
from release.git import Git

_HEADS = "refs/heads/"
_TAGS = "refs/tags/"
# Seconds for what may have to fetch objects: a partial clone gets what it lacks when it is read.
FETCHING = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A file of the working tree that differs from the commit.

    Attributes:
        path: from the top of the checkout, with `/`; bytes that are no UTF-8 are surrogates.
        untracked: the commit knows nothing of it.
    """

    path: str
    untracked: bool

    @property
    def text(self) -> str:
        """The path for people: what cannot be printed is escaped."""
        known = os.fsencode(self.path).decode("utf-8", "backslashreplace")
        return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """A working tree and its repository.

    Attributes:
        git: git on both.
        top: the working tree's folder.
    """

    git: Git
    top: Path

    def head(self) -> "Head":
        """HEAD, to be looked at."""
        return Head(checkout=self)

    def commit(self) -> str:
        """The commit of HEAD, in 40 hex digits, or 64 where the repository is made with SHA-256.

        Raises:
            NotARepositoryError: there is no commit yet, or it is damaged.
        """
        done = self.git.attempt("rev-parse", "--verify", "--end-of-options", "HEAD^{commit}")
        if done.code != 0:
            raise NotARepositoryError(
                f"{self.top} has no commit: {_words(done.err)}", hint="commit what is to be released"
            )
        return done.out.strip()

    def committed_at(self, commit: str) -> int:
        """The committer's time, which a rebase moves on, in seconds since 1970, UTC.

        Raises:
            CommitTimeError: the commit holds no such number.
        """
        return _time(commit, self.git.output("cat-file", "commit", commit, timeout=FETCHING))

    def shallow(self) -> bool:
        """Whether a part of the history is cut off."""
        return self.git.run("rev-parse", "--is-shallow-repository").strip() == "true"

    def branch(self) -> str | None:
        """The branch of HEAD, by its whole name; None for a detached HEAD."""
        raw = self.git.attempt("symbolic-ref", "-q", "HEAD").raw
        name = raw.decode("utf-8", "backslashreplace").strip("\n")
        return name.removeprefix(_HEADS) if name.startswith(_HEADS) else None

    def tags(self, commit: str) -> tuple[str, ...]:
        """The tags of a commit, be they names, annotated tags or tags of tags."""
        listed = self.git.run("for-each-ref", "--format=%(refname)", _TAGS).splitlines()
        if not listed:
            return ()
        # By whole names, for a branch or a file may be called the same.
        asked = "".join(f"{name}^{{commit}}\n" for name in listed).encode()
        answers = self.git.run("cat-file", "--batch-check=%(objectname)", stdin=asked, timeout=FETCHING)
        found = zip(listed, answers.splitlines(), strict=False)
        return tuple(name.removeprefix(_TAGS) for name, answer in found if answer == commit)

    def changes(self) -> tuple[Change, ...]:
        """What `git status` shows, each file by itself; ignored files and edits that git is told to overlook are not.

        Untracked files in a submodule count as a change of the submodule.
        """
        words = ["status", "--porcelain=v1", "-z", "--no-renames", "--no-ahead-behind", "--ignore-submodules=none"]
        return _changes(self.git.output(*words, "--untracked-files=all", timeout=FETCHING))

    def overlooked(self, commit: str, paths: Iterable[Path]) -> tuple[Change, ...]:
        """Files among these paths, folders included, that differ from the commit, whatever git was told.

        The flags `assume-unchanged` and `skip-worktree` hide an edit from `git status`, a sparse checkout a
        missing file: an index of our own has none of them. Files that the commit does not know are left out.
        """
        inside = [":(top,literal)" + named for path in paths if (named := self.named(path)) is not None]
        if not inside:
            return ()
        with tempfile.TemporaryDirectory(prefix="release-", ignore_cleanup_errors=True) as folder:
            ours = git.indexed(self.git, Path(folder) / "index")
            ours.run("read-tree", "--no-sparse-checkout", commit, timeout=FETCHING)
            words = ["status", "--porcelain=v1", "-z", "--no-renames", "--ignore-submodules=all"]
            return _changes(ours.output(*words, "--untracked-files=no", "--", *inside, timeout=FETCHING))

    def within(self, change: Change, folders: Iterable[Path]) -> bool:
        """Whether a changed file lies in one of these folders, or is one."""
        names = [named for folder in folders if (named := self.named(folder)) is not None]
        return any(name == "." or f"{change.path}/".startswith(f"{name}/") for name in names)

    def unknown(self, commit: str, files: Iterable[Path]) -> tuple[Path, ...]:
        """Files among these that are not the commit's: git ignores them, or they lie outside, be it by a link."""
        listed = os.fsdecode(self.git.output("ls-tree", "-r", "-z", "--name-only", "--full-tree", commit))
        there = frozenset(listed.split("\0"))
        return tuple(file for file in files if not {self.named(file), self.named(file.resolve())} <= there)

    def named(self, path: Path) -> str | None:
        """A path as git names it, from the top with `/`; None outside the checkout. Links are not followed."""
        whole = path.absolute()
        try:
            return (whole.parent.resolve() / whole.name).relative_to(self.top.resolve()).as_posix()
        except ValueError:
            return None


@dataclass(frozen=True, kw_only=True)
class Head:
    """What HEAD of a checkout is, and what differs from it; git is asked for each once, when it is wanted."""

    checkout: Checkout

    @cached_property
    def _read(self) -> tuple[str, bytes]:
        """The commit's name and content, in one call; what is wrong with it, git says in another."""
        done = self.checkout.git.attempt("cat-file", "--batch", stdin=b"HEAD^{commit}\n", timeout=FETCHING)
        found = re.match(rb"([0-9a-f]+) commit \d+\n", done.raw)
        if done.code != 0 or found is None:
            commit = self.checkout.commit()
            return commit, self.checkout.git.output("cat-file", "commit", commit, timeout=FETCHING)
        return found[1].decode(), done.raw[found.end() :]

    @property
    def commit(self) -> str:
        """See `Checkout.commit`."""
        return self._read[0]

    @property
    def committed_at(self) -> int:
        """See `Checkout.committed_at`."""
        return _time(*self._read)

    @cached_property
    def tags(self) -> tuple[str, ...]:
        """See `Checkout.tags`."""
        return self.checkout.tags(self.commit)

    @cached_property
    def branch(self) -> str | None:
        """See `Checkout.branch`."""
        return self.checkout.branch()

    @cached_property
    def shallow(self) -> bool:
        """See `Checkout.shallow`."""
        return self.checkout.shallow()

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """See `Checkout.changes`."""
        return self.checkout.changes()


def _time(commit: str, content: bytes) -> int:
    headers = content.partition(b"\n\n")[0]
    found = re.search(rb"^committer .*> (\d+) [+-]\d+$", headers, re.MULTILINE)
    if found is None:
        raise CommitTimeError(f"the commit {commit} has no time", hint="make the commit again: git commit --amend")
    return int(found[1])


def find(folder: Path) -> Checkout:
    """The checkout that a folder lies in.

    Raises:
        ToolMissingError: git is not on PATH, or too old.
        NotARepositoryError: there is none, or git does not trust it; in git's own words.
    """
    git.need()
    options = ("--absolute-git-dir", "--show-toplevel")
    found = _asked(folder, *options).split(b"\n")
    if len(found) != len(options):  # a folder's name may hold the end of a line
        found = [_asked(folder, option) for option in options]
    repository, top = (Path(os.fsdecode(each)) for each in found)
    return Checkout(git=git.reading(repository, top), top=top)


def _asked(folder: Path, *options: str) -> bytes:
    done = shell.attempt(["git", "rev-parse", *options], **git.discovery(folder))
    if done.code != 0:
        absent = "not a git repository" in done.err
        raise NotARepositoryError(
            f"{folder}: {_words(done.err)}",
            hint="git init, and commit what is to be released" if absent else "git's own words are above",
        )
    return done.raw.removesuffix(b"\n")


def _words(said: str) -> str:
    return " ".join(line.strip() for line in said.splitlines() if line.strip()).removeprefix("fatal: ")


def _changes(listed: bytes) -> tuple[Change, ...]:
    """The rows of `git status --porcelain=v1 -z` without renames: two letters, a space, a path."""
    rows = os.fsdecode(listed).split("\0")
    return tuple(Change(path=row[3:], untracked=row.startswith("??")) for row in rows if row)
