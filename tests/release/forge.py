"""A small GitHub on the loopback address: one repository with tags, releases and assets, and what goes wrong there.

It keeps state and computes digests as the real one does: drafts are not found by tag, an upload that breaks
off leaves an asset in the state `starter`, a second asset of one name is refused, publishing makes the tag.
"""

import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

TOKEN = "ghs_aTokenThatNobodyMaySee"
NAME = "acme/otter"


@dataclass(slots=True, kw_only=True)
class Asset:
    id: int
    name: str
    content: bytes
    state: str = "starter"
    keeps_digest: bool = True

    def shown(self) -> dict[str, object]:
        digest = f"sha256:{hashlib.sha256(self.content).hexdigest()}"
        whole = self.state == "uploaded" and self.keeps_digest
        return {
            "id": self.id,
            "name": self.name,
            "state": self.state,
            "size": len(self.content),
            "digest": digest if whole else None,
        }


@dataclass(slots=True, kw_only=True)
class Shelf:
    """A release."""

    id: int
    tag: str
    name: str
    target: str
    draft: bool
    prerelease: bool
    assets: list[Asset] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Trouble:
    """An answer instead of the next request that fits; `late` does the work first and loses the answer then."""

    method: str
    path: str
    status: int
    late: bool = False
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Forge:
    """The state, and what was asked of it.

    Attributes:
        writes: requests that changed something.
        latest: the tag that is shown first.
        hold: number of the upload (from 1) that is left hanging once its first bytes are there; 0 for none.
    """

    url: str = ""
    scopes: frozenset[str] = frozenset({"contents: write"})
    full_name: str = NAME
    tags: dict[str, str] = field(default_factory=dict)
    shelves: list[Shelf] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    latest: str = ""
    hold: int = 0
    uploads: int = 0
    held: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(1, 10_000)))

    def state(self) -> object:
        """What the world can see, without numbers: two ways there must end the same."""
        return (
            self.tags,
            self.latest,
            [
                (shelf.tag, shelf.name, shelf.draft, shelf.prerelease, sorted(map(_plain, shelf.assets)))
                for shelf in self.shelves
            ],
        )


def _plain(asset: Asset) -> tuple[str, str, bytes]:
    return asset.name, asset.state, asset.content


