"""Lays beside a program what the compiler did not put into it: modules that no import names, data and metadata.

The product's own Python runs this file (its bytecode is that Python's), so it imports nothing of ours. The first word
is a file with the orders, as JSON; what was laid is printed as JSON.
"""

import csv
import importlib.machinery
import io
import json
import marshal
import re
import shutil
import sys
import sysconfig
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import metadata, util
from pathlib import Path, PurePosixPath

# Folder of the modules that can be started with -m: what the program itself holds cannot become `__main__`.
STARTED = "_started"
# In it: the packages in the program that are folders only, which a listing of modules does not show.
NAMESPACES = "namespaces.txt"
# Parts of the standard library that are no library, and what needs programs that are not inside.
NOT_CARRIED = {
    "ensurepip",
    "idlelib",
    "lib2to3",
    "pydoc_data",
    "site-packages",
    "test",
    "tkinter",
    "turtle.py",
    "turtledemo",
}
_METADATA_LEFT_OUT = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "uv_build.json"}
_LICENCE = re.compile(r"(?i)(?:licen[cs]e|copying|notice|authors)")
# What `release.wheel.FILE` begins with: the product's script files, which nothing imports.
_SCRIPT = "_script_"
_IS_STARTED = re.compile(
    rb"""^if\s+__name__\s*==\s*["']__main__["']|^if\s+["']__main__["']\s*==\s*__name__""", re.MULTILINE
)
_ABOUT_MODULES = {".pyi", ".c", ".cc", ".cpp", ".pyx", ".pxd"}
_NAME = re.compile(r"[^\W\d]\w*")


# --- what is changed in the sources of others --------------------------------------------------------------

# A variable with an empty name cannot be set, so asking for it gives the default.
_ASKED = re.compile(r"""(os\.(?:environ\.get|getenv)\(\s*)(["'])PYTHON\w+\2""")

# Nuitka's loader gives resources as objects of its own, which are no paths and lack half of what paths have.
_READER = "    spec = wrap_spec(package)\n"
_REAL_PATHS = """\
    where = package.__spec__
    if getattr(where.loader, "__name__", "") == "nuitka_module_loader" and where.submodule_search_locations:
        return pathlib.Path(where.submodule_search_locations[0])
"""

# And it has no code to run a module by its name with.
_CODE = "loader.get_code(mod_name)"
_STARTED_CODE = f"{_CODE} if hasattr(loader, 'get_code') else __import__('_release_finder').code(mod_name)"


def changed(name: str, source: str) -> str:
    """The source of a module as it goes into a program: Python's own, where the program is no folder of files.

    start.c tells the interpreter to read no `PYTHON*` variable, but zoneinfo and sysconfig ask for theirs all the same.
    """
    if name in {"importlib.resources._common", "importlib_resources._common"}:
        source = source.replace(_READER, _REAL_PATHS + _READER)
    if name == "runpy":
        source = source.replace(_CODE, _STARTED_CODE)
    return _ASKED.sub(r'\1""', source) if name.partition(".")[0] in sys.stdlib_module_names else source


# --- what to do --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Orders:
    """What to lay.

    Attributes:
        folder: of the program.
        report: Nuitka's, of the modules that are in it.
        product: folder of the unpacked wheel.
        installed: folder of the installed distributions.
        own: canonical name of the product's distribution.
        needed: canonical names of the others that belong to it.
        left_out: modules that stay out, with all below them.
        whole: also lay modules and data of the others, and what -m can start.
        library: also lay the standard library.
        optimize: 1 for bytecode without asserts, 2 for one without docstrings too.
    """

    folder: Path
    report: Path
    product: Path
    installed: Path
    own: str
    needed: tuple[str, ...]
    left_out: tuple[str, ...]
    whole: bool
    library: bool
    optimize: int


@dataclass
class Laid:
    """What was laid so far."""

    modules: int = 0
    data: int = 0
    distributions: list[str] = field(default_factory=list)


def lay(orders: Orders) -> Laid:
    """Lay all of it."""
    laid, inside = Laid(), _inside(orders.report)
    (orders.folder / STARTED).mkdir(exist_ok=True)
    (orders.folder / STARTED / NAMESPACES).write_text("".join(f"{name}\n" for name in sorted(inside.namespaces)))
    found = metadata.distributions(path=[str(orders.product), str(orders.installed)])
    for distribution in sorted(found, key=lambda each: _canonical(each.name)):
        name = _canonical(distribution.name)
        if name == orders.own or name in orders.needed:
            _lay_one(_Layer(orders, laid, inside.names, of_product=name == orders.own), distribution)
            laid.distributions.append(name)
    if orders.library:
        _lay_library(_Layer(orders, laid, inside.names, of_product=False))
    return laid


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@dataclass(frozen=True)
class _Inside:
    """The modules that are in the program."""

    names: frozenset[str]
    namespaces: frozenset[str]


