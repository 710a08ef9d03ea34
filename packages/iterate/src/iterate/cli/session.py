"""`iterate session`: the sessions that are kept: list, show, rename, delete, fork, carry away, take back, sum up."""

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from iterate.cli import offers
from iterate.cli.options import HELP, JSON, examples, reaching, server, workspace
from iterate.errors import ExportInvalid, NotConfirmed, OutputFailed
from iterate.heard import Heard
from iterate.terminal import screen
from iterate.tui import sessions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iterate.client import Body, Client
    from iterate.terminal.rows import Row

# A model that sums up takes its time.
COMPACT_S = 300.0
COLUMNS = 80
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_SHOWN = 50
# Of an id, what usually names one session alone.
SHORT = 8

_session = click.argument(
    "session",
    metavar="SESSION",
    shell_complete=offers.sessions,
    help="The id or the first digits of it or `last`: the newest here.",
)
_leave = click.option("--leave-changed", is_flag=True, help="Leave files alone that somebody changed since.")


def connected() -> "Client":
    """A client of the server, which is started if none runs."""
    from iterate.client import Client

    return Client(server())


@click.command(
    "list",
    help="List sessions with the newest first.",
    epilog=examples(
        ("iterate session list", "those of this folder"),
        ("iterate session list --all parser", "all that hold a word"),
    ),
)
@click.argument("words", nargs=-1, help="Only sessions whose title or prompts hold all of these words.")
@click.option("--all", "is_all", is_flag=True, help="Those of every folder.")
@click.option("--limit", metavar="N", type=click.IntRange(1), default=_SHOWN, help=f"How many. Default: {_SHOWN}.")
@JSON
@reaching
@HELP
def list_(words: tuple[str, ...], *, is_all: bool, limit: int, as_json: bool) -> int:
    """List sessions."""
    directory = "" if is_all else workspace().directory
    found = sessions.listed(connected(), directory=directory, search=" ".join(words), most=limit)
    print_list(found, is_all=not directory, as_json=as_json)
    if not found and not as_json:
        screen.note(
            "there is no such session" if words or not directory else "no session worked here; --all shows others"
        )
    return 0


def print_list(found: list[Heard], *, is_all: bool, as_json: bool) -> None:
    """Print sessions, one a line."""
    if as_json:
        screen.show_json_line(json.dumps({"sessions": [each.fields for each in found]}, ensure_ascii=False))
    else:
        head = f"{HEAD}\n" if found and screen.is_terminal() else ""
        screen.show(head + "".join(f"{row(each, is_all=is_all)}\n" for each in found))


@click.command("show", help="Show what was said and done in a session.")
@_session
@JSON
@reaching
@HELP
def show(session: str, *, as_json: bool) -> int:
    """Show one."""
    client, id_ = _found(session)
    if as_json:
        screen.show_json_line(json.dumps(client.call("GET", f"/session/{id_}"), ensure_ascii=False))
    else:
        _print_markdown(_text(client, f"/session/{id_}/markdown", "markdown"))
    return 0


@click.command("rename", help="Give a session another title.")
@_session
@click.argument("title", nargs=-1, required=True, help="The title; several words are joined.")
@JSON
@reaching
@HELP
def rename(session: str, title: tuple[str, ...], *, as_json: bool) -> int:
    """Rename one."""
    client, id_ = _found(session)
    named = client.call("PATCH", f"/session/{id_}", {"title": " ".join(title)})
    return _done(named, f"{id_} is called {named.get('title')}", as_json=as_json)


@click.command("delete", help="Delete a session and those that its agents began.\n\nFiles stay as they are.")
@_session
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@JSON
@reaching
@HELP
def delete(session: str, *, yes: bool, as_json: bool) -> int:
    """Delete one."""
    client, id_ = _found(session)
    if not yes:
        if as_json or not screen.can_ask():
            raise NotConfirmed("nothing was deleted, because nobody can be asked here", "--yes deletes without asking")
        title = Heard("", "", client.call("GET", f"/session/{id_}")).inner("session").word("title")
        if not screen.ask(f"Delete {id_} ({title})?"):
            raise NotConfirmed("nothing was deleted", "")
    gone = client.call("DELETE", f"/session/{id_}")
    removed = gone.get("removed")
    return _done(gone, f"deleted {', '.join(removed) if isinstance(removed, list) else id_}", as_json=as_json)


@click.command("fork", help="Begin a session with what another one holds.")
@_session
@click.option("--at", metavar="N", type=int, help="Leave out the prompt of this number and all behind it.")
@JSON
@reaching
@HELP
def fork(session: str, *, at: int | None, as_json: bool) -> int:
    """Fork one."""
    client, id_ = _found(session)
    begun = client.call("POST", f"/session/{id_}/fork", {"at": at})
    return _done(begun, str(begun.get("id")), as_json=as_json)


