"""Rounds of plays, each in a process of its own; `make fuzz` plays others each time, until one fails."""

import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[3]
COUNT = 300
PATIENCE_S = 900.0


def run(folder: Path, name: str, *words: str) -> subprocess.CompletedProcess[bytes]:
    """A module of this package in a process and a home of its own."""
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "XDG_STATE_HOME": str(folder / "state"),
        "XDG_DATA_HOME": str(folder / "data"),
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        "EDITOR": "true",
    }
    return subprocess.run(
        [sys.executable, "-m", f"tests.iterate.acting.{name}", str(folder), *words],
        env=env,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
    )


def failed(folder: Path, count: int, seed: int | None = None) -> str:
    """Play so many, the same ones each time without a seed; what went wrong, as the process tells it."""
    done = run(folder, "play", str(count), *([] if seed is None else [str(seed)]))
    return done.stderr.decode(errors="replace") if done.returncode else ""


def main() -> int:
    """Until one fails."""
    while True:
        seed = random.randrange(1 << 32)
        with tempfile.TemporaryDirectory(prefix="play-") as folder:
            problem = failed(Path(folder), COUNT, seed)
        print(f"seed {seed}: {'failed' if problem else 'well'}", flush=True)
        if problem:
            print(problem)
            return 1


if __name__ == "__main__":
    raise SystemExit(main())
