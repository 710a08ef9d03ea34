"""What a channel has now, and had before: documents that livecheck, checkver, installers and upgrades read.

`channels/STREAM.json` is there to be read by anybody. The same document, and one of every version that can still be
asked for, are targets of the signed site, which the program's own upgrade trusts: docs/signed-channels.md. They go
out last, so they never name what is not public yet. Every time in them is the commit's.
"""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import msgspec

from release import signing, version
from release.errors import VersionIllegalError, WithdrawnError
from release.model import Artifact, Bundle, Edition, File, Kind, Packager, Plan, Read, Release, Stage
from release.packagers import editions, naming
from release.product import Channel, Product, Profile, Version
from release.signing import roles

SCHEMA = 2
# Versions of a channel that moves with every commit, and of all snapshots together, that can be asked for by name.
LASTING, PASSING = 20, 200


def _package(_product: Product, plan: Plan) -> str:
    return naming.stream(plan)


def _takes(artifact: Artifact) -> bool:
    return artifact.kind in {Kind.ARCHIVE, Kind.PATCH}


def current(stream: str) -> str:
    """The path of what a channel has now."""
    return f"channels/{stream}.json"


def named(stream: str, text: str) -> str:
    """The path of one version of a channel."""
    return f"channels/{stream}/{text}.json"


def _bundles(product: Product, profile: Profile, release: Release, held: Read) -> tuple[Bundle, ...]:
    plan = release.plan
    stream = naming.stream(plan)
    trust = signing.trust(product, profile)
    files = (
        signed(product, profile, release, held, trust, datetime.now(UTC))
        if trust
        else (_unsigned(product, profile, release, held),)
    )
    return (
        Bundle(
            outlet="channel",
            package=stream,
            stage=Stage.CHANNEL,
            edition=Edition(version=plan.version),
            files=files,
            message=f"{stream} is {plan.version.text}",
            remark=f"signed with throwaway keys (folder {signing.THROWAWAY})" if trust and trust.throwaway else "",
        ),
    )


def _unsigned(product: Product, profile: Profile, release: Release, held: Read) -> File:
    """What a stream has with a release, where nothing is signed or whoever looks has no keys."""
    stream = naming.stream(release.plan)
    gone = withdrawn(held(current(stream)))
    _refuse_withdrawn(release.plan, gone)
    return _plain(stream, document(product, profile, release), gone)


def signed(
    product: Product, profile: Profile, release: Release, held: Read, trust: signing.Trust, now: datetime
) -> tuple[File, ...]:
    """The files of the signed site with a release on it, for a place that holds a site already, or nothing.

    Raises:
        WithdrawnError: the version was withdrawn.
        SiteBrokenError: what the place holds is not what was published there.
        KeyMissingError, KeyUnfitError, PassphraseError: a signature is needed, and cannot be made.
    """
    from release.signing import repository

    plan = release.plan
    stream = naming.stream(plan)
    site = repository.opened(trust.public, held, roles.delegation(plan.channel).name)
    gone = withdrawn(site.content(current(stream)))
    _refuse_withdrawn(plan, gone)
    alone = document(product, profile, release)
    plain = _plain(stream, alone, gone)
    wanted = {plain.path: bytes_of(plain), named(stream, plan.version.text): written(alone)}
    passed = outlived(plan.channel, {*site.targets, *wanted})
    return (*repository.sealed(site, wanted, passed, trust.sign, roles.table(product), now), plain)


# --- documents ---------------------------------------------------------------------------------------------


