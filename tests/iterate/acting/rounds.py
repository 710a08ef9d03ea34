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


def failed(folder: Path, count: int, seed: int | None = None) -> str:
    """Play so many, the same ones each time without a seed; what went wrong, as the process tells it."""
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "XDG_STATE_HOME": str(folder / "state"),
        "XDG_DATA_HOME": str(folder / "data"),
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        "EDITOR": "true",
    }
    words = [sys.executable, "-m", "tests.iterate.acting.play", str(folder), str(count)]
    words += [] if seed is None else [str(seed)]
    done = subprocess.run(
        words, env=env, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE_S, check=False
    )
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
