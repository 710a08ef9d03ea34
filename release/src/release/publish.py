"""The verb publish: bundles to their places by reconciliation; running it again is how it is resumed.

Archives first, then the repositories that name them, then the channel file: nothing public names bytes that
are not public yet. A place that fails does not stop the others; the channel file waits for all of them.
"""

from dataclasses import dataclass
from pathlib import Path

from release import destinations, manifest, packagers
from release.destinations import Destination
from release.errors import DestinationConflictError, PublishRefusedError, PushError
from release.model import Bundle, Outcome, Product, Profile, Receipt, Release, State


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """A bundle, its destination, and the states of its files there before anything is pushed."""

    bundle: Bundle
    where: str
    destination: Destination | None
    states: dict[str, State]


def publish(product: Product, profile: Profile, release: Release, dist: Path) -> tuple[Receipt, ...]:
    """Make every outlet of a profile hold the release.

    Args:
        product: what release.toml says.
        profile: where to.
        release: what; its archives lie in dist/artifacts.
        dist: folder of results; the profile's paths start there.

    Returns:
        A receipt for each bundle, in order. Those that failed are `refused`.

    Raises:
        PublishRefusedError: fakes, uncommitted changes or half a release, and the profile is not local.
        ArtifactMissingError, ArtifactChangedError: an archive is not what was hashed; nothing was pushed.
        DestinationConflictError: other bytes stand under one of our frozen names; nothing was pushed.
        PushError: a place cannot be written to at all; nothing was pushed.
    """
    _refuse_unfit(profile, release)
    for artifact in release.artifacts:
        manifest.check(artifact, dist / manifest.ARTIFACTS / artifact.file)
    steps = _looked(product, profile, release, dist)
    if not (release.rehearsal and dist.name == manifest.REHEARSAL):
        for step in steps:
            _refuse_conflict(step)
    receipts: list[Receipt] = []
    for step in steps:
        failed = [
            receipt
            for earlier, receipt in zip(steps, receipts, strict=False)
            if receipt.outcome is Outcome.REFUSED and earlier.bundle.stage < step.bundle.stage
        ]
        receipts.append(_waiting(step, failed) if failed else _push(step))
    return tuple(receipts)


def _looked(product: Product, profile: Profile, release: Release, dist: Path) -> list[_Step]:
    """Each bundle with its destination: all of them asked whether we may write, then what they hold."""
    found = sorted(
        (
            (destinations.resolved(bundle, dist), *_place(product, profile, release, bundle, dist))
            for bundle in packagers.bundles(product, profile, release)
        ),
        key=lambda each: each[0].stage,
    )
    for _, _, destination in found:
        if destination is not None:
            destination.check()
    return [
        _Step(
            bundle=bundle,
            where=where,
            destination=destination,
            states={} if destination is None else destination.look(bundle.files),
        )
        for bundle, where, destination in found
    ]


def _place(
    product: Product, profile: Profile, release: Release, bundle: Bundle, dist: Path
) -> tuple[str, Destination | None]:
    if bundle.kept:
        return "", None
    return destinations.located(product, profile, release.plan, dist, outlet=bundle.outlet, package=bundle.package)


def _refuse_unfit(profile: Profile, release: Release) -> None:
    """Keep rehearsals on this machine.

    Raises:
        PublishRefusedError: see `publish`.
    """
    if profile.local:
        return
    built = {artifact.target for artifact in release.artifacts}
    for unfit, what in (
        (release.fake, "stand-ins made by --fake"),
        (release.plan.dirty, "uncommitted changes"),
        (any(target not in built for target in release.plan.targets), "only a part of the targets"),
    ):
        if unfit:
            raise PublishRefusedError(
                f"this release holds {what}; only local outlets take it",
                hint="build every target from a clean checkout, or use --profile local",
            )


def _refuse_conflict(step: _Step) -> None:
    for file in step.bundle.files:
        if file.frozen and step.states.get(file.path) is State.DIFFERENT:
            raise DestinationConflictError(
                f"{step.where}/{file.path} is already there with another content",
                hint="a published version never changes: release a new commit",
            )


def _push(step: _Step) -> Receipt:
    if step.destination is None:
        return _receipt(step, Outcome.RENDERED, "kept as a file, not pushed")
    if set(step.states.values()) == {State.SAME}:
        return _receipt(step, Outcome.UNCHANGED, "already there")
    try:
        return _receipt(step, Outcome.PUSHED, step.destination.push(step.bundle.files, step.bundle.message))
    except PushError as error:
        return _receipt(step, Outcome.REFUSED, str(error))


def _waiting(step: _Step, failed: list[Receipt]) -> Receipt:
    names = ", ".join(receipt.outlet for receipt in failed)
    return _receipt(step, Outcome.REFUSED, f"waits for {names}")


def _receipt(step: _Step, outcome: Outcome, detail: str) -> Receipt:
    return Receipt(
        outlet=step.bundle.outlet,
        package=step.bundle.package,
        where=step.where,
        outcome=outcome,
        detail=detail,
    )
