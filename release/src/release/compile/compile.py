"""Source to native program with Nuitka, in the product's own environment; the compiler's tools are looked for first."""

import errno
import os
import pkgutil
import sys
from pathlib import Path, PurePosixPath

from release import disk, settings, shell, wheel
from release.compile import beside, laying
from release.compile import choice as choosing
from release.compile import source as sources
from release.compile.closure import unneeded
from release.compile.source import Source
from release.compile.stage import Stage
from release.errors import CompileError, CompilerMissingError, ConfigInvalidError, ExecutableTakenError
from release.product import Product, Strip, System, Target
from release.progress import Progress

PLUGIN = Path(__file__).with_name("nuitka_plugin.py")
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


def compiled(product: Product, target: Target, source: Source, work: Path, progress: Progress) -> Path:
    """Compile, and give the program folder.

    Raises:
        ExecutableTakenError: a folder of the program's name would lie beside it.
        CompileError: with the last lines of the log, which stays in the work folder.
    """
    need_name(product, target, source)
    launcher = work / f"launch_{product.name.replace('-', '_')}.py"
    _write_launcher(product, source, launcher)
    log = work / "nuitka.log"
    folder = work / f"{launcher.stem}.dist"
    words: list[str | Path] = [source.environment.python.executable, "-m", "nuitka"]
    words += [*options(product, target, source, work), launcher]
    stage = Stage(log, work / f"{launcher.stem}.build")

    def look(_seconds: float) -> None:
        at = stage.look()
        progress.now(at.text, at.done, at.total, at.unit)

    with progress.begin("compile"):
        progress.note(choosing.chosen(product, source).shown)
        code = shell.watch(words, cwd=work, env=_environment(source), log=log, tick=look)
    if code != 0 or not folder.is_dir():
        said = log.read_text(errors="replace")
        if os.strerror(errno.ENOSPC) in said:
            raise disk.refusal(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), work)
        tail = "\n  ".join(said.splitlines()[-shell.TAIL_LINES :])
        raise CompileError(f"Nuitka ended with code {code}\n  {tail}", hint=f"the whole log is {log}")
    with progress.begin("lay"):
        laid = laying.lay(_orders(product, source), folder, work / "report.xml")
        progress.note(f"beside the program: {laid.modules} modules that no import names, {laid.data} files of data")
        if sys.platform != "win32":
            laying.python(folder, product.executable)
    return folder


def _orders(product: Product, source: Source) -> laying.Orders:
    own = sources.packages(product, source.wheel)
    bystanders = [
        name for name in source.wheel.modules if name not in own and name.partition(".")[0] in sources.BYSTANDERS
    ]
    return laying.Orders(
        python=source.environment.python.executable,
        product=source.files.root,
        installed=source.environment.python.site,
        own=source.wheel.distribution,
        needed=source.environment.needed,
        left_out=[*_left_out(product, source), *bystanders],
        whole=product.build.whole,
        library=product.build.whole,
        optimize=2 if Strip.DOCSTRINGS in product.build.strip else int(Strip.ASSERTS in product.build.strip),
    )


def _write_launcher(product: Product, source: Source, file: Path) -> None:
    """Write what the program runs first: it knows all commands."""
    scripts = sources.scripts(product, source.wheel)
    commands = {script.name: (script.module, script.function) for script in scripts}
    laying.launcher(file, product.executable, source.files.stamp.line, commands)


def need_name(product: Product, target: Target, source: Source) -> None:
    """Check that the program can have its name: no folder of the same name will lie beside it.

    Raises:
        ExecutableTakenError: files of a package do.
    """
    name = f"{product.executable}{target.program_suffix}"
    places = [source.files.root, *([source.environment.python.site] if product.build.whole else [])]
    for place in places:
        for folder in place.iterdir():
            taken = folder.name == name or (
                target.system is System.DARWIN and folder.name.casefold() == name.casefold()
            )
            found = _beside(folder) if taken else None
            if found is not None:
                raise ExecutableTakenError(
                    f"the program cannot be called '{name}': a folder of that name lies beside it, for {found}",
                    hint=f'executable = "{product.executable}.bin" in [build]; commands keep their names',
                )


def _beside(folder: Path) -> PurePosixPath | None:
    """A file of a package that will lie beside the program, if there is one."""
    root = folder.parent
    files = [PurePosixPath(path.relative_to(root).as_posix()) for path in folder.rglob("*") if path.is_file()]
    for path in files:
        if path.suffix not in {".py", ".pyc"} and not beside.is_about_a_module(path, files):
            return path
    return None


def options(product: Product, target: Target, source: Source, work: Path) -> list[str]:
    """What Nuitka is told, but for the program itself."""
    own, choice = sources.packages(product, source.wheel), choosing.chosen(product, source)
    flags = ["no_site", *(f"no_{each}" for each in product.build.strip)]
    words = [
        "--mode=standalone",
        "--deployment",
        f"--python-flag={','.join(flags)}",
        "--assume-yes-for-downloads",
        "--progress-bar=none",
        "--show-progress",  # a line a module in the log, for whoever waits
        "--reproducible=yes",
        # They change what modules do, and start programs their own way.
        "--disable-plugin=anti-bloat,multiprocessing",
        f"--user-plugin={PLUGIN}",
        *(["--whole-library"] if product.build.whole else []),
        *(f"--own-package={name}" for name in choice.compiled),
        *(f"--as-bytecode={name}" for name in product.build.bytecode),
        *(f"--include-{'package' if source.is_package(name) else 'module'}={name}" for name in own),
        *(f"--include-{'package' if source.is_package(name) else 'module'}={name}" for name in product.build.include),
        *(f"--nofollow-import-to={name}" for name in _left_out(product, source)),
        f"--output-dir={work}",
        f"--output-filename={product.executable}{target.program_suffix}",
        f"--report={work / 'report.xml'}",
        "--report-diffable",
    ]
    if "--nofollow-import-to=tkinter" not in words:
        words.append("--enable-plugin=tk-inter")
    march = _march(target)
    return [*words, f"--target-arch={march}"] if march else words


def _left_out(product: Product, source: Source) -> list[str]:
    """What stays out: what release.toml names, what is no dependency, and of `build.only` all that is not named.

    Raises:
        ConfigInvalidError: a package of `build.only` is not installed, or has no module of a name.
    """
    found = [*product.build.exclude, *unneeded(source.environment), *choosing.unasked(product, source)]
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
