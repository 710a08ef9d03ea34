"""Landlock by ctypes: a process gives up writing outside some folders, and the network, for itself and its children.

Only numbers of the kernel's interface are used (linux/landlock.h); they are the same on all processors. Reading is
not restricted. This module runs in the process that is confined, so it imports little.
"""

import ctypes
import os
import stat
import struct

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_RULE_PATH = 1
_NO_NEW_PRIVILEGES = 38
# The rights of the first version that change something; each later version knows more.
_WRITE_FILE = 1 << 1
_REMOVE_DIR, _REMOVE_FILE = 1 << 4, 1 << 5
_MAKE = sum(1 << bit for bit in range(6, 13))
_REFER, _TRUNCATE, _IOCTL_DEVICE = 1 << 13, 1 << 14, 1 << 15
# What may be done to something that is no folder.
_OF_FILES = _WRITE_FILE | _TRUNCATE | _IOCTL_DEVICE
_TCP = 0b11
# Abstract UNIX sockets, and signals, of processes outside.
_SCOPES = 0b11
# The versions in which these came.
NETWORK_VERSION, SCOPES_VERSION = 4, 6


def version() -> int:
    """The version of Landlock that this kernel has; 0 where it has none, or it is switched off."""
    try:
        found: int = _libc().syscall(_CREATE, None, 0, 1)
    except (AttributeError, OSError):
        return 0  # No Linux.
    return max(found, 0)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def confine(writable: list[str], *, may_connect: bool) -> None:
    """Let this process write below these folders and to these files only; raises `OSError`.

    Without `may_connect` it can neither connect nor bind TCP sockets, from version 4 on. What is not there is skipped.
    """
    has = version()
    changing = _WRITE_FILE | _REMOVE_DIR | _REMOVE_FILE | _MAKE
    changing |= (_REFER if has >= 2 else 0) | (_TRUNCATE if has >= 3 else 0) | (_IOCTL_DEVICE if has >= 5 else 0)  # noqa: PLR2004
    network = _TCP if has >= NETWORK_VERSION and not may_connect else 0
    scopes = _SCOPES if has >= SCOPES_VERSION else 0
    rules = struct.pack("=QQQ", changing, network, scopes)
    size = 8 if has < NETWORK_VERSION else 16 if has < SCOPES_VERSION else 24
    ruleset = _checked(_libc().syscall(_CREATE, rules, size, 0))
    try:
        for path in writable:
            _allow(ruleset, path, changing)
        _checked(_libc().prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0))
        _checked(_libc().syscall(_RESTRICT, ruleset, 0))
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        is_folder = stat.S_ISDIR(os.fstat(place).st_mode)
        rule = struct.pack("=Qi", rights if is_folder else rights & _OF_FILES, place)
        _checked(_libc().syscall(_ADD, ruleset, _RULE_PATH, rule, 0))
    finally:
        os.close(place)


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
