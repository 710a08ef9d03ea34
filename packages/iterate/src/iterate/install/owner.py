"""Finds who owns a program by where it really lies: paths, and the files in which managers list what they installed.

No package manager is run: asking ten of them in turn is slow, and a wrong one may answer.
"""

import json
import re
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from iterate.install.methods import PRODUCT, Method

_MODULES = "node_modules"
# Platform packages are called like the main one and their system.
_PLATFORM = re.compile(r"-(?:linux|darwin|windows|win32)-.+")
_ARCHES = re.compile(r"[^/]+-[^/-]+-[^/-]+")  # NAME-VERSION-RELEASE, as pacman calls its folders


class Found(NamedTuple):
    """Who owns a program, and what that says about it."""

    method: Method
    package: str = ""
    """As people type it; empty when the place does not say."""
    command: Path | None = None
    """The file that people run, which stays where it is when the version changes."""
    folder: Path | None = None
    """What whoever upgrades must be able to write."""
    project: Path | None = None
    """The project that has the program as a dependency; it is upgraded there and nowhere else."""


def find(program: Path, root: Path = Path("/")) -> Found:
    """Who owns a program.

    Args:
        program: the real file, symlinks resolved.
        root: of the system, below which package managers keep their lists.
    """
    by_path = (_mise, _pnpm, _bun, _yarn, _berry, _npm, _brew, _scoop, _winget, _self)
    by_list = (_pacman, _dpkg, _rpm, _container)
    answers = (found for look in by_path if (found := look(program)))
    listed = (found for look in by_list if (found := look(program, root)))
    return next(answers, None) or next(listed, None) or Found(Method.ARCHIVE)


def _at(parts: Sequence[str], *wanted: str) -> int:
    """Where these words follow each other in a path; -1 where they do not."""
    span = len(wanted)
    lowered = [part.lower() for part in parts]
    return next((i for i in range(len(parts) - span + 1) if tuple(lowered[i : i + span]) == wanted), -1)


def _below(program: Path, count: int) -> Path:
    return Path(*program.parts[:count])


def _main_package(program: Path, index: int) -> str:
    """The name behind `node_modules`, without the system of a platform package."""
    names = program.parts[index + 1 : index + 3]
    name = "/".join(names) if names and names[0].startswith("@") else "".join(names[:1])
    return _PLATFORM.sub("", name)


# --- by path -----------------------------------------------------------------------------------------------


def _mise(program: Path) -> Found | None:
    """`DATA/installs/TOOL/VERSION/...`, where the tool is ours and not the node that has us."""
    parts = program.parts
    index = _at(parts, "installs")
    if index < 1 or len(parts) < index + 4:
        return None
    data, tool = _below(program, index), parts[index + 1]
    backend = data / "installs" / tool / ".mise.backend"
    is_mise = data.name == "mise" or (data / "shims").is_dir() or backend.is_file()
    if not is_mise or "asdf" in data.name:  # asdf has the same folders, and nothing that upgrades alone
        return None
    name = _backend(backend) or tool.replace("npm-", "npm:", 1)
    if PRODUCT not in name:
        return None
    return Found(Method.MISE, package=name, folder=data / "installs")


def _backend(file: Path) -> str:
    """The tool as people type it, from the file that mise keeps beside its versions."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return ""
    return next((line.strip() for line in lines if ":" in line), "")


def _pnpm(program: Path) -> Found | None:
    """A store of pnpm: a virtual one in a project or in the global folder, or the common one in pnpm's home."""
    parts = program.parts
    index = _at(parts, ".pnpm")
    if index > 0:
        package = _main_package(program, _last_modules(parts))
        outer = _below(program, index)
        above = outer.parent if outer.name == _MODULES else outer
        home = _pnpm_home(above)
        if home is None:
            return Found(Method.PNPM, package=package, project=above)
        return Found(Method.PNPM, package=package, command=_run_by(home), folder=home)
    index = _at(parts, "store")
    if index < 1 or _at(parts, "links") != index + 2:
        return None
    package, home = _main_package(program, _last_modules(parts)), _below(program, index)
    if any(home.glob(f"global/*/*/{_MODULES}/{package}")):
        return Found(Method.PNPM, package=package, command=_run_by(home), folder=home)
    # The store is common to all projects, and does not say which of them this is.
    return Found(Method.PNPM, package=package, project=home)


