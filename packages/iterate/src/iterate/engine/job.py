"""What the engine works with: an Ask, and all that it is answered with. Values, and the few that a job shares."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from iterate.events import Item, Reason, ToolCallPart, ToolResultPart, UsagePart
from iterate.request import Effort, Model
from iterate.session import Ask, Session, Spent
from iterate.tools.tool import Tool, Work

# What a step may write where the model does not say how much it can, in tokens.
USUAL_OUTPUT = 16_000
# Steps of one answer, where nothing else is said.
STEPS = 200


class Outcome(Struct, frozen=True, kw_only=True):
    """How an answer ended: well, or for this reason."""

    reason: Reason | None = None
    message: str = ""


class Limits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far an answer may go: requests to the model, tokens in and out, millionths of a US dollar."""

    steps: int | None = None
    tokens: int | None = None
    cost_micro_usd: int | None = None


class Stopped(Exception):  # noqa: N818  # It is an ending, and no error.
    """A bound keeps the next request from being made."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.message)
        self.outcome = outcome


class Purse:
    """What may be spent, and was; what is spent here is spent above as well.

    Answers that run beside each other, as agents under one do, share the purse above them. Each holds what its
    request may use at most while it is made, and waits where others hold too much: so together they keep the bounds.
    """

    def __init__(self, limits: Limits, spent: Spent | None = None, above: "Purse | None" = None) -> None:
        self.spent = spent or Spent()
        self._limits = limits
        self._above = above
        self._held: list[tuple[int, int]] = []
        self._freed = asyncio.Event()

    def spend(self, usage: UsagePart) -> None:
        """Count a step."""
        self.spent = self.spent.plus(usage)
        if self._above is not None:
            self._above.spend(usage)

    def is_blind(self, model: Model) -> bool:
        """Whether there is a bound on the cost that cannot be kept beforehand, because the prices are not known."""
        if self._limits.cost_micro_usd is not None and model.prices is None:
            return True
        return self._above is not None and self._above.is_blind(model)

    @asynccontextmanager
    async def hold(self, model: Model, asked: int) -> AsyncIterator[int | None]:
        """How many tokens a step may write whose request has about `asked`; None where there is no bound.

        Raises `Stopped` where it would pass a bound.
        """
        while True:
            outcome = self.over(model, asked)
            if outcome is not None:
                raise Stopped(outcome)
            free, left = self._left(model, asked, is_held=False), self._left(model, asked, is_held=True)
            if free is None or left is None:
                yield None
                return
            wanted = min(free, model.output or USUAL_OUTPUT)
            if left >= wanted:
                break
            await self._top.freed()
        share = (asked + wanted, _cost(model, asked, wanted))
        purses = list(self._chain())
        for purse in purses:
            purse._held.append(share)  # noqa: SLF001  # Of the same class.
        try:
            yield wanted
        finally:
            for purse in purses:
                purse._held.remove(share)  # noqa: SLF001
            self._top._freed.set()  # noqa: SLF001

    def over(self, model: Model, asked: int) -> Outcome | None:
        """How the answer ends when a step of that model, with a request of `asked` tokens, would pass a bound."""
        by_tokens, by_cost = self._rooms(model, asked, is_held=False)
        limits, spent = self._limits, self.spent
        if limits.steps is not None and spent.steps >= limits.steps:
            return Outcome(reason="steps", message=f"{spent.steps} steps were made, and no more are allowed")
        if by_tokens is not None and by_tokens < 1:
            text = f"{spent.tokens:,} tokens were used, of {limits.tokens:,} allowed; the next step has about {asked:,}"
            return Outcome(reason="tokens", message=text)
        if by_cost is not None and by_cost < 1:
            cost = (limits.cost_micro_usd or 0) / 1e6
            text = f"${spent.cost_micro_usd / 1e6:.4f} was spent, of ${cost:.4f} allowed; the next step would be more"
            return Outcome(reason="cost", message=text)
        return None if self._above is None else self._above.over(model, asked)

    async def freed(self) -> None:
        """Wait until somebody holds less."""
        self._freed.clear()
        await self._freed.wait()

    @property
    def _top(self) -> "Purse":
        *_, top = self._chain()
        return top

    def _chain(self) -> Iterator["Purse"]:
        purse: Purse | None = self
        while purse is not None:
            yield purse
            purse = purse._above  # noqa: SLF001

    def _left(self, model: Model, asked: int, *, is_held: bool) -> int | None:
        above = None if self._above is None else self._above._left(model, asked, is_held=is_held)  # noqa: SLF001
        rooms = (*self._rooms(model, asked, is_held=is_held), above)
        return min((room for room in rooms if room is not None), default=None)

    def _rooms(self, model: Model, asked: int, *, is_held: bool) -> tuple[int | None, int | None]:
        limits, spent, prices = self._limits, self.spent, model.prices
        tokens, cost = (sum(each) for each in zip(*self._held, strict=True)) if is_held and self._held else (0, 0)
        by_tokens = None if limits.tokens is None else limits.tokens - spent.tokens - tokens - asked
        if limits.cost_micro_usd is None:
            return by_tokens, None
        money = limits.cost_micro_usd - spent.cost_micro_usd - cost
        if prices is None:
            # Only what the vendor says afterwards is known.
            return by_tokens, None if money > 0 else 0
        # Prices are for a million tokens.
        return by_tokens, (money * 1_000_000 - asked * prices.input) // max(1, prices.output)


def _cost(model: Model, asked: int, wrote: int) -> int:
    if model.prices is None:
        return 0
    return -(-(asked * model.prices.input + wrote * model.prices.output) // 1_000_000)


class Record(Protocol):
    """Where an answer is written down."""

    async def take(self, item: Item) -> None:
        """The next thing; waits while much is not stored yet."""

    async def settled(self) -> int:
        """Wait until all that was taken is stored, and give the number of the newest event."""

    async def session(self) -> Session:
        """The conversation as it is stored now, with this turn."""


class Hooks(Protocol):
    """Programs that the person put before and after tools."""

    async def before(self, call: ToolCallPart) -> str | None:
        """Why the call may not run; None when it may."""

    async def after(self, call: ToolCallPart, result: ToolResultPart) -> ToolResultPart:
        """The result, with what a hook has to say about it."""


class Lanes:
    """Paths that calls work on, of all answers of a server: one call at a time for each path, in their order."""

    def __init__(self) -> None:
        self._locks: dict[str, tuple[asyncio.Lock, list[None]]] = {}

    @asynccontextmanager
    async def hold(self, paths: Iterable[str]) -> AsyncIterator[None]:
        """Have these paths alone."""
        async with AsyncExitStack() as stack:
            # In one order for everybody, so that nobody waits in a circle.
            for path in sorted(set(paths)):
                lock, users = self._locks.setdefault(path, (asyncio.Lock(), []))
                users.append(None)
                stack.callback(self._left, path)
                await stack.enter_async_context(lock)
            yield

    def _left(self, path: str) -> None:
        users = self._locks[path][1]
        users.pop()
        if not users:
            del self._locks[path]


class Patience(Struct, frozen=True, kw_only=True):
    """How often a request is sent again that failed for a passing reason, and how long is waited, in seconds."""

    tries: int = 6
    first_s: float = 1.0
    longest_s: float = 60.0
    # A vendor that asks for more is not waited for.
    asked_s: float = 600.0


class Job(Struct, frozen=True, kw_only=True):
    """An Ask with its model, its tools by name, its texts, and its bounds."""

    ask: Ask
    model: Model
    # What sums up a conversation; without one the model itself.
    summarizer: Model | None = None
    system: tuple[str, ...] = ()
    tools: Mapping[str, Tool] = {}
    # What one call is given to work with.
    work: Callable[[ToolCallPart], Work] | None = None
    purse: Purse
    lanes: Lanes
    steps: int = STEPS
    effort: Effort = ""
    hooks: Hooks | None = None
    patience: Patience = Patience()


def priced(usage: UsagePart, model: Model) -> UsagePart:
    """With what it cost, where the vendor did not say it and the price is known."""
    prices = model.prices
    if usage.cost_micro_usd is not None or prices is None:
        return usage
    fresh = max(0, usage.input - usage.cache_read - usage.cache_write)
    read = prices.input if prices.cache_read is None else prices.cache_read
    write = prices.input if prices.cache_write is None else prices.cache_write
    cost = fresh * prices.input + usage.cache_read * read + usage.cache_write * write + usage.output * prices.output
    return replace(usage, cost_micro_usd=-(-cost // 1_000_000))
