"""What Ctrl-C does: it ends the program where it stands, with code 130 and nothing printed, at any moment.

Python raises an exception instead, which strikes inside imports, destructors and the interpreter's own end, and
comes out as a traceback, or not at all. A command that has something to put in order first says so with `Calling`.

Python runs its handlers between two steps of the program. An interrupt that comes right before a step that waits for
the system would be acted on when that step ends, perhaps never. So the interpreter writes each signal's number into a
pipe as soon as it arrives, and a thread of ours acts on it.
"""

# `signal` makes enumerations of its constants, and `threading` imports more, which costs 1 ms each.
import _signal  # type: ignore[import-not-found]
import _thread
import os
import sys
import time

TYPE_CHECKING = False  # The module of this name costs as much.
if TYPE_CHECKING:
    from collections.abc import Callable

INTERRUPTED = 130
FIRST_FREE = 3  # Descriptors below are the standard files.
# How long the program stands still for its interrupt to be acted on; then it goes on, since the action may need it to.
GIVE_WAY_S = 1.0
STEP_S = 0.01
KNOCK_S = 0.1

# How long an ending that was asked for may take to be shown, before the program leaves.
FINISH_S = 0.5

# What is to be called first, innermost last. Taken off by whoever calls it, so it is called once.
_actions: "list[Calling]" = []
_is_watched = False
# The pipe's end that the interpreter writes to, or -1.
_written = -1
# What puts the terminal in order in any case.
_last: "Callable[[], object] | None" = None
# Signals that end the process by a handler of somebody else, in the main thread.
_endings: frozenset[int] = frozenset()
# What wakes the main thread, so that it runs handlers of other signals.
_waker: "Callable[[], object] | None" = None
# What a person is told last, on their terminal, however the process ends by an interrupt.
_last_words = b""
# How many interrupts the program stood still for, and how many began an action, beside which it goes on.
_stood = 0
_begun = 0


def before_leaving(action: "Callable[[], object] | None") -> None:
    """Call this whenever an interrupt ends the process, also one that does not wait; None takes it back."""
    global _last  # noqa: PLW0603  # There is one terminal.
    _last = action


def knock(numbers: "frozenset[int]") -> None:
    """Send these signals again until their handlers end the process: one may come right before a step that waits."""
    global _endings  # noqa: PLW0603  # The signals are the process's.
    _endings = numbers


def wake_by(action: "Callable[[], object] | None") -> None:
    """Call this from another thread at other signals: one may come right before the main thread begins to wait."""
    global _waker  # noqa: PLW0603  # There is one main thread.
    _waker = action


def say_last(words: bytes) -> None:
    """Write these lines to the terminal behind standard error when an interrupt ends the process; empty for none."""
    global _last_words  # noqa: PLW0603  # There is one terminal.
    _last_words = words


def leave_at_once() -> None:
    """From now on an interrupt ends the process, unless whoever started it wants interrupts ignored."""
    if _signal.getsignal(_signal.SIGINT) != _signal.SIG_IGN:
        _signal.signal(_signal.SIGINT, _interrupted)


def watch() -> None:
    """Act on interrupts from a thread from now on; for all but the shortest commands, since it costs some 0.3 ms."""
    global _is_watched, _written  # noqa: PLW0603  # The signals are the process's as well.
    if _is_watched or sys.platform == "win32" or _signal.getsignal(_signal.SIGINT) is not _interrupted:
        return
    reading, writing = os.pipe()
    if min(reading, writing) < FIRST_FREE:
        # A standard file is closed, and whoever opens files next must find that so. Python's own way is good enough.
        os.close(reading)
        os.close(writing)
        return
    os.set_blocking(writing, False)
    _signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    _thread.start_new_thread(_listen, (reading,))
    _is_watched = True
    _written = writing


