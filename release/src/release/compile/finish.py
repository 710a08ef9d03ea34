"""From what the compiler left to what is shipped: stripped, hardened, and no newer than the product promises."""

import sys
from pathlib import Path

from release import shell
from release.compile import elf
from release.product import Product
from release.progress import Progress


def finish(product: Product, folder: Path, progress: Progress) -> None:
    """Mend the files of a program folder in place; on systems other than Linux and macOS there is nothing to do.

    Args:
        product: whose `build.glibc` says what may be needed.
        folder: of the program, with its libraries.
        progress: told what was mended and what could not be.
    """
    if sys.platform == "linux":
        _strip(folder)
        _lower(folder, elf.version(f"GLIBC_{product.build.glibc}"), progress)
        for path in elf.files(folder):
            if not (elf.harden(path) and elf.is_hardened(path)):
                progress.note(f"{path.name} lacks full RELRO, and leaves no room to ask for it")
    elif sys.platform == "darwin":
        _name(folder)


def _strip(folder: Path) -> None:
    """Take the symbols out of the libraries; the program itself comes stripped from the compiler."""
    # What a wheel brought for its own modules is as its maker left it: taking symbols out again may break it.
    libraries = sorted(
        path
        for path in folder.rglob("*")
        if ".so" in path.suffixes and path.is_file() and not path.relative_to(folder).parts[0].endswith(".libs")
    )
    if libraries:
        shell.run(["strip", "--strip-unneeded", "--enable-deterministic-archives", *libraries])


def _lower(folder: Path, floor: elf.Version, progress: Progress) -> None:
    if not floor:
        return
    new = {binding.module for binding in elf.above(folder, floor) if binding.library == elf.LIBM}
    library = _mathematical_library() if new else None
    if library is None:
        return
    offered = elf.offers(library)
    for module in sorted(new):
        lowered = elf.lower(folder / module, floor, offered)
        if lowered:
            progress.note(f"{module}: bound to an older version of {', '.join(lowered)}, for build.glibc")


def _mathematical_library() -> Path | None:
    """The one that the compiler links against."""
    for compiler in ("cc", "gcc", "clang"):
        if shell.find(compiler) is not None:
            path = Path(shell.run([compiler, f"-print-file-name={elf.LIBM}"]).strip())
            return path if path.is_file() else None
    return None


def _name(folder: Path) -> None:
    """Give each library an identity that Homebrew leaves alone, and sign it again. Not run: needs macOS.

    Homebrew rewrites an identity that does not begin with `@rpath` to a long absolute path, for which the header
    has no room.
    """
    for path in sorted(folder.rglob("*.dylib")):
        shell.run(["install_name_tool", "-id", f"@rpath/{path.name}", path])
        shell.run(["codesign", "--force", "--sign", "-", path])
