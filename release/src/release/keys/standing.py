"""What keys there are, what waits for signatures, and whose move is next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tuf.api.metadata import Root

from release.keys import Ceremony, in_force, of_every_role, pending, waiting
from release.signing import private, public, roles
from release.signing.public import Public

SOON = timedelta(days=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A role: its keys, how many must sign, and when its signature in the committed files ends (None: on the site)."""

    role: str
    keyids: tuple[str, ...]
    threshold: int
    expires: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The keys, what waits, and whose move is next, as sentences."""

    rows: tuple[Row, ...]
    revoked: tuple[str, ...]
    pending: tuple[str, ...]
    moves: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {
            "roles": [
                {
                    "role": row.role,
                    "keyids": list(row.keyids),
                    "threshold": row.threshold,
                    "expires": f"{row.expires:%Y-%m-%dT%H:%M:%SZ}" if row.expires else None,
                }
                for row in self.rows
            ],
            "revoked": list(self.revoked),
            "pending": list(self.pending),
            "moves": list(self.moves),
        }


def show(ceremony: Ceremony) -> Standing:
    """What there is.

    Raises:
        KeysMissingError: no keys, and none that wait for signatures.
        KeysInvalidError: they do not fit together.
    """
    names = pending(ceremony.folder)
    now = public.read(ceremony.folder) if names else in_force(ceremony)
    ends = {roles.ROOT: now.root.signed.expires, roles.TARGETS: now.top.signed.expires} if now else {}
    rows = tuple(
        Row(role=name, keyids=tuple(role.keys), threshold=role.threshold, expires=ends.get(name))
        for name, role in (of_every_role(now) if now else {}).items()
    )
    return Standing(
        rows=rows,
        revoked=tuple(sorted(now.revoked)) if now else (),
        pending=names,
        moves=(*_lacking(ceremony, now, names), *_ending(ends, ceremony.now)),
    )


def _lacking(ceremony: Ceremony, now: Public | None, names: Sequence[str]) -> list[str]:
    """Who has to sign what waits."""
    root, top = waiting(ceremony.folder, names)
    lacks = []
    for before in (now.root.signed if now else None, root.signed if root else None):
        if root is not None and before is not None:
            lacks += _missing(f"{root.signed.version}.root.json", before, roles.ROOT, set(root.signatures))
    newest = root.signed if root else now.root.signed if now else None
    if top is not None and newest is not None:
        lacks += _missing(f"{top.signed.version}.targets.json", newest, roles.TARGETS, set(top.signatures))
    return list(dict.fromkeys(lacks))


def _missing(name: str, root: Root, role: str, signed: set[str]) -> list[str]:
    found = root.roles[role]
    left = [keyid for keyid in found.keyids if keyid not in signed]
    need = found.threshold - (len(found.keyids) - len(left))
    ids = ", ".join(map(private.short, left))
    return [f"{name} waits for {need} of the keys {ids}: `release keys sign`"] if need > 0 else []


def _ending(ends: Mapping[str, datetime], now: datetime) -> list[str]:
    return [
        f"the signature of {name} ends on {end:%Y-%m-%d}: its holders run `release keys renew`"
        for name, end in ends.items()
        if end - now < SOON
    ]
