"""The commands of a program on Windows: beside it, for each, a small program of that name that starts it.

It is the one that pip and uv make commands of: it starts the program in its folder with `--as` and its own path before
the arguments. See docs/decisions/0211-a-small-program-for-each-command-on-windows.md.
"""

import io
import zipfile
from collections.abc import Collection
from pathlib import Path

from release.product import Arch, Product, System, Target

_KINDS = {Arch.X64: "t64.exe", Arch.ARM64: "t64-arm.exe"}
_WINDOWS = {Arch.X64: "w64.exe", Arch.ARM64: "w64-arm.exe"}  # those without a console
OPTION = "--as"


def put(product: Product, target: Target, folder: Path, gui: Collection[str] = ()) -> None:
    """Put them into a program's folder; nothing on other systems.

    Args:
        product: whose commands.
        target: what is built.
        folder: of the program.
        gui: the commands that are started without a terminal.
    """
    if target.system is not System.WINDOWS:
        return
    for command in product.commands:
        if command != product.executable:
            kinds = _WINDOWS if command in gui else _KINDS
            path = folder / f"{command}.exe"
            path.write_bytes(_started(kinds[target.arch], f"{product.executable}{target.program_suffix}"))
            path.chmod(0o755)


def _started(kind: str, program: str) -> bytes:
    """PyPA's launcher with its two appendices: a line that says what to start, and an archive, which it insists on."""
    from importlib.resources import files

    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr(zipfile.ZipInfo("__main__.py"), b"")  # the first moment that the format has, and no clock
    line = f'#!"<launcher_dir>\\{program}" {OPTION}\n'
    return (files("installer._scripts") / kind).read_bytes() + line.encode() + archive.getvalue()
