"""The verb build: the product's wheel becomes an archive, tried, hashed, and there only when it is whole."""

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from release import calls, disk, manifest, signing, trial
from release.compile import choice, comparing, extras, fake, licences, pack, windows
from release.compile import compile as compiler
from release.compile import source as sources
from release.compile.extras import Brought
from release.compile.source import Source
from release.model import Artifact, Plan
from release.product import Product, Target
from release.progress import Progress
from release.screen.lines import plural
from release.wheel import Wheel, building, environment, python, unpacking
from release.wheel.environment import Environment


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """What was found in a program; of a stand-in, nothing. The fields are those of Artifact."""

    glibc: str | None = None
    libraries: tuple[str, ...] = ()
    above: tuple[str, ...] = ()
    unlicensed: tuple[str, ...] = ()
    compiled: tuple[str, ...] = ()


def build(
    product: Product, plan: Plan, targets: Sequence[Target], dist: Path, *, stand_in: bool, progress: Progress
) -> tuple[Artifact, ...]:
    """Build the targets one after another, each with its archive and its record in dist/artifacts.

    Args:
        product: what release.toml says.
        plan: the version, and the commit that every time in the archive is taken from.
        targets: what to build; this machine must be able to, unless `stand_in`.
        dist: folder of results; work in progress lies below dist/build.
        stand_in: make tiny fakes instead of compiling.
        progress: told what is going on.

    Raises:
        CompilerMissingError, ToolMissingError: something to build with is not there.
        ConfigInvalidError: release.toml names a script, package, extra or metadata that is not there.
        SourceIncompleteError: a part of the commit cannot be had.
        WheelError, WheelVersionError, PythonUnfitError: the project makes no wheel, or another than was tagged.
        DependenciesError, IndexUnreachableError: what the product needs cannot be had.
        CompileError: the compiler's own words are in the message.
        SmokeTestError: the program does not do what release.toml says it does.
        DiskFullError, WriteError: the files could not be written.
    """
    if not stand_in:
        compiler.need_tools()
    disk.claimed(dist)
    if signing.folder(product) is not None and not signing.ours(product):
        progress.note(f"no keys in {signing.folder(product)}: these builds trust throwaway keys of {dist}")
    ground = None if stand_in else _ground(product, plan, dist, progress)
    return tuple(_step(product, plan, target, dist, ground, progress) for target in targets)


def _step(
    product: Product, plan: Plan, target: Target, dist: Path, ground: "_Ground | None", progress: Progress
) -> Artifact:
    """Build one target, as a step that says what came of it."""
    with progress.begin("build", target.name) as step:
        artifact = _one(product, plan, target, dist, ground, progress)
        glibc = (artifact.glibc or "").replace("_", " ").replace("GLIBC", "glibc")
        step.detail = "  ".join(filter(None, (artifact.size_shown, glibc, "" if ground else "stand-in")))
    return artifact


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ground:
    """What all targets are built from."""

    wheel: Wheel
    environment: Environment


def _ground(product: Product, plan: Plan, dist: Path, progress: Progress) -> _Ground:
    work = dist / "build" / "wheel"
    with progress.begin("wheel") as step:
        interpreter = python.chosen(product.build.python, product.root)
        wheel = building.built(product, plan, interpreter, work, results=dist, progress=progress)
        step.detail = f"{wheel.distribution} {wheel.version}"
        sources.scripts(product, wheel)
        sources.packages(product, wheel)
    with progress.begin("set up") as step:
        made = environment.made(product, plan, wheel, interpreter, work, dist=dist, progress=progress)
        step.detail = f"Python {interpreter.version}  {plural(len(made.needed), 'package')}"
    return _Ground(wheel=wheel, environment=made)


def _one(
    product: Product, plan: Plan, target: Target, dist: Path, ground: _Ground | None, progress: Progress
) -> Artifact:
    work = disk.emptied(dist / "build" / target.name)
    file = product.archive(plan.version, target)
    folder = disk.emptied(work / "archive") / product.name
    inside = Inside()
    with disk.guarded(folder):
        brought = None
        if ground is None:
            fake.program(product, plan, target, folder / product.name)
        else:
            files = unpacking.unpacked(product, plan, target, ground.wheel, work / "source")
            source = Source(wheel=ground.wheel, files=files, environment=ground.environment)
            _program(product, plan, target, source, work, folder, progress)
            inside = _inspected(product, source, folder, work, progress)
            brought = Brought(data=files.data, gui=[each.name for each in ground.wheel.scripts if each.gui])
        windows.put(product, target, folder / product.name, brought.gui if brought else ())
        extras.lay(product, target, folder, brought, work, progress)
        trust = _trusted(product, folder, dist)
    path = dist / manifest.ARTIFACTS / file
    manifest.record_path(dist, file).unlink(missing_ok=True)
    with progress.begin("pack"):
        packed = pack.pack(folder, path, mtime=plan.committed_at)
    artifact = Artifact(
        file=file,
        target=target,
        size=packed.size,
        sha256=packed.sha256,
        glibc=inside.glibc,
        fake=ground is None,
        libraries=inside.libraries,
        above=inside.above,
        unlicensed=inside.unlicensed,
        compiled=inside.compiled,
        tar=packed.tar,
        trust=trust,
    )
    manifest.write_record(product, plan, artifact, dist)
    shutil.rmtree(folder)
    return artifact


def _program(
    product: Product, plan: Plan, target: Target, source: Source, work: Path, folder: Path, progress: Progress
) -> None:
    """Compile, strip and try the program; it ends up in `folder`/NAME."""
    from release.compile import finish  # what reads programs costs more than a check does

    compiled = compiler.compiled(product, target, source, work, progress)
    folder.mkdir()
    compiled.rename(folder / product.name)
    extras.lay_inside(source.files, folder / product.name)
    with progress.begin("finish"):
        finish.finish(product, folder / product.name, progress)
    with progress.begin("try") as step:
        commands = calls.commands(product, folder / product.program(target), work / "commands")
        trial.smoke(product, plan, commands[product.main], work)
        step.detail = comparing.compared(product, source, folder / product.program(target), work, progress)


def _inspected(product: Product, source: Source, folder: Path, work: Path, progress: Progress) -> Inside:
    """Say what a program needs, and lay the licences of what is inside beside it."""
    from release.compile import elf

    others = source.environment.needed if product.build.whole else frozenset[str]()
    own = sources.packages(product, source.wheel)
    unlicensed = licences.gather(source, own, others, work / "report.xml", folder / "licenses")
    if unlicensed:
        progress.note(f"no licence text was found for {', '.join(unlicensed)}")
    floor = elf.version(f"GLIBC_{product.build.glibc}")
    above = tuple(map(str, elf.above(folder, floor))) if floor else ()
    if above:
        progress.note(f"needs a glibc newer than {product.build.glibc}, so local outlets only: {', '.join(above)}")
    return Inside(
        glibc=elf.newest_glibc(folder),
        libraries=elf.libraries(folder),
        above=above,
        unlicensed=unlicensed,
        compiled=choice.chosen(product, source).compiled,
    )


def _trusted(product: Product, folder: Path, dist: Path) -> str:
    """Put the root that updates are trusted by beside the program, and give its SHA-256; empty without signing."""
    root = signing.carried(product, dist)
    if root is None:
        return ""
    (folder / product.name / signing.TRUST_FILE).write_bytes(root)
    return hashlib.sha256(root).hexdigest()
