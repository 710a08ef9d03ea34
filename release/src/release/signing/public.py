"""The public part of the keys: every root and targets metadata that was ever in force, as committed files.

`N.root.json` and `N.targets.json` are the chain, `root.json` is a copy of the newest root, which archives carry;
`revoked.json` lists the ids of keys that somebody else may hold.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Key, Metadata, Root, Targets

from release import disk
from release.errors import KeysInvalidError
from release.signing import ROOT_FILE, roles

REVOKED_FILE = "revoked.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """The keys of a role, and how many of them must sign."""

    keys: Mapping[str, Key]
    threshold: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Public:
    """What everybody may see of the keys.

    Attributes:
        roots: the content of each root, from the first to the one in force.
        targets: the same of the targets metadata.
        revoked: ids of keys whose signatures count no more, wherever they stand.
    """

    roots: tuple[bytes, ...]
    targets: tuple[bytes, ...]
    revoked: frozenset[str]

    @property
    def root(self) -> Metadata[Root]:
        """The root in force."""
        return Metadata[Root].from_bytes(self.roots[-1])

    @property
    def top(self) -> Metadata[Targets]:
        """The targets metadata in force, which delegates to the channels' roles."""
        return Metadata[Targets].from_bytes(self.targets[-1])

    def role(self, name: str) -> Role:
        """The keys of a role."""
        return _role(self.root.signed, self.top.signed, name)

    def earlier(self, name: str) -> tuple[Role, ...]:
        """The keys that a channel's role had before, newest first."""
        root = self.root.signed
        tops = [Metadata[Targets].from_bytes(content).signed for content in reversed(self.targets[:-1])]
        return tuple(_role(root, top, name) for top in tops if _delegates(top, name))


def _delegates(top: Targets, name: str) -> bool:
    return top.delegations is not None and name in (top.delegations.roles or {})


def _role(root: Root, top: Targets, name: str) -> Role:
    if name in root.roles:
        found, keys = root.roles[name], root.keys
    else:
        delegations = top.delegations
        if delegations is None or delegations.roles is None or not _delegates(top, name):
            raise KeysInvalidError(f"the targets metadata delegates to no role {name}", hint="see `release keys show`")
        found, keys = delegations.roles[name], delegations.keys
    return Role(keys={keyid: keys[keyid] for keyid in found.keyids}, threshold=found.threshold)


def read(folder: Path) -> Public | None:
    """The public keys in a folder; None where there are none yet.

    Raises:
        KeysInvalidError: they are not what `release keys` wrote: a gap, or a signature that is missing.
    """
    with disk.guarded(folder):
        if not (folder / ROOT_FILE).exists():
            return None
        roots, targets = _chain(folder, roles.ROOT), _chain(folder, roles.TARGETS)
        revoked = (folder / REVOKED_FILE).read_bytes() if (folder / REVOKED_FILE).exists() else b"[]"
        newest = (folder / ROOT_FILE).read_bytes()
    try:
        found = Public(roots=roots, targets=targets, revoked=ids(revoked))
        check(found)
    except (RepositoryError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise KeysInvalidError(
            f"{folder} holds no keys that fit together: {error}", hint="take its files from the repository's history"
        ) from None
    if newest != roots[-1]:
        raise KeysInvalidError(
            f"{folder / ROOT_FILE} is not the newest root", hint=f"copy {len(roots)}.{ROOT_FILE} over it"
        )
    return found


def ids(content: bytes) -> frozenset[str]:
    """The ids of keys that a file lists; raises `ValueError` when it is no such list."""
    found = json.loads(content)
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise ValueError(f"{REVOKED_FILE} is no list of ids")
    return frozenset(found)


def _chain(folder: Path, role: str) -> tuple[bytes, ...]:
    numbers = sorted(
        int(match[1]) for path in folder.iterdir() if (match := re.fullmatch(rf"([1-9]\d*)\.{role}\.json", path.name))
    )
    if not numbers or numbers != list(range(1, len(numbers) + 1)):
        raise KeysInvalidError(
            f"{folder} holds the {role} metadata {numbers}, not 1 and all that follow",
            hint="take its files from the repository's history",
        )
    return tuple((folder / f"{number}.{role}.json").read_bytes() for number in numbers)


def check(found: Public) -> None:
    """Hold every root against the one before it and itself, and the targets against the root in force."""
    before: Metadata[Root] | None = None
    for number, content in enumerate(found.roots, start=1):
        root = Metadata[Root].from_bytes(content)
        if root.signed.version != number:
            raise ValueError(f"{number}.{ROOT_FILE} says it is {root.signed.version}")
        for signer in filter(None, (before, root)):
            signer.verify_delegate(roles.ROOT, root)
        before = root
    for number, content in enumerate(found.targets, start=1):
        if Metadata[Targets].from_bytes(content).signed.version != number:
            raise ValueError(f"{number}.targets.json says it is another")
    found.root.verify_delegate(roles.TARGETS, found.top)


def write(folder: Path, found: Public) -> None:
    """Write the files; each whole, and root.json last, which is what says that there are keys."""
    for role, chain in ((roles.ROOT, found.roots), (roles.TARGETS, found.targets)):
        for number, content in enumerate(chain, start=1):
            path = folder / f"{number}.{role}.json"
            if not path.exists() or path.read_bytes() != content:
                disk.write(path, content)
    if found.revoked or (folder / REVOKED_FILE).exists():
        disk.write(folder / REVOKED_FILE, (json.dumps(sorted(found.revoked), indent=2) + "\n").encode())
    disk.write(folder / ROOT_FILE, found.roots[-1])
