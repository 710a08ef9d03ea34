"""Exclusive locks on open files. The kernel drops a lock when its process ends, however it ends.

A lock belongs to the opened file, not to the process: one that is opened twice can be locked once.
"""

import errno
import os
import sys
import time

# On Windows a locked range cannot be read, so the lock sits on a byte far behind the text.
_LOCKED_BYTE = 1 << 30
_POLL_S = 0.005


def try_lock(file: int) -> bool:
    """Take the lock of an open file, without waiting; whether it was free. Raises OSError where there are no locks."""
    if sys.platform == "win32":
        import msvcrt

        os.lseek(file, _LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError as problem:
            if problem.errno in {errno.EACCES, errno.EDEADLK}:
                return False
            raise
        return True
    import fcntl

    return _flock(file, fcntl.LOCK_EX)


def is_locked(file: int) -> bool:
    """Whether somebody else holds the lock of this open file. Raises OSError where there are no locks."""
    if sys.platform == "win32":
        import msvcrt

        # Windows has no shared lock here, so two that look at once see each other: look again.
        for _ in range(5):
            if try_lock(file):
                os.lseek(file, _LOCKED_BYTE, os.SEEK_SET)
                msvcrt.locking(file, msvcrt.LK_UNLCK, 1)
                os.lseek(file, 0, os.SEEK_SET)
                return False
            time.sleep(_POLL_S)
        os.lseek(file, 0, os.SEEK_SET)
        return True
    import fcntl

    # Shared, so that two that look at once do not take each other for the owner.
    if not _flock(file, fcntl.LOCK_SH):
        return True
    fcntl.flock(file, fcntl.LOCK_UN)
    return False


def _flock(file: int, how: int) -> bool:
    import fcntl

    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
