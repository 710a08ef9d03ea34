"""What Poetry, PDM and pylock.toml pin, as lines that an installer takes for constraints."""

from pathlib import Path

import pytest

from release.errors import ConfigInvalidError
from release.wheel import locks

POETRY = """\
[[package]]
name = "idna"
version = "3.6"
groups = ["main"]
[[package]]
name = "colorama"
version = "0.4"
markers = "sys_platform == \\"win32\\""
[[package]]
name = "numpy"
version = "1.26"
markers = {main = "python_version < \\"3.13\\"", dev = "python_version < \\"3.12\\""}
[[package]]
name = "numpy"
version = "2.2"
markers = "python_version >= \\"3.13\\""
[[package]]
name = "twice"
version = "1"
[[package]]
name = "twice"
version = "2"
[[package]]
name = "beside"
version = "0.1"
[package.source]
type = "directory"
url = "../beside"
[metadata]
lock-version = "2.1"
"""
PDM = """\
[[package]]
name = "idna"
version = "3.6"
[[package]]
name = "tomli"
version = "2.0"
marker = "python_version < \\"3.11\\""
[[package]]
name = "beside"
version = "0.1"
path = "./beside"
"""
PYLOCK = """\
lock-version = "1.0"
[[packages]]
name = "idna"
version = "3.6"
[[packages]]
name = "far"
version = "1"
vcs = {type = "git", url = "https://example.invalid/far", commit-id = "0"}
"""
OLD_AND_NEW = [
    'numpy==1.26 ; python_version < "3.13" or python_version < "3.12"',
    'numpy==2.2 ; python_version >= "3.13"',
]


@pytest.mark.parametrize(
    ("name", "text", "lines"),
    [
        ("poetry.lock", POETRY, ["idna==3.6", 'colorama==0.4 ; sys_platform == "win32"', *OLD_AND_NEW]),
        ("pdm.lock", PDM, ["idna==3.6", 'tomli==2.0 ; python_version < "3.11"']),
        ("pylock.toml", PYLOCK, ["idna==3.6"]),
        ("pylock.dev.toml", PYLOCK, ["idna==3.6"]),
    ],
)
def test_what_an_index_has_is_pinned_and_nothing_else(tmp_path: Path, name: str, text: str, lines: list[str]) -> None:
    path = tmp_path / name
    path.write_text(text)
    assert locks.is_one(path)
    assert list(locks.constraints(path)) == lines


def test_a_list_that_cannot_be_read_is_a_named_error(tmp_path: Path) -> None:
    path = tmp_path / "poetry.lock"
    for text in ("no toml", "package = 1"):
        path.write_text(text)
        with pytest.raises(ConfigInvalidError, match=r"poetry\.lock, which cannot be read"):
            list(locks.constraints(path))


def test_other_lists_are_for_an_installer_to_read(tmp_path: Path) -> None:
    assert not any(locks.is_one(tmp_path / name) for name in ("uv.lock", "requirements.txt", "constraints.txt"))
