"""The archives themselves on the site, each with a `.sha256` beside it; refuses no target."""

from pathlib import Path

from release import rehearsal, version
from release.model import Bundle, File, Packager, Place, Plan, Product, Profile, Release, Target


def _package(product: Product, _plan: Plan) -> str:
    return product.name


def _takes(_target: Target) -> bool:
    return True


def _bundles(product: Product, _profile: Profile, release: Release) -> tuple[Bundle, ...]:
    tag = release.plan.version.tag
    files: list[File] = []
    for artifact in release.artifacts:
        line = f"{artifact.sha256}  {artifact.file}\n"
        files += [
            File(
                path=f"{tag}/{artifact.file}",
                content=Path("artifacts") / artifact.file,
                sha256=artifact.sha256,
            ),
            File(path=f"{tag}/{artifact.file}.sha256", content=line.encode()),
        ]
    if not files:
        return ()
    if release.rehearsal:
        files.append(File(path=f"{tag}/{rehearsal.MARKER}", content=rehearsal.marker(release)))
    return (
        Bundle(
            outlet="archives",
            package=product.name,
            place=Place.SITE,
            files=tuple(files),
            message=f"{product.name} {release.plan.version.text}",
            frozen=True,
        ),
    )


PACKAGER = Packager(name="archives", package=_package, spell=version.npm, takes=_takes, bundles=_bundles)
