"""Sessions as files: JSON that another iterate can import, and Markdown for people."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from iterate import events
from iterate.errors import ExportInvalid
from iterate.events import (
    Done,
    Entry,
    Event,
    Failed,
    FilePart,
    Json,
    Part,
    PermissionAnswered,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    Unknown,
)
from iterate.register import Row
from iterate.session import Session, Turn
from iterate.workspace import is_absolute

FORMAT = 1
# What of a tool's result is shown to people, in characters.
SHOWN = 4000


class Export(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A session with all its events, in the order of their numbers."""

    format: Annotated[int, Meta(ge=1)]
    id: str
    directory: str = ""
    title: str = ""
    created_ms: int = 0
    events: tuple[Json, ...] = ()


def made(row: Row, entries: Iterable[Entry[Event | Unknown]]) -> Export:
    """The export of a session."""
    return Export(
        format=FORMAT,
        id=row.id,
        directory=row.directory,
        title=row.title,
        created_ms=row.created_ms,
        events=tuple(msgspec.json.decode(entry.json) for entry in entries),
    )


def read(given: Export, session: str) -> list[Event]:
    """The events, as those of a new session; raises `ExportInvalid`. An answer that was cut off gets its ending.

    Whoever wrote the file allows nothing here: what was allowed for longer counts as allowed that once.
    """
    if given.directory and not is_absolute(given.directory):
        raise ExportInvalid(f"{given.directory!r} is no absolute path")
    if given.format > FORMAT:
        raise ExportInvalid(f"the export has format {given.format}, this iterate knows {FORMAT}", "upgrade iterate")
    found: list[Event] = []
    for number, fields in enumerate(given.events, 1):
        try:
            event = msgspec.convert(fields, Event)
        except msgspec.ValidationError as problem:
            raise ExportInvalid(f"event {number} of the export: {problem}") from problem
        if event.number != number:
            raise ExportInvalid(f"event {number} of the export has the number {event.number}")
        if isinstance(event, PermissionAnswered) and event.decision in ("session", "always"):
            event = replace(event, decision="once")
        found.append(replace(event, session=session))
    endings = [event for event in found if isinstance(event, events.Prompted) or events.is_ending(event)]
    if endings and isinstance(endings[-1], events.Prompted):
        text = "the answer had not ended when the session was exported"
        found.append(Failed(number=len(found) + 1, session=session, reason="interrupted", message=text))
    return found


def markdown(row: Row, session: Session) -> str:
    """A session for people to read."""
    lines = [f"# {row.title or 'Session'}", "", f"Session `{row.id}` in `{row.directory or '-'}`.", ""]
    for turn in session.turns:
        lines += _turn(turn)
    return "\n".join(lines)


def _turn(turn: Turn) -> Iterator[str]:
    yield from ("## Prompt", "")
    for part in turn.prompt:
        yield from _part(part)
    yield from (f"## Answer of {turn.model}", "")
    for each in turn.parts:
        yield from _part(each)
    match turn.ending:
        case Failed(reason=reason, message=message):
            yield from (f"**Failed** ({reason}): {message}", "")
        case None:
            yield from ("**Not ended.**", "")
        case Done():
            pass


def _part(part: Part) -> Sequence[str]:
    match part:
        case TextPart(text=text):
            return (text.rstrip(), "")
        case ReasoningPart(text=text):
            return (*(f"> {line}" for line in text.splitlines()), "")
        case ToolCallPart():
            arguments = json.dumps(part.arguments, ensure_ascii=False, indent=2)
            return (f"**Call of {part.tool}**", "", *_fenced(part.broken or arguments, "json"), "")
        case ToolResultPart():
            shown = part.diff or part.text
            cut = shown if len(shown) <= SHOWN else f"{shown[:SHOWN]}\n[{len(shown) - SHOWN:,} more characters]"
            return (f"**{part.title or 'Result'}** ({part.status})", "", *_fenced(cut, "diff" if part.diff else ""), "")
        case FilePart():
            return (f"File `{part.name}` ({part.media_type})", "")
        case _:
            return ()


def _fenced(text: str, language: str) -> Sequence[str]:
    """The text in a fence that is longer than any in it."""
    longest = max((len(line) - len(line.lstrip("`")) for line in text.splitlines()), default=0)
    fence = "`" * max(3, longest + 1)
    return (f"{fence}{language}", text.rstrip(), fence)
