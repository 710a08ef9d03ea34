"""What a small terminal shows of the program at each step, as it stands in a golden file.

`python -m tests.iterate.acting.shots FOLDER MODE COLUMNS LINES` prints it.
"""

import os
import sys
from pathlib import Path
from typing import get_args

from tests.iterate.acting.play import Play
from tests.iterate.acting.stage import Deed, Stage

from iterate.settings import Mode
from iterate.tui.options import Options

STEPS = (
    Deed(0.1, "reply"),
    Deed(0.1, "shot", "the first frame"),
    Deed(0.1, "text", "some words that go on"),
    Deed(0.1, "shot", "typed"),
    Deed(0.1, "prompt", "go"),
    Deed(0.1, "say", "Some words with `code` that are longer than a row."),
    Deed(0.1, "shot", "an answer begins"),
    Deed(0.1, "call", "touch a/file/of/a/long/name"),
    Deed(0.1, "permission", "bash * = ask"),
    Deed(1.0, "shot", "a permission is asked"),
    Deed(0.1, "key", "down"),
    Deed(0.1, "shot", "the next answer"),
    Deed(0.1, "key", "yes"),
    Deed(0.1, "question", "Which of these two is it?"),
    Deed(1.0, "shot", "a question is asked"),
    Deed(0.1, "key", "two"),
    Deed(0.1, "shot", "it is answered"),
    Deed(0.1, "gave", "done"),
    Deed(0.1, "text", "queued"),
    Deed(0.1, "key", "enter"),
    Deed(0.1, "shot", "a prompt waits"),
    Deed(0.1, "end"),
    Deed(1.0, "fail"),
    Deed(0.5, "shot", "the answer has ended"),
    Deed(0.1, "line", "/themes"),
    Deed(1.0, "shot", "a list"),
    Deed(0.1, "key", "escape"),
    Deed(0.5, "key", "help"),
    Deed(0.5, "shot", "a page"),
    Deed(0.1, "key", "escape"),
    Deed(0.5, "shot", "the line again"),
)


def main() -> int:
    """All of it."""
    folder, mode, columns, lines = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    told = os.fdopen(os.dup(1), "w", encoding="utf-8")
    stage = Stage(
        folder, (columns, lines), Options(mode=next(each for each in get_args(Mode.__value__) if each == mode))
    )
    play = Play(stage)
    known = 0

    def do(deed: Deed) -> None:
        nonlocal known
        if deed.kind != "shot":
            play.do(deed)
            return
        seen = stage.emulator.seen()
        told.write(f"== {deed.value}\n{seen._replace(above=seen.above[known:]).told()}\n")
        known = len(seen.above)

    stage.play(STEPS, do, play.check)
    told.flush()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