@click.command(
    "export",
    help="Write a session as Markdown or as JSON for `session import`.",
    epilog=examples(
        ("iterate session export last > talk.md", "to read"),
        ("iterate session export last --json -o talk.json", "to import"),
    ),
)
@_session
@click.option("-f", "--force", is_flag=True, help="Write over a file that is there.")
@click.option(
    "-o", "--output", metavar="FILE", shell_complete=offers.files, help="Write this file. Default: standard output."
)
@JSON
@reaching
@HELP
def export(session: str, *, output: str | None, force: bool, as_json: bool) -> int:
    """Export one."""
    client, id_ = _found(session)
    if as_json:
        content = json.dumps(client.call("GET", f"/session/{id_}/export"), ensure_ascii=False) + "\n"
    else:
        content = _text(client, f"/session/{id_}/markdown", "markdown")
    if output is None:
        (screen.show_json_line if as_json else screen.show)(content.rstrip("\n") if as_json else content)
        return 0
    if not force:
        _spare(Path(output))
    try:
        Path(output).write_text(content, encoding="utf-8", newline="\n")
    except OSError as problem:
        raise OutputFailed(f"cannot write {output}: {problem.strerror}") from problem
    how = "" if as_json or not output.endswith(".json") else " as Markdown; --json writes what session import takes"
    screen.tell(f"wrote {output}{how}")
    return 0


def _spare(file: Path) -> None:
    """Raise `NotConfirmed` unless the file is new, or a person says that it may go."""
    if not file.is_file():
        return
    if not screen.can_ask():
        raise NotConfirmed(f"{file} is there already; nothing was written", "--force writes over it")
    if not screen.ask(f"Write over {file}?"):
        raise NotConfirmed("nothing was written", "")


@click.command("import", help="Make a session of what `session export --json` wrote.")
@click.argument("file", metavar="FILE", shell_complete=offers.files, help="The file; - reads standard input.")
@JSON
@reaching
@HELP
def import_(file: str, *, as_json: bool) -> int:
    """Import one."""
    import sys

    try:
        text = sys.stdin.buffer.read() if file == "-" and sys.stdin is not None else Path(file).read_bytes()
        content = json.loads(text)
    except OSError as problem:
        raise ExportInvalid(f"{file} cannot be read: {problem.strerror}") from problem
    except ValueError as problem:
        raise ExportInvalid(f"{file} is no JSON: {problem}") from problem
    if not isinstance(content, dict) or not {"format", "events"} <= set(content):
        raise ExportInvalid(f"{file} holds no exported session")
    begun = connected().call("POST", "/session/import", content)
    return _done(begun, str(begun.get("id")), as_json=as_json)


@click.command("diff", help="Show what a session changed in files.")
@_session
@click.option("--prompt", metavar="N", type=int, help="Only what the prompt of this number changed.")
@JSON
@reaching
@HELP
def diff(session: str, *, prompt: int | None, as_json: bool) -> int:
    """Show changes."""
    client, id_ = _found(session)
    text = _text(client, f"/session/{id_}/diff" + (f"?prompt={prompt}" if prompt is not None else ""), "diff")
    if as_json:
        screen.show_json_line(json.dumps({"diff": text}, ensure_ascii=False))
    else:
        print_diff(text)
    return 0


@click.command("revert", help="Take back a prompt and all behind it with their changes of files.")
@_session
@click.option("--to", metavar="N", type=int, help="The number of the first prompt that goes. Default: the last one.")
@click.option(
    "--what",
    type=click.Choice(("both", "conversation", "files")),
    default="both",
    help="The conversation or the files that it changed or both. Default: both.",
)
@_leave
@JSON
@reaching
@HELP
def revert(session: str, *, to: int | None, what: str, leave_changed: bool, as_json: bool) -> int:
    """Take back."""
    client, id_ = _found(session)
    body: dict[str, object] = {"to": to, "leaves_changed": leave_changed}
    if what != "both":
        body["what"] = what  # An older server does not know the word.
    turned = client.call("POST", f"/session/{id_}/revert", body)
    return _done(turned, turned_words("taken back", turned), as_json=as_json)


@click.command("unrevert", help="Bring back what was taken back last.")
@_session
@_leave
@JSON
@reaching
@HELP
def unrevert(session: str, *, leave_changed: bool, as_json: bool) -> int:
    """Bring back."""
    client, id_ = _found(session)
    turned = client.call("POST", f"/session/{id_}/unrevert", {"leaves_changed": leave_changed})
    return _done(turned, turned_words("brought back", turned), as_json=as_json)


