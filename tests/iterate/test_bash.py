"""The tool bash: output, endings, bounds, the background, and that nothing is left running."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from msgspec.structs import replace
from tests.iterate.conftest import eventually
from tests.iterate.shells import Bench, alive, bench

from iterate.sandbox.abilities import abilities
from iterate.tools import background, bash, collected
from iterate.tools.bash import Bash
from iterate.tools.collected import plain
from iterate.tools.tool import Shell, ToolFailed
from iterate.workspace import Workspace

pytestmark = [pytest.mark.processes, pytest.mark.systems("linux", "darwin")]


@pytest.fixture
def world(tmp_path: Path) -> Bench:
    return bench(tmp_path)


def test_output_and_exit_code_are_told(world: Bench) -> None:
    assert world.bash("echo hello; echo oops >&2").text == "hello\noops\n[exit code 0]"
    failed = world.bash("printf x; exit 3")
    assert (failed.text, failed.is_error) == ("x\n[exit code 3]", True)


def test_a_signal_is_told_and_is_no_exit_code(world: Bench) -> None:
    assert world.bash("kill -9 $$").text == "[ended by signal 9]"
    assert world.bash("exit 137").text == "[exit code 137]"


def test_input_is_closed(world: Bench) -> None:
    assert world.bash("cat; read x; echo $?").text == "1\n[exit code 0]"


def test_it_works_in_the_folder_asked_for_and_not_outside(world: Bench) -> None:
    (world.root / "a b").mkdir()
    assert world.bash("pwd", folder="a b").text.startswith(f"{world.root}/a b\n")
    for folder in ("..", "/", "../outputs"):
        with pytest.raises(ToolFailed, match="outside the project"):
            world.bash("pwd", folder=folder)
    (world.root / "link").symlink_to("/")
    with pytest.raises(ToolFailed, match="outside the project"):
        world.bash("pwd", folder="link")
    with pytest.raises(ToolFailed, match="no folder"):
        world.bash("pwd", folder="missing")


def test_the_environment_is_that_of_who_asks(world: Bench) -> None:
    work = world.work(MINE="yes")
    told = asyncio.run(bash.run(Bash(command='echo "$MINE-$ITERATE_MODEL-$TERM"'), work)).text
    assert told.startswith("yes--dumb\n")


def test_a_time_out_ends_all_and_keeps_what_was_said(world: Bench) -> None:
    began = time.monotonic()
    told = world.bash("echo begun; trap 'echo asked; exit 1' TERM; sleep 61.5 & wait", timeout_s=1)
    assert time.monotonic() - began < 30
    assert told.is_error
    assert "begun\nasked\n" in told.text
    assert "1 s were over" in told.text
    eventually(lambda: not alive("61.5"))


@pytest.mark.parametrize(
    "command",
    [
        "sleep 62.5",
        "sleep 62.5 & sleep 62.5",
        "trap '' TERM INT HUP; while :; do sleep 62.5; done",
        "setsid sleep 62.5 & sleep 62.5",
        "(setsid sh -c 'setsid sleep 62.5 & sleep 62.5' &) ; sleep 62.5",
        "nohup sleep 62.5 >/dev/null 2>&1 & disown; sleep 62.5",
    ],
)
@pytest.mark.systems("linux")
def test_an_abort_leaves_nothing_within_a_tenth_of_a_second(world: Bench, command: str) -> None:
    async def aborted() -> float:
        task = asyncio.create_task(bash.run(Bash(command=command), world.work()))
        await asyncio.to_thread(eventually, lambda: bool(alive("62.5")))
        await asyncio.sleep(0.1)
        began = time.monotonic()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        return time.monotonic() - began

    taken = asyncio.run(aborted())
    # The processes of others count as soon as the machine is busy; alone it is 40 ms.
    assert taken < 0.5
    assert not [each for each in alive("62.5") if each != os.getpid()]


@pytest.mark.systems("linux")
@pytest.mark.parametrize("has_namespaces", [True, False])
def test_what_a_command_left_ends_with_it(world: Bench, has_namespaces: bool) -> None:  # noqa: FBT001
    if has_namespaces and not world.has_namespaces:
        pytest.skip("needs user namespaces")

    async def run() -> None:
        work = world.work()
        can = abilities(world.outputs.parent)._replace(has_namespaces=has_namespaces)
        given = Bash(command="setsid sleep 63.5 & (setsid sh -c 'sleep 63.5 & sleep 63.5' &); echo $!")
        bounds = bash.bounds_of(given, work, world.root, can)
        (bash.temporary(work)).mkdir(parents=True)
        output = collected.Collected(bash.outputs(work), work.show)
        ended, _ = await bash.foreground(given, work, bounds, output)
        assert (ended.code, ended.failure) == (0, "")

    asyncio.run(run())
    assert not alive("63.5")


@pytest.mark.systems("linux")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_the_death_of_the_server_ends_its_commands(world: Bench, how: signal.Signals, tmp_path: Path) -> None:
    code = f"""
