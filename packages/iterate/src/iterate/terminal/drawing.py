"""Entries as rows: a pure function of the entry and the room there is."""

from collections.abc import Sequence
from typing import NamedTuple, assert_never

from iterate import foreign
from iterate.settings import Depth, Screen, Sides
from iterate.terminal import diff, flow, images, live, markdown, rows, tally
from iterate.terminal.flow import Prefix
from iterate.terminal.images import Way
from iterate.terminal.log import (
    Call,
    Ended,
    Entry,
    Note,
    Own,
    Piece,
    Prompt,
    Running,
    Said,
    Started,
    Summary,
    Thought,
    Todo,
    Void,
)
from iterate.terminal.rows import Row, Span, row, span

# Rows of a diff, an output or a summary that are shown without being asked for.
SHORT = 12
# Rows of what failed, and lines of a prompt in the scrollback.
_FAILED, PROMPT = 3, 40
# Lines of a diff that are opened in place.
HIGHEST = 2000
_MARKS = {"ok": Span("\N{CHECK MARK}", "good"), "error": Span("\N{BALLOT X}", "bad")}
_LATER = Span("\N{MULTIPLICATION SIGN}", "busy")
RUNNING = Span("\N{HORIZONTAL ELLIPSIS}", "busy")
_TODO = {"open": "\N{WHITE SQUARE}", "active": "\N{BLACK RIGHT-POINTING SMALL TRIANGLE}", "done": "\N{CHECK MARK}"}
_BELOW = Prefix("    ")
_BAR = Prefix("\N{BOX DRAWINGS LIGHT VERTICAL} ", "quote")


class Look(NamedTuple):
    """How much room there is, and how much is to be seen."""

    columns: int = 80
    lines: int = 24
    depth: Depth = "16"
    is_plain: bool = False
    is_verbose: bool = False
    is_quiet: bool = False
    # A conversation goes on after an answer that failed, so the failure is part of it.
    is_talk: bool = False
    # Whether prompts are shown; in a pipe and in front of whoever typed it they are known.
    has_prompts: bool = False
    # Whether the terminal is told where links lead, and what diffs look like.
    has_links: bool = False
    diffs: Sides = "auto"
    # None where the terminal shows no images.
    images: Way | None = None

    @property
    def room(self) -> int:
        """Columns for a row: a terminal may wrap as soon as the last one is filled."""
        return max(1, self.columns - 1)


def look(of: Screen, *, is_verbose: bool = False, is_quiet: bool = False, is_talk: bool = False) -> Look:
    """How answers look on the terminal behind stdout."""
    columns, lines = live.size_of(1)
    return Look(
        columns=columns,
        lines=lines,
        depth=of.depth,
        diffs=of.diffs,
        is_plain=of.is_plain,
        is_verbose=is_verbose,
        is_quiet=is_quiet,
        is_talk=is_talk,
    )


def drawn(entry: Entry, look: Look, *, is_open: bool = False) -> list[Row]:  # noqa: C901, PLR0911  # A row for each.
    """The rows of an entry; opened, all that is folded is there."""
    match entry:
        case Prompt():
            return prompt(entry, look, is_open=is_open) if look.has_prompts else []
        case Said():
            return markdown.render(entry.text, look.room, has_links=look.has_links)
        case Thought():
            return thought(entry, look, is_open=is_open)
        case Call():
            return opened(entry, look, HIGHEST) if is_open else call(entry, look)
        case Note():
            return _lines(entry.text, look, entry.style)
        case Summary():
            return _summary(entry, look, is_open=is_open)
        case Todo():
            return todo(entry, look)
        case Ended():
            return _ended(entry, look)
        case Void():
            return flow.flowed([span("that broke off and counts no more", "busy")], look.room)
        case Own():
            return flow.again(entry.rows, look.room)
        case Piece() | Started():
            return []
        case _ as never:
            assert_never(never)


def todo(entry: Todo, look: Look, most: int | None = None) -> list[Row]:
    """What there is to do; of very much that which is next, and how much is done or comes later."""
    items = entry.items
    if most is None:
        # What is final can be read to its end.
        return [one for each in items for one in _whole_item(*each, look)]
    if len(items) <= most:
        return [_item(text, status, look) for text, status in items]
    first = next((place for place, (_, status) in enumerate(items) if status in {"active", "open"}), len(items))
    first = max(0, min(first, len(items) - (most - 2)))
    shown = items[first : first + most - 2]
    above, below = first, len(items) - first - len(shown)
    found = [row(span(f"    {tally.counted(above, 'item')} before", "dim"))] if above else []
    found += [_item(text, status, look) for text, status in shown]
    found += [row(span(f"    {tally.counted(below, 'item')} more", "dim"))] if below else []
    return [rows.clipped(each, look.room) for each in found]


