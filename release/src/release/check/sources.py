"""What the product's own sources say before they are compiled: imports by variable, and data beside modules.

Read as trees, never run.
"""

import ast
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from release.check.finding import Remark, Said, Subject
from release.compile import choice, source
from release.errors import ConfigInvalidError
from release.product import System
from release.screen.lines import plural
from release.targets import named
from release.wheel import EXTENSIONS

_MODULE = "imports by a name that is computed: name those modules in build.include"
_PLUGINS = "loads plugins: name their modules in build.include"
# What finds modules, entry points or metadata by a name that the compiler does not see, and what is to be done.
_FINDERS = {
    "__import__": _MODULE,
    "importlib.import_module": _MODULE,
    "importlib.util.find_spec": "looks for a module by a name that is computed: name those modules in build.include",
    "runpy.run_module": "runs a module by a name that is computed: name those modules in build.include",
    "runpy.run_path": "runs a file of source: it has to lie beside the program as data",
    "importlib.metadata.entry_points": _PLUGINS,
    "importlib_metadata.entry_points": _PLUGINS,
    "pkg_resources.iter_entry_points": _PLUGINS,
    "pkgutil.iter_modules": "lists modules: those that nothing else imports belong into build.include",
    "pkgutil.walk_packages": "lists modules: those that nothing else imports belong into build.include",
}
# What `build.whole` does not answer by having all modules travel along.
_FILES = {"runpy.run_path": _FINDERS["runpy.run_path"]}
# These say all that there is to know where their argument is a plain text.
_PLAIN_IS_SEEN = frozenset(_FINDERS) - {
    "pkgutil.iter_modules",
    "pkgutil.walk_packages",
    "runpy.run_path",
    "importlib.metadata.entry_points",
    "importlib_metadata.entry_points",
    "pkg_resources.iter_entry_points",
}
# No module without one of these is parsed.
_WORDS = (
    *(b"import_module", b"__import__", b"find_spec", b"run_module", b"run_path", b"entry_points"),
    *(b"iter_modules", b"walk_packages"),
)
# Top-level modules that are for whoever works on the project.
BYSTANDERS = frozenset({"conftest", "noxfile", "setup", "tasks", *source.BYSTANDERS})
LONGEST = 60  # characters of a call that are shown
# No data: code, what compilers leave, and what is about types only.
_CODE = (".py", ".pyc", ".pyo", ".pyi", ".pyx", ".pxd", ".c", ".h", ".cpp", ".rs")


def imports(subject: Subject) -> Said:
    """Imports by variable, plugins and listings of modules, each with its file and line; remarks, never refused."""
    found: list[Remark] = []
    read = 0
    finders = _FILES if subject.product.build.whole else _FINDERS
    roots = tuple(own(subject).values())
    for file in subject.tree.files:
        if file.endswith(".py") and any(file == root or file.startswith(f"{root}/") for root in roots):
            read += 1
            calls = _dynamic(subject.project / file, finders)
            found += [Remark(where=f"{file}:{line}", text=text) for line, text in calls]
    return Said(detail=f"{plural(read, 'module')} read", remarks=tuple(found))


def native(subject: Subject) -> Said:
    """How many of the product's own modules may become C; a remark where it is none of them, and nobody chose that."""
    build = subject.product.build
    count = sum(not choice.is_of(each, build.bytecode) for each in _modules(subject))
    if build.packages or count <= choice.MOST:
        return Said(detail=f"at most {plural(count, 'module')}")
    return Said(
        detail=f"none of {count} modules",
        remarks=(
            Remark(
                text=f"all {count} modules of {', '.join(own(subject))} stay bytecode, since more than {choice.MOST} "
                "would take long: build.packages names what is to become C, build.bytecode what of it is not"
            ),
        ),
    )


def own(subject: Subject) -> dict[str, str]:
    """The packages and modules that are shipped, with where each lies.

    They are those that release.toml names, else those of the wheel, else all beside the ones that scripts start.
    """
    tree = subject.tree
    names = subject.product.build.packages or (subject.wheel.modules if subject.wheel is not None else ())
    if names:
        named = {name: tree.root_of(name) for name in names if name.partition(".")[0] not in BYSTANDERS}
        return {name: root for name, root in named.items() if root}
    started = (target.partition(":")[0].strip() for target in (subject.declared.scripts or {}).values())
    tops = dict.fromkeys(module.partition(".")[0] for module in started)
    # A namespace is no package by its files: it is one because a script starts there.
    roots = {top: root for top in tops if (root := tree.root_of(top))}
    parents = {root.rpartition("/")[0] for root in roots.values()} or {"", "src"}
    there = {name: where for name, where in tree.modules().items() if where.rpartition("/")[0] in parents} | roots
    return {name: where for name, where in there.items() if name not in BYSTANDERS}


