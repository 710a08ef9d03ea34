"""The words of the keys of the signed channels: `release keys init`, `rotate`, `revoke` and the others."""

import functools
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Argument, Option

from release import screen
from release.errors import PassphraseError
from release.words.options import Common, Group
from release.words.options import verb as command

if TYPE_CHECKING:
    from release.keys import Ceremony, Outcome
    from release.product import Product
    from release.signing.private import Private

PrivateFolder = Annotated[
    Path | None, Option("--private", help="Folder of private key files; or RELEASE_KEYS.", metavar="DIR")
]
_Others = Annotated[
    list[Path] | None, Option("--public", help="A public key that somebody else made; any number.", metavar="FILE")
]
_Count = Annotated[int, Option(help="How many keys.", min=1, max=20, metavar="N")]
_Threshold = Annotated[int, Option(help="How many of them must sign.", min=1, max=20, metavar="N")]

# As in `signing.roles`, which costs too much to load for a help text.
_ROLES = "root, targets, snapshot, timestamp, channel-latest, channel-dev, channel-snapshot"

app = typer.Typer(
    cls=Group,
    help="The keys of the signed channels; docs/signed-channels.md.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
verb = functools.partial(command, app)


def at_hand(folder: Path | None) -> "Private":
    """The private keys of whoever runs this: a folder, the environment, and a passphrase that a terminal may give."""
    from release.signing import private

    return private.at_hand(folder, lambda: screen.asked_secret("passphrase of the private keys"))


def _new_passphrase() -> str:
    """The passphrase for new key files; asked twice at a terminal."""
    from release import settings

    if given := settings.read().passphrase:
        return given
    first = screen.asked_secret("passphrase for the new private keys")
    if first and screen.asked_secret("the same again") != first:
        raise PassphraseError("the two passphrases differ", hint="run it again")
    return first


def _begun(product: "Product", folder: Path | None, *, new: bool) -> "Ceremony":
    from release import keys

    ceremony = keys.begun(product, at_hand(folder), "", datetime.now(UTC))
    return replace(ceremony, passphrase=_new_passphrase()) if new else ceremony


def _told(context: Common, ceremony: "Ceremony", outcome: "Outcome") -> None:
    from release import show
    from release.keys import standing as standings

    standing = standings.show(ceremony)
    made = [str(path) for path in outcome.made]
    context.screen().show({**standing.as_json(), "made": made}, show.keys(standing, made, changed=ceremony.folder.name))


@verb
def init(
    context: Common,
    *,
    private: PrivateFolder = None,
    root_keys: _Count = 3,
    root_threshold: _Threshold = 2,
    targets_keys: _Count = 3,
    targets_threshold: _Threshold = 2,
    public: _Others = None,
) -> None:
    """Make the first keys of every role."""
    from release import keys

    ceremony = _begun(context.product(), private, new=True)
    counts = {"root": root_keys, "targets": targets_keys}
    thresholds = {"root": root_threshold, "targets": targets_threshold}
    _told(context, ceremony, keys.init(ceremony, counts, thresholds, public or ()))


@verb
def make(
    context: Common,
    *,
    role: Annotated[str, Argument(help=f"The role that it is for: {_ROLES}.", metavar="ROLE")],
    private: PrivateFolder = None,
) -> None:
    """Make one key, for a ceremony that somebody else holds."""
    from release import keys

    secret, beside = keys.make(_begun(context.product(), private, new=True), role)
    context.screen().show(
        {"private": str(secret), "public": str(beside)}, f"yours alone: {secret}\nto hand over: {beside}"
    )


@verb
def rotate(
    context: Common,
    *,
    roles: Annotated[list[str], Argument(help=f"Roles to get new keys: {_ROLES}.", metavar="ROLE")],
    private: PrivateFolder = None,
    public: _Others = None,
) -> None:
    """Replace the keys of roles by new ones."""
    from release import keys

    ceremony = _begun(context.product(), private, new=True)
    _told(context, ceremony, keys.rotate(ceremony, roles, others=public or ()))


@verb
def revoke(
    context: Common,
    *,
    keyids: Annotated[list[str], Argument(help="Ids of keys, or their first 8 digits and more.", metavar="KEYID")],
    private: PrivateFolder = None,
) -> None:
    """Take keys that others may hold out of every role."""
    from release import keys

    ceremony = _begun(context.product(), private, new=True)
    _told(context, ceremony, keys.revoke(ceremony, keyids))


@verb
def renew(context: Common, *, private: PrivateFolder = None) -> None:
    """Sign root and targets for another period."""
    from release import keys

    ceremony = _begun(context.product(), private, new=False)
    _told(context, ceremony, keys.renew(ceremony))


@verb
def sign(context: Common, *, private: PrivateFolder = None) -> None:
    """Add your signatures to what waits for some."""
    from release import keys

    ceremony = _begun(context.product(), private, new=False)
    _told(context, ceremony, keys.sign(ceremony))


@verb
def show(context: Common) -> None:
    """Show roles, key ids, thresholds, ends, and whose move it is."""
    from release import show as showing
    from release.keys import standing as standings

    standing = standings.show(_begun(context.product(), None, new=False))
    context.screen().show(standing.as_json(), showing.keys(standing, []))
