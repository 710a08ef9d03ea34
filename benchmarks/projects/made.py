"""A project as its maintainers have it: the sources of a version, a repository with a tag; and its plain commands."""

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from benchmarks.projects.listing import Project
from benchmarks.projects.place import emptied

# `uv` comes with the tool, beside the Python that runs this.
UV = shutil.which("uv", path=os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))) or "uv"


def fetched(project: Project, folder: Path) -> Path:
    """The source distribution, downloaded by name from the person's own registry, with the digest that is known.

    Raises:
        subprocess.CalledProcessError: it is not to be had, or is another file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{project.name}=={project.version} --hash=sha256:{project.sha256}\n")
    if not list(folder.glob("*.tar.gz")):
        said(
            *(UV, "run", "-q", "--no-project", "--python", sys.executable, "--with", "pip", "python", "-m", "pip"),
            *("download", "-q", "--no-deps", "--no-binary", ":all:", "--require-hashes", "-r", wanted, "-d", folder),
            cwd=folder,
        )
    (found,) = folder.glob("*.tar.gz")
    return found


def repository(project: Project, sdist: Path, folder: Path) -> Path:
    """The untouched sources as a repository of one commit, with its tag and the remote that its maintainers have."""
    emptied(folder)
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (source,) = (each for each in folder.iterdir() if each.is_dir())
    git(source, "init", "-q", "-b", "main")
    git(source, "config", "user.name", "Maintainer")
    git(source, "config", "user.email", "maintainer@example.invalid")
    git(source, "remote", "add", "origin", f"git@github.com:{project.repository}.git")
    git(source, "add", "--all", "--force")
    git(source, "commit", "-q", "-m", f"{project.name} {project.version}")
    git(source, "tag", project.tag)
    return source


def plain(project: Project, sdist: Path, folder: Path) -> Path:
    """An environment with the project as a user of pip has it; gives the folder of its commands.

    Of the source distribution, not of the repository: where that has files that a build writes, a version that is
    computed from its tags says that it was changed.
    """
    shutil.rmtree(folder, ignore_errors=True)
    said(UV, "venv", "-q", "--python", sys.executable, folder)
    python = folder / "bin" / "python"
    said(UV, "pip", "install", "-q", "--compile-bytecode", "--python", python, sdist)
    command = folder / "bin" / project.command
    if not command.exists():
        text = f'#!{python}\nimport runpy\nrunpy.run_module("{project.name}.__main__", run_name="__main__")\n'
        command.write_text(text)
        command.chmod(0o755)
    return command.parent


def git(folder: Path, *words: str) -> str:
    """What git prints."""
    return said("git", "-C", folder, *words).strip()


def said(*words: str | Path, cwd: Path | None = None) -> str:
    """What a program prints that has to succeed.

    Raises:
        subprocess.CalledProcessError: it failed; with what it said as a note.
    """
    done = subprocess.run(list(map(str, words)), cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        error = subprocess.CalledProcessError(done.returncode, list(map(str, words)))
        error.add_note(f"{done.stdout}\n{done.stderr}".strip()[-3000:])
        raise error
    return done.stdout
