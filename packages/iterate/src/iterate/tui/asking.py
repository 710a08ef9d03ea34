"""A permission or a question in front of a person, as a widget: today's dialogs in the frame."""

from collections.abc import Mapping

from iterate.config.bindings import Context
from iterate.errors import AlreadyAnswered, Failure, RequestUnknown
from iterate.heard import Heard
from iterate.terminal import dialog
from iterate.terminal.dialog import Dialog, Permission, Reply
from iterate.terminal.keys import Key
from iterate.terminal.rows import row, span
from iterate.tui.contract import Body, Picture, Program, Size


class Asked:
    """One of them, until somebody answers."""

    is_lasting = False
    context: Context = "dialog"

    def __init__(self, program: Program, of: Dialog) -> None:
        self._program = program
        self._of = of

    def picture(self, room: Size) -> Picture:
        """What is asked, and what waits for a key."""
        head = self._of.head(room.columns)
        found, (line, column) = self._of.prompt(room.columns)
        return Picture([*head, *found], (len(head) + line, column))

    def act(self, action: str, key: Key) -> bool:
        """A key; Ctrl-C is the answer's end."""
        if action == "interrupt":
            return False
        reply = self._of.key(key)
        if reply is not None:
            self._send(reply)
        return True

    def hear(self, event: Heard) -> None:
        """Somebody else answered, or the answer that asked has ended."""
        if dialog.is_over(self._of, event):
            self._program.close(self)

    def _send(self, reply: Reply) -> None:
        of = self._of
        body: Body = {"answers": reply.answers}
        path = f"/question/{of.id}"
        if isinstance(of, Permission):
            body, path = {"decision": reply.decision, "message": reply.message}, f"/permission/{of.id}"
        self._program.close(self)
        self._program.call("POST", path, body, then=lambda _: None, otherwise=self._failed)

    def _failed(self, failure: Failure) -> None:
        if isinstance(failure, AlreadyAnswered | RequestUnknown):
            self._program.say([row(span("    somebody else answered before", "dim"))])
        else:
            self._program.fail(failure)


def begun(program: Program, event: Heard, calls: Mapping[str, Heard]) -> Asked | None:
    """The widget that an event begins."""
    of = dialog.begun(event, calls)
    return None if of is None else Asked(program, of)
