"""A compiled program watches files, with a library that it takes from the system; without it, it says so by name."""

import contextlib
import http.client
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from tests.consumers.conftest import IN_BARE_ROOT, bare_root, in_home

pytestmark = [pytest.mark.native, pytest.mark.consumer("gcc")]


@contextlib.contextmanager
def watched(words: list[str], env: dict[str, str], home: Path, directory: str) -> Iterator[http.client.HTTPResponse]:
    """The answer to `GET /file/watch` of a server that a command starts."""
    subprocess.run([*words, "run", "hello"], env=env, check=True, capture_output=True, timeout=60)
    try:
        (file,) = (home / ".local" / "state").glob("*/server.json")
        found = json.loads(file.read_text())
        host = found["url"].removeprefix("http://")
        with contextlib.closing(http.client.HTTPConnection(host, timeout=60)) as connection:
            path = f"/file/watch?directory={quote(directory)}"
            connection.request("GET", path, headers={"Authorization": f"Bearer {found['secret']}"})
            yield connection.getresponse()
    finally:
        subprocess.run([*words, "server", "stop"], env=env, check=True, capture_output=True, timeout=60)


def test_a_compiled_program_tells_what_changes_in_a_folder(program: Path, tmp_path: Path) -> None:
    env = in_home(tmp_path / "home")
    folder = tmp_path / "project"
    folder.mkdir()
    (tmp_path / "home").mkdir()
    (folder / "a.txt").write_text("a")
    with watched([str(program)], env, tmp_path / "home", str(folder)) as response:
        lines = (json.loads(line[5:]) for line in response if line.startswith(b"data:"))
        assert response.status == 200
        assert next(lines)["type"] == "watch.began"
        (folder / "b.txt").write_text("b")
        assert next(lines)["changes"] == [{"path": "b.txt", "change": "added"}]


def test_a_system_without_the_compiler_s_library_cannot_watch_and_says_which(program: Path, tmp_path: Path) -> None:
    words = bare_root(program, tmp_path, lacking="libgcc_s.so.1")
    with watched(words, IN_BARE_ROOT, tmp_path / "home", "/home") as response:
        error = json.loads(response.read())["error"]
        assert (response.status, error["name"]) == (501, "WatchMissing")
        assert "libgcc_s.so.1" in error["message"]
