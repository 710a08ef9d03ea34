"""install.sh killed at any step, told to end, and two of them at once."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.consumers import installing
from tests.consumers.installing import NEW, OLD, SHELLS, Home, Site
from tests.ending import ending

pytestmark = pytest.mark.consumer("dash", "bash", "zsh", "busybox", "mksh", "curl", "flock")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site with two versions of latest and one of dev."""
    with installing.site(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A new user."""
    return Home(folder=tmp_path)


# Counts the programs that the script starts, and ends the script by SIGKILL at one of them, before or after it.
TRAP = """\
#!/bin/sh
number=$(($(wc -l <"$COUNT") + 1))
echo "{name}" >>"$COUNT"
if [ "$number" = "$KILL_BEFORE" ]; then kill -9 "$PPID"; exit 1; fi
{program} "$@"
code=$?
if [ "$number" = "$KILL_AFTER" ]; then kill -9 "$PPID"; fi
exit $code
"""
# What changes something; the programs that only look are left alone.
STEPS = ("mkdir", "rm", "mv", "ln", "tar", "curl", "mkfifo", "mktemp", "flock")


def stand_ins(folder: Path, names: Iterable[str], script: str, path: str) -> str:
    """A PATH before which scripts of these names stand."""
    folder.mkdir()
    for name in names:
        program = shutil.which(name)
        assert program is not None
        (folder / name).write_text(script.format(name=name, program=program))
        (folder / name).chmod(0o755)
    return f"{folder}{os.pathsep}{path}"


def trapped(folder: Path) -> str:
    """A PATH whose programs count."""
    return stand_ins(folder, STEPS, TRAP, os.environ["PATH"])


def starts(home: Home, version: str) -> bool:
    """Whether the installed command is a working program of a version."""
    return (home.bin / "iterate").exists() and home.version() == version


def clone(home: Home, folder: Path, path: str = "") -> Home:
    """Another user with the same files."""
    shutil.copytree(home.folder, folder, symlinks=True)
    return Home(folder=folder, path=path or home.path)


@pytest.mark.parametrize("moment", ["KILL_BEFORE", "KILL_AFTER"])
def test_killed_at_any_step_the_old_or_the_new_version_works_and_the_next_run_finishes(
    site: Site, tmp_path: Path, moment: str
) -> None:
    old = Home(folder=tmp_path / "old")
    assert old.run(site.script(OLD)).code == 0
    path = trapped(tmp_path / "tools")
    count = tmp_path / "count"
    count.write_text("")
    assert clone(old, tmp_path / "whole", path).run(site.script(NEW), COUNT=str(count)).code == 0
    steps = count.read_text().split()
    assert {"tar", "mv", "ln", "curl"} <= set(steps)
    # The last steps remove what is left of the run; zsh and the others take their turns.
    for number in range(1, len(steps) + 1):
        shell = SHELLS[number % len(SHELLS)]
        count.write_text("")
        home = clone(old, tmp_path / f"{moment}{number}", path)
        killed = home.run(site.script(NEW), shell=shell, more={"COUNT": str(count), moment: str(number)})
        assert starts(home, OLD) or starts(home, NEW), (number, steps[number - 1], killed)
        again = Home(folder=home.folder).run(site.script(NEW), shell=shell)
        assert (again.code, again.err) == (0, ""), (number, steps[number - 1], shell)
        assert starts(home, NEW)
        assert [name for name in home.litter() if name != "lock.d" and not name.startswith("tmp.")] == []
        assert (home.folder / ".bashrc").read_text().count("iterate >>>") == 1
        shutil.rmtree(home.folder)


def test_killed_while_it_repairs_the_version_in_use_still_works(site: Site, tmp_path: Path) -> None:
    old = Home(folder=tmp_path / "old")
    assert old.run(site.script(OLD)).code == 0
    (old.hold / OLD / "iterate" / "iterate" / "library.so").write_text("damaged")
    path = trapped(tmp_path / "tools")
    count = tmp_path / "count"
    count.write_text("")
    assert clone(old, tmp_path / "whole", path).run(site.script(OLD), COUNT=str(count)).code == 0
    steps = count.read_text().split()
    for number in (number for number, step in enumerate(steps, 1) if step == "mv"):
        count.write_text("")
        home = clone(old, tmp_path / str(number), path)
        home.run(site.script(OLD), more={"COUNT": str(count), "KILL_AFTER": str(number)})
        assert starts(home, OLD), (number, steps[number - 1])
        assert Home(folder=home.folder).run(site.script(OLD)).code == 0
        assert (home.hold / OLD / "iterate" / "iterate" / "library.so").read_text() != "damaged"


def test_a_signal_ends_it_with_its_code_and_nothing_left(site: Site, home: Home, tmp_path: Path) -> None:
    for shell in SHELLS:
        command = [*shell.split(), str(site.script(NEW)), "--install-dir", str(tmp_path / shell.split()[0])]
        environment = home.environment(ITERATE_INSTALLER_PATIENCE="20")
        (tmp_path / "hung.sh").write_text(
            site.script(NEW).read_text().replace("    choose\n", "    choose\n    sleep 5\n", 1)
        )
        command[len(shell.split())] = str(tmp_path / "hung.sh")
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, start_new_session=True) as process:
            time.sleep(0.4)
            os.killpg(process.pid, signal.SIGTERM)
            assert process.wait(10) == 143, shell
        assert home.litter() == []


# --- locks ---------------------------------------------------------------------------------------------------


def without_flock(folder: Path) -> str:
    """A PATH without flock(1)."""
    folder.mkdir()
    for each in os.environ["PATH"].split(os.pathsep):
        for path in Path(each).iterdir() if Path(each).is_dir() else ():
            if path.name != "flock" and not (folder / path.name).is_symlink():
                (folder / path.name).symlink_to(path)
    return str(folder)


@pytest.mark.parametrize("shell", SHELLS)
def test_one_that_is_at_work_is_not_disturbed(site: Site, home: Home, shell: str) -> None:
    assert home.run(site.script(OLD)).code == 0
    with subprocess.Popen(["flock", "--no-fork", str(home.hold / "lock"), "sleep", "20"]) as holder:
        try:
            time.sleep(0.1)
            done = home.run(site.script(NEW), shell=shell)
            assert (done.code, home.version()) == (54, OLD)
        finally:
            holder.kill()
    with subprocess.Popen(["sleep", "20"]) as holder:
        try:
            (home.hold / "lock.d").mkdir()
            (home.hold / "lock.d" / "pid").write_text(f"{holder.pid}\n")
            done = home.run(site.script(NEW), shell=shell)
            assert (done.code, home.version()) == (54, OLD)
            assert str(holder.pid) in done.err
        finally:
            holder.kill()
    done = home.run(site.script(NEW), shell=shell)
    assert (done.code, done.err, home.version(), home.litter()) == (0, "", NEW, [])


def test_a_system_without_flock_has_the_folder(site: Site, home: Home, tmp_path: Path) -> None:
    other = Home(folder=home.folder, path=without_flock(tmp_path / "tools"))
    assert other.run(site.script(OLD)).code == 0
    (home.hold / "lock.d").mkdir()
    (home.hold / "lock.d" / "pid").write_text(f"{os.getpid()}\n")
    assert other.run(site.script(NEW)).code == 54
    os.utime(home.hold / "lock.d", (0, 0))
    assert other.run(site.script(NEW)).code == 0


# At one of the programs that the script starts, before or after it, another installation begins. It goes on to its end
# at once, or as far as its download, where it stays until this one has ended.
MEANWHILE = """\
#!/bin/sh
other() {{
    (
        PATH=$OTHER_PATH
        dash "$SCRIPT" 2>"$OTHER.err"
        echo $? >"$OTHER.new"
        mv "$OTHER.new" "$OTHER.code"
    ) >/dev/null 2>&1 9>&- &
    while [ ! -e "$OTHER.code" ] && [ ! -e "$OTHER.loads" ]; do sleep 0.02; done
}}
case "{name} $*" in flock* | *.local/bin*) ;; *) exec {program} "$@" ;; esac
number=$(($(wc -l <"$COUNT") + 1))
echo "{name}" >>"$COUNT"
if [ "$number" = "$OTHER_BEFORE" ]; then other; fi
{program} "$@"
code=$?
if [ "$number" = "$OTHER_AFTER" ]; then other; fi
exit $code
"""
STAYS = """\
#!/bin/sh
: >"$OTHER.loads"
while [ ! -e "$OTHER.go" ]; do sleep 0.02; done
exec {curl} "$@"
"""
LOOKS = ("readlink", "ls", "cat", "grep", "find", "flock", "mkdir", "rmdir", "mv")


def meeting(home: Home, site: Site, tools: str, moment: Mapping[str, str], plain: str) -> tuple[list[int], list[str]]:
    """Two installations of a user, of which the second begins at a moment of the first; their codes, and the steps."""
    home.folder.mkdir(exist_ok=True)
    count, other = home.folder / "count", home.folder / "other"
    count.write_text("")
    more = {"COUNT": str(count), "OTHER": str(other), "SCRIPT": str(site.script(NEW)), "OTHER_PATH": plain, **moment}
    try:
        first = Home(folder=home.folder, path=tools).run(site.script(NEW), more=more)
    finally:
        (home.folder / "other.go").touch()
    codes = [first.code]
    if moment:
        code = home.folder / "other.code"
        deadline = time.monotonic() + 20
        while not code.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        codes.append(int(code.read_text()))
        assert codes in ([0, 0], [0, 54], [54, 0]), (moment, first, (home.folder / "other.err").read_text())
    return codes, count.read_text().split()


@pytest.mark.parametrize(
    ("begins", "flock", "stays"),
    [("nothing", True, True), ("empty", True, False), ("nothing", False, False), ("dead", False, True)],
)
def test_another_that_begins_at_any_step_finds_the_lock_or_is_found(
    site: Site, tmp_path: Path, *, begins: str, flock: bool, stays: bool
) -> None:
    plain = os.environ["PATH"] if flock else without_flock(tmp_path / "plain")
    tools = stand_ins(tmp_path / "tools", LOOKS if flock else tuple(set(LOOKS) - {"flock"}), MEANWHILE, plain)
    slow = tmp_path / "slow"
    slow.mkdir()
    (slow / "curl").write_text(STAYS.format(curl=shutil.which("curl")))
    (slow / "curl").chmod(0o755)
    with subprocess.Popen(["true"]) as dead:
        pass

    def user(name: str) -> Home:
        home = Home(folder=tmp_path / name)
        if begins != "nothing":
            home.hold.mkdir(parents=True)
        if begins == "dead":
            (home.hold / "lock").touch()
            (home.hold / "lock.d").mkdir()
            (home.hold / "lock.d" / "pid").write_text(f"{dead.pid}\n")
        return home

    steps = meeting(user("alone"), site, tools, {}, plain)[1]
    # As far as the lock is held and this one's own folder made; afterwards the other one finds it held.
    looks = len(steps) - steps[::-1].index("mkdir")
    assert looks > 4, steps
    for moment in ("OTHER_BEFORE", "OTHER_AFTER"):
        for number in range(1, looks + 1):
            home = user(f"{moment}{number}")
            way = f"{slow}{os.pathsep}{plain}" if stays else plain
            meeting(home, site, tools, {moment: str(number)}, way)
            assert (home.version(), home.litter()) == (NEW, []), (moment, number, steps[number - 1])
            shutil.rmtree(home.folder)


def test_of_two_at_once_at_least_one_installs_and_none_harms_the_other(site: Site, tmp_path: Path) -> None:
    for shell in SHELLS:
        home = Home(folder=tmp_path / shell.split()[0])
        command = [*shell.split(), str(site.script(NEW))]
        with ExitStack() as running:
            both = [
                running.enter_context(
                    ending(
                        subprocess.Popen(
                            command, env=home.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
                        )
                    )
                )
                for _ in range(2)
            ]
            said = [process.communicate(timeout=20)[1] for process in both]
        codes = sorted(process.returncode for process in both)
        assert codes in ([0, 0], [0, 54]), (shell, said)
        assert (home.version(), home.litter()) == (NEW, [])