def _modules(subject: Subject) -> Iterator[str]:
    """The names of the modules that are shipped, as far as git knows them."""
    for name, root in own(subject).items():
        for file in subject.tree.files:
            if file == root and file.endswith(".py"):
                yield name
            elif file.startswith(f"{root}/") and file.endswith(".py"):
                path = PurePosixPath(file).relative_to(root).with_suffix("")
                yield ".".join((name, *path.parts)).removesuffix(".__init__")


def _dynamic(path: Path, finders: Mapping[str, str]) -> Iterator[tuple[int, str]]:
    """The lines of a module that find others by name, and what that means."""
    try:
        content = path.read_bytes()
        if not any(word in content for word in _WORDS):
            return
        tree = ast.parse(content)
    except (OSError, SyntaxError, ValueError):
        return  # the compiler says what it has against it
    names = dict(_imported(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = _whole(node.func, names)
            if called in finders and not (called in _PLAIN_IS_SEEN and _is_plain(node)):
                shown = ast.unparse(node)
                shown = shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 3]}..."
                yield node.lineno, f"{shown} {finders[called]}"


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """What names of a module stand for, by its imports."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                for each in names:
                    yield (each.asname, each.name) if each.asname else (each.name.split(".")[0],) * 2
            case ast.ImportFrom(module=str(module), level=0, names=names):
                for each in names:
                    yield each.asname or each.name, f"{module}.{each.name}"
            case _:
                pass


def _whole(node: ast.expr, names: dict[str, str]) -> str:
    """The whole name of what is called."""
    match node:
        case ast.Name(id=name):
            return names.get(name, name)
        case ast.Attribute(value=value, attr=name):
            return f"{_whole(value, names)}.{name}"
        case _:
            return ""


def _is_plain(node: ast.Call) -> bool:
    """Whether the name that is asked for is written out."""
    given = [*node.args[:1], *(each.value for each in node.keywords if each.arg in {"name", "distribution_name"})]
    return bool(given) and isinstance(given[0], ast.Constant)


# --- data ----------------------------------------------------------------------------------------------------


def data(subject: Subject) -> Said:
    """Files of packages that are no code: that there is room for them beside the program, and that they travel.

    Raises:
        ConfigInvalidError: a folder of data would lie where the program does, under its name.
    """
    found: dict[str, tuple[str, ...]] = {}
    left: list[Remark] = []
    carried = frozenset(_carried(subject))
    for name, where in own(subject).items():
        files = tuple(file for file in subject.tree.below(where) if _is_data(file))
        path = name.replace(".", "/")
        if subject.wheel is not None:
            files, lost = _divided(files, where.removesuffix(path), carried)
            left += _lost(name, lost)
        extensions = tuple(file for file in carried if file.startswith(f"{path}/") and file.endswith(EXTENSIONS))
        found |= {name: (*files, *extensions)} if files or extensions else {}
    _need_room(subject, found)
    listed = ", ".join(f"{len(files)} in {name}" for name, files in sorted(found.items()))
    waits = "; whether they travel, the wheel says" if found and subject.wheel is None else ""
    return Said(detail=f"{listed or 'none beside the modules'}{waits}", remarks=tuple(left))


def _carried(subject: Subject) -> list[str]:
    """The files of the wheel, where there is one."""
    if subject.wheel is None:
        return []
    with zipfile.ZipFile(subject.wheel.path) as packed:
        return packed.namelist()


def _divided(files: tuple[str, ...], before: str, carried: frozenset[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The files that the wheel has, and those that it has not."""
    there = tuple(file for file in files if file.removeprefix(before) in carried)
    return there, tuple(file for file in files if file not in there)


def _lost(name: str, files: tuple[str, ...]) -> Iterator[Remark]:
    if files:
        count = f"{len(files)} files" if len(files) > 1 else "this file"
        yield Remark(
            where=files[0],
            text=f"{count} of {name} in git, and not in the wheel: it does not travel; the backend's settings decide",
        )


def _is_data(file: str) -> bool:
    return not file.endswith(_CODE) and PurePosixPath(file).name != "py.typed"


def _need_room(subject: Subject, found: Iterable[str]) -> None:
    """Refuse a package with data that is called as the program is: both would lie in one folder under one name."""
    executable = subject.product.executable
    systems = {named(target).system for target in subject.product.build.targets}
    # Windows and macOS do not tell capitals apart; a program of Windows has an ending of its own.
    if systems <= {System.WINDOWS}:
        return
    for name in {each.partition(".")[0] for each in found}:
        if name == executable or (System.DARWIN in systems and name.casefold() == executable.casefold()):
            raise ConfigInvalidError(
                f"the package {name} has data files, whose folder would have the name of the program beside it",
                hint=f'call the program otherwise inside its folder: executable = "{executable}.bin" in [build]',
            )
