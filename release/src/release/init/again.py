"""What was answered before, as a release.toml that is there says: the usual answers, when init is run again."""

import tomllib
from collections.abc import Sequence
from pathlib import Path

from release.config import FILE


def usual(root: Path, key: str, options: Sequence[str], otherwise: Sequence[str]) -> tuple[str, ...]:
    """What `key`, such as `build.extras`, lists of the options; `otherwise` where nothing was answered yet."""
    value: object = _written(root)
    for name in key.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if not isinstance(value, list):
        return tuple(otherwise)
    known = tuple(dict.fromkeys(each for each in value if each in options))
    # Names of which none is there any more say as little as no names.
    return known if known or not value else tuple(otherwise)


def _written(root: Path) -> dict[str, object]:
    """The file, as far as it is one; what it says wrong is told elsewhere."""
    try:
        return tomllib.loads((root / FILE).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}
