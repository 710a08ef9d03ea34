"""What stands beside the transcript on a screen of its own: to do, agents below, files, cost, MCP servers. Pure."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Literal, NamedTuple, get_args

from iterate.terminal import rows
from iterate.terminal.rows import Row, Span, Style, row, span
from iterate.terminal.tally import counted
from iterate.terminal.width import clusters
from iterate.terminal.width import width as width_of
from iterate.tui import status
from iterate.tui.contract import Size
from iterate.tui.figures import Below, Figures, Item
from iterate.tui.status import Facts

type Section = Literal["todo", "agents", "files", "cost", "mcp"]
SECTIONS: tuple[Section, ...] = get_args(Section.__value__)
_TITLES: dict[Section, str] = {
    "todo": "To do", "agents": "Agents", "files": "Files", "cost": "Cost and context", "mcp": "MCP",
}  # fmt: skip
# Below so many columns the transcript needs them all.
LEAST = 100
# How much of the screen it takes, in columns.
WIDEST, NARROWEST = 44, 28
_MARKS = {
    "done": Span("\N{CHECK MARK} ", "good"),
    "active": Span("\N{BLACK RIGHT-POINTING SMALL TRIANGLE} ", "busy"),
    "dropped": Span("\N{MULTIPLICATION SIGN} ", "dim"),
}
_OPEN = Span("\N{WHITE SQUARE} ")
_STATES: dict[str, Style] = {"running": "good", "failed": "bad"}


class Server(NamedTuple):
    """An MCP server as it is now."""

    name: str
    state: str
    tools: int = 0


class Seen(NamedTuple):
    """All that the panel shows."""

    todo: Sequence[Item] = ()
    below: Sequence[Below] = ()
    files: Sequence[tuple[str, int, int]] = ()
    facts: Facts = Facts()
    servers: Sequence[Server] = ()


def seen(figures: Figures, facts: Facts, servers: Sequence[Server] = ()) -> Seen:
    """What is there to be shown now."""
    files = [(path, added, removed) for path, (added, removed) in figures.files.items()]
    return Seen(figures.todo, list(figures.below.values()), files, facts, servers)


def width(columns: int) -> int:
    """How many columns of a screen it takes; 0 where it folds away."""
    return 0 if columns < LEAST else max(NARROWEST, min(WIDEST, columns // 3))


def panel(of: Seen, room: Size, folded: AbstractSet[Section] = frozenset(), at: Section | None = None) -> list[Row]:
    """The rows, as many as there is room for: each section gets its part, and counts what it leaves out."""
    bodies = {name: [] if name in folded else _body(name, of, room.columns) for name in SECTIONS}
    shown = [name for name in SECTIONS if _count(name, of) or name == "cost"]
    # Each section has its title, and an empty row behind it.
    space = max(0, room.lines - 2 * len(shown) + 1)
    shares = _shares([len(bodies[name]) for name in shown], space)
    found: list[Row] = []
    for name, share in zip(shown, shares, strict=True):
        found += [()] if found else []
        found += [_title(name, of, is_folded=name in folded, is_at=name == at), *_cut(bodies[name], share)]
    return [rows.clipped(each, room.columns) for each in found[: max(0, room.lines)]] if room.columns > 0 else []


def _shares(wanted: Sequence[int], space: int) -> list[int]:
    """How many rows each section gets, so that a long one leaves something to the others."""
    shares = [0] * len(wanted)
    while space > 0 and any(share < want for share, want in zip(shares, wanted, strict=True)):
        for place, want in enumerate(wanted):
            if shares[place] < want and space > 0:
                shares[place] += 1
                space -= 1
    return shares


def _cut(body: list[Row], share: int) -> list[Row]:
    if len(body) <= share:
        return body
    return [*body[: share - 1], row(Span(f"  and {len(body) - share + 1} more", "dim"))] if share else []


def _title(name: Section, of: Seen, *, is_folded: bool, is_at: bool) -> Row:
    sign = "\N{BLACK RIGHT-POINTING SMALL TRIANGLE}" if is_folded else "\N{BLACK DOWN-POINTING SMALL TRIANGLE}"
    count = _count(name, of)
    return row(Span(f"{sign} ", "bold" if is_at else "dim"), Span(_TITLES[name], "bold"), Span(f"  {count}", "dim"))


def _count(name: Section, of: Seen) -> str:
    match name:
        case "todo":
            over = sum(each.status in {"done", "dropped"} for each in of.todo)
            return f"{over} of {len(of.todo)}" if of.todo else ""
        case "agents":
            return f"{len(of.below)}" if of.below else ""
        case "files":
            return f"{len(of.files)}" if of.files else ""
        case "cost":
            return ""
        case "mcp":
            return f"{sum(each.state == 'running' for each in of.servers)} of {len(of.servers)}" if of.servers else ""


def _body(name: Section, of: Seen, room: int) -> list[Row]:
    match name:
        case "todo":
            return todo(of.todo, room)
        case "agents":
            return [each for one in of.below for each in _agent(one, room)]
        case "files":
            return [_file(each, room) for each in of.files]
        case "cost":
            return _cost(of.facts)
        case "mcp":
            return [_server(each) for each in of.servers]


def todo(items: Sequence[Item], room: int) -> list[Row]:
    """What there is to do, a row for each."""
    found = []
    for each in items:
        is_over = each.status in {"done", "dropped"}
        text = rows.span(each.text.replace("\n", " "), "dim" if is_over else "bold" if each.status == "active" else "")
        found.append(rows.clipped(row("  ", _MARKS.get(each.status, _OPEN), text), max(1, room)))
    return found


def _agent(one: Below, room: int) -> list[Row]:
    told = row("  ", span(one.agent, "mode"), span(f"  {one.about}" if one.about else ""))
    calls = counted(one.calls, "call")
    doing = row("    ", span(f"{calls}  {one.doing}" if one.doing else calls, "dim"))
    return [rows.clipped(told, max(1, room)), rows.clipped(doing, max(1, room))]


def _file(one: tuple[str, int, int], room: int) -> Row:
    path, added, removed = one
    count = (Span(f"  +{added}", "added"), Span(f" -{removed}", "removed"))
    left = room - 2 - rows.columns(count)
    # The end of a path says more than its beginning.
    return (Span("  "), Span(_tail(span(path.replace("\n", " ")).text, left)), *count)


def _tail(text: str, room: int) -> str:
    if width_of(text) <= room:
        return text
    kept, used = "", 1
    for cluster, wide in reversed(list(clusters(text))):
        if used + wide > room:
            break
        kept, used = cluster + kept, used + wide
    return f"\N{HORIZONTAL ELLIPSIS}{kept}"


def _cost(of: Facts) -> list[Row]:
    found: list[Row] = []
    if of.micro_usd is not None:
        found.append(row(f"  {status.dollars(of.micro_usd)} this session"))
    if of.cap_micro_usd:
        told = f"  {status.dollars(of.answer_micro_usd)} of {status.dollars(of.cap_micro_usd)} this answer"
        found.append(row(told))
    if of.context:
        window = f" of {of.window:,} ({of.context / of.window:.0%})" if of.window else ""
        found.append(row(f"  {of.context:,} tokens{window}"))
    return found or [row(Span("  nothing yet", "dim"))]


def _server(of: Server) -> Row:
    tools = f"  {counted(of.tools, 'tool')}" if of.tools else ""
    return row("  ", span(of.name), span(f"  {of.state}", _STATES.get(of.state, "dim")), Span(tools, "dim"))


def beside(left: Sequence[Row], right: Sequence[Row], columns: int, lines: int) -> list[Row]:
    """Rows with the panel at their right, on a screen of so many columns."""
    room = columns - width(columns)
    found = []
    for number in range(lines):
        text = rows.clipped(left[number], room - 1) if number < len(left) else ()
        gap = Span(" " * max(0, room - 1 - rows.columns(text)))
        found.append(
            (
                *text,
                gap,
                Span("\N{BOX DRAWINGS LIGHT VERTICAL}", "gutter"),
                *(right[number] if number < len(right) else ()),
            )
        )
    return found


def turned(folded: AbstractSet[Section], number: int) -> AbstractSet[Section]:
    """Fold the section of that number, counted from 1, or open it."""
    if not 1 <= number <= len(SECTIONS):
        return folded
    return folded ^ {SECTIONS[number - 1]}
