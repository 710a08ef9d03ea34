"""In which folders a shell may be, while it goes from one to another: what may fail leaves it where it was."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from iterate.permissions.words import Word, literal

MOST = 8
MOVES = frozenset({"cd", "pushd", "popd"})

# None stands for a folder that is not known.
type Folders = tuple[Path | None, ...]


class Whereabouts:
    """The folders that a shell may be in, and those that it may have been in."""

    def __init__(self, folders: Folders, environment: Mapping[str, str], home: str) -> None:
        self.possible = folders
        # Where the last `cd` led, if it did not fail.
        self.reached: Folders = ()
        self._been = list(folders)
        self._environment = environment
        self._home = home

    def move(self, words: Sequence[Word]) -> None:
        """Follow a `cd`, `pushd` or `popd`."""
        self.reached = self._led(words)
        self._been += [folder for folder in self.reached if folder not in self._been]
        self.possible = joined(self.possible, self.reached)

    def stay(self) -> None:
        """Nothing moved it yet."""
        self.reached = ()

    def lose(self) -> None:
        """It may be anywhere."""
        self.possible = joined(self.possible, (None,))

    def _led(self, words: Sequence[Word]) -> Folders:
        operands = [word for word in words[1:] if word.value not in ("-L", "-P", "-e", "-n", "--")]
        name = words[0].value
        if name == "popd" or (name == "pushd" and not operands) or (operands and operands[0].value == "-"):
            before = self._environment.get("OLDPWD")
            return joined(tuple(self._been), (Path(before),) if before else ())
        target = operands[0] if operands else literal(self._home)
        text = target.value
        if not text or target.is_glob or len(operands) > 1:
            return (None,)
        if self._environment.get("CDPATH") and not text.startswith(("/", ".")):
            return (None,)
        made: Folders = ()
        for folder in self.possible:
            if folder is not None or text.startswith("/"):
                # By the links, as the system goes; and by the names, as bash goes.
                path = (folder or Path("/")) / text
                made = joined(made, (Path(os.path.realpath(path)), Path(os.path.normpath(path))))
            else:
                made = joined(made, (None,))
        return made


def joined(one: Folders, other: Folders) -> Folders:
    """Both; too many become one that is not known."""
    made = tuple(dict.fromkeys((*one, *other)))
    return made if len(made) <= MOST else (*made[: MOST - 1], None)
