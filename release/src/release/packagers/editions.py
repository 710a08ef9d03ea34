"""The newest version at a place, out of the file that we rendered there earlier."""

import re
from collections.abc import Callable

from release import version
from release.model import Edition
from release.product import Version


def found(
    held: bytes | None,
    line: re.Pattern[str],
    *,
    revision: re.Pattern[str] | None = None,
    spelt: Callable[[str], Version] = version.parse,
) -> Edition | None:
    """The edition that a file names; None where there is no file.

    Args:
        held: the file.
        line: finds the version, as its first group.
        revision: finds the packaging's own number, in the same way; 0 where there is none.
        spelt: reads a version as this ecosystem writes it.

    Raises:
        ValueError: the file names no version.
        VersionIllegalError: what it names is none.
    """
    if held is None:
        return None
    text = held.decode("utf-8")
    match = line.search(text)
    if match is None:
        raise ValueError(text[:80])
    number = revision.search(text) if revision else None
    return Edition(version=spelt(match[1]), revision=int(number[1]) if number else 0)
