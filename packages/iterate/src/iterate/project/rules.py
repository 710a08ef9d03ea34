"""The rules in force for an agent in a project: built in, the person's, its own, the project's, the environment's.

Those about files that the server itself starts are among them. Which of them decides is said in `permissions/judge.py`.
"""

from collections.abc import Iterable, Sequence
from typing import assert_never

from iterate.config.layers import Layer, RuleRow
from iterate.permissions import builtin
from iterate.permissions.rules import Rule, Source, table
from iterate.project import obeyed
from iterate.project.agents import Agent
from iterate.project.project import Project


def rules(project: Project, agent: Agent, readable: Iterable[str] = (), above: Sequence[Rule] = ()) -> tuple[Rule, ...]:
    """All of them.

    Args:
        project: whose settings count.
        agent: who is judged.
        readable: folders outside the project that are ours, such as outputs.
        above: the rules of the agent that began this one by the tool `task`: what it was denied stays denied.
    """
    files = tuple(_rule(row) for row in project.loaded.rules)
    own = table(
        {str(deed): said for deed, said in agent.permission.items()},
        "agent",
        "" if agent.file is None else str(agent.file),
    )
    denied = tuple(rule for rule in above if rule.action == "deny")
    return (*builtin.rules(agent.name, readable), *files, *own, *denied, *obeyed.rules(project))


def _rule(row: RuleRow) -> Rule:
    where = "" if row.source.file is None else str(row.source.file)
    if row.source.line is not None:
        where += f":{row.source.line}"
    return Rule(deed=row.deed, pattern=row.pattern, action=row.action, source=_source(row.source.layer), where=where)


def _source(layer: Layer) -> Source:
    match layer:
        case Layer.BUILT_IN:
            return "built-in"
        case Layer.USER:
            return "user"
        case Layer.PROJECT:
            return "project"
        case Layer.ENVIRONMENT:
            return "environment"
        case _:
            assert_never(layer)
