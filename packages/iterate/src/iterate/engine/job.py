"""What the engine works with: an Ask, and all that it is answered with. Values, and the few that a job shares."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from iterate.events import Item, Reason, ToolCallPart, ToolResultPart, UsagePart
from iterate.request import Effort, Model
from iterate.session import Ask, Session, Spent
from iterate.tools.tool import Tool, Work

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


class Purse:
    """What may be spent, and was; what is spent here is spent above as well."""

    def __init__(self, limits: Limits, spent: Spent | None = None, above: "Purse | None" = None) -> None:
        self.spent = spent or Spent()
        self._limits = limits
        self._above = above

    def spend(self, usage: UsagePart) -> None:
        """Count a step."""
        self.spent = self.spent.plus(usage)
        if self._above is not None:
            self._above.spend(usage)

    def over(self, model: Model, asked: int) -> Outcome | None:
        """How the answer ends when a step of that model, with a request of `asked` tokens, would pass a bound."""
        by_tokens, by_cost = self._rooms(model, asked)
        limits, spent = self._limits, self.spent
        if by_tokens is not None and by_tokens < 1:
            text = f"{spent.tokens:,} tokens were used, of {limits.tokens:,} allowed; the next step has about {asked:,}"
            return Outcome(reason="tokens", message=text)
        if by_cost is not None and by_cost < 1:
            cost = (limits.cost_micro_usd or 0) / 1e6
            text = f"${spent.cost_micro_usd / 1e6:.4f} was spent, of ${cost:.4f} allowed; the next step would be more"
            return Outcome(reason="cost", message=text)
        return None if self._above is None else self._above.over(model, asked)

    def left(self, model: Model, asked: int) -> int | None:
        """How many tokens that step may write; None where there is no bound."""
        above = self._above.left(model, asked) if self._above is not None else None
        return min((room for room in (*self._rooms(model, asked), above) if room is not None), default=None)

    def _rooms(self, model: Model, asked: int) -> tuple[int | None, int | None]:
        limits, spent, prices = self._limits, self.spent, model.prices
        by_tokens = None if limits.tokens is None else limits.tokens - spent.tokens - asked
        if limits.cost_micro_usd is None or prices is None:
            return by_tokens, None
        money = limits.cost_micro_usd - spent.cost_micro_usd
        # Prices are for a million tokens.
        return by_tokens, (money * 1_000_000 - asked * prices.input) // max(1, prices.output)


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

    def forget(self) -> None:
        """The model does not know any more what it was told: the conversation was summed up."""


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
