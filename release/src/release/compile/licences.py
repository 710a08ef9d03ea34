"""The licence texts of everything that is inside a program: its libraries, Python, and what the compiler adds.

Nearly every licence wants its text in binary copies. A text that cannot be found is told by the library's name,
never made up.
"""

import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.utils import canonicalize_name

from release import shell
from release.compile.source import Source
from release.wheel.python import Python

type Installed = Mapping[str, metadata.Distribution]

# Texts for what lies inside Python's own source and is compiled with it.
PARTS_OF_PYTHON = Path(__file__).with_name("parts-of-python.txt")
COMMON = re.compile(r"/usr/share/common-licenses/([A-Za-z0-9.+-]*[A-Za-z0-9])")
_TEXT = re.compile(r"(?i)(?:.*[-_.])?(?:licen[cs]es?|copying|copyright|notice|authors|unlicense)(?:[-_.].*)?")
_VARIABLE = re.compile(r"\$\{(\w+)(?:\.(\w+))?\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """Something inside the program, and the files that hold its licence; none when they were not found."""

    name: str
    texts: tuple[Path, ...]


def gather(source: Source, own: Sequence[str], others: Iterable[str], report: Path, into: Path) -> tuple[str, ...]:
    """Copy the licence texts to a folder, one folder inside for each component.

    Args:
        source: what was compiled.
        own: the product's packages, which are left out: their licence is `license_file`.
        others: distributions that are inside as a whole, whatever the report says.
        report: Nuitka's report of what it put in.
        into: the folder, made here.

    Returns:
        The names of components without a text, sorted.
    """
    found = sorted(components(source, own, others, report), key=lambda each: each.name)
    for component in found:
        _copy(component, into)
    return tuple(component.name for component in found if not component.texts)


def components(source: Source, own: Sequence[str], others: Iterable[str], report: Path) -> Iterator[Component]:
    """What is inside: Python, the compiler's own code, distributions, and shared libraries."""
    import xml.etree.ElementTree as ET

    installed = source.environment.installed()
    yield Component(name="python", texts=(*_of_python(source.environment.python), PARTS_OF_PYTHON))
    yield _distribution("nuitka", installed)
    tree = ET.parse(report).getroot()  # noqa: S314  # Our own compiler wrote it.
    names: set[str] = {
        canonicalize_name(name)
        for module in tree.iter("module")
        if (name := module.get("distribution"))
        and not any(f"{module.get('name', '')}.".startswith(f"{each}.") for each in own)
    }
    names.update(others)
    owners = _owners(names, installed)
    for name in sorted(names):
        yield _distribution(name, installed)
    for library in tree.iter("included_dll"):
        path = _source(library.get("source_path", ""), source.environment.python)
        if path not in owners and not _is_python(path) and not path.is_relative_to(source.files.root.resolve()):
            yield Component(name=library.get("name", path.name), texts=_of_system(path))


def _copy(component: Component, into: Path) -> None:
    """Copy its texts under their own names; what they only refer to goes beside."""
    folder = into / component.name
    for text in component.texts:
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / text.name
        if target.exists():
            target = folder / f"{text.parent.name}-{text.name}"
        shutil.copyfile(text, target)
        # Debian's own files name these instead of holding them.
        for name in COMMON.findall(text.read_text(encoding="utf-8", errors="replace")):
            common = Path("/usr/share/common-licenses") / name
            if common.is_file():
                (into / "common").mkdir(parents=True, exist_ok=True)
                shutil.copyfile(common, into / "common" / name)


# --- Python and its distributions ------------------------------------------------------------------------


def _of_python(python: Python) -> tuple[Path, ...]:
    version = f"python{python.short}"
    places = (
        python.stdlib / "LICENSE.txt",
        python.base_prefix / "LICENSE.txt",
        python.base_prefix / "LICENSE",
        Path("/usr/share/doc") / version / "copyright",
        Path("/usr/share/licenses") / version / "LICENSE",
    )
    return tuple(path for path in places if path.is_file())[:1]


def _is_python(path: Path) -> bool:
    return path.name.lower().startswith(("libpython", "python3"))


def _distribution(name: str, installed: Installed) -> Component:
    """A distribution and the licence files that its wheel brought along."""
    texts = tuple(
        Path(str(file.locate()))
        for file in _files(name, installed)
        if ".dist-info" in file.parts[0] and (_TEXT.fullmatch(file.name) or "licenses" in file.parts)
    )
    return Component(name=canonicalize_name(name), texts=tuple(text for text in texts if text.is_file()))


def _files(name: str, installed: Installed) -> list[metadata.PackagePath]:
    found = installed.get(canonicalize_name(name))
    return sorted(found.files or []) if found is not None else []


def _owners(names: set[str], installed: Installed) -> set[Path]:
    """The shared libraries that came inside of wheels: the licence files of their wheels speak for them."""
    return {
        Path(str(file.locate())).resolve()
        for name in names
        for file in _files(name, installed)
        if ".so" in file.name or file.suffix in {".dylib", ".dll"}
    }


def _source(text: str, python: Python) -> Path:
    """The path that Nuitka's report shortened, such as `${sys.prefix}/lib/libx.so`."""

    def value(match: re.Match[str]) -> str:
        prefixes = {"prefix": str(python.prefix), "real_prefix": str(python.base_prefix)}
        return prefixes.get(match[2] or "", match[0])

    return Path(_VARIABLE.sub(value, text)).resolve()


# --- libraries of the system -----------------------------------------------------------------------------


def _of_system(library: Path) -> tuple[Path, ...]:
    """The licence files of the system's package that a library belongs to."""
    for ask in (_of_dpkg, _of_rpm, _of_apk, _of_cellar):
        if found := tuple(path for path in ask(library) if path.is_file()):
            return found
    return ()


def _of_dpkg(library: Path) -> Iterator[Path]:
    if shell.find("dpkg-query") is None:
        return
    # Debian merged /lib into /usr/lib, but its lists name either; and they name the file, not the link to it.
    plain = str(library).removeprefix("/usr")
    for name in (plain, f"/usr{plain}"):
        done = shell.attempt(["dpkg-query", "-S", name])
        if done.code == 0:
            package = done.out.partition(": ")[0].partition(",")[0].partition(":")[0]
            yield Path("/usr/share/doc") / package / "copyright"


def _of_rpm(library: Path) -> Iterator[Path]:
    if shell.find("rpm") is None:
        return
    done = shell.attempt(["rpm", "-qf", "--licensefiles", str(library)])
    if done.code == 0:
        yield from (Path(line) for line in done.out.splitlines() if line.startswith("/"))


def _of_apk(library: Path) -> Iterator[Path]:
    if shell.find("apk") is None:
        return
    done = shell.attempt(["apk", "info", "-q", "--who-owns", str(library)])
    if done.code == 0 and done.out.strip():
        package = re.sub(r"-\d[^-]*-r\d+$", "", done.out.strip())
        yield from sorted((Path("/usr/share/licenses") / package).glob("*"))


def _of_cellar(library: Path) -> Iterator[Path]:
    """Homebrew keeps a formula's licence at the root of its keg: `Cellar/NAME/VERSION`."""
    parts = library.parts
    if "Cellar" in parts and len(parts) > (at := parts.index("Cellar") + 3):
        yield from sorted(path for path in Path(*parts[:at]).glob("*") if _TEXT.fullmatch(path.name))
