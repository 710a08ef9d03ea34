"""What answers used, by the day on which they used it, the session and the model: a row of sums, beside the events.

Functions on the open database of `store.py`, each inside a transaction of its caller. The rows hold numbers and no
words, and stay when their session is deleted: what was spent is spent. A copy of a session spends nothing.
"""

import sqlite3
import time
from typing import Literal

from msgspec import Struct

from iterate.events import Event, PartAdded, Prompted, UsagePart

type By = Literal["day", "model", "session"]


class Spending(Struct, frozen=True, kw_only=True):
    """What was used by one model on one day, by one model, or in one session; the other fields are empty.

    A day is one of the server's time zone. Sessions of other agents that a session began are not counted as sessions,
    and their tokens are. The cost is that of the steps whose price is known, None where there is none.
    """

    day: str = ""
    model: str = ""
    session: str = ""
    title: str = ""
    sessions: int
    prompts: int
    input: int
    output: int
    cache_read: int
    tokens: int
    cost_micro_usd: int | None


_GROUPS: dict[By, tuple[str, str]] = {
    "day": ("day, spent.model, '', ''", "day, spent.model"),
    "model": ("'', spent.model, '', ''", "spent.model"),
    "session": ("max(day), '', spent.session, coalesce(title, '')", "spent.session"),
}
_ORDERS: dict[By, str] = {"day": "day DESC, ", "model": "", "session": ""}
_SUMS = (
    "count(DISTINCT CASE WHEN is_child = 0 THEN spent.session END), sum(spent.prompts), sum(input), sum(output), "
    "sum(cache_read), sum(input + output), sum(spent.cost_micro_usd)"
)


def count(db: sqlite3.Connection, event: Event) -> None:
    """Add what one event of an answer says that was used, today."""
    match event:
        case Prompted():
            _add(db, event.session, (1, 0, 0, 0, 0))
        case PartAdded(part=UsagePart() as usage):
            row = (0, usage.input, usage.output, usage.cache_read, usage.cost_micro_usd or 0)
            _add(db, event.session, row)
        case _:
            pass


def of(db: sqlite3.Connection, days: int, by: By, most: int) -> list[Spending]:
    """What was used today and on the days before, `days` in all: the newest day first, then what used most."""
    columns, group = _GROUPS[by]
    query = (
        f"SELECT {columns}, {_SUMS} FROM spent LEFT JOIN session ON session.id = spent.session "  # noqa: S608  # Ours.
        f"WHERE day > date('now', 'localtime', ?) GROUP BY {group} "
        f"ORDER BY {_ORDERS[by]}sum(spent.cost_micro_usd) DESC, sum(input + output) DESC, {group} LIMIT ?"
    )
    return [_spending(row) for row in db.execute(query, (f"-{days} days", most))]


def altogether(db: sqlite3.Connection, days: int) -> Spending:
    """The sums of all of these days."""
    query = f"SELECT '', '', '', '', {_SUMS} FROM spent WHERE day > date('now', 'localtime', ?)"  # noqa: S608  # Ours.
    return _spending(db.execute(query, (f"-{days} days",)).fetchone())


def fill(db: sqlite3.Connection) -> None:
    """Schema 3 kept sums of sessions alone: they count on the day of the newest prompt, under the model of that."""
    db.execute(
        "INSERT INTO spent SELECT date(updated_ms / 1000, 'unixepoch', 'localtime'), id, model, parent != '', prompts, "
        "tokens, 0, 0, cost_micro_usd FROM session WHERE prompts > 0"
    )


def _add(db: sqlite3.Connection, session: str, counts: tuple[int, int, int, int, int]) -> None:
    # Asked once: between two statements a day may end.
    today = time.strftime("%Y-%m-%d")
    db.execute(
        "INSERT OR IGNORE INTO spent SELECT ?, id, model, parent != '', 0, 0, 0, 0, 0 FROM session WHERE id = ?",
        (today, session),
    )
    db.execute(
        "UPDATE spent SET prompts = prompts + ?, input = input + ?, output = output + ?, cache_read = cache_read + ?, "
        "cost_micro_usd = cost_micro_usd + ? WHERE day = ? AND session = ? "
        "AND model = (SELECT model FROM session WHERE id = ?)",
        (*counts, today, session, session),
    )


def _spending(row: tuple[str, str, str, str, *tuple[int | None, ...]]) -> Spending:
    day, model, session, title, *counts = row
    sessions, prompts, input_, output, cache_read, tokens, cost = (each or 0 for each in counts)
    return Spending(
        day=day,
        model=model,
        session=session,
        title=title,
        sessions=sessions,
        prompts=prompts,
        input=input_,
        output=output,
        cache_read=cache_read,
        tokens=tokens,
        cost_micro_usd=cost or None,
    )
