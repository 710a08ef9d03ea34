"""A web server for installers to suffer from: it serves a folder, and some paths of it badly."""

import contextlib
import functools
import http.server
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

CHUNK = b"x" * 65536


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves a folder; a fault whose text is in the path answers instead."""

    faults: dict[str, "Fault"]
    asked: list[str]
    endless: list[int]

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer with the file, or with the fault."""
        self.asked.append(self.path)
        # A client that has had enough closes the connection.
        with contextlib.suppress(ConnectionError):
            for part, fault in self.faults.items():
                if part in self.path:
                    fault(self)
                    return
            super().do_GET()

    def content(self) -> bytes:
        """What the path would have got."""
        return Path(self.translate_path(self.path)).read_bytes()

    def begin(self, status: int, length: int | None = None, **headers: str) -> None:
        """Send the head of an answer."""
        self.send_response(status)
        if length is not None:
            self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()


type Fault = Callable[[Handler], None]


def missing(handler: Handler) -> None:
    """404."""
    handler.send_error(404)


def page(handler: Handler) -> None:
    """A page for people under 200, as sites and hotels send that know better."""
    text = b"<html><body>Not found. Please log in.</body></html>\n"
    handler.begin(200, len(text))
    handler.wfile.write(text)


def cut(handler: Handler) -> None:
    """Half of it, and then the end of the connection."""
    content = handler.content()
    handler.begin(200, len(content))
    handler.wfile.write(content[: len(content) // 2])


def short(handler: Handler) -> None:
    """Half of it, and nothing that says so."""
    content = handler.content()
    handler.begin(200)
    handler.wfile.write(content[: len(content) // 2])


def wrong(handler: Handler) -> None:
    """As many bytes, and the last is another."""
    content = handler.content()
    handler.begin(200, len(content))
    handler.wfile.write(content[:-1] + bytes([content[-1] ^ 1]))


def drip(handler: Handler) -> None:
    """A byte now and then."""
    content = handler.content()
    handler.begin(200, len(content))
    for byte in content[:100]:
        handler.wfile.write(bytes([byte]))
        time.sleep(0.1)


def endless(handler: Handler) -> None:
    """More and more; ends at a gigabyte, so that a reader without a bound fails instead of hanging."""
    handler.begin(200)
    handler.endless.append(0)
    for _ in range(16384):
        handler.wfile.write(CHUNK)
        handler.endless[-1] += len(CHUNK)


def loop(handler: Handler) -> None:
    """Somewhere else, which is here."""
    handler.begin(302, 0, Location=handler.path)


def broken(handler: Handler) -> None:
    """500."""
    handler.send_error(500)


def silent(handler: Handler) -> None:
    """No answer at all."""
    handler.close_connection = True


def once(fault: Fault) -> Fault:
    """A fault that passes after one answer."""
    left = [fault]

    def first(handler: Handler) -> None:
        if left:
            left.pop()(handler)
        else:
            http.server.SimpleHTTPRequestHandler.do_GET(handler)

    return first


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A served folder.

    Attributes:
        base: its address.
        faults: what is served badly, by a text that the path holds; may be changed at any time.
        asked: the paths that were asked for.
        endless: how many bytes of each endless answer were taken.
    """

    base: str
    folder: Path
    faults: dict[str, Fault] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    endless: list[int] = field(default_factory=list)


@contextmanager
def serving(folder: Path) -> Iterator[Served]:
    """Serve a folder on loopback."""
    faults: dict[str, Fault] = {}
    asked: list[str] = []
    endless: list[int] = []
    kind = type("Faulty", (Handler,), {"faults": faults, "asked": asked, "endless": endless})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(kind, directory=str(folder))) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield Served(
                base=f"http://127.0.0.1:{server.server_address[1]}",
                folder=folder,
                faults=faults,
                asked=asked,
                endless=endless,
            )
        finally:
            server.shutdown()
            thread.join()
