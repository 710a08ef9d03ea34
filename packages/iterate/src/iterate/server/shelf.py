"""What requests do with sessions that are kept: list, look at, rename, delete, fork, take back, sum up, carry away."""

import msgspec

from iterate import events
from iterate.register import Row, Search
from iterate.runtime.export import Export
from iterate.server.problems import BadBody, BadQuery
from iterate.server.route import Call, Context
from iterate.server.shapes import (
    CompactBody,
    Compaction,
    Diff,
    Earlier,
    ForkBody,
    Markdown,
    Nothing,
    PromptRow,
    Removed,
    RevertBody,
    SessionBegun,
    SessionPage,
    SessionWhole,
    Stats,
    TitleBody,
    Turned,
    UnrevertBody,
)

MOST = 1000
MOST_DAYS = 36_500
# Digits of a number.
LONGEST = 15


class Shelf:
    """The sessions of one server, as a person keeps them."""

    def __init__(self, context: Context) -> None:
        self._runtime = context.runtime
        self._shelf = context.runtime.shelf

    async def search(self, call: Call[Nothing]) -> SessionPage:
        """List sessions, the newest first."""
        most = number(call.query.get("limit", "50"), "limit")
        if not 1 <= most <= MOST:
            raise BadQuery(f"limit is from 1 to {MOST}, not {most}")
        asked = Search(
            words=call.query.get("search", ""),
            directory=call.query.get("directory", ""),
            parent=call.query.get("parent", ""),
            after=_place(call.query.get("after", "")),
            most=most,
        )
        rows = await self._shelf.search(asked)
        # A page that is full may be followed by another one.
        last = f"{rows[-1].updated_ms}.{rows[-1].id}" if len(rows) == most else ""
        return SessionPage(sessions=tuple(rows), next=last)

    async def stats(self, call: Call[Nothing]) -> Stats:
        """Say what was used in the last days."""
        days = number(call.query.get("days", "30"), "days")
        if not 1 <= days <= MOST_DAYS:
            raise BadQuery(f"days is from 1 to {MOST_DAYS}, not {days}")
        match call.query.get("by", "day"):
            case "day" | "model" | "session" as by:
                rows, total = await self._shelf.spending(days, by)
            case other:
                raise BadQuery(f"by is day, model or session, not {other!r}")
        return Stats(rows=tuple(rows), total=total)

    async def get(self, call: Call[Nothing]) -> SessionWhole:
        """Look at one session."""
        row, session = await self._shelf.get(call.path["id"])
        return SessionWhole(
            session=row,
            prompts=tuple(PromptRow(number=turn.number, id=turn.id, text=turn.text) for turn in session.turns),
            todo=session.todo,
            reverted=tuple(turn.number for turn in session.reverted),
            compactions=len(session.compactions),
        )

    async def earlier(self, call: Call[Nothing]) -> Earlier:
        """Give the prompts before a number, with their answers."""
        before = number(call.query.get("before", "0"), "before")
        prompts = number(call.query.get("prompts", "20"), "prompts")
        if not 1 <= prompts <= MOST:
            raise BadQuery(f"prompts is from 1 to {MOST}, not {prompts}")
        session = call.path["id"]
        row, found = await self._shelf.earlier(session, before, prompts)
        stored = [events.stored(number, session, json) for number, json in found.rows]
        raw = tuple(msgspec.Raw(each.json) for each in stored)
        return Earlier(session=row, events=raw, first=found.first, above=found.above)

    async def rename(self, call: Call[TitleBody]) -> Row:
        """Give a session another title."""
        title = " ".join(call.body.title.split())
        if not title:
            raise BadBody("a title is not empty - at `$.title`", "send some words")
        await self._shelf.rename(call.path["id"], title)
        row, _ = await self._shelf.get(call.path["id"])
        return row

    async def delete(self, call: Call[Nothing]) -> Removed:
        """Delete a session and those under it."""
        return Removed(removed=tuple(await self._shelf.delete(call.path["id"])))

    async def fork(self, call: Call[ForkBody]) -> SessionBegun:
        """Begin a session with what another one holds."""
        return SessionBegun(id=await self._shelf.fork(call.path["id"], call.body.at))

    async def revert(self, call: Call[RevertBody]) -> Turned:
        """Take back prompts, their answers, and what they changed in files."""
        body = call.body
        event = await self._shelf.revert(call.path["id"], body.to, leaves_changed=body.leaves_changed, what=body.what)
        return Turned(to=event.to, files=event.files)

    async def unrevert(self, call: Call[UnrevertBody]) -> Turned:
        """Bring back what was taken back."""
        event = await self._shelf.unrevert(call.path["id"], leaves_changed=call.body.leaves_changed)
        return Turned(to=0, files=event.files)

    async def diff(self, call: Call[Nothing]) -> Diff:
        """Show what answers changed in files."""
        text = call.query.get("prompt", "")
        return Diff(diff=await self._shelf.diff(call.path["id"], number(text, "prompt") if text else None))

    async def compact(self, call: Call[CompactBody]) -> Compaction:
        """Have a session summed up."""
        body = call.body
        session = await self._runtime.compact(call.path["id"], body.model, body.workspace)
        newest = session.compactions[-1]
        return Compaction(summary=newest.summary, tokens_before=newest.tokens_before, tokens_after=newest.tokens_after)

    async def undo_compaction(self, call: Call[Nothing]) -> bool:
        """Let the model read again what was summed up."""
        await self._shelf.undo_compaction(call.path["id"])
        return True

    async def export(self, call: Call[Nothing]) -> Export:
        """Give all of a session."""
        return await self._shelf.export(call.path["id"])

    async def markdown(self, call: Call[Nothing]) -> Markdown:
        """Give a session for people to read."""
        return Markdown(markdown=await self._shelf.markdown(call.path["id"]))

    async def bring(self, call: Call[Export]) -> SessionBegun:
        """Make a session of an export."""
        return SessionBegun(id=await self._shelf.bring(call.body))


def number(text: str, name: str) -> int:
    """A number of a query; raises `BadQuery`."""
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST):
        raise BadQuery(f"{name} is a number, not {text!r}")
    return int(text)


def _place(text: str) -> tuple[int, str] | None:
    if not text:
        return None
    time, _, id_ = text.partition(".")
    return number(time, "after"), id_
