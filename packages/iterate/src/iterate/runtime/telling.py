"""What of the files of a project does not count or cannot be read, in sentences for a person, each told once."""

from collections.abc import Iterator
from contextlib import suppress
from itertools import groupby
from typing import TYPE_CHECKING

from iterate.errors import StateUnusable
from iterate.settings import Settings

if TYPE_CHECKING:
    from iterate.config.layers import LeftOut
    from iterate.project.project import Project

# So many sentences are remembered; then they may come again.
MOST = 1000
LIMIT_BYTES = 1 << 20


class Telling:
    """Remembers what was told: about files that are not trusted for ever, about others while the server lives."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._told: set[str] = set()

    def news(self, project: "Project") -> tuple[str, ...]:
        """What to say that was not said yet. It reads and writes files."""
        lines = (*self._left_out(project.left_out), *project.problems)
        fresh = tuple(dict.fromkeys(line for line in lines if line not in self._told))
        if len(self._told) + len(fresh) > MOST:
            self._told.clear()
        self._told.update(fresh)
        return fresh

    def _left_out(self, rows: "tuple[LeftOut, ...]") -> Iterator[str]:
        if not rows:
            return
        from iterate.config.trust import Trust

        trust = Trust(self._settings.trusted)
        for file, group in groupby(sorted(rows), lambda row: row.file):
            keys = ", ".join(f"{row.key} ({row.why})" for row in group)
            try:
                with file.open("rb") as opened:
                    content = opened.read(LIMIT_BYTES)
            except OSError:
                content = b""
            if trust.is_told(file, content):
                continue
            # A memory that cannot be written lets it be told again.
            with suppress(StateUnusable):
                trust.tell(file, content)
            yield f"{file} counts in part; left out: {keys}"
