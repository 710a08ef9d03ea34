"""How the copy of an installer lies on the disk: a folder for every version, and one link that says which counts.

    DIR/iterate -> .iterate/1.2.3/iterate/iterate/iterate     what people run; a relative link
    DIR/.iterate/1.2.3/...                                    the archive as it was, and a receipt beside the program
    DIR/.iterate/previous -> 1.2.2                            what a roll-back leads to
    DIR/.iterate/lock, lock.d                                 held by whoever installs, upgrades or removes

On Windows `DIR/.iterate` is the folder of the product, and a junction `current` takes the place of the link: it leads
to the folder of the version.
"""

import os
import secrets
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from iterate.errors import NotReplaceable

NEW, OLD = ".new-", ".old-"
PREVIOUS, CURRENT = "previous", "current"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The folders of one copy.

    Attributes:
        store: holds the versions.
        version: the folder of the version whose program this is.
        inner: the program's path below a version's folder.
        link: what is switched.
    """

    store: Path
    version: Path
    inner: Path
    link: Path

    @property
    def lock(self) -> Path:
        """The file whose lock is held."""
        return self.store / "lock"

    @property
    def previous(self) -> Path | None:
        """The folder of the version before; None when there is none."""
        folder = self._led_to(self.store / PREVIOUS)
        return folder if folder is not None and (folder / self.inner).is_file() else None

    @property
    def current(self) -> Path | None:
        """The folder of the version that the link leads to; None when it leads nowhere."""
        try:
            target = self.link.resolve(strict=True)
        except OSError:
            return None
        return next((each for each in (target, *target.parents) if each.parent == self.store), None)

    def versions(self) -> list[Path]:
        """The folders of all versions that are there."""
        return sorted(
            each
            for each in self.store.iterdir()
            if not each.name.startswith(".") and not is_link(each) and (each / self.inner).is_file()
        )

    def free(self, version: str, used: set[Path]) -> Path:
        """Where to put a version: under its own name, unless what is there under that name is used."""
        number = 0
        while True:
            folder = self.store / (f"{version}~{number}" if number else version)
            if folder not in used:
                return folder
            number += 1

    def switch(self, folder: Path) -> None:
        """Let the link lead to the version in that folder: one rename. Raises `OSError`."""
        if sys.platform == "win32":
            _link(self.link, folder)
        else:
            _link(self.link, folder.relative_to(self.link.parent) / self.inner)

    def keep(self, folder: Path) -> None:
        """Let `previous` lead to that folder. Raises `OSError`."""
        _link(self.store / PREVIOUS, folder if sys.platform == "win32" else Path(folder.name))

    def _led_to(self, link: Path) -> Path | None:
        try:
            folder = link.resolve(strict=True)
        except OSError:
            return None
        return folder if folder.parent == self.store else None


def layout_of(program: Path) -> Layout:
    """The folders around a program, given as its real file; raises `NotReplaceable` when it does not lie as above."""
    name = program.stem if sys.platform == "win32" else program.name
    for folder in program.parents:
        store = folder.parent
        link = store / CURRENT if sys.platform == "win32" else store.parent / name
        # On Windows the folder of the versions is the one that was given to the installer, whatever it is called.
        is_store = sys.platform == "win32" or store.name == f".{name}"
        if is_store and is_link(link):
            return Layout(store=store, version=folder, inner=program.relative_to(folder), link=link)
    raise NotReplaceable(
        f"{program} does not lie as the installer puts it, so that it cannot be replaced in one step",
        "install it again with the installer",
    )


def is_link(path: Path) -> bool:
    """Whether a path is a link, or a junction of Windows."""
    return path.is_symlink() or path.is_junction()


def sync(folder: Path) -> None:
    """Let the names in a folder survive a power failure, where the system can."""
    if sys.platform == "win32":
        return
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


if sys.platform == "win32":

    def _link(link: Path, target: Path) -> None:
        """Let a junction lead elsewhere. Windows cannot replace one in one step: for a moment it is not there."""
        import _winapi

        new = link.with_name(f"{NEW}link-{secrets.token_hex(4)}")
        _winapi.CreateJunction(str(target), str(new))
        with suppress(FileNotFoundError):
            link.rmdir()
        new.rename(link)

else:

    def _link(link: Path, target: Path) -> None:
        """Let a link lead elsewhere in one step: there is a moment with the old one, and then the new one."""
        new = link.with_name(f"{NEW}link-{secrets.token_hex(4)}")
        try:
            new.symlink_to(target)
            new.replace(link)
        except BaseException:
            with suppress(OSError):
                new.unlink()
            raise
        sync(link.parent)
