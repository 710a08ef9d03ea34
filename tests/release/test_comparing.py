"""A fresh program is held against the plain one: the same words and the same code, or a diff of what is not."""

import os
import sys
from pathlib import Path

import pytest
from tests.release import project, wheels

from release import stamp
from release.compile import comparing
from release.compile.source import Source
from release.errors import SmokeTestError
from release.product import Channel, CommandTest, Difference, Product
from release.progress import Progress
from release.targets import named
from release.wheel import python
from release.wheel.environment import Environment
from release.wheel.unpacking import Unpacked

pytestmark = [pytest.mark.processes, pytest.mark.systems("linux", "darwin")]

LINUX = named("linux-x64-baseline")
# Stands for a compiled program: the same module, which can tell that it is compiled.
PROGRAM = """\
#!{python} -sB
import os, sys
sys.path.insert(0, {root!r})
import otter.main
otter.main.COMPILED = True
name = os.path.basename(sys.argv[0])
sys.exit(otter.main.main())
"""
HEAD = "import os, sys, time\nCOMPILED = False\n\n\ndef main():\n    args = sys.argv[1:]\n"


class World:
    """A product, its unpacked wheel, and what stands for its compiled program."""

    def __init__(self, folder: Path, body: str, *, gui: bool = False) -> None:
        self.product: Product = project.product(project.make(folder / "project"))
        self.folder, self.work = folder / "otter", folder / "work"
        self.notes = Progress()
        self.gui = gui
        root = folder / "root"
        (root / "otter").mkdir(parents=True)
        (root / "otter" / "__init__.py").write_text("")
        (root / "otter" / "main.py").write_text(HEAD + "".join(f"    {line}\n" for line in body.splitlines()))
        self.root = root
        program = self.folder / self.product.program(LINUX)
        program.parent.mkdir(parents=True)
        program.write_text(PROGRAM.format(python=sys.executable, root=str(root)))
        program.chmod(0o755)
        self.program = program
        self.work.mkdir()
        self.tests: tuple[CommandTest, ...] = ()
        self.differences: tuple[Difference, ...] = ()

    def compared(self, seconds: float = 60) -> str:
        import msgspec

        product = msgspec.structs.replace(self.product, command_tests=self.tests, differences=self.differences)
        with self.notes.begin("try"):
            return comparing.compared(product, self._source(), self.program, self.work, self.notes, seconds=seconds)

    def differs(self) -> str:
        with pytest.raises(SmokeTestError) as caught:
            self.compared()
        return str(caught.value)

    @property
    def noted(self) -> str:
        return "\n".join(note for step in self.notes.steps for note in step.notes)

    def _source(self) -> Source:
        said = stamp.Stamp(version="1", channel=Channel.DEV, commit="0", target=LINUX.name)
        group = "gui_scripts" if self.gui else "console_scripts"
        wheel = wheels.read(self.root.parent / "wheels", scripts=f"[{group}]\notter = otter.main:main\n")
        files = Unpacked(root=self.root, data=self.root / "data", scripts=self.root / "scripts", stamp=said)
        found = Environment(python=python.ask(Path(sys.executable)), lock="", needed=frozenset())
        return Source(wheel=wheel, files=files, environment=found)


def test_what_is_the_same_compiled_and_plain_passes(tmp_path: Path) -> None:
    assert World(tmp_path, "print(args)\nreturn len(args)").compared() == "2 runs as in plain Python"


def test_a_help_text_that_is_lost_is_shown_as_a_diff_with_the_path_of_the_program(tmp_path: Path) -> None:
    world = World(tmp_path, "print('usage: otter')\nif not COMPILED or '--version' in args:\n    print('  swims')")
    said = world.differs()
    assert str(world.program) in said
    assert "otter --help ended with code 0, 0 in plain Python" in said
    for line in ("--- plain", "+++ compiled", " usage: otter", "-  swims"):
        assert f"  {line}\n" in f"{said}\n"
    assert "--version" not in said
    assert "-  swims" in (world.work / "differences.diff").read_text()


def test_another_exit_code_is_a_difference_and_tells_what_the_program_said(tmp_path: Path) -> None:
    said = World(tmp_path, "if COMPILED:\n    raise AttributeError('strip')").differs()
    assert "ended with code 1, 0 in plain Python" in said
    assert "AttributeError: strip" in said
    assert "--help" in said
    assert "--version" in said, "all that differs is told at once"


def test_where_the_program_lies_and_where_its_objects_do_is_no_difference(tmp_path: Path) -> None:
    body = "print(sys.argv[0], __file__, os.path.dirname(__file__))\nprint(object())"
    assert World(tmp_path, body).compared()


def test_the_python_inside_and_where_its_modules_lie_are_no_difference(tmp_path: Path) -> None:
    body = """\
found = python.ask(Path(sys.executable))
print("on", os.path.join(PROGRAM, "python") if COMPILED else sys.executable)
print("with", os.path.join(PROGRAM if COMPILED else str(found.site), "click", "__init__.py"))
print("and", os.path.join(PROGRAM if COMPILED else str(found.stdlib), "os.py"))
"""
    world = World(tmp_path, f"from pathlib import Path\nfrom release.wheel import python\n{body}")
    main = world.root / "otter" / "main.py"
    main.write_text(main.read_text().replace("PROGRAM", repr(str(world.program.parent))))
    assert world.compared()


