"""The list of MCP servers: their state and tools; they are started again and logged in to."""

from iterate.heard import Heard
from iterate.terminal import rows, tally
from iterate.terminal.rows import Row, Style, span
from iterate.tui import said
from iterate.tui.contract import Body, Program
from iterate.tui.listing import Deed, Item, Listing, Purpose
from iterate.tui.page import Page
from iterate.tui.sight import Taking

# A log-in is asked after so often, at most; each request waits a while itself.
_TRIES, _PAUSE_S = 20, 0.5
_STATES: dict[str, Style] = {"running": "good", "failed": "bad", "off": "dim"}


class Mcps:
    """That list."""

    def __init__(self, program: Program) -> None:
        self._program = program
        deeds = (Deed("restart", "restart", self._restart), Deed("login", "log in", self._login))
        empty = "no MCP server is named in the settings; iterate mcp add names one"
        purpose = Purpose("MCP servers", self._open, deeds=deeds, sight=self._sight, empty=empty)
        self._list = Listing(program, purpose)

    def show(self) -> None:
        """Open it."""
        self._program.show(self._list)
        path = f"/mcp{said.here(self._program)}"
        self._program.call("GET", path, then=self._fill, otherwise=lambda failure: self._list.fail(str(failure)))

    def _fill(self, body: Body) -> None:
        self._list.fill([_item(each) for each in said.heard(body).rows("servers")])

    def _path(self, item: Item, verb: str = "") -> str:
        from urllib.parse import quote

        return f"/mcp/{quote(item.key, safe='')}{verb}"

    def _open(self, item: Item) -> None:
        def told(body: Body) -> None:
            self._program.show(
                Page(self._program, f"MCP server {item.key}", lambda room: _whole(said.heard(body), room))
            )

        self._program.call("GET", f"{self._path(item)}{said.here(self._program)}", then=told)

    def _sight(self, key: str, take: Taking) -> None:
        path = f"{self._path(Item(key, key))}{said.here(self._program)}"
        self._program.call("GET", path, then=lambda body: take(lambda room: _whole(said.heard(body), room)))

    def _restart(self, item: Item, _text: str) -> None:
        self._list.change(item._replace(more="starts"))
        body: Body = {"workspace": self._program.workspace()}

        def failed(problem: str) -> None:
            self._list.change(item._replace(more=f"failed  {problem}"))

        self._program.call(
            "POST",
            self._path(item, "/restart"),
            body,
            then=lambda whole: self._list.change(_item(said.heard(whole))),
            otherwise=lambda failure: failed(str(failure)),
        )

    def _login(self, item: Item, _text: str) -> None:
        self._wait(item, _TRIES, "")

    def _wait(self, item: Item, left: int, shown: str) -> None:
        def told(body: Body) -> None:
            visit = said.heard(body)
            url = visit.word("url")
            if visit.word("state") == "done":
                self._program.tell(f"logged in to {item.key}")
                self._list.change(item._replace(more="logged in"))
                return
            if url and url != shown:
                self._program.say(
                    [said.line(f"to log in to {item.key}, open this address in a browser:"), said.line(url, "link")]
                )
                self._program.copy(url)
            self._list.change(item._replace(more="waits for the browser"))
            if left:
                self._program.after(_PAUSE_S, lambda: self._wait(item, left - 1, url or shown))

        body: Body = {"workspace": self._program.workspace()}
        self._program.call("POST", self._path(item, "/login"), body, then=told)


def _item(of: Heard) -> Item:
    tools = tally.counted(len(of.words("tools")), "tool")
    more = [of.word("state"), tools if of.words("tools") else "", of.word("problem")]
    return Item(of.word("name"), of.word("name"), "  ".join(each for each in more if each))


def _whole(of: Heard, room: int) -> list[Row]:
    state = of.word("state")
    found = rows.wrapped(
        [span(state, _STATES.get(state, "")), span(f"  {of.word('server')} {of.word('kind')}", "dim")], room
    )
    if of.word("problem"):
        found += rows.wrapped([span(of.word("problem"), "bad")], room)
    for head, names in (("tools", of.words("tools")), ("prompts", of.words("prompts")), ("to read", of.words("uris"))):
        if names:
            found += [(), said.line(f"{head}: {len(names):,}", "bold")]
            found += [row for name in names[:200] for row in rows.wrapped([span(f"  {name}")], room)]
    log = of.word("log").rstrip()
    return (
        [*found, (), said.line("what it complained of last", "bold"), *rows.wrapped([span(log, "dim")], room)]
        if log
        else found
    )


def show(program: Program, _rest: str) -> None:
    """The list."""
    Mcps(program).show()
