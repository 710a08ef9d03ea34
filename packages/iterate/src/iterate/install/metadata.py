"""The signed files of a TUF repository as values, and who has to have signed them; nothing is decided here.

The format is that of the TUF specification 1.0, section 4, in the JSON that python-tuf writes. What a file holds beside
the fields below is signed with the rest, and not looked at.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec

from iterate.errors import SiteNotTrusted
from iterate.install import ed25519

type Json = bool | int | str | list[Json] | dict[str, Json] | None

_Version = Annotated[int, msgspec.Meta(ge=1)]
_Moment = Annotated[datetime, msgspec.Meta(tz=True)]
_Digest = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
# A role's name is part of the name of its file, which is asked of servers and written on this machine.
_Name = Annotated[str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9-]{0,99}$")]


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """A public key; one of a kind that is not known here signs nothing."""

    keytype: str
    scheme: str
    keyval: dict[str, object]

    def public(self) -> bytes:
        """The key itself when it is one of Ed25519, else nothing."""
        match self.keyval.get("public"):
            case str(text) if (self.keytype, self.scheme) == ("ed25519", "ed25519"):
                return bytes.fromhex(text) if re.fullmatch("[0-9a-f]{64}", text) else b""
            case _:
                return b""


class Signers(msgspec.Struct, frozen=True, kw_only=True):
    """The keys of a role by their ids, and how many of them it takes."""

    keyids: tuple[str, ...]
    threshold: _Version


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """What a signed file says about another one."""

    version: _Version
    length: Annotated[int, msgspec.Meta(ge=0)] | None = None
    hashes: dict[str, str] | None = None


class Hashes(msgspec.Struct, frozen=True, kw_only=True):
    """Others may stand beside it."""

    sha256: _Digest


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Size in bytes and SHA-256 of a file that the repository is there for."""

    length: Annotated[int, msgspec.Meta(ge=0)]
    hashes: Hashes


class RootRoles(msgspec.Struct, frozen=True, kw_only=True):
    """Who signs which of the four top roles."""

    root: Signers
    timestamp: Signers
    snapshot: Signers
    targets: Signers


class Root(msgspec.Struct, frozen=True, kw_only=True):
    """Says whose keys sign what."""

    type: Literal["root"] = msgspec.field(name="_type")
    spec_version: str
    version: _Version
    expires: _Moment
    keys: dict[str, Key]
    roles: RootRoles
    consistent_snapshot: bool


class Newest(msgspec.Struct, frozen=True, kw_only=True):
    """The one file that a timestamp names."""

    snapshot: Listed = msgspec.field(name="snapshot.json")


