"""The verb publish: bundles to their places by reconciliation; running it again is how it is resumed.

Every place is asked before the first is written to; when one says no, nothing is written anywhere. Then the
stages follow each other: archives, packages, channel. What is refused in one stage holds back the later ones,
and nobody in its own. A place that holds a newer version keeps it. Whatever happens, every place gets a receipt.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from release import destinations, disk, manifest, packagers, signing
from release.errors import PlaceChangedError, PublishRefusedError, PushError, ReleaseError
from release.model import Outcome, Receipt, Release, Stage, State
from release.product import Product, Profile
from release.progress import Progress
from release.progress import Step as Line
from release.publish.asking import Step, Task, asked

DRY_RUN = "dry run"  # what the step is about then, here and in the record of runs
TRIES = 5  # of one place that others write to
_OUTCOMES = {
    Outcome.PLANNED: "would get something",
    Outcome.PUSHED: "pushed",
    Outcome.UNCHANGED: "unchanged",
    Outcome.KEPT_NEWER: "kept the newer one",
    Outcome.SKIPPED: "with nothing for it",
    Outcome.RENDERED: "kept as files",
    Outcome.REFUSED: "REFUSED",
}
_HELD_BACK = "held back by that"


# Told what will be done at each place, before it is; raises when it shall not be.
type Agree = Callable[[Sequence[Receipt]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What publishing came to.

    Attributes:
        receipts: one for each place, in the order of the stages.
        failures: what went wrong, in that order, each with its outlet; bugs and an interruption by the user too.
    """

    receipts: tuple[Receipt, ...]
    failures: tuple[tuple[str, BaseException], ...]


def publish(
    product: Product,
    profile: Profile,
    release: Release,
    dist: Path,
    *,
    allow_older: bool = False,
    is_dry: bool = False,
    agree: Agree | None = None,
    progress: Progress | None = None,
) -> Published:
    """Make every outlet of a profile hold the release.

    Args:
        product: what release.toml says.
        profile: where to.
        release: what; its artifacts lie in dist/artifacts.
        dist: folder of results; the paths of places start there.
        allow_older: replace newer versions too.
        is_dry: write nothing; the receipts say what would be done.
        agree: told what is about to be done, when something is; may raise, and then nothing is written.
        progress: told what is going on.

    Raises:
        PublishRefusedError: fakes, uncommitted changes or half a release, and the profile is not local.
        ArtifactMissingError, ArtifactChangedError: an artifact is not what was hashed. No place was asked.
    """
    task = Task(product=product, profile=profile, release=release, dist=dist, allow_older=allow_older)
    progress = progress or Progress()
    with progress.begin("ask", is_quiet=True) as line:
        _refuse_unfit(task)
        for artifact in release.artifacts:
            progress.now(f"reading {artifact.file} again")
            manifest.check(artifact, dist / manifest.ARTIFACTS / artifact.file)
        steps = sorted(asked(task, progress), key=lambda step: step.stage)
        line.detail = f"{len(steps)} places"
    blocked = ", ".join(step.outlet for step in steps if step.failure is not None)
    planned = tuple(_settled(step) or _planned(step) for step in steps)
    if agree is not None and not is_dry and not blocked and any(each.outcome is Outcome.PLANNED for each in planned):
        agree(planned)
    with progress.begin("publish", DRY_RUN if is_dry else "") as line:
        if blocked:
            done = _published((step, _settled(step) or _waiting(step, blocked)) for step in steps)
        else:
            done = Published(receipts=planned, failures=()) if is_dry else _published(written(steps, progress))
        _sum_up(line, done)
    return done


def _sum_up(line: Line, done: Published) -> None:
    """How many outlets there are, what became of them, and why some were refused."""
    failed = {outlet for outlet, _ in done.failures}
    outlets = len({each.outlet for each in done.receipts})
    by: dict[str, dict[str, None]] = {what: {} for what in (*_OUTCOMES.values(), _HELD_BACK)}
    for each in done.receipts:
        waits = each.outcome is Outcome.REFUSED and each.outlet not in failed
        by[_HELD_BACK if waits else _OUTCOMES[each.outcome]][each.outlet] = None
    counts = [
        # Who they are is of interest where it is not all of them, nor what everybody expects.
        f"{len(found)} {what}" + ("" if len(found) == outlets or what == "pushed" else f" ({', '.join(found)})")
        for what, found in by.items()
        if found
    ]
    text = f"{outlets} outlet{'s' if outlets != 1 else ''}: {', '.join(counts)}"
    if done.failures:
        line.fail(text)
        line.notes += [f"{each.outlet}: {each.detail}" for each in done.receipts if each.outlet in failed]
    else:
        line.detail = text


def _published(ended: Iterable[tuple[Step, Receipt]]) -> Published:
    pairs = tuple(ended)
    return Published(
        receipts=tuple(receipt for _, receipt in pairs),
        failures=tuple((step.outlet, step.failure) for step, _ in pairs if step.failure is not None),
    )


# --- writing -----------------------------------------------------------------------------------------------


