"""Called once for the same arguments, again for others, and again after an error."""

import sys
from pathlib import Path

ROOT = Path(sys.argv[1])
sys.path.insert(0, str(ROOT))

from memo import remembered  # The task's own.

calls = []


@remembered
def add(first, second=0, **more):
    """Say what was added."""
    calls.append((first, second, more))
    if first < 0:
        raise ValueError(first)
    return first + second + sum(more.values())


assert (add(1, second=2), add(1, second=3), add(1), add(1, third=5)) == (3, 4, 1, 6)
assert (add(1, a=1, b=2), add(1, b=2, a=1)) == (4, 4)
assert len(calls) == 5, calls
for _ in range(2):
    try:
        add(-1)
    except ValueError:
        continue
    raise AssertionError("an error was remembered as an answer")
assert add.__name__ == "add"
