"""Every command of a conversation as data: `/help`, what completes them, and the page about keys are made of it.

What a command does is loaded when it is given.
"""

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from iterate.errors import CommandUnknown, Failure, UsageError
from iterate.terminal import rows
from iterate.terminal.rows import span
from iterate.tui import said
from iterate.tui.contract import Body, Program

# So many characters that no other command begins with are taken for the whole.
_SURE = 4
# What the words of a command are: completed, and described in `/help`.
type Words = Literal[
    "", "model", "agent", "session", "theme", "call", "title", "file", "block", "days", "prompt", "undo"
]
type Group = Literal["session", "who answers", "changes", "shown", "settings", "program"]


class Command(NamedTuple):
    """One of them."""

    name: str
    about: str
    does: Callable[[Program, str], None]
    group: Group = "session"
    words: Words = ""
    also: tuple[str, ...] = ()
    # Without a session it has nothing to do; while an answer runs it cannot be done.
    wants_session: bool = False
    waits: bool = False

    @property
    def shown(self) -> str:
        """The command with its words, as people type it."""
        return f"{self.name} [{self.words}]" if self.words else self.name


def _help(program: Program, rest: str) -> None:
    from iterate.tui import helping

    helping.show(program, rest)


def _keys(program: Program, rest: str) -> None:
    from iterate.tui import helping

    helping.keys(program, rest)


def _new(program: Program, _rest: str) -> None:
    program.go_on("")
    _begin_anew(program)


def _begin_anew(program: Program) -> None:
    program.say([rows.row(span("a new session begins with the next prompt", "dim")), ()])


def _full(program: Program, _rest: str) -> None:
    program.turn()


def _clear(program: Program, _rest: str) -> None:
    program.go_on("")
    program.wipe()
    _begin_anew(program)


def _sessions(program: Program, rest: str) -> None:
    from iterate.tui import session_list

    session_list.show(program, rest)


def _rewind(program: Program, _rest: str) -> None:
    from iterate.tui import rewind

    rewind.show(program)


def _tasks(program: Program, _rest: str) -> None:
    from iterate.tui import beneath

    beneath.show(program)


def _rename(program: Program, rest: str) -> None:
    from iterate.tui import session_list

    if rest:
        session_list.rename(program, rest)
    else:
        program.fail(UsageError("/rename takes the title", "such as /rename the parser"))


def _fork(program: Program, _rest: str) -> None:
    before = program.session

    def begun(body: Body) -> None:
        # Somebody may have gone elsewhere meanwhile.
        program.go_on(said.heard(body).word("id"), is_copy=program.session == before)

    program.call("POST", f"/session/{before}/fork", {"at": None}, then=begun)


def _models(program: Program, rest: str) -> None:
    from iterate.tui import models

    models.show(program, rest)


def _agents(program: Program, rest: str) -> None:
    from iterate.tui import agents

    agents.show(program, rest)


def _mcp(program: Program, rest: str) -> None:
    from iterate.tui import mcps

    mcps.show(program, rest)


def _themes(program: Program, rest: str) -> None:
    from iterate.tui import themes

    themes.show(program, rest)


def _files(program: Program, rest: str) -> None:
    from iterate.tui import changed

    changed.show(program, rest)


def _diff(program: Program, rest: str) -> None:
    from iterate.tui import changed

    changed.whole(program, rest)


def _vi(program: Program, rest: str) -> None:
    from iterate.tui import settling

    settling.turn_vi(program, rest)


def _editor(program: Program, _rest: str) -> None:
    program.write_outside()


def _memory(program: Program, rest: str) -> None:
    from iterate.tui import memory

    memory.show(program, rest)


def _turning(name: str) -> Callable[[Program, str], None]:
    def do(program: Program, rest: str) -> None:
        from iterate.tui import turning

        does: dict[str, Callable[[Program, str], None]] = {
            "undo": turning.undo,
            "redo": turning.redo,
            "compact": turning.compact,
            "uncompact": turning.uncompact,
            "open": turning.opened,
            "export": turning.export,
            "copy": turning.copy,
            "init": turning.initialise,
        }
        does[name](program, rest)

    return do


def _report(name: str) -> Callable[[Program, str], None]:
    def do(program: Program, rest: str) -> None:
        from iterate.tui import reports, rule_list

        does: dict[str, Callable[[Program, str], None]] = {
            "cost": reports.cost,
            "permissions": lambda program, _: rule_list.Rules(program).show(),
            "status": reports.status,
            "skills": reports.skills,
        }
        does[name](program, rest)

    return do


