"""What a project says of itself in its files, as far as that can be read without running any of it.

Backends differ in where things stand: `[project]` (PEP 621), Poetry's and Flit's own tables, setup.cfg, and the call in
setup.py where its arguments are plain values. What is made when the wheel is built stays unknown.
"""

import ast
import configparser
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from release.product import Product

FILE = "pyproject.toml"
# Keys by which backends give a package another name than its folder, and make scripts of files as they are.
MAPPING = frozenset({"package-dir", "force-include", "sources", "to"})
LAYING = frozenset({"script-files", "shared-scripts"})
# Packages that `python -m` starts.
MODULES = ("*/__main__.py", "src/*/__main__.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What is known.

    Attributes:
        where: the file that says it, for people.
        scripts: what each console and GUI script starts, as `module:function`, by name; None where only the
            wheel knows.
        extras: names of its extras; None where only the wheel knows.
        requires_python: as in the metadata; empty where nothing is said, or only the wheel knows.
        license: as the project says it; empty where it says nothing that could be an SPDX expression.
        version: as the project says it; empty where it is computed.
        maps: packages may have other names than their folders.
    """

    where: str
    scripts: Mapping[str, str] | None = None
    extras: frozenset[str] | None = None
    requires_python: str = ""
    license: str = ""
    version: str = ""
    maps: bool = False

    @staticmethod
    def of(folder: Path) -> "Declared":
        """Read a project's files.

        What cannot be read is unknown, as are the packages that `python -m` starts, and the scripts that are files.
        """
        written = _toml(folder / FILE)
        said = replace(_of_files(folder, written), maps=_maps(folder, written))
        started = said.scripts == {} and any(next(folder.glob(each), None) for each in MODULES)
        return replace(said, scripts=None) if started or _lays(folder, written) else said


def _maps(folder: Path, written: "_Table") -> bool:
    old = any("package_dir" in _text_of(folder / name) for name in ("setup.cfg", "setup.py"))
    return old or bool(MAPPING & set(_keys(_table(written, "tool"))))


def _lays(folder: Path, written: "_Table") -> bool:
    tools = _table(written, "tool")
    data = _table(_table(_table(tools, "uv"), "build-backend"), "data")
    old = "scripts" in _call(folder / "setup.py") or _cfg(folder).has_option("options", "scripts")
    return old or "scripts" in data or bool(LAYING & set(_keys(tools)))


def _keys(written: "_Table") -> Iterator[str]:
    """Every key of a table and of those in it; the addresses that uv takes packages from say nothing of these."""
    for name, value in written.items():
        yield name
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict):
                yield from (key for key in _keys(each) if (name, key) != ("uv", "sources"))


def _of_files(folder: Path, written: "_Table") -> Declared:
    if "project" in written:
        return _of_project(written)
    tools = _table(written, "tool")
    if "poetry" in tools:
        return _of_poetry(_table(tools, "poetry"))
    if "metadata" in _table(tools, "flit"):
        return _of_flit(_table(tools, "flit"))
    return _of_setuptools(folder)


def version(product: Product) -> str:
    """The version that a project says itself and that its tags must have; empty where it is computed or stamped."""
    return "" if product.build.stamp else Declared.of(product.root / product.build.project).version


type _Table = Mapping[str, object]


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _toml(path: Path) -> _Table:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _table(written: _Table, name: str) -> _Table:
    found = written.get(name)
    return found if isinstance(found, dict) else {}


def _text(written: _Table, name: str) -> str:
    found = written.get(name)
    return found if isinstance(found, str) else ""


def _texts(written: _Table) -> dict[str, str]:
    return {name: value for name, value in written.items() if isinstance(value, str)}


def _of_project(written: _Table) -> Declared:
    project = _table(written, "project")
    listed = project.get("dynamic")
    dynamic = listed if isinstance(listed, list) else []
    known = not {"scripts", "gui-scripts", "entry-points"} & set(dynamic)
    scripts = {**_texts(_table(project, "scripts")), **_texts(_table(project, "gui-scripts"))}
    return Declared(
        where=f"[project.scripts] of {FILE}",
        scripts=scripts if known else None,
        extras=None if "optional-dependencies" in dynamic else frozenset(_table(project, "optional-dependencies")),
        requires_python=_text(project, "requires-python"),
        license=_text(project, "license") or _text(_table(project, "license"), "text"),
        version=_text(project, "version"),
    )


def _of_poetry(poetry: _Table) -> Declared:
    scripts: dict[str, str] = {}
    for name, value in _table(poetry, "scripts").items():
        target = value if isinstance(value, dict) else {"reference": value}
        if target.get("type", "console") == "console":
            scripts[name] = _text(target, "reference") or _text(target, "callable")
    files = any(isinstance(each, dict) and each.get("type") == "file" for each in _table(poetry, "scripts").values())
    return Declared(
        where=f"[tool.poetry.scripts] of {FILE}",
        scripts=None if files else scripts,
        extras=frozenset(_table(poetry, "extras")),
        license=_text(poetry, "license"),
        version=_text(poetry, "version"),
    )


def _of_flit(flit: _Table) -> Declared:
    return Declared(
        where=f"[tool.flit.scripts] of {FILE}",
        scripts=_texts(_table(flit, "scripts")),
        requires_python=_text(_table(flit, "metadata"), "requires-python"),
        license=_text(_table(flit, "metadata"), "license"),
    )


# --- setuptools ----------------------------------------------------------------------------------------------


def _of_setuptools(folder: Path) -> Declared:
    parser = _cfg(folder)
    call = _call(folder / "setup.py")
    points = _entry_points(call.get("entry_points"))
    if parser.has_section("options.entry_points"):
        points = {**(points or {}), **dict(parser.items("options.entry_points"))}
    unknown = "entry_points" in call and points is None
    requires, license_ = call.get("python_requires"), call.get("license")
    return Declared(
        where="entry_points of setup.cfg or setup.py",
        scripts=None if unknown or not (call or parser.sections()) or _UNREAD in call else _scripts(points or {}),
        requires_python=_constant(requires) or parser.get("options", "python_requires", fallback=""),
        license=_constant(license_) or parser.get("metadata", "license", fallback=""),
    )


def _cfg(folder: Path) -> configparser.RawConfigParser:
    parser = _parser("=", ":")
    try:
        parser.read_string(_text_of(folder / "setup.cfg"))
    except configparser.Error:
        parser.clear()
    return parser


def _parser(*delimiters: str) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(delimiters=delimiters)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # names of scripts keep their capitals
    return parser


_UNREAD = "**"  # of a call whose arguments are not all written out


def _call(path: Path) -> dict[str, ast.expr]:
    """The arguments of the call of `setup(...)` in a setup.py, as they are written."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"setup", "setuptools.setup"}:
            return {each.arg or _UNREAD: each.value for each in node.keywords}
    return {}


def _constant(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _entry_points(node: ast.expr | None) -> dict[str, str] | None:
    """Each group's lines, where they are plain values; None where they are not."""
    try:
        found = ast.literal_eval(node) if node is not None else {}
    except ValueError:
        return None
    if isinstance(found, str):  # the text of an entry_points.txt
        parser = _parser("=")
        try:
            parser.read_string(found)
        except configparser.Error:
            return None
        return {name: "\n".join(f"{key}={value}" for key, value in parser.items(name)) for name in parser.sections()}
    if not isinstance(found, dict):
        return None
    return {str(name): lines if isinstance(lines, str) else "\n".join(map(str, lines)) for name, lines in found.items()}


def _scripts(points: Mapping[str, str]) -> dict[str, str]:
    rows: Iterator[str] = (
        line for group in ("console_scripts", "gui_scripts") for line in points.get(group, "").splitlines()
    )
    pairs = (row.partition("=") for row in rows if "=" in row)
    return {name.strip(): target.strip() for name, _, target in pairs}
