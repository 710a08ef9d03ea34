"""A signed site made with python-tuf, honest or hostile, and a server of it on loopback that can misbehave."""

import contextlib
import hashlib
import http.server
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from securesystemslib.formats import encode_canonical
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

from iterate.install.document import Document
from iterate.install.network import Door
from iterate.install.site import Site, open_site
from iterate.settings import Surroundings

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
LONG, SHORT = timedelta(days=365), timedelta(days=14)
CHANNELS = ("latest", "dev", "snapshot")
PATTERNS = {
    "latest": ["channels/latest.json", "channels/latest/*.json"],
    "dev": ["channels/dev.json", "channels/dev/*.json"],
    "snapshot": ["channels/snapshot-*.json", "channels/snapshot-*/*.json"],
}
# TUF's own role of that name is another one.
ROLES = {"latest": "latest", "dev": "dev", "snapshot": "snapshots"}


def document(stream: str, version: str, **others: object) -> dict[str, object]:
    """A channel's document."""
    return {
        "schema": 2,
        "name": "iterate",
        "channel": stream.partition("-")[0],
        "stream": stream,
        "version": version,
        "tag": f"v{version}",
        "commit": "0" * 40,
        "published": "2026-11-26T00:00:00Z",
        "withdrawn": [],
        "artifacts": [],
        **others,
    }


type AnyRole = Metadata[Timestamp] | Metadata[Snapshot] | Metadata[Targets]


class Repository:
    """The maintainers: their keys, what they signed, and the files that the site has."""

    def __init__(self, root_keys: int = 3, root_threshold: int = 2, now: datetime = NOW) -> None:
        self.files: dict[str, bytes] = {}
        self.signers = {role: [CryptoSigner.generate_ed25519()] for role in ("timestamp", "snapshot", "targets")}
        self.signers["root"] = [CryptoSigner.generate_ed25519() for _ in range(root_keys)]
        self.signers |= {name: [CryptoSigner.generate_ed25519()] for name in ROLES.values() if name != "snapshot"}
        self.root = Metadata(Root(expires=now + LONG, consistent_snapshot=True))
        for role in ("root", "timestamp", "snapshot", "targets"):
            for signer in self.signers[role]:
                self.root.signed.add_key(signer.public_key, role)
        self.root.signed.roles["root"].threshold = root_threshold
        self.timestamp = Metadata(Timestamp(expires=now + SHORT))
        self.snapshot = Metadata(Snapshot(expires=now + SHORT))
        self.targets = Metadata(Targets(expires=now + LONG))
        self.roles = {name: Metadata(Targets(expires=now + LONG)) for name in ROLES.values()}
        self.targets.signed.delegations = Delegations(
            {},
            {
                name: DelegatedRole(name, [], 1, terminating=True, paths=PATTERNS[channel])
                for channel, name in ROLES.items()
            },
        )
        for name in ROLES.values():
            self.targets.signed.add_key(self.signers[name][0].public_key, name)
        self.sign_root()
        self.sign("targets", self.targets)
        for name in ROLES.values():
            self.sign(name, self.roles[name])
        self.publish(is_new=False)

    @property
    def first_root(self) -> bytes:
        """What an installation has beside the program."""
        return self.files["metadata/1.root.json"]

    def put(self, path: str, metadata: Metadata[Root] | AnyRole) -> None:
        self.files[f"metadata/{path}"] = metadata.to_bytes()

    def sign_root(self, *further: CryptoSigner) -> None:
        """Sign the root as it is by all of its keys, and by others."""
        self.root.signatures.clear()
        for signer in {each.public_key.keyid: each for each in (*self.signers["root"], *further)}.values():
            self.root.sign(signer, append=True)
        self.put(f"{self.root.signed.version}.root.json", self.root)

    def next_root(self, *further: CryptoSigner) -> None:
        """Publish the root as it is now as the next version."""
        self.root.signed.version += 1
        self.sign_root(*further)

    def sign(self, role: str, metadata: AnyRole) -> None:
        """Sign a role's file by its keys and put it there."""
        metadata.signatures.clear()
        for signer in self.signers[role]:
            metadata.sign(signer, append=True)
        name = "timestamp" if role == "timestamp" else f"{metadata.signed.version}.{role}"
        self.put(f"{name}.json", metadata)

    def publish(self, *, is_new: bool = True) -> None:
        """Sign snapshot and timestamp anew over everything that is there."""
        if is_new:
            self.snapshot.signed.version += 1
            self.timestamp.signed.version += 1
        everything = {"targets": self.targets, **self.roles}
        self.snapshot.signed.meta = {
            f"{name}.json": self.listed(f"{each.signed.version}.{name}.json", each.signed.version)
            for name, each in everything.items()
        }
        self.sign("snapshot", self.snapshot)
        version = self.snapshot.signed.version
        self.timestamp.signed.snapshot_meta = self.listed(f"{version}.snapshot.json", version)
        self.sign("timestamp", self.timestamp)

    def listed(self, name: str, version: int) -> MetaFile:
        content = self.files[f"metadata/{name}"]
        return MetaFile(version, len(content), {"sha256": hashlib.sha256(content).hexdigest()})

    def rotate(self, role: str) -> CryptoSigner:
        """Give a top role another key; returns the old one."""
        (old,) = self.signers[role]
        self.root.signed.revoke_key(old.public_key.keyid, role)
        self.signers[role] = [CryptoSigner.generate_ed25519()]
        self.root.signed.add_key(self.signers[role][0].public_key, role)
        return old

    def add(self, role: str, path: str, content: bytes) -> None:
        """Let a role name a file, whose it may or may not be."""
        folder, _, name = path.rpartition("/")
        target = TargetFile.from_data(path, content, ["sha256"])
        self.roles[role].signed.targets[path] = target
        self.files[f"targets/{folder}/{target.hashes['sha256']}.{name}"] = content

    def release(self, stream: str, version: str, role: str = "", **others: object) -> None:
        """Publish a version of a channel."""
        role = role or ROLES[stream.partition("-")[0]]
        content = json.dumps(document(stream, version, **others)).encode()
        for path in (f"channels/{stream}.json", f"channels/{stream}/{version}.json"):
            self.add(role, path, content)
        self.roles[role].signed.version += 1
        self.sign(role, self.roles[role])
        self.publish()

    def lapse(self, role: str, expires: datetime) -> None:
        """Let a role's file end at another time, and sign all that hangs on it."""
        everything: dict[str, AnyRole] = {
            "timestamp": self.timestamp,
            "snapshot": self.snapshot,
            "targets": self.targets,
            **self.roles,
        }
        if role == "root":
            self.root.signed.expires = expires
            self.next_root()
            return
        everything[role].signed.expires = expires
        if role not in {"timestamp", "snapshot"}:
            everything[role].signed.version += 1
            self.sign(role, everything[role])
        self.publish()


