"""A small project to release, with another name than ours: a checkout with a console script and release.toml."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from release import compile as compiling
from release import config, merge, network, plan
from release.model import Release
from release.packagers.templates import SHIPPED
from release.product import Channel, Product
from release.progress import Progress

ROOT = Path(__file__).parents[2]
WHEN = 1767323045  # 2026-01-02T03:04:05Z
VERSION = "0.0.0-dev-20260102030405"
TOML = """\
name = "otter"
summary = "Swims on its back"
homepage = "https://example.invalid/otter"
license = "MIT"
license_file = "LICENSE"
readme = "README.md"
committer = "Otter Release <release@example.invalid>"

[build]
project = "."
scripts = ["otter"]
stamp = "otter/_stamp.py"
packages = ["otter"]
targets = [TARGETS]

[[command_tests]]
args = ["say", "fish"]
expect = "fish"

[homebrew]
tap = "acme/tap"

[scoop]
bucket = "acme/bucket"

[profiles.local]
local = true
archive_url = "http://127.0.0.1:PORT/site/{tag}/{file}"
channel_url = "http://127.0.0.1:PORT/site/channels/{channel}.json"
serve = "public"

[profiles.local.places]
archives = "file:public/site"
homebrew = "git+file:public/tap.git"
scoop = "git+file:public/bucket.git"
aur = "git+file:public/aur/{package}.git#master"
channel = "file:public/site"

[profiles.far]
local = false
archive_url = "https://example.invalid/{tag}/{file}"
channel_url = "https://example.invalid/channels/{channel}.json"

[profiles.far.places]
archives = "file:far/site"
homebrew = "git+file:far/tap.git"
scoop = "git+file:far/bucket.git"
aur = "git+file:far/aur/{package}.git#master"
channel = "file:far/site"
"""
SCRIPT = """\
import sys

from otter._stamp import VERSION


def main() -> int:
    if sys.argv[1:] == ["--version"]:
        print(VERSION)
    else:
        print(*sys.argv[1:])
    return 0
"""
SOME = ("linux-x64", "linux-x64-baseline", "darwin-arm64", "windows-x64-baseline")


def make(folder: Path, *, targets: tuple[str, ...] = SOME, port: int = 0) -> Path:
    """Write the project and commit it; its templates are the tool's, and its port one that is free when left out."""
    text = TOML.replace("TARGETS", ", ".join(f'"{name}"' for name in targets))
    text = text.replace("PORT", str(port or network.free_port()))
    files = {
        "release.toml": text,
        "LICENSE": "Do as you like.\n",
        "README.md": "# otter\n",
        ".gitignore": "dist/\n",
        "pyproject.toml": '[project]\nname = "otter"\nversion = "0"\nscripts = { otter = "otter.main:main" }\n',
        "src/otter/__init__.py": "",
        "src/otter/_stamp.py": 'VERSION = "source"\n',
        "src/otter/main.py": SCRIPT,
    }
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    git(folder, "init", "-q", "-b", "main")
    commit(folder, "first")
    return folder


def eject(folder: Path, name: str) -> Path:
    """Give the project a template of its own, the same as the tool's."""
    path = folder / "packaging" / f"{name}.j2"
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(SHIPPED / f"{name}.j2", path)
    return path


def git(folder: Path, *words: str, when: int = WHEN) -> str:
    """Run git as somebody, at some time; gives what it printed."""
    env = {
        # Whoever runs the tests from a hook or an alias of git has GIT_DIR set, to a repository that is not ours.
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        **{f"GIT_{role}_NAME": "Somebody" for role in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{role}_EMAIL": "somebody@example.invalid" for role in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{role}_DATE": f"{when} +0200" for role in ("AUTHOR", "COMMITTER")},
        "GIT_CONFIG_GLOBAL": os.devnull,
    }
    done = subprocess.run(["git", *words], cwd=folder, env=env, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit(folder: Path, message: str, *, when: int = WHEN) -> str:
    """Commit everything; gives the commit."""
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", message, when=when)
    return git(folder, "rev-parse", "HEAD")


def command(folder: Path, *words: str, env: dict[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    """Run the command line tool as a user would, in the project's folder."""
    return subprocess.run(
        [sys.executable, "-m", "release", *words],
        cwd=folder,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def path_with(folder: Path, *programs: str) -> dict[str, str]:
    """A PATH that holds these programs and nothing else."""
    folder.mkdir()
    for program in programs:
        found = shutil.which(program)
        assert found
        (folder / program).symlink_to(found)
    return {"PATH": str(folder)}


class Quiet(Progress):
    """Nobody watches."""


def product(folder: Path) -> Product:
    """What its release.toml says."""
    return config.read(folder / "release.toml")


def released(
    folder: Path, *, channel: Channel = Channel.DEV, partial: bool = False, count: int | None = None
) -> Release:
    """Build stand-ins of the first `count` targets and merge them."""
    otter = product(folder)
    planned = plan.plan(otter, channel=channel)
    compiling.build(otter, planned, planned.targets[:count], folder / "dist", stand_in=True, progress=Quiet())
    return merge.merge(otter, planned, folder / "dist", partial=partial)
