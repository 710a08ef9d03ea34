"""The verb render: what packagers.bundles makes of a release, on disk for people to read; pushes nothing."""

from collections.abc import Sequence
from pathlib import Path

from release import disk
from release.model import Bundle

FOLDER = "rendered"  # of the results: what every outlet gets, to be read


def write(bundles: Sequence[Bundle], out: Path) -> tuple[Path, ...]:
    """Write the rendered files of all bundles below `out`/OUTLET/PACKAGE.

    Artifacts are left where they are: they are not rendered.
    """
    disk.claimed(out)
    written = []
    for bundle in bundles:
        for file in bundle.files:
            if isinstance(file.content, bytes):
                path = out / bundle.outlet / bundle.package / file.path
                disk.write(path, file.content)
                written.append(path)
    return tuple(written)
