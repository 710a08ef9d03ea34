"""What Ctrl-C does: it ends the program where it stands, with code 130 and nothing printed, at any moment.

Python raises an exception instead, which strikes inside imports, destructors and the interpreter's own end, and
comes out as a traceback, or not at all. A command that has something to put in order first says so with `Calling`.
"""

# `signal` makes enumerations of its constants, which costs 1 ms.
import _signal  # type: ignore[import-not-found]
import os

TYPE_CHECKING = False  # The module of this name costs as much.
if TYPE_CHECKING:
    from collections.abc import Callable

INTERRUPTED = 130


def leave_at_once() -> None:
    """From now on an interrupt ends the process, unless whoever started it wants interrupts ignored."""
    if _signal.getsignal(_signal.SIGINT) != _signal.SIG_IGN:
        _signal.signal(_signal.SIGINT, _leave)


class Calling:
    """A block in which an interrupt calls `action` and then ends the process; a second one does not wait for it.

    The action runs between any two steps of the block, so it must not touch what the block is using.
    """

    def __init__(self, action: "Callable[[], object]") -> None:
        """Take the action; it may fail, and the process ends all the same."""
        self._action = action

    def __enter__(self) -> None:
        """Begin to call the action."""
        self._before = _signal.getsignal(_signal.SIGINT)
        if self._before != _signal.SIG_IGN:
            _signal.signal(_signal.SIGINT, self._call)

    def __exit__(self, *_: object) -> None:
        """End as before the block."""
        if self._before is not None:
            _signal.signal(_signal.SIGINT, self._before)

    def _call(self, number: int, frame: object) -> None:
        _signal.signal(_signal.SIGINT, _leave)
        try:
            self._action()
        finally:
            _leave(number, frame)


def _leave(_number: int, _frame: object) -> None:
    """End without any clean-up of Python's, and without the prompt of the shell behind a terminal's ^C."""
    try:
        for output in (1, 2):
            if os.isatty(output):
                os.write(output, b"\n")
                break
    finally:
        os._exit(INTERRUPTED)
