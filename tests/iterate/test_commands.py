"""Commands of people's own: what a template becomes."""

from pathlib import Path

import pytest

from iterate.project.commands import Command, expand, files_named


def command(template: str, *, is_stranger: bool = False) -> Command:
    return Command(name="go", description="", template=template, file=Path("go.md"), is_stranger=is_stranger)


@pytest.mark.parametrize(
    ("template", "arguments", "text"),
    [
        ("do $ARGUMENTS now", "a b", "do a b now"),
        ("do $1 with $2", "a b c d", "do a with b c d"),
        ("do $2, $1.", "'one word' two", "do two, one word."),
        ("do $1", "", "do "),
        ("do it", "", "do it"),
        ("do it", "a b", "do it\n\na b"),
        ("cost $10 and $x and $$", "", "cost $10 and $x and $$"),
        ("do $1", "don't stop", "do don't stop"),
        ("do $ARGUMENTS", "$1 !`rm -rf /` $ARGUMENTS", "do $1 !`rm -rf /` $ARGUMENTS"),
    ],
)
def test_words_take_the_places_of_the_holes(tmp_path: Path, template: str, arguments: str, text: str) -> None:
    found = expand(command(template), arguments, tmp_path)
    assert (found.text, found.shell) == (text, ())


def test_lines_of_the_shell_become_work_for_the_tool_that_asks(tmp_path: Path) -> None:
    found = expand(command("Look at !`git diff $1` and !`date`."), "HEAD~1", tmp_path)
    assert found.shell == ("git diff HEAD~1", "date")
    assert found.text.splitlines() == [
        "Look at (output of command 1) and (output of command 2).",
        "",
        "First run these commands with the tool bash, each as it is, and use what they print:",
        "1. git diff HEAD~1",
        "2. date",
    ]


def test_files_that_are_named_and_there_come_along_each_once(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x")
    (tmp_path / "inner").mkdir()
    text = "read @a.py, @a.py and @inner. Not @none.py, me@a.py, `@a.py` nor @\0."
    assert files_named(text, tmp_path) == (tmp_path / "a.py", tmp_path / "inner")
    assert expand(command("see @$1"), "a.py", tmp_path).files == (tmp_path / "a.py",)


def test_a_command_of_a_stranger_takes_no_file_along_that_lies_outside_or_holds_keys(tmp_path: Path) -> None:
    root = tmp_path / "project"
    (root / "sub").mkdir(parents=True)
    for name in ("../key", ".env", "a.py", "sub/b.py"):
        (root / name).write_text("x")
    (root / "link").symlink_to("../key")
    template = f"See @b.py (@../a.py) and @../../key @{tmp_path}/key, @../.env @../link @~/key @$1 @$2 me@a.py"
    sub = root / "sub"
    found = expand(command(template, is_stranger=True), "../.env ../../key", sub, root)
    expected = f"See @b.py (@../a.py) and ../../key {tmp_path}/key, ../.env ../link ~/key ../.env ../../key me@a.py"
    assert found.text == expected
    assert found.files == (sub / "b.py", sub / "../a.py")
    own = expand(command(template), "", sub, root)
    assert sub / "../.env" in own.files
