"""Completion, in the real shells: the program is asked at each TAB."""

import json
import os
import re
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.shell_completion import FishComplete
from hypothesis import given
from hypothesis import strategies as st

from iterate.cli.commands import ROOT
from iterate.permissions import remembered
from iterate.permissions.rules import Rule

if TYPE_CHECKING:
    from tests.iterate.conftest import World

SHELLS = ("bash", "zsh", "fish")
CASES = [
    ("iterate ser", {"serve", "server"}),
    ("iterate server st", {"start", "stop", "status"}),
    ("iterate run --fo", {"--fork", "--format"}),
    ("iterate run --format ", {"text", "json", "stream-json"}),
    ("iterate run --format json --se", {"--session"}),
    ("iterate completion ", {"bash", "zsh", "fish"}),
    ("iterate --ver", {"--version"}),
    ("iterate config get limits.", {"limits.steps", "limits.cost_usd", "limits.tokens"}),
    ("iterate config set providers.mine.k", {"providers.mine.key_env"}),
    ("iterate agent show p", {"plan"}),
    ("iterate agent cr", {"create"}),
    ("iterate server stop --j", {"--json"}),
    ("iterate serve --p", {"--port"}),
    ("iterate run --agent p", {"plan"}),
    ("iterate run --model mine/", {"mine/big", "mine/small"}),
    ("iterate agent create x --model mine/s", {"mine/small"}),
    ("iterate config set shell.mode ", {"show", "keep", "plain"}),
    ("iterate config set --project terminal.plain ", {"true", "false"}),
    ("iterate config set model mine/b", {"mine/big"}),
    ("iterate config set agent pl", {"plan"}),
    ("iterate config set nothing.like ", {""}),
    ("iterate permission test --agent pl", {"plan"}),
    ("iterate auth login opena", {"openai"}),
    ("iterate run --session ", {""}),
    ("iterate pty attach ", {""}),
    ("iterate run --attach http://127.0.0.1:1 --session ", {""}),
]


def environment(world: "World") -> dict[str, str]:
    """The world's, where shells find the program by its name."""
    return world.environment | {"PATH": f"{world.program.parent}:{world.environment['PATH']}"}