@click.command("compact", help="Have a session summed up so that the model reads less.")
@_session
@click.option(
    "--model",
    metavar="MODEL",
    default="",
    shell_complete=offers.models,
    help="Who sums up. Default: the model that answered last.",
)
@click.option("--undo", is_flag=True, help="Let the model read again what was summed up last.")
@JSON
@reaching
@HELP
def compact(session: str, *, model: str, undo: bool, as_json: bool) -> int:
    """Sum up."""
    client, id_ = _found(session)
    if undo:
        with client.ask("DELETE", f"/session/{id_}/compact") as response:
            from iterate.client import raise_refusal

            status, body = response.status, response.read()
        raise_refusal(status, json.loads(body) if body.startswith(b"{") else {})
        return _done({"undone": True}, "the summary counts no more", as_json=as_json)
    summed = summed_up(client, id_, model)
    return _done(summed, f"{summed.get('summary')}\n\n{compact_words(summed)}", as_json=as_json)


def summed_up(client: "Client", id_: str, model: str) -> "Body":
    """Have a session summed up, and wait for it."""
    body: Body = {"model": model, "workspace": workspace()._asdict()}
    screen.waiting("the model sums up")
    return client.call("POST", f"/session/{id_}/compact", body, timeout_s=COMPACT_S)


def compact_words(summed: "Body") -> str:
    """What a summary saves."""
    found = Heard("", "", summed)
    return f"{found.count('tokens_before'):,} tokens became {found.count('tokens_after'):,}"


def turned_words(verb: str, turned: "Body") -> str:
    """What became of which files."""
    files = Heard("", "", turned).words("files")
    return f"{verb}: " + (", ".join(files) if files else "no file was changed")


def print_diff(text: str) -> None:
    """A diff: in colour on a terminal, exact elsewhere."""
    if not _is_painted():
        screen.show(text if text.endswith("\n") or not text else f"{text}\n")
        return
    from iterate.config import looks
    from iterate.terminal import diff as diffs
    from iterate.terminal import live

    print_rows(diffs.rows(text, live.size_of(1)[0] - 1, sides=looks.screen().diffs))


def _is_painted() -> bool:
    from iterate.config import looks

    return screen.is_terminal() and not looks.screen().is_plain


def print_rows(found: "Sequence[Row]") -> None:
    """Rows on a terminal."""
    from iterate.config import looks
    from iterate.terminal import rows, wardrobe

    paint = wardrobe.painting(looks.screen())
    screen.send("".join(f"{rows.painted(each, paint)}\r\n" for each in found))


def _print_markdown(text: str) -> None:
    if not _is_painted():
        screen.show(text if text.endswith("\n") else f"{text}\n")
        return
    from iterate.terminal import live, markdown

    print_rows(markdown.render(text, live.size_of(1)[0] - 1))


def _found(session: str) -> "tuple[Client, str]":
    client = connected()
    return client, sessions.resolved(client, session, workspace(is_worked_in=session == "last").directory)


def _text(client: "Client", path: str, name: str) -> str:
    return str(client.call("GET", path).get(name) or "")


def _done(fields: "Body", text: str, *, as_json: bool) -> int:
    if as_json:
        screen.show_json_line(json.dumps(fields, ensure_ascii=False))
    else:
        screen.show(f"{text}\n")
    return 0


# What the columns of a row are, for people.
HEAD = f"{'session':<{SHORT}}  {'last':>8}  {'prompts':>7}  {'cost':>7}  title"


def row(each: Heard, *, is_all: bool) -> str:
    """One session in a line of 80 columns: id, age, prompts, cost, and its title or its folder too."""
    from iterate.terminal import width

    state = "runs" if each.fields.get("is_running") else age(each.count("updated_ms") / 1000, time.time())
    # With what its agents spent; a server elsewhere may be too old to say that.
    cost = each.count("total_cost_micro_usd") or each.count("cost_micro_usd")
    money = f"${cost / 1e6:.2f}" if cost else ""
    begin = f"{each.word('id')[4 : 4 + SHORT]}  {state:>8}  {each.count('prompts'):>7}  {money:>7}  "
    title = each.word("title") or "(no prompt yet)"
    folder = f"{Path(each.word('directory')).name}: " if is_all and each.word("directory") else ""
    return begin + width.clipped(f"{folder}{' '.join(title.split())}", COLUMNS - len(begin))


def age(then: float, now: float) -> str:
    """How long ago something was."""
    spent = max(0.0, now - then)
    if spent < _MINUTE:
        return "just now"
    if spent < _HOUR:
        return f"{spent // _MINUTE:.0f} min"
    if spent < _DAY:
        return f"{spent // _HOUR:.0f} h"
    return f"{spent // _DAY:.0f} days" if spent >= 2 * _DAY else "1 day"
