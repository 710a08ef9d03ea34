"""The terminal is given back as it was, in every way in which a process that holds it can end or stop."""

import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

pytestmark = [pytest.mark.processes, pytest.mark.systems("linux", "darwin")]

MODES = ("alternate", "paste", "focus", "mouse", "kitty", "other-keys")
HOLDING = f"""
import os, signal, sys, threading, time
from iterate import interrupts
from iterate.terminal.keyboard import Keyboard
interrupts.leave_at_once()
interrupts.watch()
held = Keyboard(0)
with held.held(has_signals=False, wanted={MODES!r}):
    held.title("a title")
    # In the middle of a frame, and of a sequence.
    os.write(1, b"\\x1b[?2026h\\x1b[?7l\\x1b[?25l\\x1b[31mheld\\x1b[3")
    {{}}
"""
# A signal that comes right before a sleep is acted on behind it.
WAITING = "[time.sleep(0.05) for _ in range(1200)]"
ENDS = {
    "the end": "pass",
    "an exception": "raise ValueError",
    "sys.exit": "sys.exit(3)",
    "Ctrl-C that is a signal": "os.kill(os.getpid(), signal.SIGINT); time.sleep(60)",
    "an interrupt in a thread": "threading.Thread(target=interrupts.leave).start(); time.sleep(60)",
    "a thread that crashes": "t = threading.Thread(target=lambda: 1 / 0); t.start(); t.join()",
}


@contextmanager
def started(script: str) -> Iterator[tuple[subprocess.Popen[bytes], int, int]]:
    """A process that holds a terminal of its own: the process, our end, and that of the process."""
    import pty

    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        env={**os.environ, "TERM": "xterm-256color"},
        preexec_fn=_take_terminal,  # noqa: PLW1509  # There are no threads here.
    )
    try:
        yield process, master, slave
    finally:
        process.kill()
        process.wait()
        os.close(master)
        os.close(slave)


def _take_terminal() -> None:
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def read_until(master: int, mark: bytes, found: bytes = b"") -> bytes:
    until = time.monotonic() + 60
    while mark not in found and time.monotonic() < until:
        if select.select([master], [], [], 0.1)[0]:
            found += os.read(master, 1 << 16)
    assert mark in found, found
    return found


def rest(master: int) -> bytes:
    found = b""
    while select.select([master], [], [], 0.2)[0]:
        found += os.read(master, 1 << 16)
    return found


def left_on(sent: bytes) -> list[str]:
    """What of a terminal is not as it was."""
    text = sent.decode(errors="replace")
    states = {found[1]: found[2] for found in re.finditer(r"\x1b\[\?(\d+)([hl])", text)}
    usual = {"25": "h", "7": "h"}
    found = [mode for mode, state in states.items() if state != usual.get(mode, "l")]
    pairs = {"kitty": (r"\x1b\[>\d*u", r"\x1b\[<u"), "title": (r"\x1b\[22;2t", r"\x1b\[23;2t")}
    found += [name for name, (on, off) in pairs.items() if len(re.findall(on, text)) != len(re.findall(off, text))]
    keys = re.findall(r"\x1b\[>4(?:;(\d))?m", text)
    found += ["other-keys"] if keys and keys[-1] not in {"", "0"} else []
    colours = re.findall(r"\x1b\[([0-9;]*)m", text)
    return found + (["colours"] if colours and colours[-1] not in {"", "0"} else [])


@pytest.mark.parametrize("how", ENDS)
def test_the_terminal_is_given_back_at(how: str) -> None:
    with started(HOLDING.format(ENDS[how])) as (process, master, slave):
        before = modes_of(slave)
        sent = read_until(master, b"\x1b[23;2t")
        process.wait(60)
        sent += rest(master)
        assert left_on(sent) == []
        assert modes_of(slave) == before


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGQUIT", "SIGINT"])
def test_the_terminal_is_given_back_at_a_signal(name: str) -> None:
    with started(HOLDING.format(WAITING)) as (process, master, slave):
        before = modes_of(slave)
        sent = read_until(master, b"held\x1b[3")
        assert left_on(sent)
        assert modes_of(slave) != before
        process.send_signal(signal.Signals[name])
        process.wait(60)
        sent += rest(master)
        assert left_on(sent) == []
        assert modes_of(slave) == before


