"""What a TAB offers for values: names from files and from a server that runs. It starts nothing and says nothing.

Each function takes what click hands over, and gives what goes on with the text so far. What cannot be read offers
nothing.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import click

from iterate import settings

if TYPE_CHECKING:
    # Needed at a TAB alone; so are most others here.
    from click.shell_completion import CompletionItem

type Offers = list[CompletionItem[str]]
type Complete = Callable[[click.Context, click.Parameter, str], Offers]

# A server that runs has to answer at once.
PATIENCE_S = 1.0
_MOST = 100


def _quietly(offers: Callable[[click.Context, str], Iterable[tuple[str, str]]]) -> Complete:
    """The function with what may fail in it caught, and with only what begins as the text."""

    def complete(context: click.Context, _option: click.Parameter, begun: str) -> Offers:
        import sqlite3

        from click.shell_completion import CompletionItem

        from iterate.cli.options import wanted
        from iterate.errors import Failure

        try:
            # What another machine has is not asked for at a TAB.
            found = [] if wanted(context).url else list(offers(context, begun))
        except (Failure, OSError, ValueError, sqlite3.Error):
            return []
        names = [(name, " ".join(told.split()) or None) for name, told in found if name.startswith(begun)]
        return [CompletionItem(name, help=told) for name, told in names]

    return complete


def _file(kind: str) -> Complete:
    def complete(_context: click.Context, _option: click.Parameter, begun: str) -> Offers:
        from click.shell_completion import CompletionItem

        # The shell completes paths itself.
        return [CompletionItem(begun, type=kind)]

    return complete


files, folders = _file("file"), _file("dir")


@_quietly
def agents(_context: click.Context, _begun: str) -> Iterable[tuple[str, str]]:
    """The agents of this folder, from their files."""
    from iterate.project import project

    found = project.read(settings.read(), settings.directory(), settings.environment()).agents
    return [(name, agent.description) for name, agent in found.items()]


@_quietly
def models(_context: click.Context, _begun: str) -> Iterable[tuple[str, str]]:
    """The models of the settings, those that vendors listed the last time, and those that are known."""
    from iterate import config
    from iterate.providers import BUILT_IN, catalogue, listing

    here = settings.read()
    known = config.read(here, settings.directory(), settings.environment())
    names = [f"{vendor}/{model}" for vendor, row in known.providers.items() for model in row.models]
    for vendor, listed in listing.Shelf(here.data).known().items():
        names += [f"{vendor}/{model}" for model in listed.models]
    names += [*catalogue.models(), *(model.name for model in BUILT_IN)]
    return [(name, "") for name in dict.fromkeys(names)]


@_quietly
def vendors(_context: click.Context, _begun: str) -> Iterable[tuple[str, str]]:
    """Vendors of models."""
    from iterate.providers.vendors import VENDORS

    return [(each.name, each.title) for each in VENDORS]


@_quietly
def sessions(_context: click.Context, begun: str) -> Iterable[tuple[str, str]]:
    """The newest sessions, those of this folder where nothing is typed yet."""
    directory = "" if begun else settings.directory()
    rows = _running(f"/session?limit={_MOST}", directory) or _kept(directory)
    # As much of an id as is typed by people, or the whole of one.
    is_whole = begun.startswith("ses_")
    last = [("last", "the newest here")] if rows else []
    return [*last, *((row[0] if is_whole else row[0][4:12], row[1]) for row in rows)]


@_quietly
def terminals(_context: click.Context, _begun: str) -> Iterable[tuple[str, str]]:
    """The shells of a server that runs."""
    from iterate import discovery
    from iterate.client import Client

    found = discovery.look(settings.read().state)
    rows = [] if found is None else Client(found).rows("/pty")
    return [(str(row.get("id")), str(row.get("title") or "")) for row in rows]


@_quietly
def patterns(context: click.Context, _begun: str) -> Iterable[tuple[str, str]]:
    """What was always allowed in this project, for the deed that was typed before."""
    from pathlib import Path

    from iterate.config.root import root_of
    from iterate.permissions import remembered

    here = settings.read()
    root = root_of(Path(settings.directory()), here.home).resolve()
    rules = remembered.read(here.state / "permissions", root)
    return [(rule.pattern, "") for rule in rules if context.params.get("deed") in (None, rule.deed)]


def setting_values(context: click.Context, option: click.Parameter, begun: str) -> Offers:
    """What a setting may be."""
    key = str(context.params.get("key") or "")
    match key:
        case "model" | "small_model":
            return models(context, option, begun)
        case "agent":
            return agents(context, option, begun)
        case _:
            return _choices(context, option, begun)


@_quietly
def _choices(context: click.Context, _begun: str) -> Iterable[tuple[str, str]]:
    """The words that the schema has for a setting."""
    from iterate.config import named, strict

    path = named.keys(str(context.params.get("key") or ""))
    return [(each, "") for each in strict.choices(named.hint_of(path))]


def _running(path: str, directory: str) -> list[tuple[str, str]]:
    from iterate import discovery
    from iterate.client import Client, quoted
    from iterate.heard import Heard

    found = discovery.look(settings.read().state)
    if found is None:
        return []
    asked = f"{path}&directory={quoted(directory)}" if directory else path
    rows = Heard("", "", Client(found).call("GET", asked, timeout_s=PATIENCE_S)).rows("sessions")
    return [(row.word("id"), row.word("title")) for row in rows]


def _kept(directory: str) -> list[tuple[str, str]]:
    """The same from the database, which nobody writes while no server runs."""
    import sqlite3
    from contextlib import closing
    from urllib.parse import quote

    from iterate import register

    path = settings.read().data / "iterate.db"
    with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=0.2)) as database:
        found = register.search(database, register.Search(directory=directory, most=_MOST))
    return [(row.id, row.title) for row in found]
