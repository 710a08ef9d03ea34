"""The one door to git: the repository is named in every call, and the user's settings bend nothing.

git obeys some two hundred environment variables and eight hundred settings. It exports the ones that name a
repository to aliases, hooks and `rebase --exec`, so a tool that runs inside one works on its caller's
repository when it does not clear them. Here only what is needed to *reach* a remote is let through
(credentials, ssh, proxies, certificates, rewritten addresses); every list is of what passes, so a setting
that a later git invents does not.
"""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from release import settings, shell
from release.errors import ToolMissingError
from release.shell import Done

# Needs GIT_CONFIG_COUNT (2.31) and GIT_CONFIG_GLOBAL (2.32).
OLDEST = (2, 32)

# Environment variables of git that pass: where its parts and a checkout's are, how it reaches a remote. See git(1).
_VARIABLES = re.compile(
    r"GIT_(?:ASKPASS|DISCOVERY_ACROSS_FILESYSTEM|EXEC_PATH|HTTP_(?:LOW_SPEED_(?:LIMIT|TIME)|PROXY_AUTHMETHOD|USER_AGENT)"
    r"|PROXY_COMMAND|PROXY_SSL_\w+|SSH(?:_COMMAND|_VARIANT)?|SSL_\w+)"
)
# Where git is told of settings; read once, and replaced by the settings that pass.
_SOURCES = re.compile(r"GIT_CONFIG_(?:COUNT|GLOBAL|KEY_\d+|NOSYSTEM|PARAMETERS|SYSTEM|VALUE_\d+)")

