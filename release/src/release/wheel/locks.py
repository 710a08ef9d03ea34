"""Lists of versions that other tools keep, as constraints: what Poetry, PDM and pylock.toml pin."""

import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
from packaging.markers import InvalidMarker, Marker

from release.errors import ConfigInvalidError

NAMES = ("poetry.lock", "pdm.lock", "pylock.toml")
# Keys of a package that comes from elsewhere than an index.
_ELSEWHERE = ("path", "git", "url", "directory", "vcs", "archive")


def is_one(path: Path) -> bool:
    """Whether a file is such a list, by its name."""
    return path.name in NAMES or (path.name.startswith("pylock.") and path.suffix == ".toml")


def constraints(path: Path) -> Iterator[str]:
    """A line for each package that the list has in one version, or in one for each kind of machine.

    Raises:
        ConfigInvalidError: it cannot be read.
    """
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
        rows = msgspec.convert(said.get("package", said.get("packages", [])), list[dict[str, object]])
    except (OSError, ValueError, msgspec.ValidationError) as error:
        raise ConfigInvalidError(
            f"build.constraints names {path.name}, which cannot be read: {error}", hint="lock again, and commit it"
        ) from None
    pinned = [row for row in rows if "version" in row and not _is_from_elsewhere(row)]
    count = Counter(row.get("name") for row in pinned)
    for row in pinned:
        marker = _marker(row)
        if marker or count[row.get("name")] == 1:
            yield f"{row.get('name')}=={row['version']}" + (f" ; {marker}" if marker else "")


def _is_from_elsewhere(row: dict[str, object]) -> bool:
    source = row.get("source")
    kind = source.get("type") if isinstance(source, dict) else None
    return kind in {"directory", "file", "git", "url"} or any(row.get(key) for key in _ELSEWHERE)


def _marker(row: dict[str, object]) -> str:
    """For which machines a package is; empty for all. Where groups of dependencies differ in it, all their markers."""
    found = row.get("markers", row.get("marker", ""))
    given = [str(each) for each in found.values()] if isinstance(found, dict) else [str(found)]
    if not all(given):
        return ""
    text = " or ".join(f"({each})" for each in dict.fromkeys(given)) if len(set(given)) > 1 else given[0]
    try:
        return str(Marker(text))
    except InvalidMarker:
        return ""
