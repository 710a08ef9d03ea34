"""What leaves the program: the line, into the person's own editor as a private file; a text, onto the clipboard."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from iterate import settings
from iterate.errors import EditorFailed
from iterate.install import editing
from iterate.terminal import clipboard, screen

if TYPE_CHECKING:
    from iterate.tui.program import Conversation

# What editors know as Markdown.
_NAME = "prompt.md"


def write(program: "Conversation") -> None:
    """Write the line of a conversation; raises `EditorFailed`, and the text stays as it was."""
    text = program.editor.text
    with program.keyboard.lent(editing.EditorKilled):
        found = edited(program.here.home, text, program.keyboard.descriptor)
    if found != text:
        program.editor.change(found)


def copy(program: "Conversation", text: str) -> None:
    """Put a text onto the clipboard of the terminal."""
    sequence = clipboard.copied(text, settings.emulator())
    if sequence:
        screen.send(sequence)
    else:
        program.tell(f"the terminal takes no more than {clipboard.MOST_BYTES:,} bytes, or has no clipboard")


def edited(home: Path, text: str, keys: int, environment: Mapping[str, str] | None = None) -> str:
    """What became of the text; `keys` is the terminal that the editor reads. Raises `EditorFailed`."""
    import tempfile

    try:
        with tempfile.TemporaryDirectory(prefix="iterate-", ignore_cleanup_errors=True) as folder:
            file = Path(folder) / _NAME
            with suppress(OSError):
                file.touch(mode=0o600)
            file.write_text(f"{text}\n" if text else "", encoding="utf-8", errors="replace", newline="\n")
            editing.edit(home, file, keys, settings.editor() if environment is None else settings.editor(environment))
            content = file.read_bytes()
    except OSError as problem:
        raise EditorFailed(f"the text cannot be handed to an editor: {problem.strerror or problem}") from problem
    found = content.decode("utf-8-sig", errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    # Editors end the last line.
    return found.removesuffix("\n")
