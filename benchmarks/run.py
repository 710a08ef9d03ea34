"""Sizes and times of the release tool and of what it makes, compared within one run; measures, judges nothing.

`make bench` runs it. It clones HEAD, runs `make release` there in an empty home, and measures the program that
comes out; `--dist DIR` takes archives that are there already instead, and `--program FILE` measures the terminal
interface of a program alone (`make bench PROGRAM=FILE`). Yardsticks (a bare Python) are timed in
the same run, turn by turn with what is compared to them, because machines differ and so do moments.
"""

import argparse
import contextlib
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import (
    agent,
    clone,
    conversation,
    notice,
    opencode,
    patched,
    peers,
    provider,
    script,
    search,
    served,
    shell,
    shim,
    upgrade,
)
from benchmarks.clone import Cloned

from release import config, manifest, packagers, targets, version
from release.model import Artifact, Plan, Release
from release.product import Channel, Product

ROOT = Path(__file__).parents[1]
ROUNDS = 21


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A measured number with its unit, what it may be, and how it was got."""

    name: str
    value: float
    unit: str
    limit: float | None
    how: str


def milliseconds(run: Callable[[], object]) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    run()
    return (time.perf_counter() - start) * 1000


def medians(rounds: int, **runs: Callable[[], object]) -> dict[str, float]:
    """Median milliseconds of each, taken turn by turn after one warm-up."""
    for run in runs.values():
        run()
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            times[name].append(milliseconds(run))
    return {name: statistics.median(taken) for name, taken in times.items()}


def quiet(*words: str | Path, env: dict[str, str] | None = None) -> Callable[[], object]:
    """A program run to its end, its output thrown away; it must succeed."""
    return lambda: subprocess.run(
        list(map(str, words)), env=env, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )


def first_output(*words: str | Path, env: dict[str, str]) -> float:
    """Milliseconds from the start of a program to the first byte it prints."""
    start = time.perf_counter()
    with subprocess.Popen(
        list(map(str, words)), env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, bufsize=0
    ) as process:
        if process.stdout is None:
            raise SystemExit("no output to wait for")
        process.stdout.read(1)
        taken = (time.perf_counter() - start) * 1000
        process.stdout.read()
    return taken


@contextlib.contextmanager
def unpacked(artifact: Artifact, product: Product, archives: Path) -> Iterator[Path]:
    """The program of an archive, and nothing else, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.unpack_archive(archives / artifact.file, folder, filter="data")
        yield next(Path(folder).glob(f"*/{product.name}/{product.name}"))


def programs(product: Product, artifact: Artifact, archives: Path) -> list[Row]:
    """Times and sizes of the compiled program."""
    system_python = shutil.which("python3", path="/usr/bin:/usr/local/bin") or sys.executable
    with unpacked(artifact, product, archives) as program, tempfile.TemporaryDirectory() as home:
        env = {"PATH": os.environ["PATH"], "HOME": home, "ITERATE_MODEL": "echo/echo"}
        tree = sum(path.stat().st_size for path in program.parent.rglob("*") if path.is_file())
        bare = quiet(system_python, "-I", "-S", "-c", "pass")
        starts = medians(ROUNDS, version=quiet(program, "--version", env=env), python=bare)
        helps = medians(ROUNDS, help=quiet(program, "--help", env=env))
        stop = quiet(program, "server", "stop", env=env)
        cold = []
        for _ in range(9):
            cold.append(first_output(program, "run", "hello", env=env))
            stop()
        quiet(program, "run", "hello", env=env)()
        warm = [first_output(program, "run", "hello", env=env) for _ in range(ROUNDS)]
        rss = resident(Path(home))
        stop()
    ratio = starts["version"] / starts["python"]
    return [
        Row(name="archive", value=artifact.size / 1e6, unit="MB", limit=18, how=artifact.file),
        Row(name="installed tree", value=tree / 1e6, unit="MB", limit=60, how="sum of file sizes"),
        Row(name="--version", value=starts["version"], unit="ms", limit=30, how=f"median of {ROUNDS}"),
        Row(name="--version / bare python", value=ratio, unit="x", limit=3, how=f"{system_python} -I -S -c pass"),
        Row(name="bare python", value=starts["python"], unit="ms", limit=None, how="same rounds, turn by turn"),
        Row(name="--help", value=helps["help"], unit="ms", limit=50, how=f"median of {ROUNDS}"),
        Row(name="run hello, cold", value=statistics.median(cold), unit="ms", limit=150, how="to first byte, of 9"),
        Row(
            name="run hello, warm",
            value=statistics.median(warm),
            unit="ms",
            limit=60,
            how=f"to first byte, of {ROUNDS}",
        ),
        Row(name="idle server", value=rss, unit="MB", limit=60, how="VmRSS after one prompt and 2 s"),
    ]


