"""The verb keys: how the keys of the signed channels come and go, in ceremonies of one person or of several.

What a ceremony changes is written to the committed folder of public keys. Where enough signatures are at hand it is
in force at once; where they are not it waits in the folder `pending`, and `sign` adds those of one person more.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from securesystemslib.signer import CryptoSigner, Key
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root, Targets

from release import disk, signing
from release.errors import ConfigInvalidError, KeysInvalidError, KeysMissingError, KeyUnfitError, PassphraseError
from release.product import Product
from release.signing import making, metadata, private, public, roles
from release.signing.private import Private
from release.signing.public import Public, Role

PENDING = "pending"
SHORTEST = 8  # digits of a key's id that name it
PUBLIC_ENDING = ".public.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceremony:
    """Who holds one, and where.

    Attributes:
        folder: of the public keys.
        at_hand: the private keys of whoever holds it.
        passphrase: for new key files.
        now: the time.
    """

    product: Product
    folder: Path
    at_hand: Private
    passphrase: str
    now: datetime

    @property
    def home(self) -> Path:
        """The folder for new private keys.

        Raises:
            KeyUnfitError: there is none, or it lies in the project.
        """
        home = self.at_hand.folder
        if home is None:
            raise KeyUnfitError(
                "there is no folder for new private keys", hint="give --private DIR, outside of this project"
            )
        if home.absolute().resolve().is_relative_to(self.product.root.resolve()):
            raise KeyUnfitError(
                f"{home} lies in the project, and private keys do not belong in a repository",
                hint="give --private a folder elsewhere, on a medium that is not always connected",
            )
        return home


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a ceremony came to: the keys in force, what waits for signatures, and the private keys that were made."""

    public: Public | None
    pending: tuple[str, ...]
    made: tuple[Path, ...]


def begun(product: Product, at_hand: Private, passphrase: str, now: datetime) -> Ceremony:
    """A ceremony for a product.

    Raises:
        ConfigInvalidError: release.toml names no folder of keys.
    """
    folder = signing.folder(product)
    if folder is None:
        raise ConfigInvalidError("release.toml names no folder of keys", hint='add [channel] with keys = "keys"')
    return Ceremony(product=product, folder=folder, at_hand=at_hand, passphrase=passphrase, now=now)


def in_force(ceremony: Ceremony) -> Public:
    """The keys that there are.

    Raises:
        KeysMissingError: there are none.
        KeysInvalidError: they do not fit together.
    """
    found = public.read(ceremony.folder)
    if found is None:
        raise KeysMissingError(f"there are no keys in {ceremony.folder}", hint="make some with `release keys init`")
    return found


# --- ceremonies --------------------------------------------------------------------------------------------


def init(
    ceremony: Ceremony, counts: Mapping[str, int], thresholds: Mapping[str, int], others: Iterable[Path] = ()
) -> Outcome:
    """Make the first keys; `others` are public keys that other people made for themselves, of any role.

    Raises:
        KeysInvalidError: there are keys already, or a threshold that the keys cannot reach.
        KeyUnfitError, PassphraseError, DiskFullError, WriteError: see `Ceremony` and `private.write`.
    """
    if public.read(ceremony.folder) is not None or pending(ceremony.folder):
        raise KeysInvalidError(
            f"there are keys in {ceremony.folder} already", hint="change them with `release keys rotate` or `revoke`"
        )
    brought = _brought(others)
    made = {
        name: [private.made() for _ in range(max(0, counts.get(name, 1) - len(brought.get(name, []))))]
        for name in roles.NAMES
    }
    given = {
        name: _role(name, [*brought.get(name, []), *(each.public_key for each in signers)], thresholds.get(name, 1))
        for name, signers in made.items()
    }
    own = roles.table(ceremony.product)
    root, top = making.root_of(given, 1, own, ceremony.now), making.targets_of(given, 1, own, ceremony.now)
    return _held(ceremony, None, root, top, made, frozenset())


