"""The names that a pattern of the shell fits on the disk."""

import os
import re
from fnmatch import fnmatchcase
from pathlib import Path

# How many names a pattern is tried against.
MOST_NAMES = 500


def names(pattern: str, folder: Path) -> list[str]:
    """What a pattern of the shell fits, links included; the pattern itself where it is too much or nothing."""
    found = ["/"] if pattern.startswith("/") else [""]
    for part in [part for part in pattern.split("/") if part]:
        made: list[str] = []
        for head in found:
            if not re.search(r"[*?\[]", part):
                made.append(f"{head}{part}/")
                continue
            try:
                with os.scandir(folder / head) as entries:
                    names = [entry.name for entry in entries]
            except OSError:
                continue
            is_hidden = part.startswith(".")
            fit = re.sub(r"\[\^", "[!", part)
            made += [f"{head}{n}/" for n in names if fnmatchcase(n, fit) and (is_hidden or not n.startswith("."))]
            made += [f"{head}../"] * (is_hidden and fnmatchcase("..", fit))
        if len(made) > MOST_NAMES:
            return [pattern.partition("*")[0] or "."]
        found = made
    return [each.rstrip("/") or "/" for each in found] or [pattern]
