"""The workflow that init writes, at work: which tags it starts for, and which channel its plan makes of them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from tests.release import project
from tests.release.test_workflows import steps, table

from release.init import workflow
from release.init.text import Written

WRITTEN = Written(name="otter", summary="", license="MIT", targets=("linux-x64-baseline",))


def document() -> dict[str, object]:
    return table(YAML(typ="safe", pure=True).load(workflow.text(WRITTEN, "main")))


@pytest.mark.parametrize(
    ("tag", "starts"),
    [
        ("v1.2.3", True),
        ("v24.10", True),
        ("v1.3.0-rc.1", True),
        ("v1.3b2", True),
        ("v1.3.post1", True),
        ("v1.3.dev1", False),
        ("v0.0.0-dev-20260102030405", False),
        ("v0.0.0-snapshot-develop-20260102030405", False),
        ("vendor-1", False),
        ("other/v1.2.3", False),
    ],
)
def test_it_starts_for_tags_of_versions_and_of_pre_releases(tag: str, starts: bool) -> None:  # noqa: FBT001
    patterns = table(table(document()["on"])["push"])["tags"]
    assert isinstance(patterns, list)
    fits = False
    for pattern in patterns:
        form = re.sub(r"\\\[(.)\\-(.)\\\]", r"[\1-\2]", re.escape(pattern.removeprefix("!"))).replace(r"\*", "[^/]*")
        fits = not pattern.startswith("!") if re.fullmatch(form, tag) else fits
    assert fits is starts


@pytest.mark.processes
@pytest.mark.systems("linux", "darwin")
@pytest.mark.parametrize(
    ("tag", "beta", "channel"),
    [
        ("v1.2.3", False, "latest"),
        ("v1.2.3", True, "latest"),
        ("v1.3.0-rc.1", True, "beta"),
        ("v1.3.0-rc.1", False, ""),
    ],
)
def test_a_tag_is_planned_on_latest_or_on_beta_where_that_is_a_channel(
    tmp_path: Path,
    tag: str,
    beta: bool,  # noqa: FBT001
    channel: str,
) -> None:
    folder, out = project.make(tmp_path / "otter"), tmp_path / "output"
    toml = folder / "release.toml"
    toml.write_text(f"beta = {str(beta).lower()}\n{toml.read_text()}")
    project.commit(folder, "beta or not")
    project.git(folder, "tag", tag)
    (step,) = (each for each in steps(table(table(document()["jobs"])["plan"])) if "id" in each)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, "CHANNEL": "latest", "BRANCH": tag, "GITHUB_OUTPUT": str(out)}
    # As a runner does.
    words = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", str(step["run"])]
    done = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) is bool(channel), done.stderr
    if channel:
        assert f"channel={channel}\n" in out.read_text()
    else:
        assert "write beta = true at the top of release.toml" in done.stderr