def _hint(text: str) -> Callable[[Program, str], None]:
    return lambda program, _: program.say([rows.row(span(text, "dim"))])


def _quit(program: Program, _rest: str) -> None:
    program.leave()


_LOGIN = "in a shell, iterate auth login keeps a key of a vendor; then /models shows what can be asked"
_DOCTOR = "in a shell, iterate doctor looks at the server, keys, the terminal and the sandbox"

COMMANDS: tuple[Command, ...] = (
    Command("/new", "begins another session with the next prompt", _new),
    Command(
        "/sessions",
        "lists sessions, or goes on with one: an id, or last",
        _sessions,
        words="session",
        also=("/resume",),
    ),
    Command("/tasks", "lists sub-agents of this session, and goes into the session of one", _tasks, wants_session=True),
    Command("/rename", "gives the session another title", _rename, words="title", wants_session=True),
    Command("/fork", "goes on in a copy of the session", _fork, wants_session=True, waits=True),
    Command(
        "/compact",
        "has the session summed up, so that the model reads less",
        _turning("compact"),
        wants_session=True,
        waits=True,
    ),
    Command("/uncompact", "has the model read all of it again", _turning("uncompact"), wants_session=True, waits=True),
    Command(
        "/export",
        "writes the session as Markdown, or as JSON, into a file",
        _turning("export"),
        words="file",
        wants_session=True,
    ),
    Command("/clear", "empties the screen and begins another session", _clear),
    Command("/models", "lists models, or takes one", _models, "who answers", "model", ("/model",)),
    Command("/agents", "lists agents, or takes one", _agents, "who answers", "agent", ("/agent",)),
    Command("/mcp", "lists MCP servers: tools, a new start, a log-in", _mcp, "who answers"),
    Command("/skills", "lists the skills of the folder", _report("skills"), "who answers"),
    Command("/login", "tells what to type in a shell to keep a key of a vendor", _hint(_LOGIN), "who answers"),
    Command("/files", "lists the files that the session changed", _files, "changes", wants_session=True),
    Command(
        "/diff",
        "shows what the session, or one prompt, changed in files",
        _diff,
        "changes",
        "prompt",
        wants_session=True,
    ),
    Command(
        "/undo",
        "takes the last prompt and its changes of files back",
        _turning("undo"),
        "changes",
        wants_session=True,
        waits=True,
    ),
    Command(
        "/rewind",
        "goes back to an earlier prompt: the conversation, the files or both",
        _rewind,
        "changes",
        wants_session=True,
        waits=True,
    ),
    Command("/redo", "brings back what was taken back", _turning("redo"), "changes", wants_session=True, waits=True),
    Command("/open", "shows all of a call of a tool, by its number", _turning("open"), "shown", "call"),
    Command("/copy", "copies the last answer, or one of its blocks of code", _turning("copy"), "shown", "block"),
    Command("/full", "takes the whole screen, or gives it back", _full, "shown"),
    Command("/cost", "shows what this session and the last days cost", _report("cost"), "shown", "days", ("/stats",)),
    Command("/status", "shows who answers, where, and which settings count", _report("status"), "shown"),
    Command(
        "/permissions",
        "shows the rules in force; forgets what was always allowed",
        _report("permissions"),
        "settings",
    ),
    Command("/themes", "lists themes, or takes one", _themes, "settings", "theme", ("/theme",)),
    Command("/memory", "shows what every agent is told; undo takes the last note back", _memory, "settings", "undo"),
    Command("/vi", "types with the keys of vi, or with those of emacs again", _vi, "settings"),
    Command("/editor", "writes the line in your own editor", _editor, "program"),
    Command("/init", "has the model write AGENTS.md for this project", _turning("init"), "settings"),
    Command("/help", "shows every command and key", _help, "program"),
    Command("/keys", "shows the keys that are in force, and conflicts", _keys, "program"),
    Command("/doctor", "tells what to type in a shell to check the installation", _hint(_DOCTOR), "program"),
    Command("/quit", "leaves", _quit, "program", also=("/exit", "/q")),
)
# What the actions of keys do, by the commands that they are.
ACTIONS: dict[str, str] = {
    "help": "/help",
    "keys": "/keys",
    "models": "/models",
    "agents": "/agents",
    "sessions": "/sessions",
    "new-session": "/new",
    "themes": "/themes",
    "mcp": "/mcp",
    "files": "/files",
    "copy": "/copy",
    "rewind": "/rewind",
}
_BY_NAME = {name: each for each in COMMANDS for name in (each.name, *each.also)}


