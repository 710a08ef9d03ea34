"""Programs that ask for pages, and that serve them."""

import contextlib
import http.server
import json
import re
import sqlite3
import threading
from collections.abc import Iterator

from benchmarks.projects import terminal
from benchmarks.projects.place import Place, free_port, must, page


class _Echo(http.server.BaseHTTPRequestHandler):
    """Answers with what it was asked, as JSON; at /page with a page that is long enough to be shown in colours."""

    server_version, sys_version = "Echo/1", ""

    def do_GET(self) -> None:
        """Any request."""
        size = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(size).decode()
        asked = {"method": self.command, "path": self.path, "agent": self.headers["user-agent"], "body": body}
        answer = json.dumps(asked).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_POST = do_GET  # noqa: N815

    def date_time_string(self, timestamp: float | None = None) -> str:  # noqa: ARG002
        """The same on every day."""
        return "Thu, 01 Jan 1970 00:00:00 GMT"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing."""


@contextlib.contextmanager
def echoing() -> Iterator[int]:
    """A server for the time of the block; gives its port."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Echo) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()


def httpie(place: Place) -> dict[str, str]:
    """A GET, a form, a download, colours, a session and the list of plugins."""
    with echoing() as port:
        root = f"http://127.0.0.1:{port}"
        said = {
            "GET": must(place.run("http", "--ignore-stdin", "GET", f"{root}/otters", "n==1"), '"path": "/otters?n=1"'),
            "POST": place.run("http", "--ignore-stdin", "--print=HBhb", f"{root}/otters", "name=Ann", "kg:=7.5"),
            "form": place.run("http", "--ignore-stdin", "--form", f"{root}/otters", "name=Ann"),
            "colours": place.run("http", "--ignore-stdin", "--pretty=all", "--style=monokai", f"{root}/otters"),
            "download": place.run("http", "--ignore-stdin", "--download", "--output=got.json", f"{root}/otters"),
            "session": place.run("http", "--ignore-stdin", "--session=one", f"{root}/otters", "X-Otter:1"),
            "body from a pipe": place.run("http", f"{root}/otters", stdin='{"name": "Bob"}'),
        }
    must((place.work / "got.json").read_text(), "/otters")
    said["plugins"] = place.run("httpie", "plugins", "list")
    said["no server"] = place.run("https", "--ignore-stdin", f"127.0.0.1:{free_port()}")
    return said


def datasette(place: Place) -> dict[str, str]:
    """Pages, JSON and a style sheet of a database over HTTP, and the plugins that come with it."""
    with contextlib.closing(sqlite3.connect(place.work / "otters.db")) as database:
        database.execute("create table otters (name text primary key, kg real)")
        database.executemany("insert into otters values (?, ?)", [("Ann", 7.5), ("Bob", 9)])
        database.commit()
    port = free_port()
    with place.serving(port, "datasette", "serve", "otters.db", "--host", "127.0.0.1", "--port", str(port)):
        said = {path: page(port, path) for path in _DATASETTE}
    must(said["/otters/otters"], "200 text/html", "Ann", "7.5")
    must(said["/-/static/app.css"], "200 text/css")
    said["plugins"] = must(place.run("datasette", "plugins", "--all"), "datasette.facets")
    said["get"] = place.run("datasette", "--get", "/otters/otters.json?_shape=array", "otters.db")
    said["inspect"] = place.run("datasette", "inspect", "otters.db")
    return {name: place.alike(_timeless(text)) for name, text in said.items()}


_DATASETTE = (
    "/",
    "/otters",
    "/otters/otters",
    "/otters/otters.json?_shape=objects",
    "/otters/otters.csv",
    "/otters?sql=select+count(*)+from+otters",
    "/-/versions.json",
    "/-/static/app.css",
    "/no/such/page",
)


def _timeless(text: str) -> str:
    """Without what a run took, and without secrets that are new each time."""
    text = re.sub(r'"query_ms": [\d.]+', '"query_ms": TIME', text)
    return re.sub(r"[\d.]+ms", "TIME", text)


def websockets(place: Place) -> dict[str, str]:
    """A conversation with a server that echoes, and its end."""
    from websockets.sync.server import ServerConnection, serve

    def echo(connection: ServerConnection) -> None:
        for each in connection:
            connection.send(each)

    with serve(echo, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        address = f"ws://127.0.0.1:{server.socket.getsockname()[1]}/"
        with terminal.shown([place.path("websockets"), address], place.work, place.env) as shown:
            shown.until("Connected")
            shown.press("otters\r")
            said = {"conversation": place.alike(shown.until("< otters"))}
            shown.press("\x04")
            said["end"] = f"exit code {shown.left()}"
        server.shutdown()
    said["no server"] = place.run("websockets", f"ws://127.0.0.1:{free_port()}/", stdin="")
    return said
