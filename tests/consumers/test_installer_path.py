"""install.sh and the shells of people: where the command goes, and how they find it there."""

import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.consumers import installing
from tests.consumers.installing import NEW, OLD, SHELLS, Home, Site

from iterate.install import shells

pytestmark = pytest.mark.consumer("dash", "bash", "zsh", "busybox", "mksh", "fish", "curl")
BLOCK = "# >>> iterate >>>\n{}\n# <<< iterate <<<\n"
POSIX = 'case ":$PATH:" in *":$HOME/.local/bin:"*) ;; *) export PATH="$HOME/.local/bin:$PATH" ;; esac'


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site with two versions of latest and one of dev."""
    with installing.site(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A new user."""
    return Home(folder=tmp_path)


@pytest.mark.parametrize("shell", SHELLS)
def test_any_folder_will_do(site: Site, home: Home, shell: str) -> None:
    for name in ("with space", "quote'\"s", "$HOME `id`", "back\\slash", "ünï", "-dash", "a*"):
        folder = home.folder / name
        done = home.run(site.script(NEW), "--install-dir", f"{folder}/", shell=shell)
        assert (done.code, done.err) == (0, ""), name
        said = subprocess.run(
            ["bash", "-ic", "iterate --version"],
            env={**home.environment(), "HOME": str(home.folder)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert said.stdout.strip() == NEW, name
        assert (home.folder / ".bashrc").read_text().count(">>>") == 2
        for path in (home.folder / ".bashrc", home.folder / ".profile"):
            path.unlink()
    for wrong in ("/", "with:colon"):
        assert home.run(site.script(NEW), "--install-dir", wrong, shell=shell).code == 2


def test_the_folder_is_the_option_s_then_the_variable_s_then_the_desktop_s(site: Site, home: Home) -> None:
    variables = {"ITERATE_INSTALL_DIR": str(home.folder / "two"), "XDG_BIN_DIR": str(home.folder / "three")}
    assert home.run(site.script(NEW), "--install-dir", "one", more=variables).code == 0
    assert (home.folder / "one" / "iterate").exists()
    assert home.run(site.script(NEW), more=variables).code == 0
    assert (home.folder / "two" / "iterate").exists()
    del variables["ITERATE_INSTALL_DIR"]
    assert home.run(site.script(NEW), more=variables).code == 0
    assert (home.folder / "three" / "iterate").exists()
    assert not home.bin.exists()


@pytest.mark.parametrize(
    ("shell", "there", "changed"),
    [
        ("bash", [], [".bashrc", ".profile"]),
        ("bash", [".bash_profile", ".profile"], [".bashrc", ".bash_profile"]),
        ("bash", [".bash_login", ".profile"], [".bashrc", ".bash_login"]),
        ("zsh", [], [".zshrc"]),
        ("fish", [], [".config/fish/config.fish"]),
        ("ash", [], [".profile"]),
        ("mksh", [".profile"], [".profile"]),
        ("nu", [], []),
    ],
)
def test_the_files_of_the_user_s_shell_get_lines_between_marks_and_keep_theirs(
    site: Site, home: Home, shell: str, there: list[str], changed: list[str]
) -> None:
    for name in there:
        (home.folder / name).write_text("export MINE=1")  # no line end
    for _ in range(2):
        assert home.run(site.script(NEW), SHELL=f"/usr/bin/{shell}").code == 0
    found = [
        str(path.relative_to(home.folder))
        for path in home.folder.rglob("*")
        if path.is_file() and home.bin not in path.parents
    ]
    assert sorted(found) == sorted({*there, *changed})
    for name in changed:
        text = (home.folder / name).read_text()
        assert text.count("# >>> iterate >>>\n") == text.count("# <<< iterate <<<\n") == 1
        assert text.startswith("export MINE=1\n" if name in there else "# >>>")
    moved = home.run(site.script(NEW), "--install-dir", str(home.folder / "else where"), SHELL=f"/usr/bin/{shell}")
    assert moved.code == 0
    for name in changed:
        text = (home.folder / name).read_text()
        assert text.count("# >>> iterate >>>\n") == 1
        assert "else where" in text
        assert ".local/bin" not in text
        assert text.startswith("export MINE=1\n" if name in there else "# >>>")


@pytest.mark.parametrize(
    ("shell", "words"),
    [
        ("bash", ["bash", "-ic"]),
        ("bash", ["bash", "-lc"]),
        ("zsh", ["zsh", "-ic"]),
        ("fish", ["fish", "-c"]),
        ("ash", ["dash", "-lc"]),
    ],
)
def test_a_new_shell_finds_the_command_once(site: Site, home: Home, shell: str, words: list[str]) -> None:
    assert home.run(site.script(NEW), SHELL=f"/bin/{shell}").code == 0
    environment = home.environment(XDG_CONFIG_HOME=str(home.folder / ".config"))
    separator = "string join : $PATH" if shell == "fish" else "echo $PATH"
    command = [*words, f"iterate --version; {separator}"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    version, path = done.stdout.splitlines()[-2:]
    assert version == NEW
    assert path.split(":").count(str(home.bin)) == 1
    environment["PATH"] = path
    again = subprocess.run(command, env=environment, capture_output=True, text=True, check=False).stdout.splitlines()[
        -1
    ]
    assert again.split(":").count(str(home.bin)) == 1


@pytest.mark.parametrize("runs", SHELLS)
@pytest.mark.parametrize(
    "theirs",
    [
        "# >>> iterate >>>\nmine\n",
        "# <<< iterate <<<\nmine\n# >>> iterate >>>\nmine\n",
        "# >>> iterate >>>\nexport PATH=/mine:$PATH\nmine\n# <<< iterate <<<\n",
        "# >>> iterate >>>\nexport PATH=/mine:$PATH\n# <<< iterate <<<\n",
        "".join(f"# {chr(each)}\n" for each in range(1, 256) if each not in {10, 13}),
    ],
)
def test_marks_that_are_not_ours_cost_nobody_a_line(site: Site, home: Home, theirs: str, runs: str) -> None:
    rc = home.folder / ".bashrc"
    rc.write_text(theirs, encoding="latin-1")
    for words in ([], [], ["--install-dir", str(home.folder / "else")], ["--install-dir", str(home.folder / "else")]):
        assert home.run(site.script(NEW), *words, shell=runs).code == 0
    text = rc.read_text(encoding="latin-1")
    assert text.startswith(theirs)
    block = text.removeprefix(theirs).splitlines()
    assert (block[0], block[-1], len(block)) == ("# >>> iterate >>>", "# <<< iterate <<<", 3)
    assert "$HOME/else" in block[1]


def test_a_folder_is_meant_as_a_shell_would_have_it(site: Site, home: Home, tmp_path: Path) -> None:
    assert home.run(site.script(NEW), "--install-dir=~/own bin").code == 0
    assert (home.folder / "own bin" / "iterate").exists()
    on_path = Home(folder=home.folder, path=f"{home.folder}/own bin/:{home.path}")
    done = on_path.run(site.script(NEW), "--install-dir", str(home.folder / "own bin"))
    assert "attention" not in done.out
    assert "try it    iterate" in done.out.splitlines()[-1]
    gone = tmp_path / "gone"
    gone.mkdir()
    words = f"cd '{gone}' && rmdir '{gone}' && exec dash '{site.script(NEW)}' --install-dir here"
    lost = subprocess.run(["sh", "-c", words], env=home.environment(), capture_output=True, text=True, check=False)
    assert (lost.returncode, "is gone" in lost.stderr) == (2, True)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_program_s_own_uninstall_knows_the_lines_and_takes_them_out(site: Site, home: Home, shell: str) -> None:
    files = shells.Files(home=home.folder, config=home.folder / ".config", zsh=home.folder)
    for name in (".local/bin", "with space", "quote'\"s", "$HOME `id`", "back\\slash", "\u00fcn\u00ef", "a*"):
        folder = home.folder / name
        done = home.run(site.script(NEW), "--install-dir", str(folder), SHELL=f"/bin/{shell}")
        assert (done.code, done.err) == (0, ""), name
        blocks = shells.find(files, folder)
        assert blocks
        assert all(each.is_ours for each in blocks), name
        assert not any(each.is_ours for each in shells.find(files, home.folder / f"{name}2")), name
        assert all(shells.undo(each, files, folder) for each in blocks)
        assert {each.file.read_text() for each in blocks} == {""}
    outside = home.folder.parent / f"{home.folder.name}-outside"
    assert home.run(site.script(NEW), "--install-dir", str(outside), SHELL=f"/bin/{shell}").code == 0
    assert all(each.is_ours for each in shells.find(files, outside))


def test_a_link_to_a_file_of_a_shell_stays_one_and_keeps_its_mode(site: Site, home: Home) -> None:
    (home.folder / "dotfiles").mkdir()
    (home.folder / "dotfiles" / "bashrc").write_text("export MINE=1\n")
    (home.folder / "dotfiles" / "bashrc").chmod(0o600)
    (home.folder / ".bashrc").symlink_to("dotfiles/bashrc")
    for words in ([], ["--install-dir", str(home.folder / "other")]):
        assert home.run(site.script(NEW), *words).code == 0
    assert (home.folder / ".bashrc").is_symlink()
    assert stat.S_IMODE((home.folder / "dotfiles" / "bashrc").stat().st_mode) == 0o600
    assert "other" in (home.folder / "dotfiles" / "bashrc").read_text()


def test_a_folder_on_path_needs_no_lines_and_another_program_before_it_is_told(
    site: Site, home: Home, tmp_path: Path
) -> None:
    first = tmp_path / "first"
    first.mkdir()
    reached = Home(folder=home.folder, path=f"{first}:{home.bin}:{home.path}")
    done = reached.run(site.script(NEW))
    assert done.code == 0
    assert "attention" not in done.out
    assert not (home.folder / ".bashrc").exists()
    (first / "iterate").write_text("#!/bin/sh\n")
    (first / "iterate").chmod(0o755)
    done = reached.run(site.script(NEW))
    assert f"another iterate comes first on PATH: {first}/iterate" in done.out
    hidden = Home(folder=tmp_path / "other", path=f"{first}:{home.path}")
    assert f"another iterate is on PATH now: {first}/iterate" in hidden.run(site.script(NEW)).out


def test_the_next_steps_of_a_job_of_github_have_the_command(site: Site, home: Home) -> None:
    lines = home.folder / "github_path"
    lines.write_text("/somewhere\n")
    for _ in range(2):
        assert home.run(site.script(NEW), GITHUB_PATH=str(lines)).code == 0
    assert lines.read_text() == f"/somewhere\n{home.bin}\n"
    lines.write_text("")
    done = home.run(site.script(NEW), GITHUB_PATH=str(home.folder / "gone" / "github_path"))
    assert (done.code, "lack ~/.local/bin" in done.out) == (0, True)
    assert home.run(site.script(NEW), "--no-modify-path", GITHUB_PATH=str(lines)).code == 0
    assert lines.read_text() == ""


def test_it_fits_one_screen_and_is_plain_where_nobody_looks(site: Site, home: Home) -> None:
    assert home.run(site.script(OLD)).code == 0
    done = home.run(site.script(NEW))
    assert "\033" not in done.out
    assert "\r" not in done.out
    assert len(done.out.splitlines()) <= 12
    assert done.out.splitlines()[-1].endswith("; iterate")
    words = ["script", "-qec", f"dash {site.script(NEW)}", "/dev/null"]
    seen = subprocess.run(
        words, env=home.environment(TERM="xterm"), capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL
    ).stdout
    assert "\033[1m" in seen


def test_a_shell_that_is_not_a_shell_of_people_needs_no_home(site: Site, tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], **installing.FAST}
    words = ["dash", "-u", str(site.script(NEW))]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "--install-dir" in done.stderr
    done = subprocess.run(
        [*words, "--install-dir", str(tmp_path / "bin")], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
