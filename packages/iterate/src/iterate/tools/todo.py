"""The tool `todo`: the list of things to do, which people see."""

from collections.abc import Sequence
from typing import Annotated, Literal

from msgspec import Meta, Struct

from iterate.events import TodoItem
from iterate.permissions.need import Need
from iterate.tools.tool import Result, Work, tool

_MARKS = {"open": "[ ]", "active": "[>]", "done": "[x]", "dropped": "[-]"}


class Item(Struct, frozen=True, kw_only=True):
    """One thing to do."""

    text: Annotated[str, Meta(min_length=1, max_length=500)]
    status: Literal["open", "active", "done", "dropped"] = "open"


class Todo(Struct, frozen=True, kw_only=True):
    """The arguments of `todo`."""

    items: Annotated[tuple[Item, ...], Meta(max_length=100, description="the whole list, in order")]


def _needs(_given: Todo, _work: Work) -> Sequence[Need]:
    return ()


async def _run(given: Todo, work: Work) -> Result:
    await work.set_todo(tuple(TodoItem(text=item.text, status=item.status) for item in given.items))
    left = sum(item.status in {"open", "active"} for item in given.items)
    text = "\n".join(f"{_MARKS[item.status]} {item.text}" for item in given.items)
    return Result(text=text or "The list is empty.", title=f"todo: {left} of {len(given.items)} left")


TODO = tool(
    "todo",
    "Set the list of things to do, for work of several steps; the person sees it. Give the whole list each time, with "
    "one item active.",
    Todo,
    _needs,
    _run,
)
