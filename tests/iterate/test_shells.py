"""The lines of the installer in files of shells: taken out to the byte, and nobody else's."""

from pathlib import Path

import pytest

from iterate.install import shells
from iterate.install.shells import Files

OURS = """# >>> iterate >>>
case ":$PATH:" in *":$HOME/.local/bin:"*) ;; *) export PATH="$HOME/.local/bin:$PATH" ;; esac
# <<< iterate <<<
"""


def files(home: Path) -> Files:
    return Files(home=home, config=home / ".config", zsh=home / "zsh")


def undone(home: Path, folder: Path) -> list[bool]:
    found = shells.find(files(home), folder)
    return [shells.undo(each, files(home), folder) for each in found if each.is_ours]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""),
        ("alias l=ls\n", ""),
        ("alias l=ls\n", "export EDITOR=vi\n"),
        ("", "no end of line"),
        ("# >>> conda >>>\nx\n# <<< conda <<<\n", "# >>> iterate-dev >>>\ny\n# <<< iterate-dev <<<\n"),
        ("echo '\udcff'\r\n", "\r\n"),
    ],
)
def test_the_lines_go_and_the_rest_stays_to_the_byte(tmp_path: Path, before: str, after: str) -> None:
    file = tmp_path / ".bashrc"
    file.write_bytes((before + OURS + after).encode(errors="surrogateescape"))
    file.chmod(0o640)
    mode = file.stat().st_mode
    assert undone(tmp_path, tmp_path / ".local" / "bin") == [True]
    assert file.read_bytes() == (before + after).encode(errors="surrogateescape")
    assert file.stat().st_mode == mode
    assert undone(tmp_path, tmp_path / ".local" / "bin") == []
    assert [path.name for path in tmp_path.iterdir()] == [".bashrc"]


@pytest.mark.parametrize(
    "name",
    [
        *(".bashrc", ".bash_profile", ".bash_login", ".profile", ".zshrc", "zsh/.zshrc"),
        *(".config/fish/config.fish", ".config/fish/conf.d/iterate.fish"),
    ],
)
def test_every_file_is_looked_at(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "it's here"
    words = "'" + str(folder).replace("'", "\\'" if name.endswith("fish") else "'\\''") + "'"
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text(f"# >>> iterate >>>\nset -gx PATH {words} $PATH\n# <<< iterate <<<\n")
    assert [each.file for each in shells.find(files(tmp_path), folder)] == [tmp_path / name]
    assert undone(tmp_path, folder) == [True]
    assert (tmp_path / name).read_bytes() == b""


@pytest.mark.parametrize(
    "content",
    [
        "# >>> iterate >>>\nexport PATH='/elsewhere/bin':$PATH\n# <<< iterate <<<\n",
        "# >>> iterate >>>\nexport PATH=\"$HOME\"'/.local/bin':$PATH\nno end\n",
        "# >>> iterate >>>\nexport PATH=\"$HOME\"'/.local/bin/more':$PATH\n# <<< iterate <<<\n",
    ],
)
def test_lines_about_another_folder_and_without_an_end_stay_and_are_said(tmp_path: Path, content: str) -> None:
    (tmp_path / ".profile").write_text(content)
    folder = tmp_path / ".local" / "bin"
    (found,) = shells.find(files(tmp_path), folder)
    assert not found.is_ours
    assert not shells.undo(found, files(tmp_path), folder)
    assert (tmp_path / ".profile").read_text() == content


def test_a_beginning_inside_of_a_block_takes_nothing_before_it_away(tmp_path: Path) -> None:
    (tmp_path / ".profile").write_text("# >>> iterate >>>\nmine\n" + OURS)
    assert undone(tmp_path, tmp_path / ".local" / "bin") == [True]
    assert (tmp_path / ".profile").read_text() == "# >>> iterate >>>\nmine\n"


@pytest.mark.systems("linux", "darwin")
def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    (tmp_path / "dotfiles" / "zshrc").write_text("a\n" + OURS)
    (tmp_path / ".zshrc").symlink_to("dotfiles/zshrc")
    assert undone(tmp_path, tmp_path / ".local" / "bin") == [True]
    assert (tmp_path / ".zshrc").is_symlink()
    assert (tmp_path / "dotfiles" / "zshrc").read_text() == "a\n"


@pytest.mark.systems("linux", "darwin")
def test_two_names_of_one_file_are_one(tmp_path: Path) -> None:
    (tmp_path / ".profile").write_text(OURS)
    (tmp_path / ".bashrc").symlink_to(".profile")
    assert len(shells.find(files(tmp_path), tmp_path / ".local" / "bin")) == 1


@pytest.mark.systems("linux", "darwin")
@pytest.mark.parametrize("link", ["home", "home/.local/bin"])
def test_the_lines_go_also_where_the_home_or_the_folder_of_commands_is_a_link(tmp_path: Path, link: str) -> None:
    home, real = tmp_path / "home", tmp_path / "disk"
    real.mkdir()
    (tmp_path / link).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / link).symlink_to(real)
    folder = home / ".local" / "bin"
    folder.mkdir(parents=True, exist_ok=True)
    (home / ".bashrc").write_text("a\n" + OURS)
    # A program knows the real path of itself alone.
    assert undone(home, folder.resolve()) == [True]
    assert (home / ".bashrc").read_text() == "a\n"