def rotate(ceremony: Ceremony, names: Sequence[str], *, others: Iterable[Path] = ()) -> Outcome:
    """Replace all keys of some roles by as many new ones; nobody is distrusted for it.

    Raises:
        KeysMissingError, KeysInvalidError, KeyUnfitError, PassphraseError: see `in_force` and `Ceremony`.
    """
    now, brought = in_force(ceremony), _brought(others)
    given = of_every_role(now)
    made: dict[str, list[CryptoSigner]] = {}
    for name in names:
        _known(name)
        new = brought.get(name, [])
        made[name] = [private.made() for _ in range(len(given[name].keys) - len(new))]
        given[name] = _role(name, [*new, *(each.public_key for each in made[name])], given[name].threshold)
    return _changed(ceremony, now, given, made, now.revoked)


def renew(ceremony: Ceremony) -> Outcome:
    """Sign root and targets again, with the keys that they have, for another period."""
    now = in_force(ceremony)
    given = of_every_role(now)
    return _changed(ceremony, now, given, {}, now.revoked, everything=True)


def revoke(ceremony: Ceremony, texts: Sequence[str]) -> Outcome:
    """Take keys that others may hold out of every role; where too few are left, new ones take their place.

    Raises:
        KeysInvalidError: no key, or more than one, has such an id.
        KeysMissingError, KeyUnfitError, PassphraseError: see `in_force` and `Ceremony`.
    """
    now = in_force(ceremony)
    given = of_every_role(now)
    gone = frozenset(_identified(given, text) for text in texts)
    made: dict[str, list[CryptoSigner]] = {}
    for name, role in given.items():
        left = [key for keyid, key in role.keys.items() if keyid not in gone]
        if len(left) == len(role.keys):
            continue
        made[name] = [private.made() for _ in range(max(0, role.threshold - len(left)))]
        given[name] = _role(name, [*left, *(each.public_key for each in made[name])], role.threshold)
    return _changed(ceremony, now, given, made, now.revoked | gone)


def make(ceremony: Ceremony, name: str) -> tuple[Path, Path]:
    """Make one key for somebody: the private key file, and the public half for whoever holds the ceremony."""
    _known(name)
    signer = private.made()
    path = private.write(signer, name, ceremony.home, _secret(ceremony))
    beside = path.with_name(path.name.removesuffix(private.ENDING) + PUBLIC_ENDING)
    key = signer.public_key
    content = {"role": name, "keyid": key.keyid, "key": key.to_dict()}
    disk.write(beside, (json.dumps(content, indent=2) + "\n").encode())
    return path, beside


def sign(ceremony: Ceremony) -> Outcome:
    """Add the signatures of the keys at hand to what waits, and put in force what has enough.

    Raises:
        KeysMissingError: nothing waits.
        KeyMissingError: no key that may sign it is at hand.
    """
    names = pending(ceremony.folder)
    if not names:
        raise KeysMissingError("nothing waits for a signature", hint="`release keys show` says whose move it is")
    now = public.read(ceremony.folder)
    root, top = waiting(ceremony.folder, names)
    revoked = _revoked(ceremony.folder / PENDING) if now is None else now.revoked | _revoked(ceremony.folder / PENDING)
    before = _signatures(root) + _signatures(top)
    _sign(ceremony.at_hand, now, root, top, {})
    if _signatures(root) + _signatures(top) == before:
        raise private.missing("root or targets", 0, 1)
    return _settled(ceremony, now, root, top, revoked, ())


# --- how -----------------------------------------------------------------------------------------------------


def _held(
    ceremony: Ceremony,
    now: Public | None,
    root: Root | None,
    top: Targets | None,
    made: Mapping[str, Sequence[CryptoSigner]],
    revoked: frozenset[str],
) -> Outcome:
    """Write new private keys, sign, and write what came of it; a failure leaves no key that no public file names."""
    secret = _secret(ceremony) if any(made.values()) else ""
    new_root, new_top = Metadata(root) if root else None, Metadata(top) if top else None
    _sign(ceremony.at_hand, now, new_root, new_top, made)
    written: dict[str, Path] = {}
    try:
        for name, each in ((name, each) for name, found in made.items() for each in found):
            written[each.public_key.keyid] = private.write(each, name, ceremony.home, secret)
        return _settled(ceremony, now, new_root, new_top, revoked, tuple(written.values()))
    except BaseException:
        # What is in force already, or waits for signatures, could never be followed by anything without its keys.
        named = _named(ceremony.folder)
        for keyid, path in written.items():
            if keyid not in named:
                path.unlink(missing_ok=True)
        raise


