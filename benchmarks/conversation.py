"""`python -m benchmarks.conversation PROGRAM`: what the terminal interface costs, at 120 x 40, in numbers.

The model is a stub on loopback that says 200 tokens of Markdown and code a second. Keys are timed from the write to
the bytes that show them, bytes and frames are counted as they come out of the pty.
"""

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NamedTuple

import psutil
from benchmarks import served, stub, tty
from benchmarks.stub import Said
from benchmarks.tty import Tty

ROUNDS = 9
TOKENS, A_SECOND = 2200, 200
# More often than frames may be.
FAST_TOKENS, FAST_A_SECOND = 2000, 600
HISTORY_ROWS = 10_000
KEYS = 200
ANSWERS = 1000
IDLE_S = 60.0
# After which a server has done all that it does by itself.
SETTLED_S = 3.0
END = b"THE-END"
# In the last row of an answer, which comes as a whole.
ENDED = b" tokens in"
# Which nothing else writes.
LETTERS = "\u00fe\u00f0\u00df\u0111"
_ESCAPES = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
SECTION = """## Part NUMBER

Some *words* about `plover.py` and **what** it does, with a [link](https://example.org/NUMBER) in between. They go on
for more than a row, because rows have to be broken somewhere, and this is where.

- first, which is short
  - nested, with `code`
- second: 日本語 and 🎈

| name | size | when |
|---|---:|---|
| aNUMBER.txt | NUMBER | today |

```python
class PloverNUMBER:
    def fly(self, height: int = NUMBER) -> str:
        # Higher than before.
        return f"{height} m" if height > 0 else "sits"
```

> A quote that says so.

"""


class Numbers(NamedTuple):
    """All that is measured, in the order in which it is printed."""

    warm_ms: float
    cold_ms: float
    streaming_cpu: float
    streaming_kb: float
    frames: float
    streaming_key_ms: float
    fast_frames: float
    key_p50_ms: float
    key_p99_ms: float
    idle_cpu: float
    idle_bytes: float
    opened_ms: float
    memory_mb: float
    pause_ms: float


class Streamed(NamedTuple):
    """An answer that streamed: percent of a core, kilobytes, frames a second, milliseconds from key to echo."""

    cpu: float
    kilobytes: float
    frames: float
    key_ms: float


class Place(NamedTuple):
    """A home with a project and settings, and the program."""

    program: Path
    home: Path
    env: dict[str, str]

    @property
    def folder(self) -> Path:
        """What is worked in."""
        return self.home / "work"

    def run(self, *words: str) -> str:
        """Run it to its end."""
        done = subprocess.run(
            [str(self.program), *words], env=self.env, cwd=self.folder, check=True, capture_output=True, text=True
        )
        return done.stdout

    def talk(self, *words: str) -> AbstractContextManager[Tty]:
        """A conversation."""
        return tty.running([self.program, *words], self.folder, self.env)


def measured(program: str | Path, *, idle_s: float = IDLE_S, answers: int = ANSWERS) -> Numbers:
    """All of it, in some minutes."""
    with placed(Path(program).resolve()) as place:
        cold, warm = _starts(place)
        # A server that the conversation itself starts would be counted as its child.
        place.run("run", "hello")
        with place.talk() as shown:
            shown.text_ms()
            shown.quiet()
            streamed = streaming(shown)
            fast = _fast(shown)
            p50, p99 = _keys(shown)
            pause = _pause(shown)
            cpu, idle_bytes = idle(shown, idle_s)
        opened, memory = _opened(place, answers)
        return Numbers(warm, cold, *streamed, fast, p50, p99, cpu, idle_bytes, opened, memory, pause)


def said() -> Said:
    """What the stub says."""
    whole = "".join(SECTION.replace("NUMBER", str(number)) for number in range(100))[: TOKENS * 4]
    rows = "".join(f"row {number} of the history, with some words in it\n" for number in range(HISTORY_ROWS))
    # Some 10 MB in rows of 80 columns.
    command = "yes 'some output of a tool that says the same for ever and ever, a row each' | head -c 10000000"
    return {
        "stream": (stub.words(f"{whole}\n\n{END.decode()}", A_SECOND),),
        "fast": (stub.words(f"{whole[: FAST_TOKENS * 4]}\n\n{END.decode()}", FAST_A_SECOND),),
        "history": (stub.words(f"```\n{rows}```\n\n{END.decode()}"),),
        "print": (stub.call("bash", command=command),),
    }


@contextmanager
def placed(program: Path) -> Iterator[Place]:
    """A home for the time of the block."""
    with tempfile.TemporaryDirectory(prefix="bench-") as home, stub.serving(said()) as model:
        config = Path(home, ".config", "iterate", "config.toml")
        config.parent.mkdir(parents=True)
        config.write_text(f'model = "stub/m"\n[providers.stub]\nbase_url = "{model.url}/v1"\n', encoding="utf-8")
        env = {"PATH": os.environ["PATH"], "HOME": home, "LANG": "C.UTF-8"}
        place = Place(program, Path(home), env)
        place.folder.mkdir()
        try:
            yield place
        finally:
            subprocess.run([str(program), "server", "stop"], env=env, check=False, capture_output=True)


