"""The lines that the installer put into files of shells, so that the folder of the program is on PATH.

They stand between two marks, by which they are found again. What stands around them is left as it is, to the byte.
"""

import os
import re
import shlex
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from iterate.install.methods import PRODUCT

BEGIN = f"# >>> {PRODUCT} >>>".encode()
END = f"# <<< {PRODUCT} <<<".encode()


class Files(NamedTuple):
    """Where shells look: the home, and the folders that variables may name instead."""

    home: Path
    config: Path
    zsh: Path

    def all(self) -> tuple[Path, ...]:
        """Every file that the installer may have written to."""
        names = (".bashrc", ".bash_profile", ".bash_login", ".profile", ".kshrc", ".mkshrc")
        zsh = (".zshrc", ".zprofile", ".zshenv", ".zlogin")
        return (
            *(self.home / name for name in names),
            *(folder / name for folder in dict.fromkeys((self.home, self.zsh)) for name in zsh),
            self.config / "fish" / "config.fish",
            self.config / "fish" / "conf.d" / f"{PRODUCT}.fish",
        )


class Block(NamedTuple):
    """Lines of ours in a file; `is_ours` unless they name another folder, or lack their end."""

    file: Path
    is_ours: bool


def find(files: Files, folder: Path) -> tuple[Block, ...]:
    """The files that hold lines of ours, and whether these are about that folder."""
    return tuple(_found(files, folder))


def undo(block: Block, files: Files, folder: Path) -> bool:
    """Take the lines out of a file, in one step; whether none is left. A link stays one, and the mode stays."""
    real = Path(os.path.realpath(block.file))
    # The same name each time, as the installer has it, so that one who was stopped leaves nothing for ever.
    fresh = real.with_name(f"{real.name}.{PRODUCT}-new")
    try:
        content = real.read_bytes()
        rest = _without(content, _names(files.home, folder))
        if rest == content:
            return False
        fresh.unlink(missing_ok=True)
        try:
            shutil.copy2(real, fresh)
            fresh.write_bytes(rest)
            fresh.replace(real)
        finally:
            fresh.unlink(missing_ok=True)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _found(files: Files, folder: Path) -> Iterator[Block]:
    seen: set[Path] = set()
    for file in files.all():
        with suppress(OSError):
            real = Path(os.path.realpath(file))
            if real in seen or not real.is_file():
                continue
            seen.add(real)
            content = real.read_bytes()
            if BEGIN in content.splitlines():
                yield Block(file, _without(content, _names(files.home, folder)) != content)


def _names(home: Path, folder: Path) -> tuple[bytes, ...]:
    """The folder in the words of shells, as the installer writes it."""
    return tuple(os.fsencode(words) for each in _aliases(home, folder) for words in _spelt(home, each))


def _aliases(home: Path, folder: Path) -> tuple[Path, ...]:
    """The folder by every name that it may have here: the home, or what leads to the folder, may be links."""
    real = Path(os.path.realpath(folder))
    known = [home / ".local" / "bin", *map(Path, os.get_exec_path())]
    with suppress(ValueError):
        known.append(home / real.relative_to(os.path.realpath(home)))
    return (
        folder,
        *dict.fromkeys(each for each in known if each.is_absolute() and Path(os.path.realpath(each)) == real),
    )


def _spelt(home: Path, folder: Path) -> Iterator[str]:
    text = str(folder)
    yield f"'{_single(text)}'"
    yield "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"  # fish
    yield shlex.quote(text)
    yield f'":{_double(text)}:"'
    if folder.is_relative_to(home):
        yield f'":$HOME{_double(text[len(str(home)) :])}:"'
        yield f"\"$HOME\"'{_single(text[len(str(home)) :])}'"


def _double(text: str) -> str:
    return re.sub(r'[\\"$`]', r"\\\g<0>", text)


def _single(text: str) -> str:
    return text.replace("'", "'\\''")


def _without(content: bytes, names: tuple[bytes, ...]) -> bytes:
    """The content without each whole block that names the folder."""
    kept: list[bytes] = []
    block: list[bytes] = []
    for line in content.splitlines(keepends=True):
        bare = line.rstrip(b"\r\n")
        if bare == BEGIN:
            # One that began before has no end, and nobody knows how far it goes.
            kept += block
            block = [line]
        elif block and bare == END:
            text = b"".join((*block, line))
            kept += [] if any(name in text for name in names) else [text]
            block = []
        elif block:
            block.append(line)
        else:
            kept.append(line)
    return b"".join((*kept, *block))
