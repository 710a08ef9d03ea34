"""The one door to the network for reading: whole answers, with limits of size and time.

The HTTP client is imported by the first that needs it: it takes long.
"""

import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

# A whole download may take this long, in seconds: a server that drips for ever is no server.
PATIENCE = 1800


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """An answer: status, size in bytes and SHA-256 of its body, and what went wrong on the way, if anything did."""

    status: int
    size: int
    sha256: str
    problem: str = ""


def fetch(url: str, *, into: Path, limit: int, patience: float = PATIENCE) -> Fetched:
    """Get a URL into a file, its bytes as they come, and hash them on the way; stops reading past `limit` bytes.

    Network errors answer as status 0 with the problem in words, so that a caller has one thing to look at.
    """
    import httpx2

    digest, size, deadline = hashlib.sha256(), 0, time.monotonic() + patience
    # What a download tool gets: no server may pack it once more.
    asked = {"Accept-Encoding": "identity"}
    try:
        with (
            into.open("wb") as file,
            httpx2.stream(
                "GET", url, headers=asked, follow_redirects=True, timeout=30, trust_env=not _is_loopback(url)
            ) as response,
        ):
            for chunk in response.iter_raw():
                digest.update(chunk)
                size += file.write(chunk)
                if size > limit:
                    break
                if time.monotonic() > deadline:
                    return Fetched(status=0, size=size, sha256="", problem=f"not here after {patience:.0f} s")
            return Fetched(status=response.status_code, size=size, sha256=digest.hexdigest())
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
        return Fetched(status=0, size=size, sha256="", problem=str(error) or type(error).__name__)


def content(url: str, *, limit: int, accept: str) -> bytes | None:
    """The body of a small answer; None for any other status than 200, for more than `limit` bytes, and for no answer.

    For who has another way to ask: what went wrong is not told.
    """
    import httpx2

    try:
        with httpx2.stream(
            "GET", url, headers={"Accept": accept}, follow_redirects=True, timeout=30, trust_env=not _is_loopback(url)
        ) as response:
            if response.status_code != httpx2.codes.OK:
                return None
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > limit:
                    return None
            return bytes(body)
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError):
        return None


def _is_loopback(url: str) -> bool:
    """Whether an address is this machine's own; no proxy is asked for it, whatever the environment says."""
    return urlsplit(url).hostname in {"127.0.0.1", "localhost", "::1"}


def is_up(url: str, *, seconds: float, alive: Callable[[], bool]) -> bool:
    """Whether a URL answers 200 within some seconds, while the program behind it is alive."""
    import httpx2

    deadline = time.monotonic() + seconds
    with httpx2.Client(timeout=2, trust_env=False) as client:
        while time.monotonic() < deadline and alive():
            try:
                if client.get(url).status_code == httpx2.codes.OK:
                    return True
            except httpx2.HTTPError:
                pass
            time.sleep(0.02)
    return False


def free_port() -> int:
    """A TCP port of the loopback address that nobody listens on now."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_free(port: int) -> bool:
    """Whether a server of ours could listen at a port of the loopback address now."""
    import socket

    with socket.socket() as probe:
        if os.name != "nt":  # There, reusing an address means sharing it.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen()
        except OSError:
            return False
        return True


def server_at(url: str) -> str:
    """What a server on this machine calls itself; empty where it says nothing, or nothing that is HTTP."""
    import httpx2

    try:
        with httpx2.Client(timeout=2, trust_env=False) as client, client.stream("GET", url) as answer:
            return str(answer.headers.get("server", "")).strip()
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError):
        return ""
