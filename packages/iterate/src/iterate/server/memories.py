"""What requests do with the notes of a person: see where they go, keep one, take it back."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from iterate import errors
from iterate.project.instructions import Memory, Noted, Where
from iterate.server.problems import BadQuery
from iterate.server.route import Call, Context, Parameter, Route, json, route
from iterate.server.shapes import Forgotten, Nothing

if TYPE_CHECKING:
    from iterate.settings import Settings

_DIRECTORY = Parameter(name="directory", where="query", meaning="The whole path of the folder that is worked in.")


class NoteBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST /memory`: the line, the file, and the folder that is worked in."""

    line: Annotated[str, Meta(min_length=1, max_length=4000)]
    directory: str
    where: Where = "project"


class NoteBack(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST /memory/undo`: what `POST /memory` answered, and where that was."""

    file: str
    added: Annotated[str, Meta(min_length=1, max_length=8000)]
    directory: str
    where: Where = "project"
    is_new: bool = False


class Memories(Struct, frozen=True, kw_only=True):
    """The files that a note may go to."""

    memories: tuple[Memory, ...]


class Notes:
    """The notes of the person whose server this is."""

    def __init__(self, context: Context) -> None:
        self._settings: Settings = context.settings

    async def list_memories(self, call: Call[Nothing]) -> Memories:
        """The files that a note may go to."""
        from iterate.project import notes

        directory = _whole(call.query.get("directory", ""))
        return Memories(memories=await asyncio.to_thread(notes.memories, self._settings, directory))

    async def keep_note(self, call: Call[NoteBody]) -> Noted:
        """Put a line at the end of one of them."""
        from iterate.project import notes

        body = call.body
        return await asyncio.to_thread(notes.note, self._settings, _whole(body.directory), body.where, body.line)

    async def undo_note(self, call: Call[NoteBack]) -> Forgotten:
        """Take it away again."""
        from iterate.project import notes

        body = call.body
        noted = Noted(file=body.file, added=body.added, is_new=body.is_new)
        await asyncio.to_thread(notes.take_back, self._settings, _whole(body.directory), body.where, noted)
        return Forgotten(forgotten=True)


def _whole(directory: str) -> str:
    if not Path(directory).is_absolute() or "\0" in directory:
        raise BadQuery(f"{directory!r} is no absolute path", "send the folder that is worked in as `directory`")
    return directory


ROUTES: tuple[Route, ...] = (
    route(
        "GET /memory",
        Notes,
        Notes.list_memories,
        takes=Nothing,
        asks=(_DIRECTORY,),
        gives=json(Memories, "the `AGENTS.md` of the project and the person's own"),
        summary="Where notes go",
        fails=(BadQuery,),
    ),
    route(
        "POST /memory",
        Notes,
        Notes.keep_note,
        takes=NoteBody,
        gives=json(Noted, "the line is the last one of that file; nothing else of it changed"),
        summary="Keep a note",
        fails=(BadQuery, errors.ConfigUnwritable, errors.NoHome),
    ),
    route(
        "POST /memory/undo",
        Notes,
        Notes.undo_note,
        takes=NoteBack,
        gives=json(Forgotten, "the file is as it was"),
        summary="Take a note back",
        notes="Only while it is still the end of the file.",
        fails=(BadQuery, errors.ConfigUnwritable, errors.NoHome),
    ),
)
