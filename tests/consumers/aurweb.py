"""A look-alike of the AUR: bare repositories and the three answers that helpers ask for, on a folder of files.

`info` and `search` are made from each repository's .SRCINFO, read by the parser of the AUR's own server.
"""

import functools
import gzip
import http.server
import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from alpm.alpm_srcinfo import source_info_from_str


@dataclass(frozen=True, slots=True, kw_only=True)
class Aurweb:
    """A folder of package repositories; `base` is where it is served."""

    folder: Path
    base: str

    def push(self, package: str, files: dict[str, bytes]) -> None:
        """Commit files to a package's repository, which is made when it is not there."""
        bare, work = self.folder / f"{package}.git", self.folder / f"{package}.work"
        if not bare.exists():
            _git(self.folder, "init", "-q", "--bare", "-b", "master", str(bare))
            _git(self.folder, "clone", "-q", str(bare), str(work))
        for path, content in files.items():
            (work / path).write_bytes(content)
        _git(work, "add", "-A")
        _git(work, "commit", "-q", "-m", "update")
        _git(work, "push", "-q", "origin", "HEAD:master")
        _git(bare, "update-server-info")


def _git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    done = subprocess.run(["git", *who, *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


def _packages(folder: Path) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for bare in sorted(folder.glob("*.git")):
        info = source_info_from_str(_git(bare, "show", "HEAD:.SRCINFO"))
        found.append(
            {
                "ID": len(found) + 1,
                "Name": bare.stem,
                "PackageBaseID": len(found) + 1,
                "PackageBase": str(info.base.name),
                "Version": str(info.base.version),
                "Description": info.base.description or "",
                "URL": str(info.base.url),
                "NumVotes": 0,
                "Popularity": 0,
                "OutOfDate": None,
                "Maintainer": "somebody",
                "FirstSubmitted": 1,
                "LastModified": 1,
                "URLPath": f"/cgit/aur.git/snapshot/{bare.stem}.tar.gz",
                "Depends": [str(each) for each in info.base.dependencies],
                "Provides": [str(each) for each in info.base.provides],
                "Conflicts": [str(each) for each in info.base.conflicts],
                "License": [str(each) for each in info.base.licenses],
                "Keywords": [],
            }
        )
    return found


class _Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        """Say nothing."""

    def do_GET(self) -> None:  # the base class's name
        """Answer the helpers' questions; everything else is a file of a repository."""
        url = urlsplit(self.path)
        match url.path:
            case "/rpc/":
                self._answer(json.dumps(_found(Path(self.directory), parse_qs(url.query))).encode())
            case "/packages.gz":
                names = "".join(f"{package['Name']}\n" for package in _packages(Path(self.directory)))
                self._answer(gzip.compress(f"# names\n{names}".encode()))
            case _:
                super().do_GET()

    def _answer(self, content: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def running(folder: Path) -> Iterator[Aurweb]:
    """A look-alike that runs, over a folder of its own."""
    handler = functools.partial(_Handler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield Aurweb(folder=folder, base=f"http://127.0.0.1:{server.server_address[1]}")
        finally:
            server.shutdown()
            thread.join()


def _found(folder: Path, query: dict[str, list[str]]) -> dict[str, object]:
    """Aurweb's answer to `info` (exact names) or `search` (a part of the name, or a provided name)."""
    words = [*query.get("arg[]", []), *query.get("arg", [])]
    exact = query.get("type") == ["info"]
    results = [
        package
        for package in _packages(folder)
        if (package["Name"] in words if exact else any(word in str(package["Name"]) for word in words))
    ]
    return {"version": 5, "type": "multiinfo", "resultcount": len(results), "results": results}
