"""The rules that are there before anybody writes one, for each agent. `docs/permissions.md` explains them."""

from collections.abc import Iterable

from iterate.permissions.patterns import CHANGES, GUARD, LOOKS, SECRET
from iterate.permissions.rules import Rule, table

# Reading is free, but for secrets; so is changing the project, which the undo takes back, but for files that other
# programs obey. A command that only looks is free. Everything else asks.
BUILD = table(
    {
        "read": {"*": "allow", SECRET: "ask"},
        "edit": {"*": "allow", GUARD: "ask"},
        "bash": {"*": "ask", LOOKS: "allow"},
        "outside": "ask",
        "fetch": "ask",
        "mcp": "ask",
        "task": "allow",
        "skill": "allow",
    },
    "built-in",
)
# Nothing that changes. What a program of somebody else does cannot be told, so it is asked for.
PLAN = table(
    {
        "read": {"*": "allow", SECRET: "ask"},
        "edit": "deny",
        "bash": {LOOKS: "allow", CHANGES: "deny"},
        "outside": "ask",
        "fetch": "ask",
        "mcp": "ask",
        "task": "ask",
        "skill": "allow",
    },
    "built-in",
)


def rules(agent: str, readable: Iterable[str] = ()) -> tuple[Rule, ...]:
    """The built-in rules of an agent; `readable` are folders outside the project that are ours, such as outputs.

    Agents that a person wrote begin with those of `build`.
    """
    ours = tuple(
        Rule(deed="outside", pattern=f"{folder.rstrip('/')}/**", action="allow", source="built-in")
        for folder in readable
    )
    return (PLAN if agent == "plan" else BUILD) + ours
