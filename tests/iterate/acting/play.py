"""Any play on that stage: what a person, a server, a terminal and other clients do, in any order, and what then holds.

`python -m tests.iterate.acting.play FOLDER COUNT [SEED]` plays so many in this process; it needs its own environment.
"""

import os
import re
import shutil
import sys
import traceback
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from hypothesis import HealthCheck, example, given, seed, settings
from hypothesis import strategies as st
from tests.iterate.acting.deeds import FIRST, FOUND, KEYS, LEFT, NARROWEST, SIZES, plays
from tests.iterate.acting.others import Others
from tests.iterate.acting.stage import REST_S, Deed, Stage
from tests.iterate.acting.told import Session
from tests.iterate.emulated.wrapping import PROGRAM, Wrapping

from iterate.heard import Heard
from iterate.settings import Mode
from iterate.terminal import rows
from iterate.tui.options import Options

MARK = re.compile(r"<\d+>")
# The place of the seed in the words of this program.
BY_SEED = 3


class Play:
    """One of them."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        stage.told.took = self._took
        # What was said for good while it could be seen in the scrollback, by its marks, in order.
        self.heard: Counter[str] = Counter()
        self.told = stage.told
        self._others = Others(stage.told)
        self.has_resized, self._first, self.narrowest = False, stage.size[0], stage.size[0]
        # Something that may change had no room, so it may have left the screen at its top.
        self.is_cut = False

    @property
    def session(self) -> Session | None:
        """The one that is open."""
        return self.told.sessions.get(self.stage.program.session)

    def do(self, deed: Deed) -> None:
        """One deed."""
        match deed.kind, deed.value:
            case ("key" | "bytes" | "text" | "paste" | "prompt" | "line") as kind, (str() | bytes()) as value:
                self.stage.type(self._typed(kind, value))
            case "size", (int(columns), int(lines)):
                self.has_resized, self.narrowest = True, min(self.narrowest, columns)
                self.stage.resize(columns, lines)
            case "reply", _:
                self.stage.reply()
            case "rest", _:
                self.check_rest()
            case ("slow" | "quick") as how, _:
                self.stage.is_slow = how == "slow"
            case ("down" | "up") as where, _:
                self.told.is_there = where == "up"
                for each in list(self.told.readers):
                    each.wake()
            case kind, value:
                if self.session is not None and self.told.is_there:
                    self._others.do(self.session, kind, value if isinstance(value, str) else "")

    def _took(self, event: Heard) -> None:
        parts = event.rows("parts") if event.kind == "prompted" else [event.inner("part")]
        for each in parts:
            if each.kind == "text" and not self.stage.is_full:
                self.heard.update(MARK.findall(each.word("text")))

    def check_transcript(self) -> None:
        """When it has left: all of it is there once, in its order; behind another size once at least."""
        stage, text = self.stage, squeezed(self.stage.emulator.seen().text)
        if stage.is_full or self.told.is_read or self.narrowest < NARROWEST[0]:
            return
        there = [each for each in MARK.findall(text) if each in self.heard]
        if self.has_resized:
            # pyte cuts rows off where it becomes narrower.
            assert self.narrowest < self._first or set(there) == set(self.heard), stage.emulator.seen().told()
            return
        assert Counter(there) == self.heard, stage.emulator.seen().told()
        if max(self.heard.values(), default=0) == 1:
            assert there == list(self.heard), stage.emulator.seen().told()

    def check_rest(self) -> None:
        """Long after the last deed nothing is painted, but for what counts seconds while an answer runs."""
        last = [each for each in self.stage.painted if each > self.stage.now - 1.0]
        assert len(last) <= (5 if self.stage.program.is_answering else 0), last

    def _typed(self, kind: str, value: str | bytes) -> bytes:
        if isinstance(value, bytes):
            return value
        text = value.encode()
        match kind:
            case "key":
                return KEYS[value]
            case "paste":
                return b"\x1b[200~" + text + b"\x1b[201~"
            case "prompt":
                return f"\x15{self.told.mark()} ".encode() + text.translate(None, b"\n\t\x1b\x07") + b"\r"
            case "line":
                return b"\x15" + text + b"\r"
            case _:
                return text

    def check(self) -> None:
        """What holds whenever nothing is to be done."""
        stage = self.stage
        assert not stage.overflows, f"a row is wider than {stage.size}"
        window = [each for each in stage.painted[-100:] if each > stage.now - 1.0]
        assert len(window) <= 60, f"{len(window)} frames in a second"
        if stage.is_shown and not self.has_resized and stage.size >= NARROWEST and stage.size[1] >= NARROWEST[1]:
            self._check_cursor()
            if not stage.is_full:
                self._check_once()

    def _check_cursor(self) -> None:
        """It is where the line is typed, in the row and column that the editor says."""
        stage = self.stage
        seen = stage.emulator.seen()
        if stage.seen.widget is not None or stage.seen.line.cursor is None or stage.is_leafing:
            return
        line, column = stage.seen.line.cursor
        assert (squeezed(seen.screen[seen.cursor[0]]), seen.cursor[1]) == (
            squeezed(rows.plain(stage.seen.line.rows[line])), column
        ), seen.told()  # fmt: skip

    def _check_once(self) -> None:
        """All that was said for good, and below it what may change."""
        stage = self.stage
        shown = stage.picture.rows
        self.is_cut = self.is_cut or len(shown) > stage.size[1] - 2
        if self.is_cut:
            return
        told = "".join(rows.plain(each) for each in (*stage.said, *shown))
        assert squeezed(stage.emulator.seen().text) == squeezed(told), f"{stage.emulator.seen().told()}\n{told}"


def squeezed(text: str) -> str:
    return "".join(text.split())


def check_other(stage: Stage, other: Wrapping) -> None:
    """Another emulator shows the same of it."""
    other.begin(*stage.size)
    other.feed(stage.fed)
    ours, theirs = stage.emulator.seen(), other.seen()
    assert (ours.rows, ours.cursor) == (theirs.rows, theirs.cursor), f"{ours.told()}\n{theirs.told()}"


def played(
    folder: Path,
    size: tuple[int, int],
    options: Options,
    left: str,
    deeds: Sequence[Deed],
    other: Wrapping | None = None,
) -> None:
    stage = Stage(folder, size, options, left=left)
    play = Play(stage)
    stage.play([*deeds, Deed(REST_S, "rest")], play.do, play.check)
    check_given_back(stage)
    play.check_transcript()
    if other is not None and not play.has_resized and size >= NARROWEST:
        check_other(stage, other)


def check_given_back(stage: Stage) -> None:
    """All that was switched on is off again, and the keyboard is as it was."""
    assert stage.is_cooked
    assert not stage.emulator.hides_cursor
    assert not stage.emulator.modes & {1000, 1002, 1003, 1004, 1006, 1049, 2004, 2026}
    assert 7 in stage.emulator.modes
    for on, off in (
        (rb"\x1b\[>\d+u", rb"\x1b\[<\d*u"),
        (rb"\x1b\[>4;1m", rb"\x1b\[>4m"),
        (rb"\x1b\[22;2t", rb"\x1b\[23;2t"),
    ):
        assert len(re.findall(on, stage.raw)) == len(re.findall(off, stage.raw)), on


def main() -> int:
    """All plays of this process; what fails is told on what was standard error."""
    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    told = os.fdopen(os.dup(2), "w")
    other = Wrapping() if shutil.which(PROGRAM) else None

    def any_play(size: tuple[int, int], mode: Mode | None, left: str, deeds: list[Deed]) -> None:
        played(folder, size, Options(mode=mode), left, deeds, other)

    modes, plays_ = st.sampled_from((None, None, "full", "mini")), st.one_of(plays(None), plays(SIZES))
    test = given(FIRST, modes, st.sampled_from(LEFT), plays_)(any_play)
    for each in FOUND:
        test = example(*each)(test)
    if len(sys.argv) > BY_SEED:
        test = seed(int(sys.argv[BY_SEED]))(test)
    how = settings(max_examples=count, deadline=None, derandomize=len(sys.argv) <= BY_SEED, database=None,
                   suppress_health_check=list(HealthCheck))  # fmt: skip
    try:
        how(test)()
    except BaseException:  # noqa: BLE001  # Whatever it is, it goes to whoever began this.
        told.write(traceback.format_exc())
        told.flush()
        return 1
    finally:
        if other is not None:
            other.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
