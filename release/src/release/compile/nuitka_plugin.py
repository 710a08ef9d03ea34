"""What we ask of Nuitka: our packages as C, the rest as bytecode, a start of our own that loads less; a user plugin.

Nuitka loads this file by path (`--user-plugin`), so it imports nothing of ours.

A Nuitka program imports `inspect` and `typing` before its first line runs, to patch three functions of the
one and three types of the other. With what these import in turn that is half of the start-up time of a
program that needs neither. `postponed` puts a small module in the place of each: it offers the patched
names, keeps the original as marshalled code, and becomes the original on first use of anything else.
"""

import gc
import importlib.util
import marshal
import re
import sys
import sysconfig
import types
from collections.abc import Iterator
from pathlib import Path

from nuitka.freezer import DllDependenciesPosix
from nuitka.plugins.PluginBase import NuitkaPluginBase

START = Path(__file__).with_name("start.c")
# What start.c stands in front of: functions of Nuitka's main program, and of CPython as that program calls them.
RENAMED = {
    "wmain" if sys.platform == "win32" else "main": "start_program",
    "PyPreConfig_InitPythonConfig": "start_preconfig",
    "_PyConfig_InitCompatConfig": "start_config",
}

# Names that the start of a Nuitka program touches (build/static_src/InspectPatcher.c of Nuitka 4.3).
PATCHED = {
    "inspect": ("getgeneratorstate", "getcoroutinestate", "_get_code_position"),
    "typing": ("TypeVar", "ParamSpec", "TypeVarTuple"),
}

# What Nuitka works out while it compiles, from what the compiling interpreter has installed.
ASKED_WHEN_RUN = {
    "importlib.metadata",
    "importlib.resources",
    "importlib_metadata",
    "importlib_resources",
    "pkg_resources",
    "pkgutil",
}

# Extension modules that come in only where an import asks for them: tkinter brings a window system along, and
# readline a library whose licence binds the whole program.
NOT_ALWAYS = {"_tkinter", "readline"}
_OF_TESTS = re.compile(r"_?(?:test|ctypes_test|xx)")
_TAKEN = re.compile(r"^\s*(?:from|import)\s+(\w+)", re.MULTILINE)

# The functions stand in for the originals; the types are the originals, from the C module that defines them.
_OFFERED = {
    "inspect": """
def getgeneratorstate(generator):
    return _original("getgeneratorstate")(generator)


def getcoroutinestate(coroutine):
    return _original("getcoroutinestate")(coroutine)


def _get_code_position(code, instruction_index):
    return _original("_get_code_position")(code, instruction_index)
""",
    "typing": """
from _typing import ParamSpec, TypeVar, TypeVarTuple
""",
}

_POSTPONED = """
import _thread

_patched = {patched!r}
_code = {code!r}
_originals = {{}}
_lock = _thread.RLock()
{offered}

def _complete():
    global _code
    with _lock:
        if _code is None:
            return
        import marshal

        code, _code = _code, None
        names = globals()
        kept = {{name: names[name] for name in _patched}}
        # The original runs in this very module, so that its classes and functions are the module's own.
        exec(marshal.loads(code), names)
        for name in _patched:
            _originals[name] = names[name]
            names[name] = kept[name]
        # An original may bring hooks of its own (typing does), which then stand in these places.
        for name, ours in (("__getattr__", _getattr), ("__dir__", _dir)):
            if names[name] is ours:
                del names[name]


def _original(name):
    _complete()
    return _originals[name]


def __getattr__(name):
    if name == "__path__":  # asked by the import system of every module; the answer is known
        raise AttributeError(f"module {{__name__!r}} has no attribute {{name!r}}")
    _complete()
    names = globals()
    if name in names:
        return names[name]
    if names.get("__getattr__", _getattr) is not _getattr:
        return names["__getattr__"](name)
    raise AttributeError(f"module {{__name__!r}} has no attribute {{name!r}}")


def __dir__():
    _complete()
    names = globals()
    return names["__dir__"]() if "__dir__" in names else sorted(names)


_getattr, _dir = __getattr__, __dir__
"""