def notices(product: Product, artifact: Artifact, archives: Path) -> list[Row]:
    """What a notice of a newer version costs."""
    with unpacked(artifact, product, archives) as program, tempfile.TemporaryDirectory() as home:
        told, quiet_ = notice.medians(program, Path(home))
    how = f"whole command on a terminal, median of {notice.ROUNDS}, turn by turn"
    return [
        Row(name="run hello, with a notice", value=told, unit="ms", limit=None, how=how),
        Row(name="  / without one", value=told / quiet_, unit="x", limit=1.05, how="same rounds"),
    ]


def beside_npm(product: Product, artifact: Artifact, archives: Path) -> list[Row]:
    """What the shim of npm adds to the program, and how much of that is node; nothing where there is no node."""
    node = shutil.which("node")
    if node is None:
        return []
    with tempfile.TemporaryDirectory() as folder:
        script, program = shim.laid_out(product, artifact, archives, Path(folder))
        env = {"PATH": os.environ["PATH"], "HOME": folder}
        taken = medians(
            ROUNDS,
            program=quiet(program, "--version", env=env),
            shim=quiet(node, script, "--version", env=env),
            node=quiet(node, "-e", "0", env=env),
        )
    added = taken["shim"] - taken["program"]
    how = f"{node} SHIM --version, less the program's own; turn by turn, medians of {ROUNDS}"
    return [
        Row(name="npm shim over the program", value=added, unit="ms", limit=60, how=how),
        Row(
            name="npm shim / bare node", value=added / taken["node"], unit="x", limit=None, how="node -e 0, same rounds"
        ),
        Row(name="bare node", value=taken["node"], unit="ms", limit=None, how="same rounds"),
    ]


def upgrades(artifact: Artifact, archives: Path) -> list[Row]:
    """What it costs to ask for a newer version, and to put one in place."""
    with tempfile.TemporaryDirectory() as work:
        check, replaced = upgrade.times(archives / artifact.file, artifact.target.name, Path(work))
    how = f"site on loopback, median of {upgrade.ROUNDS}"
    again = f"downloaded from loopback, tried, settled; median of {upgrade.UPGRADES}"
    return [
        Row(name="upgrade --check, warm", value=check, unit="ms", limit=250, how=how),
        Row(name="self-upgrade", value=replaced, unit="ms", limit=3000, how=again),
    ]


def answers(product: Product, artifact: Artifact, archives: Path) -> list[Row]:
    """What an answer over HTTP costs, from a stub of a vendor on loopback."""
    with unpacked(artifact, product, archives) as program:
        first, spent = provider.measured(program)
    how = f"{provider.TOKENS} tokens over HTTP, median of {provider.ROUNDS}"
    return [
        Row(name="run, first token of a stub", value=first, unit="ms", limit=110, how=f"warm; {how}"),
        Row(name="  CPU of client and server", value=spent * 1000, unit="ms", limit=150, how=how),
    ]


