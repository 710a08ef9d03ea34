"""Notes to every agent: one line at the end of a file, asked first, and nothing else of the file changes."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.iterate.fakeprogram import FakeProgram, press, seen

from iterate import settings
from iterate.errors import ConfigUnwritable
from iterate.project import notes
from iterate.tui import commands

MEMORIES = [
    {"where": "project", "file": "/work/AGENTS.md", "is_there": True, "end": "# Rules\n\n- be short"},
    {"where": "person", "file": "/own/AGENTS.md", "is_there": False, "end": ""},
]


def here(tmp_path: Path) -> settings.Settings:
    (tmp_path / "work" / ".git").mkdir(parents=True)
    return settings.read()._replace(home=tmp_path, config=tmp_path / "own" / "config.toml")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"", b"- tabs\n"),
        (b"# Rules\n", b"# Rules\n\n- tabs\n"),
        (b"# Rules", b"# Rules\n\n- tabs\n"),
        (b"# Rules\n\n", b"# Rules\n\n- tabs\n"),
        (b"- one\n", b"- one\n- tabs\n"),
        (b"* one", b"* one\n- tabs\n"),
        (b"# R\r\n- one\r\n", b"# R\r\n- one\r\n- tabs\r\n"),
        (b"\xff\xfe\n", b"\xff\xfe\n\n- tabs\n"),
    ],
)
def test_a_note_is_a_line_of_its_own_at_the_end_and_is_taken_back_exactly(
    tmp_path: Path, before: bytes, after: bytes
) -> None:
    there, file = here(tmp_path), tmp_path / "work" / "AGENTS.md"
    if before:
        file.write_bytes(before)
    noted = notes.note(there, str(tmp_path / "work"), "project", " tabs\n")
    assert file.read_bytes() == after
    notes.take_back(there, str(tmp_path / "work"), "project", noted)
    assert file.read_bytes() == before if before else not file.exists()


@given(st.binary(max_size=40), st.text(min_size=1, max_size=20).filter(lambda text: text.strip()))
def test_nothing_before_a_note_changes(before: bytes, line: str) -> None:
    piece = notes.added(before, line)
    assert (before + piece).startswith(before)
    assert (before + piece).splitlines()[-1:] != before.splitlines()[-1:] or before == b""


def test_the_rights_of_a_file_and_a_link_stay_and_a_new_file_of_the_person_is_private(tmp_path: Path) -> None:
    there = here(tmp_path)
    real = tmp_path / "work" / "CLAUDE.md"
    real.write_text("# Rules\n")
    real.chmod(0o640)
    (tmp_path / "work" / "AGENTS.md").symlink_to("CLAUDE.md")
    notes.note(there, str(tmp_path / "work"), "project", "tabs")
    assert (tmp_path / "work" / "AGENTS.md").is_symlink()
    assert (real.read_text(), real.stat().st_mode & 0o777) == ("# Rules\n\n- tabs\n", 0o640)
    noted = notes.note(there, str(tmp_path / "work"), "person", "tabs")
    assert (tmp_path / "own" / "AGENTS.md").stat().st_mode & 0o777 == 0o600
    assert noted.is_new


def test_what_changed_since_is_not_taken_back(tmp_path: Path) -> None:
    there, file = here(tmp_path), tmp_path / "work" / "AGENTS.md"
    noted = notes.note(there, str(tmp_path / "work"), "project", "tabs")
    file.write_text("- tabs\n- more\n")
    with pytest.raises(ConfigUnwritable):
        notes.take_back(there, str(tmp_path / "work"), "project", noted)
    assert file.read_text() == "- tabs\n- more\n"


def test_where_a_note_goes_is_asked_with_the_file_as_it_would_be() -> None:
    answers: dict[str, object] = {"GET /memory": {"memories": MEMORIES}}
    answers["POST /memory"] = {"file": "/work/AGENTS.md", "added": "- use tabs\n", "is_new": False}
    program = FakeProgram(answers)
    assert commands.obey(program, "# use tabs")
    text = "\n".join(seen(program.widgets[-1], 160, 20))
    assert "Keep as a note: use tabs" in text
    assert "/own/AGENTS.md (new)" in text
    assert "- be short" in text
    assert "- use tabs" in text
    assert [each for each in program.asked if each[0] == "POST"] == []
    press(program.widgets[-1], "enter")
    body = {"line": "use tabs", "directory": "/work", "where": "project"}
    assert [each for each in program.asked if each[0] == "POST"] == [("POST", "/memory", body)]
    commands.obey(program, "/memory undo")
    assert program.asked[-1][1] == "/memory/undo"
    commands.obey(program, "/memory undo")
    assert "no note was kept" in str(program.failures[-1])


def test_a_line_that_was_no_note_is_sent_or_given_back() -> None:
    program = FakeProgram({"GET /memory": {"memories": MEMORIES}})
    commands.obey(program, "#12 is broken")
    press(program.widgets[-1], "up", "enter")
    assert program.sent == ["#12 is broken"]
    commands.obey(program, "#12 is broken")
    press(program.widgets[-1], "escape")
    assert program.written == ["#12 is broken"]
    assert not commands.obey(program, "# Title\n\ntext")
    assert not commands.obey(program, "##")
