"""What the compiler is told: which modules come in, which stay out, and what is named must be there."""

from pathlib import Path

import pytest
from msgspec import structs
from tests.release import project, wheels

from release import plan, targets
from release.compile import choice, closure
from release.compile import compile as compiler
from release.compile import source as sources
from release.errors import ConfigInvalidError, ExecutableTakenError
from release.product import Channel, Product, Strip

BASELINE = targets.named("linux-x64-baseline")


def options(folder: Path, otter: Product, *needed: str, files: dict[str, str] = wheels.OTTER) -> list[str]:
    planned = plan.plan(otter, channel=Channel.DEV, allow_dirty=True)
    source = wheels.source(otter, planned, BASELINE, folder, wheels.read(folder, files), *needed)
    return compiler.options(otter, BASELINE, source, folder)


def changed(otter: Product, **changes: object) -> Product:
    return structs.replace(otter, build=structs.replace(otter.build, **changes))


def test_of_a_package_only_the_named_modules_travel_along_and_they_must_be_there(tmp_path: Path) -> None:
    otter = project.product(project.make(tmp_path / "otter"))
    found = options(tmp_path, changed(otter, only={"json": ("decoder", "scanner")}))
    assert {"--nofollow-import-to=json.encoder", "--nofollow-import-to=json.tool"} <= set(found)
    assert not {"--nofollow-import-to=json.decoder", "--nofollow-import-to=json.scanner"} & set(found)
    for package in ("json", "no_such_package", "no_such_package.below"):
        with pytest.raises(ConfigInvalidError, match=rf"{package}\.nowhere"):
            options(tmp_path, changed(otter, only={package: ("nowhere",)}))


def test_what_the_product_does_not_need_stays_out_and_what_it_needs_does_not() -> None:
    unneeded = set(closure.unneeded(wheels.environment("msgspec", "typer", "rich")))
    assert {"pytest", "nuitka", "hypothesis", "jinja2"} <= unneeded
    assert not {"msgspec", "typer", "rich"} & unneeded


def test_what_is_named_to_come_in_is_never_left_out_again(tmp_path: Path) -> None:
    otter = project.product(project.make(tmp_path / "otter"))
    otter = changed(otter, include=("hypothesis.strategies", "json.tool"), exclude=("json", "jinja2"))
    found = options(tmp_path, otter)
    assert {"--include-package=hypothesis.strategies", "--include-module=json.tool"} <= set(found)
    assert not {"--nofollow-import-to=hypothesis", "--nofollow-import-to=json"} & set(found)
    assert "--nofollow-import-to=jinja2" in found


def test_every_package_and_module_of_the_wheel_is_the_product_s_own(tmp_path: Path) -> None:
    otter = changed(project.product(project.make(tmp_path / "otter")), packages=())
    files = {**wheels.OTTER, "fins.py": "", "sea/bed/__init__.py": "", "sea/top.py": "", "tests/__init__.py": ""}
    found = options(tmp_path, otter, files=files)
    assert {name for name in found if name.startswith("--include-")} == {
        "--include-package=otter",
        "--include-module=fins",
        "--include-package=sea.bed",
        "--include-module=sea.top",
    }


def test_a_script_or_package_that_the_wheel_does_not_have_is_named_with_those_that_it_has(tmp_path: Path) -> None:
    otter, found = project.product(project.make(tmp_path / "otter")), wheels.read(tmp_path)
    (script,) = sources.scripts(otter, found)
    assert (script.module, script.function) == ("otter.main", "main")
    with pytest.raises(ConfigInvalidError, match="no console script 'ottr'") as refused:
        sources.scripts(changed(otter, scripts=("ottr",)), found)
    assert "otter" in refused.value.hint
    with pytest.raises(ConfigInvalidError, match=r"build\.packages names 'oter'"):
        sources.packages(changed(otter, packages=("oter",)), found)


def test_more_own_modules_than_the_compiler_does_in_minutes_stay_bytecode_and_the_build_says_so(tmp_path: Path) -> None:
    otter = project.product(project.make(tmp_path / "otter"))
    planned = plan.plan(otter, channel=Channel.DEV, allow_dirty=True)
    many = {**wheels.OTTER, **{f"otter/part{number}.py": "" for number in range(choice.MOST)}}

    def made(otter: Product, files: dict[str, str]) -> choice.Choice:
        folder = tmp_path / f"{len(files)}{otter.build.packages}"
        return choice.chosen(otter, wheels.source(otter, planned, BASELINE, folder, wheels.read(folder, files)))

    unnamed = changed(otter, packages=())
    few = made(unnamed, wheels.OTTER)
    assert (few.compiled, few.in_c, few.in_bytecode, few.unchosen) == (("otter",), 3, 0, "")
    all_of_them = made(unnamed, many)
    assert (all_of_them.compiled, all_of_them.in_c) == ((), 0)
    assert f"all {choice.MOST + 3} stay bytecode" in all_of_them.shown
    mixed = made(unnamed, {**wheels.OTTER, "otter/_fast.so": ""})
    assert (mixed.compiled, mixed.in_bytecode) == ((), 3)
    assert "extension modules" in mixed.shown
    named = made(changed(otter, packages=("otter",), bytecode=("otter.main",)), many)
    assert (named.compiled, named.in_c, named.in_bytecode) == (("otter",), choice.MOST + 2, 1)


def test_a_window_system_and_readline_come_in_only_with_a_product_that_imports_them(tmp_path: Path) -> None:
    otter = project.product(project.make(tmp_path / "otter"))
    found = options(tmp_path / "a", otter)
    assert {"--nofollow-import-to=tkinter", "--nofollow-import-to=readline", "--nofollow-import-to=test"} <= set(found)
    files = {**wheels.OTTER, "otter/gui.py": "def show():\n    from tkinter import Tk\n"}
    found = options(tmp_path / "b", otter, files=files)
    assert "--nofollow-import-to=tkinter" not in found
    assert "--enable-plugin=tk-inter" in found
    found = options(tmp_path / "c", changed(otter, include=("readline",)))
    assert "--nofollow-import-to=readline" not in found


def test_nothing_is_taken_out_of_modules_unless_it_is_asked_for(tmp_path: Path) -> None:
    otter = project.product(project.make(tmp_path / "otter"))
    assert "--python-flag=no_site" in options(tmp_path / "a", otter)
    stripped = options(tmp_path / "b", changed(otter, strip=(Strip.DOCSTRINGS, Strip.ASSERTS)))
    assert "--python-flag=no_site,no_docstrings,no_asserts" in stripped


def test_a_program_with_the_name_of_a_folder_beside_it_is_refused_with_the_key_to_set(tmp_path: Path) -> None:
    otter = project.product(project.make(tmp_path / "otter"))
    planned = plan.plan(otter, channel=Channel.DEV, allow_dirty=True)
    files = {**wheels.OTTER, "otter/data/a.txt": "a"}
    source = wheels.source(otter, planned, BASELINE, tmp_path, wheels.read(tmp_path, files))
    with pytest.raises(ExecutableTakenError, match=r"otter/data/a\.txt") as refused:
        compiler.need_name(otter, BASELINE, source)
    assert 'executable = "otter.bin"' in refused.value.hint
    compiler.need_name(changed(otter, executable="otter.bin"), BASELINE, source)
    compiler.need_name(otter, targets.named("windows-x64-baseline"), source)
    with pytest.raises(ExecutableTakenError):
        compiler.need_name(changed(otter, executable="Otter"), targets.named("darwin-arm64"), source)
