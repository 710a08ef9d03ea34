"""A git repository, here or far away; one commit for what differs, none where nothing does.

The commit is made beside the repository, with the release's own time and committer, and pushed in one
step. So the same release makes the same commit wherever it is made, a killed run leaves the branch where it
was, and a run that comes after finds either the old state or the new one.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from release import disk, shell
from release.errors import ProgramFailedError, PushError
from release.model import File, State

TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A branch of a bare repository.

    Attributes:
        location: a path, or an address that git knows.
        local: it is a path, and is made when it is not there.
        branch: the branch to push.
        committer: `Name <mail>`.
        when: time of the commits, in seconds since 1970, UTC.
    """

    location: str
    local: bool
    branch: str
    committer: str
    when: int

    def check(self) -> None:
        """Make a local repository that is missing; ask a remote one whether it would take a push.

        Raises:
            PushError: it does not answer, we may only read it, or the path holds something else.
        """
        if self.local:
            self._make()
        done = shell.attempt(["git", "ls-remote", "--heads", self.location], env=_QUIET)
        if done.code != 0:
            raise self._refused(done.err)
        if not self.local:
            self._rehearse()

    def _rehearse(self) -> None:
        """A push that git stops at the last moment: by then the other side has looked at who we are."""
        with self._copy() as copy:
            commit = self._parent(copy) or self._commit(copy, "", (), "rehearsal")
            words = ["git", "push", "-q", "--dry-run", self.location, f"{commit}:refs/heads/{self.branch}"]
            done = shell.attempt(words, cwd=copy, env=_QUIET)
        if done.code != 0:
            raise self._refused(done.err)

    def look(self, files: tuple[File, ...]) -> dict[str, State]:
        """Compare with the blobs of the branch."""
        if self.local and not Path(self.location).exists():
            return {file.path: State.ABSENT for file in files}
        with self._copy() as copy:
            held = self._held(copy)
            return {file.path: _state(held.get(file.path), blob) for file, blob in self._blobs(copy, files)}

    def push(self, files: tuple[File, ...], message: str) -> str:
        """Commit the files on top of the branch and push; again from the start when somebody was faster.

        Raises:
            PushError: the repository did not take it.
        """
        error = ""
        for _ in range(TRIES):
            with self._copy() as copy:
                parent = self._parent(copy)
                commit = self._commit(copy, parent, files, message)
                if commit == parent:
                    return f"nothing to do at {commit[:12]}"
                words = ["git", "push", "-q", self.location, f"{commit}:refs/heads/{self.branch}"]
                done = shell.attempt(words, cwd=copy, env=_QUIET)
            if done.code == 0:
                self._publish_refs()
                return f"commit {commit[:12]}"
            error = done.err
        raise self._refused(error)

    def _make(self) -> None:
        path = Path(self.location)
        if path.exists():
            self._publish_refs()
            return
        # Made under another name first: a repository is there whole or not at all.
        partial = path.with_name(f".{path.name}{disk.PARTIAL}")
        with disk.guarded(path):
            disk.emptied(partial)
            shell.run(
                ["git", "init", "-q", "--bare", "--template=", f"--initial-branch={self.branch}", partial],
                env=_QUIET,
            )
            partial.rename(path)

    def _publish_refs(self) -> None:
        """Keep the listing that clients of a plain web server read; written only when it changes."""
        if self.local:
            wanted = shell.run(["git", "for-each-ref", "--format=%(objectname)%09%(refname)"], cwd=Path(self.location))
            listing = Path(self.location) / "info" / "refs"
            if not listing.exists() or listing.read_text() != wanted:
                shell.run(["git", "update-server-info"], cwd=Path(self.location))

    @contextmanager
    def _copy(self) -> Iterator[Path]:
        """A bare repository of our own with the tip of the branch in FETCH_HEAD, if there is one."""
        folder = Path(tempfile.mkdtemp(prefix="release-"))
        try:
            shell.run(["git", "init", "-q", "--bare", "--template=", folder], env=_QUIET)
            heads = shell.attempt(["git", "ls-remote", "--heads", self.location, self.branch], env=_QUIET)
            if heads.code != 0:
                raise self._refused(heads.err)
            if heads.out.strip():
                shell.run(
                    ["git", "fetch", "-q", "--depth=1", self.location, f"refs/heads/{self.branch}"],
                    cwd=folder,
                    env=_QUIET,
                )
            yield folder
        except ProgramFailedError as error:
            raise self._refused(str(error)) from None
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _parent(self, copy: Path) -> str:
        done = shell.attempt(["git", "rev-parse", "-q", "--verify", "FETCH_HEAD"], cwd=copy)
        return done.out.strip() if done.code == 0 else ""

    def _held(self, copy: Path) -> dict[str, str]:
        if not self._parent(copy):
            return {}
        listed = shell.run(["git", "ls-tree", "-r", "-z", "FETCH_HEAD"], cwd=copy)
        rows = (row.partition("\t") for row in listed.split("\0") if row)
        return {path: about.split()[2] for about, _, path in rows}

    def _blobs(self, copy: Path, files: tuple[File, ...]) -> list[tuple[File, str]]:
        words = ["git", "hash-object", "-w", "--stdin", "--no-filters"]
        return [
            (
                file,
                shell.run(
                    words,
                    cwd=copy,
                    stdin=file.content if isinstance(file.content, bytes) else file.content.read_bytes(),
                ).strip(),
            )
            for file in files
        ]

    def _commit(self, copy: Path, parent: str, files: tuple[File, ...], message: str) -> str:
        """The commit that holds the files; the parent itself where it already does."""
        index = {"GIT_INDEX_FILE": str(copy / "our-index")}
        if parent:
            shell.run(["git", "read-tree", parent], cwd=copy, env=index)
        rows = "".join(f"100644 {blob}\t{file.path}\0" for file, blob in self._blobs(copy, files))
        shell.run(["git", "update-index", "-z", "--index-info"], cwd=copy, env=index, stdin=rows.encode())
        tree = shell.run(["git", "write-tree"], cwd=copy, env=index).strip()
        if parent and tree == shell.run(["git", "rev-parse", f"{parent}^{{tree}}"], cwd=copy).strip():
            return parent
        name, _, mail = self.committer.rstrip(">").partition(" <")
        who = {
            f"GIT_{role}_{part}": value
            for role in ("AUTHOR", "COMMITTER")
            for part, value in (("NAME", name), ("EMAIL", mail), ("DATE", f"{self.when} +0000"))
        }
        words = ["git", "-c", "i18n.commitEncoding=UTF-8", "commit-tree", tree, "-m", message]
        return shell.run([*words, *(["-p", parent] if parent else [])], cwd=copy, env=who).strip()

    def _refused(self, words: str) -> PushError:
        lines = [line.strip() for line in words.splitlines() if line.strip()][-6:] or ["no reason given"]
        return PushError(
            f"{Path(self.location).name}: " + "; ".join(lines),
            hint="check the place and your right to write there, then run publish again: it resumes",
        )


# Never ask for a password in the middle of a release.
_QUIET = {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}


def _state(held: str | None, wanted: str) -> State:
    if held is None:
        return State.ABSENT
    return State.SAME if held == wanted else State.DIFFERENT
