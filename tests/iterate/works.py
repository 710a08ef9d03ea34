# ruff: noqa: ARG002  # Who does nothing needs nothing.
"""What a tool call is given to work with, with nobody behind it: nobody answers, nothing is kept."""

from collections.abc import Sequence
from pathlib import Path

from iterate.asks import AskedFile
from iterate.events import FileChange, Question, TodoItem
from iterate.permissions.need import Need
from iterate.tools.tool import Preview, Result, ToolFailed, Verdict, Work
from iterate.workspace import Workspace


class Nobody:
    """A person who is not there."""

    async def permit(
        self, needs: Sequence[Need], why: str, preview: str | Preview = "", files: Sequence[AskedFile] = ()
    ) -> Verdict:
        return Verdict(is_allowed=False, message="nobody is there")

    async def answers(self, questions: Sequence[Question]) -> tuple[tuple[str, ...], ...] | None:
        return None


class Unkept:
    """Keeps nothing."""

    async def before(self, path: Path) -> None:
        return None

    async def close(self) -> tuple[str, tuple[FileChange, ...]]:
        return "", ()


class Forgetful:
    """Knows no file, and minds nothing."""

    def note(self, path: Path, content: bytes | None) -> None:
        return None

    def check(self, path: Path, content: bytes | None) -> None:
        return None

    def led(self, call: str, given: str, real: Path, *, is_judged: bool = False) -> None:
        return None


class Idle:
    """Begins no other work."""

    async def run(self, call: str, agent: str, prompt: str) -> Result:
        raise ToolFailed("there are no other agents")


async def _unheard(_items: tuple[TodoItem, ...]) -> None:
    return None


def work(root: Path) -> Work:
    """The work of a call in that project."""
    return Work(
        session="ses_1",
        call="call_1",
        agent="build",
        workspace=Workspace(directory=str(root)),
        root=root,
        outputs=root / "outputs",
        person=Nobody(),
        kept=Unkept(),
        memory=Forgetful(),
        tasks=Idle(),
        show=lambda _text: None,
        set_todo=_unheard,
    )
