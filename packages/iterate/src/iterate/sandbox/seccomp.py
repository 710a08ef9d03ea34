"""Seccomp by ctypes: a process gives up making sockets, for itself and its children.

Landlock knows TCP alone, and no UNIX socket that has a path. Without a network of its own this is what keeps a command
from UDP, from UNIX sockets of other programs, and from what else there is; with one, from the sockets of a virtual
machine's host, which no namespace holds. This module runs in the process that is confined, so it imports little.

The filter is classic BPF over `struct seccomp_data` (linux/seccomp.h): the number of the call at 0, the architecture
at 4, the low half of the first argument at 16, all in the machine's order.
"""

import ctypes
import os
import struct

_NO_NEW_PRIVILEGES, _SET_SECCOMP, _FILTER = 38, 22, 2
# By what `uname -m` says: the architecture as audit spells it, and the number of socket(2).
_MACHINES = {
    "x86_64": (0xC000003E, 41),
    "aarch64": (0xC00000B7, 198),
    "riscv64": (0xC00000F3, 198),
    "loongarch64": (0xC0000102, 198),
}
# The number of io_uring_setup(2) is the same everywhere: what goes through a ring passes no filter.
_IO_URING_SETUP = 425
# x86-64 knows its calls a second time, from this number on.
_X32 = 0x40000000
_NETLINK, _VSOCK = 16, 40
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_EPERM, _EACCES, _ENOSYS = 1, 13, 38


def is_known() -> bool:
    """Whether there is a filter for this machine; whether the kernel takes it shows when it is given one."""
    return os.uname().machine in _MACHINES


def confine(*, has_own_network: bool) -> None:
    """Let this process make no sockets, or with a network of its own all but those to a machine's host.

    Pairs of sockets, and what the kernel tells about itself (netlink), stay. Raises `OSError`; does nothing on a
    machine that it does not know.
    """
    found = _MACHINES.get(os.uname().machine)
    if found is None:
        return
    code = b"".join(_program(*found, has_own_network=has_own_network))
    buffer = ctypes.create_string_buffer(code, len(code))
    # struct sock_fprog: how many instructions, and where.
    program = struct.pack("@HP", len(code) // 8, ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    for words in ((_NO_NEW_PRIVILEGES, 1, 0, 0, 0), (_SET_SECCOMP, _FILTER, program, 0, 0)):
        if libc.prctl(*words) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), "seccomp")


def _program(architecture: int, socket: int, *, has_own_network: bool) -> list[bytes]:
    refused = _refuse(_EACCES)
    families = (
        [_if(_EQUAL, _VSOCK, 0, 1), refused, _refuse(0)]
        if has_own_network
        else [_if(_EQUAL, _NETLINK, 1, 0), refused, _refuse(0)]
    )
    return [
        _step(_LOAD, 4),
        # Calls of another architecture, such as those of 32 bits, have other numbers.
        _if(_EQUAL, architecture, 1, 0),
        _refuse(_EPERM),
        _step(_LOAD, 0),
        _if(_AT_LEAST, _X32, 0, 1),
        _refuse(_EPERM),
        _if(_EQUAL, _IO_URING_SETUP, 0, 1),
        _refuse(_ENOSYS),
        _if(_EQUAL, socket, 1, 0),
        _refuse(0),
        _step(_LOAD, 16),
        *families,
    ]


def _refuse(number: int) -> bytes:
    """Answer with this error; without one, let it pass."""
    return _step(_RETURN, _ERRNO | number if number else _ALLOW)


def _if(test: int, value: int, yes: int, no: int) -> bytes:
    return _step(test, value, yes, no)


def _step(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    # struct sock_filter: a code, how many steps to skip if so and if not, and a value.
    return struct.pack("=HBBI", code, yes, no, value)
