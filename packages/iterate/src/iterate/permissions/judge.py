"""Judges what a call would do by rules: allowed, asked for, or denied; which rule decides, and why.

The order of rules does not matter. A `deny` that fits decides, wherever it stands. What is grave asks. Of the rest that
fits, the rule of the strongest source decides; of several there the one that says more; of equals the stricter. Where
none fits, it asks. A call with several needs is as strict as its strictest.
"""

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from iterate.permissions.need import Need
from iterate.permissions.patterns import CHANGES, LOOKS, exactness, fits, is_guarded, is_secret, is_started_by
from iterate.permissions.rules import ACTIONS, DEEDS, SOURCES, Action, Rule, Source
from iterate.permissions.suggest import lasting_pattern


class Judged(Struct, frozen=True, kw_only=True):
    """One need, what is done about it, and the rule that says so; None where no rule decided."""

    need: Need
    action: Action
    why: str
    rule: Rule | None = None


class Judgement(Struct, frozen=True, kw_only=True):
    """What is done about a call: its strictest need decides, and `rows` has them all.

    `lasting` are the rules that an answer `session` or `always` makes; `patterns` the same for a person to read. What
    is grave has none, so that it asks every time.
    """

    action: Action
    why: str
    rule: Rule | None = None
    rows: tuple[Judged, ...] = ()
    lasting: tuple[Rule, ...] = ()

    @property
    def patterns(self) -> tuple[str, ...]:
        """What an answer may be remembered for."""
        return tuple(f"{rule.deed} {rule.pattern}" for rule in self.lasting)


def judge(
    needs: Sequence[Need], rules: Sequence[Rule], root: Path | str, *, home: str = "", is_trusting: bool = False
) -> Judgement:
    """What is done about a call with these needs.

    Args:
        needs: what it would do; nothing is allowed.
        rules: those in force, in any order.
        root: the project's folder, which absolute patterns may begin with.
        home: what `~` in patterns stands for.
        is_trusting: run without asking, inside the sandbox: what asks is allowed where the sandbox or the undo covers
            it. What is grave, outside, guarded, or reaches the network still asks.
    """
    rows = tuple(_judged(need, rules, str(root), home, is_trusting=is_trusting) for need in needs)
    if not rows:
        return Judgement(action="allow", why="nothing that would need a word")
    worst = max(rows, key=lambda row: ACTIONS.index(row.action))
    return Judgement(action=worst.action, why=worst.why, rule=worst.rule, rows=rows, lasting=_lasting(rows, home))


def lasting(judgement: Judgement, source: Source) -> tuple[Rule, ...]:
    """The rules that an answer makes which holds for the session, or always."""
    return tuple(
        Rule(deed=each.deed, pattern=each.pattern, action="allow", source=source) for each in judgement.lasting
    )


def said(patterns: Sequence[str], source: Source) -> tuple[Rule, ...]:
    """The rules that a person wrote, each as `deed pattern`; what is none is left out."""
    made: list[Rule] = []
    for text in patterns:
        name, _, pattern = text.strip().partition(" ")
        deed = next((each for each in DEEDS if each == name), None)
        if deed is not None and pattern.strip():
            made.append(Rule(deed=deed, pattern=pattern.strip(), action="allow", source=source))
    return tuple(made)


def _judged(need: Need, rules: Sequence[Rule], root: str, home: str, *, is_trusting: bool) -> Judged:
    fitting = [rule for rule in rules if _fits(rule, need, root, home)]
    denying = [rule for rule in fitting if rule.action == "deny"]
    rule = max(denying or fitting, key=_weight, default=None)
    action: Action = "ask" if rule is None else rule.action
    why = f"no rule allows it{': ' + need.why if need.why else ''}" if rule is None else _said(rule)
    if denying:
        pass
    elif need.is_grave:
        action, rule, why = "ask", None, f"{need.why or 'much would be lost'}, asked every time"
    elif action == "allow" and need.is_opaque and _denies_commands(rules):
        action, why = "ask", "commands are denied, and what this one does is not known"
    elif action == "allow" and (hidden := _hidden(need, rules)):
        action, why = "ask", f"what it starts may be denied or asked for: {hidden.pattern}"
    elif action == "ask" and is_trusting and _is_covered(need) and not _is_obeyed(rule):
        action, why = "allow", "it runs without asking, inside the sandbox"
    return Judged(need=need, action=action, rule=rule, why=why)


def _fits(rule: Rule, need: Need, root: str, home: str) -> bool:
    if rule.deed != need.deed:
        return False
    pattern = rule.pattern
    if need.deed in ("read", "edit") and pattern.startswith(root.rstrip("/") + "/"):
        pattern = pattern[len(root.rstrip("/")) + 1 :]
    return fits(pattern, need, is_strict=rule.action != "allow", home=home)


def _weight(rule: Rule) -> tuple[int, tuple[int, int], int, str]:
    # The pattern last, so that of two which say as much always the same one is named.
    return (
        SOURCES.index(rule.source),
        exactness(rule.pattern),
        ACTIONS.index(rule.action),
        rule.pattern,
    )


def _is_obeyed(rule: Rule | None) -> bool:
    return rule is not None and rule.source == "obeyed"


def _said(rule: Rule) -> str:
    if _is_obeyed(rule):
        return f"{rule.pattern.removeprefix('./')} is started by {rule.where} of the settings, outside the sandbox"
    place = f"{rule.source} rule" + (f" in {rule.where}" if rule.where else "")
    return f"{place}: {rule.deed} {rule.pattern} = {rule.action}"


def _denies_commands(rules: Sequence[Rule]) -> bool:
    return any(
        rule.deed == "bash" and rule.action == "deny" and rule.pattern not in ("*", LOOKS, CHANGES) for rule in rules
    )


def _hidden(need: Need, rules: Sequence[Rule]) -> Rule | None:
    """The rule that a command might get around by being started by another one."""
    if need.deed != "bash" or need.is_look:
        return None
    strict = (rule for rule in rules if rule.deed == "bash" and rule.action != "allow")
    return next((rule for rule in strict if is_started_by(rule.pattern, need)), None)


def _is_covered(need: Need) -> bool:
    """Whether the sandbox confines it, or the undo takes it back."""
    if need.is_loose:
        return False
    if need.via or need.deed == "bash":
        # What is read reaches whoever runs the model.
        return need.is_found or need.deed not in ("read", "outside") or not is_secret(need.subject)
    if need.deed == "read":
        return not is_secret(need.subject)
    return need.deed in ("task", "skill") or (
        need.deed == "edit" and not is_guarded(need.subject) and not need.subject.startswith(("/", "~"))
    )


def _lasting(rows: Sequence[Judged], home: str) -> tuple[Rule, ...]:
    made: list[Rule] = []
    for row in rows:
        if row.action != "ask":
            continue
        pattern = "" if row.need.is_grave or _is_obeyed(row.rule) else lasting_pattern(row.need, home)
        if not pattern:
            # An answer that would not let the same call pass next time is not offered as one.
            return ()
        rule = Rule(deed=row.need.deed, pattern=pattern, action="allow", source="session")
        if rule not in made:
            made.append(rule)
    return tuple(made)
