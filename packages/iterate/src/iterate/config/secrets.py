"""Settings without what nobody is to see: values of headers and variables, arguments of programs, keys in addresses."""

from collections.abc import Mapping
from urllib.parse import urlsplit, urlunsplit

import msgspec

from iterate.config.sections import Config
from iterate.events import Json

HIDDEN = "***"
# Keys of tables whose values are secrets, whatever their names are.
_TABLES = {"headers", "env"}
_ADDRESSES = {"url", "base_url"}


def shown(config: Config) -> dict[str, Json]:
    """Everything that the settings say, fit to be shown and sent."""
    whole: dict[str, Json] = msgspec.to_builtins(config)
    return {key: hidden((key,), value) for key, value in whole.items()}


def hidden(path: tuple[str, ...], value: Json) -> Json:
    """A value that stands at this path, or the part of it that may be shown."""
    if isinstance(value, Mapping):
        return {str(key): hidden((*path, str(key)), each) for key, each in value.items()}
    if len(path) > 1 and path[-2] in _TABLES:
        return HIDDEN
    if path[-1] == "command" and isinstance(value, list | tuple):
        return [*value[:1], *(HIDDEN for _ in value[1:2])]
    if path[-1] in _ADDRESSES and isinstance(value, str):
        return _address(value)
    if isinstance(value, list | tuple):
        return [hidden((*path, ""), each) if isinstance(each, Mapping) else each for each in value]
    return value


def _address(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return HIDDEN
    host = parts.netloc.rpartition("@")[2]
    if "@" in parts.netloc:
        host = f"{HIDDEN}@{host}"
    query = HIDDEN if parts.query else ""
    return urlunsplit((parts.scheme, host, parts.path, query, HIDDEN if parts.fragment else ""))
