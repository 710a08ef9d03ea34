"""Sends one prompt to the server that is found or started, in the session that is meant."""

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from iterate import reach, settings
from iterate.errors import Failure, RemoteUnusable, ServerLost, ServerStopping
from iterate.heard import Heard
from iterate.reach import Wanted
from iterate.settings import Settings
from iterate.waiting import Voice

if TYPE_CHECKING:
    from iterate.client import Body, Client, Exchange

# A server may end just when it is found, also again when others restart it; five in a row is no coincidence.
ATTEMPTS = 5


class Where(NamedTuple):
    """The session that a prompt goes to: a new one when nothing is said."""

    session: str = ""
    wanted: Wanted = Wanted()
    is_newest: bool = False
    is_fork: bool = False
    # A folder of the server; else ours, or that of the session where the server has folders of its own.
    directory: str = ""


class Asked(NamedTuple):
    """What a prompt says; `notices_for` is our version when a person can be shown a notice about a newer one."""

    text: str
    model: str
    more: "Body"
    notices_for: str = ""


class Sent(NamedTuple):
    """How the answer ended, in which session, and what the server has to say besides."""

    ending: Heard
    session: str
    notice: str


type Follow = Callable[["Client", "Exchange"], Heard]


def send(here: Settings, asked: Asked, where: Where, follow: Follow, speaker: Voice) -> Sent:
    """Send it and follow the answer."""
    # Help and completion need no network.
    from iterate.client import Client, ServerHangs, Workspace, new_prompt

    is_elsewhere = bool(where.wanted.url)
    goes_on = bool(where.session or where.is_newest)
    directory = where.directory or ("" if is_elsewhere and goes_on else _here(is_elsewhere=is_elsewhere))
    workspace = Workspace(directory, {} if is_elsewhere else settings.environment())
    prompt = new_prompt(asked.text, asked.model, workspace, asked.more)
    silent, exchange, session = None, None, ""
    for attempt in range(1, ATTEMPTS + 1):
        found = reach.server(here, speaker, where.wanted, silent=silent, is_checked=attempt > 1)
        client = Client(found)
        try:
            session = session or _session(client, where, workspace.directory)
            exchange = client.exchange(session, prompt, asked.notices_for)
            ending = follow(client, exchange)
        except (ServerLost, ServerStopping) as problem:
            # It ended between being found and being asked, or hangs. The prompt has an id and is answered once.
            if attempt == ATTEMPTS or (exchange is not None and exchange.is_heard):
                raise
            silent = found if isinstance(problem, ServerHangs) else None
        except Failure:
            is_ours = where.is_fork or not goes_on
            if is_ours and not (exchange is not None and exchange.is_heard):
                _forget(client, session)
            raise
        else:
            return Sent(ending, session, exchange.notice)
    raise AssertionError  # The last attempt returns or raises.


def _here(*, is_elsewhere: bool) -> str:
    return settings.directory() if is_elsewhere else settings.folder()


def _session(client: "Client", where: Where, directory: str) -> str:
    if not where.session and not where.is_newest:
        from iterate.client import Workspace

        if where.wanted.url:
            look_for(client, directory, where.wanted.url)
        return client.create_session(Workspace(directory, {}))
    from iterate.tui import sessions

    found = sessions.resolved(client, where.session or "last", directory)
    return str(client.call("POST", f"/session/{found}/fork").get("id")) if where.is_fork else found


def look_for(client: "Client", directory: str, url: str) -> None:
    """Raise `RemoteUnusable` unless that server has this folder."""
    from iterate.client import quoted

    try:
        client.rows(f"/file?directory={quoted(directory)}")
    except Failure as problem:
        raise RemoteUnusable(
            f"the server at {url} has no folder {directory or '(none)'}: {problem}",
            "--directory names one of its folders; --session ID goes on in that of a session",
        ) from problem


def _forget(client: "Client", session: str) -> None:
    """Leave no empty session behind a prompt that was refused."""
    with suppress(Failure):
        if session:
            client.call("DELETE", f"/session/{session}")