@pytest.fixture
def world(world: "World") -> "World":
    """A home whose settings name models."""
    file = world.home / ".config" / "iterate" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text("[providers.mine.models.big]\n[providers.mine.models.small]\n")
    return world


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the script of each shell, as a release makes them."""
    folder = tmp_path_factory.mktemp("scripts")
    program = Path(sys.executable).with_name("iterate")
    for shell in SHELLS:
        (folder / shell).write_bytes(subprocess.check_output([program, "completion", shell], env={}))
    return folder


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_is_printed_without_a_terminal_or_a_shell_and_holds_no_path_of_this_machine(
    world: "World", shell: str
) -> None:
    done = subprocess.run(
        [world.program, "completion", shell], env={"PATH": ""}, cwd="/", capture_output=True, check=True
    )
    assert done.stderr == b""
    assert b"_ITERATE_COMPLETE=" in done.stdout
    assert not re.search(rb"(?<![\w.~$])/(?!dev/null)\w+/", done.stdout)


@pytest.mark.consumer("bash")
@pytest.mark.parametrize(
    ("line", "wanted"),
    [*CASES, ("iterate run --format=", {"text", "json", "stream-json"}), ("iterate nothing r", {"run"})],
)
def test_bash_completes(world: "World", scripts: Path, line: str, wanted: set[str]) -> None:
    # What bash does on TAB, by hand: words taken apart at blanks and at "=", then the function.
    words = re.sub("=$", " =", line).split(" ")
    quoted = " ".join(f"'{word}'" for word in words)
    program = f"""
        . "$1"; COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}
        [[ $(complete -p iterate) == *'-F _iterate_completion iterate' ]] || exit 9
        _iterate_completion iterate; printf '%s\\n' "${{COMPREPLY[@]-}}"
    """
    done = subprocess.run(
        ["bash", "--norc", "-c", program, "bash", scripts / "bash"],
        env=environment(world),
        capture_output=True,
        check=True,
    )
    assert done.stderr == b""
    assert set(done.stdout.decode().split("\n")[:-1]) == wanted


@pytest.mark.consumer("fish")
@pytest.mark.parametrize(("line", "wanted"), CASES)
def test_fish_completes(world: "World", scripts: Path, line: str, wanted: set[str]) -> None:
    done = subprocess.run(
        ["fish", "--no-config", "-c", "source $argv[1]; complete -C $argv[2]", scripts / "fish", line],
        env=environment(world),
        capture_output=True,
        check=True,
    )
    got = {row.partition("\t")[0] for row in done.stdout.decode().splitlines()}
    assert got == wanted - {""}
    assert done.stderr == b""


def typed_into_zsh(world: "World", scripts: Path, keys: str) -> str:
    """What a real, interactive zsh shows after these keys and TAB."""
    folder = world.home / "functions"
    folder.mkdir(exist_ok=True)
    shutil.copy(scripts / "zsh", folder / "_iterate")
    rc = (
        "PS1='> '; fpath=(~/functions $fpath); autoload -Uz compinit; compinit -u -D; "
        "zstyle ':completion:*' menu no; LISTMAX=999"
    )
    (world.home / ".zshrc").write_text(rc + "\nprint ready\n")
    import pty

    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(world.home)
        os.execvpe("zsh", ["zsh", "-i"], environment(world) | {"TERM": "dumb", "ZDOTDIR": str(world.home)})  # noqa: S606
    shown = b""

    def read_until(mark: bytes, quiet_s: float) -> None:
        nonlocal shown
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and (mark not in shown or quiet_s):
            ready, _, _ = select.select([terminal], [], [], quiet_s or 0.1)
            if ready:
                shown += os.read(terminal, 65536)
            elif mark in shown:
                return

    try:
        read_until(b"ready", 0)
        read_until(b"> ", 0.2)
        shown = b""
        os.write(terminal, keys.encode() + b"\t\t\t")
        read_until(keys.encode()[:3], 0.7)
    finally:
        os.close(terminal)
        os.kill(pid, 9)
        os.waitpid(pid, 0)
    return shown.decode(errors="replace")


@pytest.mark.consumer("zsh")
@pytest.mark.parametrize(
    ("keys", "wanted"),
    [
        ("iterate ser", ("Run the per-user server", "Look after the per-user server")),
        ("iterate run --", ("--session", "--model", "--format")),
        ("iterate completion ", ("bash", "zsh", "fish")),
        ("iterate run --agent ", ("plan", "build", "Reads and thinks")),
    ],
)
def test_zsh_completes(world: "World", scripts: Path, keys: str, wanted: tuple[str, ...]) -> None:
    shown = typed_into_zsh(world, scripts, keys)
    assert all(word in shown for word in wanted), shown


@pytest.mark.consumer("bash", "zsh", "fish")
@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_finds_its_script_well_formed(scripts: Path, shell: str) -> None:
    done = subprocess.run([shell, "-n", scripts / shell], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.parametrize("instruction", ["bash_source", "nushell_complete", "x", "bash_complete", "fish_complete"])
def test_what_no_script_asks_for_is_a_usage_error(world: "World", instruction: str) -> None:
    done = world.run(variables={"_ITERATE_COMPLETE": instruction})
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"error: ")


def test_a_command_with_words_runs_whatever_a_script_left_in_the_environment(world: "World") -> None:
    assert world.run("version", variables={"_ITERATE_COMPLETE": "bash_complete"}).stdout.startswith(b"version")


@given(st.lists(st.text(max_size=8) | st.sampled_from(["run", "server", "--port", "--format", "--", "-h"])), st.text())
def test_any_words_can_be_completed(typed: list[str], begun: str) -> None:
    FishComplete(ROOT, {}, "iterate", "_ITERATE_COMPLETE").get_completions(typed, begun)


def offered(world: "World", line: str) -> list[str]:
    """What the program answers at a TAB, in the words of fish."""
    asked = {"_ITERATE_COMPLETE": "fish_complete", "COMP_WORDS": line, "COMP_CWORD": line.rpartition(" ")[2]}
    done = world.run(variables=asked)
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout.decode().splitlines()


def test_sessions_are_offered_by_what_runs_or_lies_there_and_nothing_is_started(world: "World") -> None:
    assert offered(world, "iterate run --session ") == [""]
    assert not world.servers()
    told = json.loads(world.run("run", "--json", "first words").stdout)["session"]
    for _ in range(2):
        wanted = [f"plain,{told[4:12]}\tfirst words"]
        assert offered(world, "iterate run --session ") == ["plain,last\tthe newest here", *wanted]
        assert offered(world, f"iterate session show {told[4:6]}") == wanted
        assert offered(world, f"iterate session delete {told[:8]}") == [f"plain,{told}\tfirst words"]
        # The second time from the database alone.
        assert world.run("server", "stop").returncode == 0
    assert not world.servers()


def test_what_was_allowed_for_always_is_offered_to_be_forgotten_and_bash_takes_it_as_one_word(world: "World") -> None:
    rule = Rule(deed="bash", pattern="git push *", action="allow", source="always", where="")
    remembered.add(world.state / "permissions", world.home.resolve(), [rule])
    assert offered(world, "iterate permission forget bash ") == ["plain,git push *"]
    assert offered(world, "iterate permission forget edit ") == [""]
    asked = {
        "_ITERATE_COMPLETE": "bash_complete",
        "COMP_WORDS": "iterate permission forget bash",
        "COMP_CWORD": "4",
    }
    assert world.run(variables=asked).stdout == b"plain,'git push *'\n"


@pytest.mark.parametrize("option", ["run --file", "run --image", "session export last -o", "session import"])
def test_a_file_is_completed_by_the_shell(world: "World", option: str) -> None:
    assert offered(world, f"iterate {option} some/fi") == ["file,some/fi"]


def test_a_broken_file_of_settings_makes_no_noise(world: "World") -> None:
    (world.home / ".config" / "iterate" / "config.toml").write_text("modle = 1\n")
    for line in ("iterate run --model ", "iterate run --agent ", "iterate config set model "):
        assert offered(world, line) == [""]
