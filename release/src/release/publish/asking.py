"""Asking every place of a profile, before any is written to: may we, what is there, and is it newer than ours."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from release import destinations, manifest, packagers, version
from release.destinations import Destination
from release.errors import DestinationConflictError, ReleaseError, VersionIllegalError
from release.model import Bundle, Edition, Packager, Read, Release, Seen, Stage, State
from release.product import Product, Profile
from release.progress import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is to be published, where, and whether places may go back to an older version."""

    product: Product
    profile: Profile
    release: Release
    dist: Path
    allow_older: bool

    @property
    def replaceable(self) -> bool:
        """Whether frozen files may be replaced: rehearsals have a folder of their own, where nothing lasts."""
        return self.release.rehearsal and self.dist.name == manifest.REHEARSAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One place, asked but not yet written to.

    Attributes:
        bundle: what is to go there; None where the release has nothing for it, or where asking failed.
        states: what stands there under the names of the bundle's files.
        newer: the version there that stays, because it is newer than ours; empty when ours may go there.
        remark: what the receipt says beside what was done.
        seen: what was read there to make the bundle, and to find what is newest.
        again: asks the place once more, from the start.
    """

    outlet: str
    package: str
    where: str = ""
    destination: Destination | None = None
    bundle: Bundle | None = None
    states: dict[str, State]
    newer: str = ""
    remark: str = ""
    seen: Seen = field(default_factory=dict)
    again: Callable[[], "Step"] | None = None
    failure: BaseException | None = None

    @property
    def stage(self) -> Stage:
        """When it is its turn."""
        return self.bundle.stage if self.bundle else Stage.PACKAGES


def asked(task: Task, progress: Progress) -> Iterator[Step]:
    """Every place of the profile, asked whether we may write and what it holds."""
    interrupted: BaseException | None = None
    taking_part = packagers.taking_part(task.profile)
    for number, packager in enumerate(taking_part):
        progress.now(f"asking {packager.name}", number, len(taking_part), "places")
        nameless = Step(outlet=packager.name, package="", states={})
        if interrupted is not None:
            yield replace(nameless, failure=interrupted)
            continue
        try:
            yield from _asked_one(task, packager)
        except (Exception, KeyboardInterrupt, SystemExit) as failure:  # noqa: BLE001  # one place's failure, whatever it is
            yield replace(nameless, package=_package(task, packager), where=_where(task, packager), failure=failure)
            interrupted = failure if isinstance(failure, KeyboardInterrupt | SystemExit) else None


def _asked_one(task: Task, packager: Packager) -> Iterator[Step]:
    package = packager.package(task.product, task.release.plan)
    where, destination = destinations.located(
        task.product,
        task.profile,
        task.release.plan,
        task.dist,
        outlet=packager.name,
        package=package,
        allow_older=task.allow_older,
    )
    seen: dict[str, bytes | None] = {}
    read = _remembering(destination.read, seen)
    made = packagers.made(packager, task.product, task.profile, task.release, read, task.dist)
    if not all(bundle.kept for bundle in made):
        destination.check()
    if not made:
        yield Step(outlet=packager.name, package=package, where=where, states={})
    for bundle in made:
        step = Step(outlet=packager.name, package=bundle.package, bundle=bundle, states={})
        if bundle.kept:
            yield step
            continue
        states = destination.look(bundle.files)
        _refuse_conflict(task, bundle, states, where)
        newer, remark = _held(task, packager, bundle, read)
        yield replace(
            step,
            where=where,
            destination=destination,
            states=states,
            newer=newer,
            remark="; ".join(filter(None, (remark, bundle.remark))),
            seen=seen,
            again=partial(_again, task, packager, bundle.package),
        )


def _held(task: Task, packager: Packager, bundle: Bundle, read: Read) -> tuple[str, str]:
    """The newer version that a place keeps, and a remark about what is replaced; each may be empty."""
    if bundle.edition is None:
        return "", ""
    try:
        held = packager.edition(bundle, read)
    except (ValueError, VersionIllegalError):
        return "", "replaces a file that names no version"
    if held is None or not _is_newer(held, bundle.edition):
        return "", ""
    if task.allow_older:
        return "", f"back from {held.text} (--allow-older)"
    return held.text, ""


def _remembering(read: Read, seen: dict[str, bytes | None]) -> Read:
    """Read every path once, and keep what was read."""

    def remembered(path: str) -> bytes | None:
        if path not in seen:
            seen[path] = read(path)
        return seen[path]

    return remembered


def _again(task: Task, packager: Packager, package: str) -> Step:
    """The step of a package, asked from the start."""
    nothing = Step(outlet=packager.name, package=package, states={})
    return next((step for step in _asked_one(task, packager) if step.package == package), nothing)


def _is_newer(held: Edition, ours: Edition) -> bool:
    return (version.order(held.version), held.revision) > (version.order(ours.version), ours.revision)


def _package(task: Task, packager: Packager) -> str:
    """The package's name for a receipt, where even finding it may be what failed."""
    try:
        return packager.package(task.product, task.release.plan)
    except ReleaseError:
        return ""


def _where(task: Task, packager: Packager) -> str:
    """The place's address for a receipt."""
    return destinations.address(task.profile, outlet=packager.name, package=_package(task, packager))


def _refuse_conflict(task: Task, bundle: Bundle, states: dict[str, State], where: str) -> None:
    for file in bundle.files:
        if file.frozen and states[file.path] is State.DIFFERENT and not task.replaceable:
            raise DestinationConflictError(
                f"{where}/{file.path} is already there with another content",
                hint="a published version never changes: release a new commit",
            )
