"""The first moments of a compiled program: nothing of the environment bends it, and Ctrl-C ends it in silence.

Both programs are asked: ours, and another project's that prints whatever the environment could change.
"""

import os
import random
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.consumers.conftest import IN_BARE_ROOT, Compiled, bare_root, in_home, unpacked
from tests.ending import ending

from release.compile import elf

pytestmark = [pytest.mark.native, pytest.mark.consumer("gcc")]

# docs.python.org/3/using/cmdline.html#environment-variables of 3.13 and 3.14, and two of the library's own pages.
VARIABLES = [
    "HOME", "PATH", "SAFEPATH", "PLATLIBDIR", "STARTUP", "OPTIMIZE", "BREAKPOINT", "DEBUG", "INSPECT",
    "UNBUFFERED", "VERBOSE", "CASEOK", "DONTWRITEBYTECODE", "PYCACHEPREFIX", "HASHSEED", "INTMAXSTRDIGITS",
    "IOENCODING", "NOUSERSITE", "USERBASE", "EXECUTABLE", "WARNINGS", "FAULTHANDLER", "TRACEMALLOC",
    "PROFILEIMPORTTIME", "ASYNCIODEBUG", "MALLOC", "MALLOCSTATS", "LEGACYWINDOWSFSENCODING", "LEGACYWINDOWSSTDIO",
    "COERCECLOCALE", "DEVMODE", "UTF8", "WARNDEFAULTENCODING", "NODEBUGRANGES", "PERFSUPPORT", "_PERF_JIT_SUPPORT",
    "_DISABLE_REMOTE_DEBUG", "_CPU_COUNT", "_FROZEN_MODULES", "_COLORS", "_BASIC_REPL", "_HISTORY", "_GIL",
    "_THREAD_INHERIT_CONTEXT", "_CONTEXT_AWARE_WARNINGS", "_JIT", "_TLBC", "DUMPREFS", "DUMPREFSFILE", "_PRESITE",
    "TZPATH", "DOCS",
]  # fmt: skip
VALUES = {
    "MALLOC": "debug", "WARNINGS": "error", "HASHSEED": "0", "IOENCODING": "cp1252", "PLATLIBDIR": "nowhere",
    "INTMAXSTRDIGITS": "700", "COERCECLOCALE": "warn", "BREAKPOINT": "os.abort", "_GIL": "0", "TZPATH": "/nowhere",
    "USERBASE": "/nowhere", "UTF8": "0", "EXECUTABLE": "/bin/sh", "_FROZEN_MODULES": "on",
}  # fmt: skip
BARE = {"PATH": os.defpath, "HOME": "/nonexistent"}
INTERRUPTED = {130, -signal.SIGINT}  # The second before its first instruction; a shell says 130 to both.


@pytest.fixture(scope="module")
def ours(program: Path) -> Path:
    """Our program; the name says whose it is."""
    return program


