"""Rosters of models in small worlds: with these vendors, with servers on these ports, and nobody else."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from msgspec.structs import replace
from tests.iterate.replaying import Answer, refusal

from iterate.config.sections import Config
from iterate.events import Piece, TextPart
from iterate.providers.roster import Roster
from iterate.providers.vendors import PLACES, VENDORS, Place, Vendor
from iterate.request import Model, Request, UserMessage

KEY = "sk-secret-0123456789abcdef"
KEYED = {"OPENAI_API_KEY": KEY}
NOTHING = Config()


def listed(*models: object) -> Answer:
    return refusal(200, {"object": "list", "data": list(models)})


def nowhere() -> tuple[Place, ...]:
    """The places, on a port that nobody listens on."""
    return tuple(replace(each, port=1) for each in PLACES)


def at(name: str, url: str) -> tuple[Place, ...]:
    port = urlsplit(url).port or 0
    return tuple(replace(each, port=port if each.name == name else 1) for each in PLACES)


@asynccontextmanager
async def roster(
    folder: Path, *, places: tuple[Place, ...] | None = None, vendors: tuple[Vendor, ...] = VENDORS
) -> AsyncIterator[Roster]:
    made = Roster(folder, places=nowhere() if places is None else places, vendors=vendors)
    try:
        yield made
    finally:
        await made.close()


def run[T](main: Callable[[], Coroutine[None, None, T]]) -> T:
    return asyncio.run(asyncio.wait_for(main(), 30))


def find(folder: Path, name: str, config: Config = NOTHING, environment: Mapping[str, str] = KEYED) -> Model:
    async def main() -> Model:
        async with roster(folder) as made:
            return await asyncio.to_thread(made.find, name, config, environment)

    return run(main)


async def answer(model: Model, text: str = "hi") -> str:
    request = Request(system=(), messages=(UserMessage(parts=(TextPart(text=text),)),))
    return "".join(
        [item.text async for item in model.stream(request) if isinstance(item, Piece) and item.kind == "text"]
    )
