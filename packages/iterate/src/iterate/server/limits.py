"""How much of this process the server's connections may take: files, seconds, bytes."""

import sys

from msgspec import Struct

# Raised to this where the system lets us; more than the connections below ever need.
WANTED_FILES = 4096
MOST_CONNECTIONS = 1024
MOST_UNTRUSTED = 256
# What a server opens beside its connections: database, locks, log, its loop.
LEAST_RESERVE = 20


class Limits(Struct, frozen=True, kw_only=True):
    """Seconds that each phase of a connection may last, and how many connections there may be.

    A connection is trusted while it answers a request that carried the secret; all others count as untrusted.
    """

    # A request head, from the connection or from its first byte.
    head_s: float = 10.0
    # A request body without another byte of it.
    body_s: float = 30.0
    # Between two requests.
    idle_s: float = 60.0
    # An answer to a request without the secret, until the client has read it.
    untrusted_answer_s: float = 30.0
    # What may still come or go when the answer is decided: the rest of a body, the end of the answer.
    closing_s: float = 5.0
    # How often the above are looked at, while there are connections.
    sweep_s: float = 0.5
    # Bytes of a body that are read and thrown away, so that a client that is still sending sees our answer.
    discard_bytes: int = 16 << 20
    total: int = MOST_CONNECTIONS
    untrusted: int = MOST_UNTRUSTED


def for_files(files: int) -> Limits:
    """Limits for a process that may have so many files open; a part of them is left to database and log."""
    total = max(2, min(MOST_CONNECTIONS, files - max(LEAST_RESERVE, files // 4)))
    return Limits(total=total, untrusted=max(1, min(MOST_UNTRUSTED, total // 2)))


def raise_file_limit(wanted: int = WANTED_FILES) -> int:
    """Let this process open more files, if its hard limit allows it, and return how many it may open now."""
    if sys.platform == "win32":
        return wanted  # Sockets are not counted among the files there.
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    except (OSError, ValueError):
        return soft  # macOS has a second, lower limit that it does not tell.
    return most
