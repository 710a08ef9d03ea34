"""What a conversation asks its server for: commands, and where that is elsewhere the files of the project too."""

from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from iterate.cli.options import wanted, workspace
from iterate.cli.sending import Asked
from iterate.errors import CommandUnknown, Failure
from iterate.heard import Heard

if TYPE_CHECKING:
    from iterate.cli.talk import Talk


def is_meant() -> bool:
    """Whether the words of the command name a server at an address."""
    return bool(wanted().url)


def command(talk: "Talk", name: str, rest: str) -> Asked | None:
    """A command that the server knows, as the prompt that it is; None when there is none of that name."""
    where = workspace()
    body: dict[str, object] = {
        "arguments": rest,
        "workspace": {"directory": talk.directory, "environment": dict(where.environment)},
    }
    try:
        said = talk.client().call("POST", f"/command/{quote(name, safe='')}", body)
    except CommandUnknown:
        if f"/{name}" in commands(talk):
            raise  # It is there, and lacks an argument.
        return None
    told = Heard("", "", said)
    agent = told.word("agent") or talk.agent
    more: dict[str, object] = {"agent": agent} if agent else {}
    # What is no file there, which the text names too: it comes from a server of MCP.
    if files := [each.fields for each in told.rows("files") if each.word("url").startswith("data:")]:
        more["files"] = files
    return Asked(told.word("text"), told.word("model") or talk.model, more)


def commands(talk: "Talk") -> dict[str, str]:
    """The commands that the server knows, with their slash, and what they do."""
    rows = _rows(talk, f"/command?{urlencode({'directory': talk.directory})}", "commands")
    return {f"/{row.word('name')}": row.word("description") for row in rows}


def _rows(talk: "Talk", path: str, key: str) -> list[Heard]:
    try:
        return Heard("", "", talk.client().call("GET", path)).rows(key)
    except Failure:
        return []
