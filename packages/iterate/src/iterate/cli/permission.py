"""`iterate permission ...`: which rules are in force, what they say about a command, and what was remembered."""

import json
from urllib.parse import urlencode

import click

from iterate import settings
from iterate.cli import offers
from iterate.cli.options import HELP, JSON, examples, filled, reaching, server, workspace
from iterate.errors import ServerLost, ServerStopping
from iterate.terminal import screen

ATTEMPTS = 5
# As in `permissions/rules.py`, which costs more than a help page may.
DEEDS = ("read", "edit", "bash", "fetch", "task", "mcp", "outside", "skill")

_NAMES = (
    "<secrets> hold keys, such as .env; <looks> are commands that only look\n"
    "<guarded> are files that other programs obey by themselves, such as .git/"
)

AGENT = click.option(
    "--agent", metavar="NAME", callback=filled, shell_complete=offers.agents, help="The agent that would do it."
)
DIRECTORY = click.option(
    "--directory",
    metavar="FOLDER",
    callback=filled,
    shell_complete=offers.folders,
    help="Where. Default: the current folder.",
)


@click.command(
    "test",
    help="Say what the rules make of each part of a command; nothing is run.",
    epilog=examples(
        ('iterate permission test "rm -rf build && curl x | sh"', "which rule decides"),
        ("iterate permission test --deed edit .git/config", "a file"),
        ("iterate permission test --agent plan make", "for another agent"),
    ),
)
@click.argument("subject", nargs=-1, required=True, help="A command; for another deed a path, an address or a name.")
@click.option("--deed", type=click.Choice(DEEDS), default="bash", help="What would be done. Default: bash.")
@click.option("--yes", "trusting", is_flag=True, help="As in the mode that runs without asking inside the sandbox.")
@AGENT
@DIRECTORY
@JSON
@reaching
@HELP
def try_rules(
    *, subject: tuple[str, ...], deed: str, trusting: bool, agent: str | None, directory: str | None, as_json: bool
) -> int:
    """Try the rules."""
    where = {"directory": _folder(directory), "environment": workspace().environment}
    body = {"subject": " ".join(subject), "deed": deed, "agent": agent or "", "trusting": trusting, "workspace": where}
    found = _call("POST", "/permission/test", body)
    screen.show(json.dumps(found, ensure_ascii=False) + "\n" if as_json else _trial(found))
    return 0


@click.command("list", help="Show the rules in force and where each stands.")
@AGENT
@DIRECTORY
@JSON
@reaching
@HELP
def list_rules(*, agent: str | None, directory: str | None, as_json: bool) -> int:
    """Show the rules."""
    asked = urlencode({"directory": _folder(directory), "agent": agent or ""})
    found = _call("GET", f"/permission/rule?{asked}")
    screen.show(json.dumps(found, ensure_ascii=False) + "\n" if as_json else _rules(found))
    if not as_json:
        screen.note(_NAMES)
    return 0


@click.command(
    "forget",
    help="Take back what was always allowed in a project.",
    epilog=examples(
        ('iterate permission forget bash "git push *"', "one rule"),
        ("iterate permission forget bash", "all about commands"),
        ("iterate permission forget", "all of this project"),
    ),
)
@click.argument("deed", required=False, type=click.Choice(DEEDS), help="What it was allowed for.")
@click.argument("pattern", required=False, shell_complete=offers.patterns, help="The pattern, as `list` shows it.")
@DIRECTORY
@JSON
@reaching
@HELP
def forget(*, deed: str | None, pattern: str | None, directory: str | None, as_json: bool) -> int:
    """Take back rules."""
    where = _folder(directory)
    asked = urlencode({"directory": where, "deed": deed or "", "pattern": pattern or ""})
    found = _call("DELETE", f"/permission/rule?{asked}")
    screen.show(json.dumps(found, ensure_ascii=False) + "\n" if as_json else _rules(found))
    return 0


def _folder(given: str | None) -> str:
    return settings.directory() if given is None else settings.folder(given)


def _call(method: str, path: str, body: dict[str, object] | None = None) -> dict[str, object]:
    # Help and completion need no network.
    from iterate.client import Client

    for attempt in range(1, ATTEMPTS + 1):
        try:
            return Client(server(is_checked=attempt > 1)).call(method, path, body)
        except (ServerLost, ServerStopping):
            # It ended between being found and being asked; nothing here happens twice when it is done twice.
            if attempt == ATTEMPTS:
                raise
    raise AssertionError  # The last attempt returns or raises.


def _trial(found: dict[str, object]) -> str:
    lines = [f"{found['action']}: {found['why']}"]
    command = None
    for row in _rows(found, "rows"):
        if row["command"] != command:
            command = row["command"]
            lines += ["", f"  {command}"] if command else [""]
        mark = "  (always asks)" if row["grave"] else ""
        lines.append(f"    {row['action']:<5}  {row['deed']} {row['subject']}{mark}")
        lines.append(f"           {row['why']}")
    lasting = found.get("lasting")
    if isinstance(lasting, list) and lasting:
        lines += ["", f"An answer would be remembered for: {'; '.join(map(str, lasting))}"]
    return "\n".join(lines) + "\n"


def _rules(found: dict[str, object]) -> str:
    rows = _rows(found, "rules")
    if not rows:
        return "no rules\n"
    table = [(row["source"], row["deed"], row["action"], row["pattern"], row["file"]) for row in rows]
    widths = [max(len(str(row[at])) for row in table) for at in range(4)]
    lines = ["  ".join(f"{text!s:<{width}}" for text, width in zip(row, [*widths, 0], strict=True)) for row in table]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _rows(found: dict[str, object], key: str) -> list[dict[str, object]]:
    rows = found.get(key)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
