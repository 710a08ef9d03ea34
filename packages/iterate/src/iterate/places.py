"""What this build calls its folders, by strings alone: it is asked before anything else is imported."""

from iterate._stamp import CHANNEL, VERSION

TYPE_CHECKING = False  # The module of this name costs a millisecond.
if TYPE_CHECKING:
    from collections.abc import Mapping

_TIME_DIGITS = 14
_BRANCH = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


def folder_name(channel: str = CHANNEL, version: str = VERSION) -> str:
    """What this build calls its folders: no channel touches the sessions or the server of another one."""
    if channel == "latest":
        return "iterate"
    # A snapshot's version is 0.0.0-snapshot-BRANCH-TIME.
    _, mark, rest = version.partition("-snapshot-")
    branch, _, time = rest.rpartition("-")
    is_named = mark and branch and len(time) == _TIME_DIGITS and time.isdigit() and set(branch) <= _BRANCH
    if channel == "snapshot" and is_named:
        return f"iterate-snapshot-{branch}"
    return f"iterate-{channel or 'source'}"


def state(environment: "Mapping[str, str]") -> tuple[str, str]:
    """The home and the folder of the server's files, empty when they cannot be named; for POSIX alone."""
    home = environment.get("HOME", "")
    base = environment.get("XDG_STATE_HOME", "")
    # The XDG rules: a relative path is invalid and ignored.
    if not base.startswith("/"):
        base = f"{home}/.local/state" if home.startswith("/") else ""
    return (home if home.startswith("/") else "/"), (f"{base}/{folder_name()}" if base else "")
