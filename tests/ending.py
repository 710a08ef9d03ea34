"""Processes that a test starts end with it, also when it fails: one failure is one failure."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def ending[Text: (str, bytes)](process: subprocess.Popen[Text]) -> Iterator[subprocess.Popen[Text]]:
    """A block after which a process has ended and its pipes are closed."""
    with process:
        try:
            yield process
        finally:
            process.kill()
