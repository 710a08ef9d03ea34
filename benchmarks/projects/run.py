"""Release real projects with the tool of this checkout, and write how it went into docs/projects.md.

`make projects` runs it, `make projects ONLY=httpie` for one (or several, with blanks). What was done with the same
state of the folder `release` is not done again, unless AGAIN=1. It needs what a release needs, makepkg and pacman, and
the registry that this machine's pip is set up for; some minutes for each project.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.projects import listing, outcome, page
from benchmarks.projects.trial import Trial, cleaned, seconds

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "projects.md"
WORK = ROOT / "dist" / "projects"


def main() -> int:
    """Try those that are named, or all; 1 when one of them failed or differed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="of projects.toml")
    parser.add_argument("--again", action="store_true", help="also what was done with this state of the tool")
    parser.add_argument("--page", action="store_true", help="only write the page from what is kept")
    given = parser.parse_args()
    projects = listing.projects()
    chosen = [each for each in projects if not given.names or each.name in given.names]
    if unknown := set(given.names) - {each.name for each in chosen}:
        parser.error(f"{', '.join(sorted(unknown))}: not in {listing.FILE.name}")
    failed = [] if given.page else [each.name for each in chosen if not tried(each, again=given.again)]
    PAGE.write_text(page.page(projects, outcome.read()))
    print(f"written: {PAGE.relative_to(ROOT)}")
    if failed:
        print(f"failed: {', '.join(failed)}; logs are below {WORK.relative_to(ROOT)}", file=sys.stderr)
    return 1 if failed else 0


def tried(project: listing.Project, *, again: bool) -> bool:
    """Whether a project does its work, now or when it was tried with this state of the tool."""
    state, kept, start = tool(), outcome.read().get(project.name), time.monotonic()
    if kept and not again and kept.ended == "done" and (kept.tool, kept.version) == (state, project.version):
        print(f"{project.name:14} done before with this state of the tool")
        return True
    below = WORK / project.name
    below.mkdir(parents=True, exist_ok=True)
    if again:
        cleaned(below)

    def tell(line: str) -> None:
        print(f"{project.name:14} {seconds(start):>5}  {line}", flush=True)

    seen = Trial(project, below, state, tell).run()
    outcome.keep(seen)
    tell(f"{seen.ended}{': ' + seen.said if seen.said else ''}")
    for each in seen.differed:
        tell(f"differs: {each}")
    for each in outcome.over(seen):
        tell(f"over: {each}")
    return seen.ended == "done" and not outcome.over(seen)


def tool() -> str:
    """The state of the folder `release`: a tree of git, and a word where files differ from it."""
    words = ["git", "-C", str(ROOT)]
    tree = subprocess.run(
        [*words, "rev-parse", "--short=12", "HEAD:release"], capture_output=True, text=True, check=True
    )
    dirty = subprocess.run([*words, "status", "--porcelain", "release"], capture_output=True, text=True, check=True)
    return tree.stdout.strip() + (f" changed {time.time():.0f}" if dirty.stdout.strip() else "")


if __name__ == "__main__":
    raise SystemExit(main())
