"""A product as its own build backend makes it: the wheel, and what can be read in it without unpacking."""

import ast
import hashlib
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from release.errors import WheelError

if TYPE_CHECKING:  # most commands read no wheel
    from installer.sources import WheelFile
    from packaging.metadata import RawMetadata

EXTENSIONS = (".so", ".pyd")
_LOOSE = re.compile(r"[^/]+\.data/scripts/[^/]+")
_PYTHONS = re.compile(rb"#!.*python")
# Begins the name of the module that a script file becomes.
FILE = "_script_"
_FOLDER = re.compile(r"[^/]+\.data/(?:purelib|platlib)/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A command that an installer makes: its name, and the function that it calls.

    Attributes:
        function: a name in the module, or several with dots (`App.main`); empty where the module itself is run, as
            `python -m` runs it.
        gui: it is started without a terminal.
    """

    name: str
    module: str
    function: str
    gui: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wheel:
    """What a wheel says of itself.

    Attributes:
        distribution: the canonical name.
        version: as PEP 440 writes it.
        license: the SPDX expression, or what the older field says; empty when neither is there.
        license_files: paths below the folder of metadata.
        urls: addresses by their labels.
        requires: requirements, as texts.
        extras: canonical names.
        requires_python: empty when any will do.
        scripts: what it declares, or where that is nothing, its packages that `python -m` starts; and its script files
            in Python, each of which is unpacked as a module that is run.
        loose: names of the other script files that it lays beside an interpreter: for a shell, or programs.
        modules: what can be imported from it, by whole names: packages, and modules in none.
    """

    path: Path
    distribution: str
    version: str
    summary: str
    license: str
    license_files: tuple[str, ...]
    classifiers: tuple[str, ...]
    urls: dict[str, str]
    requires: tuple[str, ...]
    extras: tuple[str, ...]
    requires_python: str
    scripts: tuple[Script, ...]
    loose: tuple[str, ...]
    modules: tuple[str, ...]
    sha256: str


def read(path: Path) -> Wheel:
    """Read a wheel.

    Raises:
        WheelError: it is none.
    """
    from installer.sources import WheelFile
    from packaging.metadata import parse_email

    try:
        with zipfile.ZipFile(path) as packed:
            source = WheelFile(packed)
            said, _ = parse_email(source.read_dist_info("METADATA"))
            names = packed.namelist()
            declared = _scripts(source) or tuple(_started(packed, names))
            files, loose = _files(packed, names)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise WheelError(f"{path.name} is no wheel: {error}", hint="build it again") from None
    return Wheel(
        path=path,
        distribution=canonicalize_name(said["name"]),
        version=said["version"],
        summary=said.get("summary", ""),
        license=said.get("license_expression", "") or said.get("license", ""),
        license_files=tuple(said.get("license_files", [])),
        classifiers=tuple(said.get("classifiers", [])),
        urls=_urls(said),
        requires=tuple(said.get("requires_dist", [])),
        extras=tuple(canonicalize_name(extra) for extra in said.get("provides_extra", [])),
        requires_python=said.get("requires_python", ""),
        scripts=(*declared, *(each for each in files if each.name not in {script.name for script in declared})),
        loose=loose,
        modules=tuple(sorted((*_modules(names), *(each.module for each in files)))),
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
    )


def _urls(said: "RawMetadata") -> dict[str, str]:
    home = said.get("home_page", "")
    return {**({"Homepage": home} if home else {}), **said.get("project_urls", {})}


def _scripts(source: "WheelFile") -> tuple[Script, ...]:
    from installer.utils import parse_entrypoints

    if "entry_points.txt" not in source.dist_info_filenames:
        return ()
    return tuple(
        Script(name=name, module=module, function=function, gui=kind == "gui")
        for name, module, function, kind in parse_entrypoints(source.read_dist_info("entry_points.txt"))
    )


def _files(packed: zipfile.ZipFile, names: Sequence[str]) -> tuple[tuple[Script, ...], tuple[str, ...]]:
    """The script files in Python, and the names of the others."""
    found, others = [], []
    for each in sorted(name for name in names if _LOOSE.fullmatch(name)):
        name = each.rpartition("/")[2]
        if module := of_file(name, packed.read(each)):
            found.append(Script(name=name, module=module, function=""))
        else:
            others.append(name)
    return tuple(found), tuple(others)


def of_file(name: str, content: bytes) -> str:
    """The module that a script file becomes; empty where it is not for Python."""
    if not _PYTHONS.match(content.partition(b"\n")[0]):
        return ""
    return FILE + "".join(each if each.isalnum() else "_" for each in name)


def _started(packed: zipfile.ZipFile, names: Sequence[str]) -> Iterator[Script]:
    """Packages that `python -m` starts, each as the script that its maintainers did not declare."""
    for name in names:
        package, _, rest = _FOLDER.sub("", name, count=1).partition("/")
        if rest == "__main__.py" and package.isidentifier():
            function = "main" if _has_main(packed.read(name)) else ""
            command = package.lower().replace("_", "-")
            yield Script(name=command, module=f"{package}.__main__", function=function)


def _has_main(source: bytes) -> bool:
    """Whether a module has a function `main` that can be called without arguments."""
    try:
        body = ast.parse(source).body
    except ValueError:
        return False
    for each in body:
        if isinstance(each, ast.FunctionDef) and each.name == "main":
            needed = len(each.args.posonlyargs + each.args.args) - len(each.args.defaults)
            return needed <= 0 and None not in each.args.kw_defaults
    return False


def _modules(names: Sequence[str]) -> tuple[str, ...]:
    """What can be imported: packages, those inside of namespaces too, and modules beside them."""
    paths = [PurePosixPath(_FOLDER.sub("", name, count=1)) for name in names if not name.endswith("/")]
    packages = {str(path.parent) for path in paths if _module(path) == "__init__"}
    found: dict[str, None] = {}
    for path in paths:
        if _module(path) and all(part.isidentifier() for part in path.parts[:-1]):
            parents = [str(parent) for parent in reversed(path.parents) if parent.name]
            package = next((parent for parent in parents if parent in packages), None)
            found[(package or str(path.with_name(_module(path)))).replace("/", ".")] = None
    return tuple(sorted(found))


def _module(path: PurePosixPath) -> str:
    """The name of a module by its file; empty for other files."""
    stem = path.name.partition(".")[0]
    return stem if stem.isidentifier() and path.suffix in {".py", *EXTENSIONS} else ""


def parents(module: str) -> Iterator[str]:
    """A module's own name and those of the packages around it, the innermost first."""
    while module:
        yield module
        module = module.rpartition(".")[0]