def test_a_process_whose_terminal_takes_nothing_any_more_still_ends() -> None:
    flood = "os.set_blocking(1, False); [None for _ in iter(lambda: write(1, b'x' * 4096), None)]"
    write = "write = lambda *args: os.write(*args) if select.select([], [1], [], 0)[1] else None"
    script = HOLDING.format(f"import select; {write}; {flood}; {WAITING}")
    with started(script) as (process, master, slave):
        before = modes_of(slave)
        until = time.monotonic() + 60
        while time.monotonic() < until and _waiting(master) < 4000:
            time.sleep(0.01)
        time.sleep(0.2)
        process.terminate()
        assert process.wait(60) == -signal.SIGTERM
        assert modes_of(slave) == before


def modes_of(terminal: int) -> list[object]:
    import termios

    return list(termios.tcgetattr(terminal))


def _waiting(master: int) -> int:
    import fcntl
    import termios

    return int.from_bytes(fcntl.ioctl(master, termios.FIONREAD, bytes(4)), sys.byteorder)


@pytest.mark.parametrize("how", ["held.suspend()", "os.kill(os.getpid(), signal.SIGTSTP)"])
def test_whoever_stops_gives_the_terminal_back_and_takes_it_again(how: str) -> None:
    with started(HOLDING.format(f"{how}; os.write(1, b'again'); {WAITING}")) as (process, master, slave):
        before = modes_of(slave)
        sent = read_until(master, b"\x1b[23;2t")
        os.waitid(os.P_PID, process.pid, os.WSTOPPED)
        sent += rest(master)
        assert left_on(sent) == []
        assert modes_of(slave) == before
        process.send_signal(signal.SIGCONT)
        again = read_until(master, b"again")
        assert {"1049", "2004", "1004", "1002", "kitty", "title"} <= set(left_on(again))
        assert modes_of(slave) != before
        process.terminate()
        process.wait(60)
        assert left_on(sent + again + rest(master)) == []


def test_whoever_was_stopped_without_being_asked_sets_the_terminal_again() -> None:
    script = HOLDING.format(f"held.continued = lambda: os.write(1, b'again'); os.write(1, b'ready'); {WAITING}")
    with started(script) as (process, master, slave):
        read_until(master, b"ready")
        during = modes_of(slave)
        process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED)
        # As a shell does.
        subprocess.run(["stty", "icanon", "echo"], stdin=slave, check=True)  # Of the system.
        process.send_signal(signal.SIGCONT)
        again = read_until(master, b"again")
        assert b"\x1b[?2004h" in again
        deadline = time.monotonic() + 60
        while modes_of(slave) != during:
            assert time.monotonic() < deadline, modes_of(slave)


def test_what_is_painted_goes_before_the_next_owner_of_the_terminal_writes() -> None:
    script = HOLDING.format(f"held.last = lambda: 'LAST'; os.write(1, b'ready'); {WAITING}")
    with started(script) as (process, master, _slave):
        sent = read_until(master, b"ready")
        process.terminate()
        process.wait(60)
        sent += rest(master)
        assert sent.index(b"LAST") < sent.index(b"\x1b[?1049l")


def test_a_screen_of_its_own_has_the_keys_that_were_switched_on_before() -> None:
    script = HOLDING.replace(repr(MODES), repr(("kitty",))).format(
        f"held.switch(on={{'alternate'}}); held.switch(off={{'alternate'}}); os.write(1, b'ready'); {WAITING}"
    )
    with started(script) as (process, master, _slave):
        sent = read_until(master, b"ready")
        found = re.findall(rb"\x1b\[(>1u|<u|\?1049h|\?1049l)", sent)
        assert found == [b">1u", b"<u", b"?1049h", b">1u", b"<u", b"?1049l", b">1u"]
        process.terminate()
        process.wait(60)
        assert left_on(sent + rest(master)) == []


