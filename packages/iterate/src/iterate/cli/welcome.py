"""The first words of a conversation; where there is no model to answer, what there is to get one, in one screen."""

from typing import TYPE_CHECKING

from iterate import about
from iterate.cli.options import seen
from iterate.errors import Failure
from iterate.heard import Heard
from iterate.terminal import screen

if TYPE_CHECKING:
    from iterate.cli.talk import Talk
    from iterate.client import Client

# So many models are named.
MOST = 8
# Vendors on this machine are asked for a moment.
LIST_S = 20.0
# Of models that only say what they are told.
BUILT_IN = "echo/"


def greet(talk: "Talk") -> None:
    """Say who is there, and what is missing."""
    from iterate.cli.talking import answering, has_model

    name = answering(talk)
    who = f"  {name} answers" if name else ""
    screen.show(f"iterate {about.STAMP.version}{who}  /help shows commands, Ctrl-D leaves\n")
    if not has_model(talk):
        screen.show(without_model(talk.client(), talk.directory, "/model"))


def without_model(client: "Client", directory: str, takes: str) -> str:
    """What to do where nothing says which model is to answer: what is there already first."""
    lines = ["", "There is no model to answer yet.", ""]
    try:
        models, vendors = _asked(client, directory)
    except Failure as failure:
        return "\n".join([*lines, f"The server cannot say what there is: {failure}", ""])
    ready = [row.word("name") for row in models if row.fields.get("ready") is True]
    ready = [name for name in ready if not name.startswith(BUILT_IN)]
    if ready:
        lines += ["These can be asked now:", *(f"  {name}" for name in ready[:MOST])]
        lines += [f"  and {len(ready) - MOST} more: iterate models"] if len(ready) > MOST else []
        lines += ["", f"  {takes} {ready[0]}", "      takes one for now,"]
        lines += [f"  iterate config set model {ready[0]}", "      for always."]
    else:
        lines += _ways(vendors)
    return "\n".join([*lines, ""]) + "\n"


def _ways(vendors: list[Heard]) -> list[str]:
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
        f"  {named or 'a variable of the environment'}",
        "      are taken from the environment,",
        "  Ollama, llama.cpp, LM Studio and vLLM are found when they run on this machine,",
        "  iterate config set providers.NAME.base_url URL   adds a server that speaks",
        "      OpenAI's format, such as http://127.0.0.1:9000/v1.",
    ]


def _asked(client: "Client", directory: str) -> tuple[list[Heard], list[Heard]]:
    from urllib.parse import urlencode

    asked = "?" + urlencode({"directory": directory, **seen()})
    models = Heard("", "", client.call("GET", f"/model{asked}", timeout_s=LIST_S)).rows("models")
    return models, Heard("", "", client.call("GET", f"/provider{asked}", timeout_s=LIST_S)).rows("vendors")
