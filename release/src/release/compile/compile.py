"""Source to native program with Nuitka, in the product's own environment; the compiler's tools are looked for first."""

import errno
import os
import pkgutil
import sys
from pathlib import Path

from packaging.utils import canonicalize_name

from release import disk, settings, shell, stamp, wheel
from release.compile import source as sources
from release.compile.closure import unneeded
from release.compile.source import Source
from release.compile.stage import Stage
from release.errors import CompileError, CompilerMissingError, ConfigInvalidError
from release.product import Product, System, Target
from release.progress import Progress
from release.wheel.environment import Environment

PLUGIN = Path(__file__).with_name("nuitka_plugin.py")
LAUNCHER = Path(__file__).with_name("launcher.py.txt")
# Full RELRO: all addresses are bound before the first line runs, and cannot be written after. start.c says why
# these functions are wrapped.
_WRAPPED = "-Wl,--wrap=readlink -Wl,--wrap=registerMetaPathBasedLoader"
_LINKED = {"LDFLAGS": f"-Wl,-z,relro,-z,now {_WRAPPED}"} if sys.platform == "linux" else {}


def need_tools() -> None:
    """Check for the compiler and its companions before any work is done.

    Raises:
        CompilerMissingError: no C compiler.
        ToolMissingError: no strip, on Linux.
    """
    if sys.platform == "win32":
        return  # Nuitka finds Visual Studio by itself, and says so when it does not.
    if not any(shell.find(name) for name in ("cc", "gcc", "clang")):
        raise CompilerMissingError(
            "no C compiler on PATH (cc, gcc or clang)",
            hint="apt install gcc, dnf install gcc, or xcode-select --install",
        )
    if sys.platform == "linux":
        shell.need("strip", hint="install binutils")


def need_metadata(product: Product, environment: Environment) -> None:
    """Check that the distributions whose metadata is to travel along are there.

    Raises:
        ConfigInvalidError: one is not.
    """
    for name in product.build.metadata:
        if canonicalize_name(name) not in environment.needed:
            raise ConfigInvalidError(
                f"build.metadata names '{name}', which the product does not depend on",
                hint="name distributions that the project depends on",
            )


def compiled(product: Product, target: Target, source: Source, work: Path, progress: Progress) -> Path:
    """Compile, and give the program folder.

    Raises:
        CompileError: with the last lines of the log, which stays in the work folder.
    """
    launcher = work / f"launch_{product.name.replace('-', '_')}.py"
    launcher.write_text(_launcher(product, source), encoding="utf-8")
    log = work / "nuitka.log"
    folder = work / f"{launcher.stem}.dist"
    words: list[str | Path] = [source.environment.python.executable, "-m", "nuitka"]
    words += [*options(product, target, source, work), launcher]
    stage = Stage(log, work / f"{launcher.stem}.build")

    def look(_seconds: float) -> None:
        at = stage.look()
        progress.now(at.text, at.done, at.total, at.unit)

    with progress.begin("compile"):
        code = shell.watch(words, cwd=work, env=_environment(source), log=log, tick=look)
    if code != 0 or not folder.is_dir():
        said = log.read_text(errors="replace")
        if os.strerror(errno.ENOSPC) in said:
            raise disk.refusal(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), work)
        tail = "\n  ".join(said.splitlines()[-shell.TAIL_LINES :])
        raise CompileError(f"Nuitka ended with code {code}\n  {tail}", hint=f"the whole log is {log}")
    return folder


def _launcher(product: Product, source: Source) -> str:
    """What the program runs first, for the main script."""
    script = sources.scripts(product, source.wheel)[0]
    first, _, rest = script.function.partition(".")
    return LAUNCHER.read_text(encoding="utf-8").format(
        stamp=f"{source.files.stamp.line}\n".encode(),
        variable=stamp.VARIABLE,
        module=script.module,
        first=first,
        function=f"{first}.{rest}" if rest else first,
    )


def options(product: Product, target: Target, source: Source, work: Path) -> list[str]:
    """What Nuitka is told, but for the program itself."""
    own = sources.packages(product, source.wheel)
    words = [
        "--mode=standalone",
        "--deployment",
        "--python-flag=no_site,no_docstrings,no_asserts,isolated",
        "--assume-yes-for-downloads",
        "--progress-bar=none",
        "--show-progress",  # a line a module in the log, for whoever waits
        "--reproducible=yes",
        f"--user-plugin={PLUGIN}",
        *(f"--own-package={name}" for name in own),
        *(f"--as-bytecode={name}" for name in product.build.bytecode),
        *(f"--include-{'package' if source.is_package(name) else 'module'}={name}" for name in own),
        *(f"--include-{'package' if source.is_package(name) else 'module'}={name}" for name in product.build.include),
        *(f"--include-distribution-metadata={name}" for name in product.build.metadata),
        *(f"--nofollow-import-to={name}" for name in _left_out(product, source)),
        f"--output-dir={work}",
        f"--output-filename={product.executable}{target.program_suffix}",
        f"--report={work / 'report.xml'}",
        "--report-diffable",
    ]
    march = _march(target)
    return [*words, f"--target-arch={march}"] if march else words


def _left_out(product: Product, source: Source) -> list[str]:
    """What stays out: what release.toml names, what is no dependency, and of `build.only` all that is not named.

    Raises:
        ConfigInvalidError: a package of `build.only` is not installed, or has no module of a name.
    """
    found = [*product.build.exclude, *unneeded(source.environment)]
    for package, names in product.build.only.items():
        there = {module.name for module in pkgutil.iter_modules(_folders(source, package))}
        if missing := sorted(set(names) - there):
            raise ConfigInvalidError(
                f"build.only names '{package}.{missing[0]}', which is not installed here",
                hint=f"name modules of {package}",
            )
        found += [f"{package}.{name}" for name in sorted(there - set(names))]
    # What is named to come in comes in, also where the name around it is left out.
    asked = {name for each in product.build.include for name in wheel.parents(each)}
    return [name for name in found if name not in asked]


def _folders(source: Source, package: str) -> list[str]:
    """Where the modules of a package lie; nowhere when it is not installed."""
    spec = source.spec(package)
    return list(spec.submodule_search_locations or ()) if spec is not None else []


def _march(target: Target) -> str:
    """The instruction set, where there is a choice: the compilers of Windows take no such name."""
    if target.arch != "x64" or target.system is System.WINDOWS:
        return ""
    return "x86-64" if target.baseline else "x86-64-v3"


def _environment(source: Source) -> dict[str, str]:
    """The product is found before what is installed; hashes and times do not depend on the run."""
    beside = str(source.environment.python.executable.parent)
    path = settings.read().environment.get("PATH", "")
    return {
        # The generated C calls the interpreter and waits; -O3 makes it no faster, and its compiling twice as slow.
        "CFLAGS": "-O1",
        **_LINKED,
        "PATH": f"{beside}{os.pathsep}{path}",
        "PYTHONPATH": str(source.files.root),
        "PYTHONHASHSEED": "0",
        # Bytecode without columns, which only point into source lines, and none of these travels along: a fifth less.
        "PYTHONNODEBUGRANGES": "1",
        # Nuitka gives the program the UTF-8 mode that it runs in itself.
        "PYTHONUTF8": "1",
        "SOURCE_DATE_EPOCH": "0",
    }
