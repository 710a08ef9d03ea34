"""docs/projects.md, made from what was kept of every project."""

from collections.abc import Mapping

from benchmarks.projects.listing import Project
from benchmarks.projects.outcome import Outcome, minutes, over, ratio

HEAD = """\
# Real projects

`make projects` made this page; it is not written by hand. Each project was downloaded by name and version, and
released by what its maintainers would type, with **untouched sources** and the release.toml that `release init --yes`
wrote alone:

```sh
release init --yes
git add --all && git commit -m "Describe the release"
git tag VERSION
release check
release run
```

Then makepkg built the rendered package, pacman installed it into a root of its own, and the program did real work
there. The plain program, in an environment that uv made from the same download, did the same work, and all that both
said was compared: the help and the version of every command, and the work. Then pacman removed the package, and
nothing was left.

"""

COLUMNS = """\
- **TOML**: lines of release.toml, 20 at most. **Person**: minutes of a person, 10 at most, who edited nothing unless
  the column says so: the seconds that the commands took, without the build, and 10 s to type each.
- **Build**: minutes of `release run` for one target (linux-x64-baseline) on two cores: environment, compiler, packing,
  local outlets, and the checks with the package managers that were there.
- **Start**: how long the compiled program takes for the arguments that are named, divided by what the plain script
  takes; medians of 21, taken by turns. 1.0 at most: below it the compiled program is quicker.
- **Compared**: how many texts of both programs were compared, and how many differed.

"""

NAMES = ("project", "particular", "commands", "TOML", "person", "build", "archive", "start", "compared", "how it went")


def page(projects: tuple[Project, ...], outcomes: Mapping[str, Outcome]) -> str:
    """The whole page."""
    rows = [_row(each, outcomes[each.name]) for each in projects if each.name in outcomes]
    table = [
        f"| {' | '.join(NAMES)} |",
        f"|{'---|' * len(NAMES)}",
        *rows,
    ]
    waiting = [each.name for each in projects if each.name not in outcomes]
    text = HEAD + "\n".join(table) + "\n\n" + COLUMNS + _work(projects)
    if waiting:
        text += f"\nListed and not yet tried: {', '.join(waiting)}.\n"
    failures = [_failure(each, outcomes[each.name]) for each in projects if each.name in outcomes]
    details = "\n".join(each for each in failures if each)
    return text + (f"\n## What differed, and what failed\n\n{details}" if details else "")


def _row(project: Project, seen: Outcome) -> str:
    went = "does its work" if seen.ended == "done" else f"**failed at {seen.ended}**"
    went = "; ".join([went, *(f"**{each}**" for each in over(seen))])
    cells = [f"{seen.name} {seen.version}", project.kind, str(seen.commands or "-"), str(seen.toml_lines or "-")]
    if seen.typed:
        edits = f", {seen.edits} edits" if seen.edits else ""
        cells.append(f"{minutes(seen):.1f}{edits}")
    else:
        cells.append("-")
    cells.append(f"{seen.build_seconds / 60:.1f} min" if seen.build_seconds else "-")
    cells.append(f"{seen.archive / 1e6:.1f} MB" if seen.archive else "-")
    times = f"({seen.compiled_ms:.0f}/{seen.plain_ms:.0f} ms)"
    cells.append(f"{ratio(seen):.2f} {times}" if ratio(seen) else "-")
    cells.append(f"{seen.tried}, {len(seen.differed)} differed" if seen.tried else "-")
    return f"| {' | '.join([*cells, f'{went}; {seen.date}, Python {seen.python}'])} |"


def _work(projects: tuple[Project, ...]) -> str:
    from benchmarks.projects.works import WORKS

    lines = ["The work, and the arguments that are timed:\n"]
    for each in projects:
        said = " ".join((WORKS[each.name].__doc__ or "").split())
        lines.append(f"- {each.name}: {said[:1].lower()}{said[1:]} Timed: `{' '.join([each.command, *each.start])}`.")
    return "\n".join(lines) + "\n"


def _failure(project: Project, seen: Outcome) -> str:
    told = [f"- {each}" for each in seen.differed]
    if told and project.right:
        told.append(f"\n{project.right}")
    if seen.said:
        told.append(f"```text\n{seen.said.strip()}\n```")
    return f"### {seen.name}\n\n" + "\n".join(told) + "\n" if told else ""