def _inside(report: Path) -> _Inside:
    modules = list(ET.parse(report).getroot().iter("module"))  # noqa: S314  # Our own compiler wrote it.
    return _Inside(
        names=frozenset(module.get("name", "") for module in modules),
        namespaces=frozenset(module.get("name", "") for module in modules if "Namespace" in module.get("kind", "")),
    )


# --- one distribution --------------------------------------------------------------------------------------


def _lay_one(layer: "_Layer", distribution: metadata.Distribution) -> None:
    files = {
        PurePosixPath(str(each)): Path(str(each.locate()))
        for each in distribution.files or ()
        if ".." not in each.parts and each.parts[0] != "__pycache__"
    }
    described = {path: file for path, file in files.items() if path.parts[0].endswith((".dist-info", ".egg-info"))}
    rest = {path: file for path, file in files.items() if path not in described and "__pycache__" not in path.parts}
    layer.describe(described, _top_levels(rest))
    if layer.of_product or layer.orders.whole:
        layer.lay(rest)
    layer.list(files, next(iter(described)).parts[0] if described else "")


def _top_levels(files: Iterable[PurePosixPath]) -> list[str]:
    names = {path.parts[0].partition(".")[0] for path in files if len(path.parts) > 1 or _is_module(path.name)}
    return sorted(name for name in names if _NAME.fullmatch(name))


def _is_module(name: str) -> bool:
    return name.endswith((".py", *importlib.machinery.EXTENSION_SUFFIXES))


def _named(path: PurePosixPath) -> str:
    """The module that a file is; empty for one that can have no name."""
    stem = path.name.partition(".")[0]
    parts = [*path.parent.parts, *([] if stem == "__init__" else [stem])]
    return ".".join(parts) if parts and all(_NAME.fullmatch(part) for part in parts) else ""


def is_about_a_module(path: PurePosixPath, files: Iterable[PurePosixPath]) -> bool:
    """Whether a file is of no use to the program: types of a module beside it, or the source it was compiled from.

    Where no such module is, it may be what the program itself reads: a checker's types, a generator's templates.
    """
    if path.name == "py.typed":
        return True
    stem = path.with_suffix("").as_posix()
    modules = (other for other in files if _is_module(other.name))
    return path.suffix in _ABOUT_MODULES and any(other.as_posix().startswith(f"{stem}.") for other in modules)


