"""What the registers of vi hold. The one without a name is the kill ring, so that Ctrl-Y puts back what `dd` took."""

from typing import NamedTuple

from iterate.terminal.emacs import Kills

# Keeps nothing; and what the last yank is in, whatever was deleted since.
_NOWHERE, _YANKED = "_", "0"
_UNNAMED = frozenset({"", '"', "+", "*"})


class Kept(NamedTuple):
    """A text, and whether it is whole lines, which end with a line break then."""

    text: str
    is_lines: bool = False


class Registers:
    """Registers by their names."""

    def __init__(self, kills: Kills) -> None:
        self._kills = kills
        self._named: dict[str, Kept] = {}
        # What was kept last as lines: a kill of emacs since then is none.
        self._lines = ""

    def keep(self, kept: Kept, name: str, *, is_yank: bool = False) -> None:
        """Keep a text; a capital letter adds to what the small one has."""
        if name == _NOWHERE or not kept.text:
            return
        if is_yank and name in _UNNAMED:
            self._named[_YANKED] = kept
        if name not in _UNNAMED:
            old = self._named.get(name.lower())
            if name.isupper() and old is not None:
                is_lines = old.is_lines or kept.is_lines
                kept = Kept(_line(old, is_lines) + _line(kept, is_lines), is_lines)
            self._named[name.lower()] = kept
        self._kills.keep(kept.text)
        self._lines = kept.text if kept.is_lines else ""

    def get(self, name: str) -> Kept:
        """What is kept under that name; an empty text is nothing."""
        if name not in _UNNAMED:
            return self._named.get(name.lower(), Kept(""))
        text = self._kills.last()
        return Kept(text, bool(text) and text == self._lines)


def _line(kept: Kept, is_lines: bool) -> str:  # noqa: FBT001  # One of ours.
    return kept.text if kept.is_lines or not is_lines else f"{kept.text}\n"