@contextmanager
def running() -> Iterator[Forge]:
    """The forge, listening until the block ends."""
    forge = Forge()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (_Handler,), {"forge": forge}))
    server.daemon_threads = True
    forge.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield forge
    finally:
        forge.released.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    """Routes; one of them answers each request."""

    forge: Forge
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    lock = threading.Lock()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the parent's name
        """Say nothing."""

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PATCH(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        path = parts.path.removeprefix(f"/repos/{NAME}")
        self.query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        self.forge.asked.append(f"{self.command} {path}")
        if self.command == "POST" and path.endswith("/assets"):
            self._upload(path)
            return
        size = int(self.headers.get("Content-Length", "0"))
        words = json.loads(self.rfile.read(size) or b"{}")
        with self.lock:
            self._reply(path, lambda: self._route(path, words))

    def _reply(self, path: str, work: Callable[[], tuple[int, object]]) -> None:
        trouble = self._trouble(path)
        if trouble is not None and trouble.late:
            work()
        if trouble is None:
            status, body = work()
            self._send(status, body, {})
        else:
            self._send(trouble.status, {"message": "Something went wrong"}, trouble.headers)

    def _trouble(self, path: str) -> Trouble | None:
        for trouble in self.forge.troubles:
            if trouble.method == self.command and re.fullmatch(trouble.path, path):
                self.forge.troubles.remove(trouble)
                return trouble
        return None

    def _send(self, status: int, body: object, headers: dict[str, str]) -> None:
        content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for key, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(content)

    # --- routes ------------------------------------------------------------------------------------------------

    def _route(self, path: str, words: dict[str, object]) -> tuple[int, object]:
        given = self.headers.get("Authorization", "")
        if given not in {"", f"Bearer {TOKEN}"}:
            return 401, {"message": "Bad credentials"}
        may = bool(given) and "contents: write" in self.forge.scopes
        if self.command == "GET":
            return self._get(path.strip("/").split("/"), may=may) or (404, {"message": "Not Found"})
        if not may:
            return 403, {"message": "Resource not accessible by integration"}
        return self._change(path.strip("/").split("/"), words)

    def _get(self, words: list[str], *, may: bool) -> tuple[int, object] | None:
        found: object = None
        match words:
            case [""]:
                found = {"full_name": self.forge.full_name, "private": False}
            case ["releases"]:
                found = self._page([_shown(self.forge, each) for each in self.forge.shelves if may or not each.draft])
            case ["releases", "latest"]:
                found = next(
                    (_shown(self.forge, each) for each in self.forge.shelves if each.tag == self.forge.latest), None
                )
            case ["releases", "assets", number]:
                return next(
                    (200, asset.content)
                    for shelf in self.forge.shelves
                    for asset in shelf.assets
                    if asset.id == int(number)
                )
            case ["releases", "tags", tag]:
                public = [shelf for shelf in self.forge.shelves if shelf.tag == tag and not shelf.draft]
                found = _shown(self.forge, public[0]) if public else None
            case ["releases", number, "assets"]:
                found = self._page([asset.shown() for asset in self._shelf(int(number)).assets])
            case ["commits", "tags", tag] if tag in self.forge.tags:
                found = {"sha": self.forge.tags[tag]}
            case ["commits", *_]:
                return 422, {"message": f"No commit found for SHA: {'/'.join(words[1:])}"}
            case _:
                return None
        return None if found is None else (200, found)

    def _change(self, path: list[str], words: dict[str, object]) -> tuple[int, object]:
        match self.command, path:
            case "POST", ["releases", "generate-notes"]:
                return 200, {"name": "", "body": ""}
            case "POST", ["releases"]:
                return self._create(words)
            case "PATCH", ["releases", number]:
                return self._edit(self._shelf(int(number)), words)
            case "DELETE", ["releases", "assets", number]:
                return self._delete(int(number))
            case _:
                return 404, {"message": "Not Found"}

    def _page(self, rows: list[dict[str, object]]) -> list[dict[str, object]]:
        size, number = int(self.query.get("per_page", "30")), int(self.query.get("page", "1"))
        return rows[size * (number - 1) : size * number]

    def _shelf(self, number: int) -> Shelf:
        return next(shelf for shelf in self.forge.shelves if shelf.id == number)

    def _create(self, words: dict[str, object]) -> tuple[int, object]:
        self.forge.writes.append("create")
        shelf = Shelf(
            id=next(self.forge.numbers),
            tag=str(words["tag_name"]),
            name=str(words.get("name", "")),
            target=str(words.get("target_commitish", "main")),
            draft=words.get("draft") is True,
            prerelease=words.get("prerelease") is True,
        )
        self.forge.shelves.append(shelf)
        return 201, _shown(self.forge, shelf)

    def _edit(self, shelf: Shelf, words: dict[str, object]) -> tuple[int, object]:
        self.forge.writes.append("publish")
        shelf.draft, shelf.prerelease = words["draft"] is True, words["prerelease"] is True
        self.forge.tags.setdefault(shelf.tag, str(words.get("target_commitish", shelf.target)))
        if words["make_latest"] == "true":
            self.forge.latest = shelf.tag
        return 200, _shown(self.forge, shelf)

    def _delete(self, number: int) -> tuple[int, object]:
        self.forge.writes.append("delete")
        for shelf in self.forge.shelves:
            shelf.assets = [asset for asset in shelf.assets if asset.id != number]
        return 204, None

    def _upload(self, path: str) -> None:
        """The asset is there from the first byte on, and uploaded with the last."""
        shelf = self._shelf(int(path.split("/")[2]))
        size, name = int(self.headers["Content-Length"]), self.query["name"]
        self.forge.writes.append(f"upload {name}")
        self.forge.uploads += 1
        if any(asset.name == name for asset in shelf.assets):
            self.rfile.read(size)
            self._send(422, {"message": "Validation Failed", "errors": [{"code": "already_exists"}]}, {})
            return
        asset = Asset(id=next(self.forge.numbers), name=name, content=b"")
        shelf.assets.append(asset)
        if self.forge.uploads == self.forge.hold:
            self.forge.held.set()
            self.forge.released.wait(30)
            self.close_connection = True
            return
        content = self.rfile.read(size)
        trouble = self._trouble(path)
        if len(content) == size and (trouble is None or trouble.late):
            asset.content, asset.state = content, "uploaded"
        if trouble is None:
            self._send(201, asset.shown(), {})
        else:
            self._send(trouble.status, {"message": "Something went wrong"}, trouble.headers)


def _shown(forge: Forge, shelf: Shelf) -> dict[str, object]:
    return {
        "id": shelf.id,
        "tag_name": shelf.tag,
        "name": shelf.name,
        "draft": shelf.draft,
        "prerelease": shelf.prerelease,
        "upload_url": f"{forge.url}/repos/{NAME}/releases/{shelf.id}/assets{{?name,label}}",
    }