def test_the_name_that_a_program_is_called_by_is_the_same(tmp_path: Path) -> None:
    world = World(tmp_path, "print(os.path.basename(sys.argv[0]))\nif COMPILED and '--help' in args:\n    print('x')")
    assert " otter\n" in world.differs()


def test_both_get_the_same_world_without_colour_input_or_settings(tmp_path: Path) -> None:
    names = ("COLUMNS", "TZ", "LANG", "NO_COLOR", "HOME", "PYTHONPATH", "PYTHONSTARTUP", "FORCE_COLOR")
    world = World(
        tmp_path, f"for name in {names[:5]}:\n    print(name, os.environ.get(name))\nprint(repr(sys.stdin.read()))"
    )
    assert world.compared()
    asked = World(
        tmp_path / "two",
        f"if COMPILED:\n    print([os.environ.get(name) for name in {names}], os.listdir(os.environ['HOME']))",
    )
    said = asked.differs()
    assert "'80', 'UTC', 'C.UTF-8', '1'" in said
    assert str(asked.work / "home") in said
    assert "None, None, None] []" in said
    assert os.environ["HOME"] != str(asked.work / "home")


def test_what_prints_another_text_each_time_is_compared_by_its_code_and_noted(tmp_path: Path) -> None:
    world = World(tmp_path, "print(time.time_ns())")
    assert world.compared()
    assert "otter --help prints another text each time" in world.noted


def test_what_does_not_end_in_plain_python_either_is_noted_by_name(tmp_path: Path) -> None:
    world = World(tmp_path, "if '--help' in args:\n    time.sleep(600)")
    assert world.compared(seconds=3)
    assert "otter --help does not end in 3 s in plain Python" in world.noted


def test_a_command_test_that_does_not_end_in_plain_python_has_to_keep_its_promise(tmp_path: Path) -> None:
    world = World(tmp_path, "if 'eat' in args:\n    time.sleep(0 if COMPILED else 600)\nprint('fish')")
    world.tests = (CommandTest(args=("eat",), expect="fish"),)
    assert world.compared(seconds=3)
    assert "otter eat does not end in 3 s in plain Python" in world.noted
    world.tests = (CommandTest(args=("eat",), expect="bread"),)
    with pytest.raises(SmokeTestError, match="otter eat ended with code 0; expected was 'bread'"):
        world.compared(seconds=3)


def test_a_program_that_spawns_processes_is_compared(tmp_path: Path) -> None:
    pool = "multiprocessing.get_context('spawn').Pool(1)"
    spawns = f"if 'eat' in args and not COMPILED:\n    with {pool} as pool:\n        pool.map(abs, [1])"
    world = World(tmp_path, f"import multiprocessing\n{spawns}\nprint('fish')")
    world.tests = (CommandTest(args=("eat",), expect="fish"),)
    assert world.compared() == "3 runs as in plain Python"
    assert "does not end" not in world.noted


def test_what_hangs_only_when_compiled_is_a_difference(tmp_path: Path) -> None:
    world = World(tmp_path, "if COMPILED and '--help' in args:\n    time.sleep(600)")
    with pytest.raises(SmokeTestError, match="otter --help ended with code -9, 0 in plain"):
        world.compared(seconds=3)


def test_a_difference_that_is_allowed_is_noted_with_its_reason_and_its_end_too(tmp_path: Path) -> None:
    world = World(tmp_path, "print('compiled' if COMPILED and '--help' in args else 'plain')")
    world.differences = (
        Difference(args=("--help",), reason="says how it was made"),
        Difference(args=("--version",), reason="once said it", script="otter"),
    )
    assert world.compared()
    assert "otter --help: says how it was made" in world.noted
    assert "otter --version differs no more" in world.noted


def test_a_command_test_is_made_of_both_and_may_print_what_changes(tmp_path: Path) -> None:
    world = World(tmp_path, "print('fish', time.time_ns() if args == ['eat'] else '')")
    world.tests = (CommandTest(args=("eat",), expect="fish"),)
    assert world.compared() == "3 runs as in plain Python"
    world.tests = (CommandTest(args=("eat",), expect="bread"),)
    assert "expected was 'bread'" in world.differs()


def test_a_command_test_that_keeps_its_promise_and_prints_something_else_is_a_difference(tmp_path: Path) -> None:
    world = World(tmp_path, "print('fish', 'bones' if args == ['eat'] and not COMPILED else '')")
    world.tests = (CommandTest(args=("eat",), expect="fish"),)
    said = world.differs()
    assert "otter eat ended with code 0, 0 in plain Python\n" in said
    assert "  -fish bones\n" in said


def test_a_program_that_lacks_a_module_compiled_and_plain_is_refused(tmp_path: Path) -> None:
    said = World(tmp_path, "import nowhere_to_be_found").differs()
    missing = "ModuleNotFoundError: No module named 'nowhere_to_be_found'"
    assert f"otter --help does not start, in plain Python either: {missing}" in said


def test_a_program_with_windows_is_asked_for_help_alone(tmp_path: Path) -> None:
    world = World(tmp_path, "if args != ['--help']:\n    sys.exit(f'opened a window for {args}')", gui=True)
    assert world.compared() == "1 runs as in plain Python"
