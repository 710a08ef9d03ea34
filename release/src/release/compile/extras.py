"""What lies beside the program folder: texts, and completions and manual pages of every command."""

import gzip
import re
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from release import calls, shell, trial
from release.calls import Asked
from release.errors import ConfigInvalidError
from release.product import Product, Target
from release.progress import Progress
from release.wheel.unpacking import Unpacked

SHELLS = {"bash": "{name}.bash", "zsh": "_{name}", "fish": "{name}.fish"}
# Where wheels lay what shells and man read, below the prefix of an installation.
_BASH = re.compile(r"share/bash-completion/completions|etc/bash_completion\.d")
_ZSH = re.compile(r"share/zsh/(?:site-functions|vendor-completions)")
_FISH = re.compile(r"share/fish/(?:vendor_completions\.d|completions)|etc/fish/completions")
_MAN = re.compile(r"(?:share/)?man/man[1-9]")
_NAME = re.compile(r"[\w.+@-]+", re.ASCII)
_PAGE = re.compile(r"[\w.+@-]+\.[1-9]\w*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What a wheel brings beside its modules: the folder of its data, and which of its commands have windows."""

    data: Path
    gui: Collection[str] = ()


def lay(
    product: Product, target: Target, folder: Path, brought: Brought | None, work: Path, progress: Progress
) -> None:
    """Lay everything beside the program folder that is in `folder`.

    Args:
        product: whose texts and commands.
        target: what was built.
        folder: what will be the archive.
        brought: what the wheel brings; None for a stand-in.
        work: where the commands are tried.
        progress: told which commands have no completion or manual page.

    Raises:
        ConfigInvalidError, ProgramFailedError: the main command does not print what release.toml says it prints.
    """
    for relative in filter(None, (product.license_file, product.readme)):
        shutil.copyfile(product.root / relative, folder / Path(relative).name)
    if brought is not None and brought.data.is_dir():
        _bring(brought.data, folder)
    program = folder / product.program(target)
    paths = dict.fromkeys(product.commands) if brought is None else calls.commands(product, program, work / "commands")
    gui = () if brought is None else brought.gui
    for command, path in paths.items():
        if command not in gui or command == product.main:
            _print(product, command, path, folder, progress)


def _print(product: Product, command: str, path: Path | None, folder: Path, progress: Progress) -> None:
    """Write what a command prints of itself; without a path, what a stand-in would."""
    wanted = []
    for name, file in SHELLS.items() if product.completions else ():
        asked = calls.completion(product, command, name)
        wanted.append((f"completions/{file.format(name=command)}", "completion", asked))
    if product.man:
        wanted.append((f"man/{command}.1", "manual page", Asked(variables={}, args=product.man)))
    for file, what, asked in wanted:
        if (folder / file).exists():
            continue  # the wheel brought it
        text = _stood_in(command, what) if path is None else _said(product, command, path, what, asked, progress)
        if text:
            (folder / file).parent.mkdir(exist_ok=True)
            (folder / file).write_text(trial.plain(text), encoding="utf-8", newline="\n")


def _stood_in(command: str, what: str) -> str:
    if what == "completion":
        return f"# stand-in for the completion of {command}\n"
    return f".TH {command.upper()} 1\n.SH NAME\n{command} \\- a stand\\-in\n"


def _said(product: Product, command: str, path: Path, what: str, asked: Asked, progress: Progress) -> str:
    """What a command prints. The main one must; another one is left out where it prints nothing about itself."""
    if command == product.main:
        text = shell.run([path, *asked.args], env=asked.variables)
        if not text.strip():
            raise ConfigInvalidError(f"the program printed no {what} for {asked.words}", hint="see completions and man")
        return text
    done = shell.attempt([path, *asked.args], env=asked.variables, timeout=trial.SECONDS)
    if done.code == 0 and command.lower() in done.out.lower():
        return done.out
    progress.note(f"{command} prints no {what} of its own at {asked.words}")
    return ""


# --- what the wheel brings ---------------------------------------------------------------------------------


def _bring(data: Path, folder: Path) -> None:
    """Copy completions and manual pages out of a wheel's data, under the names that packages look for."""
    for path in sorted(data.rglob("*")):
        place = _place(path.relative_to(data).as_posix()) if path.is_file() else ""
        if place:
            into = folder / place
            into.parent.mkdir(exist_ok=True)
            content = path.read_bytes()
            into.write_bytes(gzip.decompress(content) if path.suffix == ".gz" else content)


def lay_inside(files: Unpacked, folder: Path) -> None:
    """Lay a wheel's other data into the program's folder, and programs that are no scripts of Python.

    `sys.prefix` is that folder, so `share/NAME` is found where it is looked for, and a program beside the interpreter.

    Args:
        files: the unpacked wheel.
        folder: of the program.
    """
    for root in (files.data, files.scripts):
        for path in sorted(root.rglob("*")):
            to = folder / path.relative_to(root)
            is_script = root == files.scripts and path.is_file() and path.read_bytes().startswith(b"#!python")
            if path.is_file() and not (is_script or to.exists() or _place(path.relative_to(root).as_posix())):
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, to)


def _place(path: str) -> str:
    """Where in an archive a file of a wheel's data goes; empty for nowhere."""
    folder, _, name = path.rpartition("/")
    if _MAN.fullmatch(folder):
        page = name.removesuffix(".gz")
        return f"man/{page}" if _PAGE.fullmatch(page) else ""
    if not _NAME.fullmatch(name):
        return ""
    if _BASH.fullmatch(folder):
        return f"completions/{name.removesuffix('.bash')}.bash"
    if _ZSH.fullmatch(folder) and name.startswith("_"):
        return f"completions/{name}"
    return f"completions/{name}" if _FISH.fullmatch(folder) and name.endswith(".fish") else ""
