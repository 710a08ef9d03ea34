"""The undo of a server: sessions' files are taken back over HTTP, and what a killed server left is completed."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.iterate.conftest import eventually, serving
from tests.iterate.scripts import Script, call, step
from tests.iterate.shells import alive

from iterate.request import Model
from iterate.tools.table import TABLE

pytestmark = [pytest.mark.processes, pytest.mark.systems("linux", "darwin")]


def test_what_calls_changed_is_shown_taken_back_and_brought_back(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "old").write_text("one\n")
    script = Script(
        (call("1", "write", path="new/file", content="made\n"), *step("tool_calls")),
        (call("2", "bash", command="echo two >> old; rm -rf gone; true"), *step("tool_calls")),
        step(),
    )
    models = (Model(name="m/m", stream=script.stream),)
    with serving(tmp_path / "data" / "sessions.db", models=models, tools=TABLE) as server:
        session = server.begin()
        where = {"directory": str(project), "environment": {"PATH": "/usr/bin:/bin"}}
        body = {"text": "go", "model": "m/m", "workspace": where}
        with server.stream("POST", f"/session/{session}/prompt", body) as frames:
            for event in frames.events():
                if event["type"] == "permission.asked":
                    assert server.ask("POST", f"/permission/{event['id']}", {"decision": "once"}).status == 200
                if event["type"] in {"done", "failed"}:
                    assert event["type"] == "done"
        after = (project / "old").read_text(), (project / "new" / "file").read_text()
        assert after == ("one\ntwo\n", "made\n")
        diff = str(server.ask("GET", f"/session/{session}/diff").json()["diff"])
        assert "+two\n" in diff
        assert "+made\n" in diff
        assert str(server.ask("POST", f"/session/{session}/revert", {}).json()["files"]) == "['new/file', 'old']"
        assert [path.name for path in project.iterdir()] == ["old"]
        assert (project / "old").read_text() == "one\n"
        assert server.ask("POST", f"/session/{session}/unrevert", {}).status == 200
        assert (project / "new" / "file").read_text() == "made\n"
        (project / "old").write_text("by hand\n")
        refused = server.ask("POST", f"/session/{session}/revert", {})
        assert (refused.status, refused.error) == (409, "FilesChangedSince")
        assert "old (changed since)" in str(refused.json()["error"]["message"])
        assert (project / "new" / "file").exists()
        turned = server.ask("POST", f"/session/{session}/revert", {"leaves_changed": True})
        assert str(turned.json()["files"]) == "['new/file']"
        assert (project / "old").read_text() == "by hand\n"


@pytest.mark.systems("linux")
def test_a_server_completes_what_another_was_killed_at(tmp_path: Path) -> None:
    project, data = tmp_path / "project", tmp_path / "data"
    project.mkdir()
    code = (
        "import sys; from pathlib import Path; from tests.iterate.test_merging import layer_of;"
        "from iterate.sandbox import merging; layer = layer_of(Path(sys.argv[1]), Path(sys.argv[2]), 'new');"
        "merging.write(layer, layer.changes())"
    )
    layers = data / "outputs" / "layers"
    words = [sys.executable, "-c", code, str(project), str(layers)]
    subprocess.run(words, cwd=Path(__file__).parents[2], check=True)
    assert list(project.iterdir()) == []
    with serving(data / "sessions.db"):
        eventually(lambda: not list(layers.iterdir()))
    assert (project / "f0").read_text().startswith("new\n")
    assert not alive(str(layers))
