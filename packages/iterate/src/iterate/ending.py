"""Ends a server, or has it make room: asked over HTTP, with a signal to its process when it does not answer.

A signal goes only to a process that is proven to be the announced one; see `processes.py`.
"""

import enum
import signal
from collections.abc import Callable
from typing import NamedTuple

from iterate import discovery, processes
from iterate.about import STAMP
from iterate.client import Client
from iterate.discovery import Announced, Announcement
from iterate.errors import Failure, ServerLost, StopFailed
from iterate.processes import Origin
from iterate.settings import SIDES, Settings
from iterate.waiting import Voice, Wait

# Running answers may go on for so long after a stop; the default of ITERATE_STOP_TIMEOUT is longer.
DRAIN_S = 5.0
# A healthy server answers in milliseconds; seconds mean a machine without breath, or a server that hangs.
SILENCE_S = 2.0
# A silent server gets so long to answer after it was woken up, and so long to end after each signal.
WAKE_S = 3.0
END_S = 5.0


class Reply(enum.Enum):
    """What a server said to a request to end or to make room."""

    ACCEPTED = enum.auto()
    REFUSED = enum.auto()
    SILENCE = enum.auto()


class Stopped(NamedTuple):
    """The process id of the server that ended, None when there was none; and whether it had to be killed."""

    pid: int | None
    killed: bool


def is_healthy(live: Announcement) -> bool:
    """Whether the server answers within seconds."""
    return Client(live).is_healthy(SILENCE_S)


def ask_to_hand_over(live: Announcement, patience: float = SILENCE_S) -> Reply:
    """Ask the server to make room for this program, and to finish its answers."""
    return _reply(lambda: Client(live).hand_over(STAMP.version, patience))


def _ask_to_stop(live: Announcement, drain: float) -> Reply:
    return _reply(lambda: Client(live).stop(drain, SILENCE_S))


def _reply(ask: Callable[[], None]) -> Reply:
    try:
        ask()
    except ServerLost:
        return Reply.SILENCE
    except Failure:
        return Reply.REFUSED
    return Reply.ACCEPTED


def replace_silent(announced: Announced, voice: Voice) -> bool:
    """Wake a silent server up and have it hand over; end it if it stays silent. False when it is not proven."""
    live = announced.announcement
    if not processes.is_proven(live.pid, live.origin):
        voice.note(f"the server (pid {live.pid}) does not answer and cannot be ended from here; using another one")
        return False
    voice.note(f"the server (pid {live.pid}) does not answer; replacing it")
    send(live.pid, live.origin, "SIGCONT")
    if ask_to_hand_over(live, WAKE_S) is Reply.ACCEPTED:
        return True
    for name in ("SIGTERM", "SIGKILL"):
        send(live.pid, live.origin, name)
        wait = Wait(END_S, voice.waiting, "waiting for the server to end")
        while not announced.ended():
            if not wait.goes_on():
                break
        else:
            return True
    raise StopFailed(f"the server (pid {live.pid}) neither answers nor ends")


def end_leaving(settings: Settings, voice: Voice) -> list[Stopped]:
    """End the servers that handed over and still finish their answers, as far as they can be reached."""
    return [
        end(settings, side, name, voice)
        for side in range(SIDES)
        for name in discovery.leaving(settings.side(side).state)
    ]


def end(settings: Settings, side: int, name: str, voice: Voice) -> Stopped:
    """End the server of this file: over HTTP, and by signals when it does not answer or does not end in time.

    Nothing when there is none that can be reached. Raises `StateUnusable` and `StopFailed`.
    """
    with discovery.watch(settings.side(side).state, name) as announced:
        if announced is None or not processes.is_reachable(announced.announcement.origin):
            return Stopped(pid=None, killed=False)
        live = announced.announcement
        wait = Wait(settings.stop_timeout, voice.waiting, "waiting for the server to end")
        if _ask_to_stop(live, min(DRAIN_S, settings.stop_timeout)) is not Reply.ACCEPTED:
            is_signalled = send(live.pid, live.origin, "SIGTERM") and send(live.pid, live.origin, "SIGCONT")
            if not is_signalled and not announced.ended():
                raise StopFailed(
                    f"the server does not answer, and its process cannot be reached from here: {live.place}",
                    "end it where it runs",
                )
        while not announced.ended():
            if not wait.goes_on():
                return _kill(announced, voice)
        return Stopped(pid=live.pid, killed=False)


def _kill(announced: Announced, voice: Voice) -> Stopped:
    live = announced.announcement
    send(live.pid, live.origin, "SIGKILL")
    wait = Wait(END_S, voice.waiting, "waiting for the server to be gone")
    while not announced.ended():
        if not wait.goes_on():
            raise StopFailed(f"the server does not end: {live.place}")
    return Stopped(pid=live.pid, killed=True)


def send(pid: int, origin: Origin, name: str) -> bool:
    """Send a signal to the proven process; whether it was. Windows has no name for most: there it ends at once."""
    number = getattr(signal, name, None if name == "SIGCONT" else signal.SIGTERM)
    return True if number is None else processes.send(pid, origin, number)
