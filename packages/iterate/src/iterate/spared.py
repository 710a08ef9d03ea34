"""Keeps a server that starts from importing what others import along, and nobody there has a use for."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

# asyncio does without TLS of its own, and so do we: httpx2 brings its own over sockets (anyio's). 5 ms and 4 MB.
TLS = "ssl"
# msgspec looks there first for a class that `typing` has too. 2 ms.
TYPING = "typing_extensions"


@contextmanager
def spared(*names: str) -> Iterator[None]:
    """What is imported meanwhile finds none of these modules, as on a system without them; later they are there."""
    # None is documented to stop an import: docs.python.org/3/reference/import.html#the-module-cache.
    absent = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]
