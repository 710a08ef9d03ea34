"""The servers of models on this machine, found by themselves on their ports; only loopback is asked, and briefly.

What goes wrong in silence there is looked for: Ollama cuts prompts at a small window unless it is asked for another.
"""

import asyncio
import re
import threading
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Literal

import msgspec
from msgspec import Struct

from iterate.errors import ProviderFailed, ProviderUnreachable
from iterate.events import Json
from iterate.providers.endpoint import Wire
from iterate.providers.facts import Facts
from iterate.providers.network import Door, Patience, Question
from iterate.providers.vendors import PLACES, Place
from iterate.settings import Surroundings

PATIENCE = Patience(connect_s=0.5, first_s=2.0, idle_s=2.0)
# A list is asked for again after this many seconds.
FRESH_S = 15.0
# What is asked for of Ollama, unless its file of the model says otherwise: enough for an agent, and for most memories.
OLLAMA_WINDOW = 32_768
BODY_BYTES = 4 << 20
LONGEST_NAME = 200
_HERE = "127.0.0.1"
_UNAUTHORIZED = {401, 403}


class Served(Struct, frozen=True, kw_only=True):
    """What one server has; `state` says whether it answers, wants a key, or is not there."""

    state: Literal["there", "locked", "absent"]
    base_url: str
    models: Mapping[str, Facts] = {}


class Local:
    """Looks for the servers; a look is kept for a short time. Its methods block briefly: call them in a thread.

    `places` may name other ports.
    """

    def __init__(self, places: tuple[Place, ...] = PLACES) -> None:
        self.places = {each.name: each for each in places}
        self._lock = threading.Lock()
        self._looks: dict[str, tuple[float, Served]] = {}
        self._shown: dict[str, Facts] = {}

    def everything(self, *, is_anew: bool = False) -> dict[str, Served]:
        """What each server has, all asked at the same time."""
        return self._look(list(self.places), is_anew=is_anew)

    def look(self, name: str, *, is_anew: bool = False) -> Served:
        """What one server has."""
        return self._look([name], is_anew=is_anew)[name]

    def facts(self, name: str, model: str, served: Served) -> Facts:
        """What is known of a model there, its window included."""
        known = served.models.get(model, Facts())
        if self.places[name].wire is not Wire.OLLAMA:
            return known
        with self._lock:
            if model not in self._shown:
                self._shown[model] = asyncio.run(_with_door(lambda looking: looking.shown(served.base_url, model)))
            return self._shown[model].over(known)

    def _look(self, names: Sequence[str], *, is_anew: bool) -> dict[str, Served]:
        with self._lock:
            now = time.monotonic()
            stale = [
                name for name in names if is_anew or name not in self._looks or now - self._looks[name][0] > FRESH_S
            ]
            if is_anew:
                self._shown.clear()
            if stale:
                places = [self.places[name] for name in stale]
                found = asyncio.run(_with_door(lambda looking: looking.all(places)))
                self._looks.update({name: (now, served) for name, served in zip(stale, found, strict=True)})
            return {name: self._looks[name][1] for name in names}


async def _with_door[T](ask: "Callable[[_Looking], Coroutine[None, None, T]]") -> T:
    door = Door(has_tls=False)
    try:
        return await ask(_Looking(door))
    finally:
        await door.close()


