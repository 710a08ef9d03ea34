"""The small file that says what a channel's version is: livecheck, checkver and installers read it.

It goes out last, so it never names what is not public yet. Every time in it is the commit's.
"""

import json
import re
from datetime import UTC, datetime

from release import version
from release.model import Artifact, Bundle, Edition, File, Kind, Packager, Plan, Product, Profile, Read, Release, Stage
from release.packagers import editions, naming

SCHEMA = 1


def _package(_product: Product, plan: Plan) -> str:
    return naming.stream(plan)


def _takes(artifact: Artifact) -> bool:
    return artifact.kind is Kind.ARCHIVE


def _bundles(product: Product, profile: Profile, release: Release, _held: Read) -> tuple[Bundle, ...]:
    plan = release.plan
    stream = naming.stream(plan)
    document = {
        "schema": SCHEMA,
        "name": product.name,
        "channel": plan.channel.value,
        "version": plan.version.text,
        "tag": plan.version.tag,
        "commit": plan.commit,
        "published": datetime.fromtimestamp(plan.committed_at, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "artifacts": [
            {
                "target": artifact.target.name,
                "file": artifact.file,
                "url": naming.archive_url(profile, plan.version.tag, artifact.file),
                "size": artifact.size,
                "sha256": artifact.sha256,
                "glibc": artifact.glibc,
            }
            for artifact in filter(_takes, release.artifacts)
        ],
    }
    content = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    return (
        Bundle(
            outlet="channel",
            package=stream,
            stage=Stage.CHANNEL,
            edition=Edition(version=plan.version),
            files=(File(path=f"channels/{stream}.json", content=content.encode()),),
            message=f"{stream} is {plan.version.text}",
        ),
    )


_VERSION = re.compile(r'^  "version": "([^"]+)"', re.MULTILINE)


def _edition(bundle: Bundle, read: Read) -> Edition | None:
    return editions.found(read(f"channels/{bundle.package}.json"), _VERSION)


PACKAGER = Packager(
    name="channel", package=_package, spell=version.npm, takes=_takes, bundles=_bundles, edition=_edition
)
