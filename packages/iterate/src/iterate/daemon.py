"""Finds, starts, replaces and ends the per-user server.

Nobody's running answer ends because somebody else starts a command: a server of another version is used as it is, or
asked to hand over, which lets it finish. A signal is sent only to a process that is proven to be the server (see
`processes.py`), and only after it did not answer. A server that runs on another machine or in another container is
left alone, and this side gets one of its own.
"""

import enum
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, assert_never

from iterate import discovery, folders, headstart, processes
from iterate.about import STAMP
from iterate.discovery import Announcement
from iterate.errors import Failure, ProtocolUnknown, ServerElsewhere, StartTimedOut, StopFailed
from iterate.headstart import Begun
from iterate.settings import SIDES, Settings
from iterate.waiting import Voice, Wait, quietly

if TYPE_CHECKING:
    from iterate.election import Holder
    from iterate.ending import Stopped
    from iterate.launch import Launched

# A command that starts or ends a server gets so long before others go on without it.
TURN_S = 3.0
# So long a command waits for the end of a server that it needed not, and that may be in use.
ABANDON_S = 1.0
# After so long a server that is elected and not announced is woken up.
SLEEPY_S = 2.0
# So long it may be so before it is killed. It cannot be in use, and a server that ends is not elected any more.
UNANNOUNCED_S = 10.0


class Survey(NamedTuple):
    """A live server that can be reached, and its side; or the side where one can be started; and those elsewhere."""

    side: int
    live: Announcement | None
    elsewhere: tuple[Announcement, ...]


class Starting(NamedTuple):
    """A server that was started for a side and is not announced yet."""

    settings: Settings
    side: int
    launched: "Launched"


class Room(enum.Enum):
    """What became of a server that is in the way."""

    MADE = enum.auto()
    KEPT = enum.auto()
    OUT_OF_REACH = enum.auto()


def survey(settings: Settings, passed_over: frozenset[str] = frozenset()) -> Survey:
    """Look at all sides in order; the secrets `passed_over` are of servers that neither answer nor can be ended.

    Raises `ServerElsewhere` when all sides are taken by servers that cannot be reached, and `StateUnusable`.
    """
    elsewhere: list[Announcement] = []
    free: list[int] = []
    for side in range(SIDES):
        state = settings.side(side).state
        if side > 0 and not state.exists():
            free.append(side)
            break
        live = discovery.look(state)
        if live is None:
            from iterate import election  # A warm command has no use for it.

            holder = election.holder_of(state)
            if holder is None or processes.is_reachable(holder.origin):
                free.append(side)
        elif processes.is_reachable(live.origin) and live.secret not in passed_over:
            return Survey(side=side, live=live, elsewhere=tuple(elsewhere))
        else:
            elsewhere.append(live)
    if not free:
        raise ServerElsewhere(f"all {SIDES} sides of {settings.state} are taken by servers elsewhere")
    return Survey(side=free[0], live=None, elsewhere=tuple(elsewhere))


def find_or_start(
    settings: Settings, voice: Voice, *, silent: Announcement | None = None, is_checked: bool = False
) -> Announcement:
    """The live server of this user, started when there is none, replaced when this program is newer.

    `silent` is a server that did not answer: it is replaced too. With `is_checked` the server is asked whether it is
    healthy. Raises `HomeForeign`, `StateUnusable`, `ProtocolUnknown`, `ServerElsewhere`, `StartFailed`,
    `StartTimedOut` and `StopFailed`.
    """
    begun = headstart.take()
    if begun is not None:
        # We have the turn since the first millisecond, and there was no server.
        from iterate import launch

        try:
            starting = Starting(settings, 0, launch.adopt(begun, settings))
            wait = _start_wait(settings, voice)
            ready = _await(starting, voice, wait, lambda: _usable(settings, silent))
        finally:
            begun.release()
        if ready is not None:
            return ready
    found = survey(settings)
    tell_elsewhere(found, voice)
    live = found.live
    if live is not None and live != silent and _is_current(live):
        if not is_checked or is_healthy(live):
            return live
        silent = live
    return _start(settings, voice, silent)


