"""The files that a session changed, each with its diff."""

from itertools import pairwise

from iterate.terminal import diff
from iterate.terminal.rows import Row
from iterate.tui import said
from iterate.tui.contract import Body, Program
from iterate.tui.listing import Item, Listing, Purpose
from iterate.tui.page import Page

_NOTHING = "this session changed no file"


def files(text: str) -> dict[str, str]:
    """The part of a diff that is about each file, by its name."""
    found: dict[str, str] = {}
    lines = text.split("\n")
    begins = [at for at in range(len(lines)) if _begins(lines, at)]
    for begin, end in pairwise([*begins, len(lines)]):
        part = lines[begin:end]
        found[_name(part)] = "\n".join(part).rstrip("\n") + "\n"
    return found


def _begins(lines: list[str], at: int) -> bool:
    if lines[at].startswith("diff --git "):
        return True
    is_pair = lines[at].startswith("--- ") and lines[at + 1 : at + 2] and lines[at + 1].startswith("+++ ")
    is_hunk = bool(lines[at + 2 : at + 3]) and lines[at + 2].startswith("@@ ")
    before = lines[max(0, at - 6) : at]
    return bool(is_pair) and is_hunk and not any(each.startswith("diff --git ") for each in before)


def _name(part: list[str]) -> str:
    for begin in ("+++ ", "--- "):
        for each in part[:8]:
            name = each[4:].partition("\t")[0]
            if each.startswith(begin) and name != "/dev/null":
                return name.removeprefix("b/" if begin == "+++ " else "a/")
    return part[0].removeprefix("diff --git ").rpartition(" b/")[2]


def show(program: Program, _rest: str) -> None:
    """The list of files."""
    found: dict[str, str] = {}
    purpose = Purpose(
        "Files that this session changed",
        lambda item: program.show(Page(program, item.text, lambda room: _rows(found.get(item.key, ""), room))),
        sight=lambda key, then: then(lambda room: _rows(found.get(key, ""), room)),
        empty=_NOTHING,
        is_path=True,
    )
    listing = Listing(program, purpose)
    program.show(listing)

    def fill(body: Body) -> None:
        found.update(files(said.heard(body).word("diff")))
        listing.fill([Item(name, name, _counted(part)) for name, part in found.items()])

    path = f"/session/{program.session}/diff"
    program.call("GET", path, then=fill, otherwise=lambda failure: listing.fail(str(failure)))


def whole(program: Program, rest: str) -> None:
    """All of it on one page, or what one prompt changed, by its number."""

    def told(body: Body) -> None:
        text = said.heard(body).word("diff")
        if text:
            program.show(Page(program, "What the session changed", lambda room: _rows(text, room)))
        else:
            program.tell(_NOTHING)

    number = f"?prompt={rest}" if rest.isascii() and rest.isdigit() else ""
    program.call("GET", f"/session/{program.session}/diff{number}", then=told)


def _rows(text: str, room: int) -> list[Row]:
    return diff.rows(text, room, has_code=True)


def _counted(part: str) -> str:
    added, removed = diff.counted(part)
    return f"+{added} -{removed}"