def _pnpm_home(folder: Path) -> Path | None:
    """The home of pnpm above `global/5` or `global/v11/HASH`."""
    for above in (folder, *folder.parents[:2]):
        if above.parent.name == "global" and re.fullmatch(r"v?\d+", above.name):
            return above.parent.parent
    return None


def _run_by(home: Path) -> Path:
    inner = home / "bin" / PRODUCT
    return inner if inner.exists() else home / PRODUCT


def _last_modules(parts: Sequence[str]) -> int:
    return max((i for i, part in enumerate(parts) if part == _MODULES), default=0)


def _bun(program: Path) -> Found | None:
    index = _at(program.parts, "install", "global", _MODULES)
    if index < 0:
        return None
    home = _below(program, index)
    package = _main_package(program, _last_modules(program.parts))
    return Found(Method.BUN, package=package, command=home / "bin" / PRODUCT, folder=home / "install" / "global")


def _yarn(program: Path) -> Found | None:
    """The global folder of yarn 1; where it puts commands, only yarn itself knows."""
    for words in (("yarn", "global", _MODULES), ("yarn", "data", "global", _MODULES)):
        index = _at(program.parts, *words)
        if index >= 0:
            modules = index + len(words) - 1
            return Found(Method.YARN, package=_main_package(program, modules), folder=_below(program, modules))
    return None


def _berry(program: Path) -> Found | None:
    index = _at(program.parts, ".yarn", "unplugged")
    if index < 1:
        return None
    package = _main_package(program, _last_modules(program.parts))
    return Found(Method.YARN, package=package, project=_below(program, index))


def _npm(program: Path) -> Found | None:
    parts = program.parts
    index = _at(parts, _MODULES)
    if index < 1:
        return None
    package, above = _main_package(program, index), _below(program, index)
    if (above / "package.json").exists() or "_npx" in parts:
        return Found(Method.NPM, package=package, project=above)
    if above.name == "lib":
        prefix = above.parent
        return Found(Method.NPM, package=package, command=prefix / "bin" / PRODUCT, folder=above / _MODULES)
    if any((above / name).exists() for name in (f"{PRODUCT}.cmd", "npm.cmd")):
        return Found(Method.NPM, package=package, command=above / f"{PRODUCT}.cmd", folder=above / _MODULES)
    return Found(Method.NPM, package=package, project=above)


def _brew(program: Path) -> Found | None:
    parts = program.parts
    index = _at(parts, "cellar")
    if index < 1 or len(parts) < index + 4:
        return None
    cellar, formula = _below(program, index + 1), parts[index + 1]
    source = _json(_below(program, index + 3) / "INSTALL_RECEIPT.json").get("source")
    tap = source.get("tap") if isinstance(source, dict) else None
    return Found(
        Method.BREW,
        package=f"{tap}/{formula}" if isinstance(tap, str) and tap else formula,
        command=cellar.parent / "bin" / PRODUCT,
        folder=cellar,
    )


def _scoop(program: Path) -> Found | None:
    """`SCOOP/apps/NAME/VERSION/...`, with the shims beside the apps."""
    parts = program.parts
    index = _at(parts, "apps")
    if index < 1 or len(parts) < index + 4:
        return None
    home, app = _below(program, index), parts[index + 1]
    if not (home / "shims").is_dir():
        return None
    bucket = _json(_below(program, index + 3) / "install.json").get("bucket")
    return Found(
        Method.SCOOP,
        package=f"{bucket}/{app}" if isinstance(bucket, str) and bucket else app,
        command=home / "shims" / f"{PRODUCT}.exe",
        folder=home / "apps" / app,
    )


