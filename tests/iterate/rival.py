"""A server's part in another process, because a lock is seen by others only."""

import contextlib
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Self

# It announces, or locks a file with the text that it is given; it says so, and waits to be ended.
ANNOUNCE = """
import os, sys
from pathlib import Path
from iterate import discovery, election, locks
state = Path(sys.argv[1])
claim = election.claim(state, patience=0)
if len(sys.argv) == 2:
    claim.announce(discovery.Announcement(url="http://127.0.0.1:1", pid=1, version="v", secret="s"))
else:
    file = os.open(state / "server.json", os.O_RDWR | os.O_CREAT, 0o600)
    os.write(file, sys.argv[2].encode())
    assert locks.try_lock(file)
print("announced", flush=True)
sys.stdin.readline()
claim.withdraw()
claim.release()
print("withdrawn", flush=True)
sys.stdin.readline()
"""


class Rival:
    """A server that is announced in this state folder."""

    def __init__(self, state: Path, text: str | None = None) -> None:
        words = [sys.executable, "-c", ANNOUNCE, str(state), *([] if text is None else [text])]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == b"announced\n"

    def withdraw(self) -> None:
        """Have the file removed; the process lives on."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == b"withdrawn\n"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()


@contextlib.contextmanager
def answering(body: bytes) -> Iterator[str]:
    """A server that answers everything with this JSON, and its url."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # The library's name.
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