class Elsewhere:
    """A block in which another handler takes the interrupts, from the main thread; it is set and taken off inside.

    The thread may come to what is in the pipe long after it arrived, when the handler is ours again, and would act on
    an interrupt that had been taken already. So none gets into the pipe while somebody else takes them.
    """

    def __enter__(self) -> None:
        """Leave interrupts to Python's own way, in which the handler of the moment they arrive is called."""
        global _is_watched  # The signals are the process's.
        # In this order an interrupt in between is acted on by our handler, at the latest.
        self._was_watched, _is_watched = _is_watched, False
        if self._was_watched:
            _signal.set_wakeup_fd(-1)

    def __exit__(self, *_: object) -> None:
        """Act on interrupts as before the block."""
        global _is_watched  # noqa: PLW0603  # The signals are the process's.
        if self._was_watched:
            _signal.set_wakeup_fd(_written, warn_on_full_buffer=False)
            _is_watched = True


class Calling:
    """A block in which an interrupt calls `action` and then ends the process; a second one does not wait for it.

    With `stays` the process goes on behind the action, and only a second interrupt ends it. The action runs in a thread
    of its own beside the block, so it must not touch what the block is using.
    """

    def __init__(self, action: "Callable[[], object]", *, stays: bool = False) -> None:
        """Take the action; it may fail, and the process ends all the same."""
        self.action = action
        self.stays = stays
        self._ended = _thread.allocate_lock()

    def __enter__(self) -> None:
        """Begin to call the action."""
        self._ended.acquire()
        _actions.append(self)

    def __exit__(self, *_: object) -> None:
        """End as before the block; while the action runs, the process ends with it and nothing goes on."""
        try:
            _actions.remove(self)
        except ValueError:
            self._ended.release()
            if not self.stays:
                _wait()

    def call(self) -> None:
        """Act on an interrupt; what the block still has to show may come first."""
        try:
            self.action()
        finally:
            if not self.stays:
                # What the block shows of its end belongs before the last words.
                is_ended = bool(_last_words) and self._ended.acquire(True, FINISH_S)  # noqa: FBT003  # No keywords.
                _leave(has_line=is_ended)


def _listen(reading: int) -> None:
    while numbers := os.read(reading, 64):
        for number in numbers:
            # Signals of other kinds come here too.
            if number == _signal.SIGINT and _signal.getsignal(_signal.SIGINT) is _interrupted:
                _act()
            elif number in _endings:
                time.sleep(KNOCK_S)
                os.kill(os.getpid(), number)
            elif (waker := _waker) is not None:
                waker()


def _interrupted(_number: int, _frame: object) -> None:
    global _stood  # noqa: PLW0603  # The signals are the process's.
    # At the interpreter's end no other thread runs any more.
    if not _is_watched or sys.is_finalizing():
        _act()
    else:
        # The other thread acts; what stands here must not end first, with a code of its own.
        _stood += 1
        until = time.monotonic() + GIVE_WAY_S
        while _begun < _stood and time.monotonic() < until:
            time.sleep(STEP_S)


def _act() -> None:
    """Begin to call the innermost action and end then; end now when there is none, or it is being called already."""
    global _begun  # noqa: PLW0603  # The signals are the process's.
    try:
        calling = _actions.pop()
    except IndexError:
        _leave()
    else:
        _begun += 1
        _thread.start_new_thread(calling.call, ())


def _wait() -> None:
    """Do nothing while the other thread ends the process."""
    lock = _thread.allocate_lock()
    lock.acquire()
    lock.acquire()


def leave() -> None:
    """End the process now, as a second Ctrl-C does."""
    _leave()


def _leave(*, has_line: bool = False) -> None:
    """End without any clean-up of Python's, and without the prompt of the shell behind a terminal's ^C."""
    try:
        if _last is not None:
            _last()
        if not has_line:
            end_line()
        if _last_words and os.isatty(2):
            os.write(2, _last_words)
    finally:
        os._exit(INTERRUPTED)


def end_line() -> None:
    """Begin a line behind the ^C that a terminal shows, so that the shell's prompt gets one of its own."""
    for output in (1, 2):
        if os.isatty(output):
            os.write(output, b"\n")
            break
