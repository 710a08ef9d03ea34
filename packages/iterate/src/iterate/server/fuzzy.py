"""Which paths somebody means who types some letters of one: all of them in order, the closer together the better."""

from collections.abc import Iterable

# What a match at these places is worth.
_BEGIN, _NAME, _NEXT = 8, 6, 5
_SEPARATORS = "/_-. "


def best(query: str, paths: Iterable[str], most: int) -> list[str]:
    """The paths that match best, the best first; without letters the shortest."""
    wanted = "".join(query.lower().split())
    scored = ((score(wanted, path), path) for path in paths)
    found = [(points, path) for points, path in scored if points is not None]
    found.sort(key=lambda row: (-row[0], len(row[1]), row[1]))
    return [path for _, path in found[:most]]


def score(wanted: str, path: str) -> int | None:
    """How well a path matches letters in small; None when it does not."""
    low = path.lower()
    name = low.rfind("/") + 1
    points = _scored(wanted, low, name)
    # Letters of the name alone are what people type.
    return points if points is not None else _scored(wanted, low, 0)


def _scored(wanted: str, low: str, begin: int) -> int | None:
    points, place = (0 if begin == 0 else _NAME * len(wanted)), begin
    before = -2
    for letter in wanted:
        place = low.find(letter, place)
        if place < 0:
            return None
        if place == before + 1:
            points += _NEXT
        if place == 0 or low[place - 1] in _SEPARATORS:
            points += _BEGIN
        before = place
        place += 1
    return points