# Settings that pass everywhere, in lower case, as git lists them: reaching a remote, and the folders of other
# people that the user trusts. See git-config(1).
_REACHING = re.compile(
    r"core\.(?:askpass|gitproxy|longpaths|sshcommand)|credential\..+|credentialcache\..+|credentialstore\..+"
    r"|http\..+|safe\.directory|ssh\..+|url\..+\.(?:insteadof|pushinsteadof)",
    re.DOTALL,
)
# Settings that pass for a checkout too: how its files were written, and which of them are nobody's business.
_CHECKED_OUT = re.compile(
    r"core\.(?:attributesfile|autocrlf|eol|excludesfile|filemode|ignorecase|precomposeunicode|symlinks)"
    r"|filter\..+|lfs\..+",
    re.DOTALL,
)
_TRUSTED = re.compile(r"safe\.directory")
_OF_A_REPOSITORY = frozenset({"local", "worktree"})  # scopes
# What the settings of the repository itself cannot change either, where we only read: hooks, caches that
# answer instead of the files, other objects in the place of those that are asked for.
_READING = (
    ("core.fsmonitor", "false"),
    ("core.untrackedCache", "false"),
    ("core.hooksPath", os.devnull),
    ("core.quotePath", "false"),
    ("core.ignoreStat", "false"),
    ("core.trustctime", "true"),
    ("core.checkStat", "default"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
)
# A repository that is none: for calls that need none, so that git looks for none either.
_NOWHERE = Path(os.devnull)


@dataclass(frozen=True, slots=True, kw_only=True)
class Git:
    """git on one repository.

    Attributes:
        folder: the repository; what git calls its directory (`.git`, or a bare repository).
        tree: the working tree; None where there is none.
        environment: what is changed in our environment; None takes a variable away.
    """

    folder: Path
    tree: Path | None
    environment: Mapping[str, str | None]

    def attempt(
        self, *words: str | Path, stdin: bytes = b"", env: Mapping[str, str] | None = None, timeout: float | None = None
    ) -> Done:
        """Run git to its end, whatever that is.

        Args:
            words: subcommand and arguments.
            stdin: what it reads.
            env: changes to the environment.
            timeout: in seconds; for every call that may reach a network.

        Raises:
            ToolMissingError: git is not on PATH.
        """
        return shell.attempt(self._command(*words), **self._options(stdin, env, timeout))

    def run(
        self, *words: str | Path, stdin: bytes = b"", env: Mapping[str, str] | None = None, timeout: float | None = None
    ) -> str:
        """Run git, which must succeed, and give what it printed.

        Raises:
            ToolMissingError: git is not on PATH.
            ProgramFailedError: it ended with another code than 0.
        """
        return shell.run(self._command(*words), **self._options(stdin, env, timeout))

    def output(self, *words: str | Path, stdin: bytes = b"", timeout: float | None = None) -> bytes:
        """The same as `run`, with the bytes that git printed.

        Raises:
            ToolMissingError: git is not on PATH.
            ProgramFailedError: it ended with another code than 0.
        """
        done = self.attempt(*words, stdin=stdin, timeout=timeout)
        if done.code != 0:
            raise shell.failed(self._command(*words), done)
        return done.raw

    def _command(self, *words: str | Path) -> list[str | Path]:
        named: list[str | Path] = ["git", f"--git-dir={self.folder}"]
        if self.tree is not None:
            # From the top, so that paths are the repository's.
            named += [f"--work-tree={self.tree}", "-C", self.tree]
        return [*named, *words]

    def _options(self, stdin: bytes, env: Mapping[str, str] | None, timeout: float | None) -> shell.Options:
        options: shell.Options = {"env": {**self.environment, **(env or {})}, "stdin": stdin, "gently": True}
        if timeout is not None:
            options["timeout"] = timeout
        return options


def private(folder: Path) -> Git:
    """Git on a bare repository of ours: no hook, signature, option or rule of the user applies to it.

    Raises:
        ToolMissingError: git is not on PATH, or too old.
    """
    return Git(folder=folder, tree=None, environment=_environment(_passing(_REACHING)))


def nowhere() -> Git:
    """Git for what needs no repository: asking a remote, making a repository, checking a name."""
    return private(_NOWHERE)


def reading(folder: Path, tree: Path | None) -> Git:
    """Git on somebody's repository, to read from it.

    Args:
        folder: the repository.
        tree: its working tree.
    """
    # With those of the repository, in git's order: what is set here goes before what the user has set everywhere. Whom
    # to trust, a repository does not say.
    named = [f"--git-dir={folder}", *([f"--work-tree={tree}"] if tree is not None else [])]
    kept = [
        (key, value)
        for scope, key, value in _listed(Path.cwd(), *named)
        if (_REACHING.fullmatch(key) or _CHECKED_OUT.fullmatch(key))
        and not (scope in _OF_A_REPOSITORY and _TRUSTED.fullmatch(key))
    ]
    return Git(folder=folder, tree=tree, environment=_environment([*kept, *_READING]))


def discovery(folder: Path) -> shell.Options:
    """How to run git where it has to find the repository of a folder by itself."""
    return {"cwd": folder, "env": nowhere().environment}


def indexed(git: Git, index: Path) -> Git:
    """The same repository with an index of our own."""
    return replace(git, environment={**git.environment, "GIT_INDEX_FILE": str(index)})


def trusting(git: Git, file: Path) -> Git:
    """The same, with the folders that the user trusts (`safe.directory`) told to the other side, too.

    The other side of a path on this machine is a git of its own, which hears of no setting in the environment. The
    file is for it; it is written when there is something to say.
    """
    rows = [value.replace("\\", "\\\\").replace('"', '\\"') for _, value in _passing(_TRUSTED)]
    if not rows:
        return git
    file.write_text("[safe]\n" + "".join(f'\tdirectory = "{row}"\n' for row in rows), encoding="utf-8")
    return replace(git, environment={**git.environment, "GIT_CONFIG_GLOBAL": str(file)})


def _environment(kept: Iterable[tuple[str, str]]) -> dict[str, str | None]:
    rows = list(kept)
    environment = _cleared() | {
        # Never ask for a password in the middle of a release.
        "GIT_TERMINAL_PROMPT": "0",
        # Reading leaves nothing behind, not even a fresher index.
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_GRAFT_FILE": f"{os.devnull}/none",  # not an empty one: git talks about each that it finds
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_SYSTEM": "/dev/null",  # git knows this name on Windows too
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_COUNT": str(len(rows)),
        "LC_ALL": "C",
    }
    for number, (key, value) in enumerate(rows):
        environment |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return environment


def _cleared(*passing: re.Pattern[str]) -> dict[str, str | None]:
    """What takes the variables that git obeys away, but for those that pass."""
    return {
        name: None
        for name in settings.read().environment
        if name.startswith("GIT_") and not any(pattern.fullmatch(name) for pattern in (_VARIABLES, *passing))
    }


def _passing(pattern: re.Pattern[str]) -> list[tuple[str, str]]:
    """The user's settings that match. Those of a repository are left out: they are for its own remotes."""
    found = _users(Path.cwd())
    return [(key, value) for scope, key, value in found if scope not in _OF_A_REPOSITORY and pattern.fullmatch(key)]


@cache
def _users(folder: Path) -> tuple[tuple[str, str, str], ...]:
    return _listed(folder)


def _listed(folder: Path, *words: str) -> tuple[tuple[str, str, str], ...]:
    """Scope, key and value of all settings, in git's order: of the system, the user, a repository, this command."""
    command = ["git", *words, "config", "--list", "-z", "--show-scope"]
    fields = shell.run(command, cwd=folder, env=_cleared(_SOURCES)).split("\0")
    found = []
    for scope, row in zip(fields[::2], fields[1::2], strict=False):
        key, equals, value = row.partition("\n")
        found.append((scope, key, value if equals else "true"))
    return tuple(found)


@cache
def need() -> None:
    """Check that git is there, and young enough to be told of settings by its environment.

    Raises:
        ToolMissingError: it is not.
    """
    shell.need("git", hint="install git")
    printed = shell.run(["git", "version"], env=_cleared())
    found = re.search(r"(\d+)\.(\d+)", printed)
    if found is None or (int(found[1]), int(found[2])) < OLDEST:
        raise ToolMissingError(f"'{printed.strip()}' is too old", hint="install git {}.{} or later".format(*OLDEST))
