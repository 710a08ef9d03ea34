"""Opens a file of settings in the person's editor."""

from contextlib import suppress
from pathlib import Path

from iterate.config import writing
from iterate.install import editing
from iterate.settings import Settings

BEGINNING = "# Settings of iterate; `iterate config list --all` shows every one.\n"


def edit(here: Settings, file: Path, *, is_private: bool) -> None:
    """Wait until the editor ended; a file that is new and says nothing is not left behind.

    Raises `EditorFailed` when the editor cannot be started, or says that it failed.
    """
    is_new = not file.exists()
    if is_new:
        writing.write(file, BEGINNING, is_private=is_private)
    try:
        editing.edit(here.home, file)
    finally:
        with suppress(OSError):
            if is_new and file.read_text(encoding="utf-8", errors="replace") == BEGINNING:
                file.unlink()
