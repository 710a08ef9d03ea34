"""Names near to one that is not there."""

import difflib
import os
from itertools import islice
from pathlib import Path

from iterate.tools.places import is_inside, shown
from iterate.tools.tool import Work

_MOST_LOOKED = 5000
_MOST_NAMED = 3


def near(path: Path, work: Work) -> str:
    """A question with the nearest names of the same folder, or where the path stops being one; else nothing.

    It says nothing of folders outside the project, which the person may not have allowed to be listed.
    """
    if not is_inside(path, work):
        return ""
    there = path.parent
    while not there.is_dir() and there not in {work.root, there.parent}:
        path, there = there, there.parent
    try:
        with os.scandir(there) as entries:
            names = {each.name.lower(): each.name for each in islice(entries, _MOST_LOOKED)}
    except OSError:
        return ""
    close = difflib.get_close_matches(path.name.lower(), names, n=_MOST_NAMED, cutoff=0.6)
    if close:
        return f"; did you mean {' or '.join(shown(there / names[each], work) for each in close)}?"
    return f"; there is no {path.name} in {shown(there, work)}"
