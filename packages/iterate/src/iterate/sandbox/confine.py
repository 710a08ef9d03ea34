"""What runs between the server and a command: it makes the namespaces, the overlay and the bounds, and ends it all.

The server starts it as a program of its own (`iterate __confine`, see `run.py`), so that no Python is run between a
fork and an exec of a process with threads. It imports little, because each command waits for it. Linux only.

Three processes: this one, which holds the leash; below it, with a process-id namespace, that namespace's first
process, with which the kernel ends all others however they detached themselves; below that the command. Without
namespaces this one adopts what the command leaves (PR_SET_CHILD_SUBREAPER) and ends it.

The words are `name=value`, then `--`, then the command. `leash` and `report` are descriptors: the server writes into
the leash how many hundredths of a second the command has to end by itself, as one byte, and closes it to end it at
once, which also happens when the server dies. A line on `report` says how it went: `exit CODE`, `signal NUMBER`, or
`failed WHAT`.
"""

# The module `signal` imports `enum`, and `contextlib` half of the library: together a third of the time this takes.
import _signal as signal  # type: ignore[import-not-found]
import ctypes
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

_PDEATHSIG, _SUBREAPER, _CAPBSET_DROP = 1, 36, 24
_REC, _PRIVATE, _BIND, _NOSUID, _NODEV, _NOEXEC = 0x4000, 0x40000, 0x1000, 2, 4, 8
# mount_setattr(2); the number is the same on all processors.
_MOUNT_SETATTR, _HERE, _RECURSIVE, _READ_ONLY = 442, -100, 0x8000, 1
# Of root's rights in the namespace those over files, other users' processes and low ports stay: capability(7).
_RIGHTS_KEPT = {0, 1, 2, 3, 4, 5, 6, 7, 10}
_LAST_RIGHT = 63
# What every program may expect to write to; shared memory is a private one where there are namespaces.
_SHARED_MEMORY = "/dev/shm"  # noqa: S108
_DEVICES = [
    *("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/ptmx"),
    _SHARED_MEMORY,
]
# Where there are namespaces these are its own. What is written to somebody's terminal steers it.
_TERMINALS = "/dev/pts"
# ioctl numbers: make this terminal the controlling one; set the flags of a network interface.
_TIOCSCTTY, _SIOCSIFFLAGS, _UP = 0x540E, 0x8914, 1
_ADOPT_MS = 1000
_MOST_HANDLES = 1 << 20
# What a spare is told begins with its length.
_LENGTH_BYTES, _INT_BYTES = 4, 4


class Plan:
    """What the words say."""

    def __init__(self, words: list[str]) -> None:
        middle = words.index("--")
        pairs = [word.partition("=") for word in words[:middle]]
        self.command = words[middle + 1 :]
        self.writable = [value for name, _, value in pairs if name == "write"]
        self.fixed = [value for name, _, value in pairs if name == "fix"]
        self.spared = [value for name, _, value in pairs if name == "spare"]
        one = {name: value for name, _, value in pairs}
        self.leash, self.report = int(one["leash"]), int(one["report"])
        self.root, self.folder = one["root"], one["folder"]
        self.hidden = [value for name, _, value in pairs if name == "hide"]
        self.upper, self.joined = one.get("upper", ""), one.get("join", "")
        self.has_namespaces = one.get("namespaces") == "1"
        self.has_landlock = one.get("landlock") == "1"
        self.may_connect = one.get("network") == "1"
        self.is_terminal = one.get("terminal") == "1"
        self.is_coerced = one.get("coerced") == "1"


def main(words: list[str]) -> "NoReturn":
    """Run the command that the words describe to its end; the exit code says whether it could be started."""
    # There is nothing to put in order that the end of the process does not.
    os._exit(_run(words))


def _run(words: list[str]) -> int:
    if words[0].startswith("spare="):
        waited = _waited(int(words[0].partition("=")[2]))
        if waited is None:
            return 0
        words = waited
    plan = Plan(words)
    if plan.is_coerced:
        # Python has set it for itself (PEP 538).
        os.environb.pop(b"LC_CTYPE", None)
    # What somebody types or sends to a group is the command's matter; the leash is ours.
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    for handle in (plan.leash, plan.report):
        os.set_inheritable(handle, False)  # noqa: FBT003
    try:
        return _hold(plan, _prepared(plan))
    except OSError as problem:
        os.write(plan.report, f"failed {problem.filename or 'to start'}: {problem.strerror}\n".encode(errors="replace"))
        return 1


