"""What people see while something goes on: on a terminal, in a pipe, in the log of a CI machine."""

import io
import time
from collections.abc import Callable
from contextlib import suppress

import pyte
import pytest

from release.progress import Mark, Progress, Step
from release.screen import github, lines, painting

WIDE = "水獭-linux-x64"


class Paper(io.StringIO):
    """A file that takes lines."""


def waited(true: Callable[[], bool]) -> None:
    """Wait for something that comes soon."""
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def some(progress: Progress) -> None:
    """Two builds and a check, of which one is skipped."""
    with progress.begin("check") as step:
        step.detail = "14 checks"
    with progress.begin("build", "linux-x64") as step:
        progress.note("no licence text was found for otter")
        step.detail = "10.5 MB  glibc 2.34"
    with progress.begin("build", WIDE) as step:
        step.skip("no compiler here")


def test_a_pipe_gets_a_line_a_step_with_what_belongs_to_it_below() -> None:
    paper = Paper()
    some(Progress(painting.Plain(paper)))
    told = paper.getvalue().splitlines()
    assert [line[:15].rstrip() for line in told] == [" ok  check", " ok  build", "", " --  build"]
    assert told[0].startswith(" ok  check     14 checks ")
    assert told[0].endswith(" 0.0 s")
    assert told[1].startswith(" ok  build     linux-x64            10.5 MB  glibc 2.34 ")
    assert told[2].strip() == "no licence text was found for otter"
    assert {lines.cells(line) for line in told if line[1:3].strip()} == {79}


@pytest.mark.parametrize(("seconds", "lines_of_it"), [(0, 0), (3600, 1)])
def test_a_step_that_says_nothing_has_a_line_where_it_took_long(seconds: int, lines_of_it: int) -> None:
    paper = Paper()
    progress = Progress(painting.Plain(paper))
    with progress.begin("derive", is_quiet=True) as step:
        step.detail = "3 files"
        step.begun -= seconds
    assert paper.getvalue().count("derive") == lines_of_it
    assert github.summary("otter", progress.steps).count("| derive |") == lines_of_it


def test_a_pipe_is_never_silent_for_long_and_learns_how_far_it_is() -> None:
    class Hasty(painting.Plain):
        every = 0.01

        def look(self) -> None:
            self.said -= painting.SILENT
            super().look()

    paper = Paper()
    progress = Progress(Hasty(paper))
    with progress.begin("build", "linux-x64"):
        progress.now("C compiler", 61, 140, "files")
        waited(lambda: "61 of 140" in paper.getvalue())
    assert " ..  build     linux-x64            C compiler, 61 of 140 files  0:00\n" in paper.getvalue()
    assert "\033" not in paper.getvalue()
    assert "\r" not in paper.getvalue()
    assert painting.SILENT + painting.Plain.every <= 5


def shown(columns: int, work: Callable[[Progress], None], *, has_colour: bool = True) -> pyte.Screen:
    """What stands on a terminal after some work."""

    class Terminal(painting.Live):
        def measure(self) -> None:
            self.width = columns

    screen = pyte.Screen(columns, 24)
    stream = pyte.Stream(screen)

    class Wire(io.StringIO):
        def write(self, text: str) -> int:
            stream.feed(text.replace("\n", "\r\n"))
            return len(text)

    work(Progress(Terminal(Wire(), has_colour=has_colour)))
    return screen


def text(screen: pyte.Screen) -> list[str]:
    return [line.rstrip() for line in screen.display if line.strip()]


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_a_terminal_keeps_the_lines_and_no_rest_of_the_moving_one(columns: int) -> None:
    told = text(shown(columns, some))
    marks = [line[:15].rstrip() for line in told if line[:5].strip()]
    assert marks == [" ok  check", " ok  build", " --  build"]
    assert not [line for line in told if line.startswith(" ..")]


@pytest.mark.parametrize("columns", [24, 40, 80, 120])
@pytest.mark.parametrize("subject", ["linux-x64-baseline", WIDE * 9, "x" * 200])
def test_the_moving_line_never_wraps_and_always_has_its_time(columns: int, subject: str) -> None:
    seen: list[list[str]] = []

    def work(progress: Progress) -> None:
        with progress.begin("build", subject):
            progress.now("C compiler " * 20, 61, 140, "files")
            seen.append([lines.going(progress._open, columns)])

    shown(columns, work)
    (line,) = seen[0]
    assert lines.cells(line) <= columns - 1
    assert line.endswith("0:00")


def test_what_goes_on_says_how_far_where_there_is_no_room_for_more() -> None:
    step = Step(name="build", subject="linux-x64-baseline", now="C compiler " * 9, done=61, total=140, unit="files")
    assert "61 of 140" in lines.going([step], 80)
    step = Step(name="build", subject="linux-x64", now="C compiler", done=61, total=140, unit="files", expected=130)
    assert lines.going([step], 80).endswith("  0:00 of ~2:10")
    assert "C compiler, 61 of 140 files" in lines.going([step], 80)