def _starts(place: Place) -> tuple[float, float]:
    """Milliseconds to the first text with a server that has to be started, and with one that runs."""
    cold, warm = [], []
    for _ in range(ROUNDS):
        with place.talk() as shown:
            cold.append(shown.text_ms())
            shown.quiet()
        place.run("server", "stop")
    # One that runs has also loaded by now what it did not need to answer first.
    place.run("run", "hello")
    time.sleep(SETTLED_S)
    for _ in range(ROUNDS):
        with place.talk() as shown:
            warm.append(shown.text_ms())
            shown.quiet()
    place.run("server", "stop")
    return statistics.median(cold), statistics.median(warm)


def streaming(shown: Tty) -> Streamed:
    """An answer of some seconds, with a key in between now and then."""
    shown.type("stream\r")
    shown.seen(b"Part")
    before, begun, first = shown.processor_s(), time.perf_counter(), len(shown.pieces)
    echoes = []
    for number in range(KEYS // 10):
        shown.during(0.3)
        echoes.append(_echo(shown, LETTERS[number % 4]))
    shown.seen(ENDED)
    took, pieces = time.perf_counter() - begun, shown.pieces[first:]
    written = b"".join(each.content for each in pieces)
    shown.quiet()
    shown.type("\x15")
    shown.quiet()
    frames = written.count(tty.FRAME) / took
    return Streamed(100 * (shown.processor_s() - before) / took, len(written) / 1000, frames, statistics.median(echoes))


def _fast(shown: Tty) -> float:
    """Frames a second where each could show something new: those of the seconds in the middle."""
    shown.type("fast\r")
    shown.seen(b"Part")
    shown.during(0.5)
    frames = b"".join(each.content for each in shown.during(2.0)).count(tty.FRAME)
    shown.seen(ENDED)
    shown.quiet()
    return frames / 2.0


def _echo(shown: Tty, key: str) -> float:
    """Milliseconds from a key to something that shows it."""
    begun = len(shown.pieces)
    at = shown.type(key)
    wanted = key.encode()
    shown.until(lambda: any(wanted in _bare(each.content) for each in shown.pieces[begun:]))
    return (next(each.at for each in shown.pieces[begun:] if wanted in _bare(each.content)) - at) * 1000


def _bare(content: bytes) -> bytes:
    """Without what styles and moves."""
    return _ESCAPES.sub(b"", content)


def _keys(shown: Tty) -> tuple[float, float]:
    """Milliseconds from a key to its echo, with many rows above: median, and of a hundred the slowest."""
    shown.type("history\r")
    shown.seen(ENDED)
    shown.quiet()
    taken = []
    for number in range(KEYS):
        taken.append(_echo(shown, LETTERS[number % 4]))
        shown.quiet(0.02)
        if not number % 40:
            shown.type("\x15")
            shown.quiet(0.1)
    shown.type("\x15")
    shown.quiet()
    return statistics.median(taken), statistics.quantiles(taken, n=100)[-1]


def _pause(shown: Tty) -> float:
    """The slowest key while a tool says 10 MB, and they are shown."""
    shown.type("print\r")
    shown.seen(b"once")
    # What is typed at once was meant for something else.
    shown.quiet(1)
    shown.type("y")
    begun, slowest = len(shown.pieces), 0.0
    while not any(b"Done." in each.content for each in shown.pieces[begun:]):
        slowest = max(slowest, _echo(shown, LETTERS[0]))
        shown.during(0.02)
        slowest = max(slowest, _echo(shown, LETTERS[1]))
        shown.during(0.02)
    shown.type("\x15")
    shown.quiet()
    return slowest


def idle(shown: Tty, seconds: float) -> tuple[float, float]:
    """Percent of a core and bytes written while nobody does anything."""
    shown.quiet(2)
    before, begun = shown.processor_s(), time.perf_counter()
    written = sum(len(each.content) for each in shown.during(seconds))
    return 100 * (shown.processor_s() - before) / (time.perf_counter() - begun), float(written)


def _opened(place: Place, answers: int) -> tuple[float, float]:
    """A session of many answers: milliseconds until its last row is there, and what the client holds then."""
    server = _server(place)
    session = server.ask("POST", "/session", {"workspace": {"directory": str(place.folder)}})
    assert isinstance(session, dict)  # noqa: S101  # As documented.
    for _ in range(answers):
        prompted(server, str(session["id"]), SECTION, str(place.folder))
    prompted(server, str(session["id"]), END.decode(), str(place.folder))
    times, memory = [], []
    for _ in range(ROUNDS):
        with place.talk("--session", str(session["id"])) as shown:
            times.append((shown.seen(END, END) - shown.begun) * 1000)
            shown.quiet()
            memory.append(shown.memory_mb())
    return statistics.median(times), statistics.median(memory)


def prompted(server: served.Place, session: str, text: str, folder: str) -> None:
    """A prompt and its answer, which is the prompt once more."""
    workspace = {"directory": folder, "environment": {}}
    body = {"text": text, "model": "echo/echo", "workspace": workspace}
    data = json.dumps(body).encode()
    headers = {**server.headers, "Content-Type": "application/json"}
    request = urllib.request.Request(f"{server.url}/session/{session}/prompt", data=data, headers=headers)  # noqa: S310
    with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310  # On loopback.
        response.read()


def _server(place: Place) -> served.Place:
    place.run("run", "hello")
    (file,) = (place.home / ".local" / "state").glob("*/server.json")
    found = json.loads(file.read_text())
    return served.Place(found["url"], {"Authorization": f"Bearer {found['secret']}"}, psutil.Process(found["pid"]))


if __name__ == "__main__":
    numbers = measured(sys.argv[1])
    for name, value in zip(Numbers._fields, numbers, strict=True):
        print(f"{name:<18}{value:>10.2f}")
