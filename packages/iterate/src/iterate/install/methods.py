"""Who may have installed a copy: the methods, by the names that receipts and `--method` use."""

from enum import StrEnum

PRODUCT = "iterate"
"""The command, and the stem of every package name."""


class Method(StrEnum):
    """Who installed this copy, and so who may replace it."""

    BREW = "brew"
    SCOOP = "scoop"
    AUR = "aur"
    NPM = "npm"
    PNPM = "pnpm"
    YARN = "yarn"
    BUN = "bun"
    MISE = "mise"
    DEB = "deb"
    RPM = "rpm"
    WINGET = "winget"
    DOCKER = "docker"
    SELF = "self"  # our own installer; the program replaces itself
    SOURCE = "source"  # a checkout, run by Python
    ARCHIVE = "archive"  # unpacked by hand: nobody owns it
    UNKNOWN = "unknown"  # somebody owns it, and nothing says who


# They install the same packages, so a receipt cannot know which of them did.
FROM_NPM = (Method.NPM, Method.PNPM, Method.YARN, Method.BUN, Method.MISE)
# What releases called some methods before.
OLDER_NAMES = {"apt": Method.DEB}


def named(text: str) -> Method:
    """The method of that name; UNKNOWN for one that only other versions know."""
    try:
        return OLDER_NAMES.get(text) or Method(text)
    except ValueError:
        return Method.UNKNOWN
