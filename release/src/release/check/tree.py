"""The files of a project that git knows: what a build begins with, without what lies around beside it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from release.git.checkout import Checkout


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A folder, and the files below it by their paths from there, with slashes."""

    root: Path
    files: tuple[str, ...]

    @staticmethod
    def of(checkout: Checkout, folder: Path) -> "Tree":
        """The tracked files below a folder of a checkout."""
        prefix = checkout.named(folder) or "."
        inside = [] if prefix == "." else ["--", f":(top,literal){prefix}"]
        listed = checkout.git.output("ls-files", "-z", "--full-name", *inside)
        names = [os.fsdecode(each) for each in listed.split(b"\0") if each]
        return Tree(root=folder, files=tuple(name.removeprefix(f"{prefix}/") for name in names))

    def modules(self) -> dict[str, str]:
        """The top-level modules and packages by name, with where each lies: a folder, or a file."""
        return dict(self._found())

    def _found(self) -> Iterator[tuple[str, str]]:
        folders = {str(PurePosixPath(file).parent) for file in self.files if file.endswith("/__init__.py")}
        for folder in sorted(folders):
            parent, _, name = folder.rpartition("/")
            if name.isidentifier() and parent not in folders:
                yield name, folder
        for file in self.files:
            parent, _, name = file.rpartition("/")
            if name.endswith(".py") and parent in {"", "src"} and name[:-3].isidentifier():
                yield name[:-3], file

    def root_of(self, module: str) -> str:
        """Where a module or package lies, be it a namespace: the file or folder least deep; empty for nowhere."""
        path = module.replace(".", "/")
        found = [file for file in self.files if f"/{file}".endswith(f"/{path}.py")]
        for file in self.files:
            before, inside, _ = f"/{file}".partition(f"/{path}/")
            if inside:
                found.append(f"{before}/{path}".removeprefix("/"))
        return min(found, key=len, default="")

    def importable(self) -> frozenset[str]:
        """Every name that a folder or a module below has: a namespace package is but a folder, wherever it lies."""
        found: set[str] = set()
        for file in self.files:
            if file.endswith((".py", ".pyi")):
                *folders, name = file.split("/")
                found |= {*folders, name.partition(".")[0]}
        return frozenset(found)

    @property
    def compiles(self) -> bool:
        """Whether there are sources in it that only a build makes modules of."""
        return any(file.endswith((".pyx", ".c", ".cc", ".cpp", ".rs", ".f90")) for file in self.files)

    def below(self, folder: str) -> tuple[str, ...]:
        """The files below one of its folders."""
        return tuple(file for file in self.files if file.startswith(f"{folder}/"))
