"""What the doctor finds, and what a first start says where there is no model."""

import json
from typing import TYPE_CHECKING

import pytest
from tests.iterate.test_asking import on_terminal

from iterate import errors

if TYPE_CHECKING:
    from tests.iterate.conftest import World

pytestmark = [pytest.mark.processes, pytest.mark.systems("linux", "darwin")]


def test_each_thing_has_a_row_and_what_is_broken_is_a_failure(world: "World") -> None:
    done = world.run("doctor", "--json", variables={"ITERATE_MODEL": "echo/echo"})
    assert done.returncode == 0, done.stderr
    found = {row["name"]: row for row in json.loads(done.stdout)["findings"]}
    wanted = {"version", "server", "keys", "model", "settings", "terminal", "sandbox", "git", "ripgrep"}
    assert set(found) == wanted
    assert all(row["hint"] for row in found.values() if row["state"] == "lacks")
    sick = world.run("doctor", variables={"ITERATE_MODEL": "nobody/none"})
    assert sick.returncode == errors.Unwell.exit_code
    assert b"nobody/none cannot be asked" in sick.stdout
    assert b"error: broken: model" in sick.stderr


def test_a_broken_file_of_settings_is_a_row_and_no_end_of_the_looking(world: "World") -> None:
    file = world.home / ".config" / "iterate" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text("modle = 1\n")
    done = world.run("doctor")
    assert done.returncode == errors.Unwell.exit_code
    assert b"settings  broken" in done.stdout
    assert b"ripgrep" in done.stdout


def test_a_first_start_says_in_one_screen_what_there_is_and_asks_no_built_in_model(world: "World") -> None:
    with on_terminal(world, variables={"ITERATE_MODEL": ""}) as shown:
        shown.until("There is no model to answer yet")
        shown.until("iterate auth login")
        shown.type("hello\r")
        shown.until("nothing says which model is to answer")
        shown.type("\x04")
        assert shown.child.wait(20) == 0
    with on_terminal(world, "run", "hello", variables={"ITERATE_MODEL": ""}) as shown:
        shown.until("There is no model to answer yet")
        shown.until("error: nothing says")
        assert shown.child.wait(20) == errors.ModelMissing.exit_code
