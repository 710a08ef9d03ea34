"""The archive in bare Debian roots at and below the promised glibc, from the mirror that this machine's apt uses."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.consumers.conftest import Compiled

pytestmark = [pytest.mark.native, pytest.mark.consumer("gcc", "debootstrap", "apt-get", "chroot")]

VERSIONS = {"bullseye": (2, 31), "bookworm": (2, 36)}  # of their glibc


def mirror() -> str:
    """The address of Debian's archive that apt is told to use here."""
    words = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME)", "Created-By: Packages", "Origin: Debian"]
    lines = subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()
    for line in sorted(lines):
        uri, _, codename = line.partition(" ")
        if codename in VERSIONS:
            return uri
    pytest.skip("apt is not told of a Debian mirror here")


@pytest.fixture(scope="module", params=VERSIONS)
def suite(request: pytest.FixtureRequest) -> str:
    """The name of a Debian release."""
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def root(suite: str, program: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The essential packages of a release, unpacked, and the program."""
    if os.geteuid() != 0:
        pytest.skip("only root may change the root")
    folder = tmp_path_factory.mktemp(suite)
    words = ["debootstrap", "--foreign", "--variant=minbase", suite, str(folder), mirror()]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stdout[-2000:]
    shutil.copytree(program.parent, folder / "program")
    return folder


def inside(root: Path, *words: str) -> tuple[int, str, str]:
    """Run the program in the root; its code, output and errors."""
    command = ["chroot", str(root), "/program/iterate", *words]
    env = {"HOME": "/root", "PATH": os.environ["PATH"], "ITERATE_MODEL": "echo/echo"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=120)
    return done.returncode, done.stdout, done.stderr


def test_it_runs_where_the_data_says_and_elsewhere_the_loader_names_what_is_missing(
    root: Path, suite: str, compiled: Compiled
) -> None:
    needed = compiled.record(compiled.newer)["glibc"]
    assert isinstance(needed, str)
    _, _, number = needed.partition("_")
    if tuple(map(int, number.split("."))) <= VERSIONS[suite]:
        assert inside(root, "--version") == (0, f"{compiled.newer}\n", "")
        try:
            assert inside(root, "run", "hello") == (0, "hello\n", "")
        finally:
            assert inside(root, "server", "stop")[0] == 0
    else:
        code, out, errors = inside(root, "--version")
        assert (code, out) == (1, "")
        assert f"version `{needed}' not found" in errors
