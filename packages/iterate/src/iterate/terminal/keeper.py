"""A tiny process that gives a terminal back when the one that held it was killed, or crashed, and could not.

It waits for a line of a pipe, which costs nothing, and remembers the last one: what the terminal is to be sent then.
The end of the pipe is the end of the other process, however that came.
"""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress

if sys.platform != "win32":
    import termios

_SHELL = "/bin/sh"
# Only what we changed is put back, and only where nobody did so before, as shells do that start a program again.
_SCRIPT = """trap '' HUP INT QUIT TERM TSTP TTIN TTOU
cd /
last=
while IFS= read -r line; do last=$line; done
[ -n "$last" ] || exit 0
printf "$last" >&3
case $(stty -a <&3) in *-isig*) stty "$@" <&3 ;; esac
"""


class Keeper:
    """The process, as long as somebody holds the terminal."""

    def __init__(self, descriptor: int, saved: Sequence[object]) -> None:
        self._written = self._pid = -1
        if sys.platform != "win32" and os.access(_SHELL, os.X_OK):
            with suppress(OSError):
                self._begin(descriptor, saved)

    def remember(self, text: str) -> None:
        """From now on this gives the terminal back; nothing does where it was given back."""
        if self._written >= 0:
            with suppress(OSError):
                os.write(self._written, "".join(f"\\{ord(each):03o}" for each in text).encode() + b"\n")

    def close(self) -> None:
        """It is needed no more."""
        if self._written >= 0:
            self.remember("")
            os.close(self._written)
            self._written = -1
            with suppress(OSError):
                os.waitpid(self._pid, 0)

    if sys.platform != "win32":

        def _begin(self, descriptor: int, saved: Sequence[object]) -> None:
            # Aside first, so that it is not overwritten before it is in place.
            shown = os.dup(descriptor)
            reading, self._written = os.pipe()
            try:
                actions = [
                    (os.POSIX_SPAWN_DUP2, reading, 0),
                    (os.POSIX_SPAWN_DUP2, shown, 3),
                    (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                    (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
                ]
                words = [_SHELL, "-c", _SCRIPT, "iterate", *_flags(saved)]
                env = {"PATH": "/usr/bin:/bin"}
                # Keys that are signals are not meant for it.
                self._pid = os.posix_spawn(_SHELL, words, env, file_actions=actions, setpgroup=0)
            except OSError:
                os.close(self._written)
                self._written = -1
                raise
            finally:
                os.close(reading)
                os.close(shown)


if sys.platform != "win32":

    def _flags(saved: Sequence[object]) -> list[str]:
        """How `stty` names what is changed of a terminal while keys are read one by one."""
        input_, local = saved[0], saved[3]
        bits = {
            "icrnl": (input_, termios.ICRNL),
            "ixon": (input_, termios.IXON),
            "icanon": (local, termios.ICANON),
            "echo": (local, termios.ECHO),
            "isig": (local, termios.ISIG),
            "iexten": (local, termios.IEXTEN),
        }
        return [f"{'' if isinstance(of, int) and of & bit else '-'}{name}" for name, (of, bit) in bits.items()]
