"""The terminal interfaces of OpenCode, Codex and pi beside ours, in one run: start, memory, idling, an answer.

`make/opencode.sh` and `make/peers.sh` get them by npm. They start offline, in empty homes, so what they show differs:
Codex asks to sign in and cannot be given a stub without an account, and is not made to answer.
"""

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import psutil
from benchmarks import conversation, opencode, stub, tty
from benchmarks.tty import COLUMNS, LINES
from tests.iterate.emulated.plain import Plain

ROUNDS = 3
SETTLED_S, IDLE_S = 3.0, 10.0
MODULES = Path(__file__).parents[1] / ".peers" / "node_modules"


class Peer(NamedTuple):
    """A program, its settings in a home with a stub at an address, and whether it answers with that."""

    name: str
    words: Callable[[], list[str] | None]
    settings: Callable[[Path, str], Mapping[str, str]]
    answers: bool = True


class Numbers(NamedTuple):
    """Milliseconds, megabytes, percent of a core, bytes a second; streaming: percent and kilobytes, or nothing."""

    first_ms: float
    memory_mb: float
    idle_cpu: float
    idle_bytes: float
    streaming_cpu: float | None = None
    streaming_kb: float | None = None


def version(of: Sequence[str]) -> str:
    """What a program or the package of its script says of its version; empty where neither says anything."""
    package = next((each / "package.json" for each in Path(of[-1]).parents if (each / "package.json").is_file()), None)
    if package is not None:
        return str(json.loads(package.read_text())["version"])
    done = subprocess.run([*of, "--version"], capture_output=True, text=True, check=False, timeout=60)
    return done.stdout.split()[-1] if done.stdout.split() else ""


def measured(peer: Peer) -> Numbers | None:
    """All of it; nothing where the program is not here."""
    words = peer.words()
    if words is None:
        return None
    with tempfile.TemporaryDirectory(prefix="bench-") as home, stub.serving(conversation.said()) as model:
        folder = Path(home, "work")
        folder.mkdir()
        env = {"PATH": os.environ["PATH"], "HOME": home, "LANG": "C.UTF-8", **peer.settings(Path(home), model.url)}
        first = []
        for _ in range(ROUNDS - 1):
            with tty.running(words, folder, env) as shown:
                first.append(shown.text_ms())
                shown.during(SETTLED_S)
        with tty.running(words, folder, env) as shown:
            first.append(shown.text_ms())
            shown.during(SETTLED_S)
            memory = shown.memory_mb()
            before, begun = shown.processor_s(), time.perf_counter()
            written = sum(len(each.content) for each in shown.during(IDLE_S)) / IDLE_S
            idle = 100 * (shown.processor_s() - before) / (time.perf_counter() - begun)
            cpu, kilobytes = _answer(shown, model) if peer.answers else (None, None)
        _end_all(home)
        return Numbers(statistics.median(first), memory, idle, written, cpu, kilobytes)


def _end_all(home: str) -> None:
    """Some leave daemons behind, which have no parent any more."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get("HOME") == home:
                process.kill()


def _answer(shown: tty.Tty, model: stub.Stub) -> tuple[float | None, float | None]:
    """The same answer as ours, from the key to the end of the stub's stream and a second more."""
    for letter in "stream":
        shown.type(letter)
        shown.during(0.1)
    ended, first = len(model.ended), len(shown.pieces)
    before, begun = shown.processor_s(), time.perf_counter()
    shown.type("\r")
    deadline = begun + 2 * conversation.TOKENS / conversation.A_SECOND + 10
    while len(model.ended) == ended and time.perf_counter() < deadline:
        shown.read(0.05)
    if len(model.ended) == ended:
        return None, None
    shown.during(1)
    took = time.perf_counter() - begun
    pieces = shown.pieces[first:]
    if not _shows_end(shown):
        return None, None
    return 100 * (shown.processor_s() - before) / took, sum(len(each.content) for each in pieces) / 1000


def _shows_end(shown: tty.Tty) -> bool:
    screen = Plain(COLUMNS, LINES)
    for each in shown.pieces:
        screen.feed(each.content)
    return conversation.END.decode() in screen.seen().text


def _ours(program: str) -> Peer:
    def settings(home: Path, url: str) -> dict[str, str]:
        config = home / ".config" / "iterate" / "config.toml"
        config.parent.mkdir(parents=True)
        config.write_text(f'model = "stub/m"\n[providers.stub]\nbase_url = "{url}/v1"\n', encoding="utf-8")
        return {}

    return Peer("iterate", lambda: [program], settings)


def _opencode() -> list[str] | None:
    found = opencode.program()
    return None if found is None else [str(found)]


def _opencode_settings(home: Path, url: str) -> dict[str, str]:
    options = {"baseURL": f"{url}/v1", "apiKey": "key"}
    vendor = {"npm": "@ai-sdk/openai-compatible", "name": "stub", "options": options, "models": {"m": {"name": "m"}}}
    said = {"model": "stub/m", "small_model": "stub/m", "autoupdate": False, "provider": {"stub": vendor}}
    folder = home / ".config" / "opencode"
    folder.mkdir(parents=True)
    (folder / "opencode.json").write_text(json.dumps(said))
    return dict.fromkeys(("OPENCODE_DISABLE_AUTOUPDATE", "OPENCODE_DISABLE_MODELS_FETCH"), "1")


def _node(script: str) -> Callable[[], list[str] | None]:
    path = MODULES / script
    return lambda: ["node", str(path)] if path.exists() else None


def _pi_settings(home: Path, url: str) -> dict[str, str]:
    model = {"id": "m", "name": "m", "reasoning": False, "input": ["text"], "contextWindow": 100000, "maxTokens": 8000}
    costs = {"input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0}
    vendor = {
        "baseUrl": f"{url}/v1",
        "api": "openai-completions",
        "apiKey": "key",
        "models": [{**model, "cost": costs}],
    }
    folder = home / ".pi" / "agent"
    folder.mkdir(parents=True)
    (folder / "models.json").write_text(json.dumps({"providers": {"stub": vendor}}))
    (folder / "settings.json").write_text(json.dumps({"defaultProvider": "stub", "defaultModel": "m"}))
    return {"PI_OFFLINE": "1", "PI_SKIP_VERSION_CHECK": "1"}


PEERS = (
    Peer("opencode", _opencode, _opencode_settings),
    Peer("codex", _node("@openai/codex/bin/codex.js"), lambda _home, _url: {}, answers=False),
    Peer("pi", _node("@mariozechner/pi-coding-agent/dist/cli.js"), _pi_settings),
)


def compared(program: str) -> Iterator[tuple[str, str, float, float | None]]:
    """For each peer that is here and each number: both names, its value, and how many times ours that is."""
    ours = measured(_ours(program))
    if ours is None:
        return
    for peer in PEERS:
        theirs, words = measured(peer), peer.words()
        called = f"{peer.name} {version(words)}" if words else peer.name
        for name, value, own in zip(Numbers._fields, theirs or (), ours, strict=False):
            if value is not None:
                yield called, name, value, value / own if own else None


def main() -> int:
    """Print them all, one below the other."""
    for peer in (_ours(str(Path(sys.argv[1]).resolve())), *PEERS):
        found = measured(peer)
        values = () if found is None else zip(found._fields, found, strict=True)
        shown = "  ".join(f"{name} {'-' if value is None else f'{value:.1f}'}" for name, value in values)
        words = peer.words()
        name = f"{peer.name} {version(words)}" if words else peer.name
        print(f"{name:<22}{shown or 'is not here'}", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
