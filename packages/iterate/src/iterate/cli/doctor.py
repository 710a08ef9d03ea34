"""`iterate doctor`: looks at everything that an answer needs, and says what to do about what is not well."""

import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, NamedTuple

import click

from iterate import about, settings
from iterate.cli.options import HELP, JSON
from iterate.errors import Failure, Unwell
from iterate.heard import Heard
from iterate.settings import Settings
from iterate.terminal import live, rows, screen, tally, wardrobe, width
from iterate.terminal.rows import Style
from iterate.waiting import Voice

if TYPE_CHECKING:
    from iterate.client import Body, Client

# `well` works, `lacks` works less well without it, `broken` does not work.
type State = Literal["well", "lacks", "broken"]

SERVER_S = 5.0
LIST_S = 20.0
# A vendor is asked for its list.
REFRESH_S = 60.0
_BUILT_IN = "echo/"
# How `providers` says that nobody is there.
_UNREACHED = "cannot be reached"
_COLUMNS = 100
_STYLES: dict[State, Style] = {"well": "good", "lacks": "busy", "broken": "bad"}
_GET_ONE = "iterate auth login VENDOR keeps a key; a server such as Ollama is found when it runs"
_NOWHERE = Voice(lambda _: None, lambda _: None)


class Finding(NamedTuple):
    """What was found of one thing, and what to do."""

    name: str
    state: State
    found: str
    hint: str = ""


@click.command(
    "doctor",
    help=(
        "Look at all that an answer needs and say what to do.\n\n"
        f"Exits with {Unwell.exit_code} when something is broken. What is only lacking is said."
    ),
)
@JSON
@HELP
def doctor(*, as_json: bool) -> int:
    """Look at everything; raises `Unwell`."""
    here = settings.read()
    findings = []
    for look in (_version, _server, _models, _settings, _terminal, _sandbox, _git, _ripgrep):
        try:
            findings += list(look(here))
        except Failure as failure:
            findings.append(Finding(look.__name__.strip("_"), "broken", str(failure), failure.hint))
    if as_json:
        shown = {"findings": [each._asdict() for each in findings]}
        screen.show_json_line(json.dumps(shown, ensure_ascii=False))
    else:
        _print(findings)
    broken = [each.name for each in findings if each.state == "broken"]
    if broken:
        raise Unwell(f"broken: {', '.join(broken)}", "" if as_json else None)
    return 0


def _version(_here: Settings) -> Iterator[Finding]:
    yield Finding("version", "well", f"iterate {about.STAMP.version} ({about.STAMP.channel})")


def _server(here: Settings) -> Iterator[Finding]:
    """Start it when none runs: that it can be started is what counts."""
    from iterate import daemon
    from iterate.client import Client

    found = daemon.find_or_start(here, _NOWHERE)
    is_well = Client(found).is_healthy(SERVER_S)
    other = "" if found.version == about.STAMP.version else f", version {found.version}"
    if is_well:
        yield Finding("server", "well", f"{found.url}{other}")
    else:
        yield Finding("server", "broken", f"{found.url} does not answer", "iterate server restart starts another one")


def _models(here: Settings) -> Iterator[Finding]:
    from iterate import config, daemon
    from iterate.client import Client, quoted

    seen = ",".join(sorted(each for each in settings.environment() if each.endswith(("_KEY", "_TOKEN"))))
    asked = f"?directory={quoted(settings.directory())}&seen={quoted(seen)}"
    client = Client(daemon.find_or_start(here, _NOWHERE))
    vendors = Heard("", "", client.call("GET", f"/provider{asked}", timeout_s=LIST_S)).rows("vendors")
    ready = [each.word("name") for each in vendors if each.fields.get("ready") is True]
    if ready:
        keyed = {each.word("name") for each in vendors if each.word("key") not in {"", "none"}}
        yield Finding("keys", "well", ", ".join(each if each in keyed else f"{each} (without a key)" for each in ready))
    else:
        yield Finding("keys", "lacks", "no vendor has a key, and no model server runs here", _GET_ONE)
    models = Heard("", "", client.call("GET", f"/model{asked}", timeout_s=LIST_S)).rows("models")
    known = {each.word("name"): each for each in models if not each.word("name").startswith(_BUILT_IN)}
    wanted = config.read(here, settings.directory(), settings.environment()).model or ""
    yield _model(wanted, known, ready)
    vendor = wanted.partition("/")[0]
    if vendor in ready:
        yield _vendor(client, vendor)


