"""The signed site as the public reads it: with a client that is not ours, from its public address, without a key."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from tuf.api.exceptions import DownloadError, DownloadHTTPError, RepositoryError
from tuf.ngclient import FetcherInterface, Updater

from release import network, signing, version
from release.errors import VerifyError
from release.packagers import archives_of, channel, naming
from release.verify.check import Job, SkippedError

LIMIT = 5_000_000  # bytes of any file of the site


class _Fetcher(FetcherInterface):
    """Gets files through the tool's own door to the network."""

    def __init__(self, work: Path) -> None:
        self.into = work / "got"

    def _fetch(self, url: str) -> Iterator[bytes]:
        got = network.fetch(url, into=self.into, limit=LIMIT)
        if got.status != 200:  # noqa: PLR2004
            raise DownloadHTTPError(f"{url}: {got.problem or f'status {got.status}'}", got.status)
        return iter([self.into.read_bytes()])


class _Archive(msgspec.Struct, frozen=True):
    sha256: str


class _Document(msgspec.Struct, frozen=True):
    version: str
    artifacts: tuple[_Archive, ...]


def check(job: Job) -> str:
    """Ask every address of the site for what the channel has, and for this version by its name.

    Raises:
        SkippedError: nothing is signed, or the channel has a newer version.
        VerifyError: what is there is not signed by the project's keys, has lapsed, or is another release.
    """
    root = signing.root(msgspec.structs.replace(job.product, results=job.dist), job.profile)
    if root is None or "channel" not in job.profile.places:
        raise SkippedError("the channels are not signed")
    if not job.profile.sites:
        raise SkippedError("the profile names no sites")
    ends = {_read(job, root, address, number) for number, address in enumerate(job.profile.sites)}
    return f"{', '.join(job.profile.sites)}: signed, until {min(ends):%Y-%m-%d}"


def _read(job: Job, root: bytes, address: str, number: int) -> datetime:
    """Read one address with a client that knows nothing but the root; gives when its signatures end."""
    state = job.work / str(number)
    (state / "targets").mkdir(parents=True)
    stream, text = naming.stream(job.release.plan), job.release.plan.version.text
    try:
        client = Updater(
            metadata_dir=str(state),
            metadata_base_url=f"{address}metadata/",
            target_dir=str(state / "targets"),
            target_base_url=f"{address}targets/",
            fetcher=_Fetcher(state),
            bootstrap=root,
        )
        now = _document(client, channel.current(stream))
        named = _document(client, channel.named(stream, text))
    except (DownloadError, RepositoryError, ValueError) as error:
        raise VerifyError(f"{address}: {error}", hint="publish this release, or `release refresh`") from None
    if now and version.order(version.parse(now.version)) > version.order(job.release.plan.version):
        raise SkippedError(f"{address} holds the newer {now.version}")
    ours = {artifact.sha256 for artifact in archives_of(job.release)}
    for path, found in ((channel.current(stream), now), (channel.named(stream, text), named)):
        if found is None or found.version != text or {each.sha256 for each in found.artifacts} != ours:
            raise VerifyError(
                f"{address}: {path} is not this release",
                hint="publish this release, or verify the one that is published",
            )
    timestamp = msgspec.json.decode((state / "timestamp.json").read_bytes(), type=_Signed)
    return timestamp.signed.expires.astimezone(UTC)


class _Content(msgspec.Struct, frozen=True):
    expires: datetime


class _Signed(msgspec.Struct, frozen=True):
    signed: _Content


def _document(client: Updater, path: str) -> _Document | None:
    target = client.get_targetinfo(path)
    if target is None:
        return None
    return msgspec.json.decode(Path(client.download_target(target)).read_bytes(), type=_Document)
