"""`make release` as a stranger meets it: a clean clone of HEAD, an empty home, nothing cached; timed by its parts."""

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloned:
    """Where the clone is, and how many seconds its parts took.

    Attributes:
        setup: making .venv.
        compiling: from each `compiling` line to the next line, summed over the targets.
        total: the whole command, set-up included.
    """

    folder: Path
    setup: float
    compiling: float
    total: float


def made(repository: Path, below: Path) -> Cloned:
    """Clone and run.

    Raises:
        SystemExit: `make release` failed; its output is above.
    """
    folder, home = below / "clone", below / "home"
    home.mkdir()
    subprocess.run(["git", "clone", "-q", str(repository), str(folder)], check=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "NUITKA_"))}
    env = {**kept, "HOME": str(home)}
    start = time.monotonic()
    subprocess.run(["make", "-s", ".venv/.ready"], cwd=folder, env=env, check=True, stdout=subprocess.DEVNULL)
    setup = time.monotonic() - start
    compiling = timed(folder, env)
    return Cloned(folder=folder, setup=setup, compiling=compiling, total=time.monotonic() - start)


def timed(folder: Path, env: dict[str, str]) -> float:
    """Run the recipe and add up what lies between a `compiling` line and the next step."""
    seconds, begun, lines = 0.0, None, []
    with subprocess.Popen(
        ["make", "-s", "release"],
        cwd=folder,
        env={**env, "CI": "true"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        for line in process.stderr or ():
            lines.append(line)
            if line.startswith("compiling "):
                begun = time.monotonic()
            elif begun is not None and not line.startswith(" "):
                seconds, begun = seconds + time.monotonic() - begun, None
    if process.returncode != 0:
        raise SystemExit("".join(lines))
    return seconds
