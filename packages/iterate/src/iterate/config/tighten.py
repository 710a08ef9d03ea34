"""What of a stranger's file counts: only what makes things stricter than they are without it. It reads nothing.

A project's file comes with the project. Until its person trusts it, it may not start programs, send anything to others,
spend more, allow more, or keep less for the undo.
"""

from collections.abc import Callable, Mapping

type Table = dict[str, object]
type Dropped = list[str]

# From the strictest on.
_MODES = ("show", "keep", "plain")
# Keys that are no project's business, trusted or not: the server, this copy and the terminal serve all projects.
OWN = ("autoupdate", "server", "terminal", "keys")


def without_own(table: Table) -> tuple[Table, Dropped]:
    """A project's table without the keys that only the person's own file may say."""
    return {key: value for key, value in table.items() if key not in OWN}, [key for key in OWN if key in table]


def tightened(table: Table, below: Mapping[str, object]) -> tuple[Table, Dropped]:
    """What of the table makes `below` stricter, and the keys that were left out.

    `below` is what counts without it. Both fit the classes of the keys, with rules as tables of patterns.
    """
    kept: Table = {}
    dropped: Dropped = []
    for key, value in table.items():
        part, left = _FILTERS.get(key, _none)(value, below.get(key), key)
        dropped += left
        if part is not None and part != {}:
            kept[key] = part
    return kept, dropped


type _Filter = Callable[[object, object, str], tuple[object, Dropped]]


def _none(_value: object, _below: object, key: str) -> tuple[object, Dropped]:
    return None, [key]


def _whole(value: object, _below: object, _key: str) -> tuple[object, Dropped]:
    return value, []


def _permission(value: object, below: object, key: str) -> tuple[object, Dropped]:
    kept: Table = {}
    dropped: Dropped = []
    for deed, rules in _items(value):
        had = dict(_items(dict(_items(below)).get(deed)))
        good = {
            pattern: action
            for pattern, action in _items(rules)
            if action == "deny" or (action == "ask" and had.get(pattern) != "deny")
        }
        if good:
            kept[deed] = good
        dropped += [f"{key}.{deed}" for _ in [0] if len(good) < len(_items(rules))]
    return kept, dropped


def _limits(value: object, below: object, key: str) -> tuple[object, Dropped]:
    had = dict(_items(below))
    kept = {name: new for name, new in _items(value) if _is_lower(new, had.get(name))}
    return kept, [f"{key}.{name}" for name, _ in _items(value) if name not in kept]


def _shell(value: object, below: object, key: str) -> tuple[object, Dropped]:
    had = dict(_items(below))
    kept: Table = {}
    for name, new in _items(value):
        match name:
            case "mode":
                is_stricter = _strictness(new) <= _strictness(had.get(name, "keep"))
            case "network":
                is_stricter = new is False
            case _:
                is_stricter = _is_lower(new, had.get(name))
        if is_stricter:
            kept[name] = new
    return kept, [f"{key}.{name}" for name, _ in _items(value) if name not in kept]


def _mcp(value: object, below: object, key: str) -> tuple[object, Dropped]:
    had = dict(_items(below))
    off = {
        name: {"enabled": False}
        for name, row in _items(value)
        if name in had and dict(_items(row)) == {"enabled": False}
    }
    return off, [f"{key}.{name}" for name, _ in _items(value) if name not in off]


_FILTERS: dict[str, _Filter] = {
    "$schema": _whole,
    "instructions": _whole,
    "limits": _limits,
    "mcp": _mcp,
    "permission": _permission,
    "shell": _shell,
}


def _items(value: object) -> list[tuple[str, object]]:
    return [(str(name), each) for name, each in value.items()] if isinstance(value, dict) else []


def _is_lower(new: object, old: object) -> bool:
    return old is None or (isinstance(new, int | float) and isinstance(old, int | float) and new <= old)


def _strictness(mode: object) -> int:
    return _MODES.index(str(mode)) if mode in _MODES else len(_MODES)
