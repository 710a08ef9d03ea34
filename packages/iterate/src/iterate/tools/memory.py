"""What a session knows of files: the digest of what the model read of each, and where the paths of a call led."""

from collections import OrderedDict
from pathlib import Path

from iterate.tools.tool import ToolFailed

# Calls wait for a person at most by the dozen.
_MOST_CALLS = 1000


class NotRead(ToolFailed):
    """The model would change a file that it has not read."""


class ChangedSince(ToolFailed):
    """Somebody changed the file since the model read it."""


class Readings:
    """The `Memory` of one session. Content is compared, never times."""

    def __init__(self) -> None:
        self._read: dict[Path, bytes] = {}
        self._led: OrderedDict[tuple[str, str], Path] = OrderedDict()

    def note(self, path: Path, content: bytes | None) -> None:
        """The model has read this, or written it; None is a file that it removed."""
        if content is None:
            self._read.pop(path, None)
        else:
            self._read[path] = _digest(content)

    def check(self, path: Path, content: bytes | None) -> None:
        """Raises where the model has not read the file, or somebody changed it since."""
        known = self._read.get(path)
        if content is None:
            if known is not None:
                # Said once: the model may then make it anew.
                self.note(path, None)
                raise ChangedSince(f"{path} was removed since you read it; nothing was written")
        elif known is None:
            raise NotRead(f"{path} is there, and you have not read it; read it first")
        elif known != _digest(content):
            raise ChangedSince(f"{path} was changed since you read it; nothing was written. Read it again")

    def led(self, call: str, given: str, real: Path, *, is_judged: bool = False) -> None:
        """A path of a call leads here: raises where it led elsewhere when the call was judged."""
        if is_judged:
            # Some models give the same id to call after call.
            self._led[call, given] = real
        before = self._led.setdefault((call, given), real)
        if before != real:
            raise ToolFailed(f"{given} leads to {real}, but led to {before} when the call was judged; nothing was done")
        while len(self._led) > _MOST_CALLS:
            self._led.popitem(last=False)


def _digest(content: bytes) -> bytes:
    import hashlib  # It loads OpenSSL, which no server that starts needs.

    return hashlib.blake2b(content, digest_size=20).digest()