def test_an_answer_of_the_terminal_that_is_late_is_not_typed_into_the_shell() -> None:
    with started(HOLDING.format("held.is_asked = True")) as (process, master, slave):
        read_until(master, b"held\x1b[3")
        os.write(master, b"\x1b[?62;4c")
        process.wait(60)
        read_until(master, b"\x1b[23;2t")
        assert not select.select([slave], [], [], 0)[0]


def below(script: str) -> str:
    """The same in a process of its own, so that the terminal is still somebody's when it ends."""
    return f"import os, subprocess, sys, time; subprocess.run([sys.executable, '-c', {script!r}]); time.sleep(60)"


@pytest.mark.parametrize("name", ["SIGKILL", "SIGSEGV", "SIGABRT"])
def test_the_terminal_is_given_back_when_its_process_dies_without_a_word(name: str) -> None:
    script = HOLDING.format(f"held.keep(); held.switch(off={{'focus'}}); os.kill(os.getpid(), signal.{name})")
    with started(below(script)) as (_process, master, slave):
        before = modes_of(slave)
        sent = read_until(master, b"\x1b[23;2t")
        assert left_on(sent) == []
        # What was switched off already is not switched off again.
        assert sent.count(b"\x1b[?1004l") == 1
        deadline = time.monotonic() + 60
        while modes_of(slave) != before:
            assert time.monotonic() < deadline, modes_of(slave)
            time.sleep(0.01)


def test_nobody_touches_a_terminal_that_a_killed_process_had_given_back() -> None:
    killed = "held.keep(); lent = held.lent(); lent.__enter__(); os.write(1, b'lent'); os.kill(os.getpid(), 9)"
    with started(below(HOLDING.format(killed))) as (_process, master, slave):
        before = modes_of(slave)
        sent = read_until(master, b"lent")
        assert modes_of(slave) == before
        assert rest(master) == b""
        assert left_on(sent) == []


def test_whoever_gives_the_terminal_back_leaves_no_process_behind() -> None:
    script = (
        HOLDING.format("held.keep()") + "\ntry:\n    os.wait()\nexcept ChildProcessError:\n    os.write(1, b'alone')"
    )
    with started(script) as (_process, master, _slave):
        assert left_on(read_until(master, b"alone")) == []


LENDING = f"""
import os, termios, tty
from iterate.terminal.keyboard import Keyboard
held = Keyboard(0)
with held.held(has_signals=False, wanted={MODES!r}):
    try:
        with held.lent():
            os.write(1, b"\\x1b[?1049h\\x1b[?25l\\x1b[?1003h\\x1b[?1006h\\x1b[?2004h")
            os.write(1, b"\\x1b[5;9r\\x1b[44mkilled here\\x1b[3")
            tty.setraw(0)
            raise OSError
    except OSError:
        os.write(1, b"<goes on>")
"""


def test_what_a_program_that_was_killed_has_left_on_is_switched_off_and_ours_is_on_again() -> None:
    with started(LENDING) as (process, master, slave):
        before = modes_of(slave)
        sent = read_until(master, b"<goes on>")
        process.wait(60)
        sent += rest(master)
        theirs, ours = sent.partition(b"killed here")[2].split(b"<goes on>")
        # Ours are on again behind all that was switched off, and nothing else is.
        assert set(left_on(theirs)) == {"1049", "1002", "1004", "1006", "2004", "kitty", "other-keys"}
        assert theirs.index(b"\x1b[?1049l") < theirs.index(b"\x1b[?1049h")
        assert theirs.rindex(b"\x1b[?25h") < theirs.index(b"\x1b[?1049h")
        assert b"\x1b[?1003l" in theirs
        assert b"\x1b[r" in theirs
        assert left_on(sent) == []
        assert ours
        assert modes_of(slave) == before
