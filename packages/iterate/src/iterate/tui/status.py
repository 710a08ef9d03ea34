"""The line at the bottom: who answers, how full the window is, what it cost, what waits, where this is. Pure."""

from typing import NamedTuple

from iterate.terminal import rows
from iterate.terminal.rows import Row, Span, span

MICRO = 1_000_000
# From this part of its window on a conversation is nearly full.
NEARLY = 0.8
_GAP = "  "


class Facts(NamedTuple):
    """What is known of it; what is empty or 0 is not told."""

    # What was pressed of a longer key, or the mode of vi.
    keys: str = ""
    # Such as build or plan.
    mode: str = ""
    model: str = ""
    # Tokens of the conversation, and what fits into the window of the model.
    context: int = 0
    window: int = 0
    micro_usd: int | None = None
    # Of the answer that runs, with the most that one may cost.
    answer_micro_usd: int = 0
    cap_micro_usd: int = 0
    queued: int = 0
    # Questions that wait for the person.
    asked: int = 0
    # What is wrong with the connection.
    state: str = ""
    # How long an answer runs, in words.
    works: str = ""
    # Commands of the person's own that go on behind the conversation.
    behind: int = 0
    folder: str = ""
    branch: str = ""
    hint: str = ""


# What goes first where there is no room for all.
ORDER = (
    "hint",
    "branch",
    "folder",
    "cap",
    "vendor",
    "works",
    "cost",
    "behind",
    "asked",
    "queue",
    "context",
    "model",
    "mode",
    "state",
    "keys",
)


def row(of: Facts, room: int) -> Row:
    """The line; of what has no room, the parts that matter least are left out, in the order of `ORDER`."""
    left: set[str] = set()
    found = _row(of, left)
    for name in ORDER[:-1]:
        if rows.columns(found) <= room:
            return found
        left.add(name)
        found = _row(of, left)
    return rows.clipped(found, max(1, room)) if room > 0 else ()


def _row(of: Facts, left: set[str]) -> Row:
    return rows.row(*(each for part in _parts(of, left) for each in (Span(_GAP), part)))[1:]


def _parts(of: Facts, left: set[str]) -> list[Span]:
    said = {
        "keys": span(of.keys, "key"),
        "state": span(of.state, "busy"),
        "mode": span(of.mode, "mode"),
        "model": span(of.model.rpartition("/")[2] if "vendor" in left else of.model),
        "context": _context(of),
        "cost": _cost(of, has_cap="cap" not in left),
        "queue": span(f"{of.queued} queued" if of.queued else "", "busy"),
        "asked": span(f"{of.asked} asked" if of.asked else "", "busy"),
        "behind": span(f"{of.behind} ! {'goes' if of.behind == 1 else 'go'} on" if of.behind else "", "busy"),
        "folder": _place(of, has_branch="branch" not in left),
        "works": span(of.works, "busy"),
        "hint": span(of.hint, "dim"),
    }
    return [each for name, each in said.items() if each.text and name not in left]


def _context(of: Facts) -> Span:
    if not of.context:
        return Span("")
    if not of.window:
        return Span(f"{short(of.context)} tokens", "dim")
    part = of.context / of.window
    return Span(f"{part:.0%} of {short(of.window)}", "warning" if part >= NEARLY else "dim")


def _cost(of: Facts, *, has_cap: bool) -> Span:
    if of.micro_usd is None:
        return Span("")
    cap = f" (answer {dollars(of.answer_micro_usd)} of {dollars(of.cap_micro_usd)})" if of.cap_micro_usd else ""
    is_near = bool(of.cap_micro_usd) and of.answer_micro_usd >= NEARLY * of.cap_micro_usd
    return Span(dollars(of.micro_usd) + (cap if has_cap else ""), "warning" if is_near else "dim")


def _place(of: Facts, *, has_branch: bool) -> Span:
    return span(f"{of.folder} ({of.branch})" if of.branch and has_branch else of.folder, "dim")


def short(tokens: int) -> str:
    """A number of tokens in few characters."""
    if tokens < 1000:  # noqa: PLR2004  # Small ones are told whole.
        return str(tokens)
    if tokens < 999_500:  # noqa: PLR2004  # What is rounded to a thousand thousands is a million.
        return f"{tokens / 1000:.1f}k" if tokens < 9950 else f"{tokens / 1000:.0f}k"  # noqa: PLR2004
    return f"{tokens / MICRO:.1f}M".replace(".0M", "M")


def dollars(micro_usd: int) -> str:
    """A cost: cents, and of less than ten of them more digits."""
    return f"${micro_usd / MICRO:.2f}" if micro_usd >= MICRO // 10 or not micro_usd else f"${micro_usd / MICRO:.4f}"
