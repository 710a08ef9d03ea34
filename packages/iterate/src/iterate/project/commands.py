"""Commands: prompts with a name. `commands/NAME.md` is called as `/NAME words`; the text is a template.

`$ARGUMENTS` is all words, `$1` to `$9` are single ones (the last one that a template names takes what is left), `@path`
adds a file, and !`line` is a command of the shell whose output is wanted. The template runs nothing: a line goes to the
model as work for the tool `bash`, so it is judged, shown and kept like every other command.
"""

import re
import shlex
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from iterate.project import front
from iterate.project.agents import NAME, convert
from iterate.project.files import Text
from iterate.project.mentions import harmless

_HOLE = re.compile(r"\$(ARGUMENTS|[1-9])(?![0-9A-Za-z_])")
_SHELL = re.compile(r"!`([^`\n]+)`")
# Not an address of mail, and not the middle of a word.
_FILE = re.compile(r"(?<![\w`@/.])@(?P<path>[^\s`'\"<>()\[\]{},;:!?*|]+)")
# So many files can be named in one prompt.
MOST_FILES = 20


class CommandFront(Struct, frozen=True, kw_only=True):
    """The front matter of a file of a command."""

    description: Annotated[str, Meta(description="What it does, in a line.")] = ""
    agent: Annotated[str | None, Meta(description="The agent that answers.")] = None
    model: Annotated[str | None, Meta(description="The model that answers, as provider/model.")] = None


class Command(Struct, frozen=True, kw_only=True):
    """A prompt with a name."""

    name: str
    description: str
    template: str
    file: Path
    agent: str | None = None
    model: str | None = None
    # As of an agent.
    is_stranger: bool = False
    left_out: tuple[str, ...] = ()


class Expansion(Struct, frozen=True, kw_only=True):
    """What a command or a prompt becomes: its text, the files that it names, and the lines of the shell in it."""

    text: str
    files: tuple[Path, ...] = ()
    shell: tuple[str, ...] = ()


def parse(name: str, text: Text, *, is_stranger: bool) -> Command:
    """The command of a file; raises `Broken`."""
    if not NAME.fullmatch(name):
        raise front.Broken("its name is not of small letters, digits, - and _")
    page = front.split(text.text)
    said = convert(page.front, CommandFront)
    if not page.body:
        raise front.Broken("it has no text")
    return Command(
        name=name,
        description=said.description or page.body.splitlines()[0][:80],
        template=page.body,
        file=text.file,
        agent=None if is_stranger else said.agent,
        model=None if is_stranger else said.model,
        is_stranger=is_stranger,
        left_out=tuple(key for key in ("agent", "model") if is_stranger and page.front.get(key) is not None),
    )


def expand(command: Command, arguments: str, directory: Path, root: Path | None = None) -> Expansion:
    """The prompt that the command is with these arguments; files are looked for in the folder that is worked in.

    What a person typed is put in as it is: a `$1` or !`line` in it is text. A stranger's command takes along only files
    of the project, which `root` is, that hold no keys.
    """
    shell: list[str] = []
    pieces: list[str] = []
    place = 0
    words = _words(arguments)
    highest = max((int(each) for each in _HOLE.findall(command.template) if each != "ARGUMENTS"), default=0)

    def filled(text: str) -> str:
        return _HOLE.sub(lambda hole: _value(hole[1], words, arguments, highest), text)

    for found in _SHELL.finditer(command.template):
        line = filled(found[1])
        shell.append(line)
        pieces += [filled(command.template[place : found.start()]), f"(output of command {len(shell)})"]
        place = found.end()
    pieces.append(filled(command.template[place:]))
    text = "".join(pieces)
    if not _HOLE.search(command.template) and arguments.strip():
        text += f"\n\n{arguments.strip()}"
    if command.is_stranger:
        text = harmless(text, root or directory, directory)
    return Expansion(text=text + _work(shell), files=files_named(text, directory), shell=tuple(shell))


def files_named(text: str, directory: Path) -> tuple[Path, ...]:
    """The files and folders that a text names as `@path`, of those that are there, each once."""
    found: dict[Path, None] = {}
    for match in _FILE.finditer(text):
        path = directory / match["path"].rstrip(".")
        try:
            is_there = path.exists()
        except (OSError, ValueError):
            is_there = False
        if is_there and len(found) < MOST_FILES:
            found[path] = None
    return tuple(found)


def _value(hole: str, words: list[str], arguments: str, highest: int) -> str:
    if hole == "ARGUMENTS":
        return arguments.strip()
    number = int(hole)
    return " ".join(words[number - 1 :]) if number == highest else "".join(words[number - 1 : number])


def _words(arguments: str) -> list[str]:
    try:
        return shlex.split(arguments)
    except ValueError:
        # A quote without its other half, as in "don't".
        return arguments.split()


def _work(shell: list[str]) -> str:
    if not shell:
        return ""
    lines = "\n".join(f"{number}. {line}" for number, line in enumerate(shell, 1))
    return f"\n\nFirst run these commands with the tool bash, each as it is, and use what they print:\n{lines}"
