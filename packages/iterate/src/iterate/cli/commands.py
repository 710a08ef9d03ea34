"""The commands, as a literal table. A row imports its command's module, so only the one named is loaded."""

from collections.abc import Callable

import click

from iterate.cli.conversing import Root
from iterate.cli.options import HELP, VERSION, examples
from iterate.cli.setting_commands import AGENT, CONFIG, MCP, man, stats
from iterate.cli.table import Deferred, Table
from iterate.errors import NotRunning


def _run() -> click.Command:
    from iterate.cli.run import run

    return run


def _attach() -> click.Command:
    from iterate.cli.attach import attach

    return attach


def _serve() -> click.Command:
    from iterate.cli.serve import serve

    return serve


def _start() -> click.Command:
    from iterate.cli.server import start

    return start


def _stop() -> click.Command:
    from iterate.cli.server import stop

    return stop


def _status() -> click.Command:
    from iterate.cli.server import status

    return status


def _restart() -> click.Command:
    from iterate.cli.server import restart

    return restart


def _permission_test() -> click.Command:
    from iterate.cli.permission import try_rules

    return try_rules


def _permission_list() -> click.Command:
    from iterate.cli.permission import list_rules

    return list_rules


def _permission_forget() -> click.Command:
    from iterate.cli.permission import forget

    return forget


def _upgrade() -> click.Command:
    from iterate.cli.upgrade import upgrade_command

    return upgrade_command


def _uninstall() -> click.Command:
    from iterate.cli.uninstall import uninstall

    return uninstall


def _help() -> click.Command:
    from iterate.cli.help import help_

    return help_


def _version() -> click.Command:
    from iterate.cli.version import version

    return version


def _doctor() -> click.Command:
    from iterate.cli.doctor import doctor

    return doctor


def _completion() -> click.Command:
    from iterate.cli.completion import completion

    return completion


def _models() -> click.Command:
    from iterate.cli.models import models

    return models


def _login() -> click.Command:
    from iterate.cli.auth import login

    return login


def _logout() -> click.Command:
    from iterate.cli.auth import logout

    return logout


def _keys() -> click.Command:
    from iterate.cli.auth import list_

    return list_


def _session(name: str) -> Callable[[], click.Command]:
    def load() -> click.Command:
        from iterate.cli import session

        found: click.Command = getattr(session, name)
        return found

    return load


SESSION = Table(
    "session",
    help_="Look after the sessions that are kept.",
    commands=(
        Deferred("list", "List sessions with the newest first.", _session("list_")),
        Deferred("show", "Show what was said and done in a session.", _session("show")),
        Deferred("rename", "Give a session another title.", _session("rename")),
        Deferred("delete", "Delete a session and those that its agents began.", _session("delete")),
        Deferred("fork", "Begin a session with what another one holds.", _session("fork")),
        Deferred("export", "Write a session as Markdown or as JSON for `session import`.", _session("export")),
        Deferred("import", "Make a session of what `session export --json` wrote.", _session("import_")),
        Deferred("diff", "Show what a session changed in files.", _session("diff")),
        Deferred("revert", "Take back a prompt and all behind it with their changes of files.", _session("revert")),
        Deferred("unrevert", "Bring back what was taken back last.", _session("unrevert")),
        Deferred("compact", "Have a session summed up so that the model reads less.", _session("compact")),
    ),
)

AUTH = Table(
    "auth",
    help_="Look after the keys of model vendors.",
    commands=(
        Deferred("login", "Keep a vendor's key if the vendor takes it.", _login),
        Deferred("list", "Show vendors and where their keys come from.", _keys),
        Deferred("logout", "Forget the key of a vendor.", _logout),
    ),
)


def _pty_start() -> click.Command:
    from iterate.cli.pty import start

    return start


def _pty_attach() -> click.Command:
    from iterate.cli.pty import attach_command

    return attach_command


def _pty_list() -> click.Command:
    from iterate.cli.pty import list_command

    return list_command


def _pty_kill() -> click.Command:
    from iterate.cli.pty import kill

    return kill


def _watch() -> click.Command:
    from iterate.cli.follow import watch

    return watch


def _log() -> click.Command:
    from iterate.cli.follow import log

    return log


PTY = Table(
    "pty",
    help_="Use shells of the server that go on when nobody looks.",
    examples=examples(
        ("iterate pty", "a shell; Ctrl-] leaves it running"),
        ("iterate pty attach 1f2e", "back to it"),
    ),
    default="start",
    commands=(
        Deferred("start", "Start a shell or a command and show it here.", _pty_start),
        Deferred("attach", "Show a terminal of the server here again.", _pty_attach),
        Deferred("list", "List the terminals of the server.", _pty_list),
        Deferred("kill", "End a terminal with all that it runs.", _pty_kill),
    ),
)

SERVER = Table(
    "server",
    help_="Look after the per-user server in the background.",
    commands=(
        Deferred("start", "Start the server unless it runs.", _start),
        Deferred("stop", "End the server if it runs.", _stop),
        Deferred(
            "status", f"Show where the server listens; exits with {NotRunning.exit_code} when none runs.", _status
        ),
        Deferred("restart", "Start a new server; the old one finishes its answers.", _restart),
    ),
)

PERMISSION = Table(
    "permission",
    help_="Look at the rules about permissions, and try them.",
    commands=(
        Deferred("test", "Say what the rules make of each part of a command; nothing is run.", _permission_test),
        Deferred("list", "Show the rules in force and where each stands.", _permission_list),
        Deferred("forget", "Take back what was always allowed in a project.", _permission_forget),
    ),
)

ROOT = Root(
    "iterate",
    help_=(
        "Coding agent for the terminal, behind a local server that starts on demand.\n\n"
        "Alone on a terminal it opens a conversation."
    ),
    examples=examples(
        ("iterate", "a conversation"),
        ("iterate -c", "go on with the newest one of this folder"),
        ('iterate run "hello"', "prompt once and print the answer"),
        ("git diff | iterate run -", "the prompt comes from another program"),
        ("iterate run --json hi", "one JSON object, for programs"),
        ("iterate server status", "where the background server listens"),
        ("iterate upgrade --check", "whether there is a newer version"),
        ("iterate serve --port 4096", "the same server, in the foreground"),
    ),
    commands=(
        Deferred("run", "Send a prompt and print the answer as it comes.", _run),
        Deferred("serve", "Run the per-user server in the foreground.", _serve),
        Deferred("attach", "Talk with the server at an address.", _attach),
        Deferred("models", "List models with window and price and abilities.", _models),
        SESSION,
        AUTH,
        PERMISSION,
        SERVER,
        CONFIG,
        AGENT,
        MCP,
        Deferred("stats", "Show tokens and cost and sessions by day and model.", stats),
        PTY,
        Deferred("watch", "Follow everything that happens in all sessions.", _watch),
        Deferred("log", "Show what the server wrote into its log.", _log),
        Deferred("doctor", "Look at all that an answer needs and say what to do.", _doctor),
        Deferred("upgrade", "Get the version that the channel has.", _upgrade),
        Deferred("uninstall", "Remove this copy of iterate after showing what goes.", _uninstall),
        Deferred("help", "Show the help of a command.", _help),
        Deferred("version", "Show which build this is and how it was installed.", _version),
        Deferred("man", "Print the manual page.", man),
        Deferred("completion", "Print the completion script of a shell.", _completion),
    ),
)

HELP(AUTH)
HELP(SESSION)
HELP(SERVER)
HELP(PERMISSION)
HELP(PTY)
HELP(VERSION(ROOT))
