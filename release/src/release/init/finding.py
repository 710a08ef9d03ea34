"""What is known of a project: its wheel, built and unpacked, its environment, its repository, its tags, its papers."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from release import defaults, disk, targets, version
from release.errors import PapersMissingError, PythonUnfitError, ScriptsMissingError
from release.git import checkout as checkouts
from release.git.checkout import Checkout
from release.init import mending, project, remote, tags
from release.init.remote import Remote
from release.init.trying import Plain
from release.model import Plan
from release.plan import RESULTS
from release.product import Build, Channel, Product
from release.progress import Progress
from release.screen import lines
from release.wheel import Script, Wheel, building, environment, python, unpacking
from release.wheel.python import Python

# The Pythons that are tried where a project does not take the tool's own, the newest first.
PYTHONS = ("3.14", "3.13", "3.12", "3.11", "3.10", "3.9")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A project, looked at.

    Attributes:
        folder: of the Python project, from the root.
        python: what release.toml must name as the interpreter; empty for the tool's own.
        address: of its remote; empty where it has none.
        remote: its repository on the web, from the remote or else from its metadata.
        license_file, readme: paths from the root; it may have no README.
        author: of the newest commit, `Name <mail>`.
        data: folders beside its modules that hold more than modules, by their names.
        plan, interpreter: what its wheel was built for, and with.
    """

    root: Path
    folder: str
    python: str
    checkout: Checkout
    wheel: Wheel
    plain: Plain
    address: str
    remote: Remote | None
    tags: tuple[str, ...]
    license_file: str
    readme: str
    author: str
    data: frozenset[str]
    plan: Plan
    interpreter: Python

    @property
    def scripts(self) -> tuple[Script, ...]:
        """Those that it declares, those for a terminal first; as it lists them, for a wheel has them by letters."""
        listed = {name: number for number, name in enumerate(project.listed(self.root / self.folder))}
        return tuple(sorted(self.wheel.scripts, key=lambda script: (script.gui, listed.get(script.name, len(listed)))))


def found(root: Path, progress: Progress, *, named: str = "", extras: tuple[str, ...] = ()) -> Found:
    """Look at a project.

    Args:
        root: folder that release.toml goes into.
        progress: told what is going on.
        named: the folder of the Python project; empty for the one that there is.
        extras: of the product, to be installed with it.

    Raises:
        NotARepositoryError: it is in no git repository, or that has no commit.
        ProjectMissingError: there is no Python project, or several.
        ScriptsMissingError: its wheel has no console script.
        PapersMissingError: it has no licence file.
        WheelError, DependenciesError, IndexUnreachableError, PythonUnfitError: it cannot be built or installed here.
    """
    checkout = checkouts.find(root)
    commit = checkout.commit()
    folder = project.found(checkout, root, named)
    papers = _papers(root, folder)
    wanted, interpreter = _python(root, python.required(root / folder))
    results = disk.claimed(root / RESULTS)
    work = disk.emptied(results / "build" / "init")
    product, plan = nothing_yet(root, folder, extras), _plan(checkout, commit)
    with progress.begin("wheel") as step:
        wheel = building.built(product, plan, interpreter, work / "wheel", results=results, progress=progress)
        step.detail = f"{wheel.distribution} {wheel.version}"
    _need_scripts(wheel)
    if not python.required(root / folder) and wheel.requires_python:
        wanted, interpreter = _python(root, wheel.requires_python)
    with progress.begin("set up") as step:
        made = environment.made(product, plan, wheel, interpreter, work / "wheel", dist=results, progress=progress)
        step.detail = f"Python {interpreter.version}  {lines.plural(len(made.needed), 'package')}"
    files = unpacking.unpacked(product, plan, plan.targets[0], wheel, work / "plain")
    address, there = remote.of_checkout(checkout)
    return Found(
        root=root,
        folder=folder,
        python=wanted,
        checkout=checkout,
        wheel=wheel,
        plain=Plain(
            python=made.python,
            root=files.root,
            work=work / "home",
            versions=tuple(sorted({files.stamp.metadata_version, wheel.version}, key=len, reverse=True)),
        ),
        address=address,
        remote=there if there is not None and there.is_github else remote.of_urls(wheel.urls) or there,
        tags=tags.listed(checkout),
        license_file=papers[0],
        readme=papers[1],
        author=checkout.git.run("log", "-1", "--format=%an <%ae>").strip(),
        data=frozenset(_with_data(files.root, made.python.site)),
        plan=plan,
        interpreter=interpreter,
    )


