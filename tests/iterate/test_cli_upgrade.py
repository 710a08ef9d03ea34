"""`iterate upgrade` as it is typed: what it refuses, and what it says about a checkout."""

import json
from typing import TYPE_CHECKING

import pytest

from iterate.errors import NotReplaceable, UsageError, VersionUnknown

if TYPE_CHECKING:
    from tests.iterate.conftest import World


@pytest.mark.parametrize(
    "words",
    [
        ("--rollback", "1.2.3"),
        ("--rollback", "--check"),
        ("--rollback", "--channel", "dev"),
        ("--rollback", "--method", "brew"),
        ("--method", "homebrew"),
        ("--channel",),
        ("--channel", "stable"),
        ("--channel", ""),
        ("1.2.3", "1.2.4"),
        ("latest",),
        ("",),
        ("--force",),
    ],
)
def test_words_that_make_no_sense_are_refused_and_nothing_is_asked(world: "World", words: tuple[str, ...]) -> None:
    done = world.run("upgrade", *words)
    assert (done.returncode, done.stdout) == (UsageError.exit_code, b"")
    assert b"hint: " in done.stderr


def test_a_checkout_is_upgraded_by_git(world: "World") -> None:
    done = world.run("upgrade")
    assert (done.returncode, done.stdout) == (NotReplaceable.exit_code, b"")
    assert b"iterate runs from a checkout" in done.stderr
    assert b"git -C " in done.stderr


def test_a_checkout_says_what_it_is_when_it_is_checked(world: "World") -> None:
    done = world.run("upgrade", "--check", "--json")
    told = json.loads(done.stdout)
    assert done.returncode == NotReplaceable.exit_code
    assert (told["owner"], told["available"], told["problem"]) == ("source", None, "NotReplaceable")
    assert told["commands"] == []


def test_a_copy_without_a_version_before_cannot_go_back(world: "World") -> None:
    done = world.run("upgrade", "--rollback")
    assert done.returncode == VersionUnknown.exit_code
    assert b"source keeps no version before this one" in done.stderr


def test_an_upgrade_leaves_no_trace_of_a_server(world: "World") -> None:
    for words in (("upgrade",), ("upgrade", "--check"), ("upgrade", "--dry-run"), ("upgrade", "--rollback")):
        world.run(*words)
    assert not world.state.exists()
