"""The verb merge: the records of all archives become one frozen release; gaps and changed bytes are errors."""

from pathlib import Path

from release import manifest
from release.errors import ReleaseCorruptError, TargetMissingError
from release.model import Artifact, Plan, Release
from release.product import Channel, Product


def merge(product: Product, plan: Plan, dist: Path, *, partial: bool) -> Release:
    """Freeze what was built of a plan in dist/release.json.

    Args:
        product: what release.toml says.
        plan: the targets that have to be there; archives of other versions in dist are left alone.
        dist: folder of results.
        partial: take what there is; local outlets only.

    Raises:
        TargetMissingError: a planned target was not built (all of them, with `partial`).
        ReleaseCorruptError: a record is not what the build wrote, or comes from another commit.
        ArtifactMissingError, ArtifactChangedError: an archive is gone, or not the one that was hashed.
    """
    found = [_built(product, plan, target_file, dist) for target_file in _files(product, plan)]
    artifacts = tuple(artifact for artifact in found if artifact is not None)
    built = {artifact.target for artifact in artifacts}
    missing = [target.name for target in plan.targets if target not in built]
    if missing and (not partial or not artifacts):
        raise TargetMissingError(
            f"{plan.version.text} has no build of {', '.join(missing)}",
            hint="build them, or merge what there is with --partial (for local outlets)",
        )
    release = Release(plan=plan, artifacts=artifacts)
    manifest.write(product, release, dist)
    return release


def built_for(product: Product, commit: str, dist: Path) -> tuple[Channel, str] | None:
    """Channel and branch of the archives that were built from a commit; None when they differ or there are none.

    Raises:
        ReleaseCorruptError: a record is not what the build wrote.
    """
    records = (manifest.read_record(product, path) for path in (dist / manifest.ARTIFACTS).glob("*.json"))
    found = {(record.plan.channel, record.plan.branch) for record in records if record.plan.commit == commit}
    return found.pop() if len(found) == 1 else None


def _files(product: Product, plan: Plan) -> list[str]:
    return [product.archive(plan.version, target) for target in plan.targets]


def _built(product: Product, plan: Plan, file: str, dist: Path) -> Artifact | None:
    """The artifact of one archive, or None where it was not built."""
    record = manifest.record_path(dist, file)
    if not record.exists():
        return None
    alone = manifest.read_record(product, record)
    artifact = alone.artifacts[0]
    if artifact.file != file or (alone.plan.commit, alone.plan.version) != (plan.commit, plan.version):
        raise ReleaseCorruptError(
            f"{record} is of commit {alone.plan.commit[:12]}, not of {plan.commit[:12]}",
            hint="build that target again",
        )
    if alone.plan.dirty and not plan.dirty:
        raise ReleaseCorruptError(
            f"{file} was built from uncommitted changes", hint="build that target again from the commit"
        )
    manifest.check(artifact, dist / manifest.ARTIFACTS / file)
    return artifact
