"""One session as a thread reads it: each event once and in order, whatever becomes of the server."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, cast, override

import pytest

from iterate.errors import Failure, NotRunning, ServerLost, SessionUnknown, StartFailed
from iterate.heard import Heard
from iterate.reach import Away
from iterate.tui.link import FAR_S, MOST, Following

if TYPE_CHECKING:
    from iterate.tui.door import Door

type Step = int | Failure


class Served:
    """A door to servers that say some of the events behind a place, and then break as a test wrote down."""

    def __init__(self, *lives: list[Step] | Failure, is_elsewhere: bool = False) -> None:
        self.is_elsewhere = is_elsewhere
        self.lives = deque(lives)
        self.places: list[str] = []
        self.doubted = 0
        self.is_over = threading.Event()

    def client(self) -> "Served":
        if self.lives and isinstance(self.lives[0], Failure):
            problem = self.lives.popleft()
            assert isinstance(problem, Failure)
            raise problem
        return self

    def doubt(self, _client: object, _lost: Failure) -> None:
        self.doubted += 1

    def read(self, session: str, place: str, opened: object) -> Iterator[Heard | None]:
        del session, opened
        self.places.append(place)
        yield None
        life = self.lives.popleft() if self.lives else []
        assert not isinstance(life, Failure)
        for step in life:
            if isinstance(step, Failure):
                raise step
            if step > int(place or "0"):
                yield Heard(str(step), "", {"type": "part", "number": step})
        if self.lives:
            raise ServerLost("the server closed the connection")
        self.is_over.wait(60)
        raise ServerLost("the end")


class Room:
    """The loop of a test, and what it heard."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.posted: deque[Callable[[], None]] = deque()
        self.heard: list[int] = []
        self.states: list[str] = []
        self.of = Following(cast("Door", served), "ses_1", "", self.posted.append, self.news)

    def news(self, of: Following) -> None:
        while (event := of.take()) is not None:
            self.heard.append(event.number)
        self.states.append(of.state)

    def until(self, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 60
        while not is_so():
            assert time.monotonic() < deadline, (self.heard, self.states)
            while self.posted:
                self.posted.popleft()()
            time.sleep(0.001)

    def close(self) -> None:
        self.of.close()
        self.served.is_over.set()


def test_a_server_that_breaks_off_is_found_again_and_nothing_is_lost_or_repeated() -> None:
    room = Room(Served([1, 2], [3, ServerLost("broke")], StartFailed("no room"), [3, 4, 5]))
    room.until(lambda: "failed" in room.states)
    assert room.heard == [1, 2, 3]
    # A server that does not start is not tried for ever: somebody says so.
    room.of.again()
    room.until(lambda: room.heard == [1, 2, 3, 4, 5])
    assert room.served.places == ["", "2", "3"]
    assert room.served.doubted == 2
    room.until(lambda: room.of.state == "connected")
    room.close()


def test_a_session_that_is_gone_is_said_and_read_no_more() -> None:
    room = Room(Served([1], SessionUnknown("deleted")))
    room.until(lambda: room.of.state == "gone")
    assert room.heard == [1]
    room.close()


def test_a_server_that_is_faster_than_the_screen_waits() -> None:
    room = Room(Served(list(range(1, 3 * MOST + 1))))
    # Nobody takes anything for a while.
    deadline = time.monotonic() + 60
    while not room.posted:
        assert time.monotonic() < deadline
    time.sleep(0.3)
    assert room.of.waiting <= MOST
    room.until(lambda: len(room.heard) == 3 * MOST)
    assert room.heard == list(range(1, 3 * MOST + 1))
    room.close()


def test_a_bug_in_the_thread_ends_the_program_and_not_the_thread_alone() -> None:
    class Broken(Served):
        @override
        def client(self) -> Served:
            raise ZeroDivisionError

    room = Room(Broken([1]))
    with pytest.raises(ZeroDivisionError):
        room.until(lambda: False)
    room.close()


def test_one_that_was_closed_tells_nothing_more() -> None:
    room = Room(Served([1, 2, 3]))
    room.close()
    for call in list(room.posted):
        call()
    assert room.heard == []


def test_a_server_at_an_address_that_is_away_is_looked_for_until_it_is_there() -> None:
    away = [Away("there is no iterate at http://127.0.0.1:1") for _ in range(4)]
    room = Room(Served([1, 2], *away, [3, 4], is_elsewhere=True))
    room.until(lambda: room.heard == [1, 2, 3, 4])
    assert "failed" not in room.states
    assert "lost" in room.states
    assert room.served.places == ["", "2"]
    room.close()
    # One that is away for hours costs nothing.
    assert FAR_S[-1] >= 10


def test_a_server_that_a_person_ended_is_found_when_there_is_one_again() -> None:
    room = Room(Served([1], NotRunning("the server was stopped"), [2]))
    room.until(lambda: "stopped" in room.states)
    assert room.heard == [1]
    room.of.again()
    room.until(lambda: room.heard == [1, 2])
    room.close()


def test_the_place_of_what_was_taken_is_not_that_of_what_came() -> None:
    room = Room(Served([1, 2, 3]))
    deadline = time.monotonic() + 60
    while room.of.waiting < 3:
        assert time.monotonic() < deadline
        time.sleep(0.001)
    assert room.of.taken == ""
    room.of.take()
    assert (room.of.taken, room.of.place) == ("1", "3")
    room.close()


def test_what_came_while_the_loop_was_lent_to_an_editor_came_when_it_came() -> None:
    now = [1.0]
    served = Served([1, 2])
    posted: deque[Callable[[], None]] = deque()
    of = Following(cast("Door", served), "ses_1", "", posted.append, lambda _: None, lambda: now[0])
    deadline = time.monotonic() + 60
    while of.waiting < 2:
        assert time.monotonic() < deadline
        time.sleep(0.001)
    # Minutes later the editor is left.
    now[0] = 300.0
    assert of.take() is not None
    assert of.came == 1.0
    of.close()
    served.is_over.set()
