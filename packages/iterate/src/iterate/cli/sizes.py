"""Sizes for people."""

_STEP = 1000


def size(count: float) -> str:
    """A number of bytes in the unit that leaves the fewest digits, such as `6.6 kB`; a kB is 1,000 bytes."""
    if count < _STEP:
        return f"{count:.0f} byte" if count == 1 else f"{count:.0f} bytes"
    for unit in ("kB", "MB"):
        count /= _STEP
        if count < _STEP:
            return f"{count:.1f} {unit}"
    return f"{count / _STEP:.1f} GB"
