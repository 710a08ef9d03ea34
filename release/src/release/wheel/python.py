"""The Python that builds: which one, what it is, and whether the project takes it."""

import configparser
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import msgspec
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from release import shell
from release.errors import PythonUnfitError
from release.wheel import uv

_ASKED = """\
import json, sys, sysconfig
print(json.dumps({
    "executable": sys.executable, "prefix": sys.prefix, "base_prefix": sys.base_prefix,
    "version": sys.version.partition(" ")[0], "release": list(sys.version_info[:3]),
    "stdlib": sysconfig.get_path("stdlib"), "platstdlib": sysconfig.get_path("platstdlib"),
    "site": sysconfig.get_path("purelib"), "frozen": [path for path in sys.path if path],
}))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Python:
    """An interpreter.

    Attributes:
        executable: what starts it.
        prefix, base_prefix: its folder, and that of the interpreter an environment was made from.
        release: its three numbers.
        stdlib, site: folders of the standard library and of what is installed.
        paths: where it looks for modules.
    """

    executable: Path
    prefix: Path
    base_prefix: Path
    version: str
    release: tuple[int, int, int]
    stdlib: Path
    site: Path
    paths: tuple[Path, ...]

    @property
    def short(self) -> str:
        """Its first two numbers."""
        return f"{self.release[0]}.{self.release[1]}"


class _Said(msgspec.Struct):
    executable: str
    prefix: str
    base_prefix: str
    version: str
    release: tuple[int, int, int]
    stdlib: str
    site: str
    frozen: list[str]


def ask(executable: Path) -> Python:
    """What an interpreter says of itself.

    Raises:
        PythonUnfitError: it does not run.
    """
    done = shell.attempt([executable, "-I", "-c", _ASKED], timeout=60)
    if done.code != 0:
        raise PythonUnfitError(f"{executable} does not run\n  {done.err.strip()[-600:]}", hint="see build.python")
    said = msgspec.json.decode(done.raw, type=_Said)
    return Python(
        executable=Path(said.executable),
        prefix=Path(said.prefix),
        base_prefix=Path(said.base_prefix),
        version=said.version,
        release=said.release,
        stdlib=Path(said.stdlib),
        site=Path(said.site),
        paths=tuple(map(Path, said.frozen)),
    )


def chosen(wanted: str, root: Path) -> Python:
    """The interpreter that `build.python` names, or the tool's own.

    Args:
        wanted: a version (`3.12`) or a path; empty for the tool's own.
        root: the folder that paths start at.

    Raises:
        PythonUnfitError: there is none such.
    """
    if not wanted:
        return ask(Path(sys.executable))
    done = uv.attempt("python", "find", "--no-project", "--no-python-downloads", wanted, cwd=root)
    if done.code != 0:
        raise PythonUnfitError(
            f"build.python asks for '{wanted}', and there is none\n  {uv.told(done)}",
            hint=f"install it, or: uv python install {wanted}",
        )
    return ask(Path(done.out.strip()))


def need(python: Python, requires: str, whose: str) -> None:
    """Check that a project takes this interpreter.

    Args:
        python: the one that builds.
        requires: `Requires-Python`; empty when any will do.
        whose: who says so.

    Raises:
        PythonUnfitError: it does not.
    """
    try:
        fits = SpecifierSet(requires).contains(python.version.rstrip("+"), prereleases=True)
    except InvalidSpecifier:
        return  # installers overlook such a line too
    if not fits:
        raise PythonUnfitError(
            f"{whose} requires Python {requires}, and {python.version} builds",
            hint='name another in release.toml, such as build.python = "3.12"',
        )


def required(project: Path) -> str:
    """What the files of a project say of `requires-python`; empty where only its backend knows."""
    pyproject, older = project / "pyproject.toml", project / "setup.cfg"
    try:
        if pyproject.is_file():
            said = tomllib.loads(pyproject.read_text(encoding="utf-8")).get("project", {}).get("requires-python", "")
            if said:
                return str(said)
        if older.is_file():
            parser = configparser.RawConfigParser()
            parser.read(older, encoding="utf-8")
            return parser.get("options", "python_requires", fallback="")
    except (ValueError, configparser.Error):
        pass  # the backend says it better
    return ""
