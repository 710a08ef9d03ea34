"""From a commit to a wheel: its tree, as files in a folder of their own, by the project's own build backend."""

from pathlib import Path

from release import disk, shell, wheel
from release.errors import ConfigInvalidError, WheelError
from release.git import checkout as checkouts
from release.git import source
from release.model import Plan
from release.product import Product
from release.progress import Progress
from release.wheel import Wheel, python, repository, uv
from release.wheel.python import Python

WHEELS = "wheel"
# Beside the wheel: the commit that it is of, where nothing else went in.
COMMIT = "commit"
# What setup.py of long ago imports, and the newest setuptools has no more.
PKG_RESOURCES = "No module named 'pkg_resources'"
OLD_SETUPTOOLS = (
    "its setup.py wants an older setuptools: let pyproject.toml say so, "
    'as in [build-system] requires = ["setuptools<81"]'
)
PROJECT_FILES = ("pyproject.toml", "setup.py", "setup.cfg")


def built(product: Product, plan: Plan, interpreter: Python, work: Path, *, results: Path, progress: Progress) -> Wheel:
    """Build the wheel of the planned commit.

    Args:
        product: what release.toml says.
        plan: its commit is the source, with the changes of the working tree on top where it takes them.
        interpreter: the Python that builds.
        work: folder for the tree, the wheel and the log; emptied.
        results: folder of results, whose files are no source.
        progress: told what is going on.

    Raises:
        SourceIncompleteError: a part of the commit cannot be had.
        ConfigInvalidError: build.project is no folder of a Python project in the commit.
        PythonUnfitError: the project takes another Python.
        IndexUnreachableError: the backend has to be fetched, and cannot be.
        WheelError: the backend made no wheel; the end of its log is in the message.
    """
    progress.now("the commit's files")
    tree = exported(product, plan, top(disk.emptied(work)), results=results)
    project = tree / product.build.project
    if not any((project / name).is_file() for name in PROJECT_FILES):
        raise ConfigInvalidError(
            f"build.project names '{product.build.project}', which holds no {', '.join(PROJECT_FILES)} in the commit",
            hint="commit the project, and name its folder",
        )
    python.need(interpreter, python.required(project), product.name)
    if not any((project / name).is_file() for name in PROJECT_FILES[:2]):
        # Installers take a lone setup.cfg for no project; setuptools does what it says all the same.
        (project / "setup.py").write_text("from setuptools import setup\n\nsetup()\n", encoding="utf-8")
    made = by_backend(product.name, project, interpreter, plan, work / WHEELS, progress)
    python.need(interpreter, made.requires_python, made.distribution)
    if not plan.dirty:
        (work / COMMIT).write_text(plan.commit, encoding="utf-8")
    return made


def found(plan: Plan, work: Path) -> Wheel | None:
    """The wheel of a plan that was built into a folder before; None where there is none."""
    try:
        commit = (work / COMMIT).read_text(encoding="utf-8")
        there = sorted((work / WHEELS).glob("*.whl"))
        return wheel.read(there[0]) if commit == plan.commit and not plan.dirty and there else None
    except (OSError, WheelError):
        return None


def exported(product: Product, plan: Plan, into: Path, *, results: Path) -> Path:
    """Write the whole tree of the planned commit, as a checkout, and give the folder that release.toml lies in."""
    found, usual = checkouts.find(product.root), product.root / "dist"
    source.export(found, plan.commit, into, changes=plan.dirty, results=(results, usual))
    repository.beside(found, plan.commit, into, changed=plan.dirty)
    return into / (found.named(product.root) or ".")


def top(work: Path) -> Path:
    """Where `built` wrote the tree below its folder for work."""
    return work / "source"


def below(product: Product, work: Path) -> Path:
    """The folder of that tree in which release.toml lies."""
    return top(work) / (checkouts.find(product.root).named(product.root) or ".")


def by_backend(name: str, project: Path, interpreter: Python, plan: Plan, out: Path, progress: Progress) -> Wheel:
    """Build the wheel of a folder, isolated, with the backend that it names.

    Args:
        name: of what is built, for errors.
        project: the folder.
        interpreter: the Python that builds.
        plan: whose time the files in the wheel have.
        out: folder for the wheel, which is the only one there; the log lies beside it.
        progress: told what is going on.

    Raises:
        IndexUnreachableError: the backend has to be fetched, and cannot be.
        WheelError: the backend made no wheel; the end of its log is in the message.
    """
    log = out.parent / f"{out.name}.log"
    out.parent.mkdir(parents=True, exist_ok=True)
    words: list[str | Path] = ["build", "--wheel", "--python", interpreter.executable, "--out-dir", out, project]
    code = shell.watch(
        uv.command(*words),
        cwd=project,
        env={**uv.environment(), "SOURCE_DATE_EPOCH": str(plan.committed_at)},
        log=log,
        tick=lambda _seconds: progress.now("the project's build backend"),
    )
    found = sorted(out.glob("*.whl"))
    if code != 0 or len(found) != 1:
        said = "\n  ".join(log.read_text(errors="replace").strip().splitlines()[-uv.LINES :])
        raise uv.unreachable("building the wheel", said) or WheelError(
            f"the build backend of {name} made no wheel\n  {said}",
            hint=OLD_SETUPTOOLS
            if PKG_RESOURCES in said
            else f"`uv build --wheel` by hand says the same; the log is {log}",
        )
    return wheel.read(found[0])
