"""What the doctor finds, and what a first start says where there is no model."""

import json
from typing import TYPE_CHECKING

import pytest
from tests.iterate.chatting import chat, run
from tests.iterate.test_asking import on_terminal

from iterate import errors

if TYPE_CHECKING:
    from tests.iterate.conftest import World

# The prompt of the editor, which reads keys by then.
READY = r"> \x1b\[m"
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


def findings(world: "World") -> dict[str, dict[str, str]]:
    return {row["name"]: row for row in json.loads(run(world, "doctor", "--json").stdout)["findings"]}


def test_the_model_that_is_chosen_and_its_vendor_are_looked_at(world: "World") -> None:
    with chat(world, {}):
        found = findings(world)
        assert (found["model"]["state"], found["vendor"]["found"]) == ("well", "trial answers, with 1 model")
        # No list has it, and it may be asked for all the same.
        run(world, "config", "set", "model", "trial/other")
        assert "no list has it" in findings(world)["model"]["found"]
        run(world, "config", "set", "model", "openai/o3")
        found = findings(world)
        assert found["model"]["state"] == "broken"
        assert "OPENAI_API_KEY" in found["model"]["found"]
        assert "vendor" not in found
        run(world, "config", "set", "model", "trial/m")
    found = findings(world)
    assert found["vendor"]["state"] == "broken"
    assert "cannot be reached" in found["vendor"]["found"]
    assert run(world, "doctor").returncode == errors.Unwell.exit_code
    run(world, "config", "unset", "model")
    assert findings(world)["model"]["hint"].startswith("iterate config set model trial/m")


def test_a_model_of_ones_own_vendor_is_listed_though_no_list_names_it(world: "World") -> None:
    world.run("config", "set", "providers.mine.base_url", "http://127.0.0.1:9/v1")
    shown = world.run("models", variables={"ITERATE_MODEL": ""})
    assert b"mine was not asked yet what it has: iterate models --refresh" in shown.stderr
    world.run("config", "set", "model", "mine/small")
    listed = json.loads(world.run("models", "--json", variables={"ITERATE_MODEL": ""}).stdout)["models"]
    assert ("mine/small", True) in [(row["name"], row["ready"]) for row in listed]


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
        shown.until(f"(?s)iterate auth login.*{READY}")
        shown.type("hello\r")
        shown.until(f"(?s)nothing says which model is to answer.*{READY}")
        shown.type("\x15/model\r")  # What was refused is in the line again.
        shown.until("not ready[\\s\\S]*anthropic/")
        shown.type("\x1b")
        shown.until(f"(?s)not ready.*anthropic/.*{READY}")
        shown.type("\x04")
        assert shown.child.wait(20) == 0
    with on_terminal(world, "run", "hello", variables={"ITERATE_MODEL": ""}) as shown:
        # The error comes first, and what can be done is its hint, told once.
        shown.until("error: nothing says which model is to answer[^:]*hint: No model server")
        shown.until(r"base_url URL[\s\S]*shows what can be asked")
        assert "There is no model to answer yet" not in shown.text
        assert shown.child.wait(20) == errors.ModelMissing.exit_code
