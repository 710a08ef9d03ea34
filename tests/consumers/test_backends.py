"""Projects of every build backend, layout and way to have a version become wheels, and run from what is unpacked."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from msgspec import structs
from tests.release import project

from release import plan, targets
from release.errors import IndexUnreachableError, WheelError
from release.product import Channel, Product
from release.progress import Progress
from release.wheel import Wheel, building, python, unpacking

pytestmark = pytest.mark.consumer("gcc", "git")

LINUX = targets.named("linux-x64")
MAIN = """\
from importlib import metadata, resources


def main():
    print(metadata.version("otter").partition("+")[0], resources.files("otter").joinpath("fish.txt").read_text())
"""
OTTER = {"__init__.py": '"""Swims."""\n__version__ = "1.2.3"\n', "main.py": MAIN, "fish.txt": "fish"}
FLAT = {f"otter/{name}": text for name, text in OTTER.items()}
BELOW_SRC = {f"src/otter/{name}": text for name, text in OTTER.items()}
FAST = """\
#include <Python.h>
static struct PyModuleDef fast = {PyModuleDef_HEAD_INIT, "fast", NULL, 0, NULL};
PyMODINIT_FUNC PyInit_fast(void) { return PyModule_Create(&fast); }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A project: its files, and what its wheel holds beside `otter` and its script."""

    files: Mapping[str, str]
    tag: str = ""
    modules: tuple[str, ...] = ("otter",)
    generated: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    requires: tuple[str, ...] = field(default=())


def toml(backend: str, requires: str, rest: str) -> str:
    return f'[build-system]\nrequires = [{requires}]\nbuild-backend = "{backend}"\n{rest}'


STANDARD = '[project]\nname = "otter"\n{version}\nscripts = {{ otter = "otter.main:main" }}\n'
FIXED, DYNAMIC = STANDARD.format(version='version = "1.2.3"'), STANDARD.format(version='dynamic = ["version"]')
CASES = {
    "setup.py": Case(
        files={
            **FLAT,
            "otter.1": ".TH OTTER 1\n",
            "needs.txt": "idna\n",
            "setup.py": "from setuptools import setup\n"
            "setup(name='otter', version='1.2.3', packages=['otter'], package_data={'otter': ['*.txt']},\n"
            "      install_requires=open('needs.txt').read().split(), data_files=[('share/man/man1', ['otter.1'])],\n"
            "      entry_points={'console_scripts': ['otter = otter.main:main'], 'otter.fins': ['one = otter']})\n",
        },
        data=("share/man/man1/otter.1",),
        requires=("idna",),
    ),
    "setup.cfg": Case(
        files={
            **BELOW_SRC,
            "src/single.py": "",
            "setup.cfg": "[metadata]\nname = otter\nversion = attr: otter.__version__\n"
            "[options]\npackage_dir =\n    = src\npackages = find:\npy_modules = single\n"
            "[options.packages.find]\nwhere = src\n[options.package_data]\notter = *.txt\n"
            "[options.entry_points]\nconsole_scripts =\n    otter = otter.main:main\n",
        },
        modules=("otter", "single"),
    ),
    "poetry": Case(
        files={
            **FLAT,
            "pyproject.toml": toml(
                "poetry.core.masonry.api",
                '"poetry-core"',
                '[tool.poetry]\nname = "otter"\nversion = "1.2.3"\ndescription = "Swims"\nauthors = []\n'
                '[tool.poetry.dependencies]\npython = ">=3.9"\nidna = { version = "*", optional = true }\n'
                '[tool.poetry.extras]\nsocks = ["idna"]\n[tool.poetry.scripts]\notter = "otter.main:main"\n',
            ),
        },
        extras=("socks",),
        requires=('idna ; extra == "socks"',),
    ),
    "flit": Case(
        files={
            **FLAT,
            "pyproject.toml": toml(
                "flit_core.buildapi", '"flit_core"', DYNAMIC.replace('["version"]', '["version", "description"]')
            ),
        }
    ),
    "hatch": Case(
        files={
            **BELOW_SRC,
            "pyproject.toml": toml(
                "hatchling.build",
                '"hatchling", "hatch-vcs"',
                f'{DYNAMIC}[tool.hatch.version]\nsource = "vcs"\n'
                '[tool.hatch.build.hooks.vcs]\nversion-file = "src/otter/_version.py"\n',
            ),
        },
        tag="v1.2.3",
        generated=("otter/_version.py",),
    ),
    "pdm": Case(
        files={
            **BELOW_SRC,
            "pyproject.toml": toml(
                "pdm.backend",
                '"pdm-backend"',
                f'{DYNAMIC}[tool.pdm.version]\nsource = "scm"\nwrite_to = "otter/_v.txt"\n',
            ),
        },
        tag="1.2.3",
        generated=("otter/_v.txt",),
    ),
    "uv": Case(
        files={
            **BELOW_SRC,
            "src/sea/bed/__init__.py": "",
            "pyproject.toml": toml(
                "uv_build", '"uv_build"', f'{FIXED}[tool.uv.build-backend]\nmodule-name = ["otter", "sea.bed"]\n'
            ),
        },
        modules=("otter", "sea.bed"),
    ),
    "setuptools-scm": Case(
        files={
            **BELOW_SRC,
            "src/otter/fast.c": FAST,
            "setup.py": "from setuptools import Extension, setup\n"
            "setup(ext_modules=[Extension('otter.fast', ['src/otter/fast.c'])])\n",
            "pyproject.toml": toml(
                "setuptools.build_meta",
                '"setuptools>=77", "setuptools-scm>=8"',
                f'{DYNAMIC}[tool.setuptools_scm]\nversion_file = "src/otter/_version.py"\n',
            ),
        },
        tag="v1.2.3",
        generated=("otter/_version.py", "otter/fast.*"),
    ),
}


def made(folder: Path, files: Mapping[str, str], tag: str = "") -> Product:
    """A project with nothing but these files and a release.toml; its program keeps its version itself."""
    project.make(folder)
    for name in ("pyproject.toml", "src/otter/__init__.py", "src/otter/_stamp.py", "src/otter/main.py"):
        (folder / name).unlink()
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / ".gitignore").write_text("dist/\n_version.py\n_v.txt\n", encoding="utf-8")
    project.commit(folder, "another backend")
    if tag:
        project.git(folder, "tag", tag)
    otter = project.product(folder)
    return structs.replace(otter, build=structs.replace(otter.build, stamp="", packages=()))


def built(folder: Path, otter: Product) -> Wheel:
    """Its wheel; where no backend can be had, a person's machine skips."""
    planned = plan.plan(otter, channel=Channel.DEV)
    interpreter = python.ask(Path(sys.executable))
    try:
        return building.built(otter, planned, interpreter, folder / "work", results=folder, progress=Progress())
    except IndexUnreachableError:
        if os.environ.get("CI", "").lower() in {"1", "true"}:
            raise
        pytest.skip("needs an index of packages, or a cache of uv's that has the backend")


