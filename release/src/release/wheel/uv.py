"""The one door to uv, which builds wheels, chooses versions and makes environments; its failures get names."""

import re
from pathlib import Path

from release import settings, shell
from release.errors import DependenciesError, IndexUnreachableError, ReleaseError, ToolMissingError
from release.shell import Done
from release.wheel import indexes

# What uv says when it cannot reach where packages come from.
_UNREACHABLE = re.compile(
    r"(?i)failed to fetch|error sending request|dns error|could not connect|connection (?:refused|reset)"
    r"|network (?:is unreachable|(?:connectivity )?(?:is|was) disabled)|tls handshake|operation timed out|unknownissuer"
)
LINES = 15


def command(*words: str | Path) -> list[str | Path]:
    """How uv is started.

    Raises:
        ToolMissingError: it is not installed.
    """
    return [_program(), *words, "--no-progress", "--color", "never"]


def environment() -> dict[str, str | None]:
    """Changes to the environment: where it is not set up itself, uv takes packages from where pip does."""
    outside = settings.read().environment
    # These lead it to another environment than the one it is told, or Python to other modules.
    strange = ("VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH", "PYTHONHOME", "UV_PROJECT", "UV_WORKING_DIRECTORY")
    # It would rather fetch a Python than take the one that is there.
    own = {"UV_PYTHON_DOWNLOADS": "never"}
    return {**{name: None for name in strange if name in outside}, **own, **indexes.of_pip(outside)}


def attempt(*words: str | Path, cwd: Path) -> Done:
    """Run uv to its end, whatever that is.

    Raises:
        ToolMissingError: it is not installed.
    """
    return shell.attempt(command(*words), cwd=cwd, env=environment())


def run(*words: str | Path, cwd: Path, what: str) -> str:
    """Run uv for packages, and give what it printed.

    Args:
        words: subcommand and arguments.
        cwd: folder to run in.
        what: what is being done, for the error: `choosing versions`.

    Raises:
        ToolMissingError: it is not installed.
        IndexUnreachableError: packages have to be fetched, and the place is not reached.
        DependenciesError: anything else, in uv's own words.
    """
    done = attempt(*words, cwd=cwd)
    if done.code != 0:
        said = told(done)
        raise unreachable(what, said) or DependenciesError(
            f"{what} failed\n  {said}", hint="its own words are above; `build.constraints` can pin what fits"
        )
    return done.out


def unreachable(what: str, said: str) -> ReleaseError | None:
    """The error for a place of packages that is not reached; None where that is not what was said."""
    if not _UNREACHABLE.search(said):
        return None
    return IndexUnreachableError(
        f"{what} needs packages that are not here, and where they come from is not reached\n  {said}",
        hint="check the network, or name a mirror or a folder of wheels to pip or uv (UV_DEFAULT_INDEX, UV_FIND_LINKS)",
    )


def told(done: Done) -> str:
    """The last lines of what it said."""
    lines = [line.rstrip() for line in (done.err.strip() or done.out.strip()).splitlines() if line.strip()]
    return "\n  ".join(lines[-LINES:])


def _program() -> str | Path:
    try:
        from uv import find_uv_bin
    except ImportError:
        return shell.need("uv", hint="pip install uv")
    try:
        return Path(find_uv_bin())
    except FileNotFoundError:
        raise ToolMissingError("'uv' is not there", hint="pip install uv") from None