@dataclass
class _Layer:
    """Lays the files of one distribution."""

    orders: Orders
    laid: Laid
    inside: frozenset[str]
    of_product: bool

    def describe(self, files: dict[PurePosixPath, Path], top_levels: list[str]) -> None:
        """Lay the metadata, without licences, which lie apart, and without the README of what is not the product."""
        for path, file in files.items():
            if len(path.parts) != 2 or path.name in _METADATA_LEFT_OUT or _LICENCE.match(path.name):  # noqa: PLR2004
                continue
            content = file.read_bytes()
            if path.name == "METADATA" and not self.of_product:
                content = content.partition(b"\n\n")[0] + b"\n"
            self._write(path, content)
        folder = next(iter(files)).parts[0] if files else ""
        if folder and not any(path.name == "top_level.txt" for path in files):
            # Else it would be worked out from files, of which most are in the program.
            self._write(PurePosixPath(folder, "top_level.txt"), "".join(f"{name}\n" for name in top_levels).encode())

    def list(self, files: dict[PurePosixPath, Path], folder: str) -> None:
        """Write the list of files that metadata are asked for, with those that are there and no module."""
        if not folder.endswith(".dist-info"):
            return
        kept = (f"{folder}/{each.name}" for each in (self.orders.folder / folder).iterdir())
        there = {*kept, f"{folder}/RECORD", *(str(path) for path in files if (self.orders.folder / path).is_file())}
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([path, "", ""] for path in sorted(there))
        self._write(PurePosixPath(folder, "RECORD"), text.getvalue().encode())

    def lay(self, files: dict[PurePosixPath, Path]) -> None:
        """Lay modules and data."""
        packages = {path.parent for path in files if path.name == "__init__.py"}
        extensions = False
        for path, file in sorted(files.items()):
            name = _named(path)
            if self._is_left_out(path, name, files):
                continue
            if path.suffix == ".py":
                self._lay_source(path, file, name if self._is_module(path, packages) else "")
            elif _is_module(path.name) and name:
                if name not in self.inside:
                    self._copy(path, file)
                    self.laid.modules += 1
                    extensions = True
            elif path.suffix != ".pyc" and not self._is_library(path):
                self._copy(path, file)
                self.laid.data += 1
        # Nuitka brings what its own extension modules need; these are for the others.
        for path, file in files.items():
            if extensions and self._is_library(path):
                self._copy(path, file)

    def _is_left_out(self, path: PurePosixPath, name: str, files: dict[PurePosixPath, Path]) -> bool:
        dotted = name or ".".join(path.parent.parts)
        if any(f"{dotted}.".startswith(f"{each}.") for each in self.orders.left_out):
            return True
        if is_about_a_module(path, files):
            return True
        return not self.of_product and self._is_test(path)

    def _is_test(self, path: PurePosixPath) -> bool:
        """Whether it is of other people's tests, of which the program uses none."""
        for depth, part in enumerate(path.parts[:-1]):
            if part in {"test", "tests"} and depth:
                prefix = ".".join(path.parts[: depth + 1])
                return not any(f"{name}.".startswith(f"{prefix}.") for name in self.inside)
        return False

    @staticmethod
    def _is_module(path: PurePosixPath, packages: set[PurePosixPath]) -> bool:
        """Whether Python source is a module, or perhaps data: below a package, in a folder that is none."""
        parents = [parent for parent in path.parents if parent.parts]
        return not parents or parents[0] in packages or not any(parent in packages for parent in parents)

    @staticmethod
    def _is_library(path: PurePosixPath) -> bool:
        return ".so." in path.name or path.parts[0].endswith(".libs") or ".dylibs" in path.parts

    def _lay_source(self, path: PurePosixPath, file: Path, name: str) -> None:
        if not name:
            self._copy(path, file)
            self.laid.data += 1
            return
        source = file.read_bytes()
        command = self.of_product and (path.name == "__main__.py" or name.startswith(_SCRIPT))
        if command or (
            self.orders.whole and (self.of_product or path.name == "__main__.py" or _IS_STARTED.search(source))
        ):
            self._write_bytecode(PurePosixPath(STARTED) / path, source, path)
        if name not in self.inside:
            if self._write_bytecode(path, source, path):
                self.laid.modules += 1
            else:
                self._copy(path, file)  # A template, or for another Python.

    def lay_library(self, path: PurePosixPath, file: Path) -> None:
        """Lay a module of the standard library."""
        name = _named(path)
        if name and not self._is_left_out(path, name, {}):
            self._lay_source(path, file, name)

    def _write_bytecode(self, path: PurePosixPath, source: bytes, named: PurePosixPath) -> bool:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                if not self.of_product:
                    source = changed(_named(named), source.decode()).encode()
                code = compile(source, str(named), "exec", dont_inherit=True, optimize=self.orders.optimize)
            except (SyntaxError, ValueError):
                return False
        # PEP 552: known by a hash that nobody checks, so that no time is in it.
        head = util.MAGIC_NUMBER + (1).to_bytes(4, "little") + util.source_hash(source)
        self._write(path.with_suffix(".pyc"), head + marshal.dumps(code))
        return True

    def _copy(self, path: PurePosixPath, file: Path) -> None:
        target = self.orders.folder / path
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
            target.chmod(0o755 if file.stat().st_mode & 0o100 else 0o644)

    def _write(self, path: PurePosixPath, content: bytes) -> None:
        target = self.orders.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


# --- the standard library ----------------------------------------------------------------------------------


def _lay_library(layer: _Layer) -> None:
    root = Path(sysconfig.get_path("stdlib"))
    for file in sorted(root.rglob("*.py")):
        path = PurePosixPath(file.relative_to(root).as_posix())
        if path.parts[0] not in NOT_CARRIED and not {"test", "tests", "idle_test"} & set(path.parts[:-1]):
            layer.lay_library(path, file)


def main() -> None:
    """Read orders, lay, and say what was laid."""
    given = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    for name in ("folder", "report", "product", "installed"):
        given[name] = Path(given[name])
    for name in ("needed", "left_out"):
        given[name] = tuple(given[name])
    laid = lay(Orders(**given))
    json.dump({"modules": laid.modules, "data": laid.data, "distributions": laid.distributions}, sys.stdout)


if __name__ == "__main__":
    main()
