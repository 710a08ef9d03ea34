"""The notice of a newer version as a person meets it: on a terminal, once, and nowhere else."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.iterate.conftest import World, eventually

from iterate import discovery
from iterate.about import STAMP
from iterate.install import news

pytestmark = [pytest.mark.processes, pytest.mark.systems("linux", "darwin")]

LINE = f"note: iterate 9.9.9 is out (this is {STAMP.version}): iterate upgrade"
STAND = Path(__file__).with_name("newsstand.py")


@pytest.fixture
def informed(world: World) -> Iterator[World]:
    """A home whose server has found that 9.9.9 is out."""
    # Tests may run in CI, where the server asks nobody.
    with subprocess.Popen([sys.executable, STAND, "9.9.9"], env=world.environment) as server:
        eventually(lambda: news.load(world.state).offer is not None)
        eventually(lambda: discovery.look(world.state) is not None)
        yield world
        server.terminate()


def shown(world: World, *words: str, variables: dict[str, str] | None = None, out: bool = True) -> str:
    """What a terminal shows of a command whose stderr it is, and its stdout unless `out` is false."""
    import pty

    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [world.program, *words],
        env=world.environment | (variables or {}),
        stdin=subprocess.DEVNULL,
        stdout=theirs if out else subprocess.PIPE,
        stderr=theirs,
    ) as child:
        os.close(theirs)
        text = b""
        # Linux says "input/output error" when the last one who had the terminal open is gone.
        with contextlib.suppress(OSError):
            while part := os.read(ours, 65536):
                text += part
        text += child.stdout.read() if child.stdout else b""
    os.close(ours)
    lines = text.decode().replace("\r\n", "\n").splitlines(keepends=True)
    # How the session goes on is another matter.
    return "".join(line for line in lines if "goes on with this session" not in line)


def test_a_person_is_told_once_behind_the_answer(informed: World) -> None:
    assert shown(informed, "run", "hello") == f"hello\n{LINE}\n"
    assert shown(informed, "run", "hello") == "hello\n"


@pytest.mark.parametrize(
    ("words", "variables", "out"),
    [
        (("run", "hello"), {}, False),
        (("run", "--json", "hello"), {}, True),
        (("run", "--format", "stream-json", "hello"), {}, True),
        (("run", "hello"), {"CI": "true"}, True),
        (("run", "hello"), {"ITERATE_DISABLE_AUTOUPDATE": "true"}, True),
        (("server", "status"), {}, True),
        (("--version",), {}, True),
        (("--help",), {}, True),
    ],
)
def test_nobody_else_is_told_and_so_the_person_is_told_later(
    informed: World,
    words: tuple[str, ...],
    variables: dict[str, str],
    out: bool,  # noqa: FBT001  # A row.
) -> None:
    assert "9.9.9" not in shown(informed, *words, variables=variables, out=out)
    assert LINE in shown(informed, "run", "hello")


def test_who_switches_it_off_is_told_nothing_that_was_found_before(informed: World) -> None:
    file = informed.home / ".config" / "iterate" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text('autoupdate = "off"\n')
    assert shown(informed, "run", "hello") == "hello\n"


def test_pipes_and_files_get_the_answer_and_nothing_else(informed: World) -> None:
    done = informed.run("run", "hello")
    assert (done.stdout, done.stderr) == (b"hello\n", b"")
