"""The signed site of a copy: its addresses are on the receipt, and what it trusts at first lies beside the program."""

from contextlib import AbstractContextManager, nullcontext

from iterate import folders
from iterate.errors import SiteNotTrusted
from iterate.install.copy import Copy
from iterate.install.outlook import Channels
from iterate.install.site import open_site

ROOT = "update-root.json"


def root_of(copy: Copy) -> bytes:
    """What a copy trusts at first; raises `SiteNotTrusted` when there is nothing."""
    try:
        return folders.read(copy.program.parent / ROOT) if copy.program else b""
    except OSError as problem:
        raise SiteNotTrusted(
            f"{ROOT} beside the program cannot be read ({problem.strerror}), so nothing can be trusted",
            "install iterate again",
        ) from problem


def open_channels(copy: Copy) -> AbstractContextManager[Channels | None]:
    """What a copy asks for versions; None for one that does not know where."""
    return open_site(copy.sites, root_of(copy)) if copy.sites else nullcontext()
