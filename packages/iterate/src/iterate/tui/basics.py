"""The few commands that a conversation cannot do without."""

from collections.abc import Callable

from iterate.errors import UsageError
from iterate.terminal.rows import row
from iterate.tui.contract import Body, Program


def _quit(program: Program, _rest: str) -> None:
    program.leave()


def _new(program: Program, _rest: str) -> None:
    program.go_on("")
    program.say([row("a new session begins with the next prompt")])


def _model(program: Program, rest: str) -> None:
    program.model = rest or program.model
    program.refresh()


def _agent(program: Program, rest: str) -> None:
    program.agent = rest or program.agent
    program.refresh()


def _sessions(program: Program, rest: str) -> None:
    program.go_on(rest)


def _turn(program: Program, verb: str, body: Body, words: str) -> None:
    if not program.session:
        program.fail(UsageError("there is no session yet", "it begins with the first prompt"))
        return

    def told(turned: Body) -> None:
        files = turned.get("files")
        names = ", ".join(str(each) for each in files) if isinstance(files, list) else ""
        program.say([row(f"{words}: {names or 'the prompt; no file was changed'}")])

    program.call("POST", f"/session/{program.session}/{verb}", body, then=told)


def _undo(program: Program, _rest: str) -> None:
    _turn(program, "revert", {"to": None, "leaves_changed": False}, "taken back")


def _redo(program: Program, _rest: str) -> None:
    _turn(program, "unrevert", {"leaves_changed": False}, "brought back")


COMMANDS: dict[str, Callable[[Program, str], None]] = {
    "/quit": _quit,
    "/new": _new,
    "/model": _model,
    "/agent": _agent,
    "/sessions": _sessions,
    "/undo": _undo,
    "/redo": _redo,
}


def obey(program: Program, text: str) -> bool:
    """Do what a line says, if it is one of these."""
    name, _, rest = text.strip().partition(" ")
    if name not in COMMANDS:
        return False
    COMMANDS[name](program, rest.strip())
    return True
