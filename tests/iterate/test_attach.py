"""Files beside a prompt."""

from pathlib import Path

import pytest

from iterate.events import FilePart, TextPart
from iterate.tools.attach import NotAttached, attached, mentioned


def test_a_text_comes_with_its_path_and_counts_as_read(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"\xef\xbb\xbfone\r\ntwo\r\n")
    given = attached("a.py", tmp_path)
    assert given.part == TextPart(text='<file path="a.py">\none\ntwo\n</file>')
    assert (given.path, given.content) == ((tmp_path / "a.py").resolve(), b"\xef\xbb\xbfone\r\ntwo\r\n")


def test_a_long_text_is_cut_and_does_not_count_as_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("line\n" * 5000)
    given = attached(str(tmp_path / "a"), Path("/nowhere"))
    assert isinstance(given.part, TextPart)
    assert "[cut here: read the file for the rest]" in given.part.text
    assert given.part.text.count("\n") < 2010
    assert given.content is None


def test_images_and_folders_are_attached_and_other_files_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n\0")
    part = attached("~/a.png", Path("/"), str(tmp_path)).part
    assert isinstance(part, FilePart)
    assert (part.name, part.media_type) == ("a.png", "image/png")
    (tmp_path / "sub").mkdir()
    assert attached(".", tmp_path).part == TextPart(text='<folder path=".">\na.png\nsub/\n</folder>')
    (tmp_path / "b").write_bytes(b"a\0b")
    for name in ("b", "gone", "", "a\0b"):
        with pytest.raises(NotAttached):
            attached(name, tmp_path)


def test_what_a_prompt_names_by_at_is_found_where_it_is_there(tmp_path: Path) -> None:
    for name in ("a.py", "b c", "d"):
        (tmp_path / name).write_text("x")
    text = 'see @a.py, and (@d). mail me@a.py or @gone; @"b c" again @a.py'
    assert mentioned(text, tmp_path) == ("a.py", "d", "b c")