def _model(wanted: str, known: dict[str, Heard], vendors: list[str]) -> Finding:
    """What is known of the model that the settings name."""
    names = [name for name, row in known.items() if row.fields.get("ready") is True]
    if (wanted in names and _is_listed(known[wanted])) or wanted.startswith(_BUILT_IN):
        return Finding("model", "well", f"{wanted}; {len(names)} can be asked")
    if wanted in known and wanted not in names:
        why = known[wanted].word("why")
        return Finding("model", "broken", f"{wanted} cannot be asked: {why}", "iterate auth list shows what is missing")
    if wanted and wanted.partition("/")[0] in vendors:
        return Finding("model", "well", f"{wanted}; no list has it, so its window and price are not known")
    if wanted:
        return Finding(
            "model",
            "broken",
            f"{wanted} cannot be asked",
            "iterate models shows those that can be, iterate auth list whose",
        )
    if names:
        first = f"iterate config set model {names[0]}"
        return Finding("model", "lacks", f"none is chosen; {len(names)} can be asked", first)
    return Finding("model", "broken", "there is none that could answer", _GET_ONE)


def _is_listed(row: Heard) -> bool:
    """Whether something is known of a model besides that the settings choose it."""
    return row.word("source") != "config" or row.fields.get("window") is not None


def _vendor(client: "Client", name: str) -> Finding:
    """Whether the vendor of that model is there, by asking it for its list."""
    workspace = {"directory": settings.directory(), "environment": settings.environment()}
    body: Body = {"vendor": name, "workspace": workspace}
    rows = Heard("", "", client.call("POST", "/provider/refresh", body, timeout_s=REFRESH_S)).rows("vendors")
    told = next((row for row in rows if row.word("name") == name), None)
    if told is None or told.word("problem"):
        why = told.word("problem") if told is not None else f"{name} does not run"
        if told is None or _UNREACHED in why:
            return Finding("vendor", "broken", why, "start it, or look at its address and the proxy: docs/models.md")
        return Finding(
            "vendor", "lacks", why, f"{name} gave no list of its models; iterate run says whether it answers"
        )
    return Finding("vendor", "well", f"{name} answers, with {tally.counted(told.count('models'), 'model')}")


def _settings(here: Settings) -> Iterator[Finding]:
    from iterate import config
    from iterate.config import layers

    config.check(here)
    layers.load(here, settings.directory(), settings.environment(), is_strict=True)
    where = str(here.config) if here.config is not None and here.config.exists() else "no file; all is as built in"
    yield Finding("settings", "well", where)


def _terminal(_here: Settings) -> Iterator[Finding]:
    from iterate.config import looks

    look = looks.screen()
    if not screen.is_terminal():
        yield Finding("terminal", "well", "none: the output is a pipe or a file")
        return
    columns, lines = live.size_of(1)
    colours = {"none": "no colours", "16": "16 colours", "256": "256 colours", "truecolor": "true colours"}[look.depth]
    how = "lines of words" if look.is_plain else "painted rows"
    encoding = sys.stdout.encoding.lower()
    told = f"{columns} x {lines}, {colours}, {how}, {encoding}"
    if encoding.replace("-", "") == "utf8":
        yield Finding("terminal", "well", told)
    else:
        yield Finding("terminal", "lacks", told, "set a UTF-8 locale, such as LANG=C.UTF-8")


def _sandbox(here: Settings) -> Iterator[Finding]:
    from iterate.sandbox.abilities import abilities

    try:
        here.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = abilities(here.data)
    except OSError as problem:
        yield Finding("sandbox", "lacks", f"cannot be tried: {problem}", "make that folder writable for you")
        return
    told = [f"Landlock {found.landlock}"] if found.landlock else []
    told += ["what a command changed is taken or dropped as a whole"] if found.has_overlay else []
    told += ["the network is cut off"] if found.cuts_network else []
    state: State = "lacks" if found.lacks else "well"
    yield Finding("sandbox", state, ", ".join(told) or "none", " ".join(found.lacks))


def _git(_here: Settings) -> Iterator[Finding]:
    yield _program("git", "undo and search work without it; what is ignored is read from .gitignore all the same")


def _ripgrep(_here: Settings) -> Iterator[Finding]:
    yield _program("rg", "the search is our own then, with the same results, and slower in large folders")


def _program(name: str, without: str) -> Finding:
    import shutil

    found = shutil.which(name)
    shown = {"rg": "ripgrep"}.get(name, name)
    return Finding(shown, "well", found) if found else Finding(shown, "lacks", "not on PATH", without)


def _print(findings: list[Finding]) -> None:
    from iterate.config import looks

    look = looks.screen()
    room = min(live.size_of(1)[0] if screen.is_terminal() else _COLUMNS, _COLUMNS) - 1
    wide = max(width.width(each.name) for each in findings) + 2
    for each in findings:
        head = [rows.span(f"{each.name:<{wide}}"), rows.span(f"{each.state:<8}", _STYLES[each.state])]
        rest = [rows.span(" " * (wide + 8))]
        found = rows.wrapped([rows.span(each.found)], room, head, rest)
        found += rows.wrapped([rows.span(each.hint, "dim")], room, rest, rest) if each.hint else []
        if screen.is_terminal() and not look.is_plain:
            paint = wardrobe.painting(look)
            screen.send("".join(f"{rows.painted(one, paint)}\r\n" for one in found))
        else:
            screen.show("".join(f"{rows.plain(one)}\n" for one in found))
