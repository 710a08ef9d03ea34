"""Programs that the release tool starts ask no proxy for loopback addresses, whatever the user's environment says."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.consumers import stage
from tests.release import project

from release import network, publish

# Nobody listens there.
PROXIES = dict.fromkeys(("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"), "http://127.0.0.1:9")
STARTED = "import sys; from release import shell; print(shell.run(sys.argv[1:]), end='')"


@pytest.mark.parametrize("own", [{}, {"no_proxy": "intranet"}, {"NO_PROXY": "intranet"}, {"no_proxy": "*"}])
@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["curl", "-fsS", "{url}/file"], marks=pytest.mark.consumer("curl")),
        pytest.param(["git", "ls-remote", "{url}/repo.git"], marks=pytest.mark.consumer("git")),
        pytest.param([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "{url}/none.whl"]),
    ],
    ids=["curl", "git", "pip"],
)
def test_loopback_is_asked_without_a_proxy(tmp_path: Path, words: list[str], own: dict[str, str]) -> None:
    (tmp_path / "file").write_text("content")
    project.git(tmp_path, "init", "-q", "--bare", "repo.git")
    project.git(tmp_path / "repo.git", "update-server-info")
    environment = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    with stage.serving(tmp_path) as url:
        done = subprocess.run(
            [sys.executable, "-c", STARTED, *(word.format(url=url) for word in words)],
            env={**environment, **PROXIES, **own},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
    if "pip" in words:
        # The server was reached: it has no such file. A proxy would have been refused.
        assert "404" in done.stderr or "No module named pip" in done.stderr, done.stderr
    else:
        assert done.returncode == 0, done.stderr


@pytest.mark.consumer("makepkg", "pacman", "fakeroot", "curl")
def test_makepkg_installs_what_verify_serves_although_there_is_a_proxy(tmp_path: Path) -> None:
    folder = project.make(tmp_path, port=network.free_port(), targets=("linux-x64-baseline", "linux-arm64"))
    release = project.released(folder)
    otter = project.product(folder)
    publish.publish(otter, otter.profiles["local"], release, folder / "dist")
    done = project.command(folder, "verify", "--json", env=PROXIES)
    rows = {row["name"]: row for row in json.loads(done.stdout)}
    assert rows["pacman"]["result"] == "passed", rows["pacman"]["detail"]