def agents(product: Product, artifact: Artifact, archives: Path) -> list[Row]:
    """What the program does as an agent and as a server."""
    with unpacked(artifact, product, archives) as program:
        found = agent.measured(program)
    rows = (
        ("idle server, CPU", found.idle, "%", 0.1, f"over {served.IDLE_S:g} s"),
        ("health requests", found.health, "/s", None, "wanted: 12,000; 16 connections, one process asks"),
        (f"{agent.SESSIONS:,} sessions listed", found.listed_ms, "ms", 20, f"GET /session, median of {agent.ROUNDS}"),
        ("event to a subscriber", found.event_ms, "ms", 2, "after the prompt's own stream has it"),
        ("a step with a call", found.step_ms, "ms", None, "engine (wanted: 5), store, tool, HTTP and stub together"),
        ("an answer aborted", found.aborted_ms, "ms", 100, "echo/slow, from the request to the end of the stream"),
        ("SIGTERM to gone", found.ended_ms, "ms", 200, "with children"),
    )
    return [Row(name=name, value=value, unit=unit, limit=limit, how=how) for name, value, unit, limit, how in rows]


def conversations(product: Product, artifact: Artifact, archives: Path) -> list[Row]:
    """What the terminal interface costs."""
    with unpacked(artifact, product, archives) as program:
        return talks(program)


def talks(program: Path) -> list[Row]:
    """What the terminal interface of a program costs."""
    found = conversation.measured(program)
    many = f"{conversation.ANSWERS:,} answers"
    stream = f"{conversation.TOKENS:,} tokens of Markdown and code at {conversation.A_SECOND}/s, 120 x 40"
    keys = f"{conversation.HISTORY_ROWS:,} rows of history, {conversation.KEYS} keys"
    rows = (
        ("first frame", found.warm_ms, "ms", 60, f"to text on the screen, median of {conversation.ROUNDS}"),
        ("  with a cold server", found.cold_ms, "ms", 60, "the same"),
        ("streaming, CPU", found.streaming_cpu, "%", 10, f"of a core, client; {stream}"),
        ("  bytes out, streaming", found.streaming_kb, "kB", 200, "inline"),
        ("  frames", found.frames, "/s", None, "60 at most"),
        ("  frames, when asked", found.fast_frames, "/s", None, f"of 60; {conversation.FAST_A_SECOND} tokens/s"),
        ("  key to echo, streaming", found.streaming_key_ms, "ms", 5, "median"),
        ("key to echo, p50", found.key_p50_ms, "ms", None, keys),
        ("key to echo, p99", found.key_p99_ms, "ms", 5, keys),
        ("idle client, CPU", found.idle_cpu, "%", 0.05, f"over {conversation.IDLE_S:g} s"),
        ("  bytes out, idle", found.idle_bytes, "B", 0.5, "in the same time"),
        (f"opening {many}", found.opened_ms, "ms", 100, "to the last row of the last answer"),
        (f"client after {many}", found.memory_mb, "MB", 40, "VmRSS"),
        ("10 MB of tool output", found.pause_ms, "ms", 50, "the slowest key while it comes"),
    )
    return [Row(name=name, value=value, unit=unit, limit=limit, how=how) for name, value, unit, limit, how in rows]


def interfaces(product: Product, artifact: Artifact, archives: Path) -> list[Row]:
    """The terminal interfaces of others in the same run, as multiples of ours; the server of each is counted too."""
    units = {"first_ms": "ms", "memory_mb": "MB", "idle_cpu": "%", "idle_bytes": "B/s", "streaming_cpu": "%"}
    with unpacked(artifact, product, archives) as program:
        found = list(peers.compared(str(program)))
    return [
        Row(
            name=f"{peer}, {name.replace('_', ' ')}",
            value=value,
            unit=units.get(name, "kB"),
            limit=None,
            how=f"{times:.1f} x ours" if times is not None else "ours is 0",
        )
        for peer, name, value, times in found
    ]


