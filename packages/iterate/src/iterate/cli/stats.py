"""`iterate stats`: what was used, by day and model, as the server counts it."""

import json
from collections.abc import Sequence

import click

from iterate.cli.options import HELP, JSON, reaching, server
from iterate.client import Client
from iterate.terminal import screen

MICRO = 1_000_000


@click.command(
    "stats",
    help=(
        "Show tokens and cost and sessions by day and model.\n\n"
        "A session counts whole: on the day of its newest prompt and under the model prompted last. "
        "The cost is that of models whose price is known."
    ),
)
@click.option("--days", type=click.IntRange(1, 36_500), default=30, help="Of the last so many days. Default: 30.")
@JSON
@reaching
@HELP
def stats(*, days: int, as_json: bool) -> int:
    """Show what was used."""
    answer = Client(server()).call("GET", f"/stats?days={days}")
    if as_json:
        screen.show_json_line(json.dumps(answer, ensure_ascii=False))
        return 0
    found = answer.get("days")
    rows = [("day", "model", "sessions", "prompts", "tokens", "cost")]
    rows += [_row(each) for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    if len(rows) == 1:
        screen.show(f"nothing was used in the last {days} days\n")
        return 0
    rows.append(_row({"day": "all", "model": "", **answer}))
    _show(rows)
    return 0


def _row(fields: dict[str, object]) -> tuple[str, str, str, str, str, str]:
    cost = fields.get("cost_micro_usd")
    money = f"${cost / MICRO:.4f}" if isinstance(cost, int) and cost else "-"
    counts = (f"{fields.get(name):,}" for name in ("sessions", "prompts", "tokens"))
    sessions, prompts, tokens = counts
    return str(fields.get("day")), str(fields.get("model")), sessions, prompts, tokens, money


def _show(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        left = (f"{cell:<{width}}" for cell, width in zip(row[:2], widths[:2], strict=True))
        right = (f"{cell:>{width}}" for cell, width in zip(row[2:], widths[2:], strict=True))
        screen.show("  ".join((*left, *right)).rstrip() + "\n")