def abandon(begun: Begun) -> None:
    """End a server that nobody needs after all; one that is ready may be in use, and finishes that first."""
    from iterate import ending
    from iterate.launch import adopt
    from iterate.settings import read

    try:
        settings = read()
        launched = adopt(begun, settings)
        live = survey(settings).live
        if live is None or live.pid != begun.pid:
            launched.end()
        else:
            ending.ask_to_hand_over(live)
            wait = Wait(ABANDON_S, quietly, "")
            while not launched.lost_election() and wait.goes_on():
                pass
    except Failure:
        return  # The command has a reason of its own to fail.
    finally:
        begun.release()


def stop(settings: Settings, voice: Voice) -> "Stopped":
    """End the server that can be reached: over HTTP, and by signals when it does not end. Nothing when none runs.

    Raises `HomeForeign`, `ServerElsewhere` when the only ones run elsewhere, `StateUnusable` and `StopFailed`.
    """
    from iterate import ending

    with _turn(settings, lambda: False):
        found = survey(settings)
        state = settings.side(found.side).state
        if found.live is not None:
            # Before it ends, so that no conversation that loses it starts another one.
            discovery.mark_stopped(state)
        try:
            one = ending.end(settings, found.side, discovery.ANNOUNCED, voice)
        except BaseException:
            discovery.unmark_stopped(state)
            raise
        stopped = [one, *ending.end_leaving(settings, voice)]
        ended = [one for one in stopped if one.pid is not None]
        if not ended and found.elsewhere:
            raise ServerElsewhere(_elsewhere(found.elsewhere[0]))
        tell_elsewhere(found, voice)
        for one in ended[1:]:
            voice.note(f"a server that was finishing its answers was ended too (pid {one.pid})")
        return ended[0] if ended else stopped[0]


def stopped_at(settings: Settings) -> float:
    """When a person ended the server, who wants none until somebody says so; 0 where nobody did."""
    return max(discovery.stopped_at(settings.side(side).state) for side in range(SIDES))


def restart(settings: Settings, voice: Voice) -> Announcement:
    """Have another server started, while the one that can be reached finishes its answers; ended if it is silent.

    Raises as `stop` and `find_or_start`.
    """
    from iterate import ending

    with _turn(settings, lambda: False):
        found = survey(settings)
        if found.live is not None and ending.ask_to_hand_over(found.live) is not ending.Reply.ACCEPTED:
            ending.end(settings, found.side, discovery.ANNOUNCED, voice)
    return find_or_start(settings, voice)


@contextmanager
def _turn(settings: Settings, is_settled: Callable[[], bool]) -> Iterator[None]:
    from iterate import election

    folders.refuse_foreign(settings.home, settings.state, settings.data)
    patience = min(TURN_S, settings.start_timeout)
    with election.starting(settings.state, patience=patience, is_settled=is_settled):
        yield


def _is_current(live: Announcement) -> bool:
    """Whether this program uses the server as it is; raises `ProtocolUnknown` when it is the older of the two."""
    if live.protocol > max(discovery.SPOKEN):
        raise ProtocolUnknown(f"the running server {live.version} is newer than this iterate {STAMP.version}")
    if live.protocol not in discovery.SPOKEN or live.version == STAMP.version:
        return live.protocol in discovery.SPOKEN
    from iterate import semver

    return not semver.is_newer(STAMP.version, live.version)


def is_healthy(live: Announcement) -> bool:
    """Whether the server answers within seconds."""
    from iterate import ending  # A warm command has no use for it.

    return ending.is_healthy(live)


def _start(settings: Settings, voice: Voice, silent: Announcement | None) -> Announcement:
    """Take turns with other commands until there is a server that can be used."""
    wait = _start_wait(settings, voice)
    passed_over: frozenset[str] = frozenset()

    def usable() -> Announcement | None:
        return _usable(settings, silent, passed_over)

    while True:
        with _turn(settings, lambda: usable() is not None):
            found = survey(settings, passed_over)
            room = Room.MADE if found.live is None else _make_room(settings, found, voice, silent)
            match room:
                case Room.MADE:
                    ready = _launch(settings, found.side, voice, wait, usable)
                case Room.KEPT:
                    ready = found.live
                case Room.OUT_OF_REACH:
                    passed_over |= {found.live.secret if found.live else ""}
                    ready = usable()
                case _:
                    assert_never(room)
        if ready is not None:
            return ready


