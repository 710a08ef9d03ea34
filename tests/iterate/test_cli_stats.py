"""`iterate stats`, run as people run it."""

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.iterate.conftest import World


def test_what_was_used_is_a_table_with_a_sum(warm: "World") -> None:
    before = json.loads(warm.run("stats", "--json").stdout)["prompts"]
    assert warm.run("run", "--model", "echo/echo", "hello").returncode == 0
    done = warm.run("stats")
    head, *rows, last = done.stdout.decode().splitlines()
    assert head.split() == ["day", "model", "sessions", "prompts", "tokens", "cost"]
    assert any(row.split()[1] == "echo/echo" for row in rows)
    assert last.split()[:3:2] == ["all", str(before + 1)]
    assert warm.run("stats", "--days", "0").returncode == 2
