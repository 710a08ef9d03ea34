"""Commands of the shell through the compiled program, which is its own launcher: confined, a transaction, undone."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from tests.consumers.conftest import in_home
from tests.iterate.chatting import Calls, chat
from tests.iterate.conftest import World

pytestmark = [pytest.mark.native, pytest.mark.consumer("gcc"), pytest.mark.systems("linux")]

TRIES = """
import socket
for family, kind in ((2, 1), (40, 1)):
    try:
        made = socket.socket(family, kind)
        made.connect(("127.0.0.1", {port}) if family == 2 else (2, 1))
        made.send(b"x")
        print("left")
    except OSError:
        print("kept")
"""


def test_a_command_is_confined_kept_and_taken_back_by_our_compiled_program(program: Path, tmp_path: Path) -> None:
    env = in_home(tmp_path)
    project = tmp_path / "project"
    project.mkdir()
    (project / "old").write_text("old\n")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [program, *words], env=env, cwd=project, check=False, capture_output=True, text=True, timeout=120
        )

    with socket.create_server(("127.0.0.1", 0)) as listening:
        (project / "tries.py").write_text(TRIES.format(port=listening.getsockname()[1]))
        command = f"echo new > made; rm old; echo bad > ../new; {sys.executable} tries.py; (sleep 77.25 &); echo $PPID"
        script = {"go": (Calls(tool="bash", arguments={"command": command}), "It is done.")}
        try:
            with chat(World(home=tmp_path), script) as asked:
                done = run("run", "--yes", "--model", "trial/m", "go")
            assert (done.returncode, done.stdout) == (0, "It is done.\n"), done.stderr
            told = [str(each.get("content")) for each in json.loads(json.dumps(asked[-1]))["messages"]][-1]
            assert told.count("left") == 0, told
            assert told.count("kept") >= 2, told
            assert not (tmp_path / "new").exists()
            assert sorted(each.name for each in project.iterdir()) == ["made", "tries.py"], told
            back = run("session", "revert", "last")
            assert back.returncode == 0, back.stderr
            assert sorted(each.name for each in project.iterdir()) == ["old", "tries.py"]
            assert not [each for each in psutil.process_iter(["cmdline"]) if "77.25" in (each.info["cmdline"] or [])]
        finally:
            run("server", "stop")
