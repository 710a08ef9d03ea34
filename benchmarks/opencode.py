"""The same of OpenCode 1.18.33, where `make/opencode.sh` has put it; its model is a stub on loopback."""

import json
import os
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from urllib.error import URLError

import psutil
from benchmarks import served
from benchmarks.served import Place
from tests.iterate.replaying import events, many, replay_beside

ROUNDS = 3
SESSIONS = 1000
READY_S = 60.0
FOLDER = Path(__file__).parents[1] / ".opencode" / "node_modules"


class Numbers(NamedTuple):
    """Milliseconds, megabytes, requests a second."""

    version_ms: float
    help_ms: float
    cold_ms: float
    memory_mb: float
    idle: float
    health: float
    listed_ms: float


def program() -> Path | None:
    """OpenCode, where it is."""
    return next(iter(sorted(FOLDER.glob("opencode-*/bin/opencode"))), None)


def measured(command: Path) -> Numbers:
    """All that it has too; raises what its programs and its server fail with."""
    with tempfile.TemporaryDirectory(prefix="bench-") as home, replay_beside(many(events(*_said()))) as stub:
        env = _settings(Path(home), stub.url)
        cold = [_first(command, env) for _ in range(ROUNDS)]
        version = served.milliseconds(lambda: _quiet(command, "--version", env=env), ROUNDS)
        help_ = served.milliseconds(lambda: _quiet(command, "--help", env=env), ROUNDS)
        with _serving(command, env) as place:
            for _ in range(SESSIONS):
                place.ask("POST", "/session", {})
            listed = served.milliseconds(lambda: place.ask("GET", f"/session?limit={SESSIONS}"), ROUNDS)
            health = served.requests_a_second(place, "/global/health")
            idle = served.idle_percent(place)
            return Numbers(version, help_, statistics.median(cold), served.memory_mb(place), idle, health, listed)


def _said() -> Iterator[object]:
    for number in range(20):
        yield {"choices": [{"index": 0, "delta": {"role": "assistant", "content": f"word{number} "}}]}
    usage = {"prompt_tokens": 9, "completion_tokens": 20, "total_tokens": 29}
    yield {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": usage}
    yield "[DONE]"


def _settings(home: Path, url: str) -> dict[str, str]:
    options = {"baseURL": f"{url}/v1", "apiKey": "key"}
    vendor = {"npm": "@ai-sdk/openai-compatible", "name": "stub", "options": options, "models": {"m": {"name": "m"}}}
    said = {"model": "stub/m", "small_model": "stub/m", "autoupdate": False, "provider": {"stub": vendor}}
    folder = home / ".config" / "opencode"
    folder.mkdir(parents=True)
    (folder / "opencode.json").write_text(json.dumps(said))
    (home / "work").mkdir()
    switches = dict.fromkeys(("OPENCODE_DISABLE_AUTOUPDATE", "OPENCODE_DISABLE_MODELS_FETCH"), "1")
    return {"PATH": os.environ["PATH"], "HOME": str(home), "PWD": str(home / "work"), **switches}


def _quiet(*words: str | Path, env: dict[str, str]) -> None:
    subprocess.run(list(map(str, words)), env=env, check=True, capture_output=True, cwd=env["PWD"], timeout=120)


def _first(command: Path, env: dict[str, str]) -> float:
    """Milliseconds from the start of `opencode run` to the first byte of the answer."""
    begun = time.perf_counter()
    with subprocess.Popen(
        [str(command), "run", "--model", "stub/m", "hello"],
        env=env,
        cwd=env["PWD"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
    ) as process:
        if process.stdout is None or not process.stdout.read(1):
            raise SystemExit("opencode run says nothing")
        taken = (time.perf_counter() - begun) * 1000
        process.stdout.read()
    return taken


@contextmanager
def _serving(command: Path, env: dict[str, str]) -> Iterator[Place]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = [str(command), "serve", "--port", str(port)]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(words, env=env, cwd=env["PWD"], stdin=quiet, stdout=quiet, stderr=quiet) as process:
        place = Place(f"http://127.0.0.1:{port}", {}, psutil.Process(process.pid))
        try:
            deadline = time.monotonic() + READY_S
            while True:
                # A request that comes while it starts may never be answered.
                with suppress(URLError, OSError):
                    place.ask("GET", "/global/health", timeout_s=2)
                    break
                if time.monotonic() > deadline:
                    raise SystemExit("opencode serve does not answer")
                time.sleep(0.1)
            yield place
        finally:
            process.kill()
