"""What is laid into a program beside what the compiler makes: what runs first, modules, data, metadata, its Python."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from release import shell, stamp
from release.errors import CompileError

_HERE = Path(__file__).parent
BESIDE = _HERE / "beside.py"
LAUNCHER = _HERE / "launcher.py.txt"
# Modules of ours in each program, each by the name it has there.
MODULES = {"_release_finder": _HERE / "finder.py.txt", "_release_python": _HERE / "python.py.txt"}
PYTHON = """\
#!/bin/sh
# The Python inside of this program, for what starts sys.executable.
_RELEASE_PYTHON=1 exec "${0%/*}/PROGRAM" "$@"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What to lay; beside.py says what each is.

    Attributes:
        python: the interpreter of the product's environment.
    """

    python: Path
    product: Path
    installed: Path
    own: str
    needed: Iterable[str]
    left_out: Iterable[str]
    whole: bool
    library: bool
    optimize: int = 0


class Laid(msgspec.Struct, frozen=True, kw_only=True):
    """What was laid: files of each kind, and the distributions whose metadata lies there."""

    modules: int
    data: int
    distributions: tuple[str, ...]


def launcher(file: Path, program: str, said: str, commands: Mapping[str, tuple[str, str]]) -> None:
    """Write what a program runs first, and the modules that it needs for it, where the compiler finds them.

    Args:
        file: the launcher.
        program: file name of the program, without the ending of Windows.
        said: the line that the program prints when it is asked for its stamp.
        commands: module and function of each command, the main one first.
    """
    for name, path in MODULES.items():
        file.with_name(f"{name}.py").write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    text = LAUNCHER.read_text(encoding="utf-8").format(
        commands=dict(commands),
        main=next(iter(commands)),
        program=program,
        stamp=f"{said}\n".encode(),
        variable=stamp.VARIABLE,
    )
    file.write_text(text, encoding="utf-8")


def lay(orders: Orders, folder: Path, report: Path) -> Laid:
    """Lay what no import names, data and metadata into a program's folder.

    Raises:
        CompileError: it could not be done.
    """
    asked = report.with_name("beside.json")
    asked.write_text(
        json.dumps(
            {
                "folder": str(folder),
                "report": str(report),
                "product": str(orders.product),
                "installed": str(orders.installed),
                "own": orders.own,
                "needed": sorted(orders.needed),
                "left_out": sorted(orders.left_out),
                "whole": orders.whole,
                "library": orders.library,
                "optimize": orders.optimize,
            }
        ),
        encoding="utf-8",
    )
    # Sets in bytecode are in the order of hashes; columns would only point into lines that do not travel along.
    env = {"PYTHONHASHSEED": "0", "PYTHONNODEBUGRANGES": "1", "PYTHONUTF8": "1", "PYTHONPATH": None}
    done = shell.attempt([orders.python, BESIDE, asked], env=env)
    if done.code != 0:
        raise CompileError(
            f"laying modules and data beside the program ended with code {done.code}\n  {done.err.strip()[-1500:]}",
            hint=f"the orders are {asked}",
        )
    return msgspec.json.decode(done.out, type=Laid)


def python(folder: Path, program: str) -> None:
    """Write what `sys.executable` names; Windows has no such scripts, and needs none."""
    written = folder / "python"
    written.write_text(PYTHON.replace("PROGRAM", program), encoding="utf-8", newline="\n")
    written.chmod(0o755)
