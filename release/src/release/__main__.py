"""The entry: words to one verb, its failure to an exit code and a hint."""

import gc
import io
import os
import sys
from pathlib import Path

from release import disk, shell
from release.errors import ReleaseError, WriteError

# A start makes many objects and drops none: looking for what can go took a twelfth of a plan's time.
OBJECTS_BETWEEN_COLLECTIONS = 100_000
CANCELLED = 130  # what a shell gives for a program that Ctrl-C ended


def main() -> int:
    """Run; errors go to standard error with a hint, and docs/errors.md lists the exit codes."""
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    shell.end_on_signals()
    _open_closed_files()
    _print_in_any_encoding()
    if sys.stdout is None:
        return _failed(WriteError("standard output is closed", hint="send it to a file or a pipe"))
    try:
        return _run()
    except KeyboardInterrupt:
        return _cancelled()
    except ReleaseError as error:
        return _failed(error)
    except OSError as error:
        # A full disk or a folder that is not ours, met where no step expected it.
        return _failed(disk.refusal(error, Path.cwd()))


def _run() -> int:
    from typer.exceptions import Abort, TyperException

    from release.words import about, app, mistakes, typed

    about.prepare_completions()
    try:
        code: object = typed.command(app)(prog_name=about.PROGRAM, standalone_mode=False)
    except Abort:
        return _cancelled()
    except TyperException as problem:
        from release.screen import show_failure

        message, hint = mistakes.explain(problem)
        show_failure(message, hint, title="usage")
        return mistakes.USAGE
    if code == CANCELLED:  # what the library makes of Ctrl-C
        return _cancelled()
    return code if isinstance(code, int) else 0


def _print_in_any_encoding() -> None:
    """Spell out a character that a console or a locale has no code for, instead of failing because of it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _cancelled() -> int:
    from release.screen import show_cancelled

    show_cancelled()
    return CANCELLED


def _failed(error: ReleaseError) -> int:
    from release.screen import show_failure

    show_failure(str(error), error.hint, title=type(error).__name__, file=error.file)
    return error.exit_code


def _open_closed_files() -> None:
    """Let the numbers 0, 1 and 2 lead somewhere, so that no file opened later gets one and what is printed."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115  # Open to the end.


if __name__ == "__main__":
    sys.exit(main())
