"""Requests made from the server's own OpenAPI document, by schemathesis: none of them is answered with a 5xx.

Routes that start programs get names of none that exist; what ends the server is only noted by the one that is asked.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.iterate.conftest import SECRET, serving

if TYPE_CHECKING:
    from tests.iterate.conftest import LiveServer

pytestmark = [pytest.mark.processes, pytest.mark.systems("linux")]
SECONDS = 400
EXAMPLES = 4
# Streams that never end for whoever asks well: test_watch.py and test_files.py ask for them.
LEFT_OUT = ("/global/event", "/file/watch")


def run(server: "LiveServer", home: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    program = Path(sys.executable).with_name("schemathesis")
    return subprocess.run(
        [
            *(str(program), "run", f"http://127.0.0.1:{server.port}/doc", "-H", f"Authorization: Bearer {SECRET}"),
            *(
                "--checks",
                "not_a_server_error",
                "--max-examples",
                str(EXAMPLES),
                "--phases",
                "examples,coverage,fuzzing",
            ),
            *("--request-timeout", "10", "--seed", "1", "--no-color", "--workers", "1"),
            *(word for path in LEFT_OUT for word in ("--exclude-path", path)),
            *words,
        ],
        cwd=home,
        env={"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def test_no_request_that_the_document_allows_is_answered_with_a_bug(tmp_path: Path) -> None:
    with serving(tmp_path / "sessions.db") as server:
        done = run(server, tmp_path)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
        assert server.ask("GET", "/global/health").status == 200
