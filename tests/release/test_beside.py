"""What is laid beside a program: checked on a made environment, with the script that the product's Python runs."""

import os
import subprocess
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from release.compile import laying

REPORT = "<report>{}</report>"
COUNT = iter(range(1_000_000))


def installed(
    folder: Path, name: str, files: Mapping[str, str | bytes], *, described: dict[str, str] | None = None
) -> None:
    """Lay a distribution into a folder, as an installer does."""
    info = f"{name.replace('-', '_')}-1.0.dist-info"
    rest = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n\n# The README\n",
        f"{info}/licenses/LICENSE": "Do as you like.\n",
        f"{info}/LICENSE": "Do as you like.\n",
        f"{info}/INSTALLER": "uv\n",
        **{f"{info}/{key}": text for key, text in (described or {}).items()},
    }
    for path, content in {**files, **rest}.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())
    listed = "".join(f"{path},,\n" for path in [*files, *rest, f"{info}/RECORD", "../../bin/tool"])
    (folder / info / "RECORD").write_text(listed)


def laid(
    world: Path,
    *,
    inside: tuple[str, ...] = (),
    whole: bool = True,
    library: bool = False,
    left_out: tuple[str, ...] = (),
) -> tuple[Path, laying.Laid]:
    """Lay what `world` has in root and site; gives the folder, and what was said."""
    folder = world / f"program{next(COUNT)}"
    folder.mkdir()
    report = world / "report.xml"
    rows = [f'<module name="{name}" kind="{"Namespace" if name.endswith("folder") else ""}"/>' for name in inside]
    report.write_text(REPORT.format("".join(rows)))
    (world / "site").mkdir(exist_ok=True)
    orders = laying.Orders(
        python=Path(sys.executable),
        product=world / "root",
        installed=world / "site",
        own="zoo",
        needed=["helper-lib"],
        left_out=left_out,
        whole=whole,
        library=library,
    )
    return folder, laying.lay(orders, folder, report)


def files(folder: Path) -> set[str]:
    """The files of the two distributions; the standard library is not among them."""
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.relative_to(folder).parts[0].startswith(("zoo", "helper", "other"))
    }


def test_data_of_the_product_lies_where_its_modules_say_they_are(tmp_path: Path) -> None:
    product: dict[str, str | bytes] = {
        "zoo/__init__.py": "",
        "zoo/data/a.txt": "a",
        "zoo/locale/de/zoo.mo": b"\0",
        "zoo/py.typed": "",
    }
    installed(tmp_path / "root", "zoo", product)
    folder, said = laid(tmp_path, inside=("zoo",), whole=False)
    assert files(folder) == {"zoo/data/a.txt", "zoo/locale/de/zoo.mo", *METADATA}
    assert said.data == 2


METADATA = {f"zoo-1.0.dist-info/{name}" for name in ("METADATA", "RECORD", "top_level.txt")}


def test_python_source_that_is_no_module_stays_source(tmp_path: Path) -> None:
    product = {
        "zoo/__init__.py": "",
        "zoo/templates/{{ name }}/setup.py": "not {{ python }}",
        "zoo/skeleton/app.py": "x = 1\n",
        "zoo/broken.py": "print 1\n",
    }
    installed(tmp_path / "root", "zoo", product)
    folder, _ = laid(tmp_path, inside=("zoo", "zoo.skeleton.app"))
    assert {name for name in files(folder) if name.endswith(".py")} == set(product) - {"zoo/__init__.py"}


def test_modules_that_no_import_names_come_along_as_bytecode_and_the_others_only_once(tmp_path: Path) -> None:
    library = {"helper/__init__.py": "", "helper/lexers/__init__.py": "", "helper/lexers/one.py": "VALUE = 1\n"}
    installed(tmp_path / "root", "zoo", {"zoo/__init__.py": ""})
    installed(tmp_path / "site", "helper-lib", library)
    installed(tmp_path / "site", "other", {"other/__init__.py": ""})
    folder, _ = laid(tmp_path, inside=("zoo", "helper"))
    found = files(folder)
    assert {"helper/lexers/__init__.pyc", "helper/lexers/one.pyc"} <= found
    assert "helper/__init__.pyc" not in found
    assert not any(name.startswith("other") for name in found)


