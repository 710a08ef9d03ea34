"""The list of rules about permissions: where each stands; those that you always allow can be forgotten."""

from urllib.parse import quote

from iterate.heard import Heard
from iterate.tui import said
from iterate.tui.contract import Body, Program
from iterate.tui.listing import Deed, Item, Listing, Purpose

# The source of what a person always allowed.
REMEMBERED = "always"


class Rules:
    """That list."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._rules: dict[str, Heard] = {}
        purpose = Purpose(
            "Permissions: the last rule that fits decides",
            self._tell,
            deeds=(Deed("delete", "forget", self._forget, is_grave=True),),
            empty="there are no rules",
        )
        self._list = Listing(program, purpose)

    def show(self) -> None:
        """Open it."""
        self._program.show(self._list)
        self._ask()

    def _ask(self) -> None:
        more = {"agent": self._program.agent} if self._program.agent else {}
        path = f"/permission/rule{said.here(self._program, **more)}"
        self._program.call("GET", path, then=self._fill, otherwise=lambda failure: self._list.fail(str(failure)))

    def _fill(self, body: Body) -> None:
        found = said.heard(body).rows("rules")
        self._rules = {str(number): each for number, each in enumerate(found)}
        self._list.fill([item(key, each) for key, each in self._rules.items()])

    def _tell(self, of: Item) -> None:
        rule = self._rules[of.key]
        where = f"stands in {rule.word('file')}" if rule.word("file") else f"is {rule.word('source')}"
        can = "Ctrl-D forgets it" if rule.word("source") == REMEMBERED else "it is not changed here"
        self._program.tell(f"{words(rule)} {where}; {can}")

    def _forget(self, of: Item, _text: str) -> None:
        rule = self._rules[of.key]
        if rule.word("source") != REMEMBERED:
            self._tell(of)
            return

        def gone(_: Body) -> None:
            self._program.tell(f"forgotten: {words(rule)}")
            self._ask()

        self._program.call("DELETE", forgetting(said.here(self._program), rule), then=gone)


def forgetting(here: str, rule: Heard) -> str:
    """The path that takes one rule back."""
    return f"/permission/rule{here}&deed={quote(rule.word('deed'))}&pattern={quote(rule.word('pattern'), safe='')}"


def words(rule: Heard) -> str:
    """A rule in a line."""
    return f"{rule.word('action')} {rule.word('deed')} {rule.word('pattern')}"


def item(key: str, rule: Heard) -> Item:
    """A rule as one of a list, with others of its source and file."""
    group = f"{rule.word('source')}  {rule.word('file')}".strip()
    return Item(key, f"{rule.word('action'):<6}{rule.word('deed'):<8} {rule.word('pattern')}", group=group)
