"""Rules tried on something: what is done about each part of it, which rule says so, where that stands, and why."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from iterate.permissions import border, shell
from iterate.permissions.judge import Judged, judge
from iterate.permissions.need import Deed, Need
from iterate.permissions.rules import Action, Rule, Source


class Tried(Struct, frozen=True, kw_only=True):
    """One part: what it would do, what is done about it, and the rule; `pattern` is empty where none decided.

    `command` is the piece of the text that would do it; `file` where the rule stands, when it stands in one.
    """

    command: str
    deed: Deed
    subject: str
    action: Action
    is_grave: bool
    why: str
    pattern: str = ""
    source: Source | None = None
    file: str = ""


class Trial(Struct, frozen=True, kw_only=True):
    """What is done about the whole, and about its parts; `lasting` is what an answer would be remembered for."""

    action: Action
    why: str
    rows: tuple[Tried, ...]
    lasting: tuple[str, ...] = ()


def command(
    text: str, rules: Sequence[Rule], root: Path, directory: Path, environment: Mapping[str, str], *, is_trusting: bool
) -> Trial:
    """Try a command of the shell."""
    return _tried(shell.needs(text, root, directory, environment), rules, root, environment, is_trusting=is_trusting)


def deed(  # One for each thing that a need is made of.
    what: Deed,
    subject: str,
    rules: Sequence[Rule],
    root: Path,
    directory: Path,
    environment: Mapping[str, str],
    *,
    is_trusting: bool,
) -> Trial:
    """Try a file to be read or edited, an address, or the name of a tool, an agent or a skill."""
    needs: tuple[Need, ...] = (Need(deed=what, subject=subject),)
    if what in ("read", "edit"):
        needs = border.needs(what, border.place(root, subject, directory, environment.get("HOME", "")))
    return _tried(needs, rules, root, environment, is_trusting=is_trusting)


def _tried(
    needs: Sequence[Need], rules: Sequence[Rule], root: Path, environment: Mapping[str, str], *, is_trusting: bool
) -> Trial:
    made = judge(needs, rules, root, home=environment.get("HOME", ""), is_trusting=is_trusting)
    rows = tuple(map(_row, made.rows))
    return Trial(action=made.action, why=made.why, rows=rows, lasting=made.patterns)


def _row(judged: Judged) -> Tried:
    need, rule = judged.need, judged.rule
    return Tried(
        command=need.via,
        deed=need.deed,
        subject=need.subject,
        action=judged.action,
        is_grave=need.is_grave,
        why=judged.why if need.is_grave or not need.why else f"{judged.why} ({need.why})",
        pattern="" if rule is None else rule.pattern,
        source=None if rule is None else rule.source,
        file="" if rule is None else rule.where,
    )
