"""What is asked of a person, in rows: the parts of a call as the rules understood them, and what it would change."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from iterate import foreign
from iterate.heard import Heard
from iterate.terminal import diff, rows, tally
from iterate.terminal.rows import Row, Span, row

# In words: a mark would have to be explained.
_MARKS = {
    "allow": Span("allowed: ", "dim"),
    "ask": Span("asks: ", "busy"),
    "deny": Span("denied: ", "bad"),
}
_DEEDS = {
    "read": "read", "edit": "change", "bash": "run", "fetch": "fetch", "task": "begin the agent", "mcp": "call",
    "outside": "reach", "skill": "load the skill",
}  # fmt: skip
_BEGIN = "diff --git "
_RULE = re.compile(r"[\w-]+ rule(?: in .*)?: ")
# How the question begins that is asked behind a command, before what it changed is real.
_TAKEN = "take what the command changed?"
# So many things are named; the others are counted.
_NAMED = 3
# What stands for the thing itself in a reason that is the same for several.
_IT = "\0"


class Ground(NamedTuple):
    """One reason to ask, or to deny, and the parts of the call that it is about."""

    why: str
    parts: tuple[Heard, ...]

    @property
    def is_rule(self) -> bool:
        """Whether a rule is the reason."""
        return _RULE.match(self.why) is not None

    def words(self) -> str:
        """The reason, with `it` or `them` for what is named before."""
        return one_line(self.why.replace(_IT, "them" if len(_subjects(self.parts)) > 1 else "it"))


def grounds(event: Heard) -> list[Ground]:
    """Why it is asked: each reason once, with the parts that it is about."""
    asking = [each for each in event.rows("needs") if each.word("action") != "allow"]
    named = sorted({each.word("subject") for each in asking if each.word("deed") != "bash"}, key=len, reverse=True)
    found: dict[str, list[Heard]] = {}
    for each in asking:
        found.setdefault(_shape(each.word("why"), named), []).append(each)
    return [Ground(why, tuple(_told(parts, event))) for why, parts in found.items()]


def _shape(why: str, named: list[str]) -> str:
    """The reason without what it is about, so that the same reason of several is one."""
    if _RULE.match(why):
        return why
    for each in named:
        if each and (found := re.search(rf"(?<![\w/.-]){re.escape(each)}(?![\w/-])", why)):
            return why[: found.start()] + _IT + why[found.end() :]
    return why


def _told(parts: list[Heard], event: Heard) -> list[Heard]:
    """The parts that are to be named: a command is not, where what it does is, or where it is all of the call."""
    others = [each for each in parts if each.word("deed") != "bash"]
    whole = event.word("preview").strip()
    return others or [each for each in parts if each.word("subject").strip() != whole]


def question(event: Heard) -> str:
    """What is asked, in plain words, and about which things."""
    tool, why = event.word("tool"), grounds(event)
    if event.rows("files") or event.word("why").startswith(_TAKEN):
        return "Take what the command changed?"
    about = _phrase(why[0].parts) if len(why) == 1 else ""
    if tool == "bash":
        return f"Run this command? It would {about}." if about else "Run this command?"
    if not about and len(why) > 1:
        about = _phrase([part for each in why for part in each.parts])
    return f"{about[0].upper()}{about[1:]}?" if about else f"Go on with {one_line(tool)}?"


def reasons(event: Heard, room: int, *, has_details: bool = True) -> list[Row]:
    """Why it is asked, each reason once; what is allowed is counted."""
    found: list[Row] = []
    for text, style in _reasons(event):
        found += rows.wrapped([rows.span(text, style)], room, (), [Span("  ")])
    listed = event.rows("needs")
    free, left = sum(each.word("action") == "allow" for each in listed), event.count("unlisted")
    pieces = ["other parts are allowed" if left else "the rest of it is allowed"] if free else []
    pieces += [f"{tally.counted(left, 'more part')} {'is' if left == 1 else 'are'} not listed"] if left else []
    if pieces:
        told = ", ".join(pieces) + ("; d shows every part" if has_details and listed else "")
        found += rows.wrapped([rows.span(told, "dim")], room, (), [Span("  ")])
    return found


def _reasons(event: Heard) -> list[tuple[str, rows.Style]]:
    """The reasons as texts."""
    why, listed = event.word("why").removeprefix(_TAKEN).strip(), grounds(event)
    found: list[tuple[str, rows.Style]] = []
    known = {each.word("why") for each in event.rows("needs")}
    if why and why not in known and not any(each.startswith(why) for each in known):
        found.append((one_line(why), "dim" if _RULE.match(why) else "warning"))
    for each in listed:
        about = _phrase(each.parts) if len(listed) > 1 else ""
        said = f"{about}: {each.words()}" if about else each.words()
        found.append((said, "dim" if each.is_rule else "warning"))
    return found


def _phrase(parts: Sequence[Heard]) -> str:
    """What the parts do, each thing once."""
    deeds: dict[str, list[str]] = {}
    for each in parts:
        deeds.setdefault(each.word("subject"), []).append(each.word("deed"))
    alike: dict[tuple[str, bool], list[str]] = {}
    for subject, of in deeds.items():
        others = [_DEEDS.get(each, each) for each in dict.fromkeys(of) if each != "outside"]
        alike.setdefault((" and ".join(others) or _DEEDS["outside"], "outside" in of), []).append(_quoted(subject))
    said = [
        f"{verb} {_listed(names)}{', outside the project' if is_outside else ''}"
        for (verb, is_outside), names in alike.items()
    ]
    return "; ".join(said)


def _subjects(parts: Sequence[Heard]) -> set[str]:
    return {each.word("subject") for each in parts}


def _listed(names: list[str]) -> str:
    """Names in a row; of many the first ones, and how many more."""
    if len(names) > _NAMED + 1:
        names = [*names[:_NAMED], f"{len(names) - _NAMED} more"]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _quoted(name: str) -> str:
    """A name on one line; one that could be taken for several is in quotes."""
    name = one_line(name)
    return f'"{name}"' if "," in name or " and " in name else name


def needs(event: Heard, room: int) -> list[Row]:
    """Every part of the call: what it would do, and below those that are not allowed the rule or the reason."""
    found: list[Row] = []
    for each in event.rows("needs"):
        deed, action = each.word("deed"), each.word("action")
        said = f"{_DEEDS.get(deed, deed)} {one_line(each.word('subject'))}"
        said += ", outside the project" if deed == "outside" else ""
        words = [_MARKS.get(action, _MARKS["ask"]), rows.span(said, "dim" if action == "allow" else "")]
        found += rows.wrapped(words, room, (), [Span("    ")])[:3]
        if action != "allow":
            why = one_line(each.word("why"))
            found += rows.wrapped([rows.span(why, "dim")], room, [Span("    ")], [Span("    ")])
    if left := event.count("unlisted"):
        found.append(row(rows.span(f"and {tally.counted(left, 'part')} more", "dim")))
    return found


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
        found += diff.rows(body, room, has_code=True)
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
    """The question in lines of words, with every reason once."""
    asker = who(event)
    said = [f"{asker}: {question(event)}" if asker else question(event), *(text for text, _ in _reasons(event))]
    return foreign.plain("\n".join(said))


def head(event: Heard, asker: str, room: int, more: str = "") -> list[Row]:
    """What is asked; behind it the rule, where one rule alone asks."""
    said = rows.span(f"{asker}: {question(event)}" if asker else question(event), "busy")
    rule = _only_rule(event)
    return rows.wrapped([said, rows.span(f"  {rule}" if rule else "", "dim"), Span(more, "dim")], room)


def _only_rule(event: Heard) -> str:
    """The rule that asks, where that is all there is to say of why."""
    found = _reasons(event)
    return found[0][0] if len(found) == 1 and found[0][1] == "dim" else ""


def body(event: Heard, text: str, room: int, *, has_details: bool = True, most: int | None = None) -> list[Row]:
    """What would happen and why it is asked; a short text first, behind a long one no reason would be seen."""
    why = reasons(event, room, has_details=has_details)
    if _only_rule(event):
        why = why[len(rows.wrapped([rows.span(_only_rule(event), "dim")], room, (), [Span("  ")])) :]
    would = preview_rows(text, room, most)
    return [*would, *why] if text.count("\n") < _NAMED else [*why, *would]
