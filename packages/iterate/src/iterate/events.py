"""What happens in a session, in order and numbered, and its JSON. Events are values; nothing acts here.

They are NamedTuples, not dataclasses, because the client imports this file: see docs/decisions/0011.
"""

import json
from collections.abc import Mapping
from typing import NamedTuple

# What a field of an event may hold; `number` is the one that is an int.
type Field = str | int


class Prompted(NamedTuple):
    """A prompt was accepted; its answer follows."""

    number: int
    session: str
    model: str
    text: str


class Token(NamedTuple):
    """The next piece of the answer."""

    number: int
    session: str
    text: str


class Done(NamedTuple):
    """The answer is complete: the good ending."""

    number: int
    session: str


class Failed(NamedTuple):
    """The answer is not complete: the other ending. `reason` is one of `REASONS`."""

    number: int
    session: str
    reason: str
    message: str


type Event = Prompted | Token | Done | Failed

# cancelled: the client left. disposed: POST /instance/dispose. stopping: the server ended in order.
# interrupted: the server was killed. provider: the model's side failed. store: the database failed.
REASONS = ("cancelled", "disposed", "stopping", "interrupted", "provider", "store")

KINDS: tuple[tuple[str, type[Event]], ...] = (
    ("prompted", Prompted),
    ("token", Token),
    ("done", Done),
    ("failed", Failed),
)


def kind(event: Event) -> str:
    """The `type` of an event on the wire and in the database."""
    return next(name for name, shape in KINDS if isinstance(event, shape))


def is_ending(event: Event) -> bool:
    """Whether this event is the one that ends a prompt."""
    return isinstance(event, Done | Failed)


def to_json(event: Event) -> str:
    """One line of JSON: `type`, then the fields in order."""
    return json.dumps({"type": kind(event), **event._asdict()}, ensure_ascii=False, separators=(",", ":"))


def from_json(text: str) -> Event:
    """The event that `to_json` wrote; raises ValueError for anything else."""
    fields = json.loads(text)
    if not isinstance(fields, dict):
        raise ValueError("an event is a JSON object")  # noqa: TRY004  # Bad input, not a bad call.
    return from_fields(str(fields.pop("type", "")), fields)


def from_fields(name: str, fields: Mapping[str, Field]) -> Event:
    """The event of that `type`; raises ValueError when type and fields do not fit together."""
    for known, shape in KINDS:
        if known == name:
            wanted = {key: int if key == "number" else str for key in shape._fields}
            if {key: type(value) for key, value in fields.items()} != wanted:
                raise ValueError(f"the fields of {name} are {', '.join(wanted)}")
            return shape(**fields)  # type: ignore[arg-type]  # checked one line above, field by field
    raise ValueError(f"no event is called {name!r}")
