"""A llama.cpp server with a small real model, for tests: started from .venv-model, ended with the test.

`make/model.sh` makes that environment. The model has 135 million parameters and was never taught to call tools; the
template beside this file shows it how, and then it does for the prompts below.
"""

import os
import queue
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest

HERE = Path(__file__).parent
PYTHON = HERE.parents[1] / ".venv-model" / "bin" / "python"
KEY = "the-key-of-this-test"
READY_S = 60.0
# Prompts that make it call a tool, the right one.
READ_PROMPT, READ_CALL = "Read the file notes.txt", ("read", {"path": "notes.txt"})
BASH_PROMPT, BASH_CALL = "Run the command ls -la", ("bash", {"command": "ls -la"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RealModel:
    """A server that runs."""

    url: str
    process: subprocess.Popen[bytes]


@contextmanager
def real_model() -> Iterator[RealModel]:
    """Start the server; skips by name where there is no .venv-model, and fails in CI."""
    if not PYTHON.exists():
        if os.environ.get("CI", "").lower() in {"1", "true"}:
            pytest.fail("needs .venv-model, which make/model.sh makes", pytrace=False)
        pytest.skip("needs .venv-model: run make/model.sh")
    program = (str(PYTHON), str(HERE / "model_server.py.txt"), str(HERE / "model_template.jinja"), KEY)
    process = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        yield RealModel(url=_address(process.stdout), process=process)
    finally:
        process.kill()
        process.wait()
        process.stdin.close()


def _address(output: IO[bytes]) -> str:
    """The address that the server prints; what it prints later is read and dropped, so that it never waits for us."""
    found: queue.SimpleQueue[str] = queue.SimpleQueue()

    def follow() -> None:
        lines = []
        for line in output:
            lines.append(line.decode(errors="replace"))
            if address := re.search(rb"address (http://127\.0\.0\.1:\d+)", line):
                found.put(address[1].decode())
        found.put("".join(lines[-20:]))
        output.close()

    threading.Thread(target=follow, daemon=True).start()
    address = found.get(timeout=READY_S)
    assert address.startswith("http"), f"the model's server did not start:\n{address}"
    return address


if __name__ == "__main__":
    with real_model() as model:
        print(f"{model.url}/v1 with the key {KEY}; Ctrl-C ends it", file=sys.stderr)
        model.process.wait()
