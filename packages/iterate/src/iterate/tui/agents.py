"""The list of agents: who may answer, and what each is told."""

from collections.abc import Callable

from iterate.errors import AgentUnknown
from iterate.heard import Heard
from iterate.terminal import rows
from iterate.terminal.rows import Row, span
from iterate.tui import said
from iterate.tui.contract import Body, Program
from iterate.tui.listing import Item, Listing, Purpose
from iterate.tui.sight import Taking


def fetch(program: Program, then: Callable[[list[Heard], str], None], otherwise: Callable[[str], None]) -> None:
    """Those to talk with, and the name of the one that answers when nobody says another."""

    def told(body: Body) -> None:
        found = said.heard(body)
        then([each for each in found.rows("agents") if each.word("mode") != "sub"], found.word("default"))

    path = f"/agent{said.here(program)}"
    program.call("GET", path, then=told, otherwise=lambda failure: otherwise(str(failure)))


def show(program: Program, rest: str) -> None:
    """The list, or the agent that is named."""
    if rest:
        fetch(program, lambda found, _: _named(program, found, rest), lambda _: take(program, rest))
        return

    def look(key: str, then: Taking) -> None:
        path = f"/agent/{key}{said.here(program)}"
        program.call("GET", path, then=lambda body: then(lambda room: _whole(said.heard(body), room)))

    listing = Listing(program, Purpose("Agents", lambda item: take(program, item.key), sight=look))
    program.show(listing)

    def fill(found: list[Heard], default: str) -> None:
        now = program.agent or default
        items = [
            Item(each.word("name"), each.word("name"), each.word("description"), is_current=each.word("name") == now)
            for each in found
        ]
        listing.fill(items)

    fetch(program, fill, listing.fail)


def take(program: Program, name: str) -> None:
    """That agent answers until the person leaves."""
    program.agent = name
    program.tell(f"{name} answers until you leave")
    program.refresh()


def _named(program: Program, found: list[Heard], name: str) -> None:
    names = [each.word("name") for each in found]
    if name in names:
        take(program, name)
        return
    from iterate.tui.commands import near

    hint = near(name, names, f"there are {', '.join(names)}")
    program.fail(AgentUnknown(f"there is no agent {name!r} to talk with", hint))


def _whole(of: Heard, room: int) -> list[Row]:
    found = rows.wrapped([span(of.word("description"), "bold")], room)
    facts = {
        "model": of.word("model"),
        "effort": of.word("effort"),
        "tools": ", ".join(of.words("tools")) or "all",
        "file": of.word("file") or "built in",
    }
    for name, value in facts.items():
        if value:
            found += rows.wrapped([span(value)], room, [span(f"{name:<7} ", "dim")], [span(" " * 8)])
    for rule in of.rows("rules"):
        told = f"{rule.word('action')} {rule.word('deed')} {rule.word('pattern')}"
        found += rows.wrapped([span(told)], room, [span("rule    ", "dim")], [span(" " * 8)])
    prompt = of.word("prompt").strip()
    return [*found, (), *rows.wrapped([span(prompt, "dim")], room)] if prompt else found


def names(program: Program, then: Callable[[list[tuple[str, str]]], None]) -> None:
    """The agents to talk with, and what they are for."""
    fetch(
        program,
        lambda found, _: then([(each.word("name"), each.word("description")) for each in found]),
        lambda _: None,
    )
