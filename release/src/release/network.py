"""The one door to the network for reading: whole answers, with limits; refuses to hang or to guess."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """An answer: status, size in bytes, and SHA-256 of its body."""

    status: int
    size: int
    sha256: str


def fetch(url: str, *, into: Path, limit: int) -> Fetched:
    """Get a URL into a file and hash it on the way; stops reading past `limit` bytes.

    Network errors answer as status 0, so that a caller has one thing to look at.
    """
    digest, size = hashlib.sha256(), 0
    try:
        with (
            into.open("wb") as file,
            httpx.stream("GET", url, follow_redirects=True, timeout=30, trust_env=False) as response,
        ):
            for chunk in response.iter_bytes():
                digest.update(chunk)
                size += file.write(chunk)
                if size > limit:
                    break
            return Fetched(status=response.status_code, size=size, sha256=digest.hexdigest())
    except httpx.HTTPError:
        return Fetched(status=0, size=size, sha256="")


def answers(url: str, *, seconds: float, alive: Callable[[], bool]) -> bool:
    """Whether a URL answers 200 within some seconds, while the program behind it is alive."""
    deadline = time.monotonic() + seconds
    with httpx.Client(timeout=2, trust_env=False) as client:
        while time.monotonic() < deadline and alive():
            try:
                if client.get(url).status_code == httpx.codes.OK:
                    return True
            except httpx.HTTPError:
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
