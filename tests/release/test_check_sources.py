"""What a product's own sources say before they are compiled: imports by variable, and files beside modules."""

from pathlib import Path

import pytest
from tests.release import checking as world
from tests.release import project

from release.check.finding import Verdict


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import importlib\nimportlib.import_module(name)", "build.include"),
        ("import importlib as i\ni.import_module(f'otter.{name}')", "build.include"),
        ("from importlib import import_module\nimport_module(name)", "build.include"),
        ("from importlib import import_module as load\nload('.'.join(name))", "build.include"),
        ("name = input()\n__import__(name)", "build.include"),
        ("import importlib.util\nimportlib.util.find_spec(name)", "build.include"),
        ("from importlib.metadata import entry_points\nentry_points(group='otter.plugins')", "loads plugins"),
        ("import pkg_resources\npkg_resources.iter_entry_points('otter')", "loads plugins"),
        ("import pkgutil\npkgutil.iter_modules(path)", "lists modules"),
        ("from pkgutil import walk_packages\nwalk_packages(path)", "lists modules"),
        ("import runpy\nrunpy.run_module(name)", "build.include"),
    ],
)
def test_an_import_by_variable_is_a_remark_with_its_file_and_line(tmp_path: Path, code: str, said: str) -> None:
    folder = project.make(tmp_path)
    world.written(folder, "src/otter/plug.py", "tests/test_plug.py", text=code)
    assert world.lines(folder, "dynamic imports") == []  # All modules travel along, whatever name finds them.
    toml = folder / "release.toml"
    toml.write_text(toml.read_text().replace("[build]\n", "[build]\nwhole = false\n"))
    (line,) = world.lines(folder, "dynamic imports")
    assert line.startswith("src/otter/plug.py:2: ")
    assert said in line
    assert world.report(folder).failure is None


@pytest.mark.parametrize(
    "code",
    [
        "import importlib\nimportlib.import_module('otter.main')",
        "__import__('otter')",
        "from importlib.metadata import version\nversion('otter')",
        "def import_module(name): ...\nimport_module(name)",
        "'importlib.import_module(name)'",
        "import importlib.util\nimportlib.import_module(  # not Python",
    ],
)
def test_what_the_compiler_sees_by_itself_is_no_remark(tmp_path: Path, code: str) -> None:
    folder = project.make(tmp_path)
    world.written(folder, "src/otter/plug.py", text=code)
    assert world.lines(folder, "dynamic imports") == []


def test_a_package_with_data_and_the_name_of_the_program_is_refused_with_the_key(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    assert world.finding(folder, "data files").verdict is Verdict.OK
    world.written(folder, "src/otter/words.json")
    found = world.finding(folder, "data files")
    assert found.failure is not None
    assert 'executable = "otter.bin"' in found.failure.hint


@pytest.mark.parametrize("name", ["src/otter/py.typed", "src/otter/types.pyi", "src/weasel/words.json"])
def test_other_files_beside_modules_are_no_conflict(tmp_path: Path, name: str) -> None:
    folder = project.make(tmp_path)
    world.written(folder, name, "src/weasel/__init__.py")
    assert world.finding(folder, "data files").verdict is Verdict.OK


def test_data_that_is_in_git_and_not_in_the_wheel_is_a_remark_once_the_wheel_is_there(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    world.written(folder, "src/otter/main.py", "src/weasel/__init__.py", "src/weasel/a.json", "src/weasel/b.json")
    world.changed(folder, "release.toml", ('packages = ["otter"]', 'packages = ["otter", "weasel"]'))
    assert "the wheel says" in world.finding(folder, "data files").detail
    world.wheel(folder, "otter/main.py", "weasel/__init__.py", "weasel/a.json")
    (line,) = world.lines(folder, "data files")
    assert line.startswith("src/weasel/b.json: this file of weasel")


def test_the_wheel_of_another_commit_says_nothing(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    world.changed(folder, "pyproject.toml", ("scripts = {", 'dynamic = ["scripts"]\n[tool.other]\nscripts = {'))
    assert world.finding(folder, "scripts").verdict is Verdict.SKIPPED
    world.wheel(folder, "otter/main.py", scripts="weasel = otter.main:main")
    assert "'otter'" in world.finding(folder, "scripts").detail
    assert "otter-0-py3-none-any.whl" in world.finding(folder, "scripts").detail
    project.commit(folder, "another")
    assert world.finding(folder, "scripts").verdict is Verdict.SKIPPED


def test_an_extension_module_in_a_package_with_the_name_of_the_program_is_refused(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    world.wheel(folder, "otter/main.py", "otter/fast.cpython-313-x86_64-linux-gnu.so")
    assert world.finding(folder, "data files").verdict is Verdict.REFUSED


def test_only_what_is_shipped_is_read_namespaces_too_and_no_package_among_the_tests(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    code = "import runpy\nrunpy.run_path(input())\n"
    world.written(
        folder,
        *("src/helpers/__init__.py", "tests/data/weasel/__init__.py", "docs/conf.py", "src/tests/__init__.py"),
        text=code,
    )
    world.written(folder, "tests/data/weasel/words.json", "tests/data/otter/words.json")
    world.changed(folder, "release.toml", ('packages = ["otter"]\n', ""))
    assert [line.partition(":")[0] for line in world.lines(folder, "dynamic imports")] == ["src/helpers/__init__.py"]
    assert world.finding(folder, "data files").verdict is Verdict.OK
    world.written(folder, "lib/sea/animals/swim.py", text=code)
    world.changed(folder, "release.toml", ('scripts = ["otter"]', 'scripts = ["otter"]\npackages = ["sea.animals"]'))
    assert [line.partition(":")[0] for line in world.lines(folder, "dynamic imports")] == ["lib/sea/animals/swim.py"]
    world.written(folder, "lib/sea/animals/words.json")
    assert "1 in sea.animals" in world.finding(folder, "data files").detail


def test_a_namespace_that_scripts_start_in_is_read_as_a_package_is(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    code = "import runpy\n\n\ndef main():\n    runpy.run_path(input())\n"
    world.written(folder, "src/sea/animals/swim.py", "src/other/__init__.py", text=code)
    world.written(folder, "src/sea/animals/words.json")
    world.changed(folder, "release.toml", ('packages = ["otter"]\n', ""), ('scripts = ["otter"]', 'scripts = ["swim"]'))
    world.changed(folder, "pyproject.toml", ('otter = "otter.main:main"', 'swim = "sea.animals.swim:main"'))
    read = [line.partition(":")[0] for line in world.lines(folder, "dynamic imports")]
    assert sorted(read) == ["src/other/__init__.py", "src/sea/animals/swim.py"]
    assert "1 in sea" in world.finding(folder, "data files").detail


def test_a_product_of_many_modules_is_told_before_a_build_that_none_becomes_c_unless_it_chooses(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    world.written(folder, *(f"src/otter/part{number}/__init__.py" for number in range(201)))
    assert world.lines(folder, "own modules") == []
    toml = folder / "release.toml"
    plain = toml.read_text().replace('packages = ["otter"]\n', "")
    toml.write_text(plain)
    (line,) = world.lines(folder, "own modules")
    assert "modules of otter stay bytecode, since more than 200 would take long: build.packages names" in line
    assert world.report(folder).failure is None
    few = ", ".join(f'"otter.part{number}"' for number in range(100))
    toml.write_text(plain.replace("[build]\n", f"[build]\nbytecode = [{few}]\n"))
    assert world.lines(folder, "own modules") == []
