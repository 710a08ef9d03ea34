"""What a rule is, where it comes from, and how the tables of a file of settings become rules."""

from collections.abc import Mapping
from typing import Literal, get_args

from msgspec import Struct

from iterate.errors import RuleInvalid
from iterate.permissions.need import Deed

type Action = Literal["allow", "ask", "deny"]
# From the weakest to the strongest: of rules that are no `deny`, the one of the later source counts. `obeyed` are files
# that the server starts by itself: see project/obeyed.py.
type Source = Literal["built-in", "user", "agent", "project", "environment", "always", "session", "once", "obeyed"]

DEEDS: tuple[Deed, ...] = get_args(Deed.__value__)
ACTIONS: tuple[Action, ...] = get_args(Action.__value__)
SOURCES: tuple[Source, ...] = get_args(Source.__value__)


class Rule(Struct, frozen=True, kw_only=True):
    """One line: for this deed, whatever fits the pattern is allowed, asked for or denied."""

    deed: Deed
    pattern: str
    action: Action
    source: Source
    # The file it stands in; empty for those of the program and of a session.
    where: str = ""


def table(permission: Mapping[str, str | Mapping[str, str]], source: Source, where: str = "") -> tuple[Rule, ...]:
    """The rules of a table `permission`: an action for a deed, or one for each pattern; raises `RuleInvalid`."""
    found: list[Rule] = []
    for name, given in permission.items():
        deed = next((each for each in DEEDS if each == name), None)
        if deed is None:
            raise RuleInvalid(f"permission.{name}: there is no such deed; there are {', '.join(DEEDS)}")
        rows = {"*": given} if isinstance(given, str) else given
        for pattern, word in rows.items():
            action = next((each for each in ACTIONS if each == word), None)
            if action is None:
                raise RuleInvalid(f"permission.{name}.{pattern}: {word!r} is none of {', '.join(ACTIONS)}")
            if not pattern.strip():
                raise RuleInvalid(f"permission.{name}: an empty pattern fits nothing; * fits everything")
            found.append(Rule(deed=deed, pattern=pattern, action=action, source=source, where=where))
    return tuple(found)


def tightening(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """Those that count before anybody trusted the file they stand in: what asks, and what denies."""
    return tuple(rule for rule in rules if rule.action != "allow")
