"""`iterate permission ...`: what is printed about the rules."""

import json
from typing import TYPE_CHECKING

import pytest

from iterate import errors

pytestmark = pytest.mark.processes

if TYPE_CHECKING:
    from pathlib import Path

    from tests.iterate.conftest import World


def test_a_command_is_tried_part_by_part(warm: "World") -> None:
    done = warm.run("permission", "test", "ls && rm -rf ~")
    text = done.stdout.decode()
    assert (done.returncode, done.stderr) == (0, b"")
    assert text.startswith("ask: ")
    assert "  ls\n    allow  bash ls\n           built-in rule: bash <looks> = allow\n" in text
    assert "(always asks)\n           it removes " in text


def test_json_is_one_object_for_programs(warm: "World", tmp_path: "Path") -> None:
    (tmp_path / "src").mkdir()
    done = warm.run("permission", "test", "--json", "--directory", str(tmp_path), "--agent", "plan", "make", "all")
    found = json.loads(done.stdout)
    assert (found["action"], found["rows"][0]["subject"], found["rows"][0]["pattern"]) == (
        "deny",
        "make all",
        "<changes>",
    )
    inside = json.loads(warm.run("permission", "test", "--json", "--directory", str(tmp_path), "cat src/x").stdout)
    assert inside["action"] == "allow"


def test_the_rules_are_listed(warm: "World") -> None:
    shown = warm.run("permission", "list")
    assert b"<guarded> are files" in shown.stderr
    lines = shown.stdout.decode().splitlines()
    assert [line.split() for line in lines if "<looks>" in line] == [["built-in", "bash", "allow", "<looks>"]]
    found = json.loads(warm.run("permission", "list", "--json", "--agent", "plan").stdout)
    assert found["agent"] == "plan"


def test_what_is_not_there_is_told_by_its_exit_code(warm: "World") -> None:
    assert warm.run("permission", "forget", "bash", "never *").returncode == errors.RuleUnknown.exit_code
    assert warm.run("permission", "list", "--agent", "nobody").returncode == errors.AgentUnknown.exit_code
    assert warm.run("permission", "test").returncode == errors.UsageError.exit_code
