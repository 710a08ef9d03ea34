"""`iterate stats`: what was used, by day and model, as the server counts it."""

import json
from collections.abc import Callable

import click

from iterate.cli.options import HELP, JSON, examples, reaching, server
from iterate.client import Client
from iterate.heard import Heard
from iterate.terminal import screen, width

MICRO = 1_000_000
# Of a title or a model's name.
_LONGEST = 30
_COUNTS = ("sessions", "prompts", "input", "output")
_HEADS = {"input": "tokens in", "output": "out"}


@click.command(
    "stats",
    help=(
        "Show tokens and cost and sessions by day and model.\n\n"
        "Each step counts on its day and under its model. Sessions that were deleted count on. "
        "The cost is that of models whose price is known."
    ),
    epilog=examples(
        ("iterate stats --by session", "what each session used"),
        ("iterate stats --json | jq .total", "for programs"),
    ),
)
@click.option("--days", type=click.IntRange(1, 36_500), default=30, help="Today and the days before. Default: 30.")
@click.option(
    "--by",
    type=click.Choice(("day", "model", "session")),
    default="day",
    help="A row for each day and model or each model or each session. Default: day.",
)
@JSON
@reaching
@HELP
def stats(*, days: int, by: str, as_json: bool) -> int:
    """Show what was used."""
    answer = Client(server()).call("GET", f"/stats?days={days}&by={by}")
    if as_json:
        screen.show_json_line(json.dumps(answer, ensure_ascii=False))
        return 0
    found = Heard("", "", answer)
    rows = found.rows("rows")
    if not rows:
        screen.show(f"nothing was used in the last {'day' if days == 1 else f'{days} days'}\n")
        return 0
    names = _NAMES[by]
    counts = _COUNTS[by == "session" :]
    cells = [(*names, *(_HEADS.get(each, each) for each in counts), "cost")]
    cells += [_row(each, names, counts) for each in rows]
    cells.append(("all", *("" for _ in names[1:]), *_counted(found.inner("total"), counts)))
    _show(cells, len(names))
    return 0


_NAMES = {"day": ("day", "model"), "model": ("model",), "session": ("session", "title")}
_CELLS: dict[str, Callable[[Heard], str]] = {
    "session": lambda row: row.word("session").removeprefix("ses_")[:8],
    "title": lambda row: row.word("title") or "(deleted)",
    "model": lambda row: row.word("model") or "-",
}


def _row(row: Heard, names: tuple[str, ...], counts: tuple[str, ...]) -> tuple[str, ...]:
    cells = (_CELLS[name](row) if name in _CELLS else row.word(name) for name in names)
    return (*(width.clipped(" ".join(cell.split()), _LONGEST) for cell in cells), *_counted(row, counts))


def _counted(row: Heard, counts: tuple[str, ...]) -> tuple[str, ...]:
    cost = row.count("cost_micro_usd")
    return (*(f"{row.count(name):,}" for name in counts), f"${cost / MICRO:.4f}" if cost else "-")


def _show(rows: list[tuple[str, ...]], names: int) -> None:
    """Names to the left, counts to the right."""
    widths = [max(width.width(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = []
        for column, (cell, wide) in enumerate(zip(row, widths, strict=True)):
            blanks = " " * (wide - width.width(cell))
            cells.append(f"{cell}{blanks}" if column < names else f"{blanks}{cell}")
        screen.show("  ".join(cells).rstrip() + "\n")