def has_gap(before: Entry | None, entry: Entry) -> bool:
    """Whether an empty row stands between the two: what happens beside the text stands together."""
    return not (isinstance(before, Call | Note | Todo | Thought) and isinstance(entry, Call | Note | Todo | Thought))


def prompt(entry: Prompt, look: Look, *, is_open: bool) -> list[Row]:
    """What a person asked."""
    text = foreign.plain(entry.text).strip("\n").split("\n")
    shown = text if is_open or look.is_verbose else text[:PROMPT]
    first, rest = [Prefix("> ", "prompt")], [Prefix("  ")]
    found: list[Row] = []
    for line in shown:
        found += flow.flowed([span(line, "user")], look.room, rest if found else first, rest)
    if len(text) > len(shown):
        found += _lines(tally.counted(len(text) - len(shown), "more line"), look)
    for name in entry.files:
        found += flow.flowed([span(f"[{name}]", "dim")], look.room, rest, rest)
    return found


def thought(entry: Thought, look: Look, *, is_open: bool) -> list[Row]:
    """What was thought: one line, or all of it."""
    if not look.is_talk and not look.is_verbose:
        return []
    took = "" if entry.seconds is None else f" for {tally.seconds(entry.seconds)}"
    found = [rows.clipped(row(span(f"thought{took}", "thought")), look.room)] if look.is_talk else []
    if is_open or look.is_verbose:
        text = foreign.plain(entry.kept.heard().word("text")).strip()
        for line in text.split("\n"):
            found += flow.flowed([span(line, "thought")], look.room, [Prefix("  ")], [Prefix("  ")])
    return found


def call(entry: Call, look: Look) -> list[Row]:
    """A call that has its result: one line, with what it changed, and what went wrong, below it."""
    count = f"  +{entry.added} -{entry.removed}" if entry.added or entry.removed else ""
    # In a conversation the line below says that all of it was ended.
    words = {"ok": "", "error": "  failed", **({"cancelled": ""} if look.is_talk else {})}
    word = words.get(entry.status, f"  {foreign.plain(entry.status)}")
    took = "" if entry.seconds is None else f"  {tally.seconds(entry.seconds)}"
    found = [_line(_MARKS.get(entry.status, _LATER), entry, entry.title, f"{word}{count}{took}", look)]
    for image in entry.images:
        found += images.drawn(image, look.images, look.room, look.lines)
    if entry.agent or entry.result is None or (entry.status == "ok" and not count and not look.is_verbose):
        return [*found, *_below(entry, look)]
    result = entry.result.heard()
    if changes := result.word("diff"):
        shown = diff.drawn(
            changes, max(1, look.room - 4), look.diffs, None if look.is_verbose else SHORT, has_code=has_code(look)
        )
        found += _short(
            [rows.clipped((_BELOW, *each), look.room) for each in shown.rows], entry.number, look, SHORT, shown.more
        )
    if entry.status != "ok" or look.is_verbose:
        text = failure(entry, is_verbose=look.is_verbose)
        few = text if look.is_verbose else "\n".join(text.split("\n", _FAILED + 1)[: _FAILED + 1])
        left = text.rstrip("\n").count("\n") - few.rstrip("\n").count("\n")
        found += _short(_lines(few, look), entry.number, look, _FAILED, left)
    return found


def failure(entry: Call, *, is_verbose: bool = False) -> str:
    """Why a call came to nothing, for a person; what a model is told of it may be longer."""
    text = "" if entry.result is None else entry.result.heard().word("text")
    if is_verbose:
        return text
    if entry.reason is not None:
        return f"reason: {entry.reason}" if entry.reason else ""
    return "" if entry.status == "cancelled" else text


def _below(entry: Call, look: Look) -> list[Row]:
    """Why a call of an agent below failed, in a row."""
    first = next((each for each in failure(entry).split("\n") if each.strip()), "") if entry.status != "ok" else ""
    return [rows.clipped((_BELOW, _BELOW, span(first, "dim")), look.room)] if first else []


def has_code(look: Look) -> bool:
    """Whether code is shown in colours."""
    return look.depth != "none" and not look.is_plain


