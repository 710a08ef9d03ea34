"""Which of many texts somebody means who types letters of one: all in order, the closer together the better.

Built for a key at a time over 100,000 paths. Every text is looked at by C alone, one search a letter; what the letters
before it left is what the next letter looks through. Of those that are left only the most promising are scored.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, compress, islice, repeat
from operator import contains
from typing import NamedTuple

# What a letter is worth: the first of the name, of a word, behind the letter before it; and the cost of a gap.
_BEGIN, _WORD, _NEXT, _GAP = 9, 7, 8, 1
# For every letter, where all are in the name of a path.
_NAME = 3
_MOST_GAP = 6
_SEPARATORS = "/_-. :,()[]{}'\"@#=+\\"
# So many are scored, which takes a millisecond.
_SCORED = 100
# Of so few letters the beginnings of words are tried also where they stand in one piece.
_SHORT = 3
# Of more, the initials are not made, and the names not looked through.
_INITIALS, _LOOSE = 3000, 10_000
_INITIAL = re.compile(r"(?<![^\W_])[^\W_]|(?<=[a-z0-9])[A-Z]")
_WORST = -(10**9)
# Texts that are looked at without a pause, which takes a millisecond or two.
_PIECE = 1 << 14


class Found(NamedTuple):
    """How many match, and the places of the best of them, the best first."""

    total: int
    places: Sequence[int]


class _Step(NamedTuple):
    """What one more letter left: the places of those that match, and behind which letter of each."""

    query: str
    places: list[int]
    ends: list[int]


class Finder:
    """Texts that are looked through while somebody types; equal matches stay in the order of the texts.

    Of paths the name is worth more, and the shorter one comes first.
    """

    def __init__(self, texts: Sequence[str], *, is_path: bool = False, low: Sequence[str] | None = None) -> None:
        """`low` are the texts in small letters, where somebody has them."""
        self.texts = texts
        self._is_path = is_path
        self.low = small(texts) if low is None else low
        # Asked between two letters by whoever searches in a thread: nobody waits for it any more.
        self.is_over: Callable[[], bool] = bool
        self._steps: list[_Step] = []
        self._told: Sequence[int] = ()

    def find(self, query: str, most: int = 100) -> Found:
        """The best for these letters; words between blanks may match in any order."""
        terms = query.split()
        if not terms:
            self._steps.clear()
            self._told = range(min(most, len(self.texts)))
            return Found(len(self.texts), self._told)
        left = self._left(terms)
        self._told = self._best(terms, left, most)
        return Found(len(left), self._told)

    def rest(self) -> list[int]:
        """The places of those that match too, but were not among the best that were told last; in their order."""
        told = frozenset(self._told)
        left = self._steps[-1].places if self._steps else range(len(self.texts))
        return [each for each in left if each not in told]

    def marked(self, query: str, place: int) -> list[int]:
        """Which characters of a text match."""
        return marked(query, self.texts[place], is_path=self._is_path)

    def _left(self, terms: Sequence[str]) -> Sequence[int]:
        """The places of all that match, narrowed from what was left for the beginning of the same words."""
        wanted = [(index, end) for index, term in enumerate(terms) for end in range(1, len(term) + 1)]
        keys = [" ".join([*terms[:index], terms[index][:end]]) for index, end in wanted]
        while self._steps and (len(self._steps) > len(keys) or keys[len(self._steps) - 1] != self._steps[-1].query):
            self._steps.pop()
        for (index, end), key in zip(wanted[len(self._steps) :], keys[len(self._steps) :], strict=True):
            if self.is_over():
                return ()
            self._narrow(terms[index], end, key)
        return self._steps[-1].places

    def _narrow(self, term: str, end: int, key: str) -> None:
        before = self._steps[-1] if self._steps else None
        places: Sequence[int] = before.places if before is not None else range(len(self.texts))
        stack = self.texts if _has_case(term[:end]) else self.low
        letter = term[end - 1]
        held: Iterable[str] = stack if before is None else map(stack.__getitem__, places)
        if before is None or end == 1:
            ends = _found(map(str.find, held, repeat(letter)))
        elif _has_case(term[:end]) and not _has_case(term[: end - 1]):
            # From here on case counts, for the letters before it too.
            ends = [_end(term[:end], text) for text in held]
        else:
            # Another letter is not where the one before it is.
            behind: Iterable[int] = before.ends if letter != term[end - 2] else map((1).__add__, before.ends)
            ends = _found(map(str.find, held, repeat(letter), behind))
        is_found = [end >= 0 for end in ends]
        self._steps.append(_Step(key, list(compress(places, is_found)), list(compress(ends, is_found))))

    def _best(self, terms: Sequence[str], left: Sequence[int], most: int) -> list[int]:
        room = max(most, _SCORED)
        chosen: Sequence[int] = left
        if len(left) > room:
            chosen = list(dict.fromkeys(islice(chain.from_iterable(self._tiers(terms, left, room)), room * 2)))[:room]
        texts, low = self.texts, self.low
        rated = [(-self._points(terms, texts[each], low[each]), self._length(each), each) for each in chosen]
        rated.sort()
        return [each for _, _, each in rated[:most]]

    def _tiers(self, terms: Sequence[str], left: Sequence[int], room: int) -> "Iterable[Iterable[int]]":
        """The same places again and again, the most promising first; the later ones are only made when needed."""
        word, low = max(terms, key=len).lower(), self.low
        # Enough of them to choose from.
        has_word = map(contains, map(low.__getitem__, left), repeat(word))
        whole = list(islice(compress(left, has_word), room * 8))
        if self._is_path and whole:
            name = re.compile(rf"(?:^|/){re.escape(word)}[^/]*$")
            yield [each for each in whole if name.search(low[each])]
        if whole:
            begins = re.compile(rf"(?<![^\W_]){re.escape(word)}")
            yield [each for each in whole if begins.search(low[each])]
        yield whole
        if len(whole) < room and len(left) <= _INITIALS:
            yield [each for each in left if word in initials(self.texts[each])]
        if len(whole) < room:
            yield from self._loose(word, left)
        yield left

    def _loose(self, word: str, left: Sequence[int]) -> "Iterable[Iterable[int]]":
        """Those whose letters are near each other: all in the name, or with the end of them soon behind the first."""
        low = self.low
        if self._is_path and len(left) <= _LOOSE:
            body = "".join(f"[^/{re.escape(letter)}]*{re.escape(letter)}" for letter in word)
            name = re.compile(rf"{body}[^/]*$")
            yield (each for each in left if name.search(low[each], low[each].rfind("/") + 1))

    def _points(self, terms: Sequence[str], text: str, low: str) -> int:
        return sum(_aligned(term, text, low, is_path=self._is_path)[0] for term in terms)

    def _length(self, place: int) -> int:
        return len(self.texts[place]) if self._is_path else 0


def best(query: str, paths: Iterable[str], most: int) -> list[str]:
    """The paths that match best, the best first; without letters the shortest."""
    ordered = sorted(paths, key=lambda path: (len(path), path))
    return [ordered[place] for place in Finder(ordered, is_path=True).find(query, most).places]


def marked(query: str, text: str, *, is_path: bool = False) -> list[int]:
    """Which characters of a text match these letters; none where they do not."""
    low = small([text])[0]
    found: set[int] = set()
    for term in query.split():
        points, places = _aligned(term, text, low, is_path=is_path)
        if points == _WORST:
            return []
        found.update(places)
    return sorted(found)


def small(texts: Sequence[str]) -> list[str]:
    """The texts in small letters, as long as they were."""
    found: list[str] = []
    for text in texts:
        low = text.lower()
        if low == text:
            found.append(text)  # One text takes half of the room of two.
        else:
            found.append(low if len(low) == len(text) else "".join(map(_lower, text)))
    return found


def initials(text: str) -> str:
    """The first letters of its words, small."""
    return "".join(_INITIAL.findall(text)).lower()


def _lower(letter: str) -> str:
    low = letter.lower()
    return low if len(low) == 1 else letter


def _found(places: Iterator[int]) -> list[int]:
    """All of them, in pieces: between two of them another thread has its turn."""
    found: list[int] = []
    while piece := list(islice(places, _PIECE)):
        found += piece
    return found


def _end(term: str, stack: str) -> int:
    at = -1
    for letter in term:
        at = stack.find(letter, at + 1)
        if at < 0:
            break
    return at


def _has_case(term: str) -> bool:
    return term != term.lower()


def _aligned(term: str, text: str, low: str, *, is_path: bool) -> tuple[int, Sequence[int]]:
    """How well letters match at the best of a few places, and which characters those are."""
    stack = text if _has_case(term) else low
    name = low.rfind("/", 0, -1) + 1 if is_path else 0
    size = len(term)
    points, places = _WORST, range(0)
    for at in _wholes(term, stack, name):
        worth = _NEXT * (size - 1) + _begun(at, text, low, name)
        worth += _NAME * size if is_path and at >= name else 0
        worth += text.startswith(term, at)
        if worth > points:
            points, places = worth, range(at, at + size)
    if places and size > _SHORT:
        return points, places
    found: tuple[int, Sequence[int]] = (points, places)
    for way in _ways(term, stack, text, name, is_whole=bool(places)):
        points = _rated(way, text, low, term, name if is_path else -1)
        found = (points, way) if points > found[0] else found
    return found


def _ways(term: str, stack: str, text: str, name: int, *, is_whole: bool) -> "Iterable[Sequence[int]]":
    """A few ways to find the letters in pieces: at the beginnings of words, in the name, anywhere."""
    if len(term) > 1 and (words := _at_words(term, stack, text, name)) is not None:
        yield words
    if is_whole:
        return
    if name and (inside := _first(term, stack, name)) is not None:
        yield inside
    elif (anywhere := _first(term, stack, 0)) is not None:
        yield anywhere


def _wholes(term: str, stack: str, name: int) -> Sequence[int]:
    """Where the letters stand in one piece: first, last, in the name, and at the beginning of a word."""
    first = stack.find(term)
    if first < 0:
        return ()
    found = {first, stack.rfind(term), stack.find(term, name)}
    at = first
    for _ in range(8):
        at = stack.find(term, at + 1)
        if at < 0:
            break
        found.add(at)
    found.discard(-1)
    return sorted(found)


def _first(term: str, stack: str, begin: int) -> list[int] | None:
    """The first way forward from there, drawn together backward from its end."""
    at = begin - 1
    for letter in term:
        at = stack.find(letter, at + 1)
        if at < 0:
            return None
    places = [at]
    for letter in reversed(term[:-1]):
        at = stack.rfind(letter, begin, at)
        places.append(at)
    places.reverse()
    return places


def _at_words(term: str, stack: str, text: str, name: int) -> list[int] | None:
    """Each letter behind the one before it, or else at the beginning of a later word; None where that fails."""
    for begin in (name, 0) if name else (0,):
        starts = [match.start() for match in _INITIAL.finditer(text, begin)]
        places: list[int] = []
        at = -2
        for letter in term:
            if at >= 0 and stack.startswith(letter, at + 1):
                at += 1
            else:
                at = next((each for each in starts if each > at and stack[each] == letter), -1)
                if at < 0:
                    break
            places.append(at)
        else:
            return places
    return None


def _rated(places: Sequence[int], text: str, low: str, term: str, name: int) -> int:
    points, before = (_NAME * len(places) if 0 <= name <= places[0] else 0), -2
    for letter, at in zip(term, places, strict=True):
        if at == before + 1:
            points += _NEXT
        elif before >= 0:
            points -= min(_MOST_GAP, at - before) * _GAP
        points += _begun(at, text, low, max(name, 0)) + (text[at] == letter)
        before = at
    return points


def _begun(at: int, text: str, low: str, name: int) -> int:
    """What it is worth that a word begins there."""
    if at == name:
        return _BEGIN
    if low[at - 1] in _SEPARATORS or (text[at] != low[at] and text[at - 1] == low[at - 1]):
        return _WORD
    return 0