def _usable(
    settings: Settings, silent: Announcement | None, passed_over: frozenset[str] = frozenset()
) -> Announcement | None:
    live = survey(settings, passed_over).live
    return live if live is not None and live != silent and _is_current(live) else None


def _start_wait(settings: Settings, voice: Voice) -> Wait:
    return Wait(settings.start_timeout, voice.waiting, "waiting for the server to start")


def _launch(
    settings: Settings, side: int, voice: Voice, wait: Wait, usable: Callable[[], Announcement | None]
) -> Announcement | None:
    """Start a server and wait for one, whichever was elected; None when another was that is gone again."""
    from iterate.launch import launch  # A warm command has no use for it.

    place = settings.side(side)
    discovery.prepare(place.state)
    return _await(Starting(settings, side, launch(place, side)), voice, wait, usable)


def _await(
    starting: Starting, voice: Voice, wait: Wait, usable: Callable[[], Announcement | None]
) -> Announcement | None:
    from iterate import election

    place, is_woken, begun = starting.settings.side(starting.side), False, wait.waited
    launched = starting.launched
    while True:
        if (ready := usable()) is not None:
            return ready
        if launched.lost_election():
            if wait.waited - begun > UNANNOUNCED_S:
                _clear_away_unannounced(place, voice)
            return None
        if wait.waited - begun > SLEEPY_S and not is_woken:
            launched.wake()
            is_woken = _wake(election.holder_of(place.state))
        if not wait.goes_on(launched.sleep):
            break
    # Nothing was ready when we looked a moment ago, also if this process slept before that.
    launched.end()
    raise StartTimedOut(f"the server was not ready after {starting.settings.start_timeout:g} s{launched.tail()}")


def _wake(holder: "Holder | None") -> bool:
    """Let an elected server go on that somebody stopped before it was announced."""
    from iterate import ending

    return holder is None or ending.send(holder.pid, holder.origin, "SIGCONT")


def _clear_away_unannounced(place: Settings, voice: Voice) -> None:
    """Kill a server that has been elected for long and never got ready, so that nobody can be using it."""
    from iterate import election, ending

    holder = election.holder_of(place.state)
    if holder is None or discovery.look(place.state) is not None:
        return
    voice.note(f"a server (pid {holder.pid}) that never got ready is in the way; ending it")
    if not ending.send(holder.pid, holder.origin, "SIGKILL"):
        raise StopFailed(f"a server (pid {holder.pid}) that never got ready is in the way")
    wait = Wait(UNANNOUNCED_S, voice.waiting, "waiting for it to end")
    while election.holder_of(place.state) == holder and wait.goes_on():
        pass


def _make_room(settings: Settings, found: Survey, voice: Voice, silent: Announcement | None) -> Room:
    """Have the live server make room for one of ours, unless it is as good as ours; raises `ProtocolUnknown`."""
    from iterate import ending

    with discovery.watch(settings.side(found.side).state) as announced:
        live = found.live
        if announced is None or announced.announcement != live:
            return Room.MADE
        if live == silent:
            return Room.MADE if ending.replace_silent(announced, voice) else Room.OUT_OF_REACH
        if _is_current(live):
            return Room.KEPT
        match ending.ask_to_hand_over(live):
            case ending.Reply.ACCEPTED:
                voice.note(f"iterate {STAMP.version} takes over from the server {live.version}, which may finish")
                return Room.MADE
            case ending.Reply.REFUSED if live.protocol in discovery.SPOKEN:
                return Room.KEPT
            case ending.Reply.REFUSED:
                raise ProtocolUnknown(
                    f"the running server {live.version} is too old for this iterate {STAMP.version}",
                    "end it with the iterate that started it: iterate server stop",
                )
            case ending.Reply.SILENCE:
                return Room.MADE if ending.replace_silent(announced, voice) else Room.OUT_OF_REACH


def tell_elsewhere(found: Survey, voice: Voice) -> None:
    """Say that a server runs elsewhere, if one does."""
    if found.elsewhere:
        voice.note(f"{_elsewhere(found.elsewhere[0])}; this side uses one of its own, with sessions of its own")


def _elsewhere(live: Announcement) -> str:
    return f"a server runs elsewhere, on another machine or in another container: {live.place}"
