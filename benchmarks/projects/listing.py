"""The projects that are tried, as projects.toml lists them."""

from pathlib import Path

import msgspec

FILE = Path(__file__).with_name("projects.toml")


class Project(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A real project at one version.

    Attributes:
        name: what it is called in the registry.
        sha256: of its source distribution.
        repository: where its maintainers keep it, `OWNER/NAME`.
        tag: what they call the tag of this version.
        kind: what is particular about it, for the table.
        command: what starts it.
        start: arguments whose time is compared with the plain script.
        right: why a difference that was seen is no fault of the compiled program, for the page.
    """

    name: str
    version: str
    sha256: str
    repository: str
    tag: str
    kind: str
    command: str
    start: list[str]
    right: str = ""


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    projects: list[Project]


def projects() -> tuple[Project, ...]:
    """All of them, in the order of the file."""
    return tuple(msgspec.toml.decode(FILE.read_bytes(), type=_File).projects)
