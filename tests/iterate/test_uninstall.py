"""`iterate uninstall`: what is found, in which order it goes, what stays, and that a second run finishes the first."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from iterate import settings
from iterate.errors import ManagerMissing, NotReplaceable, OwnerUnknown, RemovalFailed, UpgradeRunning
from iterate.install import removal as owners
from iterate.install import uninstall
from iterate.install.copy import Copy
from iterate.install.methods import Method
from iterate.install.outlook import User
from iterate.install.programs import Place
from iterate.install.removal import Around, Words
from iterate.install.ways import Machine
from iterate.settings import Settings
from iterate.waiting import Voice, quietly

pytestmark = pytest.mark.systems("linux", "darwin")

VOICE = Voice(quietly)
BLOCK = '# >>> iterate >>>\nexport PATH="$HOME"\'/.local/bin\':"$PATH"\n# <<< iterate <<<\n'


def a_home(folder: Path) -> Settings:
    """A home in which iterate was used."""
    here = settings.read({"HOME": str(folder / "home")})
    assert here.config is not None
    for file in (
        here.data / "iterate.db",
        here.state / "server.log",
        here.config,
        folder / "home" / ".local" / "state" / "iterate-updates" / f"{'0a' * 16}.json",
    ):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x")
    return here


def a_copy(method: Method, program: Path | None = None, package: str = "iterate", **more: Path) -> Copy:
    return Copy(method, package, "latest", "latest", "1.2.0", program, **more)  # type: ignore[arg-type]


def installed(home: Path, *versions: str) -> Copy:
    """A copy as the installer lays it out; the last version is the one that runs."""
    folder = home / ".local" / "bin"
    for version in versions:
        inner = folder / ".iterate" / version / "iterate" / "iterate"
        inner.mkdir(parents=True)
        (inner / "iterate").write_text("program")
        (inner / "install-receipt.json").write_text("{}")
        (folder / ".iterate" / version / "sums").write_text("sums")
        # What is removed before the program, and what after it, whatever the order of the file system.
        for name in ("a", "z"):
            (inner / name).mkdir()
            (inner / name / "file").write_text(name)
    (folder / "iterate").symlink_to(f".iterate/{versions[-1]}/iterate/iterate/iterate")
    (folder / ".iterate" / "previous").symlink_to(versions[0])
    (folder / ".iterate" / "lock").write_text("")
    (home / ".profile").write_text("a\n" + BLOCK)
    return a_copy(Method.SELF, (folder / "iterate").resolve())


def done(here: Settings, copy: Copy, *, purge: bool = False, run: Callable[[Words], int] | None = None) -> list[str]:
    """What is left after a removal."""
    found = uninstall.plan(here, copy, (("owner", "rm"),) if run else (), purge=purge)
    return list(uninstall.remove(here, found, run or (lambda _: 1), VOICE))


def lies(home: Path) -> set[str]:
    return {path.relative_to(home).as_posix() for path in home.rglob("*") if not path.is_dir()}


def test_our_own_copy_goes_and_sessions_and_settings_stay_and_are_named(tmp_path: Path) -> None:
    here = a_home(tmp_path)
    before = lies(here.home)
    left = done(here, installed(here.home, "1.1.0", "1.2.0"))
    assert lies(here.home) - before == {".profile"}
    assert before - lies(here.home) == set()
    assert (here.home / ".profile").read_text() == "a\n"
    assert not (here.home / ".local" / "bin" / ".iterate").exists()
    assert {each.partition(":")[0] for each in left} >= {str(here.data), str(here.state)}


def test_purge_takes_all_that_is_ours(tmp_path: Path) -> None:
    here = a_home(tmp_path)
    (here.data / "notes.txt").write_text("mine")
    left = done(here, installed(here.home, "1.2.0"), purge=True)
    assert lies(here.home) == {".profile", ".local/share/iterate-source/notes.txt"}
    assert [each for each in left if "another copy" not in each] == [f"{here.data / 'notes.txt'}: not ours, or a link"]


def test_folders_that_are_one_and_the_same_hold_nothing_foreign(tmp_path: Path) -> None:
    names = ("XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")
    here = settings.read({"HOME": str(tmp_path)} | {name: str(tmp_path / "all") for name in names})
    here.state.mkdir(parents=True)
    for name in ("iterate.db", "server.log", "notes.txt"):
        (here.state / name).write_text("x")
    found = uninstall.plan(here, a_copy(Method.SOURCE), (), purge=True)
    mine = {str(here.state / "notes.txt")}
    assert {str(path) for each in found.belongings for path in each.found.strangers} == mine
    assert {each.partition(":")[0] for each in uninstall.remove(here, found, lambda _: 1, VOICE)} == mine
    assert [path.name for path in here.state.iterdir()] == ["notes.txt"]


def test_a_folder_called_previous_that_is_no_link_of_ours_stays(tmp_path: Path) -> None:
    here = a_home(tmp_path)
    copy = installed(here.home, "1.2.0")
    previous = here.home / ".local" / "bin" / ".iterate" / "previous"
    previous.unlink()
    previous.mkdir()
    (previous / "mine").touch()
    done(here, copy)
    assert (previous / "mine").exists()


def test_a_copy_that_only_its_receipt_gives_to_an_owner_is_told_as_such(tmp_path: Path) -> None:
    here = a_home(tmp_path)
    copied = uninstall.plan(here, a_copy(Method.DEB), (("owner", "rm"),), purge=False)
    assert "only the receipt says that deb installed this copy" in copied.notes[0]
    listed = a_copy(Method.DEB, command=Path("/usr/bin/iterate"))
    assert uninstall.plan(here, listed, (("owner", "rm"),), purge=False).notes == ()


def test_purge_of_one_channel_leaves_what_another_one_uses_too(tmp_path: Path) -> None:
    here = a_home(tmp_path)
    other = here.data.with_name("iterate-dev")
    other.mkdir()
    found = uninstall.plan(here, installed(here.home, "1.2.0"), (), purge=True)
    assert {each.what: (each.goes, each.why) for each in found.belongings} == {
        "sessions": (True, ""),
        "state and log of the server": (True, ""),
        "settings": (False, "iterate-dev uses it too"),
        "what is known of the signed site": (False, "iterate-dev uses it too"),
    }


def test_to_look_changes_nothing(tmp_path: Path) -> None:
    here = a_home(tmp_path)
    copy = installed(here.home, "1.1.0", "1.2.0")
    before = {path: path.lstat().st_mtime_ns for path in here.home.rglob("*")}
    found = uninstall.plan(here, copy, (), purge=True)
    assert found.size == 2 * len("program{}sumsaz")
    assert {path: path.lstat().st_mtime_ns for path in here.home.rglob("*")} == before


def test_a_command_of_that_name_that_is_not_ours_stays(tmp_path: Path) -> None:
    here = a_home(tmp_path)
    copy = installed(here.home, "1.2.0")
    found = uninstall.plan(here, copy, (), purge=False)
    link = here.home / ".local" / "bin" / "iterate"
    link.unlink()
    link.write_text("somebody's own program")
    uninstall.remove(here, found, lambda _: 1, VOICE)
    assert link.read_text() == "somebody's own program"
    assert copy.program is not None
    assert not copy.program.exists()


def test_what_lies_in_our_folder_and_is_not_ours_stays_and_is_said(tmp_path: Path) -> None:
    here = a_home(tmp_path)
    copy = installed(here.home, "1.2.0")
    mine = here.home / ".local" / "bin" / ".iterate" / "mine"
    mine.mkdir()
    (mine / "file").write_text("x")
    assert any(".iterate: delete this folder" in each for each in done(here, copy))
    assert [path.name for path in mine.parent.iterdir()] == ["mine"]


def test_who_was_stopped_after_any_step_finishes_with_a_second_run(tmp_path: Path) -> None:
    for number in range(1, 80):
        here = a_home(tmp_path / str(number))
        copy = installed(here.home, "1.0.0", "1.1.0", "1.2.0")
        if not _stopped_at(number, here, copy):
            assert number > 5
            return
        if (here.home / ".local" / "bin" / "iterate").exists():
            done(here, copy, purge=True)
            assert lies(here.home) == {".profile"}
        else:
            # The command is gone: what may be left is the folder of the version that ran.
            assert lies(here.home) <= {".profile", *(each for each in lies(here.home) if "/.iterate/" in each)}
    raise AssertionError("it takes more steps than this test counts")


def _stopped_at(number: int, here: Settings, copy: Copy) -> bool:
    """Remove in another process, which is killed at that change of a file or folder; whether it was."""
    pid = os.fork()
    if pid == 0:
        import sys

        counted = 0

        def watch(event: str, _arguments: tuple[object, ...]) -> None:
            nonlocal counted
            if event in {"os.remove", "os.rmdir", "os.rename"}:
                counted += 1
                if counted == number:
                    os._exit(9)

        sys.addaudithook(watch)
        done(here, copy, purge=True)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 9


def test_another_installation_at_work_is_not_disturbed(tmp_path: Path) -> None:
    here = a_home(tmp_path)
    copy = installed(here.home, "1.2.0")
    assert copy.program is not None
    (copy.program.parents[2] / "x").touch()
    locked = here.home / ".local" / "bin" / ".iterate" / "lock.d"
    locked.mkdir()
    (locked / "pid").write_text(str(os.getppid()))
    with pytest.raises(UpgradeRunning):
        done(here, copy)
    assert copy.program.exists()


def test_the_owner_is_run_last_and_believed_only_when_the_program_is_gone(tmp_path: Path) -> None:
    here = a_home(tmp_path)
    program = tmp_path / "cellar" / "iterate"
    program.parent.mkdir()
    program.write_text("x")
    ran: list[Words] = []

    def owner(words: Words) -> int:
        assert not here.data.exists(), "what may be lost by being stopped comes first"
        ran.append(words)
        program.unlink()
        return 0

    done(here, a_copy(Method.BREW, program), purge=True, run=owner)
    assert ran == [("owner", "rm")]
    program.write_text("x")
    with pytest.raises(RemovalFailed, match="left"):
        done(here, a_copy(Method.BREW, program), run=lambda _: 0)
    with pytest.raises(RemovalFailed, match="exit code 7"):
        done(here, a_copy(Method.BREW, program), run=lambda _: 7)


@pytest.mark.parametrize(
    ("method", "said"),
    [(Method.SOURCE, "checkout"), (Method.ARCHIVE, "unpacked by hand"), (Method.DOCKER, "docker rmi")],
)
def test_what_no_program_owns_is_left_to_the_person(tmp_path: Path, method: Method, said: str) -> None:
    here = a_home(tmp_path)
    found = uninstall.plan(here, a_copy(method, tmp_path / "x" / "iterate"), (), purge=False)
    assert found.is_empty
    assert said in found.notes[0]
    assert not uninstall.plan(here, a_copy(method), (), purge=True).is_empty


def test_an_unknown_owner_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(OwnerUnknown):
        uninstall.plan(a_home(tmp_path), a_copy(Method.UNKNOWN), (), purge=True)


def test_a_second_time_there_is_nothing_to_purge(tmp_path: Path) -> None:
    here = a_home(tmp_path)
    done(here, a_copy(Method.ARCHIVE), purge=True)
    assert uninstall.plan(here, a_copy(Method.ARCHIVE), (), purge=True).is_empty


class Tools(NamedTuple):
    """A PATH with programs of these names that do nothing."""

    folder: Path

    def around(self, *programs: str, number: int = 1000, may_write: bool = True) -> Around:
        bin_ = self.folder / "bin"
        bin_.mkdir(exist_ok=True)
        for name in programs:
            (bin_ / name).write_text("#!/bin/sh\n")
            (bin_ / name).chmod(0o755)
        place = Place(self.folder, path=str(bin_))
        return Around(place, User(number, lambda _: may_write), Machine(helper="paru" if "paru" in programs else ""))


@pytest.fixture
def tools(tmp_path: Path) -> Tools:
    return Tools(tmp_path)


@pytest.mark.parametrize(
    ("method", "package", "line"),
    [
        (Method.BREW, "acme/tap/iterate", "brew uninstall acme/tap/iterate"),
        (Method.SCOOP, "acme/iterate-dev", "scoop uninstall iterate-dev"),
        (Method.NPM, "iterate", "npm uninstall --global iterate"),
        (Method.PNPM, "@acme/iterate", "pnpm remove --global @acme/iterate"),
        (Method.YARN, "iterate", "yarn global remove iterate"),
        (Method.BUN, "iterate", "bun remove --global iterate"),
        (Method.MISE, "npm:iterate", "mise unuse --global npm:iterate"),
        (Method.WINGET, "Acme.Iterate", "winget uninstall --exact --id Acme.Iterate"),
        (Method.AUR, "iterate-bin", "sudo pacman -R --noconfirm iterate-bin"),
        (Method.DEB, "iterate", "sudo apt-get remove -y iterate"),
        (Method.RPM, "iterate", "sudo dnf remove -y iterate"),
    ],
)
def test_each_owner_removes_with_a_line_of_its_own_and_asks_nobody_again(
    tools: Tools, method: Method, package: str, line: str
) -> None:
    tool = line.removeprefix("sudo ").split()[0]
    assert owners.commands(a_copy(method, package=package), tools.around(tool, "sudo")) == (tuple(line.split()),)


def test_every_owner_has_a_line_or_is_none_that_a_program_can_ask(tools: Tools) -> None:
    without = {Method.SELF, Method.SOURCE, Method.ARCHIVE, Method.DOCKER, Method.UNKNOWN}
    managers = ("brew", "scoop", "npm", "pnpm", "yarn", "bun", "mise", "winget", "sudo", "apt-get", "dnf")
    for method in Method:
        assert bool(owners.commands(a_copy(method), tools.around(*managers))) is (method not in without), method


def test_a_helper_of_the_aur_needs_no_sudo(tools: Tools) -> None:
    found = owners.commands(a_copy(Method.AUR, package="iterate-bin"), tools.around("paru"))
    assert found == (("paru", "-R", "--noconfirm", "iterate-bin"),)


def test_root_needs_no_sudo_and_without_sudo_the_line_is_told(tools: Tools) -> None:
    deb = a_copy(Method.DEB)
    with pytest.raises(NotReplaceable) as caught:
        owners.commands(deb, tools.around("apt-get"))
    assert caught.value.hint == "as root: apt-get remove -y iterate"
    assert owners.commands(deb, tools.around("apt-get", number=0)) == (("apt-get", "remove", "-y", "iterate"),)
    assert owners.commands(deb, tools.around("apt-get", "doas"))[0][0] == "doas"


def test_an_owner_that_is_not_there_is_a_named_failure_and_a_cousin_does_as_well(tools: Tools) -> None:
    with pytest.raises(ManagerMissing, match="brew"):
        owners.commands(a_copy(Method.BREW), tools.around("npm"))
    assert owners.commands(a_copy(Method.RPM), tools.around("zypper", number=0))[0][0] == "zypper"


def test_an_owner_that_is_not_on_path_is_named_in_full(tools: Tools, tmp_path: Path) -> None:
    around = tools.around("brew")
    off = around._replace(place=Place(tmp_path, path=str(tmp_path / "nothing")))
    copy = a_copy(Method.BREW, command=tmp_path / "bin" / "iterate")
    assert owners.commands(copy, off) == ((str(tmp_path / "bin" / "brew"), "uninstall", "iterate"),)
    assert owners.commands(copy, around)[0][0] == "brew"


def test_a_folder_of_somebody_else_is_said_before_anything_is_tried(tools: Tools, tmp_path: Path) -> None:
    with pytest.raises(NotReplaceable, match="may not be changed"):
        owners.commands(a_copy(Method.NPM, folder=tmp_path), tools.around("npm", may_write=False))


def test_a_dependency_of_a_project_is_removed_there_by_its_person(tools: Tools, tmp_path: Path) -> None:
    copy = a_copy(Method.NPM, tmp_path / "iterate", project=tmp_path)
    assert owners.commands(copy, tools.around("npm")) == ()
    assert str(tmp_path) in uninstall.plan(a_home(tmp_path), copy, (), purge=False).notes[0]


def test_a_service_that_would_start_the_server_again_ends_first(tools: Tools, tmp_path: Path) -> None:
    copy = a_copy(Method.BREW, package="acme/tap/iterate")
    agents = tmp_path / "Library" / "LaunchAgents"
    agents.mkdir(parents=True)
    (agents / "homebrew.mxcl.iterate.plist").write_text("")
    assert owners.commands(copy, tools.around("brew"))[0] == ("brew", "services", "stop", "acme/tap/iterate")
    wants = tmp_path / ".config" / "systemd" / "user" / "default.target.wants"
    wants.mkdir(parents=True)
    (wants / "iterate.service").symlink_to("/nowhere/iterate.service")
    lines = owners.commands(a_copy(Method.DEB), tools.around("apt-get", "sudo"))
    assert [line[0] for line in lines] == ["systemctl", "sudo"]


def test_an_owner_that_cannot_be_started_is_a_named_failure(tmp_path: Path) -> None:
    def gone(_: Words) -> int:
        raise FileNotFoundError(2, "No such file or directory")

    with pytest.raises(RemovalFailed, match="cannot be started"):
        done(a_home(tmp_path), a_copy(Method.BREW, tmp_path / "none"), run=gone)
