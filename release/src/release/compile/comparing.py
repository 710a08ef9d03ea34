"""The obligatory trial: each command as people begin with it, compiled and plain, and what differs as a diff.

Plain is the same unpacked wheel under the interpreter of the environment that it was compiled in. Both get the same
empty home, width, language and time zone, no colour, no input and no terminal.
"""

import difflib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from release import calls, disk, settings, shell, trial
from release.compile.source import Source, scripts
from release.errors import SmokeTestError
from release.product import Difference, Product
from release.progress import Progress
from release.shell import Done
from release.wheel import Script
from release.wheel.python import Python

SECONDS = 30  # for the plain program to end; the compiled one gets as long again
LINES = 40  # of a diff that are told; the whole of it is in a file
BESIDE = "the program"
# What pip writes for a script, but for the paths. Processes that it starts by spawning import it under another name.
STARTER = """\
#!{python}
import sys
from {module} import {first}
if __name__ == "__main__":
    sys.exit({function}())
"""
MODULE_STARTER = """\
#!{python}
import runpy
if __name__ == "__main__":
    runpy.run_module({module!r}, run_name="__main__")
"""
# The one thing that differs without a reason of the product's: where an object lies in memory.
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}\b")
# How the traceback of a script ends that lacks a module.
_LACKING = re.compile(r"^(?:ModuleNotFoundError|ImportError): .+", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One way to start a command.

    Attributes:
        expect: must be in what it prints; empty for a run that is only compared.
    """

    script: Script
    args: tuple[str, ...]
    expect: str = ""

    @property
    def words(self) -> str:
        """As people type it."""
        return " ".join((self.script.name, *self.args))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sides:
    """Both programs, ready to be started, and what of their output is the same thing under two paths."""

    plain: Mapping[str, tuple[str | Path, ...]]
    compiled: Mapping[str, tuple[str | Path, ...]]
    home: Path
    root: Path
    places: tuple[tuple[Path, str], ...]
    seconds: float

    def shown(self, done: Done) -> str:
        """What was printed, with both programs' folders, their Pythons and all addresses made one."""
        text = trial.plain(done.out)
        for place, name in self.places:
            text = text.replace(str(place), name)
        return _ADDRESS.sub("0x...", text)


def compared(
    product: Product,
    source: Source,
    program: Path,
    work: Path,
    progress: Progress,
    *,
    seconds: float = SECONDS,
) -> str:
    """Run every command compiled and plain; what is allowed to differ, and what cannot be compared, is noted.

    Args:
        product: what release.toml says.
        source: what it was built from.
        program: what was built.
        work: a folder for what starts either of the two.
        progress: told what is going on.
        seconds: how long a run may take.

    Returns:
        How much was compared, for people.

    Raises:
        SmokeTestError: some differ; the message has the diffs.
    """
    sides = _sides(product, source, program, work, seconds)
    told: list[str] = []
    runs = tuple(_runs(product, source))
    for run in runs:
        progress.now(run.words)
        said = _differs(product, sides, run, progress)
        if said:
            told.append(said)
    if told:
        log = work / "differences.diff"
        log.write_text("\n\n".join(told) + "\n", encoding="utf-8")
        raise SmokeTestError(
            f"{program} does not do what it does as plain Python\n" + "\n".join(_shortened(said) for said in told),
            hint=f"mend it, or allow it with a reason: [[differences]] in release.toml; all of it is in {log}",
        )
    return f"{len(runs)} runs as in plain Python"


def _runs(product: Product, source: Source) -> Iterator[Run]:
    shipped = scripts(product, source.wheel)
    for script in shipped:
        yield Run(script=script, args=("--help",))
        if not script.gui:  # which may open a window for anything else
            yield Run(script=script, args=("--version",))
    named = {script.name: script for script in shipped}
    for test in product.command_tests:
        yield Run(script=named[test.script or product.main], args=test.args, expect=test.expect)


def _differs(product: Product, sides: _Sides, run: Run, progress: Progress) -> str:
    """How a run differs, with its diff; empty where it does not, or may."""
    plain = _done(product, sides, run, plain=True)
    if plain.code == shell.KILLED:
        progress.note(f"{run.words} does not end in {sides.seconds:.0f} s in plain Python: not compared")
        return _unkept(product, sides, run) if run.expect else ""
    ours = _done(product, sides, run, plain=False)
    said = _said(sides, run, plain, ours)
    allowed = next((each for each in product.differences if _allows(each, run)), None)
    if allowed is not None:
        progress.note(f"{run.words}: {allowed.reason}" if said else f"{run.words} differs no more: [[differences]]")
        return ""
    if said and plain.code == ours.code and _keeps(run, ours):
        # Does it print the same twice at all?
        again = _done(product, sides, run, plain=True)
        if sides.shown(again) != sides.shown(plain):
            progress.note(f"{run.words} prints another text each time: only its exit code was compared")
            return ""
    return said


def _unkept(product: Product, sides: _Sides, run: Run) -> str:
    """What is wrong with a command test that there is nothing to compare with."""
    ours = _done(product, sides, run, plain=False)
    if _keeps(run, ours):
        return ""
    said = ours.err.strip().splitlines()[-6:]
    return "\n".join((f"{run.words} ended with code {ours.code}; expected was '{run.expect}'", *said))


def _allows(difference: Difference, run: Run) -> bool:
    return difference.args == run.args and difference.script in {"", run.script.name}


def _keeps(run: Run, done: Done) -> bool:
    """Whether a run does what release.toml promises of it."""
    return not run.expect or (done.code == 0 and run.expect in trial.plain(done.out))


def _said(sides: _Sides, run: Run, plain: Done, ours: Done) -> str:
    if plain.code != 0 and not run.script.gui and (lacking := _LACKING.findall(plain.err)):
        return f"{run.words} does not start, in plain Python either: {lacking[-1]}"
    if _keeps(run, ours) and plain.code == ours.code and sides.shown(plain) == sides.shown(ours):
        return ""
    head = f"{run.words} ended with code {ours.code}, {plain.code} in plain Python"
    head += "" if _keeps(run, ours) else f"; expected was '{run.expect}'"
    before, after = sides.shown(plain).splitlines(), sides.shown(ours).splitlines()
    diff = difflib.unified_diff(before, after, fromfile="plain", tofile="compiled", lineterm="")
    tail = [line for line in ours.err.strip().splitlines()[-6:] if plain.code != ours.code]
    return "\n".join((head, *diff, *tail))


def _shortened(said: str) -> str:
    lines = said.splitlines()
    more = [f"({len(lines) - LINES} more lines)"] if len(lines) > LINES else []
    return "\n".join(f"  {line}" for line in (*lines[:LINES], *more))


# --- both sides ----------------------------------------------------------------------------------------------


def _sides(product: Product, source: Source, program: Path, work: Path, seconds: float) -> _Sides:
    plain, links = disk.emptied(work / "plain"), work / "commands"
    started: dict[str, tuple[str | Path, ...]] = {}
    for script in scripts(product, source.wheel):
        file = plain / script.name
        first = script.function.partition(".")[0]
        python = source.environment.python.executable
        form = STARTER if script.function else MODULE_STARTER
        text = form.format(python=python, module=script.module, first=first, function=script.function)
        file.write_text(text, encoding="utf-8")
        file.chmod(0o755)
        started[script.name] = (python, file)
    return _Sides(
        plain=started,
        compiled={name: (path,) for name, path in calls.commands(product, program, links).items()},
        home=work / "home",
        root=source.files.root,
        places=tuple(_places(source.environment.python, plain, links, program.parent, source.files.root)),
        seconds=seconds,
    )


def _places(python: Python, *folders: Path) -> Iterator[tuple[Path, str]]:
    """What is the same in both under two paths, the deeper first: the Python inside, the modules, the program."""
    yield python.executable, f"{BESIDE}{os.sep}python"
    yield from ((place, BESIDE) for place in (python.site, python.stdlib, *folders, python.prefix))


def _done(product: Product, sides: _Sides, run: Run, *, plain: bool) -> Done:
    command = (sides.plain if plain else sides.compiled)[run.script.name]
    env = {**_environment(), **trial.home(sides.home)}
    if plain:
        env |= {"PYTHONPATH": str(sides.root), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONNOUSERSITE": "1"}
        env |= {"PYTHONUTF8": "1"}  # as the compiled one is
    try:
        return shell.attempt([*command, *run.args], env=env, cwd=sides.home, timeout=sides.seconds)
    finally:
        if product.service is not None:
            shell.attempt([*command, *product.service.stop], env=env, cwd=sides.home, timeout=sides.seconds)


def _environment() -> dict[str, str | None]:
    """The same for both, whatever is set here."""
    gone: dict[str, str | None] = {
        name: None
        for name in settings.read().environment
        if name.startswith(("PYTHON", "LC_")) or name in {"CLICOLOR", "CLICOLOR_FORCE", "FORCE_COLOR", "LANGUAGE"}
    }
    return {
        **gone,
        "COLUMNS": "80",
        "LINES": "24",
        "TERM": "dumb",
        "NO_COLOR": "1",
        "TZ": "UTC",
        "LANG": "C.UTF-8",
    }
