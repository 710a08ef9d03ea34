"""The tool `task`: gives work to another agent, in a session of its own."""

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta, Struct

from iterate.permissions.need import Need
from iterate.tools.tool import Result, Work, tool


class Task(Struct, frozen=True, kw_only=True):
    """The arguments of `task`."""

    agent: Annotated[str, Meta(min_length=1, max_length=100, description="the agent's name")]
    prompt: Annotated[str, Meta(min_length=1, description="all that it needs to know; it sees nothing else")]


def _needs(given: Task, _work: Work) -> Sequence[Need]:
    return (Need(deed="task", subject=given.agent),)


async def _run(given: Task, work: Work) -> Result:
    return await work.tasks.run(work.call, given.agent, given.prompt)


TASK = tool(
    "task",
    "Give work to another agent, which works on its own and answers with a text. Tasks of one step run at once.",
    Task,
    _needs,
    _run,
    is_parallel=True,
)
