"""Bare `iterate` on a terminal: the first frame before anything else, the server meanwhile."""

import sys
from typing import TYPE_CHECKING

from iterate import settings
from iterate.config import looks
from iterate.errors import Failure
from iterate.terminal import keyboard, screen
from iterate.tui import options

if TYPE_CHECKING:
    from iterate.reach import Wanted
    from iterate.settings import Screen
    from iterate.tui.options import Options


def main(words: list[str]) -> int | None:
    """The conversation that these words open, and its exit code; None where another way has to be gone."""
    meant = options.parse(words)
    if meant is None or sys.platform == "win32":
        return None
    try:
        meant.checked()
        of = looks.screen()
        return None if of.is_plain else run(of, None, meant)
    except Failure as failure:
        screen.show_failure(failure)
        return failure.exit_code


def run(of: "Screen", wanted: "Wanted | None", meant: "Options") -> int:
    """Talk until the person leaves; with the server of this user where no other is wanted."""
    from iterate.tui.program import Conversation

    held = keyboard.found()
    if held is None:
        return 0
    program = Conversation(settings.read(), of, held, wanted, meant)
    try:
        code = program.run()
    finally:
        if program.session:
            from iterate.tui import farewell

            farewell.goes_on(program.session, wanted)
    return code
