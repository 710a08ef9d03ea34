"""A prompt on its way to the server: in a session that is there, or in a new one."""

from typing import TYPE_CHECKING

from iterate.errors import Failure

if TYPE_CHECKING:
    from iterate.client import Client
    from iterate.tui.door import Door
    from iterate.tui.queued import Waiting


def deliver(client: "Client", session: str, one: "Waiting", directory: str, door: "Door") -> tuple[str, str]:
    """Send a prompt; the session and what the server has to say. A new session that it is refused in is removed."""
    from contextlib import suppress

    from iterate import settings
    from iterate.client import Prompt, Workspace

    where = Workspace(directory, {} if door.is_elsewhere else settings.environment())
    goes_to = session or client.create_session(where)
    more: dict[str, object] = {"agent": one.agent} if one.agent else {}
    more |= {"files": list(one.files)} if one.files else {}
    try:
        return goes_to, client.prompt(goes_to, Prompt(one.text, one.model, where, one.id, more))
    except Failure:
        if not session:
            with suppress(Failure):
                client.call("DELETE", f"/session/{goes_to}")
        raise
