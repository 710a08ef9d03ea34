"""The entry: words to one verb, its failure to an exit code and a hint."""

import sys
from pathlib import Path

from release import disk, shell
from release.errors import ReleaseError
from release.words import app


def main() -> int:
    """Run; errors go to standard error with a hint, and docs/errors.md lists the exit codes."""
    shell.end_on_signals()
    try:
        app()
    except ReleaseError as error:
        return _failed(error)
    except OSError as error:
        # A full disk or a folder that is not ours, met where no step expected it.
        return _failed(disk.refusal(error, Path.cwd()))
    return 0


def _failed(error: ReleaseError) -> int:
    print(f"error: {error}\nhint: {error.hint}", file=sys.stderr)
    return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
