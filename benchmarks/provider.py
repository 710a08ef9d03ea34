"""What an answer over HTTP costs: a stub on loopback says 1,000 tokens, the program asks it like any vendor."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from tests.iterate.replaying import events, many, replay_beside

ROUNDS = 11
TOKENS = 1000


def measured(program: str | Path) -> tuple[float, float]:
    """Milliseconds to the first byte with a warm server, and CPU seconds of client and server for 1,000 tokens."""
    pieces = [{"choices": [{"delta": {"content": f"word{number} "}}]} for number in range(TOKENS)]
    ending = {
        "choices": [{"delta": {}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 9, "completion_tokens": TOKENS},
    }
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as home,
        replay_beside(many(events(*pieces, ending, "[DONE]"))) as stub,
    ):
        config = Path(home, ".config", "iterate", "config.toml")
        config.parent.mkdir(parents=True)
        config.write_text(f'model = "stub/m"\n[providers.stub]\nbase_url = "{stub.url}/v1"\n', encoding="utf-8")
        env = {"PATH": os.environ["PATH"], "HOME": home}
        words = [str(program), "run", "--model", "stub/m", "hello"]
        first, spent = [], []
        try:
            subprocess.run(words, env=env, check=True, capture_output=True)
            server = _server(Path(home))
            for _ in range(ROUNDS):
                before = _cpu(server)
                first.append(_first(words, env))
                spent.append(_cpu(server) - before)
        finally:
            subprocess.run([str(program), "server", "stop"], env=env, check=False, capture_output=True)
    return statistics.median(first), statistics.median(spent)


def _cpu(server: psutil.Process) -> float:
    """Seconds of the server, and of all clients that ended."""
    times = os.times()
    return sum(server.cpu_times()[:2]) + times.children_user + times.children_system


def _first(words: list[str], env: dict[str, str]) -> float:
    begun = time.perf_counter()
    with subprocess.Popen(words, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, bufsize=0) as process:
        if process.stdout is None:
            raise SystemExit("no output to wait for")
        process.stdout.read(1)
        taken = (time.perf_counter() - begun) * 1000
        process.stdout.read()
    return taken


def _server(home: Path) -> psutil.Process:
    for process in psutil.process_iter():
        try:
            if process.environ().get("HOME") == str(home):
                return process
        except psutil.Error:
            continue
    raise SystemExit("no server runs")


if __name__ == "__main__":
    milliseconds, seconds = measured(sys.argv[1])
    print(f"first byte {milliseconds:.0f} ms, CPU {seconds:.3f} s")
