"""What is compiled once for all native tests: our program at two commits, by the tool's own command line."""

import json
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.release import project

from release import targets
from release.compile import elf

TARGET = "linux-x64-baseline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """A checkout of our own project with a real archive in dist/artifacts for each of two versions."""

    folder: Path
    older: str
    newer: str

    def archive(self, version: str) -> Path:
        """The archive of a version."""
        return self.folder / "dist" / "artifacts" / f"iterate-{version}-{targets.named(TARGET).label}.tar.gz"

    def record(self, version: str) -> dict[str, object]:
        """What the data says about the archive of a version."""
        archive = self.archive(version)
        record: dict[str, list[dict[str, object]]] = json.loads(
            archive.with_name(f"{archive.name}.json").read_text(encoding="utf-8")
        )
        return record["artifacts"][0]


def release(folder: Path, *words: str) -> str:
    """Run the release tool; it must succeed."""
    done = subprocess.run(
        [sys.executable, "-m", "release", *words], cwd=folder, capture_output=True, text=True, check=False, timeout=900
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def checkout(folder: Path) -> Path:
    """A copy of what git knows of our project, as a repository of its own."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=project.ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (project.ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(project.ROOT / name, folder / name)
    project.git(folder, "init", "-q", "-b", "main")
    return folder


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    """Compile our program at two commits."""
    folder = checkout(tmp_path_factory.mktemp("compiled"))
    project.commit(folder, "commit 0", when=project.WHEN)
    before = tmp_path_factory.mktemp("before")
    shutil.copytree(folder, before, dirs_exist_ok=True)
    project.commit(folder, "commit 1", when=project.WHEN + 3600)
    # Much of a compilation works on one processor only.
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda each: release(each, "build", "--target", TARGET, "--channel", "dev"), (before, folder)))
    shutil.copytree(before / "dist" / "artifacts", folder / "dist" / "artifacts", dirs_exist_ok=True)
    return Compiled(folder=folder, older="0.0.0-dev-20260102030405", newer="0.0.0-dev-20260102040405")


@pytest.fixture(scope="session")
def program(compiled: Compiled, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled program, unpacked by hand."""
    folder = tmp_path_factory.mktemp("unpacked")
    shutil.unpack_archive(compiled.archive(compiled.newer), folder, filter="data")
    return next(folder.glob("*/iterate/iterate"))


@pytest.fixture(scope="session")
def otter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkout of another project with libraries of its own, compiled; its program looks at itself."""
    folder = project.make(tmp_path_factory.mktemp("otter"))
    shutil.copyfile(Path(__file__).with_name("curious.py.txt"), folder / "src" / "otter" / "main.py")
    (folder / "pyproject.toml").write_text(
        '[project]\nname = "otter"\nversion = "0"\ndependencies = ["typer"]\nscripts = { otter = "otter.main:main" }\n'
    )
    project.commit(folder, "curious")
    release(folder, "build", "--target", TARGET, "--channel", "dev")
    return folder


def unpacked(folder: Path, into: Path) -> Path:
    """The program of a checkout's baseline archive."""
    shutil.unpack_archive(
        next((folder / "dist" / "artifacts").glob("*-linux-baseline-x64.tar.gz")), into, filter="data"
    )
    return next(into.glob("*/otter/otter"))


# What a program is given in such a root.
IN_BARE_ROOT = {"HOME": "/home", "ITERATE_MODEL": "echo/echo"}


def bare_root(program: Path, root: Path, *, lacking: str = "") -> list[str]:
    """Lay out a root that has the libraries a program asks for, but one perhaps, and no more; what runs it there."""
    if os.geteuid() != 0:
        pytest.skip("only root may change the root")
    listed = subprocess.run(["ldd", *elf.files(program.parent)], capture_output=True, text=True, check=False).stdout
    for name in elf.libraries(program.parent):
        if name == lacking:
            continue
        found = re.search(rf"(/\S*/{re.escape(name)}) ", listed)
        assert found, name
        for target in {root / found[1].lstrip("/"), root / "lib64" / name}:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(found[1], target)
            target.chmod(0o755)
    shutil.copytree(program.parent, root / "program")
    (root / "dev").mkdir()
    (root / "home").mkdir(mode=0o700)
    os.mknod(root / "dev" / "null", 0o20666, os.makedev(1, 3))
    os.mknod(root / "dev" / "urandom", 0o20666, os.makedev(1, 9))
    return [shutil.which("chroot") or "/usr/sbin/chroot", str(root), f"/program/{program.name}"]


def in_home(home: Path) -> dict[str, str]:
    """An environment with a home of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    return {**kept, "HOME": str(home), "ITERATE_MODEL": "echo/echo"}
