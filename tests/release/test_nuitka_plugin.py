"""The postponed `inspect` and `typing` are the real ones as soon as anybody looks.

Here in a plain interpreter; tests/consumers/test_native_program.py asks the same of a compiled program.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

from release.compile import beside, nuitka_plugin

# Runs in an interpreter of its own: puts the postponed modules in place, then does what Nuitka's start does.
PRELUDE = """
import importlib.util, os, sys, types
spec = importlib.util.spec_from_file_location("plugin", sys.argv[1])
plugin = importlib.util.module_from_spec(spec)
spec.loader.exec_module(plugin)
library = os.path.dirname(os.__file__)
code = {}
for name in plugin.PATCHED:
    with open(os.path.join(library, name + ".py"), encoding="utf-8") as file:
        code[name] = plugin.postponed(name, file.read())
for name in code:
    sys.modules.pop(name, None)
    sys.modules[name] = types.ModuleType(name)
    exec(code[name], sys.modules[name].__dict__)
import inspect, typing
was = inspect.getgeneratorstate
def patched(generator):
    return was(generator) + "!"
inspect.getgeneratorstate = patched
def complete(module):
    return module.__dict__["_code"] is None
assert not complete(inspect) and not complete(typing)
"""


def runs(body: str) -> str:
    words = [sys.executable, "-c", PRELUDE + body, str(Path(nuitka_plugin.__file__))]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_patched_names_are_there_before_anything_else_is() -> None:
    runs("assert typing.TypeVar('T').__name__ == 'T'; assert not complete(typing)")


def test_a_first_look_completes_the_module_and_keeps_what_was_put_in() -> None:
    out = runs(
        "print(inspect.signature(lambda a, *, b=1: 0), inspect.getgeneratorstate(i for i in ()), complete(inspect))"
    )
    assert out == "(a, *, b=1) GEN_CREATED! True\n"


def test_calling_a_patched_function_first_completes_the_module_too() -> None:
    assert runs("print(inspect.getgeneratorstate(i for i in ()), complete(inspect))") == "GEN_CREATED! True\n"


def test_a_name_that_is_not_there_is_an_attribute_error_before_and_after() -> None:
    body = """
for _ in range(2):
    for module in (inspect, typing):
        try:
            module.nothing_of_this_name
        except AttributeError as error:
            print(error)
"""
    said = "".join(f"module '{name}' has no attribute 'nothing_of_this_name'\n" for name in ("inspect", "typing"))
    assert runs(body) == said * 2


def test_the_modules_own_hooks_work() -> None:
    assert (
        runs("from typing import AsyncContextManager, Any; print(AsyncContextManager)")
        == "typing.AsyncContextManager\n"
    )


def test_a_listing_is_the_real_one() -> None:
    assert runs("print('signature' in dir(inspect), 'get_type_hints' in dir(typing))") == "True True\n"


def test_many_threads_may_look_first() -> None:
    body = """
import threading
seen = []
def look():
    seen.append((inspect.signature.__name__, typing.get_type_hints.__name__))
threads = [threading.Thread(target=look) for _ in range(16)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(seen), set(seen))
"""
    assert runs(body) == "16 {('signature', 'get_type_hints')}\n"


def test_libraries_that_look_deep_are_content() -> None:
    body = """
import dataclasses, enum, functools, asyncio, contextlib
@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    x: int
    y: typing.ClassVar[str] = "y"
class Box[T]:
    def put(self, thing: T) -> list[T]: ...
async def work(): return 1
print(Point(x=1), inspect.iscoroutinefunction(work), asyncio.run(work()), typing.get_type_hints(Point))
import pydantic, typer, msgspec
class Model(pydantic.BaseModel):
    numbers: list[int] | None = None
print(Model(numbers=["1"]), msgspec.convert({"x": 1}, Point))
"""
    out = runs(body)
    assert "Point(x=1) True 1" in out
    assert "numbers=[1] Point(x=1)" in out


def test_the_standard_library_s_own_variables_read_as_unset() -> None:
    sources = {"zoneinfo._tzpath": "zoneinfo/_tzpath.py", "sysconfig": "sysconfig/__init__.py"}
    for name, path in sources.items():
        source = (Path(os.__file__).parent / path).read_text(encoding="utf-8")
        changed = beside.changed(name, source)
        assert 'environ.get("PYTHON' in source, f"{name} asks for none any more: drop it here"
        assert 'environ.get("PYTHON' not in changed
        assert changed.replace('environ.get(""', "") == re.sub(r'environ\.get\("PYTHON\w+"', "", source)


def test_what_makes_a_module_of_the_standard_library_fast_comes_with_it() -> None:
    there = frozenset({"_json", "_bisect", "_heapq", "_elementtree", "readline"})
    library = Path(os.__file__).parent
    for module, needed in (("bisect.py", {"_bisect"}), ("json/decoder.py", {"_json"}), ("heapq.py", {"_heapq"})):
        assert nuitka_plugin.accelerators((library / module).read_text(encoding="utf-8"), there) == needed


def test_of_the_library_s_extension_modules_tests_and_the_desktop_stay_out(tmp_path: Path) -> None:
    for name in ("_json", "math", "_testcapi", "_ctypes_test", "xxlimited", "_tkinter", "readline"):
        (tmp_path / f"{name}.cpython-313-x86_64-linux-gnu.so").touch()
    assert nuitka_plugin.extensions(tmp_path) == {"_json", "math"}


def test_folders_of_packages_are_given_as_paths_by_this_python_s_importlib_resources() -> None:
    source = (Path(os.__file__).parent / "importlib" / "resources" / "_common.py").read_text(encoding="utf-8")
    changed = beside.changed("importlib.resources._common", source)
    assert "nuitka_module_loader" in changed, "from_package is written otherwise now"
    compile(changed, "_common.py", "exec")


def test_a_module_is_run_by_its_name_through_this_python_s_runpy() -> None:
    source = (Path(os.__file__).parent / "runpy.py").read_text(encoding="utf-8")
    changed = beside.changed("runpy", source)
    assert "_release_finder" in changed, "_get_module_details is written otherwise now"
    compile(changed, "runpy.py", "exec")


def test_docstrings_and_asserts_of_the_postponed_modules_are_there() -> None:
    assert runs("print(inspect.signature.__doc__ is None, typing.get_type_hints.__doc__ is None)") == "False False\n"


def test_ours_is_compiled_the_rest_is_bytecode_and_nuitkas_own_is_left_alone() -> None:
    plugin = nuitka_plugin.OwnCodeFirst(own_package=["otter"], as_bytecode=["otter.slow"], whole_library=False)
    answers = {
        name: plugin.decideCompilation(name)
        for name in (
            "otter",
            "otter.main",
            "otter.slow",
            "otter.slow.x",
            "otter.slowly",
            "otterly",
            "json",
            "__main__",
            "__parents_main__",
            "x-preLoad",
        )
    }
    assert answers == {
        "otter": None,
        "otter.main": None,
        "otter.slow": "bytecode",
        "otter.slow.x": "bytecode",
        "otter.slowly": None,
        "otterly": "bytecode",
        "json": "bytecode",
        "__main__": None,
        "__parents_main__": None,
        "x-preLoad": None,
    }