def _loaded(path: Path) -> types.ModuleType:
    """A module of ours by its file: Nuitka loads this one in the same way."""
    spec = importlib.util.spec_from_file_location(f"_release_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError(str(path))
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_beside = _loaded(Path(__file__).with_name("beside.py"))


def postponed(name: str, source: str, optimize: int = 0) -> str:
    """Source of a module that becomes `name` on first use.

    Args:
        name: a key of PATCHED.
        source: the original's source code.
        optimize: 1 without asserts, 2 without docstrings too.
    """
    code = compile(source, f"{name}.py", "exec", dont_inherit=True, optimize=optimize)
    return _POSTPONED.format(patched=PATCHED[name], code=marshal.dumps(code), offered=_OFFERED[name])


def extensions(folder: Path) -> frozenset[str]:
    """The extension modules of the standard library in a folder, without tests and those of NOT_ALWAYS."""
    names = {path.name.partition(".")[0] for path in folder.glob("*") if path.suffix in {".so", ".pyd"}}
    return frozenset(name for name in names - NOT_ALWAYS if not _OF_TESTS.match(name))


def accelerators(source: str, there: frozenset[str]) -> frozenset[str]:
    """What a module of the standard library takes from C, where it can."""
    return there & frozenset(_TAKEN.findall(source))


class OwnCodeFirst(NuitkaPluginBase):  # type: ignore[misc]  # Nuitka ships no types
    """Compiles the named packages to C, carries the rest as bytecode, postpones `inspect` and `typing`."""

    plugin_name = "own-code-first"
    plugin_desc = "Compile the named packages to C and carry all others as bytecode."

    def __init__(self, own_package: list[str], as_bytecode: list[str], whole_library: bool) -> None:  # noqa: FBT001
        """Take the packages to compile from `--own-package`, and what is not of them from `--as-bytecode`."""
        self.own = frozenset(own_package)
        self.not_own = tuple(f"{each}." for each in as_bytecode)
        self.whole = whole_library
        self.optimize = 0
        self.there = extensions(Path(sysconfig.get_config_var("DESTSHARED") or Path(sys.base_prefix) / "DLLs"))

    @classmethod
    def addPluginCommandLineOptions(cls, group) -> None:  # type: ignore[no-untyped-def]
        """Offer `--own-package`, once for each package."""
        group.add_option(
            "--own-package",
            action="append",
            dest="own_package",
            default=[],
            help="Compile this package to C.",
        )
        group.add_option(
            "--as-bytecode",
            action="append",
            dest="as_bytecode",
            default=[],
            help="Carry this module of such a package, and all below it, as bytecode.",
        )
        group.add_option(
            "--whole-library",
            action="store_true",
            dest="whole_library",
            default=False,
            help="Carry all extension modules of the standard library.",
        )

    def onCompilationStartChecks(self) -> None:
        """Switch the collector off, have zlib packed, and keep Nuitka from changing what programs mean.

        Nuitka holds on to nearly all it makes until it ends. The first half of a build takes 56 s instead of 80
        (673 modules, nothing cached) and 1.1 GB of memory.
        """
        # Not before there are options: these modules read them when they are imported.
        from nuitka import HardImportRegistry
        from nuitka.nodes.ModuleNodes import CompiledPythonPackage
        from nuitka.options import Options
        from nuitka.plugins import Plugins

        self.optimize = 2 if Options.hasPythonFlagNoDocStrings() else int(Options.hasPythonFlagNoAsserts())
        gc.disable()
        # What becomes C is our decision: Nuitka stops where two of its plugins disagree.
        Plugins.active_plugins_with_decide_compilation[:] = [self]
        # Calls of these would be answered while compiling, from all that is installed there, the compiler included.
        HardImportRegistry.hard_modules.difference_update(ASKED_WHEN_RUN)
        # Else packages would also be looked for in folders that variables named NUITKA_PACKAGE_* say.
        CompiledPythonPackage.canHaveExternalImports = staticmethod(lambda: False)
        # Nuitka takes zlib for part of every system; a root with nothing but glibc has none.
        DllDependenciesPosix._linux_dll_ignore_list.remove("libz.so")  # noqa: SLF001  # There is no option for it.

    def getExtraCodeFiles(self) -> dict[str, str]:
        """Add start.c, which runs before Nuitka's main program."""
        return {"start.c": START.read_text(encoding="utf-8")}

    def getPreprocessorSymbols(self, onefile: bool) -> dict[str, str]:  # noqa: FBT001  # Nuitka's order.
        """Rename the functions that start.c stands in front of."""
        del onefile
        return RENAMED

    def decideCompilation(self, module_name: object) -> str | None:
        """`bytecode` for other people's modules; no opinion on ours and on Nuitka's own.

        Nuitka's internal modules (`__main__`, `...-preLoad`) cannot be bytecode; it crashes when told so.
        """
        name = str(module_name)
        is_own = name.partition(".")[0] in self.own and not f"{name}.".startswith(self.not_own)
        if "-" in name or name.startswith("__") or is_own:
            return None
        return "bytecode"

    def getImplicitImports(self, module: object) -> Iterator[str]:
        """What comes in with a module: with each of the standard library what makes it fast."""
        name = str(module.getFullName())  # type: ignore[attr-defined]  # Nuitka ships no types
        file = Path(module.getCompileTimeFilename())  # type: ignore[attr-defined]
        if name == "__main__" and self.whole:
            yield from sorted(self.there)
        elif name.partition(".")[0] in sys.stdlib_module_names and file.suffix == ".py":
            yield from sorted(accelerators(file.read_text(encoding="utf-8"), self.there))

    def onModuleSourceCode(self, module_name: object, source_filename: str, source_code: str) -> str:
        """Replace the modules of PATCHED by their postponed form, and change what beside.py changes."""
        del source_filename
        name = str(module_name)
        changed: str = _beside.changed(name, source_code)
        return postponed(name, changed, self.optimize) if name in PATCHED else changed
