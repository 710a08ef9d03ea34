"""What an installed copy says about itself: a receipt beside the program, which turns self-update off.

The program reads it; the two meet in this file's name and keys only. Scoop writes its receipt itself, in
PowerShell, because its `autoupdate` moves a manifest's version on: packaging/scoop/post_install.ps1.j2.
"""

import json

from release.model import Plan

FILE = "install-receipt.json"
SCHEMA = 1


def receipt(plan: Plan, *, name: str, method: str) -> str:
    """The receipt as one line of JSON.

    Args:
        plan: what was installed.
        name: the package, as people type it to upgrade.
        method: the package manager.
    """
    return json.dumps(
        {
            "schema": SCHEMA,
            "name": name,
            "method": method,
            "channel": plan.channel.value,
            "version": plan.version.text,
        }
    )
