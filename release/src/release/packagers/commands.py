"""The commands of a product: one program in its folder, and a name for each of them that leads to it.

The program does what the name says that it is called by. Where nothing can lead to it under another name, as on
Windows, the first argument `--as=COMMAND` says the same. See docs/decisions/0210-a-command-is-a-name-of-the-program.md.
"""

import re

from release.errors import ConfigInvalidError
from release.product import Product

# What needs no quotes in any language of a rendered file, and is a file's name on every system.
_LEGAL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*(?<!\.)")
# "Naming Files, Paths, and Namespaces" of Microsoft's documentation; also before an ending, as in con.json.
DEVICE = re.compile(r"(?:con|prn|aux|nul|(?:com|lpt)[0-9])(?:\..*)?", re.IGNORECASE)
AS = "--as="


def need(product: Product) -> None:
    """Refuse commands that some system could not have.

    Raises:
        ConfigInvalidError: one is no file's name, or two are one file where capitals do not count.
    """
    there: dict[str, str] = {}
    for command in product.commands:
        if not _LEGAL.fullmatch(command) or DEVICE.fullmatch(command):
            raise ConfigInvalidError(
                f"the command '{command}' cannot be a file's name on every system",
                hint="leave it out of build.scripts; letters, digits and _ . + - are legal, and no device of Windows",
            )
        other = there.setdefault(command.lower(), command)
        if other is not command:
            raise ConfigInvalidError(
                f"the commands '{other}' and '{command}' are one file on macOS and on Windows",
                hint="leave one of them out of build.scripts",
            )


def values(product: Product) -> dict[str, object]:
    """What the templates of all outlets call them: the main command, all commands, the program and its folder."""
    return {
        "command": product.main,
        "commands": list(product.commands),
        "executable": product.executable,
        "name": product.name,
    }


def chosen(product: Product, command: str) -> str:
    """The argument that makes the program this command, where it is started under its own name; empty for none."""
    return "" if command == product.executable else f"{AS}{command}"


def strangers(product: Product, legal: re.Pattern[str], *ours: str) -> tuple[str, ...]:
    """The commands that may be the names of other people's packages, which then most likely bring such a command.

    Two packages with one file would break each other, or the second one half-way through its installation.

    Args:
        product: whose commands.
        legal: what a package may be called.
        ours: packages that are no stranger's.
    """
    return tuple(each for each in product.commands if legal.fullmatch(each) and each not in {product.name, *ours})
