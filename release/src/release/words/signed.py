"""The words of the signed site: what is done there between releases."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

from typer import Argument, Option

from release.errors import KeysLapsingError
from release.words.keys import PrivateFolder, at_hand
from release.words.options import Publishing


def refresh(
    context: Publishing,
    *,
    private: PrivateFolder = None,
    carry_revoked: Annotated[
        bool, Option("--carry-revoked", help="Carry on what revoked keys signed: somebody has read it.")
    ] = False,
) -> None:
    """Renew the timestamp of the signed site, daily."""
    from release import refresh as refreshing
    from release import show

    product = context.product()
    done = refreshing.refresh(
        product,
        context.profile(product),
        context.folder(product),
        datetime.now(UTC),
        at_hand=at_hand(private),
        carry_revoked=carry_revoked,
    )
    value = {
        **asdict(done),
        "endings": [{**asdict(e), "expires": f"{e.expires:%Y-%m-%dT%H:%M:%SZ}"} for e in done.endings],
    }
    context.screen().show(value, show.refreshed(done))
    if soon := [f"{e.role} ({e.expires:%Y-%m-%d})" for e in done.endings if e.soon]:
        raise KeysLapsingError(
            f"signatures end soon: {', '.join(soon)}",
            hint="root and targets: `release keys renew`; a channel: publish its newest release again",
        )
    if done.stale:
        raise KeysLapsingError(
            f"signed with keys that count no more: {', '.join(done.stale)}",
            hint="whoever holds the new keys runs `release refresh`, or publishes to that channel",
        )


def withdraw(
    context: Publishing,
    *,
    version: Annotated[str, Argument(help="The version to take back.", metavar="VERSION")],
    stream: Annotated[str, Option("--channel", help="latest, dev, or snapshot-BRANCH.", metavar="C")],
    to: Annotated[str | None, Option("--to", help="The earlier version to go back to.", metavar="VERSION")] = None,
    private: PrivateFolder = None,
) -> None:
    """Take a version back: its channel returns to an earlier one."""
    from release import show
    from release import withdraw as withdrawing

    product = context.product()
    done = withdrawing.withdraw(
        product,
        context.profile(product),
        context.folder(product),
        datetime.now(UTC),
        bad=version,
        stream=stream,
        to=to,
        at_hand=at_hand(private),
    )
    context.screen().show(asdict(done), show.withdrawn(done))
