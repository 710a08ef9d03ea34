"""What the system says of a process that no other process shares, and signals to a process that is proven by it.

A process id alone proves nothing: ids are used again, and another pid namespace or machine counts for itself. What
the system does not tell is an empty text, and an empty text proves nothing.
"""

import os
import sys
from pathlib import Path
from typing import NamedTuple

from iterate.errors import StopFailed

# Field 22 of /proc/PID/stat is the start time in clock ticks since the boot; see proc(5). Behind the name in
# parentheses, which may hold anything, it is the 20th.
_STARTED_FIELD = 19
# The offset of the start time in the 136 bytes that proc_pidinfo(PROC_PIDTBSDINFO) writes; see <sys/proc_info.h>.
_BSD_INFO, _BSD_INFO_BYTES, _BSD_STARTED = 3, 136, 120
# OpenProcess: the right to ask for times and no more.
_QUERY_LIMITED = 0x1000


class Origin(NamedTuple):
    """Where a process runs and since when: host name, boot, namespaces, and the start in the system's own spelling."""

    host: str = ""
    boot: str = ""
    pid_namespace: str = ""
    net_namespace: str = ""
    started: str = ""


def here() -> Origin:
    """The origin of this process."""
    return Origin(
        host="" if sys.platform == "win32" else os.uname().nodename,
        boot=_boot(),
        pid_namespace=_namespace("pid"),
        net_namespace=_namespace("net"),
        started=started(os.getpid()),
    )


def is_reachable(other: Origin) -> bool:
    """Whether nothing speaks against it that an address of this machine means the same to that process."""
    pairs = ((other.boot, _boot()), (other.net_namespace, _namespace("net")))
    return all(theirs == ours or not theirs or not ours for theirs, ours in pairs)


def is_proven(pid: int, origin: Origin) -> bool:
    """Whether this id, used from here, means exactly the process that said this of itself."""
    if pid <= 0 or not origin.started or started(pid) != origin.started:
        return False
    if sys.platform == "win32":
        # It counts from the year 1601 in units of 100 ns: no process of another machine has the same id and start.
        return True
    # Where /proc belongs to another pid namespace, ours has no name, and the ids that are asked are not the ids that
    # signals go to. Only Linux has such namespaces.
    if sys.platform == "linux" and not origin.pid_namespace:
        return False
    return bool(origin.boot) and (origin.boot, origin.pid_namespace) == (_boot(), _namespace("pid"))


def send(pid: int, origin: Origin, number: int) -> bool:
    """Send a signal to the process if it is proven; whether it was sent. Raises `StopFailed` when it is not ours."""
    try:
        if sys.platform == "linux" and hasattr(os, "pidfd_open"):
            return _send_by_handle(pid, origin, number)
        return _send_by_id(pid, origin, number)
    except ProcessLookupError:
        return False
    except PermissionError as problem:
        raise StopFailed(f"the server (pid {pid}) may not be stopped by this user") from problem


def _send_by_id(pid: int, origin: Origin, number: int) -> bool:
    if not is_proven(pid, origin):
        return False
    os.kill(pid, number)
    return True


if sys.platform == "linux":

    def _send_by_handle(pid: int, origin: Origin, number: int) -> bool:
        import signal

        # The handle means one process for ever, so the id cannot become another's between the proof and the signal.
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            return False
        except OSError:
            # A kernel before 5.3, or a sandbox that does not let the call through.
            return _send_by_id(pid, origin, number)
        try:
            if not is_proven(pid, origin):
                return False
            signal.pidfd_send_signal(handle, number)
        finally:
            os.close(handle)
        return True

    def started(pid: int) -> str:
        """When this process started, empty when there is none or the system does not say."""
        try:
            status = Path(f"/proc/{pid}/stat").read_bytes()
        except OSError:
            return ""
        fields = status.rpartition(b")")[2].split()
        return fields[_STARTED_FIELD].decode() if len(fields) > _STARTED_FIELD else ""

    def _boot() -> str:
        try:
            return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            return ""

    def _namespace(kind: str) -> str:
        try:
            return os.readlink(f"/proc/self/ns/{kind}")  # noqa: PTH115  # Path would take its text apart.
        except OSError:
            return ""

elif sys.platform == "darwin":

    def started(pid: int) -> str:
        """When this process started, empty when there is none or the system does not say."""
        import ctypes

        info = ctypes.create_string_buffer(_BSD_INFO_BYTES)
        asked = ctypes.CDLL(None).proc_pidinfo(pid, _BSD_INFO, ctypes.c_uint64(0), info, _BSD_INFO_BYTES)
        return info.raw[_BSD_STARTED:].hex() if asked == _BSD_INFO_BYTES else ""

    def _boot() -> str:
        import ctypes

        text = ctypes.create_string_buffer(64)
        size = ctypes.c_size_t(len(text))
        failed = ctypes.CDLL(None).sysctlbyname(
            b"kern.bootsessionuuid", text, ctypes.byref(size), None, ctypes.c_size_t(0)
        )
        return "" if failed else text.value.decode(errors="replace")

    def _namespace(kind: str) -> str:  # noqa: ARG001  # There are none.
        return ""

elif sys.platform == "win32":

    def started(pid: int) -> str:
        """When this process started, empty when there is none or the system does not say."""
        import ctypes
        from ctypes import wintypes

        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.OpenProcess.restype = wintypes.HANDLE
        opened = kernel.OpenProcess(_QUERY_LIMITED, False, wintypes.DWORD(pid))  # noqa: FBT003
        if not opened:
            return ""
        process = wintypes.HANDLE(opened)
        times = [wintypes.FILETIME() for _ in range(4)]
        known = kernel.GetProcessTimes(process, *map(ctypes.byref, times))
        kernel.CloseHandle(process)
        created, ended = times[0], times[1]
        # A process that ended stays while somebody holds a handle of it, and has its end time then.
        is_alive = known and not (ended.dwLowDateTime or ended.dwHighDateTime)
        return f"{created.dwHighDateTime:08x}{created.dwLowDateTime:08x}" if is_alive else ""

    def _boot() -> str:
        return ""

    def _namespace(kind: str) -> str:  # noqa: ARG001  # There are none.
        return ""

else:

    def started(pid: int) -> str:  # noqa: ARG001  # Nothing is known here, so nothing is ever proven.
        """When this process started, empty when there is none or the system does not say."""
        return ""

    def _boot() -> str:
        return ""

    def _namespace(kind: str) -> str:  # noqa: ARG001
        return ""
