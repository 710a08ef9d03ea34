"""Tries a new program before it takes the old one's place: it must say its version, and its server must answer.

The server gets folders of its own, and so meets neither the user's sessions nor the server that runs.
"""

import json
import os
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

from iterate import settings
from iterate.errors import ProgramBroken
from iterate.install.network import Door, Pace
from iterate.settings import Surroundings

PATIENCE_S = 30.0
_HEALTH_BYTES = 1 << 16
# Starts a program, and ends it as soon as nobody holds the other end of the input: who tries a server may be killed,
# and the server would go on for ever. A signal for all of the group must not end the one that watches.
_LEASH = '"$@" </dev/null & trap "" HUP INT QUIT TERM; exec >/dev/null 2>&1; read -r _; kill -9 $!; wait'


def try_out(program: Path, version: str, folder: Path) -> None:
    """Raise `ProgramBroken` when a program does not work here.

    Args:
        program: what to start.
        version: what it must say.
        folder: where its server may write; made, and left there.
    """
    try_version(program, version)
    folder.mkdir()
    home = {
        "HOME": str(folder),
        "USERPROFILE": str(folder),
        "XDG_STATE_HOME": str(folder / "state"),
        "XDG_DATA_HOME": str(folder / "data"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "ITERATE_DISABLE_AUTOUPDATE": "true",
    }
    words = ["serve", "--port", "0", "--json"]
    child = _started(program, words, settings.environment() | home, folder, is_held=os.name == "posix")
    # A server that says nothing would be waited for without end.
    clock = threading.Timer(PATIENCE_S, _end, (child,))
    with child:
        clock.start()
        try:
            _ask_health(program, child)
        finally:
            clock.cancel()
            _end(child)


def try_version(program: Path, version: str) -> None:
    """Raise `ProgramBroken` when a program does not say that it is of that version."""
    child = _started(program, ["--version"], settings.environment(), program.parent)
    with child:
        try:
            said, complaint = child.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            child.kill()
            raise ProgramBroken(f"{version} does not say its version within {PATIENCE_S:.0f} seconds") from None
    if child.returncode or said.decode(errors="replace").strip() != version:
        words = (complaint or said).decode(errors="replace").strip()[-500:] or f"exit code {child.returncode}"
        raise ProgramBroken(f"{version} does not start here: {words}")


def running() -> list[Path]:
    """The programs of all processes, as far as this user is told; nothing on Windows: see `is_in_use`."""
    found: list[Path] = []
    if sys.platform == "linux":
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                found.append((process / "exe").readlink())
    elif sys.platform == "darwin":
        listed = subprocess.run(["/bin/ps", "-axww", "-o", "comm="], capture_output=True, text=True, check=False)
        found += map(Path, listed.stdout.splitlines())
    return found


def is_in_use(program: Path) -> bool:
    """Whether a program runs, where nobody may write into one that does: on Windows, and on Linux unless a script."""
    try:
        with program.open("r+b"):
            return False
    except OSError:
        return True


def _ask_health(program: Path, child: "subprocess.Popen[bytes]") -> None:
    if child.stdout is None or child.stderr is None:
        raise AssertionError("both are pipes")
    # Its first line says where it listens; it ends without one when it cannot.
    line = child.stdout.readline()
    try:
        url = json.loads(line)["url"]
    except (ValueError, TypeError, KeyError):
        _end(child)
        words = child.stderr.read(500).decode(errors="replace").strip() or line.decode(errors="replace")
        raise ProgramBroken(f"the server of {program.name} does not start here: {words}") from None
    door = Door(Surroundings())
    try:
        door.fetch(f"{url}/global/health", _HEALTH_BYTES, Pace(PATIENCE_S))
    except Exception as problem:
        raise ProgramBroken(f"the server of {program.name} does not answer here: {problem}") from problem
    finally:
        door.close()


def _end(child: "subprocess.Popen[bytes]") -> None:
    """End what was started, which is the leash where there is one."""
    if child.stdin is not None:
        child.stdin.close()
    else:
        child.kill()


def _started(
    program: Path, words: list[str], environment: dict[str, str], folder: Path, *, is_held: bool = False
) -> "subprocess.Popen[bytes]":
    """Start a program; one that is held ends at the latest with this process."""
    leash = ["/bin/sh", "-c", _LEASH, program.name] if is_held else []
    try:
        return subprocess.Popen(
            [*leash, program, *words],
            env=environment,
            cwd=folder,
            stdin=subprocess.PIPE if is_held else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except OSError as problem:
        raise ProgramBroken(
            f"{program.name} cannot be started in {program.parent}: {problem.strerror}",
            "the folder may be on a disk from which nothing may be started (noexec)",
        ) from problem
