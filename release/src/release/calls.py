"""How a program is started as one of its commands: under that command's name, for it does what it is called by."""

import os
from pathlib import Path

from release.product import Product


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
