"""The packaging's own number, which tells two packages of one version of the program apart.

Nobody configures it: where the place holds the same version with another content, the number goes up by one.
"""

from collections.abc import Callable

from release import version as versions
from release.errors import VersionIllegalError
from release.model import Edition
from release.product import Version


def numbered(
    version: Version,
    held: bytes | None,
    *,
    first: int,
    edition: Callable[[bytes], Edition | None],
    render: Callable[[int], str],
) -> tuple[int, bytes]:
    """The number of a package, and its file with that number.

    Args:
        version: of the program.
        held: the file that the place holds.
        first: the number that a version begins with.
        edition: reads version and number out of that file; may raise ValueError or VersionIllegalError.
        render: gives the file with a number.
    """
    there = _number(version, held, edition)
    if there is None:
        return first, render(first).encode()
    same = render(there).encode()
    return (there, same) if same == held else (there + 1, render(there + 1).encode())


def _number(version: Version, held: bytes | None, edition: Callable[[bytes], Edition | None]) -> int | None:
    """The number that the place holds for this version; None where it holds none."""
    if held is None:
        return None
    try:
        there = edition(held)
    except (ValueError, VersionIllegalError):
        return None
    return there.revision if there is not None and versions.order(there.version) == versions.order(version) else None
