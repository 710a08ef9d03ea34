"""`/help` and `/keys`: every command and every key, from the tables, within 80 columns."""

from collections.abc import Sequence

from iterate.config.bindings import CONTEXTS
from iterate.config.chords import spoken
from iterate.terminal import rows
from iterate.terminal.keymap import Keymap
from iterate.terminal.rows import Row, span
from iterate.tui import commands as table
from iterate.tui import said
from iterate.tui.contract import Program
from iterate.tui.listing import Item, Listing, Purpose
from iterate.tui.page import Page

_NAME = 22
# What of a line is no plain prompt: the first one anywhere, the others at its beginning.
_BEGINS = (
    ("@path", "anywhere: a file or folder, which goes along; @server:uri of an MCP server"),
    ("!command", "at the beginning: runs a line in the shell; the model sees it with the next prompt"),
    ("!!command", "the same, and the model does not see it"),
    ("#note", "at the beginning: keeps a line in AGENTS.md, once you have said where"),
    ("/command", "at the beginning: is one of these, or of the project"),
)


def show(program: Program, _rest: str) -> None:
    """The page of help, with the commands of the project once they are known."""
    page = Page(program, "Help", lambda room: _help(room, (), program.keymap))
    program.show(page)
    table.others(program, lambda known: page.change(lambda room: _help(room, known, program.keymap)))


def keys(program: Program, _rest: str) -> None:
    """The page of keys."""
    program.show(Page(program, "Keys in force", lambda room: bound(program.keymap, room)))


def commands(program: Program) -> None:
    """The list of all commands: one that takes words is written into the line."""
    listing = Listing(program, Purpose("Commands", lambda item: _choose(program, item.key)))
    program.show(listing)
    own = [Item(each.name, each.shown, each.about, group=each.group) for each in table.COMMANDS]
    ordered = sorted(own, key=lambda item: _order().index(item.group))
    listing.fill(ordered)

    def fill(known: list[tuple[str, str]]) -> None:
        more = [
            Item(name, name, about or "of this project or your own", group="of the project") for name, about in known
        ]
        listing.fill([*ordered, *more])

    table.others(program, fill)


def _choose(program: Program, name: str) -> None:
    command = table.find(name)
    if command is not None and not (command.words and command.words in {"title", "call"}):
        table.do(program, command)
    else:
        program.write(f"{name} ")


def _order() -> list[str]:
    return list(dict.fromkeys(each.group for each in table.COMMANDS))


def _help(room: int, others: Sequence[tuple[str, str]], keymap: Keymap) -> list[Row]:
    found: list[Row] = [said.line("What a line may hold", "heading")]
    found += [row for name, about in _BEGINS for row in pair(name, about, room)]
    for group in _order():
        found += [(), said.line(f"Commands: {group}", "heading")]
        found += [row for each in table.COMMANDS if each.group == group for row in pair(each.shown, about(each), room)]
    if others:
        found += [(), said.line("Commands: of the project, yours, of MCP servers", "heading")]
        found += [row for name, said_of in others for row in pair(name, said_of or "of this project or your own", room)]
    return [*found, (), *bound(keymap, room)]


def about(command: table.Command) -> str:
    """What a command does, its other names, and when it cannot be done."""
    also = f"; also {', '.join(command.also)}" if command.also else ""
    return f"{command.about}{also}{'; not while an answer runs' if command.waits else ''}"


def bound(keymap: Keymap, room: int) -> list[Row]:
    """Every binding in force, those of the person marked; conflicts first."""
    found: list[Row] = []
    for conflict in keymap.conflicts():
        found += rows.wrapped([span(f"conflict: {conflict.words()}", "warning")], room)
    context = ""
    for each in keymap.rows():
        if each.context != context:
            context = each.context
            found += [*([()] if found else []), said.line(f"Keys: {CONTEXTS[each.context]}", "heading")]
        name = ", ".join(map(spoken, each.chords)) or "no key"
        rare = f" ({', '.join(map(spoken, each.rare))}: not on every terminal)" if each.rare else ""
        own = " (yours)" if each.is_own else ""
        found += pair(name, f"{each.meaning}{rare}{own}", room, is_own=each.is_own)
    return found


def pair(name: str, about_it: str, room: int, *, is_own: bool = False) -> list[Row]:
    """A name and what it is, in two columns; below each other where there is no room for two."""
    style: rows.Style = "warning" if is_own else "key"
    if room < _NAME * 2 or len(name) > _NAME - 2:
        return [
            *rows.wrapped([span(name, style)], room, [span("  ")], [span("  ")]),
            *rows.wrapped([span(about_it)], room, [span(" " * min(4, room // 4))], [span(" " * min(4, room // 4))]),
        ]
    return rows.wrapped([span(about_it)], room, [span(f"  {name:<{_NAME}}", style)], [span(" " * (_NAME + 2))])
