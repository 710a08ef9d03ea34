"""Ctrl-C ends a process with code 130 and silence, wherever it strikes."""

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from tests.ending import ending

if TYPE_CHECKING:
    from tests.iterate.conftest import World

# Windows sends Ctrl-C to a console, not to a process.
pytestmark = pytest.mark.systems("linux", "darwin")

# What the thread behind the pipe reads, it gets a second late, as on a busy machine.
LATE = "import os, time\nread = os.read\nos.read = lambda *of: (read(*of), time.sleep(1))[0]\n"
BEGIN = "import sys, time\nfrom iterate import interrupts\ninterrupts.leave_at_once()\ninterrupts.watch()\n"
READY = "print('ready', flush=True)\n"


def interrupted(*lines: str, times: int = 1, first: str = "") -> tuple[int, bytes, bytes]:
    """Run a program, send it SIGINT when it says that it is ready, and give its code, output and errors."""
    import signal

    source = first + BEGIN + "".join(lines)
    with ending(
        subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        for _ in range(times):
            time.sleep(0.3)  # It said so a moment before it came to what it waits for.
            process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=30)
        return process.returncode, out, errors


@pytest.mark.parametrize(
    "body",
    [
        "time.sleep(30)",
        "while True: pass",
        "class Late:\n    def __del__(self): time.sleep(30)\nLate()",
        "import threading\nthreading.Thread(target=time.sleep, args=(30,)).start()",
        "try: time.sleep(30)\nexcept BaseException: print('caught')",
    ],
    ids=["sleeping", "busy", "in a destructor", "waiting for threads", "in a block that catches all"],
)
def test_it_ends_with_130_and_silence(body: str) -> None:
    assert interrupted(READY, body) == (130, b"", b"")


def test_it_ends_though_the_step_that_waits_is_not_woken_up() -> None:
    """As when the interrupt comes right before that step: Python's own handlers run when it is over."""
    blocked = "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})\n"
    assert interrupted(blocked, READY, "time.sleep(25)\nprint('slept', flush=True)") == (130, b"", b"")


def calling(action: str) -> str:
    return f"with interrupts.Calling(lambda: {action}):\n    print('ready', flush=True)\n    time.sleep(30)"


def test_an_action_is_called_first() -> None:
    assert interrupted(calling("print('put in order', flush=True)")) == (130, b"put in order\n", b"")


def test_an_action_that_fails_or_hangs_keeps_nobody() -> None:
    assert interrupted(calling("1 / 0")) == (130, b"", b"")
    assert interrupted(calling("time.sleep(30)"), times=2) == (130, b"", b"")


def test_an_action_that_stays_lets_the_program_go_on_at_once_and_a_second_interrupt_ends_it() -> None:
    block = (
        "with interrupts.Calling(lambda: print('told', flush=True), stays=True):\n"
        "    print('ready', flush=True)\n    time.sleep(2)\n"
        "print('went on', flush=True)\n"
    )
    assert interrupted(block) == (0, b"told\nwent on\n", b"")
    hanging = calling("time.sleep(30)").replace("):", ", stays=True):", 1)
    assert interrupted(hanging, times=2) == (130, b"", b"")


def test_after_the_block_the_action_is_not_called() -> None:
    block = "with interrupts.Calling(lambda: print('no', flush=True)): pass\n"
    assert interrupted(block, READY, "time.sleep(30)") == (130, b"", b"")


def test_whoever_starts_it_with_interrupts_ignored_is_obeyed() -> None:
    ignored = (
        "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\ninterrupts.leave_at_once()\ninterrupts.watch()\n"
    )
    block = "with interrupts.Calling(lambda: print('no')):\n    print('ready', flush=True)\n    time.sleep(1)\n"
    assert interrupted(ignored, block, "print('done')") == (0, b"done\n", b"")


def test_an_interrupt_that_a_server_has_taken_is_not_acted_on_again_when_the_server_has_ended() -> None:
    served = (
        "from iterate.server.listen import Server\n"
        "server = Server(None, None)\n"
        "with server._taking_signals():\n"
        "    print('ready', flush=True)\n"
        "    while not server._signals: time.sleep(0.01)\n"
        "time.sleep(2)\nprint('ended', flush=True)\n"
    )
    assert interrupted(served, first=LATE) == (0, b"ended\n", b"")


def test_after_a_server_interrupts_are_acted_on_as_before() -> None:
    served = "from iterate.server.listen import Server\nwith Server(None, None)._taking_signals(): pass\n"
    assert interrupted(served, calling("print('put in order', flush=True)")) == (130, b"put in order\n", b"")


def test_the_command_itself_ends_so(world: "World") -> None:
    import signal

    with ending(
        subprocess.Popen(
            [world.program, "run"],
            env=world.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    ) as process:
        time.sleep(1)  # It waits for its standard input.
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=30)
        assert (process.returncode, out, errors) == (130, b"", b"")