class Timestamp(msgspec.Struct, frozen=True, kw_only=True):
    """Says which snapshot is the newest; it lapses soon, so that nobody can keep an old one alive."""

    type: Literal["timestamp"] = msgspec.field(name="_type")
    spec_version: str
    version: _Version
    expires: _Moment
    meta: Newest


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Says which versions of all other files belong together."""

    type: Literal["snapshot"] = msgspec.field(name="_type")
    spec_version: str
    version: _Version
    expires: _Moment
    meta: dict[str, Listed]


class Delegated(msgspec.Struct, frozen=True, kw_only=True):
    """A role that may sign for targets whose paths match one of these patterns, segment by segment."""

    name: _Name
    keyids: tuple[str, ...]
    threshold: _Version
    terminating: bool
    paths: tuple[str, ...] = ()

    @property
    def signers(self) -> Signers:
        """Its keys and its threshold."""
        return Signers(keyids=self.keyids, threshold=self.threshold)

    def may_sign(self, path: str) -> bool:
        """Whether the path is one of those given to it."""
        return any(_matches(pattern, path) for pattern in self.paths)


class Delegations(msgspec.Struct, frozen=True, kw_only=True):
    """The keys and the roles that a targets file trusts, in the order in which they are asked."""

    keys: dict[str, Key]
    roles: tuple[Delegated, ...] = ()


class Targets(msgspec.Struct, frozen=True, kw_only=True):
    """Files by their paths, and who else may name some."""

    type: Literal["targets"] = msgspec.field(name="_type")
    spec_version: str
    version: _Version
    expires: _Moment
    targets: dict[str, Target]
    delegations: Delegations | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed[Role: (Root, Timestamp, Snapshot, Targets)]:
    """A file as it was received, what it says, and the signatures over it, which nobody has looked at yet."""

    raw: bytes
    role: Role
    message: bytes
    signatures: Mapping[str, bytes]

    @property
    def sha256(self) -> str:
        """Of the file."""
        return hashlib.sha256(self.raw).hexdigest()

    def is_signed(self, keys: Mapping[str, Key], signers: Signers) -> bool:
        """Whether enough different keys signed it: one that has two ids, or signed twice, counts once."""
        good: set[bytes] = set()
        for key_id in dict.fromkeys(signers.keyids):
            public = keys[key_id].public() if key_id in keys else b""
            signature = self.signatures.get(key_id, b"")
            if public not in good and public and ed25519.verify(public, self.message, signature):
                good.add(public)
            if len(good) >= signers.threshold:
                return True
        return False


class _Signature(msgspec.Struct, frozen=True, kw_only=True):
    keyid: str
    sig: str


def read[Role: (Root, Timestamp, Snapshot, Targets)](raw: bytes, kind: type[Role]) -> Signed[Role]:
    """Read a file of that kind, whoever wrote it; raises `SiteNotTrusted` when it is none."""
    name = kind.__name__.lower()
    match _parsed(raw, name):
        case {"signed": dict(signed), "signatures": list(signatures)}:
            pass
        case _:
            raise SiteNotTrusted(f"the {name} file of the site has no signatures")
    try:
        role = msgspec.convert(signed, kind)
        listed = msgspec.convert(signatures, tuple[_Signature, ...])
        message = canonical(signed).encode()
        role.expires.astimezone(UTC)  # At both ends of time there are moments that UTC has no name for.
    except (msgspec.ValidationError, ValueError, OverflowError, RecursionError) as problem:
        raise SiteNotTrusted(f"the {name} file of the site is none: {problem}") from problem
    if not role.spec_version.startswith("1."):
        raise SiteNotTrusted(f"the {name} file of the site is of a TUF that is not known here: {role.spec_version}")
    # The first one of each key; further ones would count no more than that.
    found = {each.keyid: _bytes(each.sig) for each in reversed(listed)}
    return Signed(raw=raw, role=role, message=message, signatures=found)


def canonical(value: Json) -> str:
    """JSON in the one form that is signed: OLPC's canonical JSON, as securesystemslib writes it.

    No space, keys in the order of their code points, only quotes and backslashes escaped, no fractions.
    """
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case str():
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case list():
            return "[" + ",".join(map(canonical, value)) + "]"
        case dict():
            return "{" + ",".join(f"{canonical(key)}:{canonical(value[key])}" for key in sorted(value)) + "}"


def _parsed(raw: bytes, name: str) -> Json:
    try:
        content: Json = json.loads(raw.decode(), object_pairs_hook=_object, parse_float=_number, parse_constant=_number)
    except (ValueError, RecursionError) as problem:
        raise SiteNotTrusted(f"the {name} file of the site is no JSON that could be signed: {problem}") from problem
    return content


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    """An object; of two values under one name, two readers might take different ones."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is there twice")
    return found


def _number(text: str) -> Json:
    raise ValueError(f"{text} is no whole number")


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text) if re.fullmatch("[0-9a-f]{128}", text) else b""


def _matches(pattern: str, path: str) -> bool:
    """Whether a path matches a pattern with `*` and `?`, neither of which takes in a slash."""
    wild = {"*": "[^/]*", "?": "[^/]"}
    return re.fullmatch("".join(wild.get(each, re.escape(each)) for each in pattern), path) is not None
