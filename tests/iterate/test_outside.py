"""A text in the person's own editor: a private file, which comes back whole and is gone afterwards."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from iterate.errors import EditorFailed
from iterate.install.editing import EditorKilled
from iterate.tui import outside

pytestmark = [pytest.mark.processes, pytest.mark.systems("linux", "darwin")]


@pytest.fixture
def keys() -> Iterator[int]:
    descriptor = os.open(os.devnull, os.O_RDWR)
    yield descriptor
    os.close(descriptor)


def edited(tmp_path: Path, keys: int, script: str, text: str = "one\ntwo") -> str:
    """What becomes of a text in an editor that is a script of a shell; `$1` is the file."""
    program = tmp_path / "my editor"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return outside.edited(tmp_path, text, keys, {"EDITOR": f"'{program}'"})


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("true", "one\ntwo"),
        ('echo three >> "$1"', "one\ntwo\nthree"),
        (': > "$1"', ""),
        ('printf "a\\r\\n\\tb\\n\\n" > "$1"', "a\n\tb\n"),
        ('printf "\\357\\273\\277x\\377" > "$1"', "x\N{REPLACEMENT CHARACTER}"),
        ('echo new > "$1.new"; mv "$1.new" "$1"', "new"),
    ],
)
def test_the_text_comes_back_as_it_was_written(tmp_path: Path, keys: int, script: str, found: str) -> None:
    assert edited(tmp_path, keys, script) == found


def test_the_file_is_private_markdown_and_gone_afterwards(tmp_path: Path, keys: int) -> None:
    found = edited(tmp_path, keys, 'echo "$1" > "$1.name"; cat "$1.name" > "$1"', "日本\ttext")
    file = Path(found)
    assert file.suffix == ".md"
    assert not file.parent.exists()
    modes = edited(tmp_path, keys, 'ls -ld "$(dirname "$1")" "$1" | cut -c1-10 > "$1.x"; cat "$1.x" > "$1"')
    assert modes == f"{stat.filemode(0o40700)}\n{stat.filemode(0o100600)}"
    assert edited(tmp_path, keys, "true", "日本\ttext\n\n") == "日本\ttext\n\n"


@pytest.mark.parametrize(
    ("script", "said"), [("exit 3", "ended with exit code 3"), ('rm "$1"', "cannot be handed to an editor")]
)
def test_an_editor_that_fails_is_told(tmp_path: Path, keys: int, script: str, said: str) -> None:
    with pytest.raises(EditorFailed, match=said):
        edited(tmp_path, keys, script)


@pytest.mark.parametrize("words", ["no-such-editor", "'unbalanced", "/"])
def test_an_editor_that_is_not_there_is_told(tmp_path: Path, keys: int, words: str) -> None:
    with pytest.raises(EditorFailed, match="cannot be started"):
        outside.edited(tmp_path, "text", keys, {"EDITOR": words})


@pytest.mark.parametrize(("script", "is_killed"), [("kill -9 $$", True), ("kill -TERM $$", True), ("exit 1", False)])
def test_an_editor_that_a_signal_ended_is_told_from_one_that_failed(
    tmp_path: Path, keys: int, script: str, *, is_killed: bool
) -> None:
    with pytest.raises(EditorFailed) as failed:
        edited(tmp_path, keys, script)
    assert isinstance(failed.value, EditorKilled) == is_killed
