"""All models that can be asked: built in, of vendors with a key, of servers on this machine, and from the settings."""

import asyncio
import difflib
import ipaddress
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from iterate import settings
from iterate.errors import KeyMissing, KeyRefused, ModelUnknown, ProviderFailed, VendorUnknown
from iterate.providers import BUILT_IN, Known, catalogue, listing, local, wires
from iterate.providers.endpoint import Endpoint, Wire
from iterate.providers.facts import Facts
from iterate.providers.keys import Keys, checked
from iterate.providers.local import Local, Served
from iterate.providers.network import Door
from iterate.providers.vendors import PLACES, VENDORS, Place, Vendor
from iterate.request import Model, Prices

if TYPE_CHECKING:
    # Not read before a model is asked for.
    from iterate.config.sections import Config, ModelRow, Provider

# How the settings call the wires.
WIRES: Mapping[str, Wire] = {
    "openai-chat": Wire.CHAT,
    "openai-responses": Wire.RESPONSES,
    "anthropic-messages": Wire.MESSAGES,
    "google-generate": Wire.GENERATE,
    "ollama": Wire.OLLAMA,
}
# Vendors of these formats have no model that sees nothing.
_OLLAMA = next(each for each in PLACES if each.wire is Wire.OLLAMA)
_SEEING = {Wire.MESSAGES, Wire.RESPONSES, Wire.GENERATE}

type Source = Literal["environment", "file", "config", "none"]


class Access(Struct, frozen=True, kw_only=True):
    """How a vendor is reached: `key` says where its key comes from, `variables` where one is looked for.

    `state` is of a server on this machine: there, locked (it wants a key) or absent; empty for all others.
    """

    name: str
    title: str
    base_url: str
    key: Source
    is_ready: bool
    variable: str = ""
    variables: tuple[str, ...] = ()
    state: str = ""
    models: int = 0


class Refreshed(Struct, frozen=True, kw_only=True):
    """What became of asking a vendor for its list: how many models, or why there is none."""

    name: str
    models: int = 0
    problem: str = ""


class _Way(Struct, frozen=True, kw_only=True):
    """A vendor after the settings had their say."""

    vendor: Vendor
    headers: Mapping[str, str] = {}
    rows: "Mapping[str, ModelRow]" = {}
    needs_key: bool = True
    is_local: bool = False
    place: Place | None = None
    is_configured: bool = False


