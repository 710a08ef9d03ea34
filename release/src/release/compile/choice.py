"""What of the product becomes C and what stays bytecode: by keys of release.toml, else by the number of modules."""

import re
from dataclasses import dataclass
from pathlib import Path

from release.compile import source as sources
from release.compile.source import Source
from release.product import Product

# The C compiler takes about a second for a module. More than so many stay bytecode, where nobody chose.
MOST = 200

# Parts of the standard library that come in only with a product that imports them itself, by what they bring along:
# a window system, a licence that binds the whole program, tests.
ASKED_FOR = ("tkinter", "readline")
_DESKTOP = ("_tkinter", "idlelib", "turtle", "turtledemo")
_NEVER = (
    "_ctypes_test",
    "_testbuffer",
    "_testcapi",
    "_testinternalcapi",
    "_testlimitedcapi",
    "ensurepip",
    "lib2to3",
    "test",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What becomes of the product's own modules.

    Attributes:
        compiled: packages and modules that become C, but for what `build.bytecode` names of them.
        in_c, in_bytecode: how many modules become what.
        unchosen: why nothing becomes C where nobody chose; empty where something may.
    """

    compiled: tuple[str, ...]
    in_c: int
    in_bytecode: int
    unchosen: str

    @property
    def shown(self) -> str:
        """For people, in one line."""
        if not self.unchosen:
            return f"own modules: {self.in_c} become C, {self.in_bytecode} stay bytecode"
        return (
            f"own modules: all {self.in_bytecode} stay bytecode, {self.unchosen}; "
            "build.packages names what is to become C"
        )


def chosen(product: Product, source: Source) -> Choice:
    """Choose for a product."""
    own = sources.packages(product, source.wheel)
    names = list(modules(source.files.root))
    compiled = [name for name in names if is_of(name, own) and not is_of(name, product.build.bytecode)]
    unchosen = "" if product.build.packages else _unchosen(source, len(compiled))
    in_c = 0 if unchosen else len(compiled)
    return Choice(compiled=() if unchosen else own, in_c=in_c, in_bytecode=len(names) - in_c, unchosen=unchosen)


def _unchosen(source: Source, count: int) -> str:
    """Why nothing becomes C where nobody chose."""
    if count > MOST:
        return f"more than {MOST} would take long"
    if any(source.files.root.rglob("*.so")) or any(source.files.root.rglob("*.pyd")):
        return "extension modules may want the functions and frames of CPython"
    return ""


def modules(root: Path) -> "tuple[str, ...]":
    """The modules of a product that have a name; each is a file of Python source."""
    found = []
    for file in sorted(root.rglob("*.py")):
        parts = file.relative_to(root).with_suffix("").parts
        if all(part.isidentifier() for part in parts):
            found.append(".".join(parts).removesuffix(".__init__"))
    return tuple(found)


def is_of(name: str, packages: tuple[str, ...]) -> bool:
    """Whether a module is one of these, or below one of them."""
    return any(f"{name}.".startswith(f"{each}.") for each in packages)


def unasked(product: Product, source: Source) -> tuple[str, ...]:
    """What of the standard library stays out, because neither the product nor release.toml asks for it."""
    asked = {name for name in ASKED_FOR if name in product.build.include or _imports(source.files.root, name)}
    desktop = () if "tkinter" in asked else _DESKTOP
    return (*(name for name in ASKED_FOR if name not in asked), *desktop, *_NEVER)


def _imports(root: Path, name: str) -> bool:
    """Whether a file of the product imports a module."""
    found = re.compile(rf"^\s*(?:import|from)\s+{name}\b", re.MULTILINE)
    return any(found.search(file.read_text(encoding="utf-8", errors="replace")) for file in root.rglob("*.py"))
