"""Whether an overlay can be put over a project."""

import os
import re
from pathlib import Path


def refusal(root: Path, home: str, scratch: Path) -> str:
    """Why there can be no overlay over this folder; empty when nothing speaks against it.

    `scratch` is where the layer would lie. What the kernel refuses shows when it is tried.
    """
    if root.parent == root:
        return "the project is the whole file system"
    if home and Path(os.path.realpath(home)).is_relative_to(root):
        return "the project is the home folder, or holds it"
    if scratch.is_relative_to(root):
        return "the project holds the folder of outputs"
    inside = next((each for each in mounts() if each.startswith(f"{root}/")), "")
    return f"another file system is mounted in it, at {inside}" if inside else ""


def mounts() -> list[str]:
    """Where file systems are mounted; see proc_pid_mountinfo(5)."""
    try:
        with open("/proc/self/mountinfo", errors="surrogateescape") as file:  # noqa: PTH123
            return [re.sub(r"\\(\d{3})", lambda octal: chr(int(octal[1], 8)), line.split(" ")[4]) for line in file]
    except (OSError, IndexError):
        return []