def _waited(line: int) -> "list[str] | None":
    """Wait for what is to be done, with all imported that it needs; None when nobody needs anything. See `spare.py`."""
    # As what was started for one command it is imported in the middle; here nobody waits for it yet.
    from iterate.sandbox import landlock, seccomp, sockets  # noqa: F401

    os.setsid()
    # What the server's own starter left open.
    os.closerange(3, line)
    os.closerange(line + 1, _MOST_HANDLES)
    os.write(line, b"r")
    told = _received(line)
    if told is None:
        return None
    handles, content = told
    output, leash, report, given = handles
    for source, target in ((given, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    for handle in (given, output):
        os.close(handle)
    words, _, variables = content.partition(b"\0\0")
    os.environb.clear()
    for each in variables.split(b"\0"):
        name, _, value = each.partition(b"=")
        if name:
            os.environb[name] = value
    os.close(line)
    return [f"leash={leash}", f"report={report}", *(os.fsdecode(each) for each in words.split(b"\0"))]


def _received(line: int) -> "tuple[list[int], bytes] | None":
    # `socket` imports `enum` and `selectors`.
    import _socket

    heard = _socket.socket(fileno=line)
    try:
        begun, rights, *_ = heard.recvmsg(_LENGTH_BYTES, _socket.CMSG_SPACE(4 * _INT_BYTES))
        if len(begun) < _LENGTH_BYTES or not rights:
            return None
        row = rights[0][2]
        handles = [
            int.from_bytes(row[at : at + _INT_BYTES], sys.byteorder) for at in range(0, 4 * _INT_BYTES, _INT_BYTES)
        ]
        length, content = int.from_bytes(begun, "little"), b""
        while len(content) < length:
            piece = heard.recv(length - len(content))
            if not piece:
                return None
            content += piece
        return handles, content
    finally:
        heard.detach()


def _prepared(plan: Plan) -> int:
    """Start what runs the command; gives its process id, of the outer namespace."""
    if not plan.has_namespaces:
        _checked("prctl", _libc().prctl(_SUBREAPER, 1, 0, 0, 0))
        return _start(plan)
    sockets = _sockets(plan)
    _leave_namespaces(plan)
    _mount("none", "/", None, _REC | _PRIVATE)
    if plan.upper:
        _mount_overlay(plan)
    _make_read_only(plan)
    _fix(plan)
    _hide(plan)
    for path in sockets:
        _try(_mount, "/dev/null", path, None, _BIND)
    _try(_mount, "devpts", _TERMINALS, "devpts", _NOSUID | _NOEXEC, "newinstance,ptmxmode=0666,mode=0620")
    _try(_mount, f"{_TERMINALS}/ptmx", "/dev/ptmx", None, _BIND)
    # Who works in there keeps it.
    if not any(path.startswith(f"{_SHARED_MEMORY}/") for path in (plan.root, *plan.writable)):
        _try(_mount, "tmpfs", _SHARED_MEMORY, "tmpfs", _NOSUID | _NODEV, "mode=1777")
    first = os.fork()
    if first == 0:
        _first(plan)
    return first


def _hold(plan: Plan, child: int) -> int:
    """Wait until the child ended, or the leash says to end it; then leave nothing behind."""
    import select

    waited = select.poll()
    waited.register(plan.leash, select.POLLIN)
    # A kernel before 5.3 is asked again and again.
    _try(lambda: waited.register(os.pidfd_open(child), select.POLLIN))
    status, grace_ms = 0, 0
    while True:
        ready = waited.poll(grace_ms or _ADOPT_MS)
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            break
        if any(handle == plan.leash for handle, _ in ready):
            said = os.read(plan.leash, 1)
            grace_ms = said[0] * 10 if said else 0
            _end(plan, child, signal.SIGTERM if grace_ms else signal.SIGKILL)
            if not said:
                waited.unregister(plan.leash)
        elif grace_ms:
            _end(plan, child, signal.SIGKILL)
    if not plan.has_namespaces:
        _end_adopted()
        _tell(plan, status)
    return 0


def _end(plan: Plan, child: int, number: int) -> None:
    # With the first process of a namespace go all; it hands on what merely asks them.
    for process in [child] if plan.has_namespaces else _descendants():
        _try(os.kill, process, number)


def _end_adopted() -> None:
    """End what a command without namespaces left, and what that starts meanwhile, until there is nothing."""
    import time

    while True:
        for process in _descendants():
            _try(os.kill, process, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.001)


def _descendants() -> list[int]:
    """All processes below this one, the nearest first."""
    parents: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):  # noqa: PTH208  # pathlib costs each command some milliseconds.
        if name.isdecimal():
            try:
                with open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123
                    # Field 4 is the parent; the name before it stands in parentheses and may hold anything.
                    parents.setdefault(int(file.read().rpartition(b")")[2].split()[1]), []).append(int(name))
            except OSError:
                continue
    found = [os.getpid()]
    for process in found:
        found += parents.get(process, [])
    return found[1:]


def _first(plan: Plan) -> None:
    """The namespace's first process: start the command, take in orphans, tell how it ended, and end all with it."""
    try:
        _libc().prctl(_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        # Where parts of /proc are covered, as in a container, the kernel allows none.
        _try(_mount, "proc", "/proc", "proc", _NOSUID | _NODEV | _NOEXEC)
        command = _start(plan)
        signal.signal(signal.SIGTERM, lambda *_: os.kill(-1, signal.SIGTERM))
        ended, status = 0, 0
        while ended != command:
            ended, status = os.waitpid(-1, 0)
        _tell(plan, status)
    except OSError as problem:
        os.write(plan.report, f"failed {problem.filename or 'to start'}: {problem.strerror}\n".encode(errors="replace"))
    finally:
        os._exit(0)


def _start(plan: Plan) -> int:
    """Fork, confine the child, and let it become the command."""
    command = os.fork()
    if command:
        return command
    try:
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        _libc().prctl(_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        os.setsid()
        if plan.is_terminal:
            _checked("ioctl", _libc().ioctl(1, _TIOCSCTTY, 0))
        os.chdir(plan.folder)
        if plan.has_namespaces:
            for right in range(_LAST_RIGHT + 1):
                if right not in _RIGHTS_KEPT:
                    _libc().prctl(_CAPBSET_DROP, right, 0, 0, 0)
        if plan.has_landlock:
            from iterate.sandbox import landlock

            # In a network of its own nothing but itself can be reached.
            devices = [*_DEVICES, _TERMINALS] if _has_own_terminals(plan) else _DEVICES
            landlock.confine(devices + plan.writable, may_connect=plan.may_connect or plan.has_namespaces)
            if not plan.may_connect:
                from iterate.sandbox import seccomp

                # A kernel without it has the other two.
                _try(seccomp.confine, has_own_network=plan.has_namespaces)
        os.execvp(plan.command[0], plan.command)  # noqa: S606
    except OSError as problem:
        what = problem.filename or plan.command[0]
        os.write(plan.report, f"failed {what}: {problem.strerror}\n".encode(errors="replace"))
    finally:
        os._exit(127)


def _has_own_terminals(plan: Plan) -> bool:
    # In a new one there is nothing but what makes terminals.
    try:
        return plan.has_namespaces and os.listdir(_TERMINALS) == ["ptmx"]  # noqa: PTH208
    except OSError:
        return False


def _tell(plan: Plan, status: int) -> None:
    code = os.waitstatus_to_exitcode(status)
    os.write(plan.report, (f"exit {code}\n" if code >= 0 else f"signal {-code}\n").encode())


def _sockets(plan: Plan) -> list[str]:
    """Sockets of others that are to be covered: not those that are spared, nor those in what may be written."""
    from iterate.sandbox import sockets

    own = tuple(f"{each}/" for each in plan.writable)
    return [path for path in sorted(sockets.paths()) if path not in plan.spared and not path.startswith(own)]


def _leave_namespaces(plan: Plan) -> None:
    """Go into new namespaces, with the same user and group ids as before."""
    if plan.joined and not plan.may_connect and _join(plan.joined):
        return
    kinds = os.CLONE_NEWUSER | os.CLONE_NEWNS | os.CLONE_NEWPID | os.CLONE_NEWIPC
    kinds |= 0 if plan.may_connect else os.CLONE_NEWNET
    user, group = os.geteuid(), os.getegid()
    helper, begin = _mapping_helper() if user == 0 else (0, -1)
    try:
        os.unshare(kinds)
    except OSError as problem:
        problem.filename = "new namespaces"
        raise
    is_mapped = False
    if helper:
        os.write(begin, b"x")
        is_mapped = os.waitpid(helper, 0)[1] == 0
    if not is_mapped:
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"{user} {user} 1")
        _write("/proc/self/gid_map", f"{group} {group} 1")
    if not plan.may_connect:
        _raise_loopback()


def _join(process: str) -> bool:
    """Go into the network of another launcher, whose command this one may talk to; whether there was one."""
    handles = []
    for kind in ("user", "net"):
        theirs, ours = f"/proc/{process}/ns/{kind}", f"/proc/self/ns/{kind}"
        try:
            handles.append(os.open(theirs, os.O_RDONLY))
            # It is not so far yet, or was another one: that network is everybody's.
            if os.path.samestat(os.fstat(handles[-1]), os.stat(ours)):  # noqa: PTH116
                return False
        except OSError:
            return False
    user, network = handles
    try:
        os.setns(user, os.CLONE_NEWUSER)
    except OSError:
        return False
    os.setns(network, os.CLONE_NEWNET)
    os.unshare(os.CLONE_NEWNS | os.CLONE_NEWPID | os.CLONE_NEWIPC)
    return True


def _mapping_helper() -> tuple[int, int]:
    """A process outside that maps all of root's ids, which only one outside may do; and what tells it to begin.

    With its own id alone root could not write what others own, which root's commands may expect.
    """
    reading, writing = os.pipe()
    helper = os.fork()
    if helper:
        os.close(reading)
        return helper, writing
    try:
        os.close(writing)
        os.read(reading, 1)
        for name in ("uid_map", "gid_map"):
            with open(f"/proc/self/{name}") as file:  # noqa: PTH123
                rows = [line.split() for line in file]
            _write(f"/proc/{os.getppid()}/{name}", "".join(f"{first} {first} {count}\n" for first, _, count in rows))
        os._exit(0)
    finally:
        os._exit(1)


def _raise_loopback() -> None:
    """Switch on the one interface of a new network, over which its programs reach each other."""
    libc = _libc()
    datagrams = libc.socket(2, 2, 0)
    flags = b"lo".ljust(16, b"\0") + bytes([_UP, 0]) + bytes(22)
    _try(lambda: _checked("loopback", libc.ioctl(datagrams, _SIOCSIFFLAGS, flags)))
    os.close(datagrams)


def _mount_overlay(plan: Plan) -> None:
    """Put the overlay over the project; by descriptors, because a path may hold what separates the options."""
    lower, upper, work = (os.open(path, os.O_PATH) for path in (plan.root, f"{plan.upper}/upper", f"{plan.upper}/work"))
    folders = f"lowerdir=/proc/self/fd/{lower},upperdir=/proc/self/fd/{upper},workdir=/proc/self/fd/{work}"
    # A folder is not renamed but copied (EXDEV), so that each change lies in the layer as what it is.
    _mount("overlay", plan.root, "overlay", 0, f"{folders},userxattr,index=off,metacopy=off")
    for handle in (lower, upper, work):
        os.close(handle)


def _make_read_only(plan: Plan) -> None:
    """Make all mounts read-only but those of what may be written: Landlock lets modes, owners and times be changed."""
    for path in plan.writable if plan.has_landlock else ():
        if path != plan.root or not plan.upper:
            _mount(path, path, None, _BIND | _REC)
    if plan.has_landlock:
        # Kernels before 5.12 do not know the call.
        _try(_set_read_only, "/", is_so=True)
        for path in plan.writable:
            _try(_set_read_only, path, is_so=False)


def _fix(plan: Plan) -> None:
    """Mount what is not to be changed over itself, read-only, and the folders on the way: a mount is not renamed."""
    done = {plan.root}
    for path in plan.fixed:
        inside = path.removeprefix(f"{plan.root}/").split("/")
        for depth in range(1, len(inside) + 1):
            each = "/".join([plan.root, *inside[:depth]])
            if each not in done:
                done.add(each)
                _mount(each, each, None, _BIND | _REC)
        _set_read_only(path, is_so=True)


def _set_read_only(path: str, *, is_so: bool) -> None:
    # struct mount_attr: what is set, what is cleared, and two fields that are not used.
    words = (ctypes.c_uint64 * 4)(_READ_ONLY if is_so else 0, 0 if is_so else _READ_ONLY, 0, 0)
    told = _libc().syscall(_MOUNT_SETATTR, _HERE, os.fsencode(path), _RECURSIVE, words, ctypes.sizeof(words))
    _checked("mount_setattr", told)


def _hide(plan: Plan) -> None:
    """Put empty folders over those that hold secrets; what the command works with inside them stays."""
    for hidden in plan.hidden:
        if plan.root == hidden:
            continue
        if not os.path.isdir(hidden):  # noqa: PTH112
            _try(_mount, "/dev/null", hidden, None, _BIND)
            continue
        inside = {path for path in (plan.root, *plan.writable) if path.startswith(f"{hidden}/")}
        kept = [(path, os.open(path, os.O_PATH)) for path in sorted(inside)]
        _mount("tmpfs", hidden, "tmpfs", _NOSUID | _NODEV, "mode=0755,size=1m")
        for path, handle in kept:
            os.makedirs(path, exist_ok=True)  # noqa: PTH103
            _mount(f"/proc/self/fd/{handle}", path, None, _BIND | _REC)
            os.close(handle)


def _mount(source: str, target: str, kind: str | None, flags: int, options: str = "") -> None:
    words = [each if each is None else os.fsencode(each) for each in (source, target, kind)]
    _checked(f"mounting {kind or source} on {target}", _libc().mount(*words, flags, options.encode() or None))


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:  # noqa: PTH123
        file.write(text)


def _checked(what: str, result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)
    return result


def _try[**P](function: "Callable[P, object]", *words: P.args, **named: P.kwargs) -> None:
    """Do something without which it goes as well."""
    try:  # noqa: SIM105  # See above.
        function(*words, **named)
    except OSError:
        pass


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
