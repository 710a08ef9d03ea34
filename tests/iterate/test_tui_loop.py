"""The loop of the program: keys first, slices of what other threads say, frames when something changed."""

import itertools
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from iterate.tui.loop import BURST, FRAME_S, Loop

pytestmark = pytest.mark.systems("linux", "darwin")


@pytest.fixture
def painted() -> list[float]:
    return []


@pytest.fixture
def loop(painted: list[float]) -> Iterator[Loop]:
    made = Loop(lambda: painted.append(time.monotonic()))
    yield made
    made.close()


def until(loop: Loop, is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline
        loop.step()


def test_what_other_threads_hand_over_is_done_in_their_order_by_the_loop_alone(loop: Loop) -> None:
    done: list[tuple[int, int]] = []

    def hand_over(number: int) -> None:
        for each in range(500):
            loop.post(lambda each=each: done.append((number, each)))  # type: ignore[misc]

    threads = [threading.Thread(target=hand_over, args=(number,)) for number in range(4)]
    for each in threads:
        each.start()
    until(loop, lambda: len(done) == 2000)
    assert all([b for a, b in done if a == number] == list(range(500)) for number in range(4))


def test_a_key_is_acted_on_and_shown_before_what_waits(loop: Loop, painted: list[float]) -> None:
    reading, writing = os.pipe()
    order: list[str] = []
    # How many frames there were when an event was heard of.
    before: list[int] = []

    def key() -> None:
        os.read(reading, 1)
        order.append("key")
        loop.dirty(is_urgent=True)

    def event() -> None:
        order.append("event")
        before.append(len(painted))
        until_ = time.monotonic() + 0.003
        while time.monotonic() < until_:
            pass
        loop.dirty()

    loop.watch(reading, key)
    for _ in range(20):
        loop.post(event)
    os.write(writing, b"x")
    loop.step()
    # One slice of the flood at most came with it, and the frame was there before.
    assert order[0] == "key"
    assert order.count("event") < 5
    assert before[0] == 1
    os.write(writing, b"y")
    loop.step()
    assert order.count("key") == 2
    loop.unwatch(reading)
    os.close(reading)
    os.close(writing)


def test_frames_are_sixty_a_second_at_most_and_none_where_nothing_changed(loop: Loop, painted: list[float]) -> None:
    is_over: list[bool] = []

    def again() -> None:
        if not is_over:
            loop.dirty()
            loop.post(again)

    loop.post(again)
    until(loop, lambda: len(painted) > 10)
    assert min(later - sooner for sooner, later in itertools.pairwise(painted)) > FRAME_S * 0.45
    is_over.append(True)
    before = len(painted)
    loop.post(loop.dirty)
    until(loop, lambda: len(painted) > before)
    count = len(painted)
    loop.post(lambda: None)
    loop.step()
    assert len(painted) == count


class Timed(Loop):
    """A loop by whose clock something happens at equal times, and nothing takes any."""

    def __init__(self, every_s: float, happens: Callable[["Timed"], None], count: int) -> None:
        self.now = 1000.0
        self.painted: list[float] = []
        super().__init__(lambda: self.painted.append(self.now), clock=lambda: self.now)
        self._every, self._happens, self._times = (
            every_s,
            happens,
            [1000.0 + number * every_s for number in range(count)],
        )

    def _select(self, pause: float | None) -> list[Callable[[], None]]:
        until_ = self.now + pause if pause is not None else self.now + 1.0
        if pause == 0.0:
            return []
        if not self._times and pause is None:
            self.is_over = True
        if self._times and self._times[0] <= until_:
            self.now = self._times.pop(0)
            self._happens(self)
        else:
            self.now = until_
        return []


def in_a_second(painted: list[float]) -> list[int]:
    """How many frames there are in the second before each of them, from the second one on."""
    return [sum(each - 1.0 < other <= each for other in painted) for each in painted if each >= painted[0] + 1.0]


@pytest.mark.parametrize("every_s", [0.001, 0.0001, 0.0037])
def test_what_changes_all_the_time_is_seen_sixty_times_a_second(every_s: float) -> None:
    loop = Timed(every_s, Loop.dirty, round(3 / every_s))
    loop.run()
    loop.close()
    assert min(in_a_second(loop.painted)[1:]) >= 55
    assert max(in_a_second(loop.painted)) <= 60


@pytest.mark.parametrize("every_s", [0.001, 0.005, 0.0167])
def test_keys_that_come_faster_make_no_more_frames(every_s: float) -> None:
    loop = Timed(every_s, lambda of: of.dirty(is_urgent=True), round(3 / every_s))
    loop.run()
    loop.close()
    assert min(in_a_second(loop.painted)[1:]) >= 55
    assert max(in_a_second(loop.painted)) <= 60
    assert max(later - sooner for sooner, later in itertools.pairwise(loop.painted)) < (BURST + 1) * FRAME_S


def test_a_key_does_not_wait_for_its_frame_while_an_answer_streams() -> None:
    waited: list[float] = []
    keys: list[float] = []

    def happens(of: Timed) -> None:
        if len(waited) % 70 == 69:
            keys.append(of.now)
            of.dirty(is_urgent=True)
        of.dirty()
        waited.append(of.now)

    loop = Timed(0.0015, happens, 3000)
    loop.run()
    loop.close()
    late = [min(each for each in loop.painted if each >= key) - key for key in keys]
    assert sorted(late)[len(late) * 99 // 100] < 0.005, late
    assert max(in_a_second(loop.painted)) <= 60


def test_timers_come_in_the_order_of_their_times_and_can_be_taken_back(loop: Loop) -> None:
    done: list[str] = []
    loop.after(0.03, lambda: done.append("second"))
    loop.after(0.01, lambda: done.append("first"))
    never = loop.after(0.02, lambda: done.append("never"))
    loop.cancel(never)
    loop.cancel(999)
    until(loop, lambda: len(done) == 2)
    assert done == ["first", "second"]


def test_where_nothing_happens_it_does_not_wake_up_and_collects_once() -> None:
    collected: list[int] = []
    loop = Loop(lambda: None, on_idle=lambda: collected.append(1))
    loop.post(lambda: None)
    loop.step()
    before = loop.turns
    ender = threading.Timer(1.5, lambda: loop.post(lambda: None))
    ender.start()
    while loop.turns == before:
        loop.step()
    # One turn for all that time: the one of the end.
    assert (loop.turns - before, collected) == (1, [1])
    ender.join()
    loop.close()


def test_what_is_raised_in_it_is_not_caught(loop: Loop) -> None:
    def broken() -> None:
        raise ZeroDivisionError

    loop.post(broken)
    with pytest.raises(ZeroDivisionError):
        loop.run()


@pytest.mark.processes
@pytest.mark.systems("linux", "darwin")
def test_a_signal_that_comes_right_before_it_waits_is_acted_on_at_once() -> None:
    # Another thread gets it, as then: nothing ends what the main thread waits in.
    script = (
        "import os, signal, threading\n"
        "from iterate import interrupts\n"
        "from iterate.tui.loop import Loop\n"
        "interrupts.leave_at_once()\n"
        "interrupts.watch()\n"
        "loop = Loop(lambda: None)\n"
        "def over(*_): loop.is_over = True\n"
        "signal.signal(signal.SIGWINCH, over)\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGWINCH})\n"
        "threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGWINCH)).start()\n"
        "loop.run()\n"
        "print('woken')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "woken\n"
