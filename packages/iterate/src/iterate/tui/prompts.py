"""Prompts on their way to the server: one after the other, each once, whatever becomes of the connection."""

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from iterate.errors import (
    Failure,
    ModelMissing,
    ServerLost,
    ServerStopping,
    SessionBusy,
    SessionUnknown,
    StartFailed,
    StartTimedOut,
    StopFailed,
    UsageError,
)
from iterate.tui.door import is_away
from iterate.tui.queued import Queue, Waiting

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from iterate.client import Client, Workspace
    from iterate.tui.contract import Body
    from iterate.tui.door import Door
    from iterate.tui.program import Conversation

# What is worth another try, when the person says so.
UNREACHED = (ServerLost, ServerStopping, StartFailed, StartTimedOut, StopFailed)
MODEL_HINT = "/models shows which can be asked, and /login how to get one"


class Prompts:
    """What the person sent, and what becomes of it."""

    def __init__(self, program: "Conversation") -> None:
        self._program = program
        self.queue = Queue()
        # Somebody ended the answer whose prompt is still on its way.
        self._is_cancelled = False
        # Sessions that were begun for a prompt, by its id: sent again it goes to the same one.
        self._made: dict[str, str] = {}
        # What was on its way when another session was opened, by its id: it belongs to the one before.
        self._left: set[str] = set()

    def send(
        self, text: str, model: str, agent: str, files: "Sequence[Body]" = (), added: "Sequence[Body]" = ()
    ) -> None:
        """Send a text, or queue it while an answer runs; what was added goes with the next one where it is refused."""
        self.queue.add(Waiting(text, f"prm_{os.urandom(12).hex()}", model, agent, tuple(files), tuple(added)))
        self.pump()

    def pump(self) -> None:
        """Send what is next, when nothing runs and the session that is meant is open."""
        program = self._program
        if program.is_answering or program.is_opening or (one := self.queue.next()) is None:
            return
        session, directory, door = program.session, program.directory, program.door
        self._is_cancelled = is_reached = False

        def deliver(client: "Client") -> tuple[str, str]:
            nonlocal is_reached
            is_reached = True
            goes_to = session or self._made.get(one.id) or client.create_session(workspace(directory, door))
            if not session:
                self._made[one.id] = goes_to
            return _deliver(client, goes_to, one, workspace(directory, door), is_new=not session)

        program.start(
            lambda: door.ask(deliver),
            lambda sent: self._delivered(one, session, sent),
            lambda failure: self._refused(one, session, failure, is_reached=is_reached),
        )

    def cancel(self) -> None:
        """End the answer that runs, also one whose prompt is on its way."""
        session, self._is_cancelled = self._program.session, True
        if session:
            self._program.call(
                "POST", f"/session/{session}/cancel", then=lambda _: None, otherwise=lambda _: self._program.refresh()
            )

    def stay(self, before: "Collection[str]") -> None:
        """No other session was opened: what waits since before goes on, the rest is held."""
        if not set(self.queue.ids) <= set(before):
            self.queue.is_held = True
        self.pump()

    def leave(self, waiting: "Collection[str]") -> None:
        """Another session is opened: what waited for the one before goes nowhere else."""
        if self.queue.sent is not None:
            self._left.add(self.queue.sent.id)
        unsent = self.queue.forget(waiting)
        if unsent:
            count = "1 prompt that waited was" if len(unsent) == 1 else f"{len(unsent)} prompts that waited were"
            self._program.tell(f"{count} not sent; Up finds what was typed")

    def again(self) -> None:
        """Try again what could not be sent."""
        self.queue.is_held = False
        self.pump()

    def _delivered(self, one: Waiting, before: str, sent: tuple[str, str]) -> None:
        session, notice = sent
        if notice:
            self._program.tell(notice)
        if one.id in self._left:
            return
        if self._program.session == before and session != before:
            self._program.begun(session)
        if self._is_cancelled:
            self.cancel()

    def _refused(self, one: Waiting, session: str, failure: Failure, *, is_reached: bool) -> None:
        program = self._program
        if one.id in self._left:
            program.fail(failure)
            return
        if isinstance(failure, SessionBusy) and session == program.session:
            # Somebody else was sooner; its ending is the sign to go on.
            self.queue.back(is_held=False)
            program.is_answering = True
        elif isinstance(failure, SessionUnknown) and session:
            self.queue.back(is_held=False)
            if session == program.session:
                program.bereft()
            self.pump()
        elif isinstance(failure, UNREACHED) or not is_reached:
            self.queue.back(is_held=True)
            program.fail(failure)
            if not session and is_away(failure):
                program.answering.look_later()
        else:
            self.queue.drop()
            program.refused(one.text, one.added, _within(failure))
            self.pump()


def _within(failure: Failure) -> Failure:
    """What to do about it in a conversation, where the hint is about commands."""
    return ModelMissing(str(failure), MODEL_HINT) if isinstance(failure, ModelMissing) else failure


def too_long(text: str) -> Failure | None:
    """What is wrong with a text that no server takes, before it is sent there."""
    from iterate import settings

    most = settings.TEXT_LIMIT_BYTES
    if len(text) * 4 <= most or (size := len(text.encode(errors="replace"))) <= most:
        return None
    return UsageError(f"this is too long for a prompt: {size:,} bytes of {most:,}", "name a file in it instead: @path")


def workspace(directory: str, door: "Door") -> "Workspace":
    """Where a prompt works: with our environment, where the server is on this machine."""
    from iterate import settings
    from iterate.client import Workspace

    return Workspace(directory, {} if door.is_elsewhere else settings.environment())


def _deliver(client: "Client", session: str, one: Waiting, where: "Workspace", *, is_new: bool) -> tuple[str, str]:
    """Send a prompt; the session and what the server has to say. A new session that it is refused in is removed."""
    from iterate.client import Prompt

    more: Body = {"agent": one.agent} if one.agent else {}
    if one.added or one.files:
        more["files"] = [*one.added, *one.files]
    try:
        return session, client.prompt(session, Prompt(one.text, one.model, where, one.id, more))
    except UNREACHED:
        raise
    except Failure:
        if is_new:
            with suppress(Failure):
                client.call("DELETE", f"/session/{session}")
        raise
