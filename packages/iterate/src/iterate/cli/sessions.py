"""Which session is meant: by its id, the beginning of one, `last`, or as the newest of a folder."""

from typing import TYPE_CHECKING

from iterate.errors import SessionAmbiguous, SessionUnknown
from iterate.heard import Heard

if TYPE_CHECKING:
    from iterate.client import Client

_BEGIN = "ses_"
# The digits behind it.
_DIGITS = 24
_PAGE = 1000


def resolved(client: "Client", word: str, directory: str) -> str:
    """The id that is meant; raises `SessionUnknown`, `SessionAmbiguous`."""
    if word == "last":
        return newest(client, directory)
    digits = word.removeprefix(_BEGIN)
    if word.startswith(_BEGIN) and len(digits) >= _DIGITS:
        return word
    if not digits or not digits.isascii() or not digits.isalnum():
        raise SessionUnknown(f"there is no session {word!r}", "iterate session list shows those there are")
    found = [each.word("id") for each in listed(client) if each.word("id").removeprefix(_BEGIN).startswith(digits)]
    if len(found) > 1:
        raise SessionAmbiguous(f"{len(found)} sessions begin with {word}: {', '.join(found[:5])}")
    if not found:
        raise SessionUnknown(f"there is no session {word!r}", "iterate session list shows those there are")
    return found[0]


def newest(client: "Client", directory: str) -> str:
    """The newest session of a folder; raises `SessionUnknown`."""
    found = listed(client, directory=directory, most=1)
    if not found:
        raise SessionUnknown(
            f"no session worked in {directory or 'this folder'} yet", "leave out --continue to begin one"
        )
    return found[0].word("id")


def listed(client: "Client", *, directory: str = "", search: str = "", most: int | None = None) -> list[Heard]:
    """Sessions, the newest first; all of them when nothing is said."""
    from iterate.client import quoted

    asked = f"directory={quoted(directory)}&" if directory else ""
    asked += f"search={quoted(search)}&" if search else ""
    found: list[Heard] = []
    after = ""
    while most is None or len(found) < most:
        limit = _PAGE if most is None else min(_PAGE, most - len(found))
        page = Heard(
            "", "", client.call("GET", f"/session?{asked}limit={limit}" + (f"&after={after}" if after else ""))
        )
        found += page.rows("sessions")
        after = page.word("next")
        if not after:
            break
    return found
