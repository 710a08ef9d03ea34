"""`iterate mcp ...`: servers of tools that speak MCP, by the server's word."""

import json
import sys
from urllib.parse import quote

import click

from iterate import settings
from iterate.cli.models import connected, table
from iterate.cli.options import HELP, JSON, examples, filled, reaching, workspace
from iterate.client import Body, Client
from iterate.errors import McpFailed, UsageError
from iterate.terminal import screen
from iterate.terminal.tally import counted

# A start may take as long as the server lets it, and a wait for a log-in 25 s.
START_S, WAIT_S = 90.0, 60.0
_LONGEST = 16_384

NAME = click.argument("name", metavar="NAME", help="The name as iterate mcp list shows it.")


def _pairs(_context: click.Context, option: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """`NAME=VALUE`; a variable's name alone stands for the variable itself."""
    found = {}
    for value in values:
        name, sign, text = value.partition("=")
        if not name or (not sign and option.name == "headers"):
            raise click.BadParameter(f"{name or value!r} is not NAME=VALUE")
        found[name] = text if sign else f"${{env:{name}}}"
    return found


@click.command(
    "add",
    help=(
        "Add an MCP server to your settings.\n\n"
        "Write ${env:NAME} for what is secret: it stands for the variable when the server starts."
    ),
    epilog=examples(
        ("iterate mcp add files -- npx -y some-server /data", "a program"),
        ("iterate mcp add forge --env FORGE_TOKEN -- forge-mcp", "with a variable"),
        ("iterate mcp add notes --url https://notes.example/mcp", "an address"),
    ),
)
@click.argument("name", metavar="NAME", help="What it is called from now on.")
@click.argument("command", metavar="[-- COMMAND]...", nargs=-1, help="The program and its arguments.")
@click.option("--url", metavar="URL", callback=filled, help="The address of one that is reached over HTTP.")
@click.option("--env", metavar="NAME[=VALUE]", multiple=True, callback=_pairs, help="A variable that the program gets.")
@click.option(
    "--header", "headers", metavar="NAME=VALUE", multiple=True, callback=_pairs, help="Sent with each request."
)
@JSON
@reaching
@HELP
def add(
    name: str,
    command: tuple[str, ...],
    *,
    url: str | None,
    env: dict[str, str],
    headers: dict[str, str],
    as_json: bool,
) -> int:
    """Write it into the settings."""
    if bool(command) == bool(url):
        raise UsageError("a server is a program or an address", "iterate mcp add --help shows both")
    body: dict[str, object] = {"name": name, "command": list(command), "url": url or "", "env": env, "headers": headers}
    added = connected().call("POST", "/mcp", body)
    file, is_replaced = str(added.get("file")), added.get("replaced") is True
    if as_json:
        screen.show_json({"name": name, "file": file, "replaced": is_replaced})
    else:
        screen.show(f"{file}\n")
        before = f"it takes the place of another {name}; " if is_replaced else ""
        screen.note(f"{before}iterate mcp debug {name} tries it")
    return 0


@click.command("list", help="List the MCP servers of this folder; nothing is started.")
@JSON
@reaching
@HELP
def list_(*, as_json: bool) -> int:
    """Show each server and what is known of it."""
    answer = connected().call("GET", f"/mcp?directory={quote(settings.directory(), safe='')}")
    rows = _rows(answer.get("servers"))
    if as_json:
        screen.show_json_line(json.dumps(answer, ensure_ascii=False))
        return 0
    screen.show("".join(f"{line}\n" for line in table([_cells(row) for row in rows])))
    if not rows:
        screen.note("the settings name no MCP server; iterate mcp add --help says how")
    return 0


@click.command("remove", help="Remove an MCP server from your settings and forget its log-in.")
@NAME
@JSON
@reaching
@HELP
def remove(name: str, *, as_json: bool) -> int:
    """Take it out of the settings."""
    connected().call("DELETE", f"/mcp/{quote(name, safe='')}")
    if as_json:
        screen.show_json({"removed": name})
    else:
        screen.show(f"{name} is removed\n")
    return 0


@click.command(
    "login",
    help=(
        "Log in to an MCP server that is reached over HTTP.\n\n"
        "The address to open is printed. Where the browser is on another machine than the server, "
        "--paste takes the address that it ends at."
    ),
    epilog=examples(("iterate mcp login notes", "then open what it prints")),
)
@NAME
@click.option("--paste", is_flag=True, help="Ask for the address that the browser ended at.")
@JSON
@reaching
@HELP
def login(name: str, *, paste: bool, as_json: bool) -> int:
    """Log in, with a browser."""
    client = connected()
    found = _login(client, name, "")
    if found.get("state") == "open":
        screen.note(f"open this address in a browser:\n{found.get('url')}")
        found = _login(client, name, _pasted() if paste else "")
    while found.get("state") == "open":
        found = _login(client, name, "")
    if as_json:
        screen.show_json({"name": name, "state": "done"})
    else:
        screen.show(f"logged in to {name}\n")
    return 0


@click.command(
    "debug", help="Start an MCP server anew and show what it says; exits with an error if it does not start."
)
@NAME
@JSON
@reaching
@HELP
def debug(name: str, *, as_json: bool) -> int:
    """Try one, and show all there is to know."""
    path = f"/mcp/{quote(name, safe='')}/restart"
    found = connected().call("POST", path, {"workspace": _where()}, timeout_s=START_S)
    if as_json:
        screen.show_json_line(json.dumps(found, ensure_ascii=False))
    else:
        facts = [
            ("state", found.get("state")),
            ("problem", found.get("problem")),
            ("server", found.get("server")),
            ("protocol", found.get("protocol")),
            ("started in", f"{found.get('took_ms')} ms"),
            ("tools", " ".join(_names(found.get("tools")))),
            ("prompts", " ".join(_names(found.get("prompts")))),
            ("resources", found.get("resources")),
        ]
        screen.show("".join(f"{key:<12} {value or '-'}\n" for key, value in facts))
        if found.get("log"):
            screen.show(f"\nwhat it wrote:\n{found['log']}")
    return McpFailed.exit_code if found.get("problem") else 0


def _where() -> Body:
    """This folder, also for a server at an address, whose files of settings decide; our variables go to ours alone."""
    return {"directory": settings.directory(), "environment": workspace().environment}


def _login(client: Client, name: str, url: str) -> Body:
    body: dict[str, object] = {"workspace": _where(), "url": url}
    return client.call("POST", f"/mcp/{quote(name, safe='')}/login", body, timeout_s=WAIT_S)


def _pasted() -> str:
    """The address, which holds a secret for some seconds: from a prompt that shows nothing, or from a pipe."""
    if screen.can_ask():
        return screen.ask_hidden("the address that the browser ended at: ").strip()
    return sys.stdin.buffer.read(_LONGEST).decode(errors="replace").strip() if sys.stdin is not None else ""


def _cells(row: Body) -> tuple[str, ...]:
    tools = len(_names(row.get("tools")))
    about = str(row.get("problem") or (counted(tools, "tool") if row.get("server") else ""))
    return str(row.get("name")), str(row.get("kind")), str(row.get("state")), about


def _rows(found: object) -> list[Body]:
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _names(found: object) -> list[str]:
    return [str(each) for each in found] if isinstance(found, list) else []
