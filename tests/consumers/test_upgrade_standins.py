"""`iterate upgrade` of copies of Homebrew and Scoop, before stand-ins that take words, speak and exit as those do."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.consumers import launcher
from tests.consumers.worlds import DEV, NEW, OLD, World, world
from tests.iterate import signed

from iterate.errors import ManagerMissing, NotReplaceable, UpgradeFailed, UpgradeThere, VersionUnknown

pytestmark = [pytest.mark.processes, pytest.mark.systems("linux")]


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


def test_the_programs_of_packages_look_at_sites_when_those_were_signed() -> None:
    assert launcher.NOW == signed.NOW


# --- Homebrew ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Brew:
    """A prefix with the stand-in, and iterate in it."""

    here: World
    prefix: Path

    def formula(self, version: str, stream: str = "latest", folder: str = "remote") -> None:
        """Let the tap have a version of a channel; at its origin, until brew updates it."""
        name = "iterate" if stream == "latest" else f"iterate-{stream}"
        file = self.prefix / folder / "acme/tap" / f"{name}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        files = self.here.payload("brew", version, stream)
        file.write_text(json.dumps({"version": version, "files": str(files)}))

    @property
    def log(self) -> list[str]:
        return (self.prefix / "log").read_text().splitlines()

    def kegs(self) -> set[str]:
        return {f"{each.parent.name} {each.name}" for each in self.prefix.glob("Cellar/*/*")}


@pytest.fixture
def brew(here: World) -> Brew:
    """A prefix in which an older release is installed; the tap has the newer one at its origin."""
    made = Brew(here=here, prefix=here.folder / "brew")
    here.script(made.prefix / "bin/brew", "tests.consumers.standin_brew", made.prefix)
    here.path.append(made.prefix / "bin")
    made.formula(OLD, folder="Library/Taps")
    made.formula(DEV, "dev", folder="Library/Taps")
    made.formula(NEW)
    made.formula(DEV, "dev")
    assert here.run("install", "acme/tap/iterate", program="brew").returncode == 0
    (made.prefix / "log").unlink()
    assert here.version() == OLD
    return made


def test_a_stand_in_of_brew_upgrades_by_the_full_name_and_path_has_the_new_version(brew: Brew) -> None:
    done = brew.here.run("upgrade")
    assert done.returncode == 0, done.stdout + done.stderr
    assert brew.log == ["update", "upgrade acme/tap/iterate"]
    assert done.stdout.splitlines()[-1] == f"iterate {NEW} is installed (it was {OLD})"
    # What brew says is passed on as it comes, in its place.
    assert done.stdout.index("$ brew upgrade acme/tap/iterate") < done.stdout.index("==> Upgrading 1 outdated package")
    assert brew.here.version() == NEW
    again = brew.here.run("upgrade")
    assert (again.returncode, again.stdout) == (0, f"iterate {NEW} is what the latest channel has\n")
    assert brew.log == ["update", "upgrade acme/tap/iterate"]


def test_an_upgrade_removes_no_folder_of_the_one_that_it_is_typed_in(brew: Brew) -> None:
    mine = brew.here.home / "aur" / "mine"
    mine.parent.mkdir()
    mine.touch()
    assert brew.here.run("upgrade").returncode == 0
    assert mine.exists()


@pytest.mark.parametrize("words", [(), ("--channel", "dev"), ("--json",)])
def test_what_was_begun_is_brought_to_its_end_when_nobody_reads_any_more(brew: Brew, words: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        subprocess.run(
            ["/usr/bin/env", "iterate", "upgrade", *words],
            env=brew.here.environment,
            cwd=brew.here.home,
            stdin=subprocess.DEVNULL,
            stdout=writer,
            stderr=writer,
            check=False,
            timeout=60,
        )
    finally:
        os.close(writer)
    stream = "dev" if "dev" in words else "latest"
    assert brew.here.version() == (DEV if stream == "dev" else NEW)
    assert len(brew.kegs()) == 1


def test_a_stand_in_of_brew_with_a_stale_tap_is_a_failure_that_names_it(brew: Brew) -> None:
    brew.formula(OLD)
    done = brew.here.run("upgrade")
    assert done.returncode == UpgradeFailed.exit_code
    assert f"error: {brew.prefix}/bin/iterate is {OLD}, not {NEW}" in done.stderr
    assert f"the tap acme/tap is stale: its formula is {OLD}" in done.stderr
    assert brew.here.version() == OLD


def test_a_pinned_formula_of_a_stand_in_of_brew_is_named_as_the_cause(brew: Brew) -> None:
    (brew.prefix / "pinned").mkdir()
    (brew.prefix / "pinned/iterate").touch()
    done = brew.here.run("upgrade")
    assert done.returncode == UpgradeFailed.exit_code
    assert "brew upgrade acme/tap/iterate ended with exit code 1" in done.stderr


def test_a_failure_of_a_stand_in_of_brew_is_told_with_its_exit_code_and_what_is_still_there(brew: Brew) -> None:
    (brew.prefix / "remote/acme/tap/iterate.json").unlink()
    shutil.rmtree(brew.prefix / "Library/Taps/acme")
    done = brew.here.run("upgrade")
    assert done.returncode == UpgradeFailed.exit_code
    assert f"ended with exit code 1; {brew.prefix}/bin/iterate is {OLD}, not {NEW}" in done.stderr
    assert "brew trust" in done.stderr


def test_a_stand_in_of_brew_moves_to_another_channel_and_removes_the_old_package_last(brew: Brew) -> None:
    done = brew.here.run("upgrade", "--channel", "dev")
    assert done.returncode == 0, done.stdout + done.stderr
    assert brew.here.version() == DEV
    assert brew.kegs() == {f"iterate-dev {DEV}"}
    back = brew.here.run("upgrade", "--channel", "latest", "--json")
    assert back.returncode == 0, back.stderr
    assert brew.here.version() == NEW
    assert brew.kegs() == {f"iterate {NEW}"}


def test_a_move_at_a_stand_in_of_brew_that_fails_leaves_the_old_program_where_it_was(brew: Brew) -> None:
    # The new formula's program says another version: a wrong archive.
    brew.formula(DEV, "dev")
    file = brew.prefix / "remote/acme/tap/iterate-dev.json"
    wrong = brew.here.payload("brew", "0.0.0-dev-20250101000000", "dev")
    file.write_text(json.dumps({"version": DEV, "files": str(wrong)}))
    done = brew.here.run("upgrade", "--channel", "dev")
    assert done.returncode == UpgradeFailed.exit_code
    assert "is 0.0.0-dev-20250101000000, not" in done.stderr
    assert brew.here.version() == OLD
    assert brew.kegs() == {f"iterate {OLD}"}


def test_a_move_at_a_stand_in_of_brew_to_a_formula_that_is_not_there_leaves_the_old_program(brew: Brew) -> None:
    for folder in ("remote", "Library/Taps"):
        (brew.prefix / folder / "acme/tap/iterate-dev.json").unlink()
    done = brew.here.run("upgrade", "--channel", "dev")
    assert done.returncode == UpgradeFailed.exit_code
    assert brew.here.version() == OLD


def test_a_stand_in_of_brew_goes_back_from_a_withdrawn_version(brew: Brew) -> None:
    assert brew.here.run("upgrade").returncode == 0
    brew.here.repository.release("latest", OLD, withdrawn=[NEW])
    brew.formula(OLD)
    done = brew.here.run("upgrade")
    assert done.returncode == 0, done.stderr
    assert brew.log[-1] == "reinstall acme/tap/iterate"
    assert brew.here.version() == OLD


def test_a_version_that_a_stand_in_of_brew_does_not_have_is_refused_before_anything_runs(brew: Brew) -> None:
    brew.here.repository.release("latest", "1.1.0")
    brew.here.repository.release("latest", NEW)
    done = brew.here.run("upgrade", "1.1.0")
    assert done.returncode == VersionUnknown.exit_code
    assert "has one version of a package at a time" in done.stderr
    assert not (brew.prefix / "log").exists()


def test_check_and_dry_run_say_what_a_stand_in_of_brew_would_be_told_and_run_nothing(brew: Brew) -> None:
    checked = brew.here.run("upgrade", "--check")
    rows = dict(line.split(maxsplit=1) for line in checked.stdout.splitlines())
    assert checked.returncode == UpgradeThere.exit_code
    assert (rows["installed"], rows["available"], rows["owner"]) == (OLD, NEW, "brew")
    assert rows["command"] == "brew update && brew upgrade acme/tap/iterate"
    dry = brew.here.run("upgrade", "--dry-run")
    assert (dry.returncode, dry.stdout) == (0, "brew update\nbrew upgrade acme/tap/iterate\n")
    assert not (brew.prefix / "log").exists()
    assert brew.here.run("upgrade").returncode == 0
    current = brew.here.run("upgrade", "--check", "--json")
    assert current.returncode == 0
    assert json.loads(current.stdout) == {
        "action": "check",
        "state": "current",
        "installed": NEW,
        "available": NEW,
        "wanted": NEW,
        "version": NEW,
        "channel": "latest",
        "owner": "brew",
        "method": "brew",
        "package": "acme/tap/iterate",
        "pinned": False,
        "program": str((brew.prefix / "bin/iterate").resolve()),
        "commands": [],
        "problem": None,
    }


def test_with_json_a_stand_in_of_brew_speaks_on_stderr_and_the_result_is_one_object(brew: Brew) -> None:
    done = brew.here.run("upgrade", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["action"], told["installed"], told["version"]) == ("upgrade", OLD, NEW)
    assert told["commands"] == [["brew", "update"], ["brew", "upgrade", "acme/tap/iterate"]]
    assert "==> Upgrading 1 outdated package" in done.stderr


def test_a_copy_that_hides_the_one_of_a_stand_in_of_brew_is_named_with_both_paths(brew: Brew) -> None:
    other = brew.here.folder / "other"
    launcher.program(other, "1.0.0", brew.here.receipt("npm"), b"")
    brew.here.path.insert(0, other)
    done = brew.here.run("upgrade", program=str(brew.prefix / "bin/iterate"))
    assert done.returncode == UpgradeFailed.exit_code
    assert f"{other}/iterate is 1.0.0, not {NEW}; the upgraded one is {brew.prefix}/bin/iterate" in done.stderr
    assert f"{other}/iterate comes first on PATH and hides it" in done.stderr


def test_a_copy_outside_of_path_finds_its_stand_in_of_brew_beside_it_and_is_a_failure_until_path_has_it(
    brew: Brew,
) -> None:
    brew.here.path.clear()
    done = brew.here.run("upgrade", program=str(brew.prefix / "bin/iterate"))
    assert done.returncode == UpgradeFailed.exit_code
    assert f"iterate {NEW} is at {brew.prefix}/bin/iterate, and no iterate is on PATH" in done.stderr
    assert f"put {brew.prefix}/bin on PATH" in done.stderr


def test_a_missing_brew_is_told_before_anything_runs(brew: Brew) -> None:
    (brew.prefix / "bin/brew").unlink()
    done = brew.here.run("upgrade")
    assert done.returncode == ManagerMissing.exit_code
    assert "this copy belongs to brew, and brew cannot be found" in done.stderr


def test_the_method_that_is_named_is_asked_and_that_is_said(brew: Brew) -> None:
    npm = brew.here.folder / "npm"
    launcher.program(npm, OLD, brew.here.receipt("npm"), brew.here.repository.first_root)
    done = brew.here.run("upgrade", "--method", "brew", program=str(npm / "iterate"))
    assert done.returncode == 0, done.stderr
    assert "note: this copy belongs to npm; --method lets brew be asked instead" in done.stderr
    assert brew.log == ["update", "upgrade acme/tap/iterate"]


@pytest.mark.consumer("setpriv")
def test_a_prefix_that_this_user_may_not_write_is_told_before_a_stand_in_of_brew_is_asked(brew: Brew) -> None:
    cellar = brew.prefix / "Cellar"
    cellar.chmod(0o555)
    try:
        # Root may write anywhere; without that privilege it is a user like others.
        drop = ["setpriv", "--bounding-set=-dac_override"] if os.geteuid() == 0 else ["env"]
        done = brew.here.run(*drop[1:], "iterate", "upgrade", program=drop[0])
    finally:
        cellar.chmod(0o755)
    assert done.returncode == NotReplaceable.exit_code, done.stderr
    assert f"{cellar} is not writable" in done.stderr
    assert "run this as its owner: brew update && brew upgrade acme/tap/iterate" in done.stderr
    assert not (brew.prefix / "log").exists()


def test_an_upgrade_asks_no_server_and_starts_none(brew: Brew) -> None:
    state = brew.here.home / ".local/state"
    for words in (("upgrade", "--check"), ("upgrade",)):
        brew.here.run(*words)
    # What is known of the site, and nothing of a server: no discovery file, no log, no lock.
    assert {each.name for each in state.iterdir()} == {"iterate-updates"}


# --- Scoop ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoop:
    """A root with the stand-in, and iterate in it."""

    here: World
    root: Path

    def manifest(self, version: str, stream: str = "latest", folder: str = "remote") -> None:
        """Let the bucket have a version of a channel; at its origin, until Scoop updates it."""
        name = "iterate" if stream == "latest" else f"iterate-{stream}"
        file = self.root / folder / "acme" / f"{name}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        versions = {OLD, version} if stream == "latest" else {version}
        files = {each: str(self.here.payload("scoop", each, stream)) for each in versions}
        file.write_text(json.dumps({"version": version, "files": files}))

    @property
    def log(self) -> list[str]:
        return [line for line in (self.root / "log").read_text().splitlines() if not line.startswith("config")]


@pytest.fixture
def scoop(here: World) -> Scoop:
    """A root in which an older release is installed; the bucket has the newer one at its origin."""
    made = Scoop(here=here, root=here.folder / "scoop")
    here.script(made.root / "shims/scoop", "tests.consumers.standin_scoop", made.root)
    here.path.append(made.root / "shims")
    made.manifest(OLD, folder="buckets")
    made.manifest(NEW)
    made.manifest(DEV, "dev")
    assert here.run("install", "acme/iterate", program="scoop").returncode == 0
    (made.root / "log").unlink()
    assert here.version() == OLD
    return made


def test_a_stand_in_of_scoop_updates_although_this_command_is_the_program_that_runs(scoop: Scoop) -> None:
    done = scoop.here.run("upgrade")
    assert done.returncode == 0, done.stdout + done.stderr
    assert scoop.log == ["update", "update iterate"]
    assert "still running" in done.stdout
    assert scoop.here.version() == NEW
    # The setting was ours, for as long as it took.
    assert json.loads((scoop.root / "config.json").read_text()) == {}


def test_a_stand_in_of_scoop_with_a_stale_bucket_is_a_failure_that_names_it(scoop: Scoop) -> None:
    scoop.manifest(OLD)
    done = scoop.here.run("upgrade")
    assert done.returncode == UpgradeFailed.exit_code
    assert f"the bucket is stale: its manifest is not {NEW} yet" in done.stderr
    assert json.loads((scoop.root / "config.json").read_text()) == {}


def test_a_stand_in_of_scoop_that_refuses_and_exits_with_0_is_a_failure(scoop: Scoop) -> None:
    # Somebody has a setting of their own, which stays.
    config = scoop.here.home / ".config/scoop/config.json"
    config.parent.mkdir(parents=True)
    config.write_text('{"ignore_running_processes": "false"}')
    done = scoop.here.run("upgrade")
    assert done.returncode == UpgradeFailed.exit_code
    assert 'ERROR The following instances of "iterate" are still running' in done.stdout
    assert scoop.here.version() == OLD


def test_a_stand_in_of_scoop_moves_to_another_channel_and_back(scoop: Scoop) -> None:
    done = scoop.here.run("upgrade", "--channel", "dev")
    assert done.returncode == 0, done.stdout + done.stderr
    assert scoop.log == ["update", "install acme/iterate-dev", "uninstall iterate", "reset iterate-dev"]
    assert scoop.here.version() == DEV
    assert {each.name for each in (scoop.root / "apps").iterdir()} == {"iterate-dev"}
    assert scoop.here.run("upgrade", "--channel", "latest").returncode == 0
    assert scoop.here.version() == NEW


def test_a_named_version_at_a_stand_in_of_scoop_is_installed_and_stays_known_as_asked_for(scoop: Scoop) -> None:
    assert scoop.here.run("upgrade").returncode == 0
    done = scoop.here.run("upgrade", OLD)
    assert done.returncode == 0, done.stdout + done.stderr
    # Scoop kept that version's folder.
    assert scoop.log[-1] == f"reset iterate@{OLD}"
    assert scoop.here.version() == OLD
    told = json.loads(scoop.here.run("upgrade", "--check", "--json").stdout)
    assert (told["state"], told["available"]) == ("newer", NEW)
    shutil.rmtree(scoop.root / "apps/iterate" / NEW)
    assert scoop.here.run("upgrade").returncode == 0
    assert scoop.here.version() == NEW
