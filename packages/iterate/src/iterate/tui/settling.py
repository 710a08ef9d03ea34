"""Settings of the person's own that commands change, as `iterate config set` does: comments and all else stay."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from iterate.errors import NoHome
from iterate.tui import said
from iterate.tui.contract import Program

if TYPE_CHECKING:
    from pathlib import Path


def keep(program: Program, key: str, value: str, then: Callable[[], None]) -> None:
    """Write one value into the person's file, and go on."""
    file = program.here.config

    def work() -> str:
        if file is None:
            raise NoHome("there is no folder for settings of your own")
        write(file, key, value)
        return str(file)

    def written(where: object) -> None:
        program.say([said.line(f"{key} is {value} from now on, in {where}", "dim")])
        then()

    program.work(work, written)


def write(file: "Path", key: str, value: str) -> None:
    """Put one value into that file; waits for the disk."""
    from iterate.config import change, named, writing

    path = named.keys(key)
    wanted = named.read(value, path)
    writing.change(file, lambda text: change.put(text, path, wanted), is_private=True)


def turn_vi(program: Program, rest: str) -> None:
    """The keys of vi, or those of emacs again."""
    is_vi = program.here.config is not None and _editor() == "vi"
    wanted = rest if rest in {"vi", "emacs"} else ("emacs" if is_vi else "vi")
    keep(program, "terminal.editor", wanted, program.learn)


def _editor() -> str:
    from iterate.config import looks

    return "vi" if looks.hands().is_vi else "emacs"
