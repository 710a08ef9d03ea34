"""Every shell script of the repository, and every PKGBUILD we render, before shellcheck."""

import subprocess
from pathlib import Path

import pytest
from tests.release import world

from release.packagers import aur, nothing
from release.product import Channel

SHELLS = (b"sh", b"bash", b"dash")

pytestmark = pytest.mark.consumer("shellcheck")


def scripts() -> list[Path]:
    """Files that git knows or would take, and that are shell by their name or first line."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=world.ROOT, capture_output=True, check=True).stdout
    paths = [world.ROOT / name.decode() for name in listed.split(b"\0") if name]
    return sorted(path for path in paths if path.is_file() and is_shell(path))


def is_shell(path: Path) -> bool:
    if path.suffix in {".sh", ".bash"}:
        return True
    if path.suffix == ".j2":
        return False  # What is made of it is a script: its golden files, and what test_installer.py renders.
    with path.open("rb") as file:
        first = file.readline(100)
    words = first.removeprefix(b"#!").replace(b"/", b" ").split()
    return first.startswith(b"#!") and any(word in SHELLS for word in words)


def objections(path: Path, *options: str) -> str:
    done = subprocess.run(["shellcheck", *options, path], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


@pytest.mark.consumer("git")
def test_shellcheck_has_nothing_to_say_about_any_script() -> None:
    found = scripts()
    assert world.ROOT / "make" / "environment.sh" in found
    assert "".join(objections(path) for path in found) == ""


@pytest.mark.parametrize("stream", Channel)
def test_shellcheck_has_nothing_to_say_about_a_pkgbuild(stream: Channel, tmp_path: Path) -> None:
    # makepkg reads the variables (2034), sets srcdir and pkgdir (2154), and stops at the first error (2164).
    options = ("--shell=bash", "--exclude=SC2034,SC2154,SC2164")
    for product in (world.product(), world.minimal()):
        release = world.release(product, world.plan(stream))
        (bundle,) = aur.PACKAGER.bundles(product, world.local(), release, nothing)
        (content,) = (file.content for file in bundle.files if file.path == "PKGBUILD")
        assert isinstance(content, bytes)
        path = tmp_path / "PKGBUILD"
        path.write_bytes(content)
        assert objections(path, *options) == ""
