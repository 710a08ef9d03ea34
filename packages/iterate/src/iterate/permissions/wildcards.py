"""Patterns of paths, as rules have them, in a time that grows with their length and the path's, and no faster.

Whoever wrote a project's files may have written the pattern and the path. An expression with many `*` starts over and
over again, for minutes, and nothing else runs meanwhile. So one with more than two is followed sign by sign: a whole
number holds every place that the pattern may have come to, as bits.
"""

import re
from collections import defaultdict

# What stands for many signs: those of one name, of any folders, of the folder itself and all below, and any at all.
_MANY = re.compile(r"\*\*/|/\*\*\Z|\*\*+|\*")
_EXPRESSIONS = {"**/": "(?:.*/)?", "/**": "(?:/.*)?", "*": "[^/]*", "?": "[^/]"}
_FEW = 2


class Wildcards:
    """One pattern."""

    def __init__(self, text: str) -> None:
        self._steps = _steps(text)
        is_short = sum(len(step) > 1 or step == "*" for step in self._steps) <= _FEW
        self._shape = re.compile(self.expression, re.DOTALL) if is_short else None

    @property
    def expression(self) -> str:
        """The same as a regular expression, for patterns that we wrote."""
        return "".join(_EXPRESSIONS.get(step, ".*" if len(step) > 1 else re.escape(step)) for step in self._steps)

    def fits(self, path: str) -> bool:
        """Whether the whole path is what the pattern says."""
        if self._shape is not None:
            return self._shape.fullmatch(path) is not None
        return _follow(self._steps, path)


def _steps(text: str) -> tuple[str, ...]:
    """Single signs, and what stands for many of them."""
    steps: list[str] = []
    place = 0
    for found in _MANY.finditer(text):
        steps += [*text[place : found.start()], found[0]]
        place = found.end()
    return (*steps, *text[place:])


def _follow(steps: tuple[str, ...], path: str) -> bool:
    # Bit n: the pattern so far may be the first n signs of the path.
    places: defaultdict[str, int] = defaultdict(int)
    for number, sign in enumerate(path):
        places[sign] |= 1 << number
    all_ = (1 << len(path) + 1) - 1
    end = 1 << len(path)
    slashes = places["/"]
    # From the sign behind a slash to the one before the next.
    names = _names(path)
    reached = 1
    for step in steps:
        behind = all_ & -(reached & -reached)
        match step:
            case "*":
                reached = sum(name & -(name & reached & -(name & reached)) for name in names if name & reached)
            case "?":
                reached = (reached & ~slashes & ~end) << 1
            case "**/":
                reached |= slashes << 1 & behind << 1
            case "/**":
                reached = end if reached & (slashes | end) else 0
            case _ if len(step) > 1:
                reached = behind
            case _:
                reached = (reached & places.get(step, 0)) << 1
        if not reached:
            return False
    return bool(reached & end)


def _names(path: str) -> list[int]:
    """The places of each name, the one behind its last sign included."""
    names: list[int] = []
    begin = 0
    for name in path.split("/"):
        names.append(((1 << len(name) + 1) - 1) << begin)
        begin += len(name) + 1
    return names
