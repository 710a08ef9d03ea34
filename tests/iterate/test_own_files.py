"""iterate's own files: closed to tools of agents, whatever rules allow, wherever the project lies."""

from pathlib import Path

import pytest

from iterate.permissions import border, own
from iterate.permissions.judge import judge
from iterate.permissions.need import Deed
from iterate.permissions.rules import DEEDS, Rule


@pytest.mark.parametrize("is_home", [False, True])
@pytest.mark.parametrize(
    ("path", "deed", "action"),
    [
        ("state/iterate/server.json", "read", "deny"),
        ("state/iterate/permissions/x.always.json", "edit", "deny"),
        ("state/iterate-dev/server.json", "read", "deny"),
        ("data/iterate/iterate.db", "read", "deny"),
        ("data/iterate/auth.json", "read", "deny"),
        ("data/iterate/undo/objects/ab/cd", "edit", "deny"),
        ("data/iterate/outputs/bash-1.txt", "read", "allow"),
        ("config/iterate/config.toml", "edit", "ask"),
        ("config/iterate/config.toml", "read", "allow"),
        ("state/other/file", "read", "allow"),
    ],
)
def test_what_the_server_lives_by_is_closed_to_tools(
    tmp_path: Path,
    path: str,
    deed: Deed,
    action: str,
    is_home: bool,  # noqa: FBT001
) -> None:
    home = tmp_path.resolve()
    root = home if is_home else home / "project"
    root.mkdir(exist_ok=True)
    everything = [Rule(deed=each, pattern="*", action="allow", source="session") for each in DEEDS]
    everything += [Rule(deed="edit", pattern=f"{home}/**", action="allow", source="session")]
    rules = own.rules(root, home / "state" / "iterate", home / "data" / "iterate", home / "config" / "iterate")
    needs = border.needs(deed, border.place(root, home / path))
    for is_trusting in (False, True):
        assert judge(needs, [*everything, *rules], root, is_trusting=is_trusting).action == action