def _named(folder: Path) -> str:
    """All that stands in the public files, as far as they are there."""
    with disk.guarded(folder):
        found = [path.read_bytes() for path in sorted(folder.rglob("*.json")) if path.is_file()]
    return b"".join(found).decode(errors="replace")


def _changed(
    ceremony: Ceremony,
    now: Public,
    given: Mapping[str, Role],
    made: Mapping[str, Sequence[CryptoSigner]],
    revoked: frozenset[str],
    *,
    everything: bool = False,
) -> Outcome:
    """A new root and new targets metadata, each only where something in it is another."""
    if pending(ceremony.folder):
        raise KeysInvalidError(
            "another change waits for signatures", hint=f"sign it, or remove {ceremony.folder / PENDING}"
        )
    own, before = roles.table(ceremony.product), of_every_role(now)
    other = {name for name in roles.NAMES if everything or list(given[name].keys) != list(before[name].keys)}
    root = top = None
    if other & {*roles.OFFLINE, *roles.ONLINE}:
        root = making.root_of(given, now.root.signed.version + 1, own, ceremony.now)
    if other - {roles.ROOT, *roles.ONLINE}:
        top = making.targets_of(given, now.top.signed.version + 1, own, ceremony.now)
    return _held(ceremony, now, root, top, made, revoked)


def _sign(
    at_hand: Private,
    now: Public | None,
    root: Metadata[Root] | None,
    top: Metadata[Targets] | None,
    made: Mapping[str, Sequence[CryptoSigner]],
) -> None:
    """Add every signature that can be made: of a root, also with the keys of the one before it."""
    keys: dict[str, dict[str, Key]] = {roles.ROOT: {}, roles.TARGETS: {}}
    for each in (now.root.signed if now else None, root.signed if root else None):
        if each is not None:
            keys[roles.ROOT] |= {keyid: each.keys[keyid] for keyid in each.roles[roles.ROOT].keyids}
    newest = root.signed if root else now.root.signed if now else None
    if newest is not None:
        keys[roles.TARGETS] |= {keyid: newest.keys[keyid] for keyid in newest.roles[roles.TARGETS].keyids}
    if root is not None:
        _add(root, [*at_hand.signers(roles.ROOT, keys[roles.ROOT].values()), *made.get(roles.ROOT, ())])
    if top is not None:
        _add(top, [*at_hand.signers(roles.TARGETS, keys[roles.TARGETS].values()), *made.get(roles.TARGETS, ())])


def _add[T: (Root, Targets)](unsigned: Metadata[T], signers: Sequence[CryptoSigner]) -> None:
    for signer in sorted(signers, key=lambda each: each.public_key.keyid):
        unsigned.sign(signer, append=True)


def _settled(
    ceremony: Ceremony,
    now: Public | None,
    root: Metadata[Root] | None,
    top: Metadata[Targets] | None,
    revoked: frozenset[str],
    made: tuple[Path, ...],
) -> Outcome:
    """Put in force what fits together, and leave the rest waiting."""
    base = now or Public(roots=(), targets=(), revoked=frozenset())
    roots = (*base.roots, metadata.written(root)) if root else base.roots
    tops = (*base.targets, metadata.written(top)) if top else base.targets
    aside = ceremony.folder / PENDING
    for new_roots, new_tops in ((roots, tops), (roots, base.targets), (base.roots, tops)):
        wanted = replace(base, roots=new_roots, targets=new_tops, revoked=revoked)
        if wanted.roots and wanted.targets and (new_roots, new_tops) != (base.roots, base.targets) and _fits(wanted):
            public.write(ceremony.folder, wanted)
            left_root, left_top = root if new_roots != roots else None, top if new_tops != tops else None
            _wait(aside, left_root, left_top, revoked)
            return Outcome(public=wanted, pending=pending(ceremony.folder), made=made)
    _wait(aside, root, top, revoked)
    return Outcome(public=now, pending=pending(ceremony.folder), made=made)


def _fits(wanted: Public) -> bool:
    try:
        public.check(wanted)
    except (RepositoryError, ValueError):
        return False
    return True


