"""How it went with one project, kept in results.json, from which docs/projects.md is made."""

from pathlib import Path

import msgspec

FILE = Path(__file__).with_name("results.json")


class Outcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was seen.

    Attributes:
        tool: the state of the folder `release` that did it, as git names it.
        ended: the step that failed, or `done`.
        said: what it failed with.
        commands: how many commands the package brought.
        toml_lines: of the release.toml that `release init --yes` wrote.
        edits: files that a person had to change to get there.
        typed: commands that a person types, from the first to the built packages.
        person_seconds: what the person waits for while those run, the build apart.
        build_seconds: `release run`, from the sources to the checked packages.
        archive: bytes.
        plain_ms: start-up of the plain script; median, by turns with the compiled program.
        compiled_ms: start-up of the compiled program.
        tried: what was compared.
        differed: what the compiled program said otherwise.
    """

    name: str
    version: str
    tool: str
    date: str
    python: str
    ended: str
    said: str = ""
    commands: int = 0
    toml_lines: int = 0
    edits: int = 0
    typed: int = 0
    person_seconds: float = 0
    build_seconds: float = 0
    archive: int = 0
    plain_ms: float = 0
    compiled_ms: float = 0
    tried: int = 0
    differed: list[str] = []


# What is asked of each: lines, minutes, and the start-up of the plain script.
MOST_LINES, MOST_MINUTES, MOST_RATIO = 20, 10, 1.0
# A person reads and types; a command counts as this much, beside the time that it takes.
TYPING_S = 10


def minutes(seen: Outcome) -> float:
    """What a person spends, the build apart."""
    return (seen.person_seconds + seen.typed * TYPING_S) / 60


def ratio(seen: Outcome) -> float:
    """The start-up of the compiled program divided by that of the plain one; 0 where it was not measured."""
    return seen.compiled_ms / seen.plain_ms if seen.plain_ms else 0


def over(seen: Outcome) -> list[str]:
    """The bounds that were not kept."""
    found = (
        ("lines of release.toml", seen.toml_lines, MOST_LINES),
        ("minutes of a person", round(minutes(seen), 1), MOST_MINUTES),
        ("times the start-up of the plain script", round(ratio(seen), 2), MOST_RATIO),
    )
    return [f"{value} {name}, {most} at most" for name, value, most in found if value > most]


def read(file: Path = FILE) -> dict[str, Outcome]:
    """All that are kept, by name."""
    if not file.exists():
        return {}
    return {each.name: each for each in msgspec.json.decode(file.read_bytes(), type=list[Outcome])}


def keep(outcome: Outcome, file: Path = FILE) -> None:
    """Put one in the place of the older one; a full disk leaves all as it was."""
    kept = {**read(file), outcome.name: outcome}
    text = msgspec.json.format(msgspec.json.encode([kept[name] for name in sorted(kept)]), indent=2)
    beside = file.with_suffix(".new")
    try:
        beside.write_bytes(text + b"\n")
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)
