"""What we ask of Nuitka: our packages as C, the rest as bytecode, and a start that loads less; a user plugin.

Nuitka loads this file by path (`--user-plugin`), so it imports nothing of ours.

A Nuitka program imports `inspect` and `typing` before its first line runs, to patch three functions of the
one and three types of the other. With what these import in turn that is half of the start-up time of a
program that needs neither. `postponed` puts a small module in the place of each: it offers the patched
names, keeps the original as marshalled code, and becomes the original on first use of anything else.
"""

import gc
import marshal

from nuitka.plugins.PluginBase import NuitkaPluginBase

# Names that the start of a Nuitka program touches (build/static_src/InspectPatcher.c of Nuitka 4.3).
PATCHED = {
    "inspect": ("getgeneratorstate", "getcoroutinestate", "_get_code_position"),
    "typing": ("TypeVar", "ParamSpec", "TypeVarTuple"),
}

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


def postponed(name: str, source: str) -> str:
    """Source of a module that becomes `name` on first use.

    Args:
        name: a key of PATCHED.
        source: the original's source code.
    """
    code = compile(source, f"{name}.py", "exec", dont_inherit=True, optimize=2)
    return _POSTPONED.format(patched=PATCHED[name], code=marshal.dumps(code), offered=_OFFERED[name])


class OwnCodeFirst(NuitkaPluginBase):  # type: ignore[misc]  # Nuitka ships no types
    """Compiles the named packages to C, carries the rest as bytecode, postpones `inspect` and `typing`."""

    plugin_name = "own-code-first"
    plugin_desc = "Compile the named packages to C and carry all others as bytecode."

    def __init__(self, own_package: list[str]) -> None:
        """Take the packages to compile from `--own-package`."""
        self.own = frozenset(own_package)

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

    def onCompilationStartChecks(self) -> None:
        """Switch the collector off: Nuitka holds on to nearly all it makes until it ends.

        The first half of a build takes 56 s instead of 80 (673 modules, nothing cached) and 1.1 GB of memory.
        """
        gc.disable()

    def decideCompilation(self, module_name: object) -> str | None:
        """`bytecode` for other people's modules; no opinion on ours and on Nuitka's own.

        Nuitka's internal modules (`__main__`, `...-preLoad`) cannot be bytecode; it crashes when told so.
        """
        name = str(module_name)
        if "-" in name or name.startswith("__") or name.partition(".")[0] in self.own:
            return None
        return "bytecode"

    def onModuleSourceCode(self, module_name: object, source_filename: str, source_code: str) -> str:
        """Replace the modules of PATCHED by their postponed form."""
        del source_filename
        name = str(module_name)
        return postponed(name, source_code) if name in PATCHED else source_code