def test_of_other_people_s_packages_nothing_comes_along_where_that_is_not_asked_for(tmp_path: Path) -> None:
    installed(tmp_path / "root", "zoo", {"zoo/__init__.py": ""})
    installed(tmp_path / "site", "helper-lib", {"helper/__init__.py": "", "helper/data.txt": "x"})
    folder, _ = laid(tmp_path, whole=False)
    names = {f"helper_lib-1.0.dist-info/{name}" for name in ("METADATA", "RECORD", "top_level.txt")}
    assert files(folder) == {"zoo/__init__.pyc", *METADATA, *names}
    assert not (folder / "json").exists()


def test_metadata_is_that_of_an_installation_without_what_lies_elsewhere(tmp_path: Path) -> None:
    scripts = {"entry_points.txt": "[zoo.plugs]\none = zoo:one\n", "own.json": "{}"}
    installed(tmp_path / "root", "zoo", {"zoo/__init__.py": ""}, described=scripts)
    installed(tmp_path / "site", "helper-lib", {"helper/__init__.py": "", "single.py": ""})
    folder, said = laid(tmp_path, whole=False)
    own = {
        f"zoo-1.0.dist-info/{name}" for name in ("METADATA", "RECORD", "top_level.txt", "entry_points.txt", "own.json")
    }
    assert {name for name in files(folder) if name.startswith("zoo-")} == own
    assert (folder / "zoo-1.0.dist-info/METADATA").read_text().endswith("# The README\n")
    assert (folder / "helper_lib-1.0.dist-info/METADATA").read_text().endswith("Version: 1.0\n")
    assert (folder / "helper_lib-1.0.dist-info/top_level.txt").read_text() == "helper\nsingle\n"
    assert said.distributions == ("helper-lib", "zoo")


def test_metadata_list_the_files_that_are_there(tmp_path: Path) -> None:
    data = {"zoo/__init__.py": "", "zoo/data/a.txt": "", "zoo/b c.txt": ""}
    installed(tmp_path / "root", "zoo", data)
    (tmp_path / "site").mkdir()
    folder, _ = laid(tmp_path)
    found = metadata.Distribution.at(folder / "zoo-1.0.dist-info").files or ()
    about = [f"zoo-1.0.dist-info/{name}" for name in ("METADATA", "RECORD", "top_level.txt")]
    there = {str(each): Path(str(each.locate())).is_file() for each in found}
    assert there == dict.fromkeys([*about, "zoo/b c.txt", "zoo/data/a.txt"], True)


def test_tests_and_types_of_other_people_stay_out_and_what_a_checker_reads_comes_along(tmp_path: Path) -> None:
    library = {
        "helper/__init__.py": "",
        "helper/__init__.pyi": "",
        "helper/_fast.so": "",
        "helper/_fast.c": "",
        "helper/templates/main.c": "",
        "helper/typeshed/builtins.pyi": "",
        "helper/tests/__init__.py": "",
        "helper/tests/data.txt": "",
        "helper/used/__init__.py": "",
        "helper/used/tests/__init__.py": "",
        "helper/used/tests/data.txt": "",
    }
    installed(tmp_path / "root", "zoo", {"zoo/__init__.py": "", "zoo/tests/__init__.py": "", "zoo/tests/a.txt": ""})
    installed(tmp_path / "site", "helper-lib", library)
    folder, _ = laid(tmp_path, inside=("zoo", "helper", "helper.used", "helper.used.tests"))
    found = {name for name in files(folder) if "dist-info" not in name}
    assert found == {
        "helper/_fast.so",
        "helper/templates/main.c",
        "helper/typeshed/builtins.pyi",
        "helper/used/tests/data.txt",
        "zoo/tests/__init__.pyc",
        "zoo/tests/a.txt",
    }


