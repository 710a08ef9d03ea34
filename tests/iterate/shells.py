"""What tests of the shell share: a project, and the work that a call of a tool is given, with real things in it."""

import asyncio
import itertools
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from iterate.asks import AskedFile
from iterate.events import FileChange, Question, TodoItem
from iterate.permissions.need import Need
from iterate.sandbox.abilities import abilities
from iterate.tools.bash import Bash, run
from iterate.tools.tool import Kept, Preview, Result, Shell, ToolFailed, Verdict, Work
from iterate.workspace import Workspace


@dataclass(slots=True, kw_only=True)
class Asked:
    """A person who says the same to everything, and remembers what was asked."""

    is_allowed: bool = True
    seen: list[tuple[tuple[Need, ...], str, str]] = field(default_factory=list)
    meanwhile: Callable[[], object] = lambda: None
    # What of the files is to be taken, where not all are, and what was offered.
    chosen: tuple[str, ...] | None = None
    offered: tuple[AskedFile, ...] = ()

    async def permit(
        self, needs: Sequence[Need], why: str, preview: str | Preview = "", files: Sequence[AskedFile] = ()
    ) -> Verdict:
        self.meanwhile()
        self.seen.append((tuple(needs), why, preview if isinstance(preview, str) else await preview()))
        self.offered = tuple(files)
        said = "" if self.is_allowed else "not today"
        return Verdict(is_allowed=self.is_allowed, message=said, files=self.chosen)

    async def answers(self, questions: Sequence[Question]) -> tuple[tuple[str, ...], ...] | None:
        raise AssertionError(questions)


class NothingKept:
    """An undo that keeps nothing."""

    async def before(self, path: Path) -> None:
        pass

    async def close(self) -> tuple[str, tuple[FileChange, ...]]:
        return "", ()


class NoMemory:
    """A session that knows no files."""

    def note(self, path: Path, content: bytes | None) -> None:
        raise AssertionError(path, content)

    def check(self, path: Path, content: bytes | None) -> None:
        raise AssertionError(path, content)

    def led(self, call: str, given: str, real: Path, *, is_judged: bool = False) -> None:
        raise AssertionError(call, given, real, is_judged)


class NoTasks:
    """There are no other agents."""

    async def run(self, call: str, agent: str, prompt: str) -> Result:
        raise ToolFailed(f"there is no agent {agent} for {call}: {prompt}")


async def no_list(items: tuple[TodoItem, ...]) -> None:
    raise AssertionError(items)


# What runs in the background is known by its session, to the whole process.
_sessions = itertools.count(1)


@dataclass(slots=True, kw_only=True)
class Bench:
    """A project, and where the outputs go."""

    root: Path
    outputs: Path
    person: Asked = field(default_factory=Asked)
    shown: list[str] = field(default_factory=list)
    home: Path | None = None
    session: str = field(default_factory=lambda: f"bench{next(_sessions)}")

    def work(self, shell: Shell | None = None, kept: Kept | None = None, **more: str) -> Work:
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.home or self.root.parent)} | more
        return Work(
            session=self.session,
            call="call1",
            agent="build",
            workspace=Workspace(directory=str(self.root), environment=environment),
            root=self.root,
            outputs=self.outputs,
            person=self.person,
            kept=kept or NothingKept(),
            memory=NoMemory(),
            tasks=NoTasks(),
            show=self.shown.append,
            set_todo=no_list,
            shell=shell or Shell(mode="plain"),
        )

    def bash(self, command: str, shell: Shell | None = None, **more: object) -> Result:
        """Run one command to its end."""
        return asyncio.run(run(Bash(command=command, **more), self.work(shell)))  # type: ignore[arg-type]

    @property
    def is_confined(self) -> bool:
        return abilities(self.outputs.parent).landlock > 0

    @property
    def has_namespaces(self) -> bool:
        return abilities(self.outputs.parent).has_namespaces


def bench(folder: Path) -> Bench:
    """A project and a folder of outputs below this one."""
    made = Bench(root=(folder / "project").resolve(), outputs=(folder / "outputs").resolve())
    made.root.mkdir()
    made.outputs.mkdir()
    return made


def alive(mark: str) -> list[int]:
    """The processes that have this word among theirs."""
    found = []
    for process in psutil.process_iter():
        try:
            if any(mark in word for word in process.cmdline()) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except psutil.Error:
            continue
    return found
