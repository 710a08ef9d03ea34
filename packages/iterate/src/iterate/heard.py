"""Events as a client reads them: the JSON of one line, and the few fields that a client looks at.

The classes of `events.py` say what is in them; a test holds the two together. An event of a kind that only a newer
server knows is read like any other: it is shown as it is in JSON, and means nothing as text.
"""

from typing import NamedTuple


class Heard(NamedTuple):
    """One event; `id` is its place in the session, and `json` is its line as the server sent it."""

    id: str
    json: str
    fields: dict[str, object]

    @property
    def kind(self) -> str:
        """Its `type`."""
        return self.word("type")

    @property
    def number(self) -> int:
        """Its number in the session, 0 when it has none."""
        return self.count("number")

    @property
    def is_ending(self) -> bool:
        """Whether it ends a prompt."""
        return self.kind in {"done", "failed"}

    def word(self, name: str) -> str:
        """A field that is text; empty when there is none."""
        value = self.fields.get(name)
        return value if isinstance(value, str) else ""

    def count(self, name: str) -> int:
        """A field that is a whole number; 0 when there is none."""
        value = self.fields.get(name)
        return value if isinstance(value, int) else 0

    def inner(self, name: str) -> "Heard":
        """A field that is an object, read in the same way; empty when there is none."""
        return Heard("", "", _fields(self.fields.get(name)))

    def rows(self, name: str) -> "list[Heard]":
        """A field that is a list of objects."""
        value = self.fields.get(name)
        return [Heard("", "", _fields(each)) for each in value] if isinstance(value, list) else []

    def words(self, name: str) -> list[str]:
        """A field that is a list of texts."""
        value = self.fields.get(name)
        return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []

    def part(self) -> tuple[str, str]:
        """The kind of the part that this event adds, and its text; both empty when it adds none."""
        match self.fields.get("part"):
            case {"type": str(kind), "text": str(text)}:
                return kind, text
            case {"type": str(kind)}:
                return kind, ""
            case _:
                return "", ""


def _fields(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def read(id_: str, line: str) -> Heard:
    """The event of one `data:` line; raises ValueError when it is no JSON object with a type."""
    import json  # The first frame of a conversation comes before any event.

    fields = json.loads(line)
    if not isinstance(fields, dict) or not isinstance(fields.get("type"), str):
        raise ValueError("an event is a JSON object with a type")  # noqa: TRY004  # Bad input, not a bad call.
    return Heard(id_, line.strip(), fields)