def test_what_is_left_out_is_not_laid_either(tmp_path: Path) -> None:
    library = {"helper/__init__.py": "", "helper/big/__init__.py": "", "helper/big/x.txt": "", "helper/bigger.py": ""}
    installed(tmp_path / "root", "zoo", {"zoo/__init__.py": ""})
    installed(tmp_path / "site", "helper-lib", library)
    folder, _ = laid(tmp_path, left_out=("helper.big",))
    assert {"helper/__init__.pyc", "helper/bigger.pyc"} <= files(folder)
    assert not (folder / "helper" / "big").exists()


def test_libraries_of_a_wheel_come_along_with_its_extension_modules_and_not_without(tmp_path: Path) -> None:
    library: dict[str, str | bytes] = {
        "helper/__init__.py": "",
        "helper/_fast.so": b"\x7fELF",
        "helper.libs/libx-1.so.2": b"\x7fELF",
    }
    installed(tmp_path / "root", "zoo", {"zoo/__init__.py": ""})
    installed(tmp_path / "site", "helper-lib", library)
    without, _ = laid(tmp_path, inside=("helper", "helper._fast"))
    assert not (without / "helper.libs").exists()
    with_them, _ = laid(tmp_path, inside=("helper",))
    assert {"helper/_fast.so", "helper.libs/libx-1.so.2"} <= files(with_them)


def test_the_whole_standard_library_is_there_but_for_its_tests_and_its_desktop(tmp_path: Path) -> None:
    installed(tmp_path / "root", "zoo", {"zoo/__init__.py": ""})
    folder, _ = laid(tmp_path, inside=("json",), left_out=("xmlrpc",), library=True)
    assert (folder / "sqlite3" / "__init__.pyc").is_file()
    assert (folder / "encodings" / "rot_13.pyc").is_file()
    assert not (folder / "json" / "__init__.pyc").exists()
    assert not any((folder / name).exists() for name in ("test", "tkinter", "idlelib", "xmlrpc"))


def test_the_same_is_laid_byte_for_byte_each_time(tmp_path: Path) -> None:
    installed(tmp_path / "root", "zoo", {"zoo/__init__.py": "A = {'b', 'c', 'd'}\nB = 'x' in {'x', 'y', 'z'}\n"})
    first, second = laid(tmp_path)[0], laid(tmp_path)[0]
    assert (first / "zoo" / "__init__.pyc").read_bytes() == (second / "zoo" / "__init__.pyc").read_bytes()


# --- what finds it again -----------------------------------------------------------------------------------

START = """
import runpy, sys, types
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
folder, templates = sys.argv[1:3]
for name in ("finder", "python"):
    module = types.ModuleType(f"_release_{name}")
    sys.modules[module.__name__] = module
    exec(compile((Path(templates) / f"{name}.py.txt").read_text(), name, "exec"), module.__dict__)
import _release_finder, _release_python
def inside(path):
    class Loader:
        def iter_modules(self, prefix):
            return [(prefix + "compiled", False), (prefix + "folder", True)]
    if path.endswith("zoo"):
        return Loader()
    raise ImportError
def hook(path):
    if path != folder and not path.startswith(folder + "/"):
        raise ImportError
    return _release_finder.hook(folder, path, inside)
sys.path.insert(0, folder)
sys.path_hooks.insert(0, hook)
sys.path_importer_cache.clear()
sys.prefix = folder
def as_command(words):
    return (lambda: print("command", words)) if words[0].endswith("/zoo.bin") else None
main = types.ModuleType("__main__"); main.__file__ = "launcher.py"
"""


