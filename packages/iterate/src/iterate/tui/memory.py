"""A note to every agent: where it goes is asked, with the file as it would be; it can be taken back."""

from iterate.errors import UsageError
from iterate.heard import Heard
from iterate.terminal import rows
from iterate.terminal.rows import Row, span
from iterate.tui import said
from iterate.tui.contract import Body, Program
from iterate.tui.listing import Item, Listing, Purpose
from iterate.tui.page import Page

_PROMPT = "prompt"
# What is kept of the last note.
_NOTE = "note"
_NAMES = {"project": "this project", "person": "every project of yours"}


def note(program: Program, line: str) -> None:
    """Ask where the line goes."""
    files: dict[str, Heard] = {}

    def chosen(item: Item) -> None:
        if item.key == _PROMPT:
            program.send(f"#{line}")
        else:
            _keep(program, line.strip(), item.key)

    purpose = Purpose(
        f"Keep as a note: {line.strip()}",
        chosen,
        sight=lambda key, then: then(lambda room: _sight(files.get(key), line.strip(), room)),
        left=lambda: program.write(f"#{line}"),
    )
    listing = Listing(program, purpose)
    program.show(listing)

    def fill(body: Body) -> None:
        files.update({each.word("where"): each for each in said.heard(body).rows("memories")})
        items = [Item(where, _NAMES.get(where, where), _named(each)) for where, each in files.items()]
        listing.fill([*items, Item(_PROMPT, "nowhere: send it as a prompt")])

    path = f"/memory{said.here(program)}"
    program.call("GET", path, then=fill, otherwise=lambda failure: listing.fail(str(failure)))


def show(program: Program, rest: str) -> None:
    """The files, and what stands at their ends; `undo` takes the last note back."""
    if rest == "undo":
        _undo(program)
        return

    def told(body: Body) -> None:
        found = said.heard(body).rows("memories")
        program.show(Page(program, "Notes to every agent", lambda room: _files(found, room)))

    program.call("GET", f"/memory{said.here(program)}", then=told)


def _keep(program: Program, line: str, where: str) -> None:
    def kept(body: Body) -> None:
        program.say([said.line(f"kept in {said.heard(body).word('file')}; /memory undo takes it back", "dim")])
        program.kept[_NOTE] = {**body, "directory": directory, "where": where}

    directory = program.directory
    program.call("POST", "/memory", {"line": line, "directory": directory, "where": where}, then=kept)


def _undo(program: Program) -> None:
    noted = program.kept.pop(_NOTE, None)
    if not isinstance(noted, dict):
        program.fail(UsageError("no note was kept since the start", "/memory shows what the files say"))
        return

    def gone(_: Body) -> None:
        program.say([said.line(f"taken back from {noted.get('file')}", "dim")])

    program.call("POST", "/memory/undo", noted, then=gone)


def _named(of: Heard) -> str:
    return of.word("file") + ("" if of.fields.get("is_there") is True else " (new)")


def _sight(of: Heard | None, line: str, room: int) -> list[Row]:
    """The end of the file as it would be."""
    if of is None:
        return []
    found = rows.wrapped([span(_named(of), "dim")], room)
    for each in of.word("end").split("\n"):
        found += rows.wrapped([span(each)], room)
    return [*found, *rows.wrapped([span(f"- {line}", "added")], room)]


def _files(found: list[Heard], room: int) -> list[Row]:
    shown: list[Row] = []
    for each in found:
        shown += [*([()] if shown else []), *rows.wrapped([span(_named(each), "heading")], room)]
        shown += [row for line in each.word("end").split("\n") for row in rows.wrapped([span(line)], room)]
    return shown
