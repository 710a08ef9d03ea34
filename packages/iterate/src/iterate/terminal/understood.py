"""What is asked of a person, in rows: the parts of a call as the rules understood them, and what it would change."""

from iterate import foreign
from iterate.heard import Heard
from iterate.terminal import diff, rows, tally
from iterate.terminal.rows import Row, Span, row

_MARKS = {
    "allow": Span("\N{CHECK MARK} ", "dim"),
    "ask": Span("? ", "busy"),
    "deny": Span("\N{BALLOT X} ", "bad"),
}
_DEEDS = {
    "read": "reads", "edit": "changes", "bash": "runs", "fetch": "fetches", "task": "begins the agent", "mcp": "calls",
    "outside": "reaches outside the project", "skill": "loads the skill",
}  # fmt: skip
_BEGIN = "diff --git "


def needs(event: Heard, room: int) -> list[Row]:
    """The parts of the call: what each would do, and below those that ask the rule or the reason."""
    found: list[Row] = []
    listed = event.rows("needs")
    if len(listed) == 1 and listed[0].word("why") == event.word("why"):
        # The one line above says it all.
        return _part(listed[0], room)
    for each in listed:
        found += _part(each, room)
        if each.word("action") != "allow":
            found += rows.wrapped([rows.span(each.word("why"), "dim")], room, [Span("    ")], [Span("    ")])
    if left := event.count("unlisted"):
        found.append(row(rows.span(f"  and {tally.counted(left, 'part')} more", "dim")))
    return found


def _part(need: Heard, room: int) -> list[Row]:
    deed, subject = need.word("deed"), need.word("subject")
    action = need.word("action")
    said = f"{_DEEDS.get(deed, deed)} {subject}"
    command = need.word("command")
    if command and command != subject:
        said += f"  by {command}"
    words = [_MARKS.get(action, _MARKS["ask"]), rows.span(one_line(said), "dim" if action == "allow" else "")]
    return rows.wrapped(words, room, (), [Span("    ")])[:3]


def one_line(text: str) -> str:
    """The text on one line, its line ends shown."""
    return "\N{DOWNWARDS ARROW WITH CORNER LEFTWARDS}".join(text.strip().splitlines())


def preview(event: Heard, call: Heard | None = None) -> str:
    """What would happen; where nobody prepared that, what the call says."""
    return event.word("preview") or (tally.said(call) if call is not None else "")


def preview_rows(text: str, room: int, most: int | None = None) -> list[Row]:
    """What would happen as rows: a diff in colour, a command as it is."""
    head, body = text, ""
    if text.startswith(("--- ", _BEGIN)):
        head, body = "", text
    elif (place := text.find(f"\n{_BEGIN}")) >= 0:
        # A list of what a command changed, and its diff behind it.
        head, body = text[:place], text[place + 1 :]
    found = rows.wrapped([rows.span(head.rstrip("\n"))], room) if head.strip() else []
    if body:
        found += diff.rows(body, room)
    if most is None or len(found) <= most:
        return found
    return [*found[: most - 1], row(Span(f"  and {tally.counted(len(found) - most + 1, 'row')} more", "dim"))]


def by_file(text: str) -> dict[str, str]:
    """The diffs of a preview by their files; a file of which it has none is not in it."""
    found: dict[str, str] = {}
    for piece in f"\n{text}".split(f"\n{_BEGIN}")[1:]:
        both = piece.partition("\n")[0]
        # Both sides have the same name, with one letter and a slash before it.
        name = both[: len(both) // 2].removeprefix("a/")
        found[name] = f"{_BEGIN}{piece}\n"
    return found


def who(event: Heard, session: str = "") -> str:
    """Whose call it is, where that is an agent below the session that is open, which is told of it in both."""
    asker = event.word("asker")
    return event.word("agent") if asker and asker != (session or event.word("session")) else ""


def spoken(event: Heard) -> str:
    """The parts in lines of words."""
    lines = []
    for each in event.rows("needs"):
        if each.word("action") != "allow":
            deed = each.word("deed")
            said = one_line(each.word("subject"))
            lines.append(f"{_DEEDS.get(deed, deed)} {said}: {each.word('why')}")
    return foreign.plain("\n".join(lines))
