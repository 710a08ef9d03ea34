"""A project and all that a call of a tool is given, for the tests of the tools."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from iterate.asks import AskedFile
from iterate.events import FileChange, Json, Question, TodoItem
from iterate.permissions.need import Need
from iterate.tools.memory import Readings
from iterate.tools.table import TABLE
from iterate.tools.tool import Preview, Result, Tool, Verdict, Work
from iterate.workspace import Workspace


@dataclass
class Somebody:
    """A person who allows everything, and answers what was put down for them."""

    asked: list[Need] = field(default_factory=list)
    shown: list[tuple[str, str]] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    replies: tuple[tuple[str, ...], ...] | None = None

    async def permit(
        self, needs: Sequence[Need], why: str, preview: str | Preview = "", files: Sequence[AskedFile] = ()
    ) -> Verdict:
        del files
        self.asked += needs
        self.shown.append((why, preview if isinstance(preview, str) else await preview()))
        return Verdict(is_allowed=True)

    async def answers(self, questions: Sequence[Question]) -> tuple[tuple[str, ...], ...] | None:
        self.questions += questions
        return self.replies


def content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


@dataclass
class Copies:
    """Keeps what was there before in memory."""

    before_: dict[Path, bytes | None] = field(default_factory=dict)
    closed: int = 0

    async def before(self, path: Path) -> None:
        self.before_.setdefault(path, content(path))

    async def close(self) -> tuple[str, tuple[FileChange, ...]]:
        self.closed += 1
        changes = [
            FileChange(path=str(path), kind="added" if old is None else "modified" if path.exists() else "deleted")
            for path, old in self.before_.items()
            if old != content(path)
        ]
        return "change", tuple(changes)


@dataclass
class Helpers:
    """An agent that says what it was asked."""

    async def run(self, call: str, agent: str, prompt: str) -> Result:
        return Result(text=f"{agent} did for {call}: {prompt}")


class Workshop:
    """A project in a folder, a session with it, and calls of tools as an engine makes them."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve() / "project"
        self.root.mkdir()
        self.person = Somebody()
        self.kept = Copies()
        self.memory = Readings()
        self.todo: tuple[TodoItem, ...] = ()
        self.environment: dict[str, str] = {}
        self._calls = 0

    def work(self) -> Work:
        self._calls += 1

        async def set_todo(items: tuple[TodoItem, ...]) -> None:
            self.todo = items

        return Work(
            session="s1",
            call=f"call{self._calls}",
            agent="build",
            workspace=Workspace(directory=str(self.root), environment=self.environment),
            root=self.root,
            outputs=self.root.parent / "outputs",
            person=self.person,
            kept=self.kept,
            memory=self.memory,
            tasks=Helpers(),
            show=lambda _: None,
            set_todo=set_todo,
        )

    def needs(self, name: str, **arguments: Json) -> list[Need]:
        tool = named(name)
        return list(tool.needs(tool.decode(arguments), self.work()))

    async def begin(self, name: str, work: Work | None = None, /, **arguments: Json) -> Result:
        """One call, judged and run; arguments come as from JSON."""
        tool, work = named(name), work or self.work()
        given = tool.decode(msgspec.json.decode(msgspec.json.encode(arguments), type=dict[str, Json]))
        tool.needs(given, work)
        return await tool.run(given, work)

    def run(self, name: str, /, **arguments: Json) -> Result:
        return asyncio.run(self.begin(name, **arguments))

    def file(self, name: str, content: bytes | str = b"") -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path


def named(name: str) -> Tool:
    return next(tool for tool in TABLE if tool.name == name)
