"""What requests do with the rules about permissions: try them, list those in force, take back what was remembered."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta, Struct

from iterate import errors
from iterate.server.problems import BadQuery
from iterate.server.route import Call, Context, Parameter, Route, json, route
from iterate.server.shapes import Nothing
from iterate.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iterate.permissions.rules import Rule
    from iterate.permissions.trial import Trial
    from iterate.runtime.rulebook import InForce

# As in `permissions/rules.py`, which is not imported before somebody asks.
type Deed = Literal["read", "edit", "bash", "fetch", "task", "mcp", "outside", "skill"]
type Action = Literal["allow", "ask", "deny"]
LONGEST = 64 * 1024


class TrialBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST /permission/test`.

    `subject` is a command, or for another deed a path, an address or a name. With `trusting` it is judged as in the
    mode that runs without asking, inside the sandbox.
    """

    subject: Annotated[str, Meta(min_length=1, max_length=LONGEST)]
    deed: Deed = "bash"
    agent: Annotated[str, Meta(max_length=200)] = ""
    trusting: bool = False
    workspace: Workspace = Workspace()


class TrialRow(Struct, frozen=True, kw_only=True):
    """One part: what it would do, what is done about it, and the rule that says so.

    `command` is the piece of the text that would do it. `pattern`, `source` and `file` are of the rule, empty where
    none decided.
    """

    command: str
    deed: Deed
    subject: str
    action: Action
    grave: bool
    why: str
    pattern: str
    source: str
    file: str


class Tested(Struct, frozen=True, kw_only=True):
    """What is done about the whole; `lasting` is what an answer would be remembered for."""

    action: Action
    why: str
    rows: tuple[TrialRow, ...]
    lasting: tuple[str, ...]


class RuleRow(Struct, frozen=True, kw_only=True):
    """A rule; `file` is where it stands, when it stands in one."""

    deed: Deed
    pattern: str
    action: Action
    source: str
    file: str


class RuleList(Struct, frozen=True, kw_only=True):
    """Rules of a project, from the weakest source to the strongest."""

    root: str
    agent: str
    rules: tuple[RuleRow, ...]


class Rulings:
    """The rules of one server."""

    def __init__(self, context: Context) -> None:
        self._runtime = context.runtime

    async def try_rules(self, call: Call[TrialBody]) -> Tested:
        """Try the rules on something; nothing is run, read or asked."""
        # It reads files.
        return await asyncio.to_thread(self._try, call.body)

    def _try(self, body: TrialBody) -> Tested:
        from iterate.permissions import trial

        there = self._in_force(body.agent, body.workspace)
        environment = body.workspace.environment
        if body.deed == "bash":
            made = trial.command(
                body.subject, there.rules, there.root, there.directory, environment, is_trusting=body.trusting
            )
        else:
            made = trial.deed(
                body.deed,
                body.subject,
                there.rules,
                there.root,
                there.directory,
                environment,
                is_trusting=body.trusting,
            )
        return _tested(made)

    async def list_rules(self, call: Call[Nothing]) -> RuleList:
        """List the rules in force in a folder, for an agent."""
        agent = call.query.get("agent", "")
        there = await asyncio.to_thread(self._in_force, agent, Workspace(directory=call.query.get("directory", "")))
        return _listed(there)

    async def forget_rules(self, call: Call[Nothing]) -> RuleList:
        """Take back what was remembered for always."""
        return await asyncio.to_thread(self._forget, call)

    def _forget(self, call: Call[Nothing]) -> RuleList:
        from iterate.permissions.rules import DEEDS

        named = call.query.get("deed", "")
        deed = next((each for each in DEEDS if each == named), None)
        if named and deed is None:
            raise BadQuery(f"{named!r} is no deed - at `?deed`", f"the deeds are {', '.join(DEEDS)}")
        there = self._in_force("", Workspace(directory=call.query.get("directory", "")))
        gone = self._runtime.rulebook.forget(there.root, deed, call.query.get("pattern", ""))
        return _listed(there, gone)

    def _in_force(self, agent: str, workspace: Workspace) -> "InForce":
        return self._runtime.in_force(agent, workspace)


def _tested(made: "Trial") -> Tested:
    rows = tuple(
        TrialRow(
            command=row.command,
            deed=row.deed,
            subject=row.subject,
            action=row.action,
            grave=row.is_grave,
            why=row.why,
            pattern=row.pattern,
            source=row.source or "",
            file=row.file,
        )
        for row in made.rows
    )
    return Tested(action=made.action, why=made.why, rows=rows, lasting=made.lasting)


def _listed(there: "InForce", rules: "Sequence[Rule] | None" = None) -> RuleList:
    from iterate.permissions.rules import SOURCES

    ordered = sorted(there.rules if rules is None else rules, key=lambda rule: SOURCES.index(rule.source))
    rows = tuple(
        RuleRow(deed=rule.deed, pattern=rule.pattern, action=rule.action, source=rule.source, file=rule.where)
        for rule in ordered
    )
    return RuleList(root=str(there.root), agent=there.agent, rules=rows)


_FOLDER = Parameter(
    name="directory", where="query", meaning="The folder, an absolute path; the project around it counts."
)
_EQUIPPED = (errors.AgentUnknown, errors.ConfigInvalid, errors.RuleInvalid)
ROUTES: tuple[Route, ...] = (
    route(
        "POST /permission/test",
        Rulings,
        Rulings.try_rules,
        takes=TrialBody,
        gives=json(Tested, "what would be done about it, part by part"),
        summary="Try the rules about permissions",
        notes="Nothing is run, changed or asked.",
        fails=_EQUIPPED,
    ),
    route(
        "GET /permission/rule",
        Rulings,
        Rulings.list_rules,
        takes=Nothing,
        asks=(_FOLDER, Parameter(name="agent", where="query", meaning="For that agent; the usual one without it.")),
        gives=json(RuleList, "the rules in force, the weakest source first"),
        summary="List the rules about permissions",
        fails=_EQUIPPED,
    ),
    route(
        "DELETE /permission/rule",
        Rulings,
        Rulings.forget_rules,
        takes=Nothing,
        asks=(
            _FOLDER,
            Parameter(name="deed", where="query", meaning="Only rules about this deed."),
            Parameter(name="pattern", where="query", meaning="Only rules with this pattern."),
        ),
        gives=json(RuleList, "what was taken back"),
        summary="Take back what was always allowed",
        fails=(errors.RuleUnknown, errors.StateUnusable, BadQuery, *_EQUIPPED),
    ),
)
