"""Where the Python project is: in this folder, or in one below it."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

from release.errors import ProjectMissingError
from release.git.checkout import Checkout
from release.wheel.building import PROJECT_FILES

SHOWN = 6


def found(checkout: Checkout, root: Path, named: str = "") -> str:
    """The folder of the project, from the root.

    Args:
        checkout: whose files are looked at, for what git ignores is no project.
        root: folder that release.toml goes into.
        named: the folder that was asked for; empty for the one that there is.

    Raises:
        ProjectMissingError: there is none, or several.
    """
    if named:
        if not _is_project(root / named):
            raise ProjectMissingError(
                f"{root / named} holds no {', '.join(PROJECT_FILES)} of a project",
                hint="name the folder of a Python project",
            )
        return Path(named).as_posix()
    if _is_project(root):
        return "."
    below = sorted(dict.fromkeys(_below(checkout, root)))
    if len(below) == 1:
        return below[0]
    if below:
        listed = ", ".join(below[:SHOWN]) + (f" and {len(below) - SHOWN} more" if len(below) > SHOWN else "")
        raise ProjectMissingError(
            f"there are {len(below)} projects below {root}: {listed}",
            hint="name one: release init --project FOLDER",
        )
    raise ProjectMissingError(
        f"there is no Python project in {root}: no {', '.join(PROJECT_FILES)} that makes a package",
        hint="run it in the folder of the project",
    )


def _below(checkout: Checkout, root: Path) -> Iterator[str]:
    listed = checkout.git.attempt("ls-files", "-z", "--cached", "--others", "--exclude-standard").out.split("\0")
    for path in listed:
        folder, _, name = path.rpartition("/")
        whole = checkout.top / folder
        if name in PROJECT_FILES and whole.is_relative_to(root) and _is_project(whole) and not _is_aside(folder):
            yield whole.relative_to(root).as_posix()


def _is_aside(folder: str) -> bool:
    """Whether a project is there to be tested with, or to be read."""
    return any(part in {"tests", "test", "examples", "example", "docs", "benchmarks"} for part in folder.split("/"))


def _is_project(folder: Path) -> bool:
    """Whether a folder makes a package: a pyproject.toml may hold the settings of tools and nothing else."""
    if (folder / "setup.py").is_file():
        return True
    if (folder / "setup.cfg").is_file() and "[metadata]" in (folder / "setup.cfg").read_text(
        encoding="utf-8", errors="replace"
    ):
        return True
    try:
        said = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    tools = said.get("tool")
    is_poetry = isinstance(tools, dict) and isinstance(tools.get("poetry"), dict) and "name" in tools["poetry"]
    return "project" in said or is_poetry or "build-system" in said


def listed(folder: Path) -> tuple[str, ...]:
    """The scripts of pyproject.toml, in the order of its maintainers; empty where they are listed elsewhere."""
    try:
        said = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ()
    tools = said.get("tool")
    tables = (said.get("project"), tools.get("poetry") if isinstance(tools, dict) else None)
    scripts = (table.get("scripts") for table in tables if isinstance(table, dict))
    return tuple(name for each in scripts if isinstance(each, dict) for name in each)
