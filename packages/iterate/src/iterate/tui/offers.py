"""What could stand at the cursor: commands and their words, files, what MCP servers have to read, agents."""

import os
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from iterate import fuzzy
from iterate.tui import commands, said
from iterate.tui.contract import Body, Program
from iterate.tui.tree import Tree, mention

# What the server knows is asked for again when it is older.
_OLD_S = 30.0
_MOST = 50
# As `tools/attach.py` has it: behind a blank or a bracket, so that an address of mail is none.
_MENTION = re.compile(r"""(?:(?<=[\s(\[{,;:])|\A)@(?:"([^"\n]*)|([^\s"'`]*))\Z""")
_RESOURCE = re.compile(r"([^/\s:]+):(.*)\Z")
_LONGEST = 1000


class Offer(NamedTuple):
    """One text that could stand there, how it is shown, and what is said of it; `goes_on` where more may follow."""

    text: str
    shown: str
    about: str = ""
    marks: Sequence[int] = ()
    goes_on: bool = False


class Offers(NamedTuple):
    """Texts for the place from `begin` to the cursor, the best first; None where they are still being fetched."""

    begin: int
    found: Sequence[Offer] | None
    total: int = 0
    # They are for other letters: those for these are being looked for.
    is_old: bool = False


type Named = list[tuple[str, str]]


class Sources:
    """Where offers come from. Nothing waits: what is not known yet is fetched, and `changed` is called."""

    def __init__(self, program: Program, changed: Callable[[], None]) -> None:
        self._program = program
        self._changed = changed
        self._tree = Tree(program, changed)
        self._known: dict[str, Named] = {}
        self._asked: dict[str, float] = {}

    def at(self, text: str, cursor: int) -> Offers | None:
        """What could stand at the cursor; None where nothing is completed."""
        before = text[:cursor]
        if before.startswith("/") and "\n" not in before and commands.is_command(before.partition(" ")[0] + "x"):
            return self._command(before)
        begin = before.rfind("@", max(0, cursor - _LONGEST))
        if begin < 0:
            return None
        found = _MENTION.search(before, max(0, begin - 1))
        if found is None:
            return None
        quoted, bare = found.groups()
        return self._mention(begin, bare if quoted is None else quoted)

    def _command(self, before: str) -> Offers | None:
        name, blank, words = before.partition(" ")
        if not blank:
            others = self._get("/command", lambda then: commands.others(self._program, then))
            rows = [(each.name, each.about) for each in commands.COMMANDS]
            rows += [(also, each.about) for each in commands.COMMANDS for also in each.also]
            return _ranked(0, before, [*rows, *others], ends=" ")
        command = commands.find(name)
        source = self._words(command.words) if command is not None else None
        return None if source is None else _ranked(len(name) + 1, words.lstrip(), source)

    def _words(self, words: commands.Words) -> Named | None:
        """What the words of a command may be; None where nobody knows."""
        program = self._program
        match words:
            case "model":
                from iterate.tui import models

                return self._get(words, lambda then: models.names(program, then))
            case "agent":
                from iterate.tui import agents

                return self._get(words, lambda then: agents.names(program, then))
            case "session":
                from iterate.tui import session_list

                return self._get(words, lambda then: session_list.names(program, then))
            case "theme":
                from iterate.tui import themes

                return [(each, "") for each in themes.names(program)]
            case _:
                return None

    def _mention(self, begin: int, typed: str) -> Offers:
        resource = _RESOURCE.match(typed)
        servers = self._get("@server", self._servers)
        if resource is not None and any(name == resource[1] for name, _ in servers):
            server = resource[1]
            uris = self._get(f"@{server}:", lambda then: self._resources(server, then))
            return _ranked(begin, typed, [(f"{server}:{uri}", "") for uri, _ in uris], mark="@", ends=" ")
        more = [
            Offer(f"@{name}:", f"{name}:", about, goes_on=True) for name, about in servers if name.startswith(typed)
        ]
        agents = self._get("@agent", self._agents) if typed else []
        more += [Offer(f"@{name} ", name, f"agent: {about}") for name, about in agents if name.startswith(typed)]
        if typed.startswith(("/", "~", "../")) and not self._program.is_elsewhere:
            found = _entries(self._program.directory, typed)
            return Offers(begin, [*more, *found], len(more) + len(found))
        there = self._tree.find(typed)
        if there is None:
            return Offers(begin, more or None, len(more))
        files = [_file(path, mark) for path, mark in zip(there.paths, there.marks, strict=True)]
        return Offers(begin, [*more, *files], there.total + len(more), is_old=there.is_old)

    def _get(self, key: str, fetch: Callable[[Callable[[Named], None]], None]) -> Named:
        """What is known by now; what is not, or old, is asked for."""
        now = time.monotonic()
        if now - self._asked.get(key, -_OLD_S) >= _OLD_S:
            self._asked[key] = now

            def take(found: Named) -> None:
                if self._known.get(key) != found:
                    self._known[key] = found
                    self._changed()

            fetch(take)
        return self._known.get(key, [])

    def _servers(self, then: Callable[[Named], None]) -> None:
        def told(body: Body) -> None:
            then(
                [(each.word("name"), f"MCP server, {each.word('state')}") for each in said.heard(body).rows("servers")]
            )

        self._program.call("GET", f"/mcp{said.here(self._program)}", then=told, otherwise=lambda _: None)

    def _resources(self, server: str, then: Callable[[Named], None]) -> None:
        path = f"/mcp/{quote(server, safe='')}{said.here(self._program)}"
        self._program.call(
            "GET",
            path,
            then=lambda body: then([(uri, "") for uri in said.heard(body).words("uris")]),
            otherwise=lambda _: None,
        )

    def _agents(self, then: Callable[[Named], None]) -> None:
        def told(body: Body) -> None:
            found = said.heard(body).rows("agents")
            then([(each.word("name"), each.word("description")) for each in found if each.word("mode") != "primary"])

        self._program.call("GET", f"/agent{said.here(self._program)}", then=told, otherwise=lambda _: None)


def _ranked(begin: int, typed: str, known: Named, *, mark: str = "", ends: str = "") -> Offers:
    """Names that have the letters, those that begin so first."""
    names = [name for name, _ in known]
    found = fuzzy.Finder(names).find(typed, _MOST)
    places = sorted(found.places, key=lambda place: not names[place].startswith(typed)) if typed else found.places
    offers = [
        Offer(f"{mark}{names[place]}{ends}", names[place], known[place][1], fuzzy.marked(typed, names[place]))
        for place in places
    ]
    return Offers(begin, offers, found.total)


def _file(path: str, marks: Sequence[int] = ()) -> Offer:
    goes_on = path.endswith("/")
    text = mention(path)
    if goes_on and text.endswith('"'):
        text = text[:-1]  # What follows belongs into the quotes.
    return Offer(text if goes_on else f"{text} ", path, "", marks, goes_on)


def _entries(directory: str, typed: str) -> list[Offer]:
    """The entries of a folder outside of the project that go on with what was typed; hidden ones only behind a dot."""
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
    except (OSError, RuntimeError):
        return []
    return [_file(each, range(len(typed))) for each in sorted(found) if each.isprintable() and '"' not in each][:_MOST]
