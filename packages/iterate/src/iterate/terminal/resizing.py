"""Hears that a terminal got another size."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def resizing(call: Callable[[], object]) -> Iterator[None]:
    """A block in which this is called when the terminal gets another size, between two steps of the program."""
    if sys.platform == "win32":
        yield
        return
    before = signal.signal(signal.SIGWINCH, lambda _number, _frame: call())
    try:
        yield
    finally:
        signal.signal(signal.SIGWINCH, before)
