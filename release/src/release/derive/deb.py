"""A Debian package out of an archive: the same bytes in the places of a Debian system, the same file every time."""

import gzip
import hashlib
import os
import shutil
import tarfile
from pathlib import Path

from release import disk, manifest, shell
from release.model import Artifact, Kind, Plan
from release.packagers import installed, naming, units
from release.packagers.deb import control, file_name
from release.product import Product


def make(product: Product, plan: Plan, archive: Artifact, dist: Path) -> Artifact:
    """Make the package; it comes to lie beside the archive.

    Raises:
        ProgramFailedError: dpkg-deb refused.
        DiskFullError, WriteError: the files could not be written.
    """
    work = disk.emptied(dist / "build" / f"{archive.target.name}-deb")
    root = work / "root"
    with disk.guarded(work):
        with tarfile.open(dist / manifest.ARTIFACTS / archive.file) as packed:
            packed.extractall(work / "archive", filter="data")
        _laid_out(product, plan, work / "archive" / naming.folder(product), root)
        _described(product, plan, archive, root)
        _timed(root, plan.committed_at)
    name = file_name(product, plan, archive.target.arch)
    path = dist / manifest.ARTIFACTS / name
    with disk.replacing(path) as partial:
        shell.run(
            ["dpkg-deb", "--root-owner-group", "-Zxz", "--build", root, partial],
            env={"SOURCE_DATE_EPOCH": str(plan.committed_at), "LC_ALL": "C"},
        )
    shutil.rmtree(work)
    return Artifact(
        file=name,
        kind=Kind.DEB,
        target=archive.target,
        made_from=archive.file,
        size=path.stat().st_size,
        sha256=disk.sha256(path),
        glibc=archive.glibc,
        libraries=archive.libraries,
        fake=archive.fake,
    )


def _laid_out(product: Product, plan: Plan, content: Path, root: Path) -> None:
    """The content of an archive in the folders of Debian's policy."""
    name, package = product.name, naming.package(product, plan)
    library, share = root / "usr" / "lib" / name, root / "usr" / "share"
    library.parent.mkdir(parents=True)
    (content / name).rename(library)
    disk.write(library / installed.FILE, (installed.receipt(product, plan, method="deb", profile=None) + "\n").encode())
    (root / "usr" / "bin").mkdir()
    for command in product.commands:
        (root / "usr" / "bin" / command).symlink_to(f"../lib/{name}/{product.executable}")
    _spread(content, share)
    if product.service is not None:
        disk.write(root / "usr/lib/systemd/user" / f"{name}.service", units.user_unit(product).encode())
    # What is left are texts: the licence, README, licences of libraries. Debian's name for the first is copyright.
    texts = share / "doc" / package
    texts.parent.mkdir(parents=True, exist_ok=True)
    content.rename(texts)
    (texts / product.license_file.rpartition("/")[2]).rename(texts / "copyright")


def _spread(content: Path, share: Path) -> None:
    """Completions and manual pages, of each command that has some, where shells and man look for them."""
    for file in sorted(content.glob("completions/*")):
        match file.suffix:
            case ".bash":
                into = share / "bash-completion" / "completions" / file.stem
            case ".fish":
                into = share / "fish" / "vendor_completions.d" / file.name
            case _:
                into = share / "zsh" / "vendor-completions" / file.name
        into.parent.mkdir(parents=True, exist_ok=True)
        file.rename(into)
    for page in sorted(content.glob("man/*")):
        # Debian's policy wants it packed; without a time, so that the same page is the same file.
        packed = gzip.compress(page.read_bytes(), 9, mtime=0)
        disk.write(share / "man" / f"man{page.suffix[1:2]}" / f"{page.name}.gz", packed)
    for empty in ("completions", "man"):
        shutil.rmtree(content / empty, ignore_errors=True)


def _described(product: Product, plan: Plan, archive: Artifact, root: Path) -> None:
    """The control file, and the digests that `dpkg --verify` reads."""
    files = sorted(path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    digests = "".join(
        # MD5 is what this file is made of; apt itself compares the SHA-256 of the whole package.
        f"{hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()}  {path.relative_to(root)}\n"
        for path in files
    )
    disk.write(root / "DEBIAN" / "control", control(product, plan, archive).encode())
    disk.write(root / "DEBIAN" / "md5sums", digests.encode())


def _timed(root: Path, moment: int) -> None:
    """One time and plain permissions for everything, whatever the umask was."""
    for path in (*root.rglob("*"), root):
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if executable else 0o644)
        os.utime(path, (moment, moment), follow_symlinks=False)
