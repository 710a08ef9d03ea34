"""Opens a file of settings in the person's editor."""

import shlex
import sys
from contextlib import suppress
from pathlib import Path

from iterate import settings
from iterate.config import writing
from iterate.errors import ConfigUnwritable
from iterate.install.programs import Place
from iterate.settings import Settings

BEGINNING = "# Settings of iterate; `iterate config list --all` shows every one.\n"


def edit(here: Settings, file: Path, *, is_private: bool) -> None:
    """Wait until the editor ended; a file that is new and says nothing is not left behind.

    Raises `ConfigUnwritable` when the editor cannot be started, or says that it failed.
    """
    is_new = not file.exists()
    if is_new:
        writing.write(file, BEGINNING, is_private=is_private)
    words = settings.editor()
    parts = [words] if sys.platform == "win32" and Path(words).exists() else shlex.split(words)
    try:
        code = Place(here.home).run([*parts, str(file)], Path.cwd())
    except (OSError, ValueError) as problem:
        raise ConfigUnwritable(
            f"the editor {words!r} cannot be started: {getattr(problem, 'strerror', None) or problem}",
            "set VISUAL or EDITOR to an editor that is there",
        ) from problem
    finally:
        with suppress(OSError):
            if is_new and file.read_text(encoding="utf-8", errors="replace") == BEGINNING:
                file.unlink()
    if code != 0:
        raise ConfigUnwritable(
            f"the editor {parts[0]} ended with exit code {code}",
            "what it wrote was not checked; set VISUAL or EDITOR to another one",
        )