def find(name: str) -> Command | None:
    """The command of that name, or of that other name."""
    return _BY_NAME.get(name)


def is_command(text: str) -> bool:
    """Whether a text is meant as a command: one word behind a slash, which is no path."""
    name = text.strip().partition(" ")[0].partition("\n")[0]
    return name.startswith("/") and len(name) > 1 and "/" not in name[1:]


def obey(program: Program, text: str) -> bool:
    """Do what a line says, if it is a command; whether it was one."""
    text = text.strip()
    if text[:1] in {"!", "#"} and _of_line(program, text):
        return True
    if not is_command(text):
        return False
    name, _, rest = text.partition(" ")
    command = _BY_NAME.get(name)
    if command is None:
        _of_others(program, name, rest.strip())
    else:
        do(program, command, rest.strip())
    return True


def _of_line(program: Program, text: str) -> bool:
    """A line for the shell, or a note; more lines than one are no note."""
    if text.startswith("!") and (line := text.lstrip("!").strip()):
        from iterate.tui import shell

        shell.run(program, line, is_shown=not text.startswith("!!"))
        return True
    if text == "!" and program.kept.get("shells"):
        from iterate.tui import shell

        shell.behind(program)[-1].show()
        return True
    if text.startswith("#") and "\n" not in text and text.strip("# "):
        from iterate.tui import memory

        memory.note(program, text[1:])
        return True
    return False


def do(program: Program, command: Command, rest: str = "") -> None:
    """Do it, or say why not."""
    if command.wants_session and not program.session:
        program.fail(UsageError(f"{command.name}: there is no session yet", "it begins with the first prompt"))
    elif command.waits and program.is_busy:
        program.fail(UsageError(f"{command.name} waits for the answer that runs", "Esc ends it"))
    else:
        command.does(program, rest)


def act(program: Program, action: str) -> bool:
    """Do what an action of a key is; whether it is a command."""
    if action == "commands":
        from iterate.tui import helping

        helping.commands(program)
        return True
    command = _BY_NAME.get(ACTIONS.get(action, ""))
    if command is not None:
        do(program, command)
    return command is not None


def near(word: str, known: Sequence[str], otherwise: str) -> str:
    """The known word that was meant, as a hint."""
    import difflib  # For slips alone.

    found = difflib.get_close_matches(word, known, 1)
    if not found and len(word) > 1:
        found = [each for each in known if each.startswith(word)][:1]
    return f"did you mean {found[0]}?" if found else otherwise


def others(program: Program, then: Callable[[list[tuple[str, str]]], None]) -> None:
    """The commands of the project, its person and MCP servers, with what they do."""

    def told(body: Body) -> None:
        then([(f"/{each.word('name')}", each.word("description")) for each in said.heard(body).rows("commands")])

    program.call("GET", f"/command{said.here(program)}", then=told, otherwise=lambda _: then([]))


def _of_others(program: Program, name: str, rest: str) -> None:
    """A command that the server knows becomes the prompt that it is."""
    from urllib.parse import quote

    def told(body: Body) -> None:
        of = said.heard(body)
        # What is no file there, which the text names too: it comes from a server of MCP.
        files = [each.fields for each in of.rows("files") if each.word("url").startswith("data:")]
        program.send(of.word("text"), model=of.word("model"), agent=of.word("agent"), files=files)

    def failed(failure: Failure) -> None:
        if not isinstance(failure, CommandUnknown):
            program.fail(failure)
            return
        others(program, lambda known: _unknown(program, name, rest, [each for each, _ in known], failure))

    body: Body = {"arguments": rest, "workspace": program.workspace()}
    program.call("POST", f"/command/{quote(name[1:], safe='')}", body, then=told, otherwise=failed)


def _unknown(program: Program, name: str, rest: str, known: Sequence[str], failure: Failure) -> None:
    if name in known:  # It is there, and lacks an argument.
        program.fail(failure)
        return
    begun = {id(each): each for word, each in _BY_NAME.items() if word.startswith(name)}
    if len(begun) == 1 and len(name) >= _SURE and not any(word.startswith(name) for word in known):
        do(program, next(iter(begun.values())), rest)
        return
    hint = near(name, [*_BY_NAME, *known], "/help shows those there are")
    program.fail(UsageError(f"there is no command {name}", hint))
