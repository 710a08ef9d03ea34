"""What an installed copy says about itself: a receipt beside the program, with who installed it and who upgrades it.

The program reads it; the two meet in this file's name and keys only: docs/upgrade.md describes them. Scoop writes
its receipt itself, in PowerShell, because its `autoupdate` moves a manifest's version on: see `with_version`.
"""

import json
from dataclasses import replace

from release.model import Plan
from release.packagers import naming
from release.product import Channel, Product, Profile

FILE = "install-receipt.json"
SCHEMA = 1


def receipt(
    product: Product, plan: Plan, *, method: str, profile: Profile | None, version: str = "", pinned: bool = False
) -> str:
    """The receipt as one line of JSON.

    Args:
        product: whose packages are named.
        plan: what was installed.
        method: who installed it, as the program knows it: `brew`, `scoop`, `self` ...
        profile: where it was published; None for a package that is made once for all profiles.
        version: what stands for the version, where the one of the plan would be wrong.
        pinned: this version was asked for by its name, so no upgrade happens by itself.
    """
    names = packages(product, plan)
    stream = naming.stream(plan)
    return json.dumps(
        {
            "schema": SCHEMA,
            "name": names.get(method, {}).get(stream, product.name),
            "method": method,
            "channel": plan.channel.value,
            "stream": stream,
            "version": version or plan.version.text,
            **({"pinned": True} if pinned else {}),
            "packages": names,
            "sites": sites(product, profile),
        }
    )


def packages(product: Product, plan: Plan) -> dict[str, dict[str, str]]:
    """The product's name at each outlet that installs it, by method and stream: the lasting channels and this one."""
    # Each packager writes receipts, so this module cannot import them all when they import it.
    from release.packagers import taking_part

    lasting = (Channel.LATEST, *([Channel.BETA] if product.beta else []), Channel.DEV)
    plans = [replace(plan, channel=channel) for channel in lasting]
    plans += [plan] if plan.channel is Channel.SNAPSHOT else []
    return {
        packager.method: {naming.stream(each): packager.typed(product, each) for each in plans}
        for packager in taking_part(*product.profiles.values())
        if packager.method and packager.typed is not None
    }


def sites(product: Product, profile: Profile | None) -> tuple[str, ...]:
    """Where the installed copy asks for newer versions; the first is asked first.

    A package that is made once and published anywhere asks where the public does: the sites of the profiles that
    are not local, or the local ones where there are no others.
    """
    if profile is not None:
        return profile.sites
    public = [each for each in product.profiles.values() if each.sites and not each.local]
    chosen = public or [each for each in product.profiles.values() if each.sites]
    return tuple(dict.fromkeys(site for each in chosen for site in each.sites))
