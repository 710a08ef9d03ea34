"""How a program is started as one of its commands: under that command's name, for it does what it is called by."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from release import placeholders
from release.product import Product

_VARIABLE = re.compile(r"[A-Z_{][A-Za-z0-9_{}]*=")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How a command is asked to print something of itself.

    Attributes:
        variables: of its environment.
    """

    variables: Mapping[str, str]
    args: tuple[str, ...]

    @property
    def words(self) -> str:
        """As people type it, without the command."""
        return " ".join((*(f"{name}={value}" for name, value in self.variables.items()), *self.args))


def completion(product: Product, command: str, shell: str) -> Asked:
    """How a command is asked for its completion: by arguments, or by a variable as those of click are."""
    words = list(product.completions)
    variables: dict[str, str] = {}
    while words and _VARIABLE.match(words[0]):
        name, _, value = words.pop(0).partition("=")
        capitals = re.sub(r"[^A-Z0-9]", "_", command.upper())
        variables[placeholders.fill(name, command=capitals)] = placeholders.fill(value, shell=shell, command=command)
    return Asked(
        variables=variables, args=tuple(placeholders.fill(word, shell=shell, command=command) for word in words)
    )


def commands(product: Product, program: Path, links: Path) -> dict[str, Path]:
    """A path for each command that starts a program as that one.

    Args:
        product: whose commands.
        program: where its program is, in its folder.
        links: a folder for links to it; not used on Windows, where a small program of that name is beside it.
    """
    return {command: _path(product, command, program, links) for command in product.commands}


def _path(product: Product, command: str, program: Path, links: Path) -> Path:
    if command == product.executable:
        return program
    if program.suffix == ".exe" and os.name == "nt":
        return program.with_name(f"{command}.exe")
    links.mkdir(parents=True, exist_ok=True)
    link = links / command
    link.unlink(missing_ok=True)
    link.symlink_to(program.absolute())
    return link
