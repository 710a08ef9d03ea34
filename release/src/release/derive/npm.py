"""An npm package out of an archive: the same files below `package/`, with what npm wants to know beside them.

Made here and not by `npm pack`, which drops links, and needs node.
"""

import os
import shutil
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from release import disk, manifest
from release.errors import ReleaseCorruptError
from release.model import Artifact, Kind, Plan
from release.packagers import installed, naming, tarball
from release.packagers.npm import described, file_name, package_of, program
from release.packagers.tarball import Entry
from release.product import Product


def make(product: Product, plan: Plan, archive: Artifact, dist: Path) -> Artifact:
    """Make the package; it comes to lie beside the archive.

    Raises:
        ReleaseCorruptError: the archive is not laid out as one, or holds what no package of npm can.
        DiskFullError, WriteError: the files could not be written.
    """
    work = disk.emptied(dist / "build" / f"{archive.target.name}-npm")
    name = file_name(package_of(product, archive.target), plan)
    path = dist / manifest.ARTIFACTS / name
    with disk.guarded(work):
        _unpacked(dist / manifest.ARTIFACTS / archive.file, work)
        content = work / naming.folder(product)
        entries = (*_packed(content, archive), *described(product, plan, archive.target), _receipt(product, plan))
        if not any(entry.path == program(product, archive.target) for entry in entries):
            raise _unfit(archive, f"there is no {program(product, archive.target)} in it")
        with disk.replacing(path) as partial, partial.open("wb") as file:
            try:
                tarball.write(file, {entry.path: entry for entry in entries}.values(), mtime=plan.committed_at)
            except ValueError as error:
                raise _unfit(archive, str(error)) from None
            file.flush()
            os.fsync(file.fileno())
        shutil.rmtree(work)
    return Artifact(
        file=name,
        kind=Kind.NPM,
        target=archive.target,
        made_from=archive.file,
        size=path.stat().st_size,
        sha256=disk.sha256(path),
        glibc=archive.glibc,
        libraries=archive.libraries,
        fake=archive.fake,
    )


def _unpacked(archive: Path, into: Path) -> None:
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(into)  # noqa: S202  # our own archive, its digest was compared
        return
    with tarfile.open(archive) as packed_tar:
        packed_tar.extractall(into, filter="data")


def _packed(content: Path, archive: Artifact) -> Iterator[Entry]:
    """Every file of an archive; a link to a file becomes that file, because clients drop links without a word.

    Raises:
        ReleaseCorruptError: a link leads nowhere, or to a folder.
    """
    for path in sorted(content.rglob("*")):
        name = path.relative_to(content).as_posix()
        if path.is_symlink() and not path.is_file():
            raise _unfit(archive, f"{name} is a link to something else than a file")
        if path.is_file():
            executable = bool(path.stat().st_mode & 0o100) or path.suffix == archive.target.program_suffix != ""
            yield Entry(path=name, content=path, executable=executable)


def _receipt(product: Product, plan: Plan) -> Entry:
    text = installed.receipt(product, plan, method="npm", profile=None)
    return Entry(path=f"{product.name}/{installed.FILE}", content=f"{text}\n".encode())


def _unfit(archive: Artifact, why: str) -> ReleaseCorruptError:
    return ReleaseCorruptError(
        f"{archive.file} does not become a package of npm: {why}", hint="build that target again, and merge again"
    )
