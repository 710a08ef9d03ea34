"""Files of a project that the server starts by itself, outside any sandbox: programs of hooks and of MCP servers.

Whoever may change one has anything run, with nobody asked. So there is a rule for each, which asks and which no other
rule but a `deny` outdoes.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from iterate.permissions.rules import Rule
from iterate.project.project import Project


def rules(project: Project) -> tuple[Rule, ...]:
    """A rule for each file, and for each folder on the way to it, because another one in its place brings other files.

    It looks at files.
    """
    commands = [("hooks", hook.command) for hook in project.hooks]
    commands += [(f"mcp.{name}", server.command) for name, server in project.config.mcp.items() if server.enabled]
    found = {
        f"./{path}": key
        for key, command in commands
        for path in (path for word in _words(command) for path in _paths(word, project.root))
    }
    return tuple(
        Rule(deed="edit", pattern=pattern, action="ask", source="obeyed", where=key) for pattern, key in found.items()
    )


def _words(command: tuple[str, ...]) -> Iterator[str]:
    """What may name a file: the program where it is a path, and its arguments, `--config=x` and `sh -c "x y"` too."""
    for number, word in enumerate(command):
        if number or "/" in word:
            yield from filter(None, dict.fromkeys((word, *re.split(r"[\s=\"';&|()<>]+", word))))


def _paths(word: str, root: Path) -> Iterator[str]:
    """The names below the root by which the file is reached, where it is one; a program may still be made there."""
    given = root / word
    try:
        if given.is_dir() or not (given.exists() or "/" in word):
            return
        ends = (Path(os.path.normpath(given)), given.parent.resolve() / given.name, given.resolve())
    except (OSError, ValueError):
        return
    for end in ends:
        if end.is_relative_to(root):
            inside = end.relative_to(root)
            yield from (str(each.as_posix()) for each in (inside, *inside.parents) if each != Path())
