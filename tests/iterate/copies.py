"""Copies and channels for tests: made-up installations, and channels that are a dictionary of documents."""

from collections.abc import Mapping
from pathlib import Path

from iterate.errors import VersionUnknown
from iterate.install.copy import Copy
from iterate.install.document import Document
from iterate.install.methods import Method
from iterate.install.outlook import User
from iterate.install.ways import Machine

OLD, HERE, NEW = "1.1.0", "1.2.0", "1.3.0"
DEV = "0.0.0-dev-20260102030405"
SNAPSHOT = "0.0.0-snapshot-fast-start-20260102030405"
PACKAGES: Mapping[str, Mapping[str, str]] = {
    "brew": {"latest": "acme/tap/iterate", "dev": "acme/tap/iterate-dev"},
    "scoop": {"latest": "acme/iterate", "dev": "acme/iterate-dev"},
    "aur": {"latest": "iterate-bin", "dev": "iterate-dev-bin"},
    "deb": {"latest": "iterate", "dev": "iterate-dev"},
    "rpm": {"latest": "iterate", "dev": "iterate-dev"},
    "winget": {"latest": "Acme.Iterate", "dev": "Acme.Iterate.Dev"},
    **{each: {"latest": "iterate", "dev": "iterate"} for each in ("npm", "pnpm", "yarn", "bun")},
    "mise": {"latest": "npm:iterate", "dev": "npm:iterate"},
}
ANYBODY = User(1000, lambda _folder: True)
MACHINE = Machine(can_ask=True)


def copy(method: Method, stream: str = "latest", version: str = HERE) -> Copy:
    """A copy that a package manager installed."""
    return Copy(
        method=method,
        package=PACKAGES.get(method, {}).get(stream, "iterate" if stream.startswith("snapshot-") else ""),
        channel=stream,
        stream=stream,
        version=version,
        program=Path("/made/up/iterate"),
        packages=PACKAGES,
        sites=("https://example.invalid/",),
        said=method.value,
    )


class Shelf:
    """Channels as a dictionary: what each has now, and what it had before."""

    def __init__(
        self, now: Mapping[str, str], before: Mapping[str, tuple[str, ...]] | None = None, *withdrawn: str
    ) -> None:
        self._now, self._before, self._withdrawn = now, before or {}, withdrawn

    def document(self, stream: str, version: str = "") -> Document:
        """See `outlook.Channels`."""
        there = (self._now.get(stream), *self._before.get(stream, ()))
        found = version or there[0]
        if found is None or found not in there:
            raise VersionUnknown(f"{stream} has no {version or 'such channel'}")
        channel = stream.partition("-")[0]
        return Document(
            schema=2, name="iterate", channel=channel, stream=stream, version=found, withdrawn=self._withdrawn
        )


SHELF = Shelf(
    {"latest": NEW, "dev": DEV, "snapshot-fast-start": SNAPSHOT},
    {"latest": (HERE, OLD), "dev": ("0.0.0-dev-20260101000000",)},
)
