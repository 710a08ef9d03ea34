"""The verb run: all the others, one after another, with local outlets."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from release import compile as compiling
from release import derive, disk, manifest, merge, packagers, plan, publish, render, verify
from release.model import Plan, Release
from release.product import Product, Target
from release.progress import Progress
from release.publish import Published
from release.verify.check import Check, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """What a whole run came to; without checks where publishing failed."""

    release: Release
    rendered: tuple[Path, ...]
    published: Published
    checks: tuple[Check, ...]
    seconds: float

    @property
    def is_good(self) -> bool:
        """Whether nothing was refused, and nothing failed."""
        return not self.published.failures and all(check.result is not Result.FAILED for check in self.checks)

    def as_json(self, product: Product) -> dict[str, object]:
        """For programs."""
        return {
            "plan": plan.as_json(product, self.release.plan),
            "release": manifest.as_json(product, self.release),
            "rendered": [str(path) for path in self.rendered],
            "receipts": [asdict(receipt) for receipt in self.published.receipts],
            "checks": [asdict(check) for check in self.checks],
            "seconds": round(self.seconds, 1),
        }


def run(
    product: Product,
    planned: Plan,
    targets: Sequence[Target],
    dist: Path,
    *,
    stand_in: bool,
    allow_older: bool,
    progress: Progress,
) -> Whole:
    """Build, merge, derive, render, publish and verify.

    Args:
        product: what release.toml says.
        planned: what to release.
        targets: what to build of it.
        dist: folder of results.
        stand_in: make fakes instead of compiling.
        allow_older: replace newer versions at the places, too.
        progress: told what is going on.

    Raises:
        ReleaseError: a step before publishing failed.
    """
    start, profile = time.monotonic(), product.profiles["local"]
    disk.emptied(disk.claimed(dist) / manifest.ARTIFACTS)
    compiling.build(product, planned, targets, dist, stand_in=stand_in, progress=progress)
    with progress.begin("merge", is_quiet=True):
        merge.merge(product, planned, dist, partial=True)
    release = derive.derive(product, profile, dist, partial=True, progress=progress)
    with progress.begin("render", is_quiet=True):
        rendered = render.write(packagers.bundles(product, profile, release), disk.emptied(dist / render.FOLDER))
    published = publish.publish(product, profile, release, dist, allow_older=allow_older, progress=progress)
    checks = () if published.failures else verify.verify(product, profile, release, dist, progress=progress)
    seconds = time.monotonic() - start
    return Whole(release=release, rendered=rendered, published=published, checks=checks, seconds=seconds)
