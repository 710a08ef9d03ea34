"""The entry: words to one verb, its failure to an exit code and a hint."""

import io
import sys
from pathlib import Path

from release import disk, shell
from release.errors import ReleaseError
from release.words import app


def main() -> int:
    """Run; errors go to standard error with a hint, and docs/errors.md lists the exit codes."""
    shell.end_on_signals()
    _print_in_any_encoding()
    try:
        app()
    except ReleaseError as error:
        return _failed(error)
    except OSError as error:
        # A full disk or a folder that is not ours, met where no step expected it.
        return _failed(disk.refusal(error, Path.cwd()))
    return 0


def _print_in_any_encoding() -> None:
    """Spell out a character that a console or a locale has no code for, instead of failing because of it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _failed(error: ReleaseError) -> int:
    print(f"error: {error}\nhint: {error.hint}", file=sys.stderr)
    return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
