"""The entry, and what starting costs: modules are counted, because milliseconds depend on the machine."""

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from iterate._stamp import VERSION

if TYPE_CHECKING:
    from tests.iterate.conftest import World

# Upper bounds, a little above what was counted on CPython 3.13 with the interpreter's own modules left out. Most of
# it is click (with inspect and uuid), and http.client (with email and ssl) where a server is asked.
BUDGET = {"--version": 3, "--help": 101, "run hello": 136, "server status": 136}
# Ours are half of these, and small.
FIRST_FRAME = 118
HEAVY = ("asyncio", "typer", "rich", "pydantic", "httpx2", "msgspec", "starlette", "uvicorn", "h11", "sqlite3")
HEAVY_STANDARD = ("argparse", "subprocess", "logging", "tempfile", "urllib.request", "importlib.metadata")
NETWORK = ("iterate.client", "http.client", "ssl", "socket")


def loaded(world: "World", *words: str, variables: dict[str, str] | None = None) -> set[str]:
    """The modules that a run of the program imports, beyond those that Python itself starts with."""

    def imported(*arguments: str) -> set[str]:
        done = subprocess.run(
            [sys.executable, "-X", "importtime", *arguments],
            env=world.environment | (variables or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
        )
        lines = [line.rpartition(b"|") for line in done.stderr.splitlines() if line.startswith(b"import time:")]
        return {name.decode().strip() for _, _, name in lines}

    return imported("-P", "-m", "iterate", *words) - imported("-P", "-m", "this")


def test_version_is_exactly_the_version(world: "World") -> None:
    done = world.run("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{VERSION}\n".encode(), b"")


def test_version_imports_nothing_but_the_stamp_and_what_ctrl_c_does(world: "World") -> None:
    assert loaded(world, "--version") == {"iterate", "iterate._stamp", "iterate.interrupts"}


@pytest.mark.parametrize("words", BUDGET)
def test_a_command_imports_no_more_than_its_budget(warm: "World", words: str) -> None:
    modules = loaded(warm, *words.split())
    assert len(modules) <= BUDGET[words], sorted(modules)
    assert modules.isdisjoint({*HEAVY, *HEAVY_STANDARD})


def test_the_first_frame_of_a_conversation_needs_no_network_and_few_modules() -> None:
    code = (
        "import sys; before = set(sys.modules); import iterate.tui.start, iterate.tui.program;"
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    modules = set(done.stdout.split())
    late = {"click", "dataclasses", "markdown_it", "pygments", "iterate.client", "iterate.terminal.story"}
    assert modules.isdisjoint({*HEAVY, *HEAVY_STANDARD, *NETWORK, *late})
    assert len(modules) <= FIRST_FRAME, sorted(modules)


@pytest.mark.parametrize("words", ["--help", "server --help"])
def test_help_of_a_group_imports_no_command(world: "World", words: str) -> None:
    modules = loaded(world, *words.split())
    assert modules.isdisjoint({"iterate.cli.run", "iterate.cli.server", "iterate.daemon", *NETWORK})


@pytest.mark.parametrize("words", ["run --help", "serve --help", "server stop --help", "version", "completion bash"])
def test_a_command_that_asks_no_server_imports_nothing_to_do_so(world: "World", words: str) -> None:
    assert loaded(world, *words.split()).isdisjoint({*NETWORK, *HEAVY, *HEAVY_STANDARD})


def test_a_completion_imports_as_little_as_a_help_page(world: "World") -> None:
    asked = {"_ITERATE_COMPLETE": "bash_complete", "COMP_WORDS": "iterate serve --p", "COMP_CWORD": "2"}
    modules = loaded(world, variables=asked)
    assert "click.shell_completion" in modules
    assert modules.isdisjoint({*NETWORK, *HEAVY, *HEAVY_STANDARD})


def test_it_runs_from_any_folder_even_one_with_an_iterate_in_it(world: "World") -> None:
    (world.home / "iterate").mkdir()
    (world.home / "iterate" / "__init__.py").write_text("raise SystemExit('the wrong one')")
    assert world.run("run", "hello").stdout == b"hello\n"


def test_a_closed_output_is_no_traceback(world: "World") -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [world.program, "--version"], env=world.environment, stdout=write, stderr=subprocess.PIPE, check=False
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (141, b"")


# What a server that is ready has no use for yet, or never: other people's servers and command lines, mail, processes.
UNUSED = (
    *("click", "email", "http", "uvicorn", "starlette", "h11", "httptools", "httpx2", "anyio", "multiprocessing"),
    *("configparser", "logging.config", "urllib.request", "tomllib", "websockets", "watchfiles", "tree_sitter"),
    *("_ssl", "hashlib", "dataclasses", "shutil", "difflib", "secrets"),
    *("mcp", "pydantic", "iterate.cli", "iterate.install", "iterate.server.doc", "iterate.terminal"),
)
# A little above what was counted on CPython 3.13, the interpreter's own modules left out; asyncio alone brings 90.
SERVER_BUDGET = 262


def test_what_a_start_is_spared_is_there_afterwards() -> None:
    code = (
        "import sys\n"
        "from iterate.spared import spared\n"
        "sys.modules.pop('ssl', None)\n"
        "with spared('ssl', 'os', 'no_such_module'):\n"
        "    import asyncio\n"
        "    import os\n"
        "    assert asyncio.sslproto.ssl is None\n"
        "import ssl\n"
        "assert ssl.create_default_context() and 'no_such_module' not in sys.modules\n"
        "print('fine')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("fine\n", "")


@pytest.mark.systems("linux", "darwin")
def test_a_server_of_the_background_is_ready_with_few_modules(world: "World") -> None:
    words = [sys.executable, "-X", "importtime", "-P", "-m", "iterate", "serve", "--background", "0"]
    with subprocess.Popen(
        words, env=world.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as server:
        assert server.stdout is not None
        assert server.stdout.readline().startswith(b"iterate server listening")
        server.terminate()
        _, told = server.communicate(timeout=60)
    modules = {line.rpartition(b"|")[2].strip().decode() for line in told.splitlines() if b"import time:" in line}
    assert "iterate.updates" in modules
    assert [name for name in modules if name in UNUSED or name.startswith(tuple(f"{one}." for one in UNUSED))] == []
    bare = subprocess.run([sys.executable, "-X", "importtime", "-c", ""], capture_output=True, text=True, check=True)
    own = modules - {line.rpartition("|")[2].strip() for line in bare.stderr.splitlines()}
    assert len(own) <= SERVER_BUDGET, f"{len(own)}: {sorted(own)}"
