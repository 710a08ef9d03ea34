"""What the actions of vi are to its state: operators, what waits for a character, what a selection makes of them."""

from collections.abc import Callable
from typing import Literal, NamedTuple

from iterate.terminal.keys import Key

type Mode = Literal["insert", "normal", "replace", "visual", "visual line"]
type Again = Callable[[str, Key], object]

MOST_COUNT, MOST_OBJECTS = 9999, 100
TYPED: frozenset[Mode] = frozenset({"insert", "replace"})
SELECTING: frozenset[Mode] = frozenset({"visual", "visual line"})
OPERATORS = {
    "vi-delete": "d", "vi-change": "c", "vi-yank": "y", "vi-shift": ">", "vi-unshift": "<",
    "vi-lower": "u", "vi-upper": "U", "vi-swap": "~",
}  # fmt: skip
# What is an operator pressed twice, beside its own key.
DOUBLED = {"vi-undo": "u", "vi-capitals": "U", "vi-case": "~"}
WAITS = {"vi-find": "f", "vi-find-back": "F", "vi-till": "t", "vi-till-back": "T", "vi-replace": "r"}
# What a command does with what is selected; a second letter takes whole lines.
ON_SELECTION = {
    **OPERATORS, **DOUBLED,
    "vi-erase": "d", "vi-erase-back": "dl", "vi-delete-end": "dl", "vi-substitute": "c", "vi-substitute-line": "cl",
    "vi-change-end": "cl", "vi-overwrite": "cl", "vi-yank-line": "yl", "vi-join": "J", "vi-put": "p",
    "vi-put-before": "P",
}  # fmt: skip
# They undo what the last change did, and are none themselves.
NO_CHANGE = frozenset({"vi-undo", "vi-redo"})
YANKS = frozenset({"vi-yank", "vi-yank-line"})


class Used(NamedTuple):
    """The count of a command, 0 where none was typed, and its register."""

    times: int = 0
    register: str = ""


class Change(NamedTuple):
    """What `.` makes again: the keys, and how much was selected: lines, or line ends and characters."""

    keys: list[tuple[str, Key]]
    used: Used
    selected: tuple[Mode, int, int] | None
