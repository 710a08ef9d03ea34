"""A Release as JSON and back, in dist/release.json and beside each archive; refuses what it did not write."""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from dacite import Config, DaciteError, from_dict

from release import disk, version
from release.errors import (
    ArtifactChangedError,
    ArtifactMissingError,
    ReleaseCorruptError,
    ReleaseError,
    ReleaseMissingError,
)
from release.model import Artifact, Channel, Plan, Product, Release
from release.targets import named

SCHEMA = 1
FILE = "release.json"
ARTIFACTS = "artifacts"
REHEARSAL = "rehearsal"  # a folder of results of its own, below the one of real results


@dataclass(frozen=True, slots=True, kw_only=True)
class _ArtifactJson:
    file: str
    target: str
    size: int
    sha256: str
    glibc: str | None
    fake: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _ReleaseJson:
    """The keys of release.json. `seal` is the SHA-256 of the rest, so that no later edit goes unseen."""

    schema: int
    product: str
    channel: str
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
    seal: str


def as_json(product: Product, release: Release) -> dict[str, object]:
    """The content of release.json."""
    plan = release.plan
    built = {artifact.target.name for artifact in release.artifacts}
    body: dict[str, object] = {
        "schema": SCHEMA,
        "product": product.name,
        "channel": str(plan.channel),
        "version": plan.version.text,
        "tag": plan.version.tag,
        "commit": plan.commit,
        "committed_at": plan.committed_at,
        "branch": plan.branch,
        "dirty": plan.dirty,
        "fake": release.fake,
        "targets": [target.name for target in plan.targets],
        "missing": [target.name for target in plan.targets if target.name not in built],
        "artifacts": [
            {
                "file": artifact.file,
                "target": artifact.target.name,
                "size": artifact.size,
                "sha256": artifact.sha256,
                "glibc": artifact.glibc,
                "fake": artifact.fake,
            }
            for artifact in release.artifacts
        ],
    }
    return {**body, "seal": _seal(body)}


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
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ReleaseMissingError(f"there is no {path}", hint="run the verbs build and merge first") from None
    except (ValueError, OSError) as error:
        raise _corrupt(path, f"it cannot be read: {error}") from None
    return _checked(path, product, raw)


def _checked(path: Path, product: Product, raw: object) -> Release:
    if not isinstance(raw, dict):
        raise _corrupt(path, "it is not an object")
    if raw.get("schema") != SCHEMA:
        raise _corrupt(path, f"its schema is {raw.get('schema')!r}, this tool writes {SCHEMA}")
    try:
        data = from_dict(_ReleaseJson, raw, Config(strict=True))
    except (DaciteError, AttributeError, TypeError) as error:
        raise _corrupt(path, str(error)) from None
    if data.seal != _seal({key: value for key, value in raw.items() if key != "seal"}):
        raise _corrupt(path, "its content was changed after it was written")
    if data.product != product.name:
        raise _corrupt(path, f"it is a release of '{data.product}', not of '{product.name}'")
    try:
        return _release(data)
    except (ReleaseError, ValueError) as error:
        raise _corrupt(path, str(error)) from None


def _release(data: _ReleaseJson) -> Release:
    plan = Plan(
        channel=Channel(data.channel),
        version=version.parse(data.version),
        commit=data.commit,
        committed_at=data.committed_at,
        branch=data.branch,
        dirty=data.dirty,
        targets=tuple(named(name) for name in data.targets),
    )
    return Release(plan=plan, artifacts=tuple(_artifact(row) for row in data.artifacts))


def _artifact(row: _ArtifactJson) -> Artifact:
    if not re.fullmatch(r"[0-9a-f]{64}", row.sha256):
        raise ValueError(f"the sha256 of {row.file} is not 64 hex digits")
    if row.size <= 0:
        raise ValueError(f"the size of {row.file} is {row.size}")
    if Path(row.file).name != row.file:
        raise ValueError(f"'{row.file}' is not a plain file name")
    return Artifact(
        file=row.file,
        target=named(row.target),
        size=row.size,
        sha256=row.sha256,
        glibc=row.glibc,
        fake=row.fake,
    )


def _seal(body: dict[str, object]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


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
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise _corrupt(path, f"it cannot be read: {error}") from None
    return _checked(path, product, raw)


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