def written(steps: list[Step], progress: Progress) -> Iterator[tuple[Step, Receipt]]:
    """Push what has to be pushed, stage by stage."""
    refused: list[tuple[Stage, str]] = []
    interrupted = False
    for number, step in enumerate(steps):
        earlier = ", ".join(outlet for stage, outlet in refused if stage < step.stage)
        ended, receipt = step, _settled(step)
        if receipt is None and (interrupted or earlier):
            receipt = _waiting(step, earlier or "the interrupted one")
        if receipt is None:
            progress.now(f"pushing {step.outlet}", number, len(steps), "places")
            ended, receipt = _pushed(step)
            interrupted = isinstance(ended.failure, KeyboardInterrupt | SystemExit)
        if ended.failure is not None:
            refused.append((step.stage, step.outlet))
        yield ended, receipt


def _settled(step: Step) -> Receipt | None:
    """The receipt of a step that has nothing to push; None for one that has."""
    if step.failure is not None:
        return _receipt(step, Outcome.REFUSED, words(step.failure))
    if step.bundle is None:
        return _receipt(step, Outcome.SKIPPED, "this release has nothing for it")
    if step.bundle.kept:
        return _receipt(step, Outcome.RENDERED, "kept as a file, not pushed")
    if set(step.states.values()) == {State.SAME}:
        return _receipt(step, Outcome.UNCHANGED, "already there")
    if step.newer:
        return _receipt(step, Outcome.KEPT_NEWER, f"holds {step.newer}")
    return None


def _pushed(step: Step) -> tuple[Step, Receipt]:
    """Write to a place; the step comes back with its failure, if there was one."""
    try:
        for _ in range(TRIES):
            if receipt := _settled(step) or _written(step):
                return step, receipt
            # Somebody else wrote there since it was asked, a newer version perhaps.
            step = step.again() if step.again else step
    except (Exception, KeyboardInterrupt, SystemExit) as failure:  # noqa: BLE001  # one place's failure, whatever it is
        return replace(step, failure=failure), _receipt(step, Outcome.REFUSED, words(failure))
    busy = PushError(f"others wrote there {TRIES} times meanwhile", hint="run publish again: it resumes")
    return replace(step, failure=busy), _receipt(step, Outcome.REFUSED, words(busy))


def _written(step: Step) -> Receipt | None:
    """The receipt of a push; None where the place no longer holds what the files were made from."""
    if step.destination is None or step.bundle is None:
        raise AssertionError(step)  # `_settled` has ended these
    try:
        done = step.destination.push(step.bundle.files, step.bundle.message, step.seen)
    except PlaceChangedError:
        return None
    return _receipt(step, Outcome.PUSHED, "; ".join(filter(None, (done, step.remark))))


def words(failure: BaseException) -> str:
    """A failure in the words of a receipt."""
    match failure:
        case ReleaseError():
            return str(failure)
        case OSError():
            return str(disk.refusal(failure, Path()))
        case KeyboardInterrupt() | SystemExit():
            return "interrupted"
        case _:
            return f"a bug of this tool: {type(failure).__name__}: {failure}"


def _planned(step: Step) -> Receipt:
    """What would be done at a place that has something to get."""
    changed = [path for path, state in step.states.items() if state is not State.SAME]
    new = sum(state is State.ABSENT for state in step.states.values())
    counts = f"{len(changed)} file{'s' if len(changed) != 1 else ''}" + (f", {new} of them new" if new else "")
    return _receipt(step, Outcome.PLANNED, "; ".join(filter(None, (counts, step.remark))))


def _waiting(step: Step, names: str) -> Receipt:
    return _receipt(step, Outcome.REFUSED, f"not written: waits for {names}")


def _receipt(step: Step, outcome: Outcome, detail: str) -> Receipt:
    return Receipt(outlet=step.outlet, package=step.package, where=step.where, outcome=outcome, detail=detail)


def _refuse_unfit(task: Task) -> None:
    """Keep rehearsals on this machine, in the folder of their own, and halves away from everybody else.

    Raises:
        PublishRefusedError: see `publish`.
    """
    release = task.release
    if task.profile.local:
        outside = [
            f"{outlet} = '{address}'"
            for outlet, address in task.profile.places.items()
            if release.rehearsal and not destinations.is_below(address, task.dist)
        ]
        if outside:
            raise PublishRefusedError(
                f"this is a rehearsal, and some places are not below {task.dist}: {', '.join(outside)}",
                hint="give the profile paths that start at the folder of results",
            )
        return
    built = {artifact.target for artifact in release.artifacts}
    above = ", ".join(f"{need} of {artifact.file}" for artifact in release.artifacts for need in artifact.above)
    for unfit, what in (
        (release.fake, "stand-ins made by --fake"),
        (release.plan.dirty, "uncommitted changes"),
        (any(target not in built for target in release.plan.targets), "only a part of the targets"),
        (packagers.not_derived(task.product, release, task.profile), "archives without the packages made of them"),
        (task.dist.name == manifest.REHEARSAL, "a rehearsal"),
        (signing.distrusted(task.product, release), "archives that trust other keys than the project's"),
        (bool(above), f"what needs a newer glibc than build.glibc promises: {above}"),
    ):
        if unfit:
            raise PublishRefusedError(
                f"this release holds {what}; only local outlets take it",
                hint="build every target from a clean checkout, merge and derive, or use --profile local",
            )
