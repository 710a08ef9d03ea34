"""`iterate uninstall`: shows what it will remove, asks, and removes it."""

import json
from collections.abc import Iterator

import click

from iterate import settings
from iterate.cli.options import HELP, JSON, examples, voice
from iterate.cli.sizes import size
from iterate.errors import NotConfirmed
from iterate.install import machine
from iterate.install import removal as owners
from iterate.install import uninstall as removing
from iterate.install.copy import this_copy
from iterate.install.removal import Around
from iterate.install.uninstall import Belongings, Removal
from iterate.terminal import screen


@click.command(
    "uninstall",
    help=(
        "Remove this copy of iterate after showing what goes.\n\n"
        "Sessions and settings stay, unless --purge is given. Without a terminal to ask on, nothing "
        f"is removed without --yes: exit code {NotConfirmed.exit_code}."
    ),
    epilog=examples(
        ("iterate uninstall --dry-run", "show what would go and what would stay"),
        ("iterate uninstall --purge", "sessions and settings too"),
    ),
)
@click.option("--purge", is_flag=True, help="Remove sessions and settings and logs too.")
@click.option("--dry-run", is_flag=True, help="Show what would be removed and end.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@JSON
@HELP
def uninstall(*, purge: bool, dry_run: bool, yes: bool, as_json: bool) -> int:
    """Remove this copy."""
    here, ours = settings.read(), this_copy()
    place = machine.this_place(results_aside=as_json)
    around = Around(place, machine.this_user(), machine.this_machine(ours, ours.method, place))
    removal = removing.plan(here, ours, owners.commands(ours, around), purge=purge)
    if not as_json:
        screen.show("".join(f"{line}\n" for line in _lines(removal)))
    # Looked up before anything is gone.
    facts = _facts(removal)
    left: tuple[str, ...] = ()
    is_done = not dry_run and not removal.is_empty
    if is_done:
        _confirm(yes=yes, as_json=as_json)
        left = removing.remove(here, removal, place.run, voice())
    if as_json:
        screen.show_json_line(json.dumps({**facts, "done": is_done, "left": left}, ensure_ascii=False))
    elif is_done:
        screen.show("removed\n" + "".join(f"left  {each}\n" for each in left))
    return 0


def _confirm(*, yes: bool, as_json: bool) -> None:
    if yes:
        return
    if as_json or not screen.can_ask():
        raise NotConfirmed(
            "nothing was removed, because nobody can be asked here",
            "iterate uninstall --dry-run shows what would go; --yes goes on without asking",
        )
    if not screen.ask("Remove this?"):
        raise NotConfirmed("nothing was removed", "")


def _lines(removal: Removal) -> Iterator[str]:
    ours = removal.copy
    yield f"iterate {ours.version} at {ours.program or 'a checkout'}, installed by {ours.label}"
    rows = list(_rows(removal))
    width = max((len(what) for _, what, _ in rows), default=0)
    for heading, goes in (("goes", True), ("stays", False)):
        for what, path in [(what, path) for is_gone, what, path in rows if is_gone is goes]:
            yield f"{heading:<6}{what:<{width}}  {path}".rstrip()
    if removal.is_empty:
        yield "there is nothing to remove"
    yield from (f"note  {each}" for each in removal.notes)


def _rows(removal: Removal) -> Iterator[tuple[bool, str, str]]:
    """What there is: whether it goes, what it is, and where."""
    if not removal.is_empty:
        yield from ((True, each, "") for each in removal.servers)
    for one in removal.belongings:
        if not one.found.is_empty:
            yield one.goes, _named(one), str(one.found.folder)
        for stranger in one.found.strangers:
            yield False, "not ours, or a link", str(stranger)
    for block in removal.blocks:
        yield block.is_ours, "lines about PATH", str(block.file)
    if removal.layout is not None:
        yield True, "the command", str(removal.layout.link)
        versions = len(removal.layout.versions())
        yield True, f"{versions} version{'s' if versions > 1 else ''}, {size(removal.size)}", str(removal.layout.store)
    for words in removal.commands:
        yield True, f"what {removal.copy.label} installed", " ".join(words)


def _named(one: Belongings) -> str:
    return f"{one.what}, {size(one.found.size)}" + (f" ({one.why})" if one.why else "")


def _facts(removal: Removal) -> dict[str, object]:
    return {
        "version": removal.copy.version,
        "method": removal.copy.label,
        "program": None if removal.copy.program is None else str(removal.copy.program),
        "commands": [list(words) for words in removal.commands],
        "rows": [{"goes": goes, "what": what, "where": where} for goes, what, where in _rows(removal)],
        "notes": list(removal.notes),
    }
