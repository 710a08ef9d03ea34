"""Questions of MCP servers as questions to a person, and the answers as what the server's schema wants."""

from collections.abc import Mapping

from iterate.events import Json, Question
from iterate.tools.tool import Work

type Answer = str | int | float | bool | list[str] | None
type Content = dict[str, Answer]

# More fields are not asked for.
MOST = 10
_LONGEST = 2000


async def ask(work: Work, server: str, message: str, schema: Mapping[str, Json]) -> Content | None:
    """What the person says to each field; None where they would not, or where it is no form for people."""
    fields = schema.get("properties")
    if not isinstance(fields, dict) or not 0 < len(fields) <= MOST:
        return None
    rows = [(name, field if isinstance(field, dict) else {}) for name, field in fields.items()]
    intro = f"The MCP server {server} asks: {message[:_LONGEST]}"
    questions = [
        Question(
            text=f"{intro}\n{_words(name, field)}",
            choices=_choices(field),
            is_many=field.get("type") == "array",
        )
        for name, field in rows
    ]
    answers = await work.person.answers(questions)
    if answers is None:
        return None
    found: Content = {}
    for (name, field), said in zip(rows, answers, strict=False):
        value = _value(field, said)
        if value is not None:
            found[name] = value
    required = schema.get("required")
    if isinstance(required, list) and any(name not in found for name in required):
        return None
    return found


def _words(name: str, field: Mapping[str, Json]) -> str:
    title, description = field.get("title"), field.get("description")
    return f"{title or name}: {description}"[:_LONGEST] if description else str(title or name)[:_LONGEST]


def _choices(field: Mapping[str, Json]) -> tuple[str, ...]:
    if field.get("type") == "boolean":
        return "yes", "no"
    inner = field.get("items")
    source = inner if isinstance(inner, dict) else field
    for key in ("enum", "oneOf", "anyOf"):
        found = source.get(key)
        if isinstance(found, list):
            return tuple(str(each.get("const")) if isinstance(each, dict) else str(each) for each in found)[:20]
    return ()


def _value(field: Mapping[str, Json], said: tuple[str, ...]) -> Answer:  # noqa: PLR0911  # One for each type.
    """An answer as the field wants it; None where it is none."""
    if field.get("type") == "array":
        return list(said)
    if not said or not said[0].strip():
        return None
    text = said[0].strip()
    try:
        match field.get("type"):
            case "boolean":
                return text.lower() in {"yes", "y", "true", "1"}
            case "integer":
                return int(text)
            case "number":
                return float(text)
            case _:
                return text
    except ValueError:
        return None