type Fault = Callable[[http.server.BaseHTTPRequestHandler], None]


@dataclass(slots=True, kw_only=True)
class Served:
    """A site on loopback: its files, what it does instead for some paths, and what it was asked for."""

    url: str
    files: dict[str, bytes]
    faults: dict[str, Fault] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)


@contextlib.contextmanager
def served(files: dict[str, bytes], context: ssl.SSLContext | None = None) -> Iterator[Served]:
    """Serve these files, as they are at each moment; over TLS with a context for it."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            path = self.path.lstrip("/")
            site.asked.append(path)
            with contextlib.suppress(OSError):
                if path in site.faults:
                    site.faults[path](self)
                elif path in site.files:
                    reply(self, site.files[path])
                else:
                    reply(self, b"no such file", 404, "text/html")

        def handle(self) -> None:
            with contextlib.suppress(OSError):  # Clients hang up, and are killed.
                super().handle()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # The library's name.
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        site = Served(url=f"{'https' if context else 'http'}://127.0.0.1:{server.server_port}/", files=files)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()


def reply(
    request: http.server.BaseHTTPRequestHandler, body: bytes, status: int = 200, kind: str = "application/octet-stream"
) -> None:
    """A whole answer."""
    request.send_response(status)
    request.send_header("Content-Type", kind)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


def endless(request: http.server.BaseHTTPRequestHandler) -> None:
    """Data without end, as fast as it is taken."""
    request.send_response(200)
    request.send_header("Connection", "close")
    request.end_headers()
    while True:
        request.wfile.write(b"\0" * 65536)


def dripping(request: http.server.BaseHTTPRequestHandler) -> None:
    """A byte now and then."""
    request.send_response(200)
    request.send_header("Content-Length", "100000")
    request.end_headers()
    while True:
        request.wfile.write(b"{")
        time.sleep(0.02)


def portal(request: http.server.BaseHTTPRequestHandler) -> None:
    """The page on which a hotel asks for the number of the room."""
    reply(request, b"<!DOCTYPE html><title>Welcome</title>", kind="text/html; charset=utf-8")


def cut(request: http.server.BaseHTTPRequestHandler) -> None:
    """Less than was announced."""
    request.send_response(200)
    request.send_header("Content-Length", "1000")
    request.end_headers()
    request.wfile.write(b"{")
    request.close_connection = True


def moved(to: str) -> Fault:
    """A redirect."""

    def answer(request: http.server.BaseHTTPRequestHandler) -> None:
        request.send_response(302)
        request.send_header("Location", to)
        request.send_header("Content-Length", "0")
        request.end_headers()

    return answer


def opened(repository: Repository, folder: Path, *sites: Served, now: datetime = NOW, root: bytes = b"") -> Site:
    """The site as an installed copy opens it."""
    urls = tuple(each.url for each in sites)
    return open_site(urls, root or repository.first_root, folder, lambda: now, Door(Surroundings()))


def canonical(value: dict[str, object]) -> bytes:
    """What python-tuf signs."""
    text = encode_canonical(value)
    assert text is not None
    return text.encode()


class Ask:
    """The client of one machine, which remembers."""

    def __init__(self, repository: Repository, site: Served, folder: Path) -> None:
        self.repository, self.site, self.folder = repository, site, folder
        self.root = repository.first_root

    def document(self, stream: str = "latest", version: str = "", now: datetime = NOW, *mirrors: Served) -> Document:
        with opened(self.repository, self.folder, self.site, *mirrors, now=now, root=self.root) as found:
            return found.document(stream, version)

    def version(self, now: datetime = NOW) -> str:
        return self.document(now=now).version


def forged(repository: Repository, **signers: CryptoSigner) -> None:
    """Publish 6.6.6 with the attacker's keys in the place of the maintainers'."""
    own = {role: [signer] for role, signer in signers.items()}
    repository.signers |= own
    repository.release("latest", "6.6.6")


def own_key() -> CryptoSigner:
    return CryptoSigner.generate_ed25519()
