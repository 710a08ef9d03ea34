"""How long install.sh takes from the site that `make release` makes, as people type it: `curl ... | sh`."""

import contextlib
import functools
import http.server
import statistics
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from release.product import Product

ROUNDS = 3
# Where every system has its own programs.
PATH = "/usr/local/bin:/usr/bin:/bin"


@contextlib.contextmanager
def serving(public: Path, port: int) -> Iterator[None]:
    """Serve the local outlets at their address."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # The library's name.
            pass

    handler = functools.partial(Handler, directory=str(public))
    with http.server.ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


def seconds(product: Product, public: Path, below: Path) -> float:
    """The median of some installations, each in a home of its own.

    Args:
        product: whose local profile says where the site is.
        public: the folder of the local outlets, with a release in it.
        below: an empty folder for homes.
    """
    site = product.profiles["local"].sites[0]
    stream = next((public / "site").glob("*/install.sh")).parent.name
    with serving(public, urlsplit(site).port or 80):
        return statistics.median(_installed(f"{site}{stream}/install.sh", below / str(each)) for each in range(ROUNDS))


def _installed(url: str, home: Path) -> float:
    home.mkdir()
    environment = {"PATH": PATH, "HOME": str(home), "SHELL": "/bin/bash"}
    start = time.perf_counter()
    subprocess.run(
        ["sh", "-c", f"curl -fsS {url} | sh"], env=environment, cwd=home, check=True, stdout=subprocess.DEVNULL
    )
    taken = time.perf_counter() - start
    subprocess.run([home / ".local" / "bin" / "iterate", "--version"], check=True, stdout=subprocess.DEVNULL)
    return taken
