"""The release tool installed by itself, from its wheel, with nothing of this repository beside it."""

import os
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from tests.release import project

from release.wheel import uv

pytestmark = [pytest.mark.consumer("git"), pytest.mark.processes]
ROOT = project.ROOT


def ran(*words: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        list(map(str, words)), cwd=cwd, env=env or dict(os.environ), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, as its own backend builds it."""
    out = tmp_path_factory.mktemp("wheel")
    ran(
        *uv.command(),
        "build",
        "--quiet",
        "--wheel",
        "--python",
        sys.executable,
        "--out-dir",
        out,
        ROOT / "release",
        cwd=out,
    )
    (found,) = out.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment that holds the wheel and what it needs."""
    folder = tmp_path_factory.mktemp("tool")
    ran(*uv.command(), "venv", "--quiet", "--python", sys.executable, folder / "env", cwd=folder)
    python = folder / "env" / ("Scripts" if os.name == "nt" else "bin") / "python"
    constraints = ROOT / "requirements" / "release.txt"
    ran(*uv.command(), "pip", "install", "--quiet", "--python", python, "-c", constraints, wheel, cwd=folder)
    return python.parent


def test_the_wheel_carries_the_templates_and_whatever_else_is_read_by_the_tool(wheel: Path) -> None:
    """Every file of the package that git knows is in it."""
    source = ROOT / "release" / "src"
    listed = ran("git", "ls-files", "release", cwd=source).split()
    assert any(name.endswith(".j2") for name in listed)
    with zipfile.ZipFile(wheel) as packed:
        assert set(listed) <= set(packed.namelist())


def test_a_tiny_project_is_rehearsed_by_the_installed_tool_alone(programs: Path, tmp_path: Path) -> None:
    folder = project.make(tmp_path / "otter")
    assert not (folder / "packaging").exists()
    (tmp_path / "home").mkdir()
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "SYSTEMROOT", "LANG"}}
    env = {**kept, "HOME": str(tmp_path / "home"), "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    release = programs / "release"
    assert ran(release, "--version", cwd=tmp_path, env=env) == f"{metadata.version('release')}\n"
    assert "_RELEASE_COMPLETE" in ran(release, "completion", "fish", cwd=tmp_path, env=env)
    assert "release init" in ran(release, cwd=tmp_path, env=env)
    done = subprocess.run(
        [release, "run", "--fake", "--target", "all"], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert " ok  publish   5 outlets: 5 pushed" in done.stderr
    assert "Done in " in done.stdout
    told = ran(release, "status", "--rehearsal", cwd=folder, env=env)
    assert told.count("same") == 5
