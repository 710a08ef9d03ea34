"""A registry of npm packages on the loopback address, for a place that is a folder; it gives, and takes nothing."""

import base64
import hashlib
import io
import json
import tarfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit


class _Answers(BaseHTTPRequestHandler):
    """What is known of a package, or the file of one."""

    def __init__(self, files: Mapping[str, bytes], tag: str, *rest: object) -> None:
        self.files, self.tag = files, tag
        super().__init__(*rest)  # type: ignore[arg-type]  # the parent's own three

    def do_GET(self) -> None:
        """Answer by the path: `/NAME`, or `/NAME/-/FILE`."""
        path = unquote(urlsplit(self.path).path).strip("/")
        known = {name.partition("/-/")[0]: name for name in self.files}
        if path in self.files:
            self._answer(200, "application/octet-stream", self.files[path])
        elif path in known:
            self._answer(200, "application/json", self._packument(known[path]))
        else:
            self._answer(404, "application/json", b'{"error": "not found"}')

    def _packument(self, path: str) -> bytes:
        content = self.files[path]
        with tarfile.open(fileobj=io.BytesIO(content)) as tar:
            described = tar.extractfile("package/package.json")
            manifest = json.load(described) if described else {}
        digest = base64.b64encode(hashlib.sha512(content).digest()).decode()
        dist = {"tarball": f"http://{self.headers['Host']}/{path}", "integrity": f"sha512-{digest}"}
        version = manifest["version"]
        found = {
            "name": manifest["name"],
            "dist-tags": {"latest": version, self.tag: version},
            "versions": {version: {**manifest, "dist": dist}},
        }
        return json.dumps(found).encode()

    def _answer(self, status: int, kind: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the parent's name
        """Say nothing."""


@contextmanager
def serving(files: Mapping[str, bytes], tag: str) -> Iterator[str]:
    """Serve packages, one version of each, by their paths in a registry; gives the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Answers, files, tag))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
