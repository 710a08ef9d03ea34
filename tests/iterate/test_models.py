"""`iterate models` and `iterate auth`, through the server, and the routes that they use."""

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.iterate.conftest import LiveServer, Reply, World, serving
from tests.iterate.replaying import Replay, refusal, replay_beside, transcript

from iterate import settings
from iterate.errors import KeyMissing, KeyRefused, UsageError, VendorUnknown
from iterate.providers.ondemand import OnDemand

KEY = "sk-secret-0123456789abcdef"
ROUTES = {
    "GET /v1/models": refusal(200, {"data": [{"id": "big", "context_length": 65_536}, {"id": "small"}]}),
    "POST /v1/chat/completions": transcript("chat-text.sse"),
}


@pytest.fixture
def vendor() -> Iterator[Replay]:
    with replay_beside(routes=ROUTES) as server:
        yield server


def configure(home: Path, url: str) -> None:
    """Three lines of settings for a vendor of our own."""
    file = home / ".config" / "iterate" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text(f'[providers.acme]\nbase_url = "{url}/v1"\nkey_env = "ACME_KEY"\n')


def test_a_key_is_kept_from_a_pipe_listed_without_being_shown_used_and_forgotten(world: World, vendor: Replay) -> None:
    configure(world.home, vendor.url)
    done = world.run("auth", "login", "acme", input_=f"{KEY}\n".encode())
    assert (done.returncode, done.stdout) == (0, b"the key for acme is kept, and its vendor takes it\n"), done.stderr
    assert vendor.asked[-1].headers["authorization"] == f"Bearer {KEY}"
    file = world.data / "auth.json"
    assert json.loads(file.read_bytes()) == {"acme": KEY}
    if os.name != "nt":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    listed = world.run("auth", "list")
    assert b"acme" in listed.stdout
    assert b"key kept by iterate auth login" in listed.stdout
    answer = world.run("run", "--model", "acme/big", "hi")
    assert (answer.returncode, answer.stdout.decode()) == (0, "Grüß dich 👋\n"), answer.stderr
    assert vendor.asked[-1].headers["authorization"] == f"Bearer {KEY}"
    assert world.run("auth", "logout", "acme").stdout == b"the key for acme is forgotten\n"
    assert world.run("auth", "logout", "acme").stdout == b"there was no key for acme\n"
    assert json.loads(file.read_bytes()) == {}
    for path in (*world.state.rglob("*"), *world.data.rglob("*")):
        if path.is_file():
            assert KEY.encode() not in path.read_bytes(), f"{path} holds the key"


def test_models_are_listed_asked_for_anew_and_given_to_programs(world: World, vendor: Replay) -> None:
    configure(world.home, vendor.url)
    environment = {"ACME_KEY": KEY, "OPENAI_API_KEY": "set-but-never-asked"}
    # Only this vendor is asked: the other one is out of the network's reach in a test.
    done = world.run("models", "gpt-5.1", "codex", variables=environment)
    assert done.returncode == 0, done.stderr
    rows = [line.split() for line in done.stdout.decode().splitlines()]
    assert rows == [
        ["openai/gpt-5.1-codex", "400k", "$1.25/$10", "images", "tools", "reasoning"],
        ["openai/gpt-5.1-codex-mini", "400k", "$0.25/$2", "images", "tools", "reasoning"],
    ]
    assert world.run("models", "--refresh", "acme", variables={"ACME_KEY": KEY}).stdout.decode().split() == [
        *("acme/big", "65k", "-", "acme/small", "-", "-")
    ]
    found = json.loads(world.run("models", "--json", "--all", "acme").stdout)["models"]
    assert [(row["name"], row["window"], row["source"]) for row in found] == [
        ("acme/big", 65_536, "vendor"),
        ("acme/small", None, "vendor"),
    ]
    needing = world.run("models", "mistral")
    assert needing.stdout == b""
    assert b"more cannot be asked, most for want of a key: --all shows why" in needing.stderr


def test_a_key_that_is_refused_has_an_exit_code_and_nothing_is_kept(world: World) -> None:
    with replay_beside(refusal(401, {"error": {"message": "invalid api key"}})) as server:
        configure(world.home, server.url)
        done = world.run("auth", "login", "acme", input_=KEY.encode())
    assert done.returncode == KeyRefused.exit_code
    assert b"invalid api key" in done.stderr
    assert KEY.encode() not in done.stderr
    assert not (world.data / "auth.json").exists()


