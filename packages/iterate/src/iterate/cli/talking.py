"""What a line of a conversation means: a prompt, a command of ours or of the project; and what completes it."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from iterate.cli import elsewhere, welcome
from iterate.cli import session as sessions_command
from iterate.cli.options import seen
from iterate.cli.sending import Asked
from iterate.errors import AgentUnknown, Failure, ModelUnknown, UsageError
from iterate.heard import Heard
from iterate.terminal import screen
from iterate.terminal.editor import Complete, Offer
from iterate.tui import sessions

if TYPE_CHECKING:
    from iterate.cli.talk import Talk
    from iterate.project.project import Project

_LISTED = 20
# Vendors on this machine are asked for a moment.
_LIST_S = 20.0
# Entries of a folder that are offered.
_OFFERED = 200


def _near(word: str, known: Sequence[str], otherwise: str) -> str:
    """The known word that was meant, as a hint."""
    import difflib  # For slips alone.

    near = difflib.get_close_matches(word, known, 1)
    return f"did you mean {near[0]}?" if near else otherwise


def _help(talk: "Talk", _rest: str) -> None:
    lines = [(name, about) for name, (_, about) in COMMANDS.items()]
    lines += [
        (name, about or "of this project or your own") for name, about in sorted(elsewhere.commands(talk).items())
    ]
    screen.show("".join(f"{name:<10} {about}\n" for name, about in lines))
    screen.show(
        "@path      names a file, @server:uri what an MCP server has; Tab completes\n"
        "Alt-Enter, or \\ at the end, begins another line; Ctrl-R searches older lines\n"
        "Ctrl-C ends the answer, twice leaves; Ctrl-D leaves\n"
    )


def _new(talk: "Talk", _rest: str) -> None:
    talk.session = ""
    talk.say("a new session begins with the next prompt")


def _model(talk: "Talk", rest: str) -> None:
    rows = Heard("", "", talk.client().call("GET", f"/model{_where(talk)}", timeout_s=_LIST_S)).rows("models")
    if not rest and not _ready(rows):
        screen.show(welcome.without_model(talk.client(), talk.directory, "/model"))
        return
    if rest:
        known = [row.word("name") for row in rows]
        # A model that no list has may be asked for; its vendor has the last word.
        if rest.partition("/")[0] not in {name.partition("/")[0] for name in known} or "/" not in rest:
            raise ModelUnknown(f"there is no model {rest!r}", _near(rest, known, "/model shows those there are"))
        talk.model = rest
        talk.say(f"{rest} answers from now on")
        return
    names, now = _ready(rows), answering(talk)
    screen.show("".join(f"{'*' if name == now else ' '} {name}\n" for name in names[:_LISTED]))
    if len(names) > _LISTED:
        talk.say(f"and {len(names) - _LISTED} more: iterate models")
    talk.say(f"{now} answers; /model NAME takes another one" if now else "/model NAME takes one")


def _ready(rows: Sequence[Heard]) -> list[str]:
    """Names of models that can be asked, without those that only say what they are told."""
    names = [row.word("name") for row in rows if row.fields.get("ready") is True]
    return [name for name in names if not name.startswith(welcome.BUILT_IN)]


def _agent(talk: "Talk", rest: str) -> None:
    told = talk.client().call("GET", f"/agent?{urlencode({'directory': talk.directory})}")
    rows = [row for row in Heard("", "", told).rows("agents") if row.word("mode") != "sub"]
    names = [row.word("name") for row in rows]
    if rest and rest not in names:
        raise AgentUnknown(
            f"there is no agent {rest!r} to talk with", _near(rest, names, f"there are {', '.join(names)}")
        )
    talk.agent = rest or talk.agent
    now = talk.agent or str(told.get("default"))
    if rest:
        talk.say(f"{now} answers from now on")
        return
    screen.show(
        "".join(
            f"{'*' if row.word('name') == now else ' '} {row.word('name')}  {row.word('description')}\n" for row in rows
        )
    )
    talk.say("/agent NAME takes another one")


def _sessions(talk: "Talk", rest: str) -> None:
    client = talk.client()
    if rest:
        talk.session = sessions.resolved(client, rest, talk.directory)
        talk.say(f"goes on with {talk.session}")
        return
    found = sessions.listed(client, directory=talk.directory, most=_LISTED)
    head = f"{sessions_command.HEAD}\n" if found else ""
    screen.show(head + "".join(f"{sessions_command.row(each, is_all=False)}\n" for each in found))
    talk.say("/sessions ID goes on with one" if found else "no session worked here yet")


def _undo(talk: "Talk", _rest: str) -> None:
    turned = talk.client().call("POST", f"/session/{_here(talk)}/revert", {"to": None, "leaves_changed": False})
    talk.say(sessions_command.turned_words("taken back", turned))


def _redo(talk: "Talk", _rest: str) -> None:
    turned = talk.client().call("POST", f"/session/{_here(talk)}/unrevert", {"leaves_changed": False})
    talk.say(sessions_command.turned_words("brought back", turned))


def _compact(talk: "Talk", _rest: str) -> None:
    summed = sessions_command.summed_up(talk.client(), _here(talk), talk.model)
    talk.say(f"{summed.get('summary')}\n{sessions_command.compact_words(summed)}")


def _diff(talk: "Talk", _rest: str) -> None:
    text = str(talk.client().call("GET", f"/session/{_here(talk)}/diff").get("diff") or "")
    if text:
        sessions_command.print_diff(text)
    else:
        talk.say("this session changed no file")


def _open(talk: "Talk", rest: str) -> None:
    if not (rest.isascii() and rest.isdigit()):
        raise UsageError("/open takes the number of a call", "it stands before the call, such as /open 3")
    talk.open_call(int(rest))


def _quit(talk: "Talk", _rest: str) -> None:
    talk.is_over = True


COMMANDS: dict[str, tuple[Callable[["Talk", str], None], str]] = {
    "/help": (_help, "shows this"),
    "/new": (_new, "begins another session"),
    "/model": (_model, "shows models, or takes the one that is named"),
    "/agent": (_agent, "takes the agent that is named"),
    "/sessions": (_sessions, "shows sessions of this folder, or goes on with the one that is named"),
    "/undo": (_undo, "takes the last prompt and its changes of files back"),
    "/redo": (_redo, "brings back what was taken back"),
    "/compact": (_compact, "has the session summed up, so that the model reads less"),
    "/diff": (_diff, "shows what the session changed in files"),
    "/open": (_open, "shows all of a call of a tool, by its number"),
    "/quit": (_quit, "leaves"),
}


def understood(talk: "Talk", text: str) -> Asked | None:
    """What to send for a line; None when it was a command of ours, which was obeyed."""
    from iterate.cli.talk import body

    name, _, rest = text.strip().partition(" ")
    if name in COMMANDS:
        COMMANDS[name][0](talk, rest.strip())
        return None
    if name.startswith("/") and "/" not in name[1:] and name[1:]:
        expanded = elsewhere.command(talk, name[1:], rest.strip())
        if expanded is None:
            known = [*COMMANDS, *elsewhere.commands(talk)]
            raise UsageError(f"there is no command {name}", _near(name, known, "/help shows those there are"))
        return expanded
    if not talk.model and not has_model(talk):
        raise UsageError("nothing says which model is to answer", "/model shows what can be asked")
    return Asked(text, talk.model, body(talk))


def has_model(talk: "Talk") -> bool:
    """Whether the settings or the environment name a model; a server elsewhere says by itself when none does."""
    if elsewhere.is_meant():
        return True
    from iterate import config, settings

    try:
        found = config.read(talk.here, talk.directory, settings.environment())
    except Failure:
        return True  # The server says what is wrong.
    return bool(found.model)


def answering(talk: "Talk") -> str:
    """The model that answers next, where that is known here; nothing where an agent or another machine chooses it."""
    if talk.model or elsewhere.is_meant():
        return talk.model
    if talk.session:
        return Heard("", "", talk.client().call("GET", f"/session/{talk.session}")).inner("session").word("model")
    if talk.agent:
        return ""
    from iterate import config, settings

    try:
        return config.read(talk.here, talk.directory, settings.environment()).model or ""
    except Failure:
        return ""


def _where(talk: "Talk") -> str:
    return "?" + urlencode({"directory": talk.directory, **seen()})


def _here(talk: "Talk") -> str:
    if not talk.session:
        raise UsageError("there is no session yet", "it begins with the first prompt; /sessions shows earlier ones")
    return talk.session


def completion(talk: "Talk") -> Complete:
    """What Tab offers: commands at the beginning, files behind an @."""

    def complete(text: str, cursor: int) -> Offer:
        before = text[:cursor]
        begin = max(before.rfind(" "), before.rfind("\n")) + 1
        word = before[begin:]
        if word.startswith("/") and begin == 0:
            return Offer(0, [each for each in (*COMMANDS, *elsewhere.commands(talk)) if each.startswith(word)])
        if word.startswith("@"):
            there = elsewhere.paths(talk, word[1:]) if elsewhere.is_meant() else paths(talk.directory, word[1:])
            return Offer(begin, [f"@{each}" for each in (*there, *_readable(talk, word[1:]))])
        return Offer(cursor, ())

    return complete


def _readable(talk: "Talk", typed: str) -> list[str]:
    """The servers of MCP, each with its colon, or behind that what it has to read, which go on with what was typed."""
    project = None if elsewhere.is_meant() else _project(talk)
    if project is not None and not project.config.mcp:
        return []
    server, colon, begin = typed.partition(":")
    if colon:
        return [f"{server}:{uri}" for uri in elsewhere.resources(talk, server) if uri.startswith(begin)]
    return [f"{name}:" for name in elsewhere.servers(talk) if name.startswith(server)]


def _project(talk: "Talk") -> "Project | None":
    from iterate import settings
    from iterate.project import project

    try:
        return project.read(talk.here, talk.directory, settings.environment())
    except Failure:
        return None


def paths(directory: str, typed: str) -> list[str]:
    """The entries of a folder that go on with what was typed; hidden ones only when a dot was."""
    folder, _, begin = typed.rpartition("/")
    where = Path(directory, "/" if typed.startswith("/") else "", folder).expanduser()
    prefix = f"{folder}/" if folder or typed.startswith("/") else ""
    try:
        with os.scandir(where) as entries:
            found = [
                f"{prefix}{each.name}{'/' if each.is_dir() else ''}"
                for each in entries
                if each.name.startswith(begin) and (begin.startswith(".") or not each.name.startswith("."))
            ]
    except OSError:
        return []
    return sorted(each for each in found if each.isprintable())[:_OFFERED]
