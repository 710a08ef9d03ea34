"""A Release as JSON and back, in dist/release.json and beside each artifact; read strictly."""

import json
import re
from pathlib import Path

import msgspec

from release import disk, version
from release.errors import (
    ArtifactChangedError,
    ArtifactMissingError,
    ReleaseCorruptError,
    ReleaseError,
    ReleaseMissingError,
)
from release.model import Artifact, Base, Kind, Plan, Release, Tar
from release.product import Channel, Product
from release.targets import named

SCHEMA = 3
FILE = "release.json"
ARTIFACTS = "artifacts"
REHEARSAL = "rehearsal"  # a folder of results of its own, below the one of real results


class _TarJson(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    size: int
    sha256: str


class _BaseJson(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    version: str
    sha256: str


class _ArtifactJson(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    file: str
    kind: Kind
    target: str
    made_from: str
    size: int
    sha256: str
    glibc: str | None
    fake: bool
    libraries: tuple[str, ...]
    above: tuple[str, ...]
    unlicensed: tuple[str, ...]
    compiled: tuple[str, ...] = ()
    tar: _TarJson | None
    trust: str
    base: _BaseJson | None


class _ReleaseJson(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of release.json; `tag`, `fake` and `missing` follow from the others, for whoever reads it."""

    schema: int
    product: str
    channel: Channel
    version: str
    tag: str
    commit: str
    committed_at: int
    branch: str
    dirty: bool
    fake: bool
    targets: list[str]
    missing: list[str]
    artifacts: list[_ArtifactJson]


def as_json(product: Product, release: Release) -> dict[str, object]:
    """The content of release.json."""
    return _builtins(_as_struct(product, release))


def _builtins(content: _ReleaseJson) -> dict[str, object]:
    found: dict[str, object] = msgspec.to_builtins(content)
    return found


def _as_struct(product: Product, release: Release) -> _ReleaseJson:
    plan = release.plan
    built = {artifact.target.name for artifact in release.artifacts}
    return _ReleaseJson(
        schema=SCHEMA,
        product=product.name,
        channel=plan.channel,
        version=plan.version.text,
        tag=plan.tag,
        commit=plan.commit,
        committed_at=plan.committed_at,
        branch=plan.branch,
        dirty=plan.dirty,
        fake=release.fake,
        targets=[target.name for target in plan.targets],
        missing=[target.name for target in plan.targets if target.name not in built],
        artifacts=[
            _ArtifactJson(
                file=artifact.file,
                kind=artifact.kind,
                target=artifact.target.name,
                made_from=artifact.made_from,
                size=artifact.size,
                sha256=artifact.sha256,
                glibc=artifact.glibc,
                fake=artifact.fake,
                libraries=artifact.libraries,
                above=artifact.above,
                unlicensed=artifact.unlicensed,
                compiled=artifact.compiled,
                tar=_TarJson(size=artifact.tar.size, sha256=artifact.tar.sha256) if artifact.tar else None,
                trust=artifact.trust,
                base=_BaseJson(version=artifact.base.version, sha256=artifact.base.sha256) if artifact.base else None,
            )
            for artifact in release.artifacts
        ],
    )


def write(product: Product, release: Release, dist: Path) -> Path:
    """Freeze a release in dist/release.json."""
    path = dist / FILE
    disk.write(path, (json.dumps(as_json(product, release), indent=2) + "\n").encode())
    return path


def read(product: Product, dist: Path) -> Release:
    """The release that dist/release.json holds.

    Raises:
        ReleaseMissingError: there is none yet.
        ReleaseCorruptError: it is not what `write` wrote, or it is another product's.
    """
    path = dist / FILE
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise ReleaseMissingError(f"there is no {path}", hint=_making(dist)) from None
    return _checked(path, product, content)


def _making(dist: Path) -> str:
    """How a release comes to be; and where one is that was rehearsed, how to see that."""
    if dist.name == REHEARSAL:
        return "release run --fake rehearses one"
    if (dist / REHEARSAL / FILE).is_file():
        return "release run builds one; the one that was rehearsed is asked for with --rehearsal"
    return "release run builds one"


def _checked(path: Path, product: Product, content: bytes) -> Release:
    found = _decoded(path, content)
    if found.product != product.name:
        raise _corrupt(path, f"it is a release of '{found.product}', not of '{product.name}'")
    try:
        release = _release(found)
    except (ReleaseError, ValueError) as error:
        raise _corrupt(path, str(error)) from None
    if found.tag != product.tag_of(found.version) or _as_struct(product, release) != found:
        raise _corrupt(path, "its tag, fake and missing do not follow from the rest")
    return release


class _Schema(msgspec.Struct):
    """What every release.json has said since the first."""

    schema: int


def _decoded(path: Path, content: bytes) -> _ReleaseJson:
    try:
        schema = msgspec.json.decode(content, type=_Schema).schema
        if schema == SCHEMA:
            return msgspec.json.decode(content, type=_ReleaseJson)
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        raise _corrupt(path, str(error)) from None
    raise _corrupt(path, f"its schema is {schema}, this tool writes {SCHEMA}")


def _release(found: _ReleaseJson) -> Release:
    plan = Plan(
        channel=found.channel,
        version=version.parse(found.version),
        tag=found.tag,
        commit=found.commit,
        committed_at=found.committed_at,
        branch=found.branch,
        dirty=found.dirty,
        targets=tuple(named(name) for name in found.targets),
    )
    return Release(plan=plan, artifacts=tuple(_artifact(row) for row in found.artifacts))


def _artifact(row: _ArtifactJson) -> Artifact:
    digests = [row.sha256, *(each.sha256 for each in (row.tar, row.base) if each), *filter(None, [row.trust])]
    if not all(re.fullmatch(r"[0-9a-f]{64}", each) for each in digests):
        raise ValueError(f"the sha256 of {row.file} is not 64 hex digits")
    if row.size <= 0:
        raise ValueError(f"the size of {row.file} is {row.size}")
    for name in filter(None, (row.file, row.made_from)):
        if Path(name).name != name:
            raise ValueError(f"'{name}' is not a plain file name")
    return Artifact(
        file=row.file,
        kind=row.kind,
        target=named(row.target),
        made_from=row.made_from,
        size=row.size,
        sha256=row.sha256,
        glibc=row.glibc,
        fake=row.fake,
        libraries=row.libraries,
        above=row.above,
        unlicensed=row.unlicensed,
        compiled=row.compiled,
        tar=Tar(size=row.tar.size, sha256=row.tar.sha256) if row.tar else None,
        trust=row.trust,
        base=Base(version=row.base.version, sha256=row.base.sha256) if row.base else None,
    )


def _corrupt(path: Path, why: str) -> ReleaseCorruptError:
    return ReleaseCorruptError(f"{path} cannot be trusted: {why}", hint="remove it and run the verb merge again")


# --- the record of one archive, from the machine that built it to the one that merges ----------------------


def record_path(dist: Path, file: str) -> Path:
    """Where the record of an archive lies."""
    return dist / ARTIFACTS / f"{file}.json"


def write_record(product: Product, plan: Plan, artifact: Artifact, dist: Path) -> None:
    """Leave an artifact's record beside its archive: a release of this one artifact."""
    alone = Release(plan=plan, artifacts=(artifact,))
    disk.write(record_path(dist, artifact.file), (json.dumps(as_json(product, alone), indent=2) + "\n").encode())


def read_record(product: Product, path: Path) -> Release:
    """Read such a record.

    Raises:
        ReleaseCorruptError: it is not what `write_record` wrote.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _corrupt(path, f"it cannot be read: {error}") from None
    return _checked(path, product, content)


def check(artifact: Artifact, path: Path) -> None:
    """Hold an archive against its artifact: size first, then digest.

    Raises:
        ArtifactMissingError: no such file.
        ArtifactChangedError: other bytes than those that were hashed.
    """
    if not path.is_file():
        raise ArtifactMissingError(f"{path} is not there", hint=f"build {artifact.target.name} again")
    same = path.stat().st_size == artifact.size and disk.sha256(path) == artifact.sha256
    if not same:
        raise ArtifactChangedError(
            f"{path} changed after it was hashed", hint=f"build {artifact.target.name} again, and merge again"
        )
