"""Metadata of The Update Framework as bytes: signed, checked, and the same bytes for the same content."""

from collections.abc import Sequence
from datetime import datetime

from securesystemslib.signer import Signer
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root, Snapshot, Targets, Timestamp
from tuf.api.serialization.json import CanonicalJSONSerializer, JSONSerializer

from release.signing.public import Role


def signed[T: (Root, Snapshot, Targets, Timestamp)](content: T, signers: Sequence[Signer]) -> bytes:
    """The content with a signature of each signer, in the order of their ids."""
    made = Metadata(content)
    for signer in sorted(signers, key=lambda each: each.public_key.keyid):
        made.sign(signer, append=True)
    return written(made)


def written[T: (Root, Snapshot, Targets, Timestamp)](made: Metadata[T]) -> bytes:
    """Metadata as the bytes of its file, for people to read, too."""
    return made.to_bytes(JSONSerializer(compact=False)) + b"\n"


def valid[T: (Root, Snapshot, Targets, Timestamp)](
    role: Role, made: Metadata[T], *, without: frozenset[str] = frozenset()
) -> bool:
    """Whether enough of a role's keys have signed; `without` are ids that do not count."""
    payload = CanonicalJSONSerializer().serialize(made.signed)
    good = 0
    for keyid, key in role.keys.items():
        if keyid in made.signatures and keyid not in without:
            try:
                key.verify_signature(made.signatures[keyid], payload)
                good += 1
            except Exception:  # noqa: BLE001, S112  # whatever is wrong with it, it is no signature
                continue
    return good >= role.threshold


def parsed[T: (Root, Snapshot, Targets, Timestamp)](kind: type[Metadata[T]], content: bytes) -> Metadata[T]:
    """Metadata out of its file.

    Raises:
        ValueError: it is none.
    """
    try:
        return kind.from_bytes(content)
    except (RepositoryError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise ValueError(str(error)) from None


def whole(moment: datetime) -> datetime:
    """A time without the parts of a second, which the format does not have."""
    return moment.replace(microsecond=0)
