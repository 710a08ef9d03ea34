"""What was typed before, gone through and searched. It knows no keys and paints nothing."""

import re
from collections.abc import Callable, Sequence

from iterate.terminal.buffer import fitting

_WORD = re.compile(r"""(?:"[^"]*"|'[^']*'|\S)+""")


class Recall:
    """A place among the texts that were typed before; behind the last one is what is typed now."""

    def __init__(self, past: Sequence[str] = ()) -> None:
        self._texts = list(past)
        # Asked when somebody begins to go back: another process may have added some.
        self.refresh: Callable[[], Sequence[str] | None] = lambda: None
        self._place: int | None = None
        self._kept = ""
        self._prefix = ""
        # What is looked for; None when nothing is.
        self.wanted: str | None = None
        self._hits: list[int] = []
        self._hit = 0

    def add_before(self, past: Sequence[str]) -> None:
        """What a file has: it is older than what is known."""
        self._texts = [*past, *self._texts]
        self.leave()

    def add(self, text: str) -> None:
        """One more; the same one again is none."""
        if text not in self._texts[-1:]:
            self._texts.append(text)
        self.leave()

    def leave(self) -> None:
        """What is typed next is new."""
        self._place, self.wanted = None, None

    @property
    def is_back(self) -> bool:
        """Whether what is seen was typed before."""
        return self._place is not None

    def step(self, by: int, text: str, prefix: str) -> str | None:
        """The text that many places on which begins like what was typed; None where there is none."""
        if self._place is None:
            if by > 0:
                return None
            self._look()
            self._kept = text
            self._prefix = prefix if any(self._fits(each, prefix) for each in self._texts) else ""
        now = text
        place = len(self._texts) if self._place is None else self._place
        while 0 <= place + by <= len(self._texts):
            place += by
            if place == len(self._texts):
                self._place = None
                return self._kept
            if self._fits(self._texts[place], self._prefix) and self._texts[place] != now:
                self._place = place
                return fitting(self._texts[place])
        return None

    def first(self, text: str) -> str | None:
        """The oldest of all."""
        if self._place is None:
            self._look()
            self._kept, self._prefix = text, ""
        if not self._texts:
            return None
        self._place = 0
        return fitting(self._texts[0])

    def end(self) -> str | None:
        """What is typed now."""
        if self._place is None:
            return None
        self._place = None
        return self._kept

    def words(self, back: int) -> Sequence[str]:
        """The words of what was typed so many texts ago, with blanks in quotes; none where there is no such text."""
        if not back:
            self._look()
        return _WORD.findall(fitting(self._texts[-1 - back])) if back < len(self._texts) else ()

    # Searching.

    def search(self, text: str) -> None:
        """Begin to look for something."""
        self._look()
        self.wanted, self._kept, self._hits, self._hit = "", text, [], 0

    def want(self, wanted: str) -> str | None:
        """Look for that from the newest on; the text that has it, or None."""
        self.wanted = wanted
        self._hits = self._found(wanted) if wanted else []
        self._hit = 0
        return fitting(self._texts[self._hits[0]]) if self._hits else None

    def next_hit(self, by: int) -> str | None:
        """An older one, or a newer one."""
        if not 0 <= self._hit + by < len(self._hits):
            return None
        self._hit += by
        return fitting(self._texts[self._hits[self._hit]])

    def stop(self, *, is_taken: bool) -> str:
        """Look no more; what was typed before that, where nothing is taken."""
        self.wanted = None
        if is_taken and self._hits:
            self._place = self._hits[self._hit]
        return self._kept

    def told(self) -> str:
        """How the search stands, as a line."""
        wanted = self.wanted or ""
        where = f"{self._hit + 1:,} of {len(self._hits):,}" if self._hits else ("nothing" if wanted else "")
        return f"searching what was typed before: {wanted}" + (f"  ({where})" if where else "")

    def _look(self) -> None:
        fresh = self.refresh()
        if fresh is not None:
            self._texts = list(fresh)

    def _fits(self, text: str, prefix: str) -> bool:
        return text.startswith(prefix) and text != prefix if prefix else True

    def _found(self, wanted: str) -> list[int]:
        """Places, the newest first, each text once: with what is wanted in it, or else with all its words."""
        is_exact = wanted != wanted.lower()
        found: list[int] = []
        words = wanted.split()
        seen: set[str] = set()
        others: list[int] = []
        for place in range(len(self._texts) - 1, -1, -1):
            text = self._texts[place]
            if text in seen:
                continue
            seen.add(text)
            plain = text if is_exact else text.lower()
            if wanted in plain:
                found.append(place)
            elif len(words) > 1 and all(word in plain for word in words):
                others.append(place)
        return found + others