class Roster:
    """Every model; keys and lists lie in `folder`. It belongs to one loop; what is no coroutine is for threads."""

    def __init__(
        self, folder: Path, *, places: tuple[Place, ...] = PLACES, vendors: tuple[Vendor, ...] = VENDORS
    ) -> None:
        self._door = Door()
        self._keys = Keys(folder)
        self._shelf = listing.Shelf(folder)
        self._local = Local(places)
        self._vendors = {each.name: each for each in vendors}

    async def warm(self, environment: Mapping[str, str]) -> None:
        """Import and build what asking needs, beside the loop; fails in silence, because asking says why."""
        try:
            await self._door.warm(settings.surroundings(environment))
        except ProviderFailed:
            return

    async def close(self) -> None:
        """Hang up everywhere."""
        await self._door.close()

    def find(self, name: str, config: "Config", environment: Mapping[str, str]) -> Model:
        """The model of that full name; raises `ModelUnknown`, `KeyMissing`, `ProviderUnreachable`, `StateUnusable`.

        A model that no list has is asked for all the same: its vendor has the last word.
        """
        built_in = next((model for model in BUILT_IN if model.name == name), None)
        if built_in is not None:
            return built_in
        vendor, _, model = name.partition("/")
        ways = self._ways(config)
        if not model or not model.isprintable() or vendor not in ways:
            raise _unknown(name, [*(each.name for each in BUILT_IN), *catalogue.models(), *ways])
        way = ways[vendor]
        if way.place is not None:
            way, facts = self._served(way, model)
        else:
            facts = self._facts(way, model)
        if way.vendor.wire is Wire.OLLAMA:
            # It has to be asked for some window, or takes the smallest.
            facts = facts.over(Facts(window=local.OLLAMA_WINDOW))
        key, _, _ = self._key(way, environment)
        if way.needs_key and not key:
            raise _no_key(way.vendor)
        return _model(self._door, _endpoint(way, model, facts, key, environment), facts)

    def known(self, config: "Config", environment: Mapping[str, str]) -> Sequence[Known]:
        """Every model that there is a name for, those that can be asked now first."""
        ways = self._ways(config)
        served = self._local.everything()
        rows = [Known(name=model.name, is_ready=True, tools=model.calls_tools, source="built-in") for model in BUILT_IN]
        for way in ways.values():
            wanted = _wanted(config, way.vendor.name)
            if way.place is not None:
                rows += self._known_here(way, served[way.place.name], wanted)
            else:
                rows += self._known_there(way, environment, wanted)
        return sorted(rows, key=lambda row: not row.is_ready)

    def access(self, config: "Config", environment: Mapping[str, str]) -> Sequence[Access]:
        """Every vendor, and whether it can be asked."""
        ways = self._ways(config)
        served = self._local.everything()
        rows = []
        for way in ways.values():
            key, source, variable = self._key(way, environment)
            there = served[way.place.name] if way.place is not None else None
            is_ready = bool(key) or not way.needs_key if there is None else there.state == "there"
            rows.append(
                Access(
                    name=way.vendor.name,
                    title=way.vendor.title,
                    base_url=way.vendor.base_url,
                    key=source,
                    is_ready=is_ready,
                    variable=variable,
                    variables=way.vendor.variables,
                    state="" if there is None else there.state,
                    models=len(self._names(way)) if there is None else len(there.models),
                )
            )
        return rows

    async def refresh(self, config: "Config", environment: Mapping[str, str], only: str = "") -> Sequence[Refreshed]:
        """Ask every vendor that can be asked for its models, all at the same time, and keep what they say."""
        ways = self._ways(config)
        if only and only not in ways:
            raise unknown_vendor(only, ways)
        asked = [way for name, way in ways.items() if way.place is None and only in {"", name}]
        keys = [await asyncio.to_thread(self._key, way, environment) for way in asked]
        pairs = [(way, key) for way, (key, _, _) in zip(asked, keys, strict=True) if key or not way.needs_key]
        found = await asyncio.gather(*(self._fetch(way, key, environment) for way, key in pairs))
        good = {name: each for name, each in found if isinstance(each, listing.Listed)}
        if good:
            await asyncio.to_thread(self._shelf.put, good)
        rows = [
            Refreshed(name=name, models=len(each.models))
            if isinstance(each, listing.Listed)
            else Refreshed(name=name, problem=str(each))
            for name, each in found
        ]
        looked = await asyncio.to_thread(self._local.everything, is_anew=True)
        return rows + [
            Refreshed(name=name, models=len(each.models)) for name, each in looked.items() if each.state == "there"
        ]

    async def login(
        self, vendor: str, key: str, config: "Config", environment: Mapping[str, str], *, is_checked: bool = True
    ) -> str:
        """Keep a key, after asking its vendor whether it is one; why that could not be asked, or nothing.

        Raises `VendorUnknown`, `KeyInvalid`, `KeyRefused`, `StateUnusable`; then nothing was kept.
        """
        ways = self._ways(config)
        if vendor not in ways:
            raise unknown_vendor(vendor, ways)
        checked(key)
        doubt = ""
        if is_checked and ways[vendor].place is None:
            _, found = await self._fetch(ways[vendor], key, environment)
            if isinstance(found, KeyRefused):
                raise found
            doubt = str(found) if isinstance(found, ProviderFailed) else ""
        await asyncio.to_thread(self._keys.put, vendor, key)
        return doubt

    async def logout(self, vendor: str) -> bool:
        """Forget the key of a vendor; whether there was one. Raises `StateUnusable`."""
        return await asyncio.to_thread(self._keys.remove, vendor)

    async def _fetch(
        self, way: _Way, key: str, environment: Mapping[str, str]
    ) -> tuple[str, listing.Listed | ProviderFailed]:
        name = way.vendor.name
        try:
            return name, await listing.fetch(self._door, _endpoint(way, "", Facts(), key, environment))
        except ProviderFailed as problem:
            return name, problem

    def _ways(self, config: "Config") -> dict[str, _Way]:
        ways = {name: _Way(vendor=vendor) for name, vendor in self._vendors.items()}
        for place in self._local.places.values():
            vendor = Vendor(name=place.name, title=place.title, base_url="", wire=place.wire)
            ways[place.name] = _Way(vendor=vendor, needs_key=False, is_local=True, place=place)
        for name, section in config.providers.items():
            ways[name] = _configured(name, section, ways.get(name))
        return {name: way for name, way in ways.items() if way.vendor.base_url or way.place is not None}

    def _key(self, way: _Way, environment: Mapping[str, str]) -> tuple[str, Source, str]:
        """The key, where it comes from, and the variable that holds it."""
        for variable in way.vendor.variables:
            if key := environment.get(variable, "").strip():
                return key, "environment", variable
        key = self._keys.get(way.vendor.name)
        return key, "file" if key else "none", ""

    def _served(self, way: _Way, model: str) -> tuple[_Way, Facts]:
        place = way.place
        assert place is not None  # noqa: S101  # Whoever calls has looked.
        served = self._local.look(place.name)
        if served.state == "absent":
            served = self._local.look(place.name, is_anew=True)
        if served.state == "absent":
            raise local.absent(place)
        if served.state == "there" and model not in served.models:
            names = [f"{place.name}/{each}" for each in served.models]
            raise _unknown(f"{place.name}/{model}", names)
        facts = self._local.facts(place.name, model, served)
        row = way.rows.get(model)
        facts = facts if row is None else _said(row).over(facts)
        return replace(way, vendor=replace(way.vendor, base_url=served.base_url)), facts

    def _facts(self, way: _Way, model: str) -> Facts:
        """What the settings say of a model, then its vendor, then the catalogue, then its older namesakes there."""
        rows = catalogue.models()
        full = f"{way.vendor.name}/{model}"
        kin = max((name for name in rows if full == name or full.startswith(f"{name}-")), key=len, default="")
        found = rows.get(kin, Facts())
        listed = self._shelf.known().get(way.vendor.name)
        if listed is not None and model in listed.models:
            found = listed.models[model].over(found)
        row = way.rows.get(model)
        return found if row is None else _said(row).over(found)

    def _names(self, way: _Way) -> list[str]:
        """The models of a vendor: those of the settings, of its own list, of the catalogue where it gave none."""
        listed = self._shelf.known().get(way.vendor.name)
        prefix = f"{way.vendor.name}/"
        baked = [name.removeprefix(prefix) for name in catalogue.models() if name.startswith(prefix)]
        if listed is not None:
            baked = [name for name in baked if name in listed.models]
        return list(dict.fromkeys([*way.rows, *baked, *(listed.models if listed else ())]))

    def _known_there(self, way: _Way, environment: Mapping[str, str], wanted: Sequence[str]) -> list[Known]:
        key, _, _ = self._key(way, environment)
        is_ready = bool(key) or not way.needs_key
        why = "" if is_ready else f"no key: set {way.vendor.variables[0]}, or iterate auth login {way.vendor.name}"
        listed = self._shelf.known().get(way.vendor.name)
        names = self._names(way)
        rows = []
        for model in dict.fromkeys([*names, *wanted]):
            is_said = model in way.rows or model not in names
            source = "config" if is_said else "vendor" if listed and model in listed.models else "catalogue"
            rows.append(_row(f"{way.vendor.name}/{model}", self._facts(way, model), source, why))
        return rows

    def _known_here(self, way: _Way, served: Served, wanted: Sequence[str]) -> list[Known]:
        name = way.vendor.name
        why = "it has no such model" if served.state == "there" else f"{way.vendor.title} does not run on its port"
        missing = [model for model in wanted if model not in served.models and served.state != "locked"]
        return [
            *(_row(f"{name}/{model}", facts, "local", "") for model, facts in served.models.items()),
            *(_row(f"{name}/{model}", Facts(), "config", why) for model in missing),
        ]


