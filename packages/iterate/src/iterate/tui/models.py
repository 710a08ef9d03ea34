"""The list of models: those that can be asked first, with what they cost and how much they read."""

from collections.abc import Callable

from iterate.errors import Failure, ModelUnknown
from iterate.heard import Heard
from iterate.terminal import rows
from iterate.terminal.rows import Row, span
from iterate.tui import said, settling
from iterate.tui.contract import Body, Program
from iterate.tui.listing import Deed, Item, Listing, Purpose
from iterate.tui.sight import Taking

# It only says what it is told.
_BUILT_IN = "echo/"
# Who says what a model is.
_SOURCES = {
    "vendor": "the list of its server; no price or window is known unless that says them",
    "local": "the server on this machine",
    "config": "your settings",
    "catalogue": "the list inside iterate",
}


class Models:
    """That list."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._known: dict[str, Heard] = {}
        # Whether vendors were asked by the list itself, since none has a model that can be asked.
        self._has_asked = False
        deeds = (Deed("all", "looks again", lambda _item, _text: self._refresh(), is_free=True),)
        empty = "no model can be asked: iterate auth login keeps a key"
        self._list = Listing(program, Purpose("Models", self._take, deeds=deeds, sight=self._sight, empty=empty))

    def show(self) -> None:
        """Open it."""
        self._program.show(self._list)
        self._fetch()

    def _fetch(self) -> None:
        fetch(self._program, self._fill, self._list.fail)

    def _refresh(self, otherwise: Callable[[Failure], None] | None = None) -> None:
        self._program.tell("vendors are asked for their models")
        body: Body = {"vendor": "", "workspace": self._program.workspace()}
        self._program.call("POST", "/provider/refresh", body, then=lambda _: self._fetch(), otherwise=otherwise)

    def _fill(self, found: list[Heard]) -> None:
        self._known = {each.word("name"): each for each in found}
        self._list.fill([self._item(each) for each in found])
        if not self._has_asked and not any(each.fields.get("ready") is True for each in found):
            # A server that was just put into the settings was never asked what it has.
            self._has_asked = True
            self._refresh(lambda _: None)

    def _item(self, each: Heard) -> Item:
        name = each.word("name")
        is_ready = each.fields.get("ready") is True
        window = each.count("window")
        more = [f"{said.tokens(window)} context" if window else "", price(each)]
        return Item(
            name,
            name,
            "  ".join(one for one in more if one),
            group="ready" if is_ready else "not ready",
            is_current=name == self._program.answerer()[1],
        )

    def _take(self, item: Item) -> None:
        each = self._known.get(item.key)
        if each is not None and each.fields.get("ready") is not True:
            self._program.fail(ModelUnknown(f"{item.key} cannot be asked: {each.word('why')}", "/models shows others"))
            return
        take(self._program, item.key)

    def _sight(self, key: str, then: Taking) -> None:
        then(lambda room: _facts(self._known[key], room) if key in self._known else [])


def fetch(program: Program, then: Callable[[list[Heard]], None], otherwise: Callable[[str], None]) -> None:
    """All models, those that can be asked first."""

    def told(body: Body) -> None:
        found = [each for each in said.heard(body).rows("models") if not each.word("name").startswith(_BUILT_IN)]
        then(sorted(found, key=lambda each: each.fields.get("ready") is not True))

    path = f"/model{said.here(program, **_seen(program))}"
    program.call("GET", path, then=told, otherwise=lambda failure: otherwise(str(failure)))


def take(program: Program, name: str) -> None:
    """That model answers until the person leaves; the first one ever is kept, since without one nothing answers."""
    is_first = not program.answerer()[1] and not program.is_elsewhere and not name.startswith(_BUILT_IN)
    program.model = name
    program.refresh()
    if is_first and program.here.config is not None:
        settling.keep(program, "model", name, program.refresh)
    elif program.is_elsewhere:
        program.tell(f"{name} answers until you leave")
    else:
        program.tell(f"{name} answers until you leave; iterate config set model {name} keeps it")


def show(program: Program, rest: str) -> None:
    """The list, or the model that is named. One that no list has may be asked for; its vendor has the last word."""
    if not rest:
        Models(program).show()
        return

    def known(found: list[Heard]) -> None:
        names = [each.word("name") for each in found]
        vendors = {name.partition("/")[0] for name in [*names, _BUILT_IN]}
        if "/" in rest and rest.partition("/")[0] in vendors:
            take(program, rest)
            return
        from iterate.tui.commands import near

        program.fail(ModelUnknown(f"there is no model {rest!r}", near(rest, names, "/models shows those there are")))

    fetch(program, known, lambda _: take(program, rest))


def price(of: Heard) -> str:
    """What a million tokens cost, in and out."""
    prices = of.inner("prices")
    if not prices.fields:
        return ""
    if not prices.count("input") and not prices.count("output"):
        return "free"
    return f"${_dollars(prices.count('input'))} in  ${_dollars(prices.count('output'))} out"


def _dollars(micro: int) -> str:
    return f"{micro / said.MICRO:.2f}".rstrip("0").rstrip(".")


def _facts(of: Heard, room: int) -> list[Row]:
    found = rows.wrapped([span(of.word("name"), "bold")], room)
    if of.word("why"):
        found += rows.wrapped([span(of.word("why"), "bad")], room)
    facts = {
        "context": f"{of.count('window'):,} tokens" if of.count("window") else "",
        "answers": f"up to {of.count('output'):,} tokens" if of.count("output") else "",
        "price": f"{price(of)}, per million tokens" if price(of) else "",
        **{name: _known(of.fields.get(name)) for name in ("images", "tools", "reasoning")},
        "known from": _SOURCES.get(of.word("source"), of.word("source")),
    }
    found += [()]
    for name, value in facts.items():
        if value:
            found += rows.wrapped([span(value)], room, [span(f"{name:<10} ", "dim")], [span(" " * 11)])
    return found


def _known(value: object) -> str:
    return {True: "yes", False: "no"}.get(value, "") if isinstance(value, bool) else ""


def _seen(program: Program) -> dict[str, str]:
    """Which variables here may hold keys."""
    given = program.workspace().get("environment")
    names = sorted(each for each in given if str(each).endswith(("_KEY", "_TOKEN"))) if isinstance(given, dict) else []
    return {} if program.is_elsewhere else {"seen": ",".join(names)}


def names(program: Program, then: Callable[[list[tuple[str, str]]], None]) -> None:
    """The models that can be asked, with their prices."""

    def told(found: list[Heard]) -> None:
        then([(each.word("name"), price(each)) for each in found if each.fields.get("ready") is True])

    fetch(program, told, lambda _: None)
