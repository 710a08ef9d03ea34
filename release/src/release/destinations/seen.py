"""What a place held when files for it were made: nothing is written over what somebody else has put there since."""

from release.errors import PlaceChangedError
from release.model import Read, Seen


def need_unchanged(read: Read, seen: Seen | None) -> None:
    """Compare what a place holds with what was read there.

    Args:
        read: reads from the place now.
        seen: what was read there earlier, by its path.

    Raises:
        PlaceChangedError: something else stands there now.
    """
    for path, content in (seen or {}).items():
        if read(path) != content:
            raise PlaceChangedError(path)
