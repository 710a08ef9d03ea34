"""`iterate serve --background SIDE`: the server as commands start it. It is no command of a person, and reads no words.

click, which costs as much as all the rest of a server, has nothing to do here.
"""

import gc
import os
from contextlib import suppress

from iterate import settings
from iterate.discovery import Announcement
from iterate.errors import ConfigInvalid, Failure
from iterate.settings import Settings
from iterate.spared import TLS, TYPING, spared
from iterate.spawn import FIRST_FREE

with spared(TLS, TYPING):
    from iterate.server import run
    from iterate.updates import Later


def serve(side: int) -> int:
    """Serve until told to end, and return the exit code; descriptor 3 hears when it is ready."""
    with suppress(OSError):
        # Unless whoever started us could have it done for us.
        if hasattr(os, "setsid") and os.getsid(0) != os.getpid():
            os.setsid()
    try:
        # A secret in the environment is for another server.
        here = settings.read()._replace(secret="")
        os.chdir(here.home if here.home.is_dir() else here.home.anchor)
        run.run(
            here,
            Later(here),
            side=side,
            hostname="127.0.0.1",
            port=0,
            on_ready=_tell,
            idle_minutes=lambda: _idle_minutes(here),
        )
    except Failure as failure:
        from iterate.terminal import screen  # Seldom needed.

        screen.show_failure(failure)
        return failure.exit_code
    return 0


def _idle_minutes(here: Settings) -> float:
    """The environment's word, or the file's; what is wrong with the file is no reason to stay for ever."""
    if here.idle_minutes is not None:
        return here.idle_minutes
    from iterate import config  # Read when nothing happens.
    from iterate.config.sections import Server

    try:
        return config.read(here, "", {}).server.idle_minutes
    except ConfigInvalid:
        return Server().idle_minutes


def _tell(announcement: Announcement) -> None:
    with suppress(OSError):
        os.write(FIRST_FREE, b"1")
    with suppress(OSError):
        os.close(FIRST_FREE)
    with suppress(OSError):
        # For people who read the log.
        os.write(1, f"iterate server listening on {announcement.url}\n".encode())
    # What was imported stays for ever: it is not looked through again.
    gc.enable()
    gc.freeze()
