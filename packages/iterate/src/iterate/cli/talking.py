"""What a line of a conversation means: a prompt, a command of ours or of the project."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlencode

from iterate.cli import asides, elsewhere, welcome
from iterate.cli import session as sessions_command
from iterate.cli.options import seen
from iterate.cli.sending import Asked
from iterate.errors import AgentUnknown, Failure, FilesChangedSince, ModelUnknown, UsageError
from iterate.heard import Heard
from iterate.terminal import screen
from iterate.tui import commands, opened, sessions, settling

if TYPE_CHECKING:
    from iterate.cli.talk import Talk
    from iterate.client import Body

_LISTED = 20
# Vendors on this machine are asked for a moment.
_LIST_S = 20.0


def _help(talk: "Talk", _rest: str) -> None:
    lines = [(each.name, each.about) for each in commands.COMMANDS if each.name in _DOES]
    lines += [
        (name, about or "of this project or your own") for name, about in sorted(elsewhere.commands(talk).items())
    ]
    screen.show("".join(f"{name:<10} {about}\n" for name, about in lines))
    screen.show(
        "@path      names a file, @server:uri what an MCP server has\n"
        "!line      runs a line in the shell; the model sees it with the next prompt, after !! it does not\n"
        "#note      keeps a line for every agent, once you have said where\n"
        "\\ at the end begins another line\n"
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
            raise ModelUnknown(
                f"there is no model {rest!r}", commands.near(rest, known, "/model shows those there are")
            )
        _take(talk, rest)
        return
    names, now = _ready(rows), answering(talk)
    screen.show("".join(f"{'*' if name == now else ' '} {name}\n" for name in names[:_LISTED]))
    if len(names) > _LISTED:
        talk.say(f"and {len(names) - _LISTED} more: iterate models")
    talk.say(f"{now} answers; /model NAME takes another one" if now else "/model NAME takes one")


def _take(talk: "Talk", name: str) -> None:
    """That model answers until the person leaves; the first one ever is kept."""
    is_first = not answering(talk) and not elsewhere.is_meant() and not name.startswith(welcome.BUILT_IN)
    talk.model = name
    if is_first and talk.here.config is not None and not has_model(talk):
        settling.write(talk.here.config, "model", name)
        talk.say(f"model is {name} from now on, in {talk.here.config}")
    else:
        keeps = "" if elsewhere.is_meant() else f"; iterate config set model {name} keeps it"
        talk.say(f"{name} answers until you leave{keeps}")


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
            f"there is no agent {rest!r} to talk with", commands.near(rest, names, f"there are {', '.join(names)}")
        )
    talk.agent = rest or talk.agent
    now = talk.agent or str(told.get("default"))
    if rest:
        talk.say(f"{now} answers until you leave")
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
        there = opened.found(client, rest, talk.directory, 1)
        talk.session, talk.directory = there.session, there.directory or talk.directory
        talk.say(f"goes on with {talk.session}")
        return
    found = sessions.listed(client, directory=talk.directory, most=_LISTED)
    head = f"{sessions_command.HEAD}\n" if found else ""
    screen.show(head + "".join(f"{sessions_command.row(each, is_all=False)}\n" for each in found))
    talk.say("/sessions ID goes on with one" if found else "no session worked here yet")


def _undo(talk: "Talk", rest: str) -> None:
    talk.say(sessions_command.turned_words("taken back", _turned(talk, "/undo", rest)))


def _redo(talk: "Talk", rest: str) -> None:
    talk.say(sessions_command.turned_words("brought back", _turned(talk, "/redo", rest)))


def _turned(talk: "Talk", name: Literal["/undo", "/redo"], rest: str) -> "Body":
    """Take back or bring back; `leave` behind it leaves files alone that somebody changed since."""
    verb = "revert" if name == "/undo" else "unrevert"
    body: Body = {"leaves_changed": rest == "leave", **({"to": None} if name == "/undo" else {})}
    try:
        return talk.client().call("POST", f"/session/{_here(talk)}/{verb}", body)
    except FilesChangedSince as failure:
        raise FilesChangedSince(str(failure), f"{name} leave puts back the others alone") from failure


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


# What of the table can be done in lines of words.
_DOES: dict[str, Callable[["Talk", str], None]] = {
    "/help": _help,
    "/new": _new,
    "/models": _model,
    "/agents": _agent,
    "/sessions": _sessions,
    "/undo": _undo,
    "/redo": _redo,
    "/compact": _compact,
    "/diff": _diff,
    "/open": _open,
    "/keys": asides.keys,
    "/memory": asides.memory,
    "/permissions": asides.permissions,
    "/quit": _quit,
}


def understood(talk: "Talk", text: str) -> Asked | None:
    """What to send for a line; None when it was a command of ours, which was obeyed."""
    from iterate.cli.talk import body

    if text.startswith("!"):
        asides.shell(talk, text[1:])
        return None
    if text.startswith("#") and "\n" not in text.strip() and text[1:].strip() and asides.note(talk, text[1:]):
        return None
    name, _, rest = text.strip().partition(" ")
    command = commands.find(name)
    if command is not None:
        if command.name not in _DOES:
            raise UsageError(f"{command.name} is not there in lines of words", "it is without --plain")
        _DOES[command.name](talk, rest.strip())
        return None
    if name.startswith("/") and "/" not in name[1:] and name[1:]:
        expanded = elsewhere.command(talk, name[1:], rest.strip())
        if expanded is None:
            known = [*_DOES, *elsewhere.commands(talk)]
            raise UsageError(f"there is no command {name}", commands.near(name, known, "/help shows those there are"))
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
