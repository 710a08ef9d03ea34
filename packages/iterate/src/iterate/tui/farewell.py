"""The last line of a command that talked to a model: the session, and how to go on with it."""

from iterate import interrupts
from iterate.foreign import plain
from iterate.reach import Wanted
from iterate.terminal import live, screen

# Digits of an id that usually name one session alone.
SHORT = 8


def line(session: str, wanted: Wanted = Wanted(), columns: int = 80) -> str:  # noqa: B008  # A named tuple.
    """The line; two of them where one is too long for the terminal. The id is said once, as it is typed."""
    there = f"--attach {wanted.url} " if wanted.url else ""
    how = f"iterate run {there}--session {session.removeprefix('ses_')[:SHORT]}"
    return _goes_on(how, columns, " ...")


def prepare(session: str, wanted: Wanted = Wanted()) -> None:  # noqa: B008  # A named tuple.
    """From now on Ctrl-C leaves that line as the last one. A private server keeps no session, so there is none."""
    if not wanted.is_standalone:
        text = line(session, wanted, live.size_of(2)[0])
        interrupts.say_last(f"{text}\n".encode())


def say(session: str, wanted: Wanted = Wanted()) -> None:  # noqa: B008  # A named tuple.
    """Say it now."""
    interrupts.say_last(b"")
    if not wanted.is_standalone:
        screen.tell(line(session, wanted, live.size_of(2)[0]))


def goes_on(session: str, wanted: Wanted | None) -> None:
    """Say at the end of a conversation how to go on with it."""
    if wanted is None or not wanted.is_standalone:
        there = f"attach {wanted.url} " if wanted is not None and wanted.url else ""
        how = f"iterate {there}--session {session.removeprefix('ses_')[:SHORT]}"
        screen.tell(_goes_on(how, live.size_of(2)[0]))


def _goes_on(how: str, columns: int, more: str = "") -> str:
    whole = f"{how}{more} goes on with this session"
    return plain(whole if len(whole) < columns else f"this session goes on by:\n  {how}")