def equipped(before: Found, extras: Sequence[str], progress: Progress) -> Found:
    """The same project, with other extras of its own installed beside it.

    Raises:
        DependenciesError, IndexUnreachableError: they cannot be installed here.
    """
    results = before.root / RESULTS
    product, work = nothing_yet(before.root, before.folder, tuple(extras)), results / "build" / "init" / "wheel"
    with progress.begin("environment", " ".join(extras)):
        made = environment.made(
            product, before.plan, before.wheel, before.interpreter, work, dist=results, progress=progress
        )
    return replace(
        before,
        plain=replace(before.plain, python=made.python),
        data=frozenset(_with_data(before.plain.root, made.python.site)),
    )


def _need_scripts(wheel: Wheel) -> None:
    if not wheel.scripts:
        others = f", and {', '.join(wheel.loose)} is not for Python" if wheel.loose else ""
        raise ScriptsMissingError(
            f"the wheel of {wheel.distribution} has no console script{others}, so there is nothing to compile",
            hint="declare one in [project.scripts] or entry_points",
        )


def nothing_yet(root: Path, folder: str, extras: tuple[str, ...]) -> Product:
    """A product of which only the project is known: enough to build its wheel."""
    build = Build(project=folder, targets=(), extras=extras)
    return Product(
        name=(root / folder).resolve().name,
        summary="", homepage="", license="", license_file="", readme="", committer="", build=build,
        profiles={}, root=root,
    )  # fmt: skip


def _plan(checkout: Checkout, commit: str) -> Plan:
    """The working tree as it stands: what init tells is about that."""
    when = checkout.committed_at(commit)
    return Plan(
        channel=Channel.DEV,
        version=version.of_commit(Channel.DEV, when, ""),
        tag="",
        commit=commit,
        committed_at=when,
        branch="",
        dirty=True,
        targets=targets.TARGETS[:1],
    )


def _python(root: Path, requires: str) -> tuple[str, Python]:
    """The interpreter that a project takes: the tool's own, else the newest that is here."""
    own = python.chosen("", root)
    try:
        python.need(own, requires, "the project")
    except PythonUnfitError as unfit:
        for wanted in PYTHONS:
            try:
                other = python.chosen(wanted, root)
                python.need(other, requires, "the project")
            except PythonUnfitError:
                continue
            return wanted, other
        raise PythonUnfitError(
            str(unfit), hint="install a Python that it takes: uv python install VERSION, then again"
        ) from None
    return "", own


def _papers(root: Path, folder: str) -> tuple[str, str]:
    """The files that go into every archive: licence and README, beside release.toml or in the project's folder.

    Raises:
        PapersMissingError: there is no licence.
    """
    places = dict.fromkeys((root, root / folder))
    licence = _first(places, defaults.licence, defaults.licence_otherwise)
    readme = _first(places, defaults.readme, defaults.readme_otherwise)
    if licence is None:
        raise PapersMissingError(
            f"there is no licence file in {' or '.join(map(str, places))}, and every archive carries one",
            hint="add a LICENSE, and commit it",
        )
    return licence.relative_to(root).as_posix(), readme.relative_to(root).as_posix() if readme else ""


def _first(places: Iterable[Path], *ways: Callable[[Path], str]) -> Path | None:
    """The first file that one of the ways finds in one of the folders, the usual way in all of them before another."""
    return next((place / name for way in ways for place in places if (name := way(place))), None)


def _with_data(*roots: Path) -> set[str]:
    """The top folders below some folders that hold more than modules; a program cannot have their names."""
    tops = [top for root in roots for top in root.iterdir() if top.is_dir() and top.name.isidentifier()]
    return {top.name for top in tops if any(_is_data(path) for path in top.rglob("*"))}


def _is_data(path: Path) -> bool:
    return path.is_file() and path.suffix not in {".py", ".pyi", ".pyc"} and path.name != "py.typed"


def branch(found: Found) -> str:
    """The branch that everybody works from: that of the remote, else the one that is checked out, else main."""
    remote_head = found.checkout.git.attempt("symbolic-ref", "-q", "--short", "refs/remotes/origin/HEAD")
    return remote_head.out.strip().partition("/")[2] or found.checkout.branch() or "main"


def licence_text(found: Found) -> str:
    """The licence's own words."""
    return (found.root / found.license_file).read_text(encoding="utf-8", errors="replace")


def licence(found: Found, given: str = "") -> str:
    """The licence as SPDX names it.

    Raises:
        PapersMissingError: nobody can tell which it is.
    """
    named = given or mending.licence(found.wheel.license, found.wheel.classifiers, licence_text(found))
    if not named:
        said = found.wheel.license.strip().partition("\n")[0][:60]
        listed = mending.classified(found.wheel.classifiers)
        words = f"the metadata say '{said}'" if said else "the metadata say nothing"
        words = f"{words}, the classifiers {' and '.join(listed)}" if listed else words
        raise PapersMissingError(
            f"the licence has no name of SPDX: {words}, and {found.license_file} is none that is known",
            hint="name it: release init --license MIT (spdx.org/licenses)",
        )
    return named
