"""What waits for a person's word: permissions and questions of all sessions. The first answer counts.

Nothing here outlives the server: an answer that was waiting when it was killed ends as `interrupted`.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Sequence
from typing import Literal

from msgspec import Struct

from iterate.errors import AlreadyAnswered, RequestUnknown
from iterate.events import PermissionAsked, QuestionAsked

type Decision = Literal["once", "session", "always", "deny"]
type Answers = tuple[tuple[str, ...], ...] | None

# How many answered requests are remembered, so that a second answer is told that it is one.
REMEMBERED = 1000


class Decided(Struct, frozen=True, kw_only=True):
    """What a person said about a permission; `message` is for the model.

    `patterns` are what is remembered, None what was asked; `files` are those to take, None all.
    """

    decision: Decision
    message: str = ""
    patterns: tuple[str, ...] | None = None
    files: tuple[str, ...] | None = None


class Answered(Struct, frozen=True, kw_only=True):
    """What a person answered, a row of texts for each question; None when they would not say."""

    answers: Answers = None


class _Open[Asked, Word]:
    """Requests of one kind by their id, each with who waits for its word."""

    def __init__(self) -> None:
        self._asked: dict[str, tuple[Asked, asyncio.Future[Word]]] = {}
        self._answered: OrderedDict[str, None] = OrderedDict()

    async def wait(self, id_: str, asked: Asked, told: Awaitable[None]) -> Word:
        """The first word about it, once people were told. Who is cancelled withdraws the request."""
        future: asyncio.Future[Word] = asyncio.get_running_loop().create_future()
        # Before anybody can know of it.
        self._asked[id_] = (asked, future)
        try:
            await told
            return await future
        finally:
            del self._asked[id_]
            self._answered[id_] = None
            while len(self._answered) > REMEMBERED:
                self._answered.popitem(last=False)

    def give(self, id_: str, word: Word) -> None:
        """Answer one; raises `AlreadyAnswered` and `RequestUnknown`."""
        asked = self._asked.get(id_)
        if asked is not None and not asked[1].done():
            asked[1].set_result(word)
        elif asked is not None or id_ in self._answered:
            raise AlreadyAnswered(f"{id_} was answered, or is asked no more")
        else:
            raise RequestUnknown(f"nothing is asked under {id_!r}")

    def find(self, id_: str) -> Asked | None:
        """What waits under that id, if it does."""
        asked = self._asked.get(id_)
        return None if asked is None else asked[0]

    def list(self) -> Sequence[Asked]:
        """What waits, oldest first."""
        return [asked for asked, future in self._asked.values() if not future.done()]


class Asking:
    """All that is asked on one server."""

    def __init__(self) -> None:
        self.permissions = _Open[PermissionAsked, Decided]()
        self.questions = _Open[QuestionAsked, Answered]()