@pytest.mark.parametrize("name", CASES)
def test_a_project_of_any_backend_becomes_a_wheel_that_runs(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    otter = made(tmp_path / "otter", case.files, case.tag)
    found = built(tmp_path, otter)
    assert (found.version, found.modules, found.extras) == ("1.2.3", case.modules, case.extras)
    assert [each.replace("; ", " ; ").replace("  ;", " ;") for each in found.requires] == list(case.requires)
    assert [(script.name, script.module, script.function) for script in found.scripts] == [
        ("otter", "otter.main", "main")
    ]
    planned = plan.plan(otter, channel=Channel.DEV)
    out = unpacking.unpacked(otter, planned, LINUX, found, tmp_path / "out")
    assert [each for each in case.generated if not list(out.root.glob(each))] == []
    assert [each for each in case.data if not (out.data / each).is_file()] == []
    words = [sys.executable, "-c", "from otter.main import main; main()"]
    env = {**os.environ, "PYTHONPATH": str(out.root)}
    done = subprocess.run(words, env=env, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout == "1.2.3 fish\n", done.stderr


def test_between_tags_the_version_is_what_a_clone_would_have(tmp_path: Path) -> None:
    otter = made(tmp_path / "otter", CASES["hatch"].files, "v1.2.3")
    commit = project.commit(tmp_path / "otter", "more")
    assert built(tmp_path, otter).version.startswith(f"1.2.4.dev1+g{commit[:7]}")


def test_a_member_of_a_workspace_finds_what_lies_beside_it(tmp_path: Path) -> None:
    files = {
        **{f"packages/otter/{name}": text for name, text in BELOW_SRC.items()},
        "packages/otter/pyproject.toml": toml(
            "setuptools.build_meta",
            '"setuptools>=77"',
            DYNAMIC + '[tool.setuptools.package-data]\notter = ["*.txt"]\n',
        ),
        "packages/otter/setup.py": "import sys\nsys.path.insert(0, '../../common')\nimport common\n"
        "from setuptools import setup\nsetup(version=common.VERSION)\n",
        "common/common.py": "VERSION = '4.5.6'\n",
    }
    otter = made(tmp_path / "otter", {**files, "pyproject.toml": ""})
    otter = structs.replace(otter, build=structs.replace(otter.build, project="packages/otter"))
    assert built(tmp_path, otter).version == "4.5.6"


def test_a_backend_that_fails_is_told_in_its_own_words_with_the_log(tmp_path: Path) -> None:
    otter = made(tmp_path / "otter", {**FLAT, "setup.py": "raise SystemExit('no fish today')\n"})
    with pytest.raises(WheelError, match="no fish today") as refused:
        built(tmp_path, otter)
    assert str(tmp_path / "work" / "wheel.log") in refused.value.hint


def test_a_setup_py_of_long_ago_is_told_how_to_get_the_setuptools_that_it_wants(tmp_path: Path) -> None:
    gone = "raise ModuleNotFoundError(\"No module named 'pkg_resources'\")\n"
    otter = made(tmp_path / "otter", {**FLAT, "setup.py": gone})
    with pytest.raises(WheelError, match="the build backend of otter made no wheel") as refused:
        built(tmp_path, otter)
    assert 'requires = ["setuptools<81"]' in refused.value.hint
