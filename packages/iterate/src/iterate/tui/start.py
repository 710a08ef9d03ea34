"""Bare `iterate` on a terminal: the first frame before anything else, the server meanwhile."""

from typing import TYPE_CHECKING

from iterate import settings
from iterate.terminal import keyboard
from iterate.tui.door import Door
from iterate.waiting import Voice

if TYPE_CHECKING:
    from iterate.reach import Wanted
    from iterate.settings import Screen


def run(of: "Screen", wanted: "Wanted", directory: str = "", session: str = "") -> tuple[int, str]:
    """Talk until the person leaves; the exit code, and the session that can be gone on with."""
    from iterate.tui.program import Conversation

    here = settings.read()
    held = keyboard.found()
    if held is None:
        return 0, ""
    said: list[str] = []
    door = Door(here, wanted, Voice(said.append, said.append))
    program = Conversation(here, of, held, door, directory or ("" if session else settings.directory()))

    def first() -> None:
        program.go_on(session)

    code = program.run(first)
    return code, program.session