def _wanted(config: "Config", vendor: str) -> list[str]:
    """The models of a vendor that the settings choose, which no list need have."""
    chosen = [each.partition("/") for each in (config.model, config.small_model) if each]
    return [model for name, _, model in chosen if name == vendor and model]


def _configured(name: str, section: "Provider", known: _Way | None) -> _Way:
    vendor = known.vendor if known is not None else Vendor(name=name, title=name, base_url="")
    is_elsewhere = bool(section.base_url)
    if is_elsewhere and known is not None and known.place is None:
        # Whoever takes the place of a vendor need not do what the vendor wants done.
        vendor = replace(vendor, habits=replace(vendor.habits, cache_key=""))
    vendor = replace(
        vendor,
        base_url=section.base_url or vendor.base_url,
        wire=WIRES[section.wire] if section.wire else vendor.wire,
        variables=(section.key_env, *vendor.variables) if section.key_env else vendor.variables,
    )
    if known is None and vendor.wire is Wire.CHAT:
        # The field of the format itself. It is said where the settings say that the model thinks.
        vendor = replace(vendor, habits=replace(vendor.habits, effort="reasoning_effort"))
    is_local = _is_local(vendor.base_url) if is_elsewhere or known is None else known.is_local
    if is_local and section.wire is None and urlsplit(vendor.base_url).port == _OLLAMA.port:
        # Over its imitation of another format it would cut prompts in silence.
        vendor = replace(vendor, wire=Wire.OLLAMA, base_url=vendor.base_url.rstrip("/").removesuffix("/v1"))
    return _Way(
        vendor=vendor,
        headers=section.headers,
        rows=section.models,
        needs_key=known is not None and known.needs_key and not is_elsewhere,
        is_local=is_local,
        place=None if is_elsewhere or known is None else known.place,
        is_configured=True,
    )


