"""What a program of other people does when it is compiled: all that it does under plain Python."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from tests.consumers.conftest import TARGET, release
from tests.consumers.zoo import make
from tests.ending import ending

from release import config, targets

pytestmark = [pytest.mark.native, pytest.mark.consumer("gcc")]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkout of the zoo, compiled."""
    folder = make(tmp_path_factory.mktemp("zoo"))
    release(folder, "build", "--target", TARGET, "--channel", "latest")
    return folder


@pytest.fixture(scope="module")
def zoo(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with links of all its names, and another one, to the program."""
    folder = tmp_path_factory.mktemp("installed")
    archive = built / "dist" / "artifacts" / f"zoo-1.2.3-{targets.named(TARGET).label}.tar.gz"
    subprocess.run(["tar", "-xf", archive, "-C", folder], check=True)
    program, folder = next(folder.glob("*/zoo/zoo.bin")), folder / "bin"
    folder.mkdir()
    for name in ("zoo", "zebra", "zoo-window", "zoo-feed", "something"):
        (folder / name).symlink_to(program)
    return folder


def asked(zoo: Path, question: str) -> object:
    """What the program answers."""
    done = subprocess.run(
        [zoo / "zoo", question],
        cwd=zoo,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stderr
    answer: object = json.loads(done.stdout)
    return answer


def test_data_is_found_in_every_way_that_python_knows(zoo: Path) -> None:
    assert asked(zoo, "data") == {
        "file": "data\n",
        "files": "data\n",
        "is a path": True,
        "as_file": "data\n",
        "subfolder": ["a.txt", "app.py", "{{ name }}"],
        "get_data": "data\n",
        "jinja2": "Hello you",
        "gettext": "Hallo",
        "source": "{{ name }} = 1\n",
    }


def test_metadata_and_entry_points_are_those_of_what_is_inside(zoo: Path) -> None:
    assert asked(zoo, "metadata") == {
        "version": ["1.2.3"],
        "found": True,
        "requires": "markupsafe",
        "summary": "Holds animals",
        "plugins": [1],
        "compiler": [],
        "twice": 1,
        "packages": ["Pygments"],
        "files": ["zoo/data/a.txt"],
    }


def test_modules_are_listed_as_they_are_in_folders(zoo: Path) -> None:
    own = ["one", "three", "two"]
    assert asked(zoo, "listed") == {
        "own": own,
        "walked": ["zoo.__main__", "zoo._fast", "zoo.main", "zoo.plugins", *(f"zoo.plugins.{name}" for name in own)],
        "theirs": True,
        "top": True,
    }


def test_modules_are_found_by_names_that_are_made_at_run_time(zoo: Path) -> None:
    assert asked(zoo, "by_name") == {
        "own": 2,
        "formatter": "RtfFormatter",
        "lexer": "Brainfuck",
        "library": ["sqlite3", "xmlrpc.server", "mailbox"],
        "codecs": ["shift_jis", "rot-13", "cp1252"],
    }


def test_docstrings_names_and_debug_are_there(zoo: Path) -> None:
    assert asked(zoo, "names") == {
        "builtins": ["exit", "quit", "copyright", "credits", "license", "help"],
        "debug": True,
        "docs": [True] * 4,
        "path": [],
    }


def test_asserts_are_made(zoo: Path) -> None:
    assert asked(zoo, "asserts") == "raised"


def test_extension_modules_are_there_those_of_the_library_too(zoo: Path) -> None:
    assert asked(zoo, "fast") == {"own": 42, "missing": [], "json": True, "xmlrpc": "ServerHTMLDoc"}


def test_what_names_python_starts_python(zoo: Path) -> None:
    assert asked(zoo, "python") == {
        "-c import sys, zoo; print(sys.argv[1:], __name__)": [0, "['x'] __main__"],
        "-m zoo.plugins.three": [0, "__main__ ['a']"],
        "-m zoo": [0, "1.2.3"],
        "-m json.tool": [0, "usage: python -m json.tool [-h] [--sort-"],
        "-m zoo.nothing": [1, ""],
        "": [0, ""],
        "runpy": 2,
    }


def test_a_script_that_the_python_inside_runs_may_catch_an_interrupt(zoo: Path) -> None:
    code = "import time\nprint('ready', flush=True)\ntry: time.sleep(60)\nexcept KeyboardInterrupt: print('caught')"
    python = (zoo / "zoo").resolve().with_name("python")
    with ending(subprocess.Popen([python, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        assert (process.communicate(timeout=60), process.returncode) == ((b"caught\n", b""), 0)


def test_pools_of_processes_work_however_they_are_started(zoo: Path) -> None:
    assert asked(zoo, "pools") == {how: [0, 2, 4] for how in ("spawn", "forkserver", "fork")}


def test_a_traceback_names_files_and_functions(zoo: Path) -> None:
    assert asked(zoo, "trace") == [["main.py", "trace"], ["main.py", "double"]]


def test_whoever_walks_the_stack_sees_what_a_script_would_show(zoo: Path) -> None:
    assert asked(zoo, "frames") == ["main.py", "main.py", "zoo"]


def test_the_name_that_it_is_started_by_picks_the_command(zoo: Path) -> None:
    path = f"{zoo}{os.pathsep}{os.defpath}"

    def said(*words: str | Path, name: str | None = None) -> str:
        done = subprocess.run(
            words if name is None else [name, *words[1:]],
            executable=str(words[0]) if name else None,
            env={"PATH": path},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return done.stdout

    program = (zoo / "zoo").resolve()
    assert said(zoo / "zebra", "a") == "zebra zebra ['a']\n"
    assert said("zebra") == "zebra zebra []\n"
    assert said(zoo / "zoo-window") == "window zoo-window\n"
    assert said(program, "b", name="zebra") == "zebra zebra ['b']\n"
    assert said(zoo / "zoo-feed", "now") == f"__main__ 2 ['{zoo / 'zoo-feed'}', 'now']\n"
    failed = subprocess.run([zoo / "zoo-feed", "fail"], capture_output=True, check=False, timeout=60)
    assert failed.returncode == 3
    assert (
        said(program, "--version")
        == said(zoo / "something", "--version")
        == said(zoo / "zoo", "--version")
        == "1.2.3\n"
    )


def test_every_command_was_compared_with_the_plain_program(built: Path) -> None:
    # What starts the plain ones is left in the build's folder.
    plain = built / "dist" / "build" / TARGET / "plain"
    assert set(config.read(built / "release.toml").commands) == {path.name for path in plain.iterdir()}


def test_the_record_says_what_became_c_and_the_licences_are_those_of_all_that_is_inside(zoo: Path, built: Path) -> None:
    (record,) = (built / "dist" / "artifacts").glob("*.json")
    assert json.loads(record.read_text())["artifacts"][0]["compiled"] == ["zoo"]
    assert not list(zoo.parent.glob("*/zoo/tests"))
    licences = next(zoo.parent.glob("*/licenses"))
    assert {"jinja2", "markupsafe", "pygments", "python", "nuitka"} <= {path.name for path in licences.iterdir()}
