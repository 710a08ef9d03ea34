"""A text that is changed, with a cursor, folded pastes, and every change kept for the undo. It knows no keys."""

import re
from typing import NamedTuple

from iterate.terminal import width

# A folded paste is one character of the text, which nobody can type: half of a pair that no encoding can write.
FOLDS = re.compile("[\ud800-\udbff]")
_FIRST_FOLD, _FOLDS = 0xD800, 0x400
# From so many lines or characters on a paste is folded.
FOLD_LINES, FOLD_CHARACTERS = 10, 2000
_MOST_GROUPS = 1000
# As much as is looked at to find where a character begins; most are shorter than the smaller one.
_NEAR, _FAR = 32, 512
_PLAIN = re.compile(r"[\x20-\x7e]")
# What joins no other character.
_BREAK = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udbff]")


class Change(NamedTuple):
    """What stood at a place, what stands there since, and where the cursor was before and behind."""

    at: int
    removed: str
    inserted: str
    before: int
    behind: int


class _Group:
    """Changes that are undone at once."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.changes: list[Change] = []


class Buffer:
    """The text; `cursor` is a place in it, where a folded paste is one character."""

    def __init__(self) -> None:
        self.text = ""
        self.cursor = 0
        self._pastes: dict[str, str] = {}
        self._done: list[_Group] = []
        self._undone: list[_Group] = []
        self._is_open = False
        # Everything belongs to one group, however much is done.
        self._is_held = False
        # Counts changes, for whoever keeps something that depends on the text.
        self.version = 0

    @property
    def whole(self) -> str:
        """The text with everything that is folded."""
        if not self._pastes:
            return self.text
        return FOLDS.sub(lambda found: self._pastes.get(found[0], ""), self.text)

    def set(self, text: str) -> None:
        """Another text, with the cursor behind it; nothing is left to undo."""
        self.text = FOLDS.sub("\N{REPLACEMENT CHARACTER}", text)
        self.cursor = len(self.text)
        self._pastes.clear()
        self._done.clear()
        self._undone.clear()
        self._is_open = False
        self.version += 1

    def replace(self, begin: int, end: int, text: str, kind: str = "") -> str:
        """Put a text in the place of another, the cursor behind it; what stood there.

        Changes of one kind that follow one another are undone at once, until `close`.
        """
        removed = self.text[begin:end]
        if not removed and not text:
            return ""
        change = Change(begin, removed, text, self.cursor, begin + len(text))
        self._keep(change, kind)
        self._apply(begin, end, text)
        self.cursor = change.behind
        return removed

    def insert(self, text: str, kind: str = "") -> None:
        """Put a text where the cursor is."""
        self.replace(self.cursor, self.cursor, text, kind)

    def close(self) -> None:
        """What comes is undone by itself."""
        self._is_open = False

    def hold(self) -> None:
        """All that comes until `release` is undone at once."""
        self.close()
        self._is_held = True

    def begin_many(self) -> bool:
        """Hold, where nobody does already; whether that is so, and `release` is to follow."""
        if self._is_held:
            return False
        self.hold()
        return True

    def release(self) -> None:
        """From here on changes are undone by themselves again."""
        self._is_held = False
        self.close()

    def undo(self) -> bool:
        """Take back the last group; whether there was one."""
        if not self._done:
            return False
        group = self._done.pop()
        for change in reversed(group.changes):
            self._apply(change.at, change.at + len(change.inserted), change.removed)
            self.cursor = change.before
        self._undone.append(group)
        self._is_open = False
        return True

    def redo(self) -> bool:
        """Do the last group again that was taken back; whether there was one."""
        if not self._undone:
            return False
        group = self._undone.pop()
        for change in group.changes:
            self._apply(change.at, change.at + len(change.removed), change.inserted)
            self.cursor = change.behind
        self._done.append(group)
        self._is_open = False
        return True

    def paste(self, text: str) -> None:
        """Put in what was pasted; a long one is folded to one character."""
        text = fitting(text)
        self.close()
        self.insert(self._folded(text) if _is_long(text) else text)
        self.close()

    def instead(self, text: str) -> None:
        """Another text, which was typed before; one undo takes back however many there were. A huge one is folded."""
        is_huge = len(text) > 10 * FOLD_CHARACTERS or text.count("\n") > 20 * FOLD_LINES
        self.replace(0, len(self.text), self._folded(text) if is_huge else text, "recall")

    def label(self, fold: str) -> str:
        """What stands for a folded paste."""
        text = self._pastes.get(fold, "")
        lines = text.count("\n") + (not text.endswith("\n"))
        return f"[pasted {lines:,} lines]" if lines > 1 else f"[pasted {len(text):,} characters]"

    def unfold(self) -> bool:
        """Put the paste at the cursor, or else the last one before it, or the first behind it, in its own place."""
        found = self._near_fold()
        if found < 0:
            return False
        self.close()
        self.replace(found, found + 1, self._pastes[self.text[found]])
        self.close()
        return True

    def before(self, at: int) -> int:
        """Where the character before a place begins."""
        if at <= 0:
            return 0
        begin = max(0, at - _FAR)
        near = self.text[begin:at]
        last = near[-1]
        if _BREAK.match(last) or (last.isascii() and near[-2:-1].isascii()):
            return at - 1
        # From the last place at which a character surely begins.
        start = next((place for place in range(len(near) - 2, -1, -1) if _PLAIN.match(near[place])), -1)
        start = max(start, *(found.end() for found in _BREAK.finditer(near)), 0)
        if begin + start >= at:
            return at - 1
        found = at
        place = begin + start
        for cluster, _ in width.clusters(near[start:]):
            found, place = place, place + len(cluster)
        return found

    def behind(self, at: int) -> int:
        """Where the character at a place ends."""
        if at >= len(self.text):
            return len(self.text)
        two = self.text[at : at + 2]
        if two.isascii() or _BREAK.match(two):
            return at + 1
        size = _NEAR
        while True:
            near = self.text[at : at + size]
            stop = _BREAK.search(near)
            near = near[: stop.start()] if stop else near
            first = next(cluster for cluster, _ in width.clusters(near))
            if len(first) < size or size >= _FAR:
                return at + len(first)
            size *= 2

    def line_begin(self, at: int) -> int:
        """Where the line of a place begins."""
        return self.text.rfind("\n", 0, at) + 1

    def line_end(self, at: int) -> int:
        """Where the line of a place ends."""
        end = self.text.find("\n", at)
        return len(self.text) if end < 0 else end

    def _apply(self, begin: int, end: int, text: str) -> None:
        self.text = f"{self.text[:begin]}{text}{self.text[end:]}"
        self.version += 1

    def _keep(self, change: Change, kind: str) -> None:
        self._undone.clear()
        last = self._done[-1] if self._done else None
        if last is None or not self._is_open or (not self._is_held and (not kind or last.kind != kind)):
            last = _Group(kind)
            self._done.append(last)
            del self._done[:-_MOST_GROUPS]
        self._is_open = True
        if kind == "type" and last.changes and _joins(last.changes[-1], change):
            old = last.changes.pop()
            change = Change(old.at, old.removed, old.inserted + change.inserted, old.before, change.behind)
        last.changes.append(change)

    def _folded(self, text: str) -> str:
        if same := next((fold for fold, each in self._pastes.items() if each == text), ""):
            return same
        number = next(n for n in range(_FOLDS) if chr(_FIRST_FOLD + n) not in self._pastes)
        fold = chr(_FIRST_FOLD + number)
        self._pastes[fold] = text
        return fold

    def _near_fold(self) -> int:
        if FOLDS.match(self.text, self.cursor):
            return self.cursor
        before = [found.start() for found in FOLDS.finditer(self.text, 0, self.cursor)]
        if before:
            return before[-1]
        behind = FOLDS.search(self.text, self.cursor)
        return behind.start() if behind else -1


def fitting(text: str) -> str:
    """The text without what stands for folded pastes here."""
    return FOLDS.sub("\N{REPLACEMENT CHARACTER}", text)


def _is_long(text: str) -> bool:
    return len(text) > FOLD_CHARACTERS or text.count("\n") >= FOLD_LINES


def _joins(old: Change, new: Change) -> bool:
    return not new.removed and new.at == old.at + len(old.inserted)