def python(folder: Path, *words: str, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
    """Run the program's Python with these words, in a plain interpreter that has the folder before all else."""
    script = f"{START}sys.exit(_release_python.run(sys.argv[3:], main, as_command))"
    return subprocess.run(
        [sys.executable, "-I", "-c", script, str(folder), str(laying.BESIDE.parent), *words],
        cwd=cwd or folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )


def world(tmp_path: Path) -> Path:
    """A program's folder with a package of its own in files."""
    product = {
        "zoo/__init__.py": "",
        "zoo/one.py": "def fail():\n    raise OSError('x')\n",
        "zoo/__main__.py": "import sys\nprint('ran', __name__, __package__, sys.argv[1:])\n",
        "zoo/data/a.txt": "a",
    }
    installed(tmp_path / "root", "zoo", product)
    return laid(tmp_path, inside=("zoo.folder",))[0]


def test_modules_in_files_have_the_names_of_their_sources(tmp_path: Path) -> None:
    folder = world(tmp_path)
    code = (
        "import zoo.one, traceback\nprint(zoo.one.__file__, zoo.__path__)\n"
        "try: zoo.one.fail()\nexcept OSError: print(traceback.format_exc().splitlines()[-2])\n"
    )
    done = python(folder, "-c", code)
    assert done.stdout.splitlines() == [
        f"{folder}/zoo/one.py ['{folder}/zoo']",
        f'  File "{folder}/zoo/one.py", line 2, in fail',
    ], done.stderr


def test_a_listing_has_the_modules_in_files_and_those_in_the_program(tmp_path: Path) -> None:
    folder = world(tmp_path)
    done = python(
        folder, "-c", "import pkgutil, zoo\nprint([each.name for each in pkgutil.iter_modules(zoo.__path__)])"
    )
    assert done.stdout == "['__main__', 'compiled', 'one']\n", done.stderr


def test_resources_and_metadata_are_found_in_files(tmp_path: Path) -> None:
    code = (
        "from importlib import metadata, resources\n"
        "print(metadata.version('zoo'), resources.files('zoo').joinpath('data/a.txt').read_text())\n"
    )
    done = python(world(tmp_path), "-c", code)
    assert done.stdout == "1.0 a\n", done.stderr


def test_python_s_words_do_what_they_do_in_python(tmp_path: Path) -> None:
    folder = world(tmp_path)
    script = tmp_path / "script.py"
    script.write_text("import sys\nprint(__name__, __file__, sys.argv, sys.path[0])\n")
    answers = {
        ("-c", "import sys; print(sys.argv)", "x", "-c"): "['-c', 'x', '-c']\n",
        ("-I", "-S", "-E", "-W", "ignore", "-X", "utf8", "-Bc", "print(__name__)"): "__main__\n",
        ("-m", "zoo", "a", "-b"): "ran __main__ zoo ['a', '-b']\n",
        ("-m", "zoo.__main__"): "ran __main__ zoo []\n",
        ("-V",): f"Python {sys.version.split()[0]}\n",
        (str(script), "1"): f"__main__ {script} ['{script}', '1'] {tmp_path}\n",
        ("/somewhere/zoo.bin", "-c"): "command ['/somewhere/zoo.bin', '-c']\n",
    }
    for words, out in answers.items():
        done = python(folder, *words)
        assert (done.returncode, done.stdout) == (0, out), (words, done.stderr)


def test_a_module_of_the_folder_it_is_started_in_runs_too(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("print('mine', __name__)\n")
    done = python(world(tmp_path), "-m", "mine", cwd=tmp_path)
    assert done.stdout == "mine __main__\n", done.stderr


def test_what_python_cannot_do_in_a_program_is_refused_in_words(tmp_path: Path) -> None:
    folder = world(tmp_path)
    for words, code, said in (
        (("-m", "zoo.nothing"), 1, "No module named zoo.nothing"),
        (("-m", "nothing.of.it"), 1, "No module named 'nothing'"),
        (("/nowhere/script.py",), 2, "can't open file '/nowhere/script.py'"),
        (("-Z",), 2, "unknown option -Z"),
    ):
        done = python(folder, *words)
        assert (done.returncode, done.stdout) == (code, ""), words
        assert said in done.stderr
