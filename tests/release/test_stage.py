"""How far a compile is, read off what the compiler prints and the files that it leaves."""

from pathlib import Path

from release.compile.stage import Stage
from release.progress import Step
from release.screen import lines


def told(stage: Stage) -> tuple[str, int, int]:
    stage.look()
    return stage.text, stage.done, stage.total


def test_the_stages_of_a_compile_are_told_with_how_far_each_is(tmp_path: Path) -> None:
    log, folder = tmp_path / "nuitka.log", tmp_path / "x.build"
    log.touch()
    stage = Stage(log, folder)
    assert told(stage) == ("starting", 0, 0)
    with log.open("a") as said:

        def say(*text: str) -> None:
            said.write("".join(f"{line}\n" for line in text))
            said.flush()

        say("Nuitka: Starting Python compilation with:", "Nuitka:   Version '4.3.3' on Python 3.13.")
        assert told(stage)[0] == "reading the modules"
        say(
            "Nuitka-Progress: PASS 1:",
            *(f"Nuitka-Progress: Optimizing module 'a{n}', {9 - n} more modules to go after that." for n in range(3)),
        )
        assert told(stage) == ("modules", 3, 10)
        say("Nuitka-Progress: PASS 2:", "Nuitka-Progress: Optimizing module 'a', 9 more modules to go after that.")
        assert told(stage) == ("modules again", 1, 10)
        said.write("Nuitka: Running C compi")
        said.flush()
        assert told(stage)[0] == "modules again"
        say("lation via Scons.")
        (folder / "static_src").mkdir(parents=True)
        for name in ("a.c", "b.c", "static_src/c.c", "a.o"):
            (folder / name).touch()
        assert told(stage) == ("C compiler", 1, 3)
        say("Nuitka-Scons: Backend C linking with 3 files (no progress information available for this stage).")
        assert told(stage) == ("linking", 0, 0)


def test_how_far_a_compile_is_fits_beside_its_target_and_the_time_of_the_last_one() -> None:
    build = Step(name="build", subject="linux-x64-baseline", expected=130)
    inner = Step(name="compile", now="C compiler", done=61, total=140, unit="files")
    line = lines.going([build, inner], 80)
    assert "C compiler, 61 of 140 files" in line
    assert line.endswith("0:00 of ~2:10")
    assert "compile: C compiler, 61 of 140 files" in lines.going([build, inner], 100)
    assert "61 of 140" in lines.going([build, inner], 64)
    assert "compile" in lines.going([build, Step(name="compile")], 80)
