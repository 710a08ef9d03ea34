"""`python -m benchmarks.agent PROGRAM`: what the compiled program does as an agent, in numbers."""

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import psutil
from benchmarks import served
from benchmarks.served import Place
from tests.iterate.replaying import Answer, events, many, replay_beside

SESSIONS = 1000
STEPS = 30
ROUNDS = 9


class Numbers(NamedTuple):
    """All that is measured, in the order in which it is printed."""

    health: float
    idle: float
    listed_ms: float
    event_ms: float
    step_ms: float
    aborted_ms: float
    ended_ms: float


def measured(program: str | Path) -> Numbers:
    """Start a server and ask it for all."""
    with tempfile.TemporaryDirectory(prefix="bench-") as home, replay_beside(*_steps()) as stub:
        config = Path(home, ".config", "iterate", "config.toml")
        config.parent.mkdir(parents=True)
        config.write_text(f'model = "stub/m"\n[providers.stub]\nbase_url = "{stub.url}/v1"\n', encoding="utf-8")
        with running(program, home) as place:
            idle = served.idle_percent(place)
            health = served.requests_a_second(place, "/global/health")
            folder = Path(home, "work")
            folder.mkdir()
            # The first answer reads what all need.
            _prompted(place, folder, "echo/echo")
            step = _step_ms(place, folder)
            event = _event_ms(place, folder)
            aborted = statistics.median(_aborted_ms(place, folder) for _ in range(ROUNDS))
            for _ in range(SESSIONS):
                place.ask("POST", "/session", {"workspace": {"directory": str(folder)}})
            listed = served.milliseconds(lambda: place.ask("GET", f"/session?limit={SESSIONS}"), ROUNDS)
            return Numbers(health, idle, listed, event, step, aborted, served.ended_ms(place))


@contextmanager
def running(program: str | Path, home: str) -> Iterator[Place]:
    """The server of that home."""
    env = {"PATH": os.environ["PATH"], "HOME": home}
    subprocess.run(
        [str(program), "run", "--model", "echo/echo", "hello"], env=env, check=True, stdout=subprocess.DEVNULL
    )
    (file,) = Path(home, ".local", "state").glob("*/server.json")
    found = json.loads(file.read_text())
    process = psutil.Process(found["pid"])
    try:
        yield Place(found["url"], {"Authorization": f"Bearer {found['secret']}"}, process)
    finally:
        with suppress(psutil.Error):
            process.terminate()
            process.wait(30)


def _steps() -> Iterator[Answer]:
    """A step that lists a folder, many times, and then the end; it is two tasks behind each other."""
    usage = {"prompt_tokens": 9, "completion_tokens": 9}
    for number in range(STEPS):
        # The same call three times in a row would be asked about.
        given = json.dumps({"path": ".", "depth": 1 + number % 2})
        call = {"index": 0, "id": f"call_{number}", "function": {"name": "list", "arguments": given}}
        yield many(
            events(
                {"choices": [{"delta": {"tool_calls": [call]}}]},
                {"choices": [{"delta": {}, "finish_reason": "tool_calls"}], "usage": usage},
                "[DONE]",
            )
        )
    ending = {"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": usage}
    yield many(events({"choices": [{"delta": {"content": "done"}}]}, ending, "[DONE]"))


def _prompted(place: Place, folder: Path, model: str) -> float:
    """Milliseconds that an answer takes in a session of its own."""
    workspace = {"directory": str(folder)}
    made = place.ask("POST", "/session", {"workspace": workspace})
    assert isinstance(made, dict)  # noqa: S101
    begun = time.perf_counter()
    body = {"text": "go", "model": model, "workspace": {**workspace, "environment": {}}}
    list(_stream(place, "POST", f"/session/{made['id']}/prompt", body))
    return (time.perf_counter() - begun) * 1000


def _step_ms(place: Place, folder: Path) -> float:
    """What a step with a call costs beyond the first answer: engine, store, the tool, HTTP and the stub together."""
    whole = _prompted(place, folder, "stub/m")
    # From here on the stub gives its last answer.
    last = statistics.median(_prompted(place, folder, "stub/m") for _ in range(3))
    return (whole - last) / STEPS


def _aborted_ms(place: Place, folder: Path) -> float:
    """From the request that ends a running answer until whoever prompted has read its end."""
    workspace = {"directory": str(folder)}
    made = place.ask("POST", "/session", {"workspace": workspace})
    assert isinstance(made, dict)  # noqa: S101
    body = {"text": "go on " * 500, "model": "echo/slow", "workspace": {**workspace, "environment": {}}}
    begun = ended = 0.0
    for at, line in _stream(place, "POST", f"/session/{made['id']}/prompt", body):
        ended = at
        if not begun and b"delta" in line:
            begun = time.perf_counter()
            place.ask("POST", f"/session/{made['id']}/cancel")
    return (ended - begun) * 1000


def _event_ms(place: Place, folder: Path) -> float:
    """From the moment when whoever prompts reads the event of the prompt until another reader of all has it."""
    seen: dict[str, float] = {}
    ready = threading.Event()

    def subscribe() -> None:
        for at, line in _stream(place, "GET", "/global/event", None):
            ready.set()
            if b'"prompt.' in line or b"prompted" in line:
                seen.setdefault("other", at)

    threading.Thread(target=subscribe, daemon=True).start()
    taken = []
    workspace = {"directory": str(folder)}
    for _ in range(ROUNDS):
        made = place.ask("POST", "/session", {"workspace": workspace})
        assert isinstance(made, dict)  # noqa: S101
        ready.wait(10)
        seen.clear()
        body = {"text": "go", "model": "echo/echo", "workspace": {**workspace, "environment": {}}}
        own = next(
            at for at, line in _stream(place, "POST", f"/session/{made['id']}/prompt", body) if line.startswith(b"data")
        )
        deadline = time.perf_counter() + 5
        while "other" not in seen and time.perf_counter() < deadline:
            time.sleep(0.0002)
        if "other" not in seen:
            raise SystemExit("no event of the prompt reached the subscriber")
        taken.append(abs(seen["other"] - own) * 1000)
    return statistics.median(taken)


def _stream(place: Place, method: str, path: str, body: object) -> Iterator[tuple[float, bytes]]:
    """The lines of an answer, and when they came."""
    address = urlsplit(place.url)
    data = b"" if body is None else json.dumps(body).encode()
    fields = {**place.headers, "Host": address.netloc, "Connection": "close", "Content-Type": "application/json"}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    head = "\r\n".join([*lines, f"Content-Length: {len(data)}", "", ""]).encode()
    with socket.create_connection((address.hostname or "", address.port or 0)) as connection:
        connection.sendall(head + data)
        rest = b""
        while piece := connection.recv(1 << 16):
            at = time.perf_counter()
            *whole, rest = (rest + piece).split(b"\n")
            for line in whole:
                yield at, line


if __name__ == "__main__":
    print(measured(sys.argv[1]))
