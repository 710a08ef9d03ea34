"""Carries an upgrade out: the owner's commands, then the question to the program on PATH, which decides."""

import shlex
import shutil
from collections.abc import Callable
from typing import NamedTuple

from iterate.errors import ManagerMissing
from iterate.install import doubts
from iterate.install.copy import Copy
from iterate.install.doubts import Failed
from iterate.install.outlook import Outlook
from iterate.install.programs import Place
from iterate.install.ways import Step, Wanted, Way

type Say = Callable[[str], None]


class Done(NamedTuple):
    """How an upgrade ended well."""

    version: str
    path: str
    """The program that people run."""


def run(outlook: Outlook, way: Way, place: Place, say: Say) -> Done:
    """Have the owner of a copy get the wanted version.

    Args:
        outlook: what is wanted.
        way: the owner's commands.
        place: what they are run with.
        say: told each command before it runs, and what is worth knowing at the end.

    Raises:
        ManagerMissing: a command is not there; nothing was run.
        UpgradeFailed: the program on PATH is not the wanted version.
    """
    files = _files(outlook.copy, way, place)
    _clear(way)
    try:
        return _run(outlook, way, files, place, say)
    finally:
        for step in way.always:
            _start(step, files, place, say)
        _clear(way)


def _clear(way: Way) -> None:
    """Remove what the steps of a way make beside the program, also what a killed run left."""
    if way.work is not None:
        shutil.rmtree(way.work, ignore_errors=True)


def _run(outlook: Outlook, way: Way, files: dict[str, str], place: Place, say: Say) -> Done:
    copy, wanted = outlook.copy, outlook.wanted
    failed = _steps(way.steps, files, place, say)
    answer = doubts.ask(copy, place)
    if answer.version == wanted.version:
        failed = _steps(way.last, files, place, say) or failed
        answer = doubts.ask(copy, place) if way.last else answer
    if answer.version != wanted.version:
        problem = doubts.explain(copy, wanted, answer, failed, place, way.steps[-1])
        for step in way.undo:
            _start(step, files, place, say)
        raise problem
    if failed is not None:
        say(f"{shlex.join(failed.step.words)} ended with exit code {failed.code}, and {wanted.version} is there")
    return Done(wanted.version, answer.path)


def settled(copy: Copy, wanted: Wanted, place: Place) -> Done:
    """How it ended where the program replaced itself: another one before it on PATH would hide it.

    Raises:
        UpgradeFailed: the program on PATH is another one, of another version.
    """
    command = str(copy.command or copy.program)
    answer = doubts.ask(copy, place)
    if answer.path and answer.version != wanted.version:
        raise doubts.explain(copy, wanted, answer, None, place, None)
    return Done(wanted.version, answer.path or command)


def _steps(steps: tuple[Step, ...], files: dict[str, str], place: Place, say: Say) -> Failed | None:
    """Run commands in turn, until one fails; gives that one."""
    for step in steps:
        code = _start(step, files, place, say)
        if code != 0 and not step.may_fail:
            return Failed(step, code)
    return None


def _start(step: Step, files: dict[str, str], place: Place, say: Say) -> int:
    say(f"$ {shlex.join(step.words)}")
    try:
        return place.run((files[step.words[0]], *step.words[1:]), step.folder)
    except OSError as problem:
        say(f"{step.words[0]} cannot be started: {problem.strerror}")
        return 127  # the shell's number for it


def _files(copy: Copy, way: Way, place: Place) -> dict[str, str]:
    """Where each program of a way is; raises `ManagerMissing`."""
    near = copy.command.parent if copy.command else None
    names = {step.words[0] for step in (*way.all_steps, *way.undo)}
    found = {name: place.find(name, near) for name in sorted(names)}
    missing = sorted(name for name, file in found.items() if file is None)
    if missing:
        raise ManagerMissing(
            f"this copy belongs to {copy.label}, and {' and '.join(missing)} cannot be found",
            f"put {' and '.join(missing)} on PATH, or say who else owns this copy: iterate upgrade --method METHOD",
        )
    return {name: file for name, file in found.items() if file is not None}
