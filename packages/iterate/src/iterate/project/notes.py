"""Notes of a person to every agent: a line at the end of `AGENTS.md`, of the project or their own; all else stays."""

from pathlib import Path

from iterate.config.root import root_of
from iterate.errors import ConfigUnwritable, NoHome
from iterate.project.instructions import NAME, Memory, Noted, Where
from iterate.settings import Settings

_HINT = "the file is yours to edit"
# A file that is larger is no place for a note.
LARGEST = 1 << 20


def memories(settings: Settings, directory: str) -> tuple[Memory, ...]:
    """The files that a note may go to; the project's comes first."""
    found = []
    for where in ("project", "person"):
        try:
            file = place(settings, directory, where)
        except NoHome:
            continue
        content = _content(file)
        end = "" if content is None else "\n".join(content.decode(errors="replace").splitlines()[-12:])
        found.append(Memory(where=where, file=str(file), is_there=content is not None, end=end))
    return tuple(found)


def place(settings: Settings, directory: str, where: Where) -> Path:
    """The file, links resolved; raises `NoHome`."""
    if where == "project":
        return (root_of(Path(directory), settings.home) / NAME).resolve()
    if settings.config is None:
        raise NoHome("there is no folder for settings of your own")
    return (settings.config.parent / NAME).resolve()


def note(settings: Settings, directory: str, where: Where, line: str) -> Noted:
    """Put a line at the end of a file; raises `ConfigUnwritable`, `NoHome`."""
    file = place(settings, directory, where)
    said: list[Noted] = []

    def with_it(content: bytes | None) -> bytes:
        if content is not None and len(content) > LARGEST:
            raise ConfigUnwritable(f"{file} is larger than a file of notes", _HINT)
        piece = added(content or b"", line)
        said[:] = [Noted(file=str(file), added=piece.decode(), is_new=content is None)]
        return (content or b"") + piece

    from iterate.config import writing  # A server that starts writes nothing.

    writing.edit(file, with_it, is_private=where == "person")
    return said[0]


def take_back(settings: Settings, directory: str, where: Where, noted: Noted) -> None:
    """Take away what was put there, where it is still the end of the file; raises `ConfigUnwritable`, `NoHome`."""
    file, piece = place(settings, directory, where), noted.added.encode()

    def without_it(content: bytes | None) -> bytes | None:
        if not piece or content is None or not content.endswith(piece):
            raise ConfigUnwritable(f"{file} has changed since, so nothing was taken back", _HINT)
        left = content[: -len(piece)]
        return None if noted.is_new and not left else left

    from iterate.config import writing

    writing.edit(file, without_it, is_private=where == "person")


def added(content: bytes, line: str) -> bytes:
    """What is put behind the content: the line as an item of a list, with the ends of lines that the file has."""
    end = b"\r\n" if b"\r\n" in content else b"\n"
    # One line, whatever it was typed as.
    piece = b"- " + " ".join(line.split()).encode() + end
    if not content:
        return piece
    last = content.rstrip(b"\r\n").rpartition(b"\n")[2].lstrip()
    is_list = last.startswith((b"- ", b"* ", b"+ "))
    before = b"" if content.endswith(b"\n") else end
    if not is_list and not content.endswith((b"\n\n", b"\n\r\n")):
        before += end
    return before + piece


def _content(file: Path) -> bytes | None:
    try:
        with file.open("rb") as opened:
            return opened.read(LARGEST)
    except OSError:
        return None
