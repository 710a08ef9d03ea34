"""`make tasks MODEL=...`: ten small repositories with a fault each, given to a model through the real `iterate run`.

A task is a folder here: `files` is the repository, `prompt.md` what is asked, `check.py` says by its exit code whether
it was done, and `solution.patch` shows that it can be. Each runs in a copy, with a home of its own; commands are
allowed, so use a machine where that is no harm. Keys come from the environment, providers from the file that
ITERATE_CONFIG names.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).parent
PROGRAM = (sys.executable, "-P", "-m", "iterate")
# Nobody is there to be asked.
SETTINGS = '[permission]\nbash = "allow"\noutside = "deny"\nfetch = "deny"\nmcp = "deny"\n'


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a task; tokens and cost are those of all its steps, cost in millionths of a US dollar."""

    name: str
    passed: bool
    seconds: float
    steps: int
    tokens_in: int
    tokens_out: int
    cost_micro_usd: int
    why: str


def names() -> list[str]:
    """The tasks there are."""
    return sorted(path.parent.name for path in HERE.glob("*/prompt.md"))


def checked(name: str, folder: Path) -> str:
    """Why the task is not done; empty when it is."""
    words = [sys.executable, "-B", str(HERE / name / "check.py"), str(folder)]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    except subprocess.TimeoutExpired:
        return "the check did not end"
    return "" if done.returncode == 0 else (done.stderr.strip().splitlines() or ["it ended badly"])[-1]


def tried(name: str, model: str, most_s: float) -> Outcome:
    """Give a task to the model, in a copy."""
    with tempfile.TemporaryDirectory() as place:
        folder, home = Path(place) / "project", Path(place) / "home"
        shutil.copytree(HERE / name / "files", folder)
        (home / "config" / "iterate").mkdir(parents=True)
        (home / "config" / "iterate" / "config.toml").write_text(SETTINGS)
        environment = {key: value for key, value in os.environ.items() if not key.startswith("XDG_")}
        environment |= {"HOME": str(home), "XDG_CONFIG_HOME": str(home / "config"), "CI": "true"}
        prompt = (HERE / name / "prompt.md").read_text().strip()
        begun = time.monotonic()
        try:
            done = subprocess.run(
                [*PROGRAM, "run", "--format", "stream-json", "--model", model, "--", prompt],
                cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=most_s, check=False,
            )  # fmt: skip
            out, said = done.stdout, done.stderr.decode(errors="replace").strip()
        except subprocess.TimeoutExpired as late:
            out, said = late.stdout or b"", f"stopped after {most_s:.0f} s"
        seconds = time.monotonic() - begun
        events = list(_events(out))
        events += [event for child in _children(events) for event in _exported(child, environment)]
        subprocess.run([*PROGRAM, "server", "stop"], env=environment, capture_output=True, check=False)
        return outcome(name, events, seconds, checked(name, folder), said)


def _children(events: Sequence[dict[str, object]]) -> list[str]:
    """The sessions of agents that these events began."""
    return [str(event["child"]) for event in events if event.get("type") == "task"]


def _exported(session: str, environment: Mapping[str, str]) -> Iterator[dict[str, object]]:
    """The events of a session that another one began, and of those that it began."""
    words = [*PROGRAM, "session", "export", session, "--json"]
    done = subprocess.run(words, env=environment, capture_output=True, check=False)
    events = json.loads(done.stdout)["events"] if done.returncode == 0 else []
    yield from events
    for child in _children(events):
        yield from _exported(child, environment)


def outcome(name: str, events: Sequence[dict[str, object]], seconds: float, wrong: str, said: str) -> Outcome:
    """The sums over the events of an answer."""
    parts = [part for event in events if isinstance(part := event.get("part"), dict)]
    usages = [part for part in parts if part.get("type") == "usage"]

    def total(key: str) -> int:
        return sum(value for each in usages if isinstance(value := each.get(key), int))

    return Outcome(
        name=name,
        passed=not wrong,
        seconds=round(seconds, 1),
        steps=sum(part.get("type") == "step" for part in parts),
        tokens_in=total("input"),
        tokens_out=total("output"),
        cost_micro_usd=total("cost_micro_usd"),
        why=f"{wrong}{f' ({said.splitlines()[-1]})' if said else ''}" if wrong else "",
    )


def _events(out: bytes) -> Iterator[dict[str, object]]:
    for line in out.splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict):
            yield event


def table(outcomes: Sequence[Outcome]) -> str:
    """A row a task, and the sums."""
    rows = ["task          passed     s  steps  tokens in   out      USD  why"]
    rows += [
        f"{each.name:13} {'yes' if each.passed else 'no':6} {each.seconds:5.0f} {each.steps:6} {each.tokens_in:10} "
        f"{each.tokens_out:5} {each.cost_micro_usd / 1e6:8.4f}  {each.why[:80]}"
        for each in outcomes
    ]
    passed = sum(each.passed for each in outcomes)
    cost = sum(each.cost_micro_usd for each in outcomes) / 1e6
    tokens = sum(each.tokens_in + each.tokens_out for each in outcomes)
    seconds = sum(each.seconds for each in outcomes)
    return "\n".join([*rows, f"{passed} of {len(outcomes)} passed, {tokens:,} tokens, {seconds:.0f} s, {cost:.4f} USD"])


def main(words: Sequence[str] | None = None) -> int:
    """Run the tasks; ends with 0 when all passed."""
    parser = argparse.ArgumentParser(prog="make tasks", description="Tasks for a model, through iterate.")
    parser.add_argument("model", help="as provider/model")
    parser.add_argument("--only", action="append", choices=names(), help="this task; may be given again")
    parser.add_argument("--json", action="store_true", help="a list of outcomes as JSON")
    parser.add_argument("--timeout", type=float, default=600.0, metavar="S", help="for each task; default: 600")
    given = parser.parse_args(words)
    outcomes = []
    for name in given.only or names():
        outcomes.append(tried(name, given.model, given.timeout))
        print(f"{name}: {'passed' if outcomes[-1].passed else 'failed'}", file=sys.stderr, flush=True)
    print(json.dumps([asdict(each) for each in outcomes], indent=2) if given.json else table(outcomes))
    return 0 if all(each.passed for each in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
