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
# So many sessions are named that may have been meant.
_NEAR = 3
# Among so many of a folder the newest is looked for.
_RECENT = 50
# Digits that hardly begin two ids.
_BEGUN = 4


def resolved(client: "Client", word: str, directory: str) -> str:
    """The id that is meant; raises `SessionUnknown`, `SessionAmbiguous`."""
    if word == "last":
        return newest(client, directory)
    digits = word.removeprefix(_BEGIN)
    if word.startswith(_BEGIN) and len(digits) >= _DIGITS:
        return word
    if not digits or not digits.isascii() or not digits.isalnum():
        raise _unknown(word, listed(client))
    everything = listed(client)
    found = [each.word("id") for each in everything if each.word("id").removeprefix(_BEGIN).startswith(digits)]
    if len(found) > 1:
        raise SessionAmbiguous(f"{len(found)} sessions begin with {word}: {', '.join(found[:5])}")
    if not found:
        raise _unknown(word, everything)
    return found[0]


def _unknown(word: str, known: list[Heard]) -> SessionUnknown:
    """The failure that names the session that was meant: one whose title has the word, or whose id is nearly that."""
    import difflib  # For slips alone.

    digits = word.removeprefix(_BEGIN)
    found = [each for each in known if word.casefold() in each.word("title").casefold()][:_NEAR]
    if not found:
        # A slip at the end of one, or anywhere in it.
        found = [each for each in known if each.word("id").removeprefix(_BEGIN)[:_BEGUN] == digits[:_BEGUN]][:_NEAR]
    if not found:
        ids = {each.word("id").removeprefix(_BEGIN)[: max(len(digits), 4)]: each for each in reversed(known)}
        found = [ids[each] for each in difflib.get_close_matches(digits, ids, 1)]
    names = [f"{each.word('id').removeprefix(_BEGIN)[:8]} ({each.word('title') or 'no prompt yet'})" for each in found]
    hint = f"did you mean {' or '.join(names)}?" if names else "iterate session list shows those there are"
    return SessionUnknown(f"there is no session {word!r}", hint)


def newest(client: "Client", directory: str) -> str:
    """The newest session of a folder; raises `SessionUnknown`."""
    # One that was never prompted is nothing to go on with.
    found = [each for each in listed(client, directory=directory, most=_RECENT) if each.count("prompts")]
    if not found:
        raise SessionUnknown(
            f"no session worked in {directory or 'this folder'} yet",
            "iterate run begins one; iterate session list --all shows those of other folders",
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
