"""What people said shall always be allowed in a project: a file in the state folder, to be looked at and emptied."""

from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from iterate.errors import RuleUnknown
from iterate.permissions import book
from iterate.permissions.need import Deed
from iterate.permissions.rules import Rule

# So many are kept for a project; the oldest go.
MOST = 500
KIND = "always"


class _Row(Struct, frozen=True, kw_only=True):
    deed: Deed
    pattern: str


class _Page(book.Page[_Row], frozen=True, kw_only=True):
    pass


def read(folder: Path, root: Path) -> tuple[Rule, ...]:
    """The rules of a project; `folder` is where all of them lie, `root` the project's folder, resolved."""
    if not folder.is_dir():
        return ()
    path = book.path_of(folder, root, KIND)
    return tuple(_rule(row, path) for row in book.read(path, root, _Page))


def add(folder: Path, root: Path, rules: Iterable[Rule]) -> None:
    """Remember what these rules allow; raises `StateUnusable`."""
    new = tuple(_Row(deed=rule.deed, pattern=rule.pattern) for rule in rules if rule.action == "allow")
    path = book.path_of(folder, root, KIND)
    if new:
        book.change(path, root, _Page, lambda rows: tuple(dict.fromkeys((*rows, *new)))[-MOST:])


def forget(folder: Path, root: Path, deed: Deed | None = None, pattern: str = "") -> tuple[Rule, ...]:
    """Take back one rule, or all of a deed, or all; those are returned. Raises `RuleUnknown` and `StateUnusable`."""
    path = book.path_of(folder, root, KIND)
    gone: list[_Row] = []

    def kept(rows: tuple[_Row, ...]) -> tuple[_Row, ...]:
        gone.extend(row for row in rows if deed in (None, row.deed) and pattern in ("", row.pattern))
        return tuple(row for row in rows if row not in gone)

    if not any(deed in (None, rule.deed) and pattern in ("", rule.pattern) for rule in read(folder, root)):
        wanted = " ".join(filter(None, (deed, pattern)))
        raise RuleUnknown(f"nothing is remembered for {wanted or root}")
    book.change(path, root, _Page, kept)
    return tuple(_rule(row, path) for row in gone)


def _rule(row: _Row, path: Path) -> Rule:
    return Rule(deed=row.deed, pattern=row.pattern, action="allow", source="always", where=str(path))
