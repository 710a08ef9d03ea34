"""Pages about the state: what it cost, which rules are in force, who answers and where, which skills there are."""

from collections.abc import Sequence

from iterate.heard import Heard
from iterate.terminal import rows, tally
from iterate.terminal.rows import Row, span
from iterate.tui import said
from iterate.tui.contract import Body, Program
from iterate.tui.listing import Item, Listing, Purpose
from iterate.tui.page import Page

_WIDE = 11


def cost(program: Program, rest: str) -> None:
    """What this session cost, and what was used on each day, by model."""
    days = rest if rest.isascii() and rest.isdigit() else "30"

    def with_session(session: Heard) -> None:
        def told(body: Body) -> None:
            program.show(Page(program, "Cost", lambda room: _cost(session, said.heard(body), days, room)))

        program.call("GET", f"/stats?days={days}&by=day", then=told)

    if program.session:
        path = f"/session/{program.session}"
        program.call("GET", path, then=lambda body: with_session(said.heard(body).inner("session")))
    else:
        with_session(said.heard({}))


def _cost(session: Heard, used: Heard, days: str, room: int) -> list[Row]:
    found: list[Row] = []
    if session.fields:
        money = session.count("total_cost_micro_usd") or session.count("cost_micro_usd")
        tokens = session.count("total_tokens") or session.count("tokens")
        found += [said.line("this session", "heading")]
        found += [said.line(f"{said.money(money) if money else 'no price is known'}  {tokens:,} tokens"), ()]
    found.append(said.line(f"the last {days} days", "heading"))
    lines = [*used.rows("rows"), used.inner("total")] if used.rows("rows") else []
    for each in lines:
        name = f"{each.word('day')}  {each.word('model')}" if each.word("day") else "all"
        price = said.money(each.count("cost_micro_usd")) if each.count("cost_micro_usd") else ""
        count = f"{tally.counted(each.count('prompts'), 'prompt')}  {said.tokens(each.count('tokens'))} tokens  {price}"
        found += rows.wrapped([span(count)], room, [span(f"{name}  ", "dim")], [span("  ")])
    return found if lines else [*found, said.line("nothing was used", "dim")]


def status(program: Program, _rest: str) -> None:
    """Who answers, where, and with which settings."""

    def told(body: Body) -> None:
        program.show(Page(program, "Status", lambda room: _status(program, said.heard(body), room)))

    program.call("GET", f"/config{said.here(program)}", then=told)


def _status(program: Program, settled: Heard, room: int) -> list[Row]:
    config = settled.inner("config")
    facts = {
        "folder": program.directory,
        "session": program.session or "none yet",
        "model": program.model or config.word("model") or "what the agent says",
        "agent": program.agent or config.word("agent"),
        "answers": "one runs" if program.is_answering else "none runs",
        "server": "elsewhere" if program.is_elsewhere else "on this machine",
    }
    found = _facts(facts, room)
    files = settled.words("files")
    if files:
        found += [(), said.line("files of settings", "heading")]
        found += [row for each in files for row in rows.wrapped([span(each)], room, [span("  ")], [span("    ")])]
    for each in settled.rows("left_out"):
        told = f"{each.word('key')} of {each.word('file')} does not count: {each.word('why')}"
        found += rows.wrapped([span(told, "warning")], room)
    return found


def _facts(facts: dict[str, str], room: int) -> list[Row]:
    found: list[Row] = []
    for name, value in facts.items():
        found += rows.wrapped([span(value)], room, [span(f"{name:<{_WIDE}}", "dim")], [span(" " * _WIDE)])
    return found


def skills(program: Program, _rest: str) -> None:
    """The skills of the folder, each with where it lies."""
    purpose = Purpose(
        "Skills",
        lambda item: program.tell(f"{item.text}: ask for it in a prompt, or let the model find it"),
        sight=lambda key, then: then(lambda room: _skill(key, room)),
        empty="there is no skill in this folder",
    )
    listing = Listing(program, purpose)
    program.show(listing)

    def fill(body: Body) -> None:
        listing.fill(_skills(said.heard(body).rows("skills")))

    path = f"/skill{said.here(program)}"
    program.call("GET", path, then=fill, otherwise=lambda failure: listing.fail(str(failure)))


def _skills(found: Sequence[Heard]) -> list[Item]:
    return [
        Item(f"{each.word('description')}\n{each.word('folder')}", each.word("name"), each.word("description"))
        for each in found
    ]


def _skill(key: str, room: int) -> list[Row]:
    about, _, folder = key.partition("\n")
    return [*rows.wrapped([span(about)], room), (), *rows.wrapped([span(folder, "dim")], room)]
