"""The CI workflow of a project: the tool's own, with the project's branch, tags and systems in it."""

import re
from importlib import metadata
from pathlib import Path

from release.init.text import Written

PATH = ".github/workflows/release.yml"
# Where that is another workflow of the project's own.
OTHERWISE = ".github/workflows/release-packages.yml"
TEMPLATE = Path(__file__).with_name("workflow.yml.txt")
PYTHON = "3.13"
RUNNERS = {"linux": "ubuntu-24.04", "darwin": "macos-15", "windows": "windows-2022"}
# As published on the front page of the AUR: SHA256:RFzBCUItH9LZS0cKB5UE6ceAYhBD5C8GeOBip8Z11+4.
AUR = "AAAAC3NzaC1lZDI1NTE5AAAAIEuBKrPzbawxA/k2g6NcyV5jmqwJ2s+zpgZGZ7tpLIcN"


def place(root: Path) -> str:
    """Where the workflow goes: its usual path, unless another workflow has it; ours is known by its first line."""
    there, mark = root / PATH, TEMPLATE.read_text(encoding="utf-8").partition(";")[0]
    if there.is_file() and not there.read_text(encoding="utf-8", errors="replace").startswith(mark):
        return OTHERWISE
    return PATH


def text(written: Written, branch: str) -> str:
    """The workflow. No target is in it: the plan gives them.

    Args:
        written: what release.toml says.
        branch: the one that the dev channel follows.
    """
    systems = [each for each in RUNNERS if any(target.startswith(each) for target in written.targets)]
    said = {
        "@BRANCH@": _literal(branch),
        "@TAGS@": '", "'.join(_patterns(written.tag)),
        "@PYTHON@": written.python or PYTHON,
        "@TOOL@": metadata.version("release"),
        "@AUR@": AUR,
        "@RUNNERS@": ", ".join(RUNNERS[each] for each in systems),
    }
    found = TEMPLATE.read_text(encoding="utf-8")
    for mark, value in said.items():
        found = found.replace(mark, value)
    return found


def _patterns(form: str) -> tuple[str, ...]:
    """The tags of versions, final or not, but for those that stand for a commit. The last pattern that fits counts."""
    before, after = (_literal(each) for each in form.split("{version}"))
    return (f"{before}[0-9]*{after}", f"!{before}*dev*{after}", f"!{before}0.0.0-*{after}")


def _literal(text: str) -> str:
    """Text of a pattern of GitHub, inside of a YAML string in double quotes."""
    return re.sub(r"[*?+\[\]!]", lambda match: f"\\\\{match[0]}", text).replace('"', '\\"')
