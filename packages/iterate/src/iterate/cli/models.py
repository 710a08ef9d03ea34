"""`iterate models`: which models can be asked, and what is known of them."""

import json
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import click

from iterate import settings
from iterate.cli.options import HELP, JSON, examples, reaching, seen, server, workspace
from iterate.terminal import screen
from iterate.terminal.tally import counted

if TYPE_CHECKING:
    from iterate.client import Client

# Vendors are asked for some seconds, all at the same time.
REFRESH_S = 60.0
LIST_S = 20.0
_THOUSAND, _MILLION = 1000, 1_000_000

type Row = dict[str, object]


@click.command(
    "models",
    help="List models with window and price and abilities.",
    epilog=examples(
        ("iterate models", "those that can be asked now"),
        ("iterate models --all claude", "all whose name holds a word"),
        ("iterate models --refresh", "ask the vendors what they have"),
    ),
)
@click.argument("words", nargs=-1, help="Only models whose name holds all of these words.")
@click.option("--all", "is_all", is_flag=True, help="Also those whose key is missing.")
@click.option("--refresh", is_flag=True, help="Ask the vendors that have a key for their lists first.")
@JSON
@reaching
@HELP
def models(words: tuple[str, ...], *, is_all: bool, refresh: bool, as_json: bool) -> int:
    """List models."""
    client = connected()
    if refresh:
        _refresh(client)
    rows = [row for row in listed(client, "/model", "models") if all(word in str(row.get("name")) for word in words)]
    shown = [row for row in rows if is_all or row.get("ready")]
    if as_json:
        screen.show_json_line(json.dumps({"models": shown}, ensure_ascii=False))
        return 0
    head = [("model", "window", "price", "")] if shown and screen.is_terminal() else []
    screen.show("".join(f"{line}\n" for line in table([*head, *map(_cells, shown)])))
    more = len(rows) - len(shown)
    if more:
        screen.note(f"{more} more cannot be asked, most for want of a key: --all shows why")
    elif not shown:
        screen.note("no model has such a name")
    if not words:
        _tell_unasked(client, [str(row.get("name")) for row in rows])
    return 0


def connected() -> "Client":
    """A client of the server, which is started if none runs."""
    from iterate.client import Client

    return Client(server())


def listed(client: "Client", path: str, name: str) -> list[Row]:
    """The rows of a list; of our variables only the names are sent."""
    rows = client.call("GET", f"{path}?{asked()}", timeout_s=LIST_S).get(name)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def asked() -> str:
    """The query that says where we are, and what may hold keys."""
    return urlencode({"directory": settings.directory(), **seen()})


def table(rows: list[tuple[str, ...]]) -> list[str]:
    """Rows in which columns stand below each other; the last one is as long as it is, but on a terminal."""
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(len(rows[0]) if rows else 0)]
    made = []
    for *cells, last in rows:
        before = "".join(f"{cell.ljust(width)}  " for cell, width in zip(cells, widths, strict=False))
        made.append(screen.beside(before, last).rstrip(" "))
    return made


def _tell_unasked(client: "Client", names: list[str]) -> None:
    """Say whose models nobody can know yet: of vendors that the settings add."""
    known = {name.partition("/")[0] for name in names}
    for row in listed(client, "/provider", "vendors"):
        if row.get("ready") and not row.get("state") and not row.get("models"):
            chosen = " all" if row.get("name") in known else ""
            screen.note(f"{row.get('name')} was not asked yet what{chosen} it has: iterate models --refresh asks it")


def _refresh(client: "Client") -> None:
    screen.waiting("asking the vendors for their models")
    answer = client.call("POST", "/provider/refresh", {"workspace": workspace()._asdict()}, timeout_s=REFRESH_S)
    rows = answer.get("vendors")
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, dict):
            said = row.get("problem") or counted(int(str(row.get("models"))), "model")
            screen.note(f"{row.get('name')}: {said}")
    if not rows:
        screen.note("no vendor has a key, and no model server runs here: iterate auth list")


def _cells(row: Row) -> tuple[str, ...]:
    names = [name for name in ("images", "tools", "reasoning") if row.get(name)]
    why = str(row.get("why") or "")
    return (str(row.get("name")), _tokens(row.get("window")), _price(row.get("prices")), why or " ".join(names))


def _tokens(count: object) -> str:
    if not isinstance(count, int):
        return "-"
    if count >= _MILLION:
        return f"{count / _MILLION:.3g}M"
    return f"{count // _THOUSAND}k" if count >= _THOUSAND else str(count)


def _price(prices: object) -> str:
    """Dollars for a million tokens, sent and written."""
    if not isinstance(prices, dict):
        return "-"
    return "/".join(f"${int(prices.get(name) or 0) / _MILLION:g}" for name in ("input", "output"))
