"""What vendors list themselves: `models --refresh` asks those that have a key, and keeps their answers.

Each vendor adds to the list what it likes; what is understood is taken, the rest is left.
"""

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from iterate import folders
from iterate.errors import ProviderBroke, StateUnusable
from iterate.events import Json
from iterate.providers import failures
from iterate.providers.endpoint import Endpoint, Wire
from iterate.providers.facts import Facts
from iterate.providers.messages import VERSION
from iterate.providers.network import Door, Patience, Question
from iterate.request import Prices

NAME = "models.json"
PATIENCE = Patience(connect_s=5.0, first_s=15.0, idle_s=15.0)
LIMIT_BYTES = 8 << 20
MOST_PAGES = 20
# What no agent can use.
_OTHER_KINDS = ("embed", "whisper", "tts-", "dall-e", "moderation", "transcribe", "image", "sora", "realtime", "audio")


class Listed(Struct, frozen=True, kw_only=True):
    """What a vendor had at that time (Unix seconds)."""

    at: int
    models: dict[str, Facts]


class Shelf:
    """The file of what vendors listed; it need not be there, and one that cannot be read is as none."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._read_at: tuple[int, int] | None = None
        self._known: dict[str, Listed] = {}

    def known(self) -> Mapping[str, Listed]:
        """What each vendor listed the last time."""
        try:
            status = self._path.stat()
            mark = (status.st_mtime_ns, status.st_size)
            if mark != self._read_at and status.st_size <= LIMIT_BYTES:
                self._known = msgspec.json.decode(self._path.read_bytes(), type=dict[str, Listed])
                self._read_at = mark
        except (OSError, msgspec.DecodeError, UnicodeError):
            self._known, self._read_at = {}, None
        return self._known

    def put(self, found: Mapping[str, Listed]) -> None:
        """Keep what these vendors list now, beside what the others listed; raises `StateUnusable`."""
        new = self._path.with_name(f"{NAME}.{os.getpid()}")
        try:
            folders.make_private(self._path.parent)
            new.unlink(missing_ok=True)
            with os.fdopen(folders.open_private(new, os.O_EXCL), "wb") as file:
                file.write(msgspec.json.encode({**self.known(), **found}))
            new.replace(self._path)
        except OSError as problem:
            raise StateUnusable(f"{self._path} cannot be written: {problem.strerror}") from problem
        finally:
            new.unlink(missing_ok=True)


async def fetch(door: Door, endpoint: Endpoint) -> Listed:
    """What the vendor of this endpoint lists; raises `ProviderFailed`."""
    models: dict[str, Facts] = {}
    page = ""
    for _ in range(MOST_PAGES):
        value = await _page(door, endpoint, page)
        models.update(_models(endpoint.wire, value))
        page = _next(endpoint.wire, value)
        if not page:
            break
    return Listed(at=int(time.time()), models=models)


async def _page(door: Door, endpoint: Endpoint, page: str) -> Json:
    headers, path = dict(endpoint.headers), "models"
    match endpoint.wire:
        case Wire.MESSAGES:
            headers |= {"x-api-key": endpoint.key, "anthropic-version": VERSION}
            path += f"?limit=1000{f'&after_id={page}' if page else ''}"
        case Wire.GENERATE:
            headers |= {"x-goog-api-key": endpoint.key}
            path += f"?pageSize=1000{f'&pageToken={page}' if page else ''}"
        case _:
            headers |= {"Authorization": f"Bearer {endpoint.key}"} if endpoint.key else {}
    async with door.ask(Question(endpoint.url(path), headers), endpoint.surroundings, PATIENCE) as reply:
        if not reply.is_good:
            raise failures.refused(endpoint, reply.status, reply.headers, await reply.beginning())
        content = await reply.body(LIMIT_BYTES)
    try:
        value: Json = json.loads(content)
    except (ValueError, RecursionError) as problem:
        vendor = endpoint.name.partition("/")[0]
        raise ProviderBroke(f"{vendor} lists its models in no JSON", "look at its base_url") from problem
    return value


def _next(wire: Wire, value: Json) -> str:
    fields = value if isinstance(value, dict) else {}
    found = fields.get("nextPageToken") if wire is Wire.GENERATE else fields.get("last_id")
    if wire is Wire.MESSAGES and not fields.get("has_more"):
        return ""
    return found if isinstance(found, str) and found.replace("-", "").replace("_", "").isalnum() else ""


def _models(wire: Wire, value: Json) -> dict[str, Facts]:
    listed = value if isinstance(value, list) else None
    if isinstance(value, dict):
        listed = value.get("models") if wire is Wire.GENERATE else value.get("data")
    found: dict[str, Facts] = {}
    for each in listed if isinstance(listed, list) else []:
        if isinstance(each, dict):
            name = str(each.get("name") if wire is Wire.GENERATE else each.get("id")).removeprefix("models/")
            if _is_of_use(each, name):
                found[name] = _facts(each)
    return found


def _is_of_use(each: Mapping[str, Json], name: str) -> bool:
    methods = each.get("supportedGenerationMethods")
    if isinstance(methods, list) and "generateContent" not in methods:
        return False
    abilities = each.get("capabilities")
    if isinstance(abilities, dict) and abilities.get("completion_chat") is False:
        return False
    return bool(name) and name.isprintable() and not any(word in name.lower() for word in _OTHER_KINDS)


def _facts(each: Mapping[str, Json]) -> Facts:
    abilities = each.get("capabilities")
    known = abilities if isinstance(abilities, dict) else {}
    takes = each.get("supported_parameters")
    sees = each.get("architecture")
    modes = sees.get("input_modalities") if isinstance(sees, dict) else None
    return Facts(
        window=_count(
            each, "context_length", "context_window", "max_context_length", "inputTokenLimit", "max_input_tokens"
        ),
        output=_count(each, "max_completion_tokens", "max_output_tokens", "outputTokenLimit", "max_tokens"),
        prices=_prices(each.get("pricing")),
        images=_bool(known.get("vision")) if known else ("image" in modes if isinstance(modes, list) else None),
        tools=_bool(known.get("function_calling"))
        if known
        else ("tools" in takes if isinstance(takes, list) else None),
        thinks=_bool(each.get("thinking")) or ("reasoning" in takes if isinstance(takes, list) else None),
    )


def _count(each: Mapping[str, Json], *names: str) -> int | None:
    for name in names:
        value = each.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
    return None


def _bool(value: Json) -> bool | None:
    return value if isinstance(value, bool) else None


def _prices(value: Json) -> Prices | None:
    """OpenRouter's, which are dollars a token, as text."""
    if not isinstance(value, dict):
        return None

    def micro(name: str) -> int | None:
        text = value.get(name)
        try:
            # Dollars a token are a million millionths for a million tokens.
            found = round(float(text) * 1_000_000_000_000) if isinstance(text, str) else None
        except (ValueError, OverflowError):
            return None
        return found if found is not None and found >= 0 else None

    sent, written = micro("prompt"), micro("completion")
    if sent is None or written is None:
        return None
    return Prices(
        input=sent, output=written, cache_read=micro("input_cache_read"), cache_write=micro("input_cache_write")
    )
