"""`iterate agent ...`: who may answer here, by the server's word; and the beginning of a file of one's own."""

import json
from pathlib import Path
from urllib.parse import quote

import click

from iterate import settings
from iterate.cli import offers
from iterate.cli.config import PROJECT
from iterate.cli.options import HELP, JSON, examples, filled, reaching, server
from iterate.client import Body, Client
from iterate.errors import AgentUnknown, ConfigUnwritable, NoHome, UsageError
from iterate.terminal import screen


@click.command("list", help="List the agents that may answer in this folder.")
@JSON
@reaching
@HELP
def list_agents(*, as_json: bool) -> int:
    """Show every agent, and which files of agents were skipped."""
    answer = _ask("/agent")
    if as_json:
        screen.show_json_line(json.dumps(answer, ensure_ascii=False))
        return 0
    rows = _list(answer, "agents")
    width = max((len(str(row["name"])) for row in rows), default=0)
    for row in rows:
        mark = "*" if row["name"] == answer["default"] else " "
        trust = "" if row["is_trusted"] else "  (not trusted)"
        before = f"{mark} {row['name']:<{width}}  {row['mode']:<7}  "
        screen.show(f"{screen.beside(before, f'{row["description"]}{trust}')}\n")
    for each in _list(answer, "left_out"):
        screen.note(f"{each['key']} of {each['file']} does not count: {each['why']}")
    problems = answer.get("problems")
    for problem in problems if isinstance(problems, list) else []:
        screen.note(str(problem))
    return 0


@click.command("show", help="Show an agent and its prompt.")
@click.argument("name", metavar="NAME", help="The name as iterate agent list shows it.", shell_complete=offers.agents)
@JSON
@reaching
@HELP
def show(name: str, *, as_json: bool) -> int:
    """Show all there is to know of an agent."""
    answer = _ask(f"/agent/{quote(name, safe='')}")
    if as_json:
        screen.show_json_line(json.dumps(answer, ensure_ascii=False))
        return 0
    facts = {
        "name": answer["name"],
        "description": answer["description"],
        "mode": answer["mode"],
        "model": answer["model"],
        "tools": " ".join(str(each) for each in _values(answer["tools"])) or "all",
        "steps": answer["steps"],
        "effort": answer["effort"],
        "file": answer["file"] or "built in",
    }
    for key, value in facts.items():
        screen.show(f"{key:<12} {value or '-'}\n")
    for rule in _list(answer, "rules"):
        screen.show(f"{'rule':<12} {rule['deed']} {rule['pattern']} = {rule['action']}\n")
    screen.show(f"\n{answer['prompt']}\n")
    return 0


@click.command(
    "create",
    help="Begin the file of an agent of your own.\n\nThe file is printed and yours to edit.",
    epilog=examples(
        ("iterate agent create review --mode primary", "for all projects"),
        ("iterate agent create review --project", "for this one"),
    ),
)
@click.argument("name", metavar="NAME", help="Small letters and digits and - and _.")
@click.option("--description", metavar="TEXT", default="", help="What it is for.")
@click.option("--model", metavar="MODEL", callback=filled, shell_complete=offers.models, help="The model that answers.")
@click.option(
    "--mode",
    type=click.Choice(("primary", "sub", "both")),
    default="both",
    help="Who chooses it: people or the tool task or both. Default: both.",
)
@PROJECT
@JSON
@HELP
def create(name: str, *, description: str, model: str | None, mode: str, project: bool, as_json: bool) -> int:
    """Write the file, unless there is one."""
    from iterate.config import writing
    from iterate.project.agents import NAME

    if not NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name of an agent", "use small letters, digits, - and _")
    file = _folder(project=project) / "agents" / f"{name}.md"
    if file.exists() or file.is_symlink():
        raise ConfigUnwritable(f"{file} is there already", "edit that file, or choose another name")
    lines = [f"description: {json.dumps(description or name, ensure_ascii=False)}", f"mode: {mode}"]
    lines += [f"model: {json.dumps(model, ensure_ascii=False)}"] if model else []
    text = "\n".join(("---", *lines, "---", "", f"You are {name}. Say here how you work.", ""))
    writing.write(file, text, is_private=not project)
    if as_json:
        screen.show_json({"file": str(file)})
    else:
        screen.show(f"{file}\n")
    return 0


def _ask(path: str) -> Body:
    directory = settings.directory()
    if not directory:
        raise AgentUnknown("the folder that this runs in is gone", "change to another folder")
    return Client(server()).call("GET", f"{path}?directory={quote(directory, safe='')}")


def _folder(*, project: bool) -> Path:
    here = settings.read()
    if project:
        from iterate.config.layers import FOLDER
        from iterate.config.root import root_of

        return root_of(Path(settings.directory()), here.home) / FOLDER
    if here.config is None:
        raise NoHome("nothing says where your files belong")
    return here.config.parent


def _list(answer: Body, key: str) -> list[Body]:
    return [each for each in _values(answer.get(key)) if isinstance(each, dict)]


def _values(found: object) -> list[object]:
    return found if isinstance(found, list) else []