import asyncio
from pathlib import Path
from tests.iterate.shells import Bench
world = Bench(root=Path({str(world.root)!r}), outputs=Path({str(world.outputs)!r}))
world.bash("trap '' TERM HUP INT; setsid sleep 64.5 & while :; do sleep 64.5; done")
"""
    server = subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parents[2])
    mark = "sleep 64.5"
    eventually(lambda: len(alive(mark)) >= 1 and server.poll() is None)
    server.send_signal(how)
    server.wait()
    eventually(lambda: not [each for each in alive("64.5") if each != os.getpid()])


def test_long_output_is_cut_in_the_middle_and_whole_in_a_file(world: Bench) -> None:
    told = world.bash("seq 1 20000")
    assert len(told.text) < 40_000
    assert told.text.startswith("1\n2\n")
    assert told.text.endswith("20000\n[exit code 0]")
    assert f"the whole is in {told.full}" in told.text
    assert Path(told.full).read_text().split() == [str(each) for each in range(1, 20001)]
    assert Path(told.full).stat().st_mode & 0o777 == 0o600


def test_endless_output_is_bounded_in_memory_and_on_the_disk(world: Bench) -> None:
    size = 300 << 20
    before = psutil.Process().memory_info().rss
    told = world.bash(f"head -c {size} /dev/zero | tr '\\0' 'x'; echo; echo end")
    assert psutil.Process().memory_info().rss - before < 40 << 20
    assert Path(told.full).stat().st_size == collected.FILE_BYTES
    assert f"the first {collected.FILE_BYTES:,} of {size + 5:,} bytes" in told.text
    assert told.text.endswith("\nend\n[exit code 0]")
    assert sum(map(len, world.shown)) < 4 << 20


def test_output_is_shown_while_it_comes(world: Bench) -> None:
    go = world.root / "go"

    async def shown() -> str:
        command = "echo one; until test -e go; do sleep 0.05; done; echo two"
        task = asyncio.create_task(bash.run(Bash(command=command), world.work()))
        await asyncio.to_thread(eventually, lambda: bool(world.shown))
        early = "".join(world.shown)
        go.touch()
        await task
        return early

    assert asyncio.run(shown()) == "one\n"
    assert "".join(world.shown) == "one\ntwo\n"


@pytest.mark.parametrize(
    ("output", "text"),
    [
        (b"\x1b[31mred\x1b[0m\n", "red\n"),
        (b"10%\r50%\r100%\ndone\r\n", "100%\ndone\n"),
        (b"bad \xff\xfe utf", "bad \ufffd\ufffd utf"),
        (b"\x1b]0;title\x07a\x00b\x07c", "abc"),
        (b"x\x08y\x08z", "z"),
        (b"\x1b]52;c;aGk=\x1b\\ok", "ok"),
        ("\x9b31m\u2028é".encode(), "31m\u2028é"),
        (b"tab\there", "tab\there"),
    ],
)
def test_what_steers_a_terminal_does_not_reach_the_model(output: bytes, text: str) -> None:
    assert plain(output) == text


def test_a_terminal_is_there_when_asked_for(world: Bench) -> None:
    assert world.bash("test -t 1 && echo yes", terminal=True).text == "yes\n[exit code 0]"
    assert world.bash("test -t 1 || echo no").text == "no\n[exit code 0]"


@pytest.mark.parametrize("command", ["a\0b", "x" * 100_001])
def test_a_command_that_cannot_be_given_to_a_shell_is_refused(world: Bench, command: str) -> None:
    with pytest.raises(ToolFailed):
        world.bash(command)


def test_a_background_command_is_read_on_and_ended(world: Bench) -> None:
    async def run() -> None:
        work = world.work()
        begun = await bash.run(Bash(command="echo begun; sleep 0.6; echo more; sleep 65.5", background=True), work)
        assert begun.text == "begun\n[bg1 runs]"
        assert (await background.read("bg1", 1.0, work)).text == "more\n[bg1 runs]"
        assert (await background.end("bg1", work)).text.startswith("[bg1 ended by signal")
        with pytest.raises(ToolFailed, match="there are: bg1"):
            await background.read("bg2", 0, work)
        await background.end_all()

    asyncio.run(run())
    assert not alive("65.5")


def test_only_so_many_run_in_the_background(world: Bench) -> None:
    async def run() -> None:
        work = world.work()
        begun = [await bash.run(Bash(command="sleep 66.5", background=True), work) for _ in range(background.MOST)]
        assert len(begun) == background.MOST
        with pytest.raises(ToolFailed, match="run in the background already"):
            await bash.run(Bash(command="sleep 66.5", background=True), work)
        await background.end_all(world.session)

    asyncio.run(run())
    assert not alive("66.5")


@pytest.mark.systems("linux")
def test_a_command_writes_in_the_project_and_nowhere_else(world: Bench) -> None:
    if not world.is_confined:
        pytest.skip("needs Landlock")
    outside = world.root.parent / "outside"
    outside.mkdir()
    (outside / "file").write_text("mine")
    told = world.bash(
        f"echo a > in; echo b > {outside}/new; rm -rf {outside}; mv in {outside}/moved; truncate -s 0 {outside}/file;"
        f"ln -s {outside} link; echo x > link/file; echo y > ../up; chmod 000 {outside}/file;"
        "echo c > $TMPDIR/c && cat $TMPDIR/c; echo d > /dev/null && echo d; cat ../outside/file"
    )
    assert told.text.endswith("c\nd\nmine\n[exit code 0]") or "Permission denied" in told.text
    assert (outside / "file").read_text() == "mine"
    assert sorted(each.name for each in outside.iterdir()) == ["file"]
    assert not (world.root.parent / "up").exists()
    assert (world.root / "in").read_text() == "a\n"


@pytest.mark.systems("linux")
def test_a_command_changes_no_modes_owners_times_or_attributes_of_what_is_outside(world: Bench) -> None:
    if not world.has_namespaces:
        pytest.skip("needs user namespaces")
    outside = world.root.parent / "file"
    outside.write_text("mine")
    before = outside.stat()
    told = world.bash(
        f"chmod 000 {outside}; touch -d @1 {outside}; setfattr -n user.x -v y {outside}; chmod 600 $TMPDIR"
    )
    after = outside.stat()
    assert (before.st_mode, before.st_mtime_ns, before.st_ctime_ns) == (
        after.st_mode,
        after.st_mtime_ns,
        after.st_ctime_ns,
    )
    assert "Read-only file system" in told.text
    assert "[exit code 0]" in told.text


@pytest.mark.systems("linux")
def test_the_network_is_off_unless_it_is_allowed(world: Bench) -> None:
    if not abilities(world.outputs.parent).cuts_network:
        pytest.skip("needs namespaces or Landlock 4")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        code = f"import socket; socket.create_connection(('127.0.0.1', {port}), 3); print('reached')"
        command = f'{sys.executable} -c "{code}" 2>&1 | tail -1'
        assert not world.bash(command).text.startswith("reached")
        assert world.bash(command, access="network").text.startswith("reached")
        assert world.bash(command, Shell(mode="plain", may_connect=True)).text.startswith("reached")


@pytest.mark.systems("linux")
def test_programs_of_one_command_reach_each_other(world: Bench) -> None:
    if not world.has_namespaces:
        pytest.skip("needs user namespaces")
    code = (
        "import socket; s = socket.create_server(('127.0.0.1', 0)); socket.create_connection(s.getsockname()); print(1)"
    )
    assert world.bash(f'{sys.executable} -c "{code}"').text.startswith("1\n")


@pytest.mark.systems("linux")
def test_a_server_in_the_background_is_reached_by_the_commands_of_its_session_alone(world: Bench) -> None:
    if not world.has_namespaces:
        pytest.skip("needs user namespaces")
    serve = "import socket; s = socket.create_server(('127.0.0.1', 7645)); print('up', flush=True)\nwhile 1: s.accept()"
    (world.root / "serve.py").write_text(serve)
    code = "import socket; socket.create_connection(('127.0.0.1', 7645), 3); print('reached')"
    reach = f'{sys.executable} -c "{code}" 2>&1 | tail -1'

    async def run() -> None:
        work = world.work()
        begun = await bash.run(Bash(command=f"{sys.executable} serve.py", background=True), work)
        await background.read("bg1", 0.3, work)
        assert begun.text.endswith("[bg1 runs]")
        assert background.running() == 1
        for shell in (Shell(mode="plain"), Shell(mode="keep")):
            told = await bash.run(Bash(command=f"{reach}; echo x > made"), world.work(shell))
            assert told.text.startswith("reached\n")
        assert (world.root / "made").exists()
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", 7645), 3)
        await background.end_all()

    asyncio.run(run())
    assert not world.bash(reach).text.startswith("reached")


@pytest.mark.systems("linux")
@pytest.mark.parametrize(
    "way",
    [
        "umount -l .; echo x > {outside}/new",
        "unshare -Urm sh -c 'umount -l . ; mount --bind {outside} . ; echo x > new'",
        "mount --bind {outside} . ; echo x > new",
        "mount -o remount,rw / ; echo x > {outside}/new",
        "nsenter -t 1 -m -U sh -c 'echo x > {outside}/new'",
        "chroot /proc/1/root sh -c 'echo x > {outside}/new'",
        "cat /proc/1/environ && echo x > /proc/1/root{outside}/new",
        'python3 -c "import os; os.kill(1, 9)"; ln {outside}/file hard; echo x > hard',
        "mknod disk b 8 0; mknod null c 1 3; echo x > null",
    ],
)
def test_ways_out_lead_nowhere(world: Bench, way: str) -> None:
    if not world.has_namespaces:
        pytest.skip("needs user namespaces")
    outside = world.root.parent / "outside"
    outside.mkdir()
    (outside / "file").write_text("mine")
    world.bash(way.format(outside=outside))
    assert [each.name for each in outside.iterdir()] == ["file"]
    assert (outside / "file").read_text() == "mine"
    assert not (world.root / "disk").exists()


def test_an_environment_that_cannot_be_passed_on_is_passed_on_as_far_as_it_can(world: Bench) -> None:
    odd = {"A=B": "x", "C": "a\0b", "": "y", "D": "z", "PATH": os.environ["PATH"]}
    work = replace(world.work(), workspace=Workspace(directory=str(world.root), environment=odd))
    assert asyncio.run(bash.run(Bash(command='echo "$A$C$D"'), work)).text.startswith("z\n")


@pytest.mark.systems("linux")
def test_sockets_of_others_cannot_be_asked_for_help(world: Bench) -> None:
    if not world.has_namespaces:
        pytest.skip("needs user namespaces")
    with socket.socket(socket.AF_UNIX) as other, socket.socket(socket.AF_UNIX) as abstract:
        path = world.root.parent / "s"
        other.bind(str(path))
        other.listen()
        abstract.bind(f"\0{world.root}")
        abstract.listen()
        for address in (repr(str(path)), repr(f"\0{world.root}")):
            script = world.root / "connect.py"
            script.write_text(f"import socket; socket.socket(socket.AF_UNIX).connect({address}); print('reached')")
            for access in ("project", "network"):
                assert not world.bash(f"{sys.executable} connect.py", access=access).text.startswith("reached")


@pytest.mark.systems("linux")
def test_secrets_of_the_server_cannot_be_read(world: Bench) -> None:
    if not world.has_namespaces:
        pytest.skip("needs user namespaces")
    (world.outputs / "secret").write_text("token")
    shell = Shell(mode="plain", hidden=(world.outputs,))
    told = world.bash(f"cat {world.outputs}/secret; echo ok > $TMPDIR/x; cat $TMPDIR/x", shell)
    assert "token" not in told.text
    assert "ok\n[exit code 0]" in told.text
    assert (world.outputs / "secret").read_text() == "token"


@pytest.mark.systems("linux")
def test_processes_of_others_can_be_neither_seen_nor_ended(world: Bench) -> None:
    if not world.is_confined:
        pytest.skip("needs Landlock")
    told = world.bash(f"kill -9 {os.getpid()}; cat /proc/{os.getpid()}/environ | tr '\\0' '\\n' | grep -c PATH")
    assert "\n0\n" in f"\n{told.text}" or "No such" in told.text or "denied" in told.text


def test_what_goes_beyond_the_bounds_asks_even_where_nothing_else_does(world: Bench) -> None:
    work = world.work()
    assert [need.is_grave for need in bash.needs(Bash(command="ls"), work)] == [False]
    for access in ("network", "everything"):
        assert any(need.is_grave for need in bash.needs(Bash(command="ls", access=access), work))
    allowed = world.work(Shell(mode="plain", may_connect=True))
    assert not any(need.is_grave for need in bash.needs(Bash(command="ls", access="network"), allowed))


def test_everything_is_not_confined(world: Bench) -> None:
    outside = world.root.parent / "outside"
    world.bash(f"echo a > {outside}", access="everything")
    assert outside.read_text() == "a\n"
