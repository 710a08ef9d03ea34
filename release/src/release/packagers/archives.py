"""The archives themselves on the site, the patches to them, and the scripts that install them.

An archive and a patch each have a `.sha256` beside them.
"""

from pathlib import Path

from release import version
from release.model import Artifact, Bundle, File, Hosted, Kind, Packager, Plan, Read, Release, Stage
from release.packagers import installer
from release.product import Product, Profile


def _package(product: Product, _plan: Plan) -> str:
    return product.name


def _takes(artifact: Artifact) -> bool:
    return artifact.kind in {Kind.ARCHIVE, Kind.PATCH}


def _bundles(product: Product, profile: Profile, release: Release, held: Read) -> tuple[Bundle, ...]:
    tag = release.plan.tag
    files: list[File] = []
    for artifact in filter(_takes, release.artifacts):
        line = f"{artifact.sha256}  {artifact.file}\n"
        files += [
            File(
                path=f"{tag}/{artifact.file}",
                content=Path("artifacts") / artifact.file,
                sha256=artifact.sha256,
                frozen=True,
            ),
            File(path=f"{tag}/{artifact.file}.sha256", content=line.encode(), frozen=True),
        ]
    if not files:
        return ()
    files += installer.beside(product, profile, release, held)
    return (
        Bundle(
            outlet="archives",
            package=product.name,
            stage=Stage.ARCHIVES,
            files=tuple(files),
            message=f"{product.name} {release.plan.version.text}",
        ),
    )


def _hosted(hosted: Hosted) -> str:
    return f"github:{hosted.owner}/{hosted.repository}"


PACKAGER = Packager(
    name="archives",
    package=_package,
    spell=version.plain,
    takes=_takes,
    bundles=_bundles,
    always=True,
    local="file:public/site",
    hosted=_hosted,
)