def _wait(folder: Path, root: Metadata[Root] | None, top: Metadata[Targets] | None, revoked: frozenset[str]) -> None:
    """Leave what waits in its folder, and nothing else of ours there."""
    files: dict[str, bytes] = {}
    if root is not None:
        files[f"{root.signed.version}.{roles.ROOT}.json"] = metadata.written(root)
    if top is not None:
        files[f"{top.signed.version}.{roles.TARGETS}.json"] = metadata.written(top)
    if files and revoked:
        files[public.REVOKED_FILE] = (json.dumps(sorted(revoked), indent=2) + "\n").encode()
    for name, content in files.items():
        disk.write(folder / name, content)
    with disk.guarded(folder):
        for path in folder.glob("*.json"):
            if path.name not in files:
                path.unlink()
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def pending(folder: Path) -> tuple[str, ...]:
    """The names of what waits for signatures."""
    return tuple(sorted(path.name for path in (folder / PENDING).glob("[1-9]*.json")))


def waiting(folder: Path, names: Iterable[str]) -> tuple[Metadata[Root] | None, Metadata[Targets] | None]:
    """What waits for signatures, out of its files."""
    root: Metadata[Root] | None = None
    top: Metadata[Targets] | None = None
    try:
        for name in names:
            content = (folder / PENDING / name).read_bytes()
            if name.endswith(f".{roles.ROOT}.json"):
                root = metadata.parsed(Metadata[Root], content)
            else:
                top = metadata.parsed(Metadata[Targets], content)
    except ValueError as error:
        raise KeysInvalidError(
            f"{folder / PENDING} holds what is no metadata: {error}", hint="remove it and hold the ceremony again"
        ) from None
    return root, top


def _revoked(folder: Path) -> frozenset[str]:
    path = folder / public.REVOKED_FILE
    try:
        return public.ids(path.read_bytes()) if path.exists() else frozenset()
    except ValueError:
        raise KeysInvalidError(
            f"{path} is no list of ids", hint=f"remove {folder} and hold the ceremony again"
        ) from None


def _signatures(unsigned: Metadata[Root] | Metadata[Targets] | None) -> int:
    return len(unsigned.signatures) if unsigned else 0


def of_every_role(now: Public) -> dict[str, Role]:
    """The keys in force, by role."""
    return {name: now.role(name) for name in roles.NAMES}


def _role(name: str, keys: Sequence[Key], threshold: int) -> Role:
    found = {key.keyid: key for key in keys}
    if not 1 <= threshold <= len(found):
        raise KeysInvalidError(
            f"of {len(found)} keys of the role {name}, {threshold} cannot sign",
            hint="ask for a threshold between 1 and that",
        )
    return Role(keys=found, threshold=threshold)


def _known(name: str) -> None:
    if name not in roles.NAMES:
        raise KeysInvalidError(f"no role is called '{name}'", hint="the roles are " + ", ".join(roles.NAMES))


def _identified(given: Mapping[str, Role], text: str) -> str:
    """The one key whose id begins so."""
    every = {keyid for role in given.values() for keyid in role.keys}
    found = [keyid for keyid in every if keyid.startswith(text.lower())] if len(text) >= SHORTEST else []
    if len(found) != 1:
        raise KeysInvalidError(
            f"'{text}' names {len(found)} keys", hint=f"give at least {SHORTEST} digits of an id of `release keys show`"
        )
    return found[0]


def _brought(files: Iterable[Path]) -> dict[str, list[Key]]:
    """Public keys that other people made with `release keys make`, by role."""
    found: dict[str, list[Key]] = {}
    for path in files:
        try:
            content = json.loads(path.read_bytes())
            key, name = private.told(content["keyid"], content["key"]), content["role"]
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            raise KeyUnfitError(
                f"{path} is no public key of ed25519", hint="take a file that `release keys make` wrote"
            ) from None
        _known(name)
        found.setdefault(name, []).append(key)
    return found


def _secret(ceremony: Ceremony) -> str:
    if not ceremony.passphrase:
        raise PassphraseError(
            "new private keys need a passphrase", hint="set RELEASE_KEY_PASSPHRASE, or run it in a terminal, which asks"
        )
    return ceremony.passphrase
