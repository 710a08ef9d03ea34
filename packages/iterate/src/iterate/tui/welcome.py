"""What to do where nothing says which model is to answer: what is there already first, in one screen."""

from typing import TYPE_CHECKING

from iterate.heard import Heard

if TYPE_CHECKING:
    from iterate.client import Client
    from iterate.tui.contract import Program

# So many models are named.
MOST = 8
# Vendors on this machine are asked for a moment.
LIST_S = 20.0
# Of models that only say what they are told.
BUILT_IN = "echo/"


def show(program: "Program") -> None:
    """Say it in a conversation."""
    asked = query(program.directory, is_elsewhere=program.is_elsewhere)

    def told(models: "dict[str, object]") -> None:
        program.call("GET", f"/provider{asked}", then=lambda vendors: _say(program, models, vendors))

    program.call("GET", f"/model{asked}", then=told)


def _say(program: "Program", models: "dict[str, object]", vendors: "dict[str, object]") -> None:
    from iterate.terminal import flow, live  # A command says it without them.

    text = words(Heard("", "", models).rows("models"), Heard("", "", vendors).rows("vendors"), "/model")
    room = live.size_of(1)[0] - 1
    program.say([each for line in text.strip("\n").split("\n") for each in flow.told(line, "", room)])
    program.say([()])


def query(directory: str, *, is_elsewhere: bool) -> str:
    """Of a folder, and with the names of our variables that may hold keys; nothing of them for another machine."""
    from iterate import settings
    from iterate.client import quoted

    asked = f"?directory={quoted(directory)}"
    names = sorted(each for each in settings.environment() if each.endswith(("_KEY", "_TOKEN")))
    return asked if is_elsewhere else f"{asked}&seen={quoted(','.join(names))}"


def words(models: list[Heard], vendors: list[Heard], takes: str) -> str:
    """The screen."""
    return "\n".join(["", "There is no model to answer yet.", "", *ways(models, vendors, takes), ""]) + "\n"


def ways(models: list[Heard], vendors: list[Heard], takes: str) -> list[str]:
    """The lines of what can be done: to take one of the models there are, or to get one."""
    ready = [row.word("name") for row in models if row.fields.get("ready") is True]
    ready = [name for name in ready if not name.startswith(BUILT_IN)]
    if not ready:
        return _sources(vendors, takes)
    lines = ["These can be asked now:", *(f"  {name}" for name in ready[:MOST])]
    lines += [f"  and {len(ready) - MOST} more: iterate models"] if len(ready) > MOST else []
    keeps = f"iterate config set model {ready[0]}"
    if takes.startswith("/"):
        return [*lines, "", f"  {takes} {ready[0]}   takes it, and keeps it in your settings"]
    taken = f"{takes} {ready[0]}"
    return [*lines, f"{taken:<{len(keeps)}}   takes it for this prompt", f"{keeps}   keeps it in your settings"]


def _sources(vendors: list[Heard], takes: str) -> list[str]:
    keys = [row for row in vendors if row.word("key") not in {"", "none"}]
    local = [row for row in vendors if row.word("state") in {"there", "locked"}]
    # Of the settings: whether it has models is known once it was asked.
    added = [row for row in vendors if row.fields.get("ready") is True and row not in keys and row not in local]
    lines = [f"Found {row.word('title')} at {row.word('url')} ({row.word('state')})." for row in local]
    lines += [f"Found a key of {row.word('title')} in {row.word('variable') or row.word('key')}." for row in keys]
    lines += [f"{row.word('name')} of your settings: iterate models --refresh asks it what it has." for row in added]
    if not lines:
        lines = ["No model server was found on this machine, and no key in the environment."]
    variables = [row.word("variable") or next(iter(row.words("variables")), "") for row in vendors]
    named = ", ".join([each for each in dict.fromkeys(variables) if each][:4])
    return [
        *lines,
        "",
        "  iterate auth login VENDOR   keeps a key (iterate auth list shows vendors),",
        f"  {named or 'variables of the environment'} are read from the environment,",
        "  Ollama, llama.cpp, LM Studio and vLLM are found when they run on this machine,",
        "  iterate config set providers.NAME.base_url URL   adds a server that speaks",
        "      OpenAI's format, such as http://127.0.0.1:9000/v1;",
        "      iterate models --refresh then asks it what it has.",
        f"Then {'/models shows' if takes.startswith('/') else 'iterate models shows'} what can be asked.",
    ]


def asked(client: "Client", directory: str, *, is_elsewhere: bool) -> tuple[list[Heard], list[Heard]]:
    """Models and vendors as the server knows them; raises its failures."""
    of = query(directory, is_elsewhere=is_elsewhere)
    models = Heard("", "", client.call("GET", f"/model{of}", timeout_s=LIST_S)).rows("models")
    return models, Heard("", "", client.call("GET", f"/provider{of}", timeout_s=LIST_S)).rows("vendors")
