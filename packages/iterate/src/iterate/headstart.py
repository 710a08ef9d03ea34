"""Starts the server in the first millisecond of a command that needs one and finds none.

A cold command waits for a process to start, twice: for its own imports and for the server's. Begun this early the two
go on side by side. It uses `os` alone, and only looks at the usual case: whatever is not exactly as expected (another
user's folder, a server elsewhere, a command that is faster, a lock that is taken) is left to `daemon.py`, which takes
this start over as if it had begun it itself: it holds the same `start.lock`, and the server is elected as ever.
"""

import os
import stat
import sys

from iterate import places, spawn

# Words of commands that end without a server.
_HELP = ("-h", "--help", "--attach", "--standalone")
# The commands that always need the per-user server.
COMMANDS = frozenset({"run", "pty", "watch", "log", "models"})
# Options of a conversation, which is what no command at all means.
OPTIONS = frozenset({"-c", "--continue", "--session", "--fork", "--model", "--agent", "--full", "--mini"})
_COMPLETION = "_ITERATE_COMPLETE"
LOG_LIMIT_BYTES = 1 << 20
PRIVATE = 0o600


class Begun:
    """A server that was started, the turn (the open `start.lock`), and the pipe that says that it is ready.

    Closing the pipe without a word means that it ended before.
    """

    def __init__(self, pid: int, turn: int, told: int, log_begin: int) -> None:
        self.pid = pid
        self.turn = turn
        self.told = told
        self.log_begin = log_begin

    def release(self) -> None:
        """Let other commands have their turn."""
        if self.turn >= 0:
            os.close(self.turn)
            self.turn = -1


_begun: Begun | None = None


def begin(words: list[str]) -> None:
    """Start a server, if these words need one and there is certainly none."""
    global _begun  # noqa: PLW0603  # One for each process.
    if sys.platform == "win32" or (not (words[:1] and words[0] in COMMANDS) and not is_conversation(words)):
        return
    if any(word.partition("=")[0] in _HELP for word in words):
        return
    if "ITERATE_START_TIMEOUT" in os.environ:
        return  # Somebody counts the time that a start may take.
    home, state = places.state(os.environ)
    try:
        if state and _is_ours(home, state):
            _begun = _begin(state)
    except (OSError, NotImplementedError):
        return  # `daemon.py` says what is wrong.


def is_conversation(words: list[str]) -> bool:
    """Whether these words open a conversation, by the first of them and by who sits there."""
    if words and words[0].partition("=")[0] not in OPTIONS:
        return False
    if any(word.partition("=")[0] in {"-h", "--help", "--version"} for word in words) or _COMPLETION in os.environ:
        return False
    try:
        return all(os.isatty(each) for each in range(3))
    except OSError:
        return False


def take() -> Begun | None:
    """The start that was begun, for whoever goes on with it."""
    global _begun
    begun, _begun = _begun, None
    return begun


if sys.platform != "win32":

    def _begin(state: str) -> Begun | None:
        turn = _turn(state)
        if turn < 0:
            return None
        try:
            log = _log(state)
            if log < 0 or _is_locked(f"{state}/server.json") or _is_locked(f"{state}/server.lock"):
                os.close(turn)
                return None
            reading, writing = os.pipe()
            try:
                begin_bytes = os.fstat(log).st_size
                pid = spawn.background(["serve", "--background", "0"], log, writing)
            finally:
                os.close(writing)
                os.close(log)
        except BaseException:
            os.close(turn)
            raise
        return Begun(pid, turn, reading, begin_bytes)

    def _is_ours(home: str, state: str) -> bool:
        """Whether the folder is there for this user alone, or may be made; as `folders.refuse_foreign` has it."""
        ours = os.geteuid()
        if os.stat(home).st_uid not in {0, ours}:
            return False
        try:
            status = os.stat(state)
        except FileNotFoundError:
            return _make(state, {0, ours})
        is_private = stat.S_ISDIR(status.st_mode) and status.st_uid == ours and not status.st_mode & 0o077
        return is_private and not os.path.exists(f"{state}/sides")

    def _make(state: str, owners: set[int]) -> bool:
        """Make the folder, unless its nearest parent is another user's."""
        missing = [state]
        while not os.path.exists(parent := os.path.dirname(missing[-1])):
            missing.append(parent)
        if os.stat(parent).st_uid not in owners:
            return False
        for each in reversed(missing):
            os.mkdir(each, 0o700)
            os.chmod(each, 0o700)  # The umask may have taken the owner's own rights.
        return True

    def _open(path: str, flags: int) -> int:
        return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, PRIVATE)

    def _turn(state: str) -> int:
        """The open and locked `start.lock`; -1 when another command has it. See `election.starting`."""
        import fcntl

        file = _open(f"{state}/start.lock", os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(file), os.stat(f"{state}/start.lock")):
                return file
        except OSError:
            pass
        os.close(file)
        return -1

    def _is_locked(path: str) -> bool:
        """Whether somebody holds the lock of this file, or that cannot be told."""
        import fcntl

        try:
            file = _open(path, os.O_RDONLY)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(file)
        return False

    def _log(state: str) -> int:
        """The open log; -1 when it is to be moved aside or mended first. See `launch.py`."""
        file = _open(f"{state}/server.log", os.O_RDWR | os.O_CREAT | os.O_APPEND)
        status = os.fstat(file)
        is_usual = stat.S_ISREG(status.st_mode) and stat.S_IMODE(status.st_mode) == PRIVATE
        if is_usual and status.st_size <= LOG_LIMIT_BYTES:
            return file
        os.close(file)
        return -1
