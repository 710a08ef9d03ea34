"""What a terminal has shown, as bytes with places: the newest of it, within a bound."""

from collections import deque
from typing import NamedTuple

LIMIT_BYTES = 1 << 20
# What is handed over at once.
BATCH_BYTES = 1 << 16


class Piece(NamedTuple):
    """Bytes from a place on; `lost` were before them and are not kept any more."""

    lost: int
    begin: int
    data: bytes

    @property
    def end(self) -> int:
        """The place behind it."""
        return self.begin + len(self.data)


class Scrollback:
    """The newest `limit` bytes, and how many there were in all."""

    def __init__(self, limit: int = LIMIT_BYTES) -> None:
        self._limit = limit
        self._pieces: deque[bytes] = deque()
        self._size = 0
        self.end = 0

    @property
    def begin(self) -> int:
        """The place of the oldest byte that is kept."""
        return self.end - self._size

    def append(self, data: bytes) -> None:
        """Keep more; the oldest goes."""
        data = data[-self._limit :] if len(data) > self._limit else data
        self.end += len(data)
        self._pieces.append(data)
        self._size += len(data)
        while self._size > self._limit:
            oldest = self._pieces.popleft()
            extra = self._size - self._limit
            if extra < len(oldest):
                self._pieces.appendleft(oldest[extra:])
                self._size -= extra
            else:
                self._size -= len(oldest)

    def after(self, place: int) -> Piece:
        """What comes behind a place, `BATCH_BYTES` at most; a place that was never reached is the end."""
        place = min(place, self.end)
        begin = max(place, self.begin)
        skipped, taken, size = self.begin, [], 0
        for piece in self._pieces:
            following = skipped + len(piece)
            if following > begin and size < BATCH_BYTES:
                part = piece[max(0, begin - skipped) :][: BATCH_BYTES - size]
                taken.append(part)
                size += len(part)
            skipped = following
        return Piece(begin - place, begin, b"".join(taken))
