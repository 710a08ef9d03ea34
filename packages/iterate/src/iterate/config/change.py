"""Changes one key in a text of TOML and leaves the rest as it is: comments, order, the way things are written.

Every change is checked: the new text must say what the old one said, but for that key. What cannot be changed so is
left to a person.
"""

import json
from collections.abc import Callable, Mapping, Sequence

from iterate.config.lines import Statement, statements, value_span
from iterate.config.strict import is_bare
from iterate.errors import ConfigUnwritable

type Keys = tuple[str, ...]
type Table = dict[str, object]


def put(text: str, path: Keys, value: object) -> str:
    """The text with this value at that path; raises `ConfigUnwritable`."""
    return _checked(text, lambda plain: _put(plain, path, value), _with(_said(text), path, value))


def take(text: str, path: Keys) -> str | None:
    """The text without what it says at that path or below; None when it says nothing there.

    Raises `ConfigUnwritable`.
    """
    wanted = _without(_said(text), path)
    if wanted is None:
        return None
    return _checked(text, lambda plain: _take(plain, path), wanted)


def spelt(value: object) -> str:
    """A value as TOML, on one line; raises `ConfigUnwritable` for what TOML has no word for."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            # JSON's way is one of TOML's, but for this character.
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case Mapping():
            rows = (f"{key_spelt(str(key))} = {spelt(each)}" for key, each in value.items())
            return "{" + ", ".join(rows) + "}"
        case Sequence():
            return "[" + ", ".join(spelt(each) for each in value) + "]"
        case _:
            raise ConfigUnwritable(f"{value!r} cannot be written as TOML")


def key_spelt(key: str) -> str:
    """A key as TOML, in quotes where it needs them."""
    return key if is_bare(key) else spelt(key)


def _checked(text: str, edit: Callable[[str], str], wanted: Table) -> str:
    import tomllib

    newline = "\r\n" if text.count("\r\n") * 2 > text.count("\n") else "\n"
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    new = edit(text.removeprefix("\ufeff").replace("\r\n", "\n"))
    try:
        is_right = pruned(tomllib.loads(new)) == pruned(wanted)
    except ValueError:
        is_right = False
    if not is_right:
        raise ConfigUnwritable("this key cannot be changed without touching others")
    return mark + new.replace("\n", newline)


def _put(text: str, path: Keys, value: object) -> str:
    found = list(statements(text))
    exact = next((each for each in found if each.path == path and not each.is_head), None)
    if isinstance(value, Mapping) and value:
        text = _take(text, path)
        for key, each in value.items():
            text = _put(text, (*path, str(key)), each)
        return text
    if exact is not None:
        return _replaced(text, exact, spelt(value))
    if any(each.path[: len(path)] == path for each in found):
        # It was a table and becomes something else.
        return _put(_take(text, path), path, value)
    outer = _inline(found, path)
    if outer is not None:
        inner = path[len(outer.path) :]
        return _replaced(text, outer, spelt(_with(_value(text, outer), inner, value)))
    return _inserted(text, found, path, value)


def _take(text: str, path: Keys) -> str:
    found = list(statements(text))
    outer = _inline(found, path)
    if outer is not None and not any(each.path[: len(path)] == path for each in found):
        rest = _without(_value(text, outer), path[len(outer.path) :])
        return text if rest is None else _replaced(text, outer, spelt(rest))
    for each in reversed(found):
        if each.path[: len(path)] == path or each.table[: len(path)] == path:
            start = text.rfind("\n", 0, each.start) + 1
            end = text.find("\n", each.end)
            text = text[:start] + ("" if end < 0 else text[end + 1 :])
    return text


def _inserted(text: str, found: list[Statement], path: Keys, value: object) -> str:
    tables = [each.table for each in found if path[: len(each.table)] == each.table and len(each.table) < len(path)]
    table = max(tables, key=len, default=())
    siblings = [each for each in found if each.table == table]
    # `limits.steps` written out at the top has its neighbours there.
    near = [each for each in siblings if each.path[: len(table) + 1] == path[: len(table) + 1]]
    if len(path) - len(table) > 1 and not near:
        line = f"[{_spelt_path(path[:-1])}]\n{key_spelt(path[-1])} = {spelt(value)}\n"
        return text.rstrip("\n") + ("\n\n" if text.strip() else "") + line
    line = f"{_spelt_path(path[len(table) :])} = {spelt(value)}"
    if not siblings:
        # Nothing stands at the top; comments there are about the file.
        first = found[0].start if found else len(text)
        place = text.rfind("\n", 0, first) + 1 if found else first
        before = text[:place]
        gap = "" if not before or before.endswith("\n") else "\n"
        return f"{before}{gap}{line}\n{chr(10) if found else ''}{text[place:]}"
    last = (near or siblings)[-1]
    indent = text[text.rfind("\n", 0, last.start) + 1 : last.start]
    return f"{text[: last.end]}\n{indent}{line}{text[last.end :] or chr(10)}"


def _inline(found: list[Statement], path: Keys) -> Statement | None:
    """The key above this path that holds a table in braces, if there is one."""
    return next((each for each in found if not each.is_head and each.path == path[: len(each.path)]), None)


def _value(text: str, statement: Statement) -> Table:
    import tomllib

    start, end = value_span(text, statement)
    found = tomllib.loads(f"x = {text[start:end]}")["x"]
    return found if isinstance(found, dict) else {}


def _replaced(text: str, statement: Statement, value: str) -> str:
    start, end = value_span(text, statement)
    return text[:start] + value + text[end:]


def _said(text: str) -> Table:
    import tomllib

    return tomllib.loads(text.removeprefix("\ufeff"))


def _with(table: Table, path: Keys, value: object) -> Table:
    inner = table.get(path[0])
    if len(path) == 1:
        return {**table, path[0]: value}
    return {**table, path[0]: _with(dict(inner) if isinstance(inner, dict) else {}, path[1:], value)}


def _without(table: Table, path: Keys) -> Table | None:
    if path[0] not in table:
        return None
    rest = {key: value for key, value in table.items() if key != path[0]}
    inner = table[path[0]]
    if len(path) == 1:
        return rest
    left = _without(inner, path[1:]) if isinstance(inner, dict) else None
    return None if left is None else {**rest, path[0]: left}


def pruned(value: object) -> object:
    """Without empty tables: the head of one may be left."""
    if isinstance(value, dict):
        rows = {key: pruned(each) for key, each in value.items()}
        return {key: each for key, each in rows.items() if each != {}}
    if isinstance(value, list | tuple):
        return [pruned(each) for each in value]
    return value


def _spelt_path(path: Keys) -> str:
    return ".".join(key_spelt(each) for each in path)
