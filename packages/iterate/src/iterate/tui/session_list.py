"""The list of sessions: of this folder or all, searched by the server too, looked into, renamed, forked, deleted."""

from collections.abc import Callable
from urllib.parse import quote, urlencode

from iterate.heard import Heard
from iterate.terminal import rows, tally
from iterate.terminal.rows import Row, span
from iterate.tui import said
from iterate.tui.contract import Body, Program
from iterate.tui.listing import Deed, Item, Listing, Purpose
from iterate.tui.sight import Taking

# At most so many are fetched.
_MOST = 1000
_FOUND = 50
# The server looks into prompts once so many letters stand, and the keys rest.
_LETTERS, _REST_S = 3, 0.2
_LAST = 12
_BEGIN = "ses_"
_UNTITLED = "(no prompt yet)"


class Sessions:
    """That list, and what is done in it."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._is_all = False
        self._typed = ""
        self._kept: list[Heard] = []
        deeds = (
            Deed("rename", "rename", self._rename, asks=lambda item: item.text),
            Deed("delete", "delete", self._delete, is_grave=True),
            Deed("fork", "fork", self._fork),
            Deed("all", "all folders", lambda _item, _text: self._turn(), is_free=True),
        )
        self._list = Listing(
            program,
            Purpose(
                "Sessions",
                self._open,
                deeds=deeds,
                sight=self._sight,
                typed=self._search,
                empty=f"no session worked in this folder yet{_others(program)}",
            ),
        )

    def show(self) -> None:
        """Open it."""
        self._program.show(self._list)
        self._fetch()

    def _fetch(self) -> None:
        where = {} if self._is_all else {"directory": self._program.directory}
        path = f"/session?{urlencode({**where, 'limit': str(_MOST)})}"
        self._program.call("GET", path, then=self._fill, otherwise=lambda failure: self._list.fail(str(failure)))

    def _fill(self, body: Body) -> None:
        self._kept = [each for each in said.heard(body).rows("sessions") if each.count("prompts") or self._is_all]
        self._list.fill([self._item(each) for each in self._kept])
        here = self._program.session
        if here and here not in {each.word("id") for each in self._kept}:
            # Such as that of a sub-agent, or of another folder.
            path = f"/session/{quote(here)}"
            self._program.call("GET", path, then=self._add_open, otherwise=lambda _: None)

    def _add_open(self, body: Body) -> None:
        """The session that is open is there too."""
        row = said.heard(body).inner("session")
        if row.word("id") == self._program.session and row not in self._kept:
            self._kept = [row, *self._kept]
            self._list.fill([self._item(each) for each in self._kept])

    def _item(self, each: Heard, also: str = "") -> Item:
        cost = each.count("total_cost_micro_usd") or each.count("cost_micro_usd")
        state = "runs" if each.fields.get("is_running") else said.age(each.count("updated_ms"))
        folder = each.word("directory").rstrip("/").rpartition("/")[2] if self._is_all else ""
        below = "sub-agent" if each.word("parent") else ""
        more = [folder, below, state, tally.counted(each.count("prompts"), "prompt"), said.money(cost) if cost else ""]
        return Item(
            each.word("id"),
            " ".join((each.word("title") or _UNTITLED).split()),
            "  ".join(one for one in more if one),
            is_current=each.word("id") == self._program.session,
            also=f"{each.word('id')} {also}",
        )

    def _search(self, typed: str) -> None:
        """What the titles do not hold, prompts may: the server knows."""
        self._typed = typed
        if len(typed.strip()) >= _LETTERS:
            self._program.after(_REST_S, lambda: self._ask(typed))

    def _ask(self, typed: str) -> None:
        if typed != self._typed:
            return
        where = {} if self._is_all else {"directory": self._program.directory}
        path = f"/session?{urlencode({**where, 'search': typed, 'limit': str(_FOUND)})}"
        self._program.call("GET", path, then=lambda body: self._merge(typed, body), otherwise=lambda _: None)

    def _merge(self, typed: str, body: Body) -> None:
        found = {each.word("id"): each for each in said.heard(body).rows("sessions")}
        if typed != self._typed or not found:
            return
        known = {each.word("id") for each in self._kept}
        self._kept += [each for id_, each in found.items() if id_ not in known]
        self._list.fill([self._item(each, typed if each.word("id") in found else "") for each in self._kept])

    def _open(self, item: Item) -> None:
        if item.key != self._program.session:
            self._program.go_on(item.key)

    def _turn(self) -> None:
        self._is_all = not self._is_all
        self._fetch()

    def _rename(self, item: Item, title: str) -> None:
        def renamed(body: Body) -> None:
            self._kept = [said.heard(body) if each.word("id") == item.key else each for each in self._kept]
            self._list.change(item._replace(text=said.heard(body).word("title") or title))

        self._program.call("PATCH", f"/session/{item.key}", {"title": title}, then=renamed)

    def _delete(self, item: Item, _text: str) -> None:
        def gone(body: Body) -> None:
            ids = said.heard(body).words("removed") or [item.key]
            self._kept = [each for each in self._kept if each.word("id") not in ids]
            self._list.forget(item.key)
            if self._program.session in ids:
                self._program.go_on("")

        self._program.call("DELETE", f"/session/{item.key}", then=gone)

    def _fork(self, item: Item, _text: str) -> None:
        def begun(body: Body) -> None:
            self._program.close(self._list)
            is_copy = item.key == self._program.session
            if not is_copy:
                self._program.say([said.line(f"a copy of {item.text!r} from here on", "dim"), ()])
            self._program.go_on(said.heard(body).word("id"), is_copy=is_copy)

        self._program.call("POST", f"/session/{item.key}/fork", {"at": None}, then=begun)

    def _sight(self, key: str, take: Taking) -> None:
        self._program.call(
            "GET",
            f"/session/{key}",
            then=lambda body: take(lambda room: _looked(said.heard(body), room)),
            otherwise=lambda failure: take(lambda room: rows.wrapped([span(str(failure), "bad")], room)),
        )


def _looked(of: Heard, room: int) -> list[Row]:
    """The last prompts of a session, the newest first, and its facts."""
    row = of.inner("session")
    facts = [row.word("id").removeprefix(_BEGIN)[:8], row.word("model"), row.word("agent"), row.word("directory")]
    found = rows.wrapped([span("  ".join(each for each in facts if each), "dim")], room)
    for each in reversed(of.rows("prompts")[-_LAST:]):
        text = " ".join(each.word("text").split())[:400]
        found += [(), *rows.wrapped([span(text)], room, [span("> ", "prompt")], [span("  ")])[:4]]
    return found


def show(program: Program, rest: str) -> None:
    """The list, or the session that is named: by its id, the first digits of that, or `last`."""
    if rest:
        program.go_on(rest)
    else:
        Sessions(program).show()


def rename(program: Program, title: str) -> None:
    """Another title for the session that is open."""
    path = f"/session/{quote(program.session)}"
    program.call("PATCH", path, {"title": title}, then=lambda _: program.tell(f"this session is called {title}"))


def names(program: Program, then: Callable[[list[tuple[str, str]]], None]) -> None:
    """The sessions of the folder by the first digits of their ids, with their titles."""

    def told(body: Body) -> None:
        found = said.heard(body).rows("sessions")
        then([(each.word("id").removeprefix(_BEGIN)[:8], each.word("title")) for each in found])

    program.call("GET", f"/session{said.here(program, limit='50')}", then=told, otherwise=lambda _: None)


def _others(program: Program) -> str:
    """By which key there are those of other folders."""
    key = program.keymap.said("list", "all")
    return f"; {key} shows those of others" if key else ""
