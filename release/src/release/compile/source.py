"""What is compiled: the unpacked wheel, its scripts and packages, and where else modules are found."""

from dataclasses import dataclass
from importlib.machinery import ModuleSpec, PathFinder

from release.errors import ConfigInvalidError
from release.product import Product
from release.wheel import FILE, Script, Wheel
from release.wheel.environment import Environment
from release.wheel.unpacking import Unpacked

# Top-level packages that a wheel holds by mistake; they are compiled when the program imports them.
BYSTANDERS = frozenset({"benchmarks", "doc", "docs", "example", "examples", "test", "tests"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A product, ready to compile."""

    wheel: Wheel
    files: Unpacked
    environment: Environment

    def spec(self, module: str) -> ModuleSpec | None:
        """Where a module is, without importing anything; None when it is nowhere."""
        path: list[str] | None = [str(self.files.root), *map(str, self.environment.python.paths)]
        found = None
        name = ""
        for part in module.split("."):
            name = f"{name}.{part}" if name else part
            found = PathFinder.find_spec(name, path)
            if found is None:
                return None
            path = list(found.submodule_search_locations or ())
        return found

    def is_package(self, module: str) -> bool:
        """Whether a module is a package."""
        found = self.spec(module)
        return found is not None and found.submodule_search_locations is not None


def scripts(product: Product, wheel: Wheel) -> tuple[Script, ...]:
    """The scripts that are shipped, the main one first.

    Raises:
        ConfigInvalidError: the wheel has no script of a name.
    """
    known = {script.name: script for script in wheel.scripts}
    for name in product.commands:
        if name not in known and name in wheel.loose:
            raise ConfigInvalidError(
                f"'{name}' is a file in {wheel.path.name} that is not for Python: a shell's, or a program of its own",
                hint=f'declare a function in [project.scripts] or entry_points, as in {name} = "module:function"',
            )
        if name not in known:
            raise ConfigInvalidError(
                f"{wheel.path.name} has no console script '{name}'",
                hint=f"build.scripts takes {', '.join(known)}" if known else "declare one in [project.scripts]",
            )
    return tuple(known[name] for name in product.commands)


def packages(product: Product, wheel: Wheel) -> tuple[str, ...]:
    """The packages and modules that are the product's own, script files among them.

    Raises:
        ConfigInvalidError: release.toml names one that is not in the wheel.
    """
    for name in product.build.packages:
        if not any(
            name == each or name.startswith(f"{each}.") or each.startswith(f"{name}.") for each in wheel.modules
        ):
            raise ConfigInvalidError(
                f"build.packages names '{name}', which is not in {wheel.path.name}",
                hint=f"it holds {', '.join(wheel.modules) or 'no modules'}",
            )
    # Of the script files those that are shipped: another may be for a Python of long ago.
    started = {script.module for script in wheel.scripts if script.name in product.commands}
    return product.build.packages or tuple(
        name
        for name in wheel.modules
        if name.partition(".")[0] not in BYSTANDERS and (name in started or not name.startswith(FILE))
    )
