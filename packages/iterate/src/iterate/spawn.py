"""Starts another process of this program that outlives it, on POSIX, with `os` alone: `subprocess` costs 6 ms."""

import os
import sys

FIRST_FREE = 3  # Descriptors below are the standard files.
_SECRET = "ITERATE_SECRET"  # noqa: S105  # Its name, as in `settings.py`, which is not imported yet.
MOST_FILES = 4096  # Asked for one by one where nothing lists the open ones: 1 ms.


def words() -> list[str]:
    """The words that start this same program again; the caller adds the command."""
    # Set by Nuitka in each module it compiles; see `about.executable`.
    if "__compiled__" in globals():
        return [os.path.realpath(sys.argv[0])]
    # -P keeps a folder called `iterate` in the current directory from being imported instead of us.
    return [sys.executable, "-P", "-m", "iterate"]


if sys.platform != "win32":
    import _signal  # type: ignore[import-not-found]  # `signal` makes enumerations of its constants.

    def background(command: list[str], output: int, told: int, environment: "dict[str, str] | None" = None) -> int:
        """Start a process with these words after the program's, in a session of its own; its process id.

        Its outputs go to the open file `output`, its standard input is empty, and of all other files it gets `told`
        alone, as descriptor 3. Raises `OSError`.
        """
        # Both aside first, so that neither is overwritten before it is in place.
        kept = [os.dup(output), os.dup(told)]
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, kept[0], 1),
            (os.POSIX_SPAWN_DUP2, kept[0], 2),
            (os.POSIX_SPAWN_DUP2, kept[1], FIRST_FREE),
            # A pipe that somebody gave us would stay open as long as the server lives.
            *((os.POSIX_SPAWN_CLOSE, each) for each in _inherited() if each > FIRST_FREE),
        ]
        # As `subprocess` does: Python ignores these, and its children should not.
        defaults = [_signal.SIGPIPE, *([_signal.SIGXFSZ] if hasattr(_signal, "SIGXFSZ") else [])]
        line = [*words(), *command]
        env = dict(os.environ) if environment is None else environment
        # That of a server elsewhere: this one makes its own, and others can read what a process was started with.
        env = {name: value for name, value in env.items() if name != _SECRET}
        try:
            try:
                return os.posix_spawn(line[0], line, env, file_actions=actions, setsigdef=defaults, setsid=True)
            except NotImplementedError:
                # An old libc: the process begins its session itself.
                return os.posix_spawn(line[0], line, env, file_actions=actions, setsigdef=defaults)
        finally:
            for each in kept:
                os.close(each)

    def _inherited() -> list[int]:
        """The open files that a child would get."""
        try:
            numbers = [int(name) for name in os.listdir("/dev/fd")]  # Path is not imported yet.
        except OSError:
            # A root without /dev/fd or /proc: every number that a file may have.
            numbers = list(range(FIRST_FREE, min(max(os.sysconf("SC_OPEN_MAX"), 256), MOST_FILES)))
        found = []
        for number in numbers:
            try:
                if os.get_inheritable(number):
                    found.append(number)
            except OSError:
                continue  # None is open under it, or it is the one that listed them.
        return found
