"""`iterate auth ...`: the keys of vendors. A key is typed where nobody sees it, or read from a pipe."""

import json
import sys
from urllib.parse import quote

import click

from iterate.cli.models import connected, listed, table, workspace
from iterate.cli.options import HELP, JSON, examples
from iterate.errors import UsageError
from iterate.terminal import screen

LONGEST = 16_384
CHECK_S = 60.0


@click.command(
    "login",
    help="Keep a vendor's key if the vendor takes it.",
    epilog=examples(
        ("iterate auth login anthropic", "asks for the key"),
        ("pass show openai | iterate auth login openai", "takes it from a pipe"),
    ),
)
@click.argument("vendor", help="Whose key it is: iterate auth list shows the names.")
@click.option("--no-check", is_flag=True, help="Keep it without asking the vendor.")
@JSON
@HELP
def login(vendor: str, *, no_check: bool, as_json: bool) -> int:
    """Keep a key."""
    body = {"key": _key(vendor), "check": not no_check, "workspace": workspace()}
    kept = connected().call("PUT", f"/auth/{quote(vendor, safe='')}", body, timeout_s=CHECK_S)
    doubt = str(kept.get("doubt") or "")
    if as_json:
        screen.show_json({"vendor": vendor, "kept": True, "doubt": doubt})
        return 0
    screen.show(f"the key for {vendor} is kept{'' if doubt or no_check else ', and its vendor takes it'}\n")
    if doubt:
        screen.note(f"it could not be checked: {doubt}")
    return 0


@click.command("logout", help="Forget the key of a vendor.")
@click.argument("vendor", help="Whose key it is.")
@JSON
@HELP
def logout(vendor: str, *, as_json: bool) -> int:
    """Forget a key."""
    forgotten = connected().call("DELETE", f"/auth/{quote(vendor, safe='')}").get("forgotten") is True
    if as_json:
        screen.show_json({"vendor": vendor, "forgotten": forgotten})
        return 0
    screen.show(f"the key for {vendor} is forgotten\n" if forgotten else f"there was no key for {vendor}\n")
    return 0


@click.command("list", help="Show vendors and where their keys come from.")
@JSON
@HELP
def list_(*, as_json: bool) -> int:
    """Show who can be asked."""
    rows = listed(connected(), "/provider", "vendors")
    if as_json:
        screen.show_json_line(json.dumps({"vendors": rows}, ensure_ascii=False))
        return 0
    rows.sort(key=lambda row: not row.get("ready"))
    screen.show("".join(f"{line}\n" for line in table([_cells(row) for row in rows])))
    return 0


def _cells(row: dict[str, object]) -> tuple[str, ...]:
    variables = row.get("variables")
    names = " or ".join(map(str, variables)) if isinstance(variables, list) else ""
    match (row.get("state"), row.get("key")):
        case ("there", _):
            state = f"runs here, with {row.get('models')} models"
        case ("locked", _):
            state = "runs here, and wants a key"
        case ("absent", _):
            state = "does not run on its port"
        case (_, "environment"):
            state = f"key from {row.get('variable')}"
        case (_, "file"):
            state = "key kept by iterate auth login"
        case _:
            state = "ready without a key" if row.get("ready") else f"no key: {names}"
    return (str(row.get("name")), str(row.get("title")), state)


def _key(vendor: str) -> str:
    """The key, from a prompt that shows nothing, or from a pipe; never from the command line, which others can see."""
    if screen.can_ask():
        text = screen.ask_hidden(f"key for {vendor}: ")
    elif sys.stdin is None or sys.stdin.isatty():
        raise UsageError("nobody can be asked for the key", "write it into a pipe: ... | iterate auth login VENDOR")
    else:
        text = sys.stdin.buffer.read(LONGEST).decode(errors="replace")
    if not text.strip():
        raise UsageError("no key was given", "type it, or write it into a pipe")
    return text.strip()
