"""How far a compile is: read off what Nuitka prints and off the files that it leaves, without slowing it down."""

import re
from pathlib import Path

_SAID = re.compile(r"Nuitka: (\w.*?)(?: with:|\.)")
_PASS = re.compile(r"PASS (\d+):")
_MODULE = re.compile(r"Optimizing module '.*', (\d+) more modules to go")
_STAGES = {
    "Starting Python compilation": "reading the modules",
    "Completed Python level compilation and optimization": "modules are optimised",
    "Generating source code for C backend compiler": "writing C",
    "Running data composer tool for optimal constant value handling": "packing constants",
}
_C = "C compiler"


class Stage:
    """What a compiler is at.

    Attributes:
        text: in a few words.
        done, total, unit: how far; a total of 0 is unknown.
    """

    def __init__(self, log: Path, folder: Path) -> None:
        """Follow a log of Nuitka, and the folder where its C files come to lie."""
        self.text = "starting"
        self.done = self.total = 0
        self.unit = ""
        self._log = log
        self._folder = folder
        self._read = 0
        self._rest = b""

    def look(self) -> "Stage":
        """Read what is new."""
        with self._log.open("rb") as log:
            log.seek(self._read)
            new = log.read()
        self._read += len(new)
        *whole, self._rest = (self._rest + new).split(b"\n")
        for line in whole:
            self._take(line.decode(errors="replace").strip())
        if self.text == _C:
            self._count()
        return self

    def _take(self, line: str) -> None:
        if found := _MODULE.search(line):
            self.done += 1
            self.total, self.unit = self.done + int(found[1]), ""
        elif found := _PASS.search(line):
            again = "" if found[1] == "1" else " again"
            self.text, self.done, self.total = f"modules{again}", 0, 0
        elif "Running C compilation" in line:
            self.text, self.done, self.total, self.unit = _C, 0, 0, "files"
        elif "Backend C linking" in line:
            self.text, self.done, self.total = "linking", 0, 0
        elif (said := _SAID.fullmatch(line)) and said[1] in _STAGES:
            self.text, self.done, self.total = _STAGES[said[1]], 0, 0

    def _count(self) -> None:
        """C files that have become objects: scons tells nobody who is no terminal."""
        self.total = sum(1 for _ in self._folder.rglob("*.c"))
        self.done = min(self.total, sum(1 for _ in self._folder.rglob("*.o*")))
