"""A limit on how much a process may write to one file: what a full disk does to it, for that process alone.

CPython before 3.14 does not look at how much of a `.pyc` it could write, and puts a part of one in the place that
every later process reads ("marshal data too short"). Whoever is limited therefore keeps no bytecode.
"""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

KEEPS_NONE = {"PYTHONDONTWRITEBYTECODE": "1"}


@contextlib.contextmanager
def files_of(size: int, process: int = 0) -> Iterator[None]:
    """Let this process, or another, write no more than `size` bytes to a file until the block ends.

    Raises `ValueError` where another process keeps bytecode: it must have been started with `KEEPS_NONE`.
    """
    import resource

    if process and b"PYTHONDONTWRITEBYTECODE=1" not in Path(f"/proc/{process}/environ").read_bytes().split(b"\0"):
        raise ValueError(f"process {process} would leave half a .pyc in the checkout: start it with KEEPS_NONE")
    if process:
        before = resource.prlimit(process, resource.RLIMIT_FSIZE)
        resource.prlimit(process, resource.RLIMIT_FSIZE, (size, before[1]))
        try:
            yield
        finally:
            resource.prlimit(process, resource.RLIMIT_FSIZE, before)
        return
    kept, before = sys.dont_write_bytecode, resource.getrlimit(resource.RLIMIT_FSIZE)
    sys.dont_write_bytecode = True
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        sys.dont_write_bytecode = kept