def running(entry: Running, look: Look, seconds: float | None) -> list[Row]:
    """A call that runs: one line, the end of what it puts out, and what an agent does for it."""
    time = f"  {seconds:.0f} s" if seconds is not None and seconds >= 1 else ""
    if entry.is_asked:
        # What it is stands in what is asked.
        return [_line(RUNNING, entry.call, f"{entry.call.tool} waits for your word", "", look)]
    found = [_line(RUNNING, entry.call, entry.call.about, time, look)]
    lines = entry.tail.last()
    if entry.tail.lines > len(lines) > 0:
        above = tally.counted(entry.tail.lines - len(lines), "line")
        found.append(rows.clipped(row(span(f"    {above} above", "dim")), look.room))
    found += [rows.clipped((_BELOW, _BAR, Span(each, "dim")), look.room) for each in lines]
    if entry.child is not None:
        for each in entry.child.running.values():
            found += running(each, look, None)
    return found


def opened(entry: Call, look: Look, most: int | None = None) -> list[Row]:
    """All of one call: what it was asked, what it gave, what it changed; of a diff so many lines at most."""
    asked = entry.asked.heard()
    found = [rows.clipped(row(span(f"{entry.number} {entry.about}", "bold")), look.room)]
    for name, value in asked.inner("arguments").fields.items():
        found += _lines(f"{name}: {value}", look, indent=2)
    if entry.result is None:
        return found
    result = entry.result.heard()
    changes = diff.drawn(result.word("diff"), look.room, look.diffs, most, has_code=has_code(look))
    found += changes.rows
    if changes.more:
        found += _lines(f"{tally.counted(changes.more, 'more line')}: /diff shows all", look, indent=2)
    found += _lines(result.word("text"), look, indent=2)
    if full := result.word("full"):
        found += _lines(f"the whole output is in {full}", look, indent=2)
    return found


def _line(mark: Span, entry: Call, title: str, end: str, look: Look) -> Row:
    first = title.splitlines()[0] if title else ""
    who = span(f"{entry.agent} ", "thought") if entry.agent else Span("")
    head = (mark, *row(who, span(f"{entry.number} " if entry.number else "", "dim"), first))
    head = (_BELOW, *head[:1], Span(" "), *head[1:]) if entry.agent else (*head[:1], Span(" "), *head[1:])
    tail = rows.clipped((span(end, "dim"),), look.room)
    found = (*rows.clipped(head, max(1, look.room - rows.columns(tail))), *tail)
    return found if rows.columns(found) <= look.room else rows.clipped(head, look.room)


def _short(found: Sequence[Row], number: int, look: Look, most: int, more: int) -> list[Row]:
    """The first rows, and how to see the others, `more` of which were not even made."""
    left = len(found) - most + more
    if look.is_verbose or left <= 0:
        return list(found)
    how = f"/open {number} shows all" if look.is_talk else "--verbose shows all"
    told = row(span(f"    {tally.counted(left, 'more row')}: {how}", "dim"))
    return [*found[:most], rows.clipped(told, look.room)]


def _lines(text: str, look: Look, style: rows.Style = "dim", indent: int = 4) -> list[Row]:
    """Foreign text as it is."""
    if not text.strip():
        return []
    prefix, found = [Prefix(" " * indent)], list[Row]()
    for line in foreign.plain(text).rstrip("\n").split("\n"):
        found += flow.flowed([span(line, style)], look.room, prefix, prefix)
    return found


def _summary(entry: Summary, look: Look, *, is_open: bool) -> list[Row]:
    told = f"summed up to save room: {entry.before:,} tokens became {entry.after:,}"
    head = flow.flowed([span(told, "busy")], look.room)
    said = markdown.render(entry.text, max(1, look.room - 2), has_links=look.has_links)
    found = [rows.clipped((Prefix("  "), *each), look.room) for each in said]
    return [*head, *(found if is_open or look.is_verbose else found[:SHORT])]


def _item(text: str, status: str, look: Look) -> Row:
    return rows.clipped(row(*_marked(text, status)), look.room)


def _whole_item(text: str, status: str, look: Look) -> list[Row]:
    mark, said = _marked(text, status)
    return flow.flowed(row(said), look.room, [mark], [Prefix("      ")])


def _marked(text: str, status: str) -> tuple[Prefix, Span]:
    is_over = status in {"done", "dropped"}
    style: rows.Style = "dim" if is_over else "bold" if status == "active" else ""
    return Prefix(f"    {_TODO.get(status, '\N{MULTIPLICATION SIGN}')} "), span(text, style)


def _ended(entry: Ended, look: Look) -> list[Row]:
    found: list[Row] = []
    if entry.failure and look.is_talk:
        found += flow.flowed([span(entry.failure, "bad")], look.room)
    if entry.cost and not look.is_quiet:
        took = "" if entry.seconds is None else f", {tally.seconds(entry.seconds)}"
        found += [()] if found else []
        found += flow.flowed([span(f"{entry.cost}{took}", "dim")], look.room)
    return found