def others() -> list[Row]:
    """OpenCode on the same machine in the same run; nothing where it is not there."""
    command = opencode.program()
    if command is None:
        print("OpenCode is not here, so nothing is compared with it: make/opencode.sh gets it by npm", file=sys.stderr)
        return []
    try:
        found = opencode.measured(command)
    except (OSError, subprocess.SubprocessError, SystemExit) as problem:
        print(f"OpenCode could not be measured: {problem}", file=sys.stderr)
        return []
    how = f"1.18.33, median of {opencode.ROUNDS}"
    rows = (
        ("opencode --version", found.version_ms, "ms", how),
        ("opencode --help", found.help_ms, "ms", how),
        ("opencode run, cold", found.cold_ms, "ms", f"first byte from the stub, {how}"),
        ("opencode serve, memory", found.memory_mb, "MB", "with children, idle"),
        ("opencode serve, CPU", found.idle, "%", "idle"),
        ("opencode, health", found.health, "/s", "16 connections"),
        ("opencode, 1,000 sessions", found.listed_ms, "ms", "GET /session"),
    )
    return [Row(name=name, value=value, unit=unit, limit=None, how=how) for name, value, unit, how in rows]


def searches() -> list[Row]:
    """Listing and searching 100,000 files, from source, as a multiple of ripgrep's own time in the same run."""
    found = search.compared()
    return [
        Row(name=name, value=ratio, unit="x", limit=1.5, how=f"{taken:.0f} ms; ripgrep's own {theirs:.0f} ms")
        for name, ratio, taken, theirs in found
    ]


def commands() -> list[Row]:
    """A command of an agent's shell, from source."""
    how = f"bash -c true, whole, median of {shell.ROUNDS}"
    return [
        Row(name=f"bash, {name}", value=value, unit="ms", limit=None, how=how)
        for name, value in shell.medians().items()
    ]


def patches(found: patched.Patched) -> list[Row]:
    """What an upgrade downloads that has the version before."""
    ratio = found.patch / found.archive
    return [
        Row(name="patch of a dev build", value=found.patch / 1e6, unit="MB", limit=None, how=found.changed),
        Row(name="  / its archive", value=100 * ratio, unit="%", limit=10, how="what the patch leads to"),
    ]


def resident(home: Path) -> float:
    """Megabytes of memory that the server in this home holds, two seconds after its last work."""
    time.sleep(2)
    (found,) = (home / ".local" / "state").glob("*/server.json")
    pid = json.loads(found.read_text())["pid"]
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1000
    raise SystemExit("the server does not say how large it is")


def tool(product: Product) -> list[Row]:
    """Times of the release tool itself."""
    beside = Path(sys.executable).with_name("release")
    branch = ["--channel", "dev", "--allow-dirty", "--json"]
    # Kept as Python keeps it for everybody; without, each start compiles everything anew.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    taken = medians(
        9,
        plan=quiet(beside, "plan", *branch, env=env),
        check=quiet(beside, "check", *branch, env=env),
        version=quiet(beside, "--version", env=env),
        python=quiet(sys.executable, "-I", "-S", "-c", "pass", env=env),
    )
    against = taken["plan"] / taken["python"]
    whole = "whole command, median of 9"
    releases = [fake(product, channel) for channel in Channel]

    def render() -> None:
        for release in releases:
            packagers.bundles(product, product.profiles["local"], release)

    rendering = milliseconds(render)
    again = statistics.median(milliseconds(render) for _ in range(9))
    how = f"{len(targets.TARGETS)} targets x {len(Channel)} channels x {len(packagers.FLEET)} outlets"
    return [
        Row(name="release plan", value=taken["plan"], unit="ms", limit=400, how=whole),
        Row(name="  / bare python", value=against, unit="x", limit=40, how=f"{sys.executable} -I -S -c pass"),
        Row(name="release check", value=taken["check"], unit="ms", limit=2000, how=whole),
        Row(name="release --version", value=taken["version"], unit="ms", limit=200, how=whole),
        Row(name="render, first time", value=rendering, unit="ms", limit=1000, how=how),
        Row(name="render, again", value=again, unit="ms", limit=1000, how="same, templates loaded, median of 9"),
    ]


