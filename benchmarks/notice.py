"""What a notice of a newer version costs a command on a terminal, turn by turn with the same command without one."""

import contextlib
import json
import os
import pty
import shutil
import statistics
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

ROUNDS = 21
LATER = "9999.0"
PATIENCE_S = 120.0
NOTED_S = 5.0


@contextlib.contextmanager
def following(program: Path, home: Path) -> Iterator[Path]:
    """The program as a copy that follows a channel, which has a newer version; its state folder."""
    stamp = json.loads(subprocess.run([program, "version", "--json"], capture_output=True, check=True).stdout)
    stream = stamp["channel"]
    if stream == "snapshot":
        stream = "snapshot-" + stamp["version"].partition("-snapshot-")[2].rpartition("-")[0]
    receipt = {"schema": 1, "name": "iterate", "method": "brew", "channel": stamp["channel"], "stream": stream}
    there = {
        "install-receipt.json": json.dumps({**receipt, "sites": ["http://127.0.0.1:9/"]}),
        "update-root.json": "{}",
    }
    kept = {name: program.with_name(name).read_bytes() for name in there if program.with_name(name).exists()}
    for name, text in there.items():
        program.with_name(name).write_text(text)
    folder = "iterate" if stream == "latest" else f"iterate-{stream}"
    try:
        yield home / ".local" / "state" / folder
    finally:
        for name in there:
            program.with_name(name).unlink()
            if name in kept:
                program.with_name(name).write_bytes(kept[name])


def on_terminal(program: Path, environment: dict[str, str]) -> tuple[float, str]:
    """Milliseconds that `run hello` takes whose outputs are a terminal, and what that shows."""
    ours, theirs = pty.openpty()
    start = time.perf_counter()
    with subprocess.Popen(
        [program, "run", "hello"], env=environment, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs
    ) as child:
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):
            while part := os.read(ours, 65536):
                shown += part
    taken = (time.perf_counter() - start) * 1000
    os.close(ours)
    if child.returncode:
        raise SystemExit(shown.decode())
    return taken, shown.decode()


def medians(program: Path, home: Path) -> tuple[float, float]:
    """Median milliseconds of a command with a notice, and of one without."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "ITERATE_MODEL": "echo/echo"}
    times: dict[bool, list[float]] = {True: [], False: []}
    with following(program, home) as state:
        _wait(program, environment, state)
        for number in range(2 * ROUNDS):
            is_told = number % 2 == 0
            version = f"{LATER}.{number}"
            taken, shown = _once(program, environment, state, version, is_told=is_told)
            if (version in shown) is not is_told:
                raise SystemExit(f"a notice was expected: {is_told}; shown was {shown!r}")
            times[is_told].append(taken)
        subprocess.run([program, "server", "stop"], env=environment, check=True, capture_output=True)
    shutil.rmtree(state)
    return statistics.median(times[True]), statistics.median(times[False])


def _once(program: Path, environment: dict[str, str], state: Path, version: str, *, is_told: bool) -> tuple[float, str]:
    """A command as if the server had just looked; it tells of a version once, and was told of this one or was not."""
    file = state / "update.json"
    known = {"due": time.time() + 3600, "offer": {"version": version}, "told": [] if is_told else [version]}
    file.write_text(json.dumps(known))
    taken = on_terminal(program, environment)
    # The server notes that it told a moment after the command has ended; that must not overwrite the next round.
    deadline = time.monotonic() + NOTED_S
    while version in taken[1] and version not in json.loads(file.read_bytes())["told"] and time.monotonic() < deadline:
        time.sleep(0.01)
    return taken


def _wait(program: Path, environment: dict[str, str], state: Path) -> None:
    """Until the server tells of newer versions, which it does when it has long been ready."""
    on_terminal(program, environment)
    deadline = time.monotonic() + PATIENCE_S
    version = f"{LATER}.{2 * ROUNDS}"
    while version not in _once(program, environment, state, version, is_told=True)[1]:
        if time.monotonic() > deadline:
            raise SystemExit(f"the server told of no newer version in {PATIENCE_S:.0f} seconds")
        time.sleep(1)
