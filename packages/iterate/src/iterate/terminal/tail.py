"""The end of what a running command puts out: some lines, however much there is."""

import re
from collections.abc import Sequence

from iterate import foreign
from iterate.terminal.rows import TAB

# Characters that are looked at, and lines that are shown.
KEPT = 8192
LINES = 5
# Colours and movements of the cursor (ECMA-48), titles and links (OSC); a beginning that was cut off too.
_SEQUENCE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_()][0-9A-B]?|\x1b\[?[0-?]*$"
)


class Tail:
    """What a command put out last."""

    def __init__(self) -> None:
        self._text = ""
        self._lines = 0

    def add(self, text: str) -> None:
        """Take what came; of much only the end is looked at."""
        self._lines += text.count("\n")
        self._text = text[-KEPT:] if len(text) >= KEPT else (self._text + text)[-KEPT:]

    @property
    def lines(self) -> int:
        """How many lines there were."""
        return self._lines + (not self._text.endswith("\n") and bool(self._text))

    def last(self, count: int = LINES) -> Sequence[str]:
        """The last lines that have something, as a terminal would show them: a line is written over behind a return."""
        text = _SEQUENCE.sub("", self._text).replace("\r\n", "\n")
        found = [line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n")]
        shown = [foreign.plain(line).expandtabs(TAB).rstrip() for line in found if line.strip()]
        return shown[-count:]
