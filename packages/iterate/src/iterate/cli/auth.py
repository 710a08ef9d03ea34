"""`iterate auth ...`: the keys of vendors. A key is typed where nobody sees it, or read from a pipe."""

import json
import sys
from urllib.parse import quote

import click

from iterate import reach, settings
from iterate.cli import offers
from iterate.cli.models import asked, connected, listed, table
from iterate.cli.options import HELP, JSON, examples, reaching, voice, workspace
from iterate.errors import UsageError
from iterate.terminal import screen
from iterate.terminal.tally import counted

LONGEST = 16_384
CHECK_S = 60.0


@click.command(
    "login",
    help="Keep a vendor's key if the vendor takes it.",
    epilog=examples(
        ("iterate auth login anthropic", "asks for the key"),
        ("pass show openai | iterate auth login openai", "takes it from a pipe"),
        ("iterate auth login http://127.0.0.1:4096", "a server's secret"),
    ),
)
@click.argument("vendor", shell_complete=offers.vendors, help="Whose key it is: iterate auth list shows the names.")
@click.option("--no-check", is_flag=True, help="Keep it without asking the vendor.")
@JSON
@reaching
@HELP
def login(vendor: str, *, no_check: bool, as_json: bool) -> int:
    """Keep a key."""
    if "://" in vendor:
        return _login_to(vendor, is_checked=not no_check, as_json=as_json)
    # Nobody types a key for a vendor that there is not.
    connected().call("GET", f"/auth/{quote(vendor, safe='')}?{asked()}")
    body = {"key": _key(vendor), "check": not no_check, "workspace": workspace()._asdict()}
    kept = connected().call("PUT", f"/auth/{quote(vendor, safe='')}", body, timeout_s=CHECK_S)
    doubt = str(kept.get("doubt") or "")
    if as_json:
        screen.show_json({"vendor": vendor, "kept": True, "doubt": doubt})
        return 0
    screen.show(f"the key for {vendor} is kept{'' if doubt or no_check else ', and its vendor takes it'}\n")
    if doubt:
        screen.note(f"it could not be checked: {doubt}")
    screen.note(f"iterate models {vendor}/ lists its models; iterate config set model NAME lets one answer")
    return 0


@click.command("logout", help="Forget the key of a vendor.")
@click.argument("vendor", shell_complete=offers.vendors, help="Whose key it is.")
@JSON
@reaching
@HELP
def logout(vendor: str, *, as_json: bool) -> int:
    """Forget a key."""
    if "://" in vendor:
        url = reach.address(vendor)
        forgotten = reach.kept(settings.read()).remove(url)
        if as_json:
            screen.show_json({"server": url, "forgotten": forgotten})
        else:
            screen.show(f"the secret of {url} is forgotten\n" if forgotten else f"there was no secret of {url}\n")
        return 0
    client = connected()
    forgotten = client.call("DELETE", f"/auth/{quote(vendor, safe='')}").get("forgotten") is True
    if not forgotten:
        client.call("GET", f"/auth/{quote(vendor, safe='')}?{asked()}")
    if as_json:
        screen.show_json({"vendor": vendor, "forgotten": forgotten})
        return 0
    screen.show(f"the key for {vendor} is forgotten\n" if forgotten else f"there was no key for {vendor}\n")
    return 0


@click.command("list", help="Show vendors and where their keys come from.")
@JSON
@reaching
@HELP
def list_(*, as_json: bool) -> int:
    """Show who can be asked."""
    rows = listed(connected(), "/provider", "vendors")
    servers = list(reach.kept(settings.read()).vendors())
    if as_json:
        screen.show_json_line(json.dumps({"vendors": rows, "servers": servers}, ensure_ascii=False))
        return 0
    rows.sort(key=lambda row: not row.get("ready"))
    screen.show("".join(f"{line}\n" for line in table([_cells(row) for row in rows])))
    screen.show("".join(f"{url}  secret kept by iterate auth login\n" for url in servers))
    return 0


def _login_to(text: str, *, is_checked: bool, as_json: bool) -> int:
    """Keep the secret of a server elsewhere, on this machine, if that server takes it."""
    url, here = reach.address(text), settings.read()
    secret = _key(url)
    if is_checked:
        reach.checked(voice(), url, secret)
    reach.kept(here).put(url, secret)
    if as_json:
        screen.show_json({"server": url, "kept": True})
    else:
        screen.show(f"the secret of {url} is kept{', and it takes it' if is_checked else ''}\n")
    return 0


def _cells(row: dict[str, object]) -> tuple[str, ...]:
    variables = row.get("variables")
    names = " or ".join(map(str, variables)) if isinstance(variables, list) else ""
    match (row.get("state"), row.get("key")):
        case ("there", _):
            state = f"runs here, with {counted(int(str(row.get('models'))), 'model')}"
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