def _is_local(base_url: str) -> bool:
    """Whether an address is of this machine or of a network at home."""
    host = urlsplit(base_url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local")) or "." not in host


def _said(row: "ModelRow") -> Facts:
    """What the settings say of a model, whose prices are dollars."""

    def micro(dollars: float | None) -> int | None:
        return None if dollars is None else round(dollars * 1_000_000)

    prices = None
    if row.prices is not None:
        prices = Prices(
            input=micro(row.prices.input) or 0,
            output=micro(row.prices.output) or 0,
            cache_read=micro(row.prices.cache_read),
            cache_write=micro(row.prices.cache_write),
        )
    return Facts(
        window=row.window, output=row.output, prices=prices, images=row.images, tools=row.tools, thinks=row.reasoning
    )


def _endpoint(way: _Way, model: str, facts: Facts, key: str, environment: Mapping[str, str]) -> Endpoint:
    habits, is_ollama = way.vendor.habits, way.vendor.wire is Wire.OLLAMA
    if facts.is_adaptive:
        habits = replace(habits, effort="words")
    return Endpoint(
        name=f"{way.vendor.name}/{model}",
        model=model,
        base_url=way.vendor.base_url,
        wire=way.vendor.wire,
        key=key,
        headers=way.headers,
        surroundings=settings.surroundings(environment),
        habits=habits,
        window=facts.window,
        output=facts.output,
        prices=facts.prices,
        sees_images=way.vendor.wire in _SEEING if facts.images is None else facts.images,
        thinks=bool(facts.thinks),
        is_local=way.is_local,
        cuts=is_ollama or (way.place is not None and way.place.cuts),
    )


def _model(door: Door, endpoint: Endpoint, facts: Facts) -> Model:
    return Model(
        name=endpoint.name,
        stream=lambda request: wires.stream(door, endpoint, request),
        window=facts.window,
        output=facts.output,
        prices=facts.prices,
        sees_images=endpoint.sees_images,
        calls_tools=facts.tools is not False,
        thinks=endpoint.thinks,
    )


def _row(name: str, facts: Facts, source: str, why: str) -> Known:
    return Known(
        name=name,
        is_ready=not why,
        window=facts.window,
        output=facts.output,
        prices=facts.prices,
        images=facts.images,
        tools=facts.tools,
        thinks=facts.thinks,
        source=source,
        why=why,
    )


def _unknown(name: str, known: Sequence[str]) -> ModelUnknown:
    near = difflib.get_close_matches(name, [each for each in known if "/" in each], 3, 0.6)
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    return ModelUnknown(f"there is no model {name!r}", f"{hint}iterate models lists what there is")


def unknown_vendor(name: str, known: Mapping[str, object]) -> VendorUnknown:
    """The failure that names the nearest vendor."""
    near = difflib.get_close_matches(name, known, 1, 0.5)
    return VendorUnknown(f"there is no vendor {name!r}", f"did you mean {near[0]}?" if near else None)


def _no_key(vendor: Vendor) -> KeyMissing:
    return KeyMissing(
        f"there is no key for {vendor.title}",
        f"set {' or '.join(vendor.variables)}, or run iterate auth login {vendor.name}",
    )