def fake(product: Product, channel: Channel) -> Release:
    """A release of every target on a channel, without a byte behind it."""
    text = {
        Channel.LATEST: "1.2.3",
        Channel.BETA: "1.3.0-rc.1",
        Channel.DEV: "0.0.0-dev-20260102030405",
        Channel.SNAPSHOT: "0.0.0-snapshot-topic-20260102030405",
    }[channel]
    made = Plan(
        channel=channel,
        version=version.parse(text),
        tag=product.tag_of(text),
        commit="0" * 40,
        committed_at=1767323045,
        branch="topic",
        dirty=False,
        targets=targets.TARGETS,
    )
    artifacts = tuple(
        Artifact(
            file=product.archive(made.version, target),
            target=target,
            size=1,
            sha256=f"{number:064x}",
            glibc=None,
            fake=True,
        )
        for number, target in enumerate(targets.TARGETS)
    )
    return Release(plan=made, artifacts=artifacts)


def newest(product: Product, archives: Path) -> Artifact | None:
    """The newest real archive that package managers would take on this machine."""
    here = targets.native(tuple(map(targets.named, product.build.targets)))
    records = sorted(archives.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in records:
        artifact = manifest.read_record(product, path).artifacts[0]
        if artifact.target in here and artifact.target.portable and not artifact.fake:
            return artifact
    return None


def clean_clone(cloned: Cloned) -> list[Row]:
    """The main job, once: it takes minutes."""
    how = "clean clone, empty home, nothing cached; one run"
    return [
        Row(name="make release", value=cloned.total, unit="s", limit=360, how=how),
        Row(name="  of which set-up", value=cloned.setup, unit="s", limit=None, how="make .venv/.ready"),
        Row(
            name="  of which compiling", value=cloned.compiling, unit="s", limit=120, how="all targets of this machine"
        ),
    ]


def measured(product: Product, artifact: Artifact, archives: Path) -> list[Row]:
    """All that an archive is enough for."""
    return [
        *tool(product),
        *programs(product, artifact, archives),
        *beside_npm(product, artifact, archives),
        *notices(product, artifact, archives),
        *answers(product, artifact, archives),
        *agents(product, artifact, archives),
        *conversations(product, artifact, archives),
        *interfaces(product, artifact, archives),
        *others(),
        *searches(),
        *commands(),
        *upgrades(artifact, archives),
    ]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Sizes and times, compared within one run.")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--dist", type=Path, help="take the archives in DIR/artifacts instead of making some")
    parser.add_argument("--program", type=Path, help="only measure the terminal interface of that program")
    given = parser.parse_args()
    if given.program is not None:
        shown(talks(given.program), str(given.program), os.getloadavg()[0])
        return 0
    product = config.read(ROOT / "release.toml")
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="bench-") as below:
        rows = []
        dist = given.dist
        if dist is None:
            print("make release in a clean clone of HEAD: some minutes ...", file=sys.stderr, flush=True)
            cloned = clone.made(ROOT, Path(below))
            rows += clean_clone(cloned)
            dist = cloned.folder / "dist"
        artifact = newest(product, dist / manifest.ARTIFACTS)
        if artifact is None:
            print(f"no archive for this machine in {dist / manifest.ARTIFACTS}", file=sys.stderr)
            return 1
        rows += measured(product, artifact, dist / manifest.ARTIFACTS)
        if given.dist is None:
            homes = Path(below, "homes")
            homes.mkdir()
            taken = script.seconds(product, dist / "public", homes)
            how = f"curl | sh from loopback, median of {script.ROUNDS}"
            rows += [Row(name="install.sh", value=taken, unit="s", limit=3, how=how)]
            rows += patches(patched.made(product, artifact.target.name, dist.parent))
    if given.json:
        found = {row.name.strip(): {"value": round(row.value, 3), "unit": row.unit, "limit": row.limit} for row in rows}
        print(json.dumps(found))
        return 0
    shown(rows, artifact.file, before)
    return 0


def shown(rows: list[Row], of: str, before: float) -> None:
    """Print a table; what is over its limit is marked."""
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}, {of}")
    print(f"load {before:.1f} before and {os.getloadavg()[0]:.1f} after\n")
    for row in rows:
        limit = f"< {row.limit:g}" if row.limit is not None else ""
        mark = "!" if row.limit is not None and row.value >= row.limit else " "
        print(f"{row.name:<26}{row.value:>9.1f} {row.unit:<3}{limit:>8} {mark} {row.how}")


if __name__ == "__main__":
    sys.exit(main())
