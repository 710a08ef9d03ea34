"""Makes of a stored prompt the job that the engine does: what calls may use, who is asked, what may be spent."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from msgspec import Struct

from iterate.engine.job import STEPS, Hooks, Job, Lanes, Limits, Purse
from iterate.events import FilePart, Item, TodoChanged, ToolCallPart, ToolOutput
from iterate.permissions.rules import Rule
from iterate.request import Effort
from iterate.runtime.asking import Asking
from iterate.runtime.kit import Equipment, Kit
from iterate.runtime.person import Asker, Listener, Rules
from iterate.session import Ask
from iterate.tools.memory import Readings
from iterate.tools.tool import Result, Shell, Work

# Of how many sessions it is remembered what their models have read.
REMEMBERED = 200

type Take = Callable[[Item], Awaitable[None]]


class Above(Struct, frozen=True, kw_only=True):
    """The answer whose tool `task` began another one: what is spent and asked below counts and is seen there."""

    purse: Purse
    listeners: tuple[Listener, ...] = ()
    rules: tuple[Rule, ...] = ()
    model: str = ""


class Bounds(Struct, frozen=True, kw_only=True):
    """How far an answer may go, and who began it when it was no person."""

    limits: Limits = Limits()
    above: Above | None = None
    # Run without asking, where the sandbox and the undo cover it.
    is_trusting: bool = False
    # Files beside the prompt, and whether there are some, there or named in its text.
    files: tuple[FilePart, ...] = ()
    has_files: bool = False
    effort: Effort = ""


class Begin(Struct, frozen=True, kw_only=True):
    """A part of the work that another agent is to do in a session of its own, under this one."""

    parent: Ask
    call: str
    agent: str
    prompt: str
    above: Above
    take: Take
    is_trusting: bool


class Working:
    """What the answers of one server share while they work."""

    def __init__(
        self,
        kit: Kit,
        outputs: Path,
        begin: Callable[[Begin], Awaitable[Result]],
        tell: Callable[[ToolOutput], None],
    ) -> None:
        self.asking = Asking()
        self._kit = kit
        self._outputs = outputs
        self._begin = begin
        self._tell = tell
        self._lanes = Lanes()
        self._memories: OrderedDict[str, Readings] = OrderedDict()
        # Files of instructions that a session's model knows; they outlive a compaction.
        self._told: OrderedDict[str, set[Path]] = OrderedDict()

    def job(self, ask: Ask, equipment: Equipment, limits: Limits, take: Take, above: Above | None) -> Job:
        """The job of answering this."""
        bounds = _stricter(equipment.limits, limits)
        purse = Purse(bounds, above=above.purse if above else None)
        given = (*equipment.rules, *_allowed(ask.session.allowed))
        rules = Rules(self._kit.judge(equipment), given, self._kit.keep(equipment))
        memory = self._memory(ask.session.id)

        def work(call: ToolCallPart) -> Work:
            listeners = (Listener(call=call.call, take=take), *(above.listeners if above else ()))
            tasks = _Tasks(
                self._begin,
                ask,
                Above(purse=purse, listeners=listeners, rules=equipment.rules, model=ask.model),
                take,
                is_trusting=equipment.is_trusting,
            )
            return Work(
                session=ask.session.id,
                call=call.call,
                agent=equipment.agent,
                workspace=ask.workspace,
                root=equipment.root,
                outputs=self._outputs / ask.session.id,
                person=Asker(self.asking, rules, ask.session.id, call.tool, listeners, equipment.agent),
                kept=equipment.undo.change(ask.session.id, call.call, equipment.root),
                shell=_shell(equipment),
                memory=memory,
                tasks=tasks,
                show=lambda text: self._tell(ToolOutput(session=ask.session.id, call=call.call, text=text)),
                set_todo=lambda items: take(TodoChanged(number=1, session="", items=items)),
            )

        return Job(
            ask=ask,
            model=equipment.model,
            summarizer=equipment.summarizer,
            system=equipment.system,
            tools=equipment.tools,
            work=work,
            purse=purse,
            lanes=self._lanes,
            steps=bounds.steps or STEPS,
            effort=equipment.effort,
            hooks=self._hooks(ask, equipment),
        )

    def _hooks(self, ask: Ask, equipment: Equipment) -> Hooks | None:
        from iterate.runtime.hooking import Hooking

        hooks = Hooking(equipment.hooks, ask, equipment.root) if equipment.hooks else None
        if equipment.inner is None:
            return hooks
        from iterate.runtime.nearby import Nearby  # Not before the first prompt.

        told = self._told.setdefault(ask.session.id, set())
        self._told.move_to_end(ask.session.id)
        while len(self._told) > REMEMBERED:
            self._told.popitem(last=False)
        return Nearby(hooks, equipment.inner, Path(ask.workspace.directory), told)

    def note(self, session: str, read: Sequence[tuple[Path, bytes]]) -> None:
        """The model has read these files."""
        for path, content in read:
            self._memory(session).note(path, content)

    def _memory(self, session: str) -> Readings:
        memory = self._memories.setdefault(session, Readings())
        self._memories.move_to_end(session)
        while len(self._memories) > REMEMBERED:
            self._memories.popitem(last=False)
        return memory


class _Tasks:
    """The `Tasks` of one call."""

    def __init__(
        self, begin: Callable[[Begin], Awaitable[Result]], ask: Ask, above: Above, take: Take, *, is_trusting: bool
    ) -> None:
        self._is_trusting = is_trusting
        self._begin = begin
        self._ask = ask
        self._above = above
        self._take = take

    async def run(self, call: str, agent: str, prompt: str) -> Result:
        """Begin a session under this one, wait for the answer, and give its text."""
        begin = Begin(
            parent=self._ask,
            call=call,
            agent=agent,
            prompt=prompt,
            above=self._above,
            take=self._take,
            is_trusting=self._is_trusting,
        )
        return await self._begin(begin)


def _allowed(patterns: Sequence[str]) -> tuple[Rule, ...]:
    """The rules of what a person allowed for this session."""
    from iterate.permissions import judge  # Not before the first prompt.

    return judge.said(patterns, "session")


def _shell(equipment: Equipment) -> Shell:
    said = equipment.shell
    if said is None:
        return Shell()
    # Who is not asked can take it back.
    mode = "keep" if equipment.is_trusting and said.mode == "plain" else said.mode
    return Shell(
        mode=mode,
        may_connect=said.network,
        timeout_s=max(1, int(said.timeout_s)),
        hidden=equipment.hidden,
        is_trusting=equipment.is_trusting,
        kept_bytes=equipment.undo.kept_bytes,
        withheld=equipment.withheld,
        obeyed=tuple(rule.pattern for rule in equipment.rules if rule.source == "obeyed" and rule.deed == "edit"),
    )


def _stricter(one: Limits, other: Limits) -> Limits:
    def least(*bounds: int | None) -> int | None:
        return min((bound for bound in bounds if bound is not None), default=None)

    return Limits(
        steps=least(one.steps, other.steps),
        tokens=least(one.tokens, other.tokens),
        cost_micro_usd=least(one.cost_micro_usd, other.cost_micro_usd),
    )
