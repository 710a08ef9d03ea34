"""The verb render: what packagers.bundles makes of a release, on disk for people to read; pushes nothing."""

from collections.abc import Sequence
from pathlib import Path
from typing import assert_never

from release import disk
from release.model import Bundle, Place


def write(bundles: Sequence[Bundle], out: Path) -> tuple[Path, ...]:
    """Write the rendered files of all bundles below `out`/OUTLET, or `out`/OUTLET/PACKAGE on the AUR.

    Archives are left where they are: they are not rendered.
    """
    written = []
    for bundle in bundles:
        for file in bundle.files:
            if isinstance(file.content, bytes):
                path = out / folder(bundle) / file.path
                disk.write(path, file.content)
                written.append(path)
    return tuple(written)


def folder(bundle: Bundle) -> Path:
    """Where a bundle lies below the output folder."""
    match bundle.place:
        case Place.SITE | Place.CHANNEL | Place.TAP | Place.BUCKET:
            return Path(bundle.outlet)
        case Place.AUR | Place.NOWHERE:
            return Path(bundle.outlet, bundle.package)
        case _ as never:
            assert_never(never)
