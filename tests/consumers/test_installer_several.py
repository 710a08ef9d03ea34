"""install.sh with several commands: one link that is switched, and the others that lead to it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace as changed
from tests.consumers import faults
from tests.consumers.installing import NEW, OLD, SHELLS, Done, Home, Site
from tests.release import world

from release.product import Product

pytestmark = pytest.mark.consumer("curl", *(shell.split()[0] for shell in SHELLS))

PROGRAM = "weather-tools/weather-tools/weather.bin"
FAST = {"WEATHER_TOOLS_INSTALLER_PATIENCE": "5", "WEATHER_TOOLS_INSTALLER_TRIES": "1"}


def with_commands(*names: str) -> Product:
    """The product with other commands."""
    return changed(world.several(), build=changed(world.several().build, scripts=names))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A site where the new version has other commands than the old one."""
    folder = tmp_path / "site"
    folder.mkdir()
    with faults.serving(folder) as served:
        Site(served=served, product=world.several()).publish(world.plan(text=OLD), "linux-x64-baseline")
        new = Site(served=served, product=with_commands("sky", "weather"))
        new.publish(world.plan(text=NEW), "linux-x64-baseline")
        yield new


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "home").mkdir()
    return Home(folder=tmp_path / "home")


def run(home: Home, script: Path, *words: str, shell: str = "dash") -> Done:
    return home.run(script, *words, shell=shell, more=FAST)


def links(home: Home) -> dict[str, str]:
    """What is in the folder of commands, and where it leads."""
    return {path.name: str(path.readlink()) for path in home.bin.iterdir() if path.is_symlink()}


@pytest.mark.parametrize("shell", SHELLS)
def test_commands_come_follow_the_first_one_and_go_with_their_version(site: Site, home: Home, shell: str) -> None:
    done = run(home, site.script(OLD), shell=shell)
    assert (done.code, done.err) == (0, "")
    assert f"{home.bin.name}/weather, Weather_Map.py, weather3.12-gui, installed" in done.out
    old = {"weather": f".weather-tools/{OLD}/{PROGRAM}", "Weather_Map.py": "weather", "weather3.12-gui": "weather"}
    assert links(home) == old

    # The first command is another one now, which was there before; two are gone.
    done = run(home, site.script(NEW), shell=shell)
    assert (done.code, done.err) == (0, "")
    assert links(home) == {"sky": f".weather-tools/{NEW}/{PROGRAM}", "weather": "sky"}
    assert str((home.bin / ".weather-tools" / "previous").readlink()) == OLD

    # And back.
    assert run(home, site.script(OLD), shell=shell).code == 0
    assert links(home) == old
    assert run(home, site.script(OLD), shell=shell).out.count("already there and whole") == 1


@pytest.mark.parametrize("name", ["weather", "Weather_Map.py"])
@pytest.mark.parametrize("kind", ["file", "link", "dangling", "sibling"])
def test_a_strangers_command_of_any_of_the_names_is_left_alone(site: Site, home: Home, name: str, kind: str) -> None:
    home.bin.mkdir(parents=True)
    (home.bin / "foreign").write_text("theirs")
    if kind == "file":
        (home.bin / name).write_text("theirs")
    else:
        (home.bin / name).symlink_to({"link": "/bin/true", "dangling": "../gone", "sibling": "foreign"}[kind])
    before = sorted(home.bin.iterdir())
    done = run(home, site.script(OLD))
    assert done.code == 53
    assert f"{home.bin / name} is there already" in done.err
    assert sorted(home.bin.iterdir()) == before


def test_a_link_that_a_killed_run_has_left_is_ours(site: Site, home: Home) -> None:
    home.bin.mkdir(parents=True)
    (home.bin / "Weather_Map.py").symlink_to("weather")
    assert run(home, site.script(OLD)).code == 0
    assert len(links(home)) == 3


def test_a_command_that_went_to_somebody_else_meanwhile_is_theirs(site: Site, home: Home) -> None:
    assert run(home, site.script(OLD)).code == 0
    (home.bin / "Weather_Map.py").unlink()
    (home.bin / "Weather_Map.py").write_text("theirs")
    # Not a command of the new version, so nothing is in its way; and it stays.
    assert run(home, site.script(NEW)).code == 0
    assert (home.bin / "Weather_Map.py").read_text() == "theirs"


@pytest.mark.parametrize("shell", SHELLS)
def test_removing_takes_all_that_was_put_there_and_nothing_else(site: Site, home: Home, shell: str) -> None:
    (home.folder / ".bashrc").write_text("mine\n")
    assert run(home, site.script(OLD), shell=shell).code == 0
    assert ">>> weather-tools >>>" in (home.folder / ".bashrc").read_text()
    (home.bin / "other").write_text("theirs")
    (home.bin / "weather3.12-gui").unlink()
    (home.bin / "weather3.12-gui").symlink_to("other")

    dry = run(home, site.script(OLD), "--uninstall", "--dry-run", shell=shell)
    assert (dry.code, dry.err) == (0, "")
    assert len(links(home)) == 3
    done = run(home, site.script(OLD), "--uninstall", shell=shell)
    assert (done.code, done.err) == (0, "")
    assert dry.out.removesuffix("\nNothing was changed (--dry-run).\n") == done.out
    assert sorted(path.name for path in home.bin.iterdir()) == ["other", "weather3.12-gui"]
    assert (home.folder / ".bashrc").read_text() == "mine\n"

    again = run(home, site.script(OLD), "--uninstall", shell=shell)
    assert again.code == 53
    assert "no installation of weather-tools" in again.err


def test_a_program_that_is_another_build_is_not_installed(site: Site, home: Home) -> None:
    plan = world.plan(text="1.2.5")
    served = Site(served=site.served, product=world.several())
    served.publish(plan, "linux-x64-baseline", script="#!/bin/sh\necho 1.2.5\n")
    done = run(home, served.script("1.2.5"))
    assert done.code == 59
    assert "it printed '1.2.5'" in done.err
    assert links(home) == {}