class _Looking:
    """One look, in a loop of its own."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def all(self, places: Sequence[Place]) -> list[Served]:
        """What each of these has."""
        return list(await asyncio.gather(*map(self._ask, places)))

    async def _ask(self, place: Place) -> Served:
        root = f"http://{_HERE}:{place.port}"
        base_url = root if place.wire is Wire.OLLAMA else f"{root}/v1"
        absent = Served(state="absent", base_url=base_url)
        if not await _listens(place.port):
            return absent
        try:
            if place.wire is Wire.OLLAMA:
                return Served(state="there", base_url=base_url, models=_tags(await self._json(f"{root}/api/tags")))
            status, value = await self._answer(Question(f"{base_url}/models", {}))
            if status in _UNAUTHORIZED:
                return Served(state="locked", base_url=base_url)
            models = _listed(value)
            if not models:
                return absent
            return Served(state="there", base_url=base_url, models=await self._windows_of(place, root, models))
        except ProviderFailed:
            return absent

    async def _windows_of(self, place: Place, root: str, models: Mapping[str, Facts]) -> Mapping[str, Facts]:
        """What these servers say elsewhere of how much they were started with."""
        if place.name == "llamacpp":
            settings = _fields(_fields(await self._json(f"{root}/props")).get("default_generation_settings"))
            window = _count(settings.get("n_ctx"))
            return {name: Facts(window=window).over(facts) for name, facts in models.items()}
        if place.name == "lmstudio":
            loaded = _listed(await self._json(f"{root}/api/v0/models"))
            return {name: loaded.get(name, Facts()).over(facts) for name, facts in models.items()}
        return models

    async def shown(self, base_url: str, model: str) -> Facts:
        """What Ollama says of a model."""
        body = msgspec.json.encode({"model": model})
        try:
            _, value = await self._answer(Question(f"{base_url}/api/show", {"Content-Type": "application/json"}, body))
        except ProviderFailed:
            return Facts(window=OLLAMA_WINDOW)
        shown = _fields(value)
        info = _fields(shown.get("model_info"))
        trained = next((_count(info[name]) for name in info if name.endswith(".context_length")), None)
        pinned = re.search(r"^num_ctx\s+(\d+)", str(shown.get("parameters", "")), re.MULTILINE)
        window = int(pinned[1]) if pinned else OLLAMA_WINDOW
        abilities = shown.get("capabilities")
        known = abilities if isinstance(abilities, list) else None
        return Facts(
            window=min(window, trained) if trained else window,
            tools=None if known is None else "tools" in known,
            images=None if known is None else "vision" in known,
            thinks=None if known is None else "thinking" in known,
        )

    async def _json(self, url: str) -> Json:
        return (await self._answer(Question(url, {})))[1]

    async def _answer(self, question: Question) -> tuple[int, Json]:
        """The status and the JSON of an answer; None where it is something else."""
        async with self._door.ask(question, Surroundings(), PATIENCE) as reply:
            try:
                return reply.status, msgspec.json.decode(await reply.body(BODY_BYTES))
            except (msgspec.DecodeError, UnicodeError, RecursionError):
                return reply.status, None


async def _listens(port: int) -> bool:
    """Whether anything listens there, asked without an HTTP client: most ports have nobody."""
    try:
        async with asyncio.timeout(PATIENCE.connect_s):
            _, writer = await asyncio.open_connection(_HERE, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


def _fields(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


def _count(value: Json) -> int | None:
    return value if isinstance(value, int) and value > 0 else None


def _tags(value: Json) -> dict[str, Facts]:
    listed = _fields(value).get("models")
    names = [_fields(each).get("name") for each in listed] if isinstance(listed, list) else []
    return {name: Facts() for name in names if isinstance(name, str) and _is_name(name)}


def _is_name(name: str) -> bool:
    """Whether it can be shown and typed: whatever listens there may say what steers a terminal."""
    return 0 < len(name) <= LONGEST_NAME and name.isprintable()


def _listed(value: Json) -> dict[str, Facts]:
    """The models of a list in OpenAI's format, with what vLLM, LM Studio and llama.cpp add to it."""
    listed = _fields(value).get("data")
    found = {}
    for each in map(_fields, listed if isinstance(listed, list) else []):
        name, kind = each.get("id"), each.get("type")
        if not isinstance(name, str) or not _is_name(name) or kind == "embeddings":
            continue
        meta = _fields(each.get("meta"))
        window = _count(each.get("loaded_context_length")) or _count(each.get("max_model_len"))
        window = window or _count(each.get("max_context_length")) or _count(meta.get("n_ctx_train"))
        found[name] = Facts(window=window, images=True if kind == "vlm" else None)
    return found


def absent(place: Place) -> ProviderUnreachable:
    """What is said when a server is asked that is not there."""
    return ProviderUnreachable(
        f"{place.title} does not answer on port {place.port} of this machine", f"start it: {place.start}"
    )