def document(product: Product, profile: Profile, release: Release) -> dict[str, object]:
    """What a version is and where its archives are, before anything is withdrawn."""
    plan = release.plan
    patches = [artifact for artifact in release.artifacts if artifact.kind is Kind.PATCH]
    return {
        "schema": SCHEMA,
        "name": product.name,
        "channel": plan.channel.value,
        "stream": naming.stream(plan),
        "version": plan.version.text,
        "tag": plan.tag,
        "commit": plan.commit,
        "published": datetime.fromtimestamp(plan.committed_at, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "withdrawn": [],
        "artifacts": [
            {
                "target": artifact.target.name,
                **_file(profile, plan, artifact),
                "glibc": artifact.glibc,
                "tar": {"sha256": artifact.tar.sha256, "size": artifact.tar.size} if artifact.tar else None,
                "patches": [
                    {"from": each.base.version, "from_tar": each.base.sha256, **_file(profile, plan, each)}
                    for each in patches
                    if each.base is not None and each.made_from == artifact.file
                ],
            }
            for artifact in release.artifacts
            if artifact.kind is Kind.ARCHIVE
        ],
    }


def _file(profile: Profile, plan: Plan, artifact: Artifact) -> dict[str, object]:
    urls = naming.archive_urls(profile, plan, artifact.file)
    return {
        "file": artifact.file,
        "url": urls[0],
        "urls": list(urls),
        "size": artifact.size,
        "sha256": artifact.sha256,
    }


def written(content: Mapping[str, object]) -> bytes:
    """A document as its file."""
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()


def _plain(stream: str, alone: Mapping[str, object], gone: tuple[str, ...]) -> File:
    """What a stream has now, where anybody reads it."""
    return File(path=current(stream), content=written({**alone, "withdrawn": list(gone)}))


def bytes_of(file: File) -> bytes:
    """The content of a rendered file."""
    if isinstance(file.content, bytes):
        return file.content
    raise AssertionError(file)


class _Withdrawn(msgspec.Struct):
    withdrawn: tuple[str, ...] = ()


def withdrawn(held: bytes | None) -> tuple[str, ...]:
    """The versions that a channel's document says were withdrawn; none where there is no document."""
    try:
        return msgspec.json.decode(held or b"{}", type=_Withdrawn).withdrawn
    except msgspec.MsgspecError:
        return ()  # not ours, and replaced


def _refuse_withdrawn(plan: Plan, withdrawn: tuple[str, ...]) -> None:
    if plan.version.text in withdrawn:
        raise WithdrawnError(
            f"{plan.version.text} was withdrawn from {naming.stream(plan)}",
            hint="release a new commit: nobody is given this version again",
        )


def versions(paths: Iterable[str], stream: str, *, before: Version | None = None) -> tuple[str, ...]:
    """The versions of a stream that can be asked for by name, newest first; only those that are older than one."""
    folder = f"channels/{stream}/"
    texts = [path.removeprefix(folder).removesuffix(".json") for path in paths if path.startswith(folder)]
    found = [each for each in map(_parsed, texts) if each is not None]
    older = [each for each in found if before is None or version.order(each) < version.order(before)]
    return tuple(each.text for each in sorted(older, key=version.order, reverse=True))


def _parsed(text: str) -> Version | None:
    try:
        return version.parse(text)
    except VersionIllegalError:
        return None


def outlived(channel: Channel, paths: set[str]) -> frozenset[str]:
    """The paths that a channel's role names no longer: of what moves with every commit, the newest versions stay."""
    if channel.is_tagged:
        return frozenset()
    dated = [path for path in paths if path.count("/") > 1]
    newest = sorted(dated, key=_order, reverse=True)
    kept = set(newest[: LASTING if channel is Channel.DEV else PASSING])
    streams = {path.split("/")[1] for path in kept}
    fallen = {path for path in paths if path not in kept and path.removesuffix(".json").split("/")[1] not in streams}
    return frozenset({path for path in dated if path not in kept} | fallen)


def _order(path: str) -> tuple[int, ...]:
    found = _parsed(path.rpartition("/")[2].removesuffix(".json"))
    return version.order(found) if found else ()


_VERSION = re.compile(r'^  "version": "([^"]+)"', re.MULTILINE)


def _edition(bundle: Bundle, read: Read) -> Edition | None:
    return editions.found(read(current(bundle.package)), _VERSION)


PACKAGER = Packager(
    name="channel",
    package=_package,
    spell=version.plain,
    takes=_takes,
    bundles=_bundles,
    edition=_edition,
    table=roles.Signing,
    always=True,
    local="file:public/site",
    hosted=naming.site,
)
