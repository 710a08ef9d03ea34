"""`iterate auth`: keys that are typed unseen or piped, kept for their owner alone, and shown by nobody."""

import json
import os
import stat
from typing import TYPE_CHECKING

import pytest
from tests.iterate.chatting import on_terminal

from iterate import errors

if TYPE_CHECKING:
    from tests.iterate.conftest import World

pytestmark = [pytest.mark.processes, pytest.mark.systems("linux", "darwin")]

KEY = "sk-plover-0123456789"


def vendors(world: "World", **variables: str) -> dict[str, dict[str, object]]:
    done = world.run("auth", "list", "--json", variables=variables)
    return {row["name"]: row for row in json.loads(done.stdout)["vendors"]}


def shown(world: "World") -> bytes:
    """All that says something of keys, and what was written down of it."""
    words = (("auth", "list"), ("auth", "list", "--json"), ("config", "list", "--all"), ("log",), ("doctor",))
    said = [world.run(*each) for each in words]
    return b"".join(done.stdout + done.stderr for done in said) + (world.state / "server.log").read_bytes()


def test_a_key_from_a_pipe_is_kept_for_its_owner_alone_and_never_shown(world: "World") -> None:
    done = world.run("auth", "login", "--no-check", "openai", input_=f"{KEY}\n".encode())
    assert (done.returncode, KEY.encode() in done.stdout + done.stderr) == (0, False)
    file = world.data / "auth.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert KEY in file.read_text()
    assert vendors(world)["openai"]["key"] == "file"
    assert KEY.encode() not in shown(world)
    assert json.loads(world.run("auth", "logout", "openai", "--json").stdout) == {"vendor": "openai", "forgotten": True}
    assert KEY not in file.read_text()
    assert vendors(world)["openai"]["ready"] is False


def test_a_key_is_typed_where_nobody_sees_it(world: "World") -> None:
    with on_terminal(world, "auth", "login", "--no-check", "anthropic") as seen:
        seen.until("key for anthropic:")
        seen.wait_for(lambda: not seen.is_cooked())
        os.write(seen.ours, f"{KEY}\r".encode())
        assert seen.end() == 0
        assert seen.is_cooked()
        assert KEY not in seen.text
    assert vendors(world)["anthropic"]["key"] == "file"


def test_a_key_of_the_environment_comes_first_and_is_named_by_its_variable(world: "World") -> None:
    found = vendors(world, OPENAI_API_KEY=KEY)["openai"]
    assert (found["key"], found["variable"], found["ready"]) == ("environment", "OPENAI_API_KEY", True)
    listed = world.run("auth", "list", variables={"OPENAI_API_KEY": KEY}).stdout
    assert b"key from OPENAI_API_KEY" in listed
    assert KEY.encode() not in listed


@pytest.mark.parametrize(
    ("words", "typed", "code", "hint"),
    [
        (("login", "antropic"), KEY, errors.VendorUnknown.exit_code, b"did you mean anthropic?"),
        (("logout", "opnai"), "", errors.VendorUnknown.exit_code, b"did you mean openai?"),
        (("login", "openai"), " \n", errors.UsageError.exit_code, b"write it into a pipe"),
        (("login", "openai", "--key", KEY), "", errors.UsageError.exit_code, b""),
    ],
)
def test_what_cannot_be_kept_is_refused_and_nothing_is(
    world: "World", words: tuple[str, ...], typed: str, code: int, hint: bytes
) -> None:
    done = world.run("auth", *words, input_=typed.encode())
    assert done.returncode == code
    assert hint in done.stderr
    assert not (world.data / "auth.json").exists()
