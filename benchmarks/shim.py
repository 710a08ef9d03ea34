"""npm's packages of one archive, laid out as clients lay them out, to time the shim against the program."""

import tarfile
from pathlib import Path

from release import manifest
from release.derive import npm as making
from release.model import Artifact, Release
from release.packagers import nothing, npm
from release.product import Product


def laid_out(product: Product, archive: Artifact, archives: Path, folder: Path) -> tuple[Path, Path]:
    """Make the main package and the one of the archive's target in a folder; gives the shim and the program."""
    dist = folder / "dist"
    (dist / manifest.ARTIFACTS).mkdir(parents=True)
    (dist / manifest.ARTIFACTS / archive.file).symlink_to(archives.absolute() / archive.file)
    plan = manifest.read_record(product, archives / f"{archive.file}.json").plan
    package = making.make(product, plan, archive, dist)
    release = Release(plan=plan, artifacts=(archive, package))
    (bundle,) = npm.PACKAGER.bundles(product, product.profiles["local"], release, nothing)
    (folder / "main.tgz").write_bytes(bundle.files[-1].content)  # type: ignore[arg-type]  # it is in memory
    modules = folder / "node_modules"
    for name, file in (
        (npm.main_package(product), folder / "main.tgz"),
        (npm.package_of(product, archive.target), dist / manifest.ARTIFACTS / package.file),
    ):
        with tarfile.open(file) as packed:
            packed.extractall(folder / "unpacked" / name, filter="data")
        (modules / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "unpacked" / name / "package").rename(modules / name)
    shim = modules / npm.main_package(product) / "bin" / f"{product.name}.js"
    return shim, modules / npm.package_of(product, archive.target) / npm.program(product, archive.target)