@pytest.fixture(scope="module")
def theirs(otter: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The other project's program, unpacked."""
    return unpacked(otter, tmp_path_factory.mktemp("theirs"))


def run(*words: str | Path, env: Mapping[str, str | bytes] | None = None) -> tuple[int, bytes, bytes]:
    """Run a program with little or a given environment; its code, output and errors."""
    there = env or BARE
    done = subprocess.run(words, env=there, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=60)
    return done.returncode, done.stdout, done.stderr


# --- variables -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [f"PYTHON{name}" for name in VARIABLES])
def test_no_variable_of_cpython_changes_a_program(name: str, ours: Path, theirs: Path) -> None:
    version, state = run(ours, "--version"), run(theirs, "state")
    assert (version[0], version[2], state[0], state[2]) == (0, b"", 0, b"")
    values: set[str | bytes] = {VALUES.get(name.removeprefix("PYTHON"), "1"), "1", "0", "no such thing", b"\xff"}
    for value in values:
        assert run(ours, "--version", env={**BARE, name: value}) == version, value
        assert run(theirs, "state", env={**BARE, name: value}) == state, value


@pytest.mark.parametrize("name", ["PYTHONPATH", "PYTHONHOME", "PYTHONWARNINGS", "PYTHONDEVMODE", "PATH"])
@pytest.mark.parametrize("value", [b"/usr/bin:/bin", b"/usr/bin:\xff\xfe", "/usr/bin:/bin/ü".encode()])
def test_programs_that_it_starts_still_get_them(name: str, value: bytes, theirs: Path) -> None:
    code, out, errors = run(theirs, "environment", name, env={**BARE, name: value})
    assert (code, errors) == (0, b"")
    assert out.decode().split() == [value.hex(), value.hex(), "[]"]


@pytest.mark.parametrize(
    "locale", ["C", "POSIX", "xx_YY", "xx_YY.UTF-8", "de_DE.ISO-8859-1", "de_DE@euro", "\udcff", ""]
)
def test_text_goes_out_in_any_locale_installed_or_not(locale: str, ours: Path, theirs: Path) -> None:
    words = ("héllo", "日本", "\udcff")
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        assert run(theirs, "say", *words, env={**BARE, name: locale}) == (0, "héllo 日本 ".encode() + b"\xff\n", b"")
        assert run(ours, "--version", env={**BARE, name: locale})[0] == 0


def test_text_goes_out_in_a_locale_that_is_no_utf8(theirs: Path, tmp_path: Path) -> None:
    if shutil.which("localedef") is None or not Path("/usr/share/i18n/charmaps").is_dir():
        pytest.skip("needs localedef and the sources of locales")
    for locale, charmap in (("de_DE", "ISO-8859-1"), ("ja_JP", "EUC-JP")):
        words = ["localedef", "-i", locale, "-f", charmap, str(tmp_path / f"{locale}.{charmap}")]
        subprocess.run(words, check=True, capture_output=True)
        found = run(theirs, "say", "é 日", env={**BARE, "LC_ALL": f"{locale}.{charmap}", "LOCPATH": str(tmp_path)})
        assert found == (0, "é 日\n".encode(), b"")


# --- what a process may lack -----------------------------------------------------------------------------


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&-", "<&- 2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_descriptors_end_in_no_crash(closed: str, ours: Path, theirs: Path, tmp_path: Path) -> None:
    """What our own program says then is asked in test_native_program.py; another one may say it its own way."""
    for program, words in ((ours, "--help"), (ours, "--version"), (theirs, "look"), (theirs, f"say {'x' * 100_000}")):
        shell = f"'{program}' {words} 2>errors {closed}; echo $? >code"
        subprocess.run(["/bin/sh", "-c", shell], cwd=tmp_path, check=True, capture_output=True, timeout=60)
        code, errors = int((tmp_path / "code").read_text()), (tmp_path / "errors").read_bytes()
        assert code < 128, errors
        assert program is theirs or b"Traceback" not in errors
        assert ">&-" in closed.replace("2>&-", "") or (code, errors) == (0, b"")


@pytest.mark.parametrize("kilobytes", [64, 96, 128, 256, 1024, 4095])
def test_a_small_stack_is_enough(kilobytes: int, ours: Path, theirs: Path, tmp_path: Path) -> None:
    env = in_home(tmp_path)
    limited = ["/bin/sh", "-c", f'ulimit -s {kilobytes} && exec "$0" "$@"']
    assert run(*limited, theirs, "look") == run(theirs, "look")
    assert run(*limited, ours, "--help", env=env)[0] == 0
    try:
        assert run(*limited, ours, "run", "hello", env=env)[:2] == (0, b"hello\n")
    finally:
        assert run(*limited, ours, "server", "stop", env=env)[0] == 0


def test_an_interrupt_reaches_a_program_on_a_stack_of_its_own(theirs: Path) -> None:
    with ending(
        subprocess.Popen(
            ["/bin/sh", "-c", 'ulimit -s 64 && exec "$0" "$@"', theirs, "wait", "sleeping"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGINT)
        assert (process.communicate(timeout=30), process.returncode) == ((b"", b""), 130)


@pytest.mark.consumer("unshare")
def test_it_starts_without_proc(ours: Path, theirs: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(theirs)
    for program, words, out in (
        (str(theirs), "say hi", b"hi\n"),
        (str(link), "say hi", b"hi\n"),
        (f"./{theirs.name}", "say hi", b"hi\n"),
        (str(ours), "--help", run(ours, "--help")[1]),
    ):
        hidden = f"mount -t tmpfs none /proc && cd '{theirs.parent}' && '{program}' {words}"
        done = subprocess.run(["unshare", "-r", "-m", "sh", "-c", hidden], capture_output=True, check=False, timeout=60)
        if done.returncode != 0 and b"unshare" in done.stderr:
            pytest.skip("this machine lets nobody have a namespace of their own")
        assert (done.returncode, done.stdout, done.stderr) == (0, out, b"")


# --- interrupts ------------------------------------------------------------------------------------------


def struck(words: list[str | Path], after: float, env: dict[str, str]) -> tuple[int, bytes, bytes]:
    """Run a program and interrupt it after some seconds."""
    with ending(
        subprocess.Popen(words, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    ) as process:
        time.sleep(after)
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=60)
        return process.returncode, out, errors


@pytest.mark.parametrize(
    "words", ["--version", "--help", "version --json", "completion bash", "run hello", "serve --port 0"]
)
def test_an_interrupt_at_any_moment_ends_in_130_and_silence(words: str, ours: Path, tmp_path: Path) -> None:
    env, chance, serving = in_home(tmp_path), random.Random(words), words.startswith("serve")
    subprocess.run([ours, "run", "hello"], env=env, check=True, capture_output=True, timeout=60)
    whole = b"" if serving else run(ours, *words.split(), env=env)[1]
    if serving:
        subprocess.run([ours, "server", "stop"], env=env, check=True, capture_output=True, timeout=60)
    begin = time.monotonic()
    run(ours, *("--help" if serving else words).split(), env=env)
    length = (time.monotonic() - begin) * 1.2
    try:
        for _ in range(120):
            code, out, errors = struck([ours, *words.split()], chance.random() * length, env)
            assert errors == b""
            # What had ended before it was interrupted has printed all; a server that was up ends orderly.
            assert code in INTERRUPTED or (code == 0 and (serving or out == whole)), (code, out)
    finally:
        subprocess.run([ours, "server", "stop"], env=env, check=True, capture_output=True, timeout=60)


def test_an_interrupt_of_another_project_s_program_never_crashes_it(theirs: Path, tmp_path: Path) -> None:
    env, chance = in_home(tmp_path), random.Random(7)
    whole = run(theirs, "look")[1]
    caught = whole.removesuffix(b"typer me True\n")
    assert caught != whole
    begin = time.monotonic()
    run(theirs, "look")
    length = (time.monotonic() - begin) * 1.1
    for _ in range(120):
        code, out, errors = struck([theirs, "look"], chance.random() * length, env)
        assert errors == b"" or b"Exception ignored in" in errors, errors  # Half a library may complain.
        # Its last step is a Typer application inside of another program: Typer catches an interrupt there and comes
        # back, under Python too, so that only the one line of that step is missing.
        assert code in INTERRUPTED or (code, out) in {(0, whole), (0, caught)}, (code, errors)


@pytest.mark.parametrize("how", ["sleeping", "looping", "threads", "loop"])
def test_an_interrupt_that_nobody_catches_is_silent(how: str, theirs: Path) -> None:
    with ending(subprocess.Popen([theirs, "wait", how], stdout=subprocess.PIPE, stderr=subprocess.PIPE)) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        assert (process.communicate(timeout=20), process.returncode) == ((b"", b""), 130)


def test_a_program_may_still_catch_an_interrupt(theirs: Path) -> None:
    with ending(
        subprocess.Popen([theirs, "wait", "caught"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        assert (process.communicate(timeout=20), process.returncode) == ((b"caught\n", b""), 0)


def test_a_program_started_with_interrupts_ignored_goes_on(ours: Path, theirs: Path) -> None:
    for program in (ours, theirs):
        ignoring = 'trap "" INT; "$0" --version & sleep 0.01; kill -INT $! 2>/dev/null; wait $!'
        assert run("/bin/sh", "-c", ignoring, program) == (0, run(program, "--version")[1], b"")


# --- what is packed --------------------------------------------------------------------------------------


def test_every_file_has_full_relro_and_needs_no_more_than_the_promised_glibc(compiled: Compiled, program: Path) -> None:
    files = elf.files(program.parent)
    assert len(files) > 20
    assert [path.name for path in files if not elf.is_hardened(path)] == []
    promised = re.search(r'^glibc = "(.*)"', (compiled.folder / "release.toml").read_text(), re.MULTILINE)
    assert promised
    record = compiled.record(compiled.newer)
    above = [str(binding) for binding in elf.above(program.parent, elf.version(f"GLIBC_{promised[1]}"))]
    assert record["above"] == above
    assert not [text for text in above if text.startswith("hypot@")]


def test_nothing_but_glibc_is_asked_of_the_system_and_by_two_libraries_that_of_the_compiler(
    compiled: Compiled, program: Path
) -> None:
    asked = elf.libraries(program.parent)
    assert compiled.record(compiled.newer)["libraries"] == list(asked)
    parts_of_glibc = r"(ld-linux-x86-64|libc|libm|libdl|libpthread|librt|libutil|libresolv)\.so\.\d"
    assert [name for name in asked if not re.fullmatch(parts_of_glibc, name)] == ["libgcc_s.so.1"]
    # PEP 599 and 600 take it for part of every system with glibc. What asks for it is loaded when it is used.
    asking = [path.parent.name for path in elf.files(program.parent) if "libgcc_s.so.1" in elf.needed(path)]
    assert asking == ["pydantic_core", "watchfiles"]
    assert {"libz.so.1", "libbz2.so.1.0", "liblzma.so.5", "libuuid.so.1"} <= {
        path.name for path in elf.files(program.parent)
    }


def test_it_answers_in_a_root_with_nothing_but_the_libraries_it_asks_for(program: Path, tmp_path: Path) -> None:
    """No /proc, no locale, no loader cache; only what the release data lists, and /dev/null."""
    inside = bare_root(program, tmp_path)
    try:
        assert run(*inside, "run", "hello", env=IN_BARE_ROOT) == (0, b"hello\n", b"")
    finally:
        assert run(*inside, "server", "stop", env=IN_BARE_ROOT)[0] == 0


def test_the_licences_of_what_is_inside_lie_beside_the_program(compiled: Compiled, program: Path) -> None:
    licenses = program.parent.parent / "licenses"
    assert {"python", "nuitka", "click", "msgspec"} <= {path.name for path in licenses.iterdir()}
    missing = compiled.record(compiled.newer)["unlicensed"]
    assert isinstance(missing, list)
    for path in elf.files(program.parent):
        if path.name.startswith("lib"):
            assert (licenses / path.name).is_dir() or path.name in missing
