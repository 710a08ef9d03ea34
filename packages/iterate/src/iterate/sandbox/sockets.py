"""Sockets of other programs, which a command could ask to do what it may not: docker, the session bus, tmux, agents.

Landlock does not restrict connecting to a socket that has a path. `/proc/net/unix` lists those of this network, and not
what a container was given from outside; so the folders where such sockets lie are looked at as well. It runs in the
launcher, so it imports little.
"""

import os
import stat

# Where services of the machine and of a person put their sockets; how deep, and among how many names of each.
_FOLDERS = ("/run", "/var/run", "/tmp", "/tmp/.X11-unix")  # noqa: S108
_OF_HOME = (".docker/run", ".docker/desktop", ".colima/default", ".rd", ".gnupg", ".ssh")
_DEEPEST, _MOST = 2, 1000
# Variables that say where one is: a path, or an address that ends with one.
_VARIABLES = ("DOCKER_HOST", "CONTAINER_HOST", "SSH_AUTH_SOCK", "DBUS_SESSION_BUS_ADDRESS", "WAYLAND_DISPLAY", "TMUX")


def paths() -> set[str]:
    """The paths of all sockets that are found."""
    found = _bound() | _named()
    user = os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.geteuid()}"
    home = os.environ.get("HOME", "")
    at_home = [f"{home}/{each}" for each in _OF_HOME] if home.startswith("/") else []
    for folder in dict.fromkeys(os.path.realpath(each) for each in (*_FOLDERS, user, *at_home)):
        found |= _inside(folder, _DEEPEST, [_MOST])
    return found


def _bound() -> set[str]:
    with open("/proc/net/unix", errors="surrogateescape") as file:  # noqa: PTH123
        lines = [line.split(maxsplit=7) for line in file if "/" in line]
    return {line[7].rstrip("\n") for line in lines if len(line) > 7 and line[7].startswith("/")}  # noqa: PLR2004


def _named() -> set[str]:
    found = set()
    for name in _VARIABLES:
        for part in os.environ.get(name, "").replace(";", ",").split(","):
            path = part[part.find("/") :].removeprefix("//") if "/" in part else ""
            if path.startswith("/") and _is_socket(path):
                found.add(path)
    return found


def _inside(folder: str, deepest: int, left: list[int]) -> set[str]:
    found: set[str] = set()
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                left[0] -= 1
                if left[0] < 0:
                    break
                if entry.is_dir(follow_symlinks=False):
                    found |= _inside(entry.path, deepest - 1, left) if deepest else set()
                elif not entry.is_file(follow_symlinks=False) and not entry.is_symlink() and _is_socket(entry.path):
                    found.add(entry.path)
    except OSError:
        pass
    return found


def _is_socket(path: str) -> bool:
    try:
        return stat.S_ISSOCK(os.stat(path).st_mode)  # noqa: PTH116
    except OSError:
        return False
