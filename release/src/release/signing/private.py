"""Private keys: encrypted PEM files in a folder outside the repository, or variables of the environment.

What is in them goes to the signer and nowhere else: no message, log or traceback of ours holds any of it.
"""

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from securesystemslib.signer import CryptoSigner, Key, SSlibKey

from release import disk, settings
from release.errors import KeyMissingError, KeyUnfitError, PassphraseError
from release.signing import roles

ENDING = ".pem"
LONGEST = 1023  # bytes of a passphrase, which is what OpenSSL takes
_BLOCK = re.compile(r"-----BEGIN [A-Z ]+-----.+?-----END [A-Z ]+-----", re.DOTALL)


def short(keyid: str) -> str:
    """A key's id as people compare it, and as its file is called: the first twelve digits."""
    return keyid[:12]


def made() -> CryptoSigner:
    """A new ed25519 key."""
    return CryptoSigner.generate_ed25519()


def told(keyid: str, content: dict[str, dict[str, str]]) -> Key:
    """A public key that somebody handed over, as metadata has it.

    Raises:
        ValueError, TypeError, KeyError: it is none of ed25519, or its id is another one. A key with two ids would count
            twice here, and once where clients count.
    """
    public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(content["keyval"]["public"]))
    key = SSlibKey.from_crypto(public)
    if (key.keyid, key.to_dict()) != (keyid, content):
        raise ValueError(keyid)
    return key


def write(signer: CryptoSigner, role: str, folder: Path, passphrase: str) -> Path:
    """Write a new key file, which only its owner reads: PKCS #8, encrypted unless the passphrase is empty.

    Raises:
        DiskFullError, WriteError: it cannot be written; nothing is left behind.
        PassphraseError: the passphrase is too long, or no text.
    """
    encryption = BestAvailableEncryption(_as_bytes(passphrase)) if passphrase else NoEncryption()
    loaded = load_pem_private_key(signer.private_bytes, password=None)
    content = loaded.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    path = folder / f"{role}-{short(signer.public_key.keyid)}{ENDING}"
    with disk.guarded(folder):
        if not folder.exists():
            folder.mkdir(parents=True)
            folder.chmod(0o700)
        partial = path.with_name(f".{path.name}{disk.PARTIAL}")
        partial.unlink(missing_ok=True)
        try:
            # Never readable by others, not for a moment.
            with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    return path


@dataclass(frozen=True, slots=True, kw_only=True)
class Private:
    """Where private keys are looked for.

    Attributes:
        folder: of key files; None for none.
        variables: PEM text by role, from the environment.
        ask: gives the passphrase; asked when an encrypted key is met, and once.
    """

    folder: Path | None
    variables: dict[str, str] = field(repr=False)
    ask: Callable[[], str] = field(repr=False)
    _said: list[str] = field(default_factory=list, repr=False)

    @property
    def some(self) -> bool:
        """Whether anybody said where private keys are."""
        return self.folder is not None or bool(self.variables)

    def signers(self, role: str, keys: Iterable[Key]) -> tuple[CryptoSigner, ...]:
        """Those of a role's keys whose private half is at hand; perhaps none.

        Raises:
            KeyUnfitError: the role's variable holds another key, or a file is none.
            PassphraseError: a key is encrypted, and the passphrase is missing or wrong.
        """
        wanted = {key.keyid: key for key in keys}
        found = {keyid: signer for keyid in wanted if (signer := self._from_folder(keyid)) is not None}
        variable = roles.variable(role)
        # Some secret stores keep a text in one line.
        text = self.variables.get(role, "").replace("\\n", "\n")
        for block in _BLOCK.findall(text):
            signer = self._loaded(block.encode(), variable)
            if signer.public_key.keyid not in wanted:
                raise KeyUnfitError(
                    f"{variable} holds the key {short(signer.public_key.keyid)}, which is none of the role {role}",
                    hint=f"`release keys show` lists the role's keys; put one of them into {variable}",
                )
            found.setdefault(signer.public_key.keyid, signer)
        if text and not _BLOCK.search(text):
            raise KeyUnfitError(f"{variable} holds no PEM text", hint="put the whole content of a key file into it")
        return tuple(found[keyid] for keyid in wanted if keyid in found)

    def _from_folder(self, keyid: str) -> CryptoSigner | None:
        if self.folder is None:
            return None
        with disk.guarded(self.folder):
            for path in sorted(self.folder.glob(f"*{short(keyid)}*{ENDING}")):
                signer = self._loaded(path.read_bytes(), str(path))
                if signer.public_key.keyid == keyid:
                    return signer
        return None

    def _loaded(self, content: bytes, name: str) -> CryptoSigner:
        encrypted = b"ENCRYPTED" in content
        passphrase = _as_bytes(self._passphrase(name)) if encrypted else None
        try:
            key = load_pem_private_key(content, password=passphrase)
        except (ValueError, TypeError):
            if encrypted:
                raise PassphraseError(
                    f"the passphrase does not open {name}", hint="give the one that the key was made with"
                ) from None
            raise KeyUnfitError(
                f"{name} is no private key", hint="it is a PEM file that `release keys` wrote"
            ) from None
        if not isinstance(key, Ed25519PrivateKey):
            raise KeyUnfitError(f"{name} is no ed25519 key", hint="make one with `release keys`")
        return CryptoSigner(key, SSlibKey.from_crypto(key.public_key()))

    def _passphrase(self, name: str) -> str:
        if not self._said:
            said = self.ask()
            if not said:
                raise PassphraseError(
                    f"{name} is encrypted, and there is no passphrase",
                    hint="set RELEASE_KEY_PASSPHRASE, or run it in a terminal, which asks",
                )
            self._said.append(said)
        return self._said[0]


def at_hand(folder: Path | None = None, ask: Callable[[], str] | None = None) -> Private:
    """The keys that the environment gives, and those of a folder: the given one, or the one of RELEASE_KEYS."""
    read = settings.read()
    return Private(
        folder=folder or (Path(read.keys_folder) if read.keys_folder else None),
        variables=dict(read.keys),
        ask=(lambda: read.passphrase) if read.passphrase or ask is None else ask,
    )


def only(folder: Path) -> Private:
    """The keys of a folder alone, which have no passphrase."""
    return Private(folder=folder, variables={}, ask=lambda: "")


def _as_bytes(passphrase: str) -> bytes:
    try:
        given = passphrase.encode()
    except UnicodeEncodeError:  # Said without the cause, which shows a part of it.
        given = b""
    if not 0 < len(given) <= LONGEST:
        raise PassphraseError(
            f"the passphrase is no UTF-8 text of at most {LONGEST} bytes", hint="take another one"
        ) from None
    return given


def missing(role: str, have: int, need: int) -> KeyMissingError:
    """What is said where not enough of a role's keys are at hand."""
    return KeyMissingError(
        f"the role {role} needs {need} of its keys to sign, and {have} are at hand",
        hint=f"set {roles.variable(role)}, or RELEASE_KEYS to the folder of the key files; docs/signed-channels.md",
    )
