"""Signed channels: which keys a profile's site is signed with, and which root goes into archives and installers.

Without `[channel] keys` in release.toml nothing is signed. A local profile with no private keys at hand signs with
throwaway keys of its own folder of results, so that everybody can rehearse and nobody learns a secret.
"""

import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from release import disk
from release.errors import ConfigInvalidError, KeysMissingError
from release.model import Kind, Release
from release.product import Product, Profile
from release.signing import roles

if TYPE_CHECKING:  # what signs takes long to import, and most verbs sign nothing
    from securesystemslib.signer import CryptoSigner

    from release.signing.private import Private
    from release.signing.public import Public, Role

# Beside the program, in every archive: the root that its updates are trusted by.
TRUST_FILE = "update-root.json"
ROOT_FILE = "root.json"  # among the public keys of a folder; without it there are none
THROWAWAY = "keys"  # in the folder of results


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """The keys of a site: what everybody sees of them, and where their private halves are looked for."""

    public: "Public"
    private: "Private"
    throwaway: bool

    def can(self, name: str) -> bool:
        """Whether enough keys of a role are at hand."""
        role = self.public.role(name)
        usable = [key for keyid, key in role.keys.items() if keyid not in self.public.revoked]
        return len(self.private.signers(name, usable)) >= role.threshold

    def sign(self, name: str, role: "Role") -> "tuple[CryptoSigner, ...]":
        """Enough signers of a role, none of them revoked.

        Raises:
            KeyMissingError: too few are at hand.
            KeyUnfitError, PassphraseError: what is at hand cannot be used.
        """
        from release.signing import private

        usable = [key for keyid, key in role.keys.items() if keyid not in self.public.revoked]
        found = self.private.signers(name, usable)
        if len(found) < role.threshold:
            raise private.missing(name, len(found), role.threshold)
        return found


def folder(product: Product) -> Path | None:
    """Where the public part of the keys is, or is going to be; None where nothing is signed."""
    own = roles.table(product)
    return product.root / own.keys if own.keys else None


def trust(product: Product, profile: Profile, at_hand: "Private | None" = None) -> Trust | None:
    """The keys of a profile's site; None where nothing is signed.

    Args:
        product: with its folder of results.
        profile: whose site it is.
        at_hand: where private keys are looked for; what the environment says when None.

    Raises:
        KeysMissingError: the project has no keys, and its places are not of this machine.
        KeysInvalidError: its public keys do not fit together.
        ConfigInvalidError: the channels have no place in common.
    """
    where = folder(product)
    if where is None or product.results is None:
        return None
    from release.signing import private, public

    _need_one_place(profile)
    found, given = public.read(where), at_hand or private.at_hand()
    if profile.local and (found is None or not given.some):
        ours = product.results / THROWAWAY
        return Trust(public=_throwaway(product, ours), private=private.only(ours), throwaway=True)
    if found is None:
        raise _none(where)
    return Trust(public=found, private=given, throwaway=False)


def _need_one_place(profile: Profile) -> None:
    """Refuse places that are another one for each stream or version: a signed site knows all of them."""
    text = profile.places.get("channel", "")
    if "{package}" in text or text.startswith("github:"):
        raise ConfigInvalidError(
            f"channel = '{text}' is not one place for all channels, and a signed site has to be",
            hint="give the channel a folder or a repository without {package} in its address",
        )


def root(product: Product, profile: Profile) -> bytes | None:
    """The root that the clients of a profile's site trust; None without signing, or where there are no keys yet.

    Raises:
        KeysInvalidError: the project's public keys do not fit together.
    """
    where = folder(product)
    if where is None:
        return None
    if product.results is not None and profile.local:
        found = trust(product, profile)
        return found.public.roots[-1] if found else None
    there = _read(where)
    return there.roots[-1] if there else None


def carried(product: Product, results: Path) -> bytes | None:
    """The root that a build puts beside the program: the project's, or else a throwaway one; None without signing.

    Raises:
        KeysInvalidError: the project's public keys do not fit together.
    """
    where = folder(product)
    if where is None:
        return None
    found = _read(where) or _throwaway(product, results / THROWAWAY)
    return found.roots[-1]


def ours(product: Product) -> bool:
    """Whether the project has keys of its own."""
    where = folder(product)
    return where is not None and _read(where) is not None


def distrusted(product: Product, release: Release) -> bool:
    """Whether an archive carries a root that is none of the project's, such as a throwaway one.

    Raises:
        KeysMissingError, KeysInvalidError: the project has no keys, or they do not fit together.
    """
    where = folder(product)
    if where is None:
        return False
    found = _read(where)
    if found is None:
        raise _none(where)
    trusted = {hashlib.sha256(each).hexdigest() for each in found.roots}
    return any(each.kind is Kind.ARCHIVE and each.trust not in trusted for each in release.artifacts)


def _read(where: Path) -> "Public | None":
    """The public keys in a folder; None without paying for what reads them, where there are none."""
    if not (where / ROOT_FILE).exists():
        return None
    from release.signing import public

    return public.read(where)


def _none(where: Path) -> KeysMissingError:
    return KeysMissingError(
        f"there are no keys in {where} to sign the channels with",
        hint="make some with `release keys init`, and commit their public part; docs/signed-channels.md",
    )


def _throwaway(product: Product, ours: Path) -> "Public":
    """The keys of a folder of results, made when they are first needed; they appear whole, whoever else makes some."""
    from release.signing import making, private, public

    if (found := public.read(ours)) is not None:
        return found
    fresh = making.first({}, {}, roles.table(product), datetime.now(UTC))
    with disk.guarded(ours):
        disk.claimed(ours.parent)
        partial = Path(tempfile.mkdtemp(prefix=f".{ours.name}-", suffix=disk.PARTIAL, dir=ours.parent))
        try:
            for name, signers in fresh.signers.items():
                for signer in signers:
                    private.write(signer, name, partial, "")
            public.write(partial, fresh.public)
            partial.rename(ours)
        except FileExistsError:
            pass  # another run was faster
        except OSError:
            if not ours.is_dir():
                raise
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return public.read(ours) or fresh.public
