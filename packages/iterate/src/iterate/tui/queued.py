"""What a person sent while an answer runs: kept in order, shown, taken back, sent when its turn comes."""

from collections.abc import Collection
from typing import NamedTuple

from iterate.terminal import rows
from iterate.terminal.rows import Row

# So many are shown, each on one row.
SHOWN = 4


class Waiting(NamedTuple):
    """One text with the id that it is sent under, so that it is answered once however often it is sent."""

    text: str
    id: str
    model: str = ""
    agent: str = ""
    # What goes with it that is no file of the folder.
    files: tuple[dict[str, object], ...] = ()
    # The same of what was added before it was typed, such as what a shell line printed.
    added: tuple[dict[str, object], ...] = ()


class Queue:
    """The texts that wait, and the one that is on its way."""

    def __init__(self) -> None:
        self.waiting: list[Waiting] = []
        # Sent, and not yet heard of in the session.
        self.sent: Waiting | None = None
        # Whether the next one waits for the person's word, because the last one could not be sent.
        self.is_held = False

    def add(self, one: Waiting) -> None:
        """Behind all others."""
        self.waiting.append(one)

    def next(self) -> Waiting | None:
        """The one to send now, which is on its way from now on."""
        if self.sent is not None or self.is_held or not self.waiting:
            return None
        self.sent = self.waiting.pop(0)
        return self.sent

    def heard(self, id_: str) -> None:
        """The session has a prompt of that id."""
        if self.sent is not None and self.sent.id == id_:
            self.sent = None
        self.waiting = [each for each in self.waiting if each.id != id_]

    def back(self, *, is_held: bool) -> None:
        """What was on its way did not arrive: it is the first again."""
        if self.sent is not None:
            self.waiting.insert(0, self.sent)
            self.sent = None
        self.is_held = is_held

    def drop(self) -> None:
        """What was on its way was refused."""
        self.sent = None

    @property
    def ids(self) -> list[str]:
        """What waits."""
        return [each.id for each in self.waiting]

    def forget(self, ids: Collection[str]) -> list[str]:
        """Another session is open now: what is on its way and these are not for it. The texts that were not sent."""
        texts = [each.text for each in self.waiting if each.id in ids]
        self.waiting = [each for each in self.waiting if each.id not in ids]
        self.sent, self.is_held = None, False
        return texts

    def take_back(self, place: int = -1) -> str:
        """The text at this place, the last one by default, which waits no more; empty where there is none."""
        if not self.waiting:
            return ""
        return self.waiting.pop(place).text

    def rows(self, room: int) -> list[Row]:
        """How they look above the line that is typed."""
        found: list[Row] = []
        for each in self.waiting[:SHOWN]:
            first, _, more = each.text.strip().partition("\n")
            mark = rows.span("queued: ", "dim")
            found.append(rows.clipped((mark, rows.span(f"{first}{' ...' if more else ''}")), room))
        if len(self.waiting) > SHOWN:
            found.append((rows.span(f"and {len(self.waiting) - SHOWN} more", "dim"),))
        if self.is_held and self.waiting:
            found.append(rows.clipped((rows.span("not sent: Enter on an empty line tries again", "busy"),), room))
        elif self.waiting:
            found.append(rows.clipped((rows.span("Up takes the last one back", "dim"),), room))
        return found