def test_an_unknown_vendor_and_an_empty_pipe_and_a_missing_key_each_have_a_code(world: World) -> None:
    assert world.run("auth", "login", "nobody", input_=b"k").returncode == VendorUnknown.exit_code
    assert world.run("auth", "login", "openai").returncode == UsageError.exit_code
    done = world.run("run", "--model", "openai/gpt-5", "hi")
    assert done.returncode == KeyMissing.exit_code
    assert b"OPENAI_API_KEY" in done.stderr


@pytest.mark.systems("linux", "darwin")
def test_a_key_that_is_typed_is_not_shown(world: World) -> None:
    import pty

    world.run("server", "start")
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(world.home)
        os.execve(world.program, ["iterate", "auth", "login", "openai", "--no-check"], world.environment)  # noqa: S606
    shown = b""
    while b"key for openai: " not in shown:
        shown += os.read(terminal, 1024)
    os.write(terminal, f"{KEY}\n".encode())
    while True:
        try:
            piece = os.read(terminal, 1024)
        except OSError:
            break  # Linux says so at the end of a terminal.
        if not piece:
            break
        shown += piece
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, shown
    assert b"is kept" in shown
    assert KEY.encode() not in shown
    assert json.loads((world.data / "auth.json").read_bytes()) == {"openai": KEY}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[LiveServer]:
    known = OnDemand(settings.read({"HOME": str(tmp_path)}))
    with serving(tmp_path / "iterate.db", known=known) as running:
        yield running


def said(reply: Reply) -> dict[str, object]:
    found: dict[str, object] = json.loads(reply.body)
    return found


def test_the_routes_say_what_is_ready_by_the_names_of_variables_alone(served: LiveServer) -> None:
    rows = said(served.ask("GET", "/model?seen=MISTRAL_API_KEY,PATH"))["models"]
    assert isinstance(rows, list)
    ready = {row["name"].partition("/")[0] for row in rows if row["ready"] and row["source"] == "catalogue"}
    assert ready == {"mistral"}
    row = said(served.ask("GET", "/auth/mistral?seen=MISTRAL_API_KEY"))
    assert (row["key"], row["variable"], row["ready"]) == ("environment", "MISTRAL_API_KEY", True)
    vendors = said(served.ask("GET", "/provider"))["vendors"]
    assert isinstance(vendors, list)
    assert {row["name"] for row in vendors} > {"mistral", "openai", "anthropic", "google", "ollama"}


def test_keys_come_and_go_over_the_routes_and_never_come_back(served: LiveServer) -> None:
    put = served.ask("PUT", "/auth/mistral", {"key": KEY, "check": False})
    assert (put.status, said(put)) == (200, {"vendor": "mistral", "doubt": ""})
    row = served.ask("GET", "/auth/mistral")
    assert said(row)["key"] == "file"
    assert KEY.encode() not in row.body + served.ask("GET", "/provider").body
    assert said(served.ask("DELETE", "/auth/mistral")) == {"forgotten": True}
    assert said(served.ask("DELETE", "/auth/mistral")) == {"forgotten": False}


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "name"),
    [
        ("PUT", "/auth/nobody", {"key": KEY}, 404, "VendorUnknown"),
        ("PUT", "/auth/openai", {"key": "two words", "check": False}, 400, "KeyInvalid"),
        ("PUT", "/auth/openai", {"key": "nul\0"}, 400, "KeyInvalid"),
        ("PUT", "/auth/openai", {"key": " "}, 400, "KeyInvalid"),
        ("PUT", "/auth/openai", {"key": 7}, 400, "BadBody"),
        ("PUT", "/auth/openai", {}, 400, "BadBody"),
        ("GET", "/auth/nobody", None, 404, "VendorUnknown"),
        ("POST", "/provider/refresh", {"vendor": "nobody"}, 404, "VendorUnknown"),
    ],
)
def test_what_cannot_be_done_has_a_name(  # One for each thing that a request is made of.
    served: LiveServer, method: str, path: str, body: object, status: int, name: str
) -> None:
    reply = served.ask(method, path, body)
    assert reply.status == status
    error = said(reply)["error"]
    assert isinstance(error, dict)
    assert error["name"] == name
    assert KEY.encode() not in reply.body
