"""What a configured server becomes in one project: its references to variables filled in, its environment made.

A program gets what everybody needs and what the settings name, and nothing else of the environment: keys for other
things are none of its business.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from iterate.config.sections import McpServer
from iterate.errors import McpFailed

# What programs need to run at all.
_SAFE = frozenset({
    "HOME", "LANG", "LC_ALL", "LOGNAME", "PATH", "SHELL", "TERM", "TMPDIR", "TZ", "USER",
    "APPDATA", "COMSPEC", "HOMEDRIVE", "HOMEPATH", "LOCALAPPDATA", "PATHEXT", "PROCESSOR_ARCHITECTURE", "PROGRAMDATA",
    "PROGRAMFILES", "SYSTEMDRIVE", "SYSTEMROOT", "TEMP", "TMP", "USERNAME", "USERPROFILE", "WINDIR",
})  # fmt: skip
_REFERENCE = re.compile(r"\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}")


class Place(Struct, frozen=True, kw_only=True):
    """One server for one project, ready to be started or reached."""

    name: str
    command: tuple[str, ...]
    url: str
    env: dict[str, str]
    headers: dict[str, str]
    root: Path
    timeout_s: float

    @property
    def key(self) -> tuple[object, ...]:
        """What has the same key is the same server."""
        # Another terminal or another PATH is no reason for another process; what the settings name is.
        env = {name: text for name, text in self.env.items() if name not in _SAFE}
        whole = tuple(sorted(env.items())), tuple(sorted(self.headers.items()))
        return (self.name, self.command, self.url, self.root, self.timeout_s, *whole)


def place(name: str, said: McpServer, root: Path, *environments: Mapping[str, str]) -> Place:
    """The server in that project; of the environments the first that has a variable counts.

    Raises `McpFailed` where a variable that the settings refer to is not set, or where there is nothing to start.
    """
    if bool(said.command) == bool(said.url):
        raise McpFailed(
            f"mcp.{name}: it needs either a command or a url", f"iterate config edit, then look at mcp.{name}"
        )

    def filled(text: str) -> str:
        def value(found: re.Match[str]) -> str:
            variable = found[1]
            for environment in environments:
                if variable in environment:
                    return environment[variable]
            raise McpFailed(f"mcp.{name} refers to the variable {variable}, which is not set", f"set {variable}")

        return _REFERENCE.sub(value, text)

    base: dict[str, str] = {}
    for environment in reversed(environments):
        base |= {key: text for key, text in environment.items() if key.upper() in _SAFE}
    return Place(
        name=name,
        command=said.command,
        url=filled(said.url),
        env=base | {key: filled(text) for key, text in said.env.items()} if said.command else {},
        headers={key: filled(text) for key, text in said.headers.items()},
        root=root,
        timeout_s=said.timeout_s,
    )