def test_a_failed_step_says_where_it_stood_and_what_follows_is_told() -> None:
    paper = Paper()
    progress = Progress(painting.Plain(paper))
    with suppress(ValueError), progress.begin("build", "linux-x64"):
        progress.now("C compiler", 61, 140, "files")
        raise ValueError
    with suppress(KeyboardInterrupt), progress.begin("publish"):
        raise KeyboardInterrupt
    told = paper.getvalue().splitlines()
    assert told[0].startswith(" !!  build     linux-x64            failed: C compiler, 61 of 140 files")
    assert told[1].startswith(" !!  publish   cancelled")
    assert [step.mark for step in progress.steps] == [Mark.FAILED, Mark.CANCELLED]


def test_steps_inside_of_steps_are_kept_and_shown_when_they_failed() -> None:
    paper = Paper()
    progress = Progress(painting.Plain(paper))
    with progress.begin("verify") as step:
        with progress.begin("unpacked") as one:
            one.detail = "--version"
        with progress.begin("pacman") as one:
            one.fail("it did not start\nhint: look")
        step.fail("1 passed, 1 failed")
    assert [each.name for each in progress.steps[0].inner] == ["unpacked", "pacman"]
    told = [line.strip() for line in paper.getvalue().splitlines()]
    assert told[1:] == ["pacman: failed: it did not start", "hint: look"]


def test_nothing_of_a_long_detail_is_lost_and_every_line_fits() -> None:
    paper = Paper()
    with Progress(painting.Plain(paper)).begin("verify") as step:
        step.detail = "4 passed, 3 skipped: " + "; ".join(f"no program number {number} here" for number in range(9))
    told = paper.getvalue().splitlines()
    assert max(map(len, told)) < 80
    assert "program number 8 here" in " ".join(line.strip() for line in told)


def test_what_names_hold_cannot_paint() -> None:
    paper = Paper()
    with Progress(painting.Plain(paper)).begin("build", "a\033[2Jb\nc") as step:
        step.detail = "x"
    assert "\033" not in paper.getvalue()
    assert paper.getvalue().count("\n") == 1


def test_a_log_of_github_folds_what_goes_on_inside() -> None:
    paper = Paper()
    some(Progress(painting.GitHub(paper)))
    told = paper.getvalue().splitlines()
    assert told[0].startswith(" ok  check"), "a group without anything in it is only in the way"
    assert paper.getvalue().count("::group::") == paper.getvalue().count("::endgroup::") == 1
    at = told.index("::group::build linux-x64")
    assert told[at + 1].strip() == "no licence text was found for otter"
    assert told[at + 2] == "::endgroup::"


def test_ctrl_c_in_the_middle_of_a_moving_line_leaves_nothing_of_it() -> None:
    def work(progress: Progress) -> None:
        with suppress(KeyboardInterrupt), progress.begin("verify"):
            progress.now("installer", 1, 2, "files")
            progress._watcher.look()  # type: ignore[attr-defined]  # painted now
            progress._watcher.write("^C")  # type: ignore[attr-defined]  # what a terminal echoes
            raise KeyboardInterrupt

    (line,) = text(shown(80, work))
    assert line.startswith(" !!  verify    cancelled: installer, 1 of 2 files ")


@pytest.mark.parametrize("width", [40, 80])
def test_an_error_of_several_lines_keeps_its_form_and_no_word_is_broken(width: int) -> None:
    words = f"2 mistakes\n  name: {'missing ' * 20}\n    hint: {'look ' * 30}\nsee /{'x' * 90}"
    told = lines.folded(words, width, 7).splitlines()
    assert told[:2] == ["2 mistakes", "  name: " + " ".join(["missing"] * ((width - 13) // 8))]
    assert told[2].startswith("    missing")
    assert [line for line in told if line.startswith("    hint: look")]
    assert max(len(line) for line in told[:-1]) < width
    assert told[-1].strip() == f"/{'x' * 90}"


def test_colours_are_for_marks_alone_and_can_be_left_out() -> None:
    coloured = shown(80, some)
    assert {coloured.buffer[0][column].fg for column in range(80)} == {"green", "default"}
    plain = shown(80, some, has_colour=False)
    assert {plain.buffer[0][column].fg for column in range(80)} == {"default"}


def test_a_wide_name_takes_the_cells_it_has() -> None:
    assert lines.cells("水獭") == 4
    assert lines.cut("水獭水獭", 5) == "水獭~"
    assert lines.filled("水", 4) == "水  "
