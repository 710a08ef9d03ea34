"""Fields of answers as people read them: ages, prices, counts."""

import time
from urllib.parse import urlencode

from iterate.heard import Heard
from iterate.terminal import rows
from iterate.terminal.rows import Row, Style
from iterate.tui.contract import Body, Program

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
MICRO = 1_000_000


def heard(body: Body) -> Heard:
    """An answer, to read its fields."""
    return Heard("", "", body)


def here(program: Program, **more: str) -> str:
    """The query that says the folder, and what else is given."""
    return "?" + urlencode({"directory": program.directory, **more})


def line(text: str, style: Style = "") -> Row:
    """A row of the program's own words."""
    return rows.row(rows.span(text, style))


def age(then_ms: int) -> str:
    """How long ago something was."""
    spent = max(0.0, time.time() - then_ms / 1000)
    if spent < _MINUTE:
        return "just now"
    if spent < _HOUR:
        return f"{spent // _MINUTE:.0f} min ago"
    if spent < _DAY:
        return f"{spent // _HOUR:.0f} h ago"
    return f"{spent // _DAY:.0f} days ago" if spent >= 2 * _DAY else "1 day ago"


def money(micro_usd: int) -> str:
    """Millionths of a dollar."""
    return f"${micro_usd / MICRO:.2f}" if micro_usd >= MICRO // 100 or not micro_usd else f"${micro_usd / MICRO:.4f}"


def tokens(count: int) -> str:
    """Tokens, in thousands and millions."""
    if count >= MICRO:
        return f"{count / MICRO:.1f}M".replace(".0M", "M")
    return f"{count / 1000:.0f}k" if count >= 1000 else str(count)  # noqa: PLR2004
