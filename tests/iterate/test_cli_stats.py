"""`iterate stats`, run as people run it."""

import json
from typing import TYPE_CHECKING

from tests.iterate.chatting import chat, run

if TYPE_CHECKING:
    from tests.iterate.conftest import World


def test_what_was_used_is_a_table_with_a_sum_by_day_model_and_session(world: "World") -> None:
    assert world.run("stats", "--days", "1").stdout == b"nothing was used in the last day\n"
    with chat(world, {}):
        session = json.loads(run(world, "run", "--json", "hello").stdout)["session"]
        run(world, "run", "-c", "hello again")
    for words, head, row in (
        ((), ["day", "model", "sessions", "prompts"], ["trial/m", "1", "2", "200", "40", "$0.0003"]),
        (("--by", "model"), ["model", "sessions", "prompts"], ["trial/m", "1", "2", "200", "40", "$0.0003"]),
        (("--by", "session"), ["session", "title", "prompts"], [session[4:12], "hello", "2", "200", "40", "$0.0003"]),
    ):
        lines = [line.split() for line in run(world, "stats", *words).stdout.decode().splitlines()]
        assert lines[0] == [*head, "tokens", "in", "out", "cost"]
        assert len(lines) == 3
        assert lines[1][-len(row) :] == row
        assert lines[2] == ["all", *row[2 if words[-1:] == ("session",) else 1 :]]
    told = json.loads(run(world, "stats", "--json", "--by", "session").stdout)
    assert told["total"]["cost_micro_usd"] == told["rows"][0]["cost_micro_usd"] == 280
    assert world.run("stats", "--days", "0").returncode == 2
    assert world.run("stats", "--by", "week").returncode == 2
