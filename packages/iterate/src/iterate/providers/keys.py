"""The keys that a person gave us: one file for this user alone, in the data folder. See docs/decisions/0136.

A key is shown nowhere: not in logs, errors, lists or `repr`. It leaves this process in requests to its own vendor.
"""

import json
import os
import re
import threading
from collections.abc import Mapping
from pathlib import Path

from iterate import folders
from iterate.errors import KeyInvalid, StateUnusable

NAME = "auth.json"
LIMIT_BYTES = 1 << 20
LONGEST_KEY = 8192
# What goes into a header as it is.
_KEY = re.compile(r"[\x21-\x7e]+")


class Keys:
    """The file of keys; it need not be there. Several threads may use it."""

    def __init__(self, folder: Path, name: str = NAME) -> None:
        self._path = folder / name
        self._lock = threading.Lock()

    def get(self, vendor: str) -> str:
        """The key of a vendor, empty when there is none; raises `StateUnusable`."""
        return self._read().get(vendor, "")

    def vendors(self) -> tuple[str, ...]:
        """Who has a key; raises `StateUnusable`."""
        return tuple(sorted(self._read()))

    def put(self, vendor: str, key: str) -> None:
        """Keep a key, instead of the one that there was; raises `StateUnusable`, `KeyInvalid`."""
        checked(key)
        with self._lock:
            self._write({**self._read(), vendor: key})

    def remove(self, vendor: str) -> bool:
        """Forget a key; whether there was one. Raises `StateUnusable`."""
        with self._lock:
            keys = self._read()
            if keys.pop(vendor, None) is None:
                return False
            self._write(keys)
            return True

    def _read(self) -> dict[str, str]:
        try:
            file = os.open(self._path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0))
        except FileNotFoundError:
            return {}
        except OSError as problem:
            raise StateUnusable(f"{self._path} cannot be read: {problem.strerror}", _HINT) from problem
        with os.fdopen(file, "rb") as opened:
            if not folders.is_private(opened.fileno()):
                raise StateUnusable(f"{self._path} can be read by others, or is another user's", _HINT)
            content = opened.read(LIMIT_BYTES + 1)
        try:
            value = json.loads(content)
        except ValueError:
            # Not with what the parser says, which quotes the text.
            raise StateUnusable(f"{self._path} is not the JSON that we wrote", _HINT) from None
        if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
            raise StateUnusable(f"{self._path} is not the JSON that we wrote", _HINT)
        return value

    def _write(self, keys: Mapping[str, str]) -> None:
        # Whole or not at all, and never readable by others, not even for a moment.
        new = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        try:
            folders.make_private(self._path.parent)
            new.unlink(missing_ok=True)
            with os.fdopen(folders.open_private(new, os.O_EXCL), "wb") as file:
                file.write(json.dumps(keys, indent=1, sort_keys=True).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
        except OSError as problem:
            raise StateUnusable(f"{self._path} cannot be written: {problem.strerror}", _HINT) from problem
        finally:
            new.unlink(missing_ok=True)


_HINT = "make it a file of your own with mode 0600, or remove it and run iterate auth login again"


def checked(key: str) -> str:
    """The key; raises `KeyInvalid`, which does not show it."""
    if len(key) > LONGEST_KEY or not _KEY.fullmatch(key):
        raise KeyInvalid("this is no key: it is empty, too long, or holds spaces or other characters")
    return key