def _winget(program: Path) -> Found | None:
    index = _at(program.parts, "winget", "packages")
    if index < 0 or len(program.parts) < index + 4:
        return None
    # The folder is called like the package and where it is from.
    identifier = program.parts[index + 2].partition("_")[0]
    return Found(Method.WINGET, package=identifier, folder=_below(program, index + 3))


def _self(program: Path) -> Found | None:
    """`DIR/.iterate/VERSION/...`, as our installer lays it out; on Windows a folder of that name among the programs."""
    parts = program.parts
    index = _at(parts, f".{PRODUCT}")
    if index > 0 and len(parts) > index + 3 and parts[-2] == PRODUCT:
        inside = _below(program, index + 1)
        return Found(Method.SELF, command=inside.parent / PRODUCT, folder=inside)
    index = _at(parts, "programs", PRODUCT)
    if index > 0 and len(parts) > index + 4 and parts[-2] == PRODUCT:
        inside = _below(program, index + 2)
        command = inside / "current" / Path(*parts[index + 3 :])
        return Found(Method.SELF, command=command, folder=inside)
    return None


# --- by the lists of package managers ------------------------------------------------------------------------


def _inner(program: Path, root: Path) -> str:
    """The path as the lists have it: from the root, without a slash in front; empty outside."""
    return program.relative_to(root).as_posix() if program.is_relative_to(root) else ""


def _pacman(program: Path, root: Path) -> Found | None:
    path = _inner(program, root)
    for folder in sorted((root / "var/lib/pacman/local").glob(f"*{PRODUCT}*")):
        if _ARCHES.fullmatch(folder.name) and path in _lines(folder / "files"):
            package = folder.name.rsplit("-", 2)[0]
            return Found(Method.AUR, package=package, command=root / "usr/bin" / PRODUCT)
    return None


def _dpkg(program: Path, root: Path) -> Found | None:
    path = f"/{_inner(program, root)}"
    for file in sorted((root / "var/lib/dpkg/info").glob(f"*{PRODUCT}*.list")):
        if path in _lines(file):
            package = file.name.removesuffix(".list").partition(":")[0]
            return Found(Method.DEB, package=package, command=root / "usr/bin" / PRODUCT)
    return None


def _rpm(program: Path, root: Path) -> Found | None:
    """A database of rpm lists what was installed, with the names of all files and of the packages they came in."""
    databases = [root / folder / "rpmdb.sqlite" for folder in ("usr/lib/sysimage/rpm", "var/lib/rpm")]
    database = next((each for each in databases if each.is_file()), None)
    if database is None or not _inner(program, root).startswith(("usr/", "opt/")):
        return None
    import sqlite3  # A library of its own to load.

    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?immutable=1", uri=True)) as opened:
            rows = opened.execute(
                "SELECT n.key FROM Basenames AS b JOIN Name AS n ON n.hnum = b.hnum WHERE b.key = ?", (program.name,)
            ).fetchall()
    except sqlite3.Error:
        return None
    names = sorted(name for (name,) in rows if isinstance(name, str) and PRODUCT in name)
    return Found(Method.RPM, package=names[0], command=root / "usr/bin" / PRODUCT) if names else None


def _container(_program: Path, root: Path) -> Found | None:
    is_inside = any((root / marker).exists() for marker in (".dockerenv", "run/.containerenv"))
    return Found(Method.DOCKER) if is_inside else None


def _lines(file: Path) -> frozenset[str]:
    try:
        return frozenset(file.read_text(encoding="utf-8", errors="replace").splitlines())
    except OSError:
        return frozenset()


def _json(file: Path) -> dict[str, object]:
    try:
        found = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
