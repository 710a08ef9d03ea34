"""A program as packages hold it in tests: the real command line, about the copy that it lies in, run from source."""

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[2]
# When the sites of tests were signed; see tests/iterate/signed.py.
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def text(channel: str, *, site: str, root: Path, user: int | None = None) -> str:
    """A program for packages: it asks this site, trusts this file, and takes whoever runs it for this user.

    VERSION in it is to be replaced.
    """
    return (
        f"#!{sys.executable} -P\nimport sys\nsys.path[:0] = [{str(ROOT)!r}]\n"
        "from tests.consumers.launcher import start\n"
        f"sys.exit(start(__file__, 'VERSION', {channel!r}, {site!r}, {str(root)!r}, {user!r}))\n"
    )


def start(file: str, version: str, channel: str, site: str = "", root: str = "", user: int | None = None) -> int:
    """Run the command line of the program in a file."""
    if sys.argv[1:] == ["--version"]:
        print(version)
        return 0
    from iterate import settings
    from iterate.about import Stamp
    from iterate.cli import run
    from iterate.cli.upgrade import Here
    from iterate.install import machine, pins
    from iterate.install.copy import Copy, copy_at
    from iterate.install.origin import root_of
    from iterate.install.site import Site, open_site

    copy = copy_at(Path(file).resolve(), Stamp(version, channel, "", "linux-x64"), Path("/nowhere"))
    copy = copy._replace(sites=(site,)) if site else copy
    pinned = pins.is_pinned(copy, settings.updates())

    def open_channels(each: Copy) -> Site:
        return open_site(each.sites, Path(root).read_bytes() if root else root_of(each), clock=lambda: NOW)

    who = machine.this_user() if user is None else machine.this_user()._replace(number=user)
    return run(sys.argv[1:], Here(copy._replace(pinned=pinned), open_channels, user=who))


def program(folder: Path, version: str, receipt: dict[str, object], root: bytes) -> Path:
    """The files of a program: itself, its receipt and its root of trust; gives the program."""
    folder.mkdir(parents=True)
    file = folder / "iterate"
    file.write_text(
        f"#!{sys.executable} -P\nimport sys\nsys.path[:0] = [{str(ROOT)!r}]\n"
        "from tests.consumers.launcher import start\n"
        f"sys.exit(start(__file__, {version!r}, {receipt['channel']!r}))\n"
    )
    file.chmod(0o755)
    (folder / "install-receipt.json").write_text(json.dumps({**receipt, "version": version}))
    (folder / "update-root.json").write_bytes(root)
    return file


def linked(link: Path, to: Path) -> None:
    """Let a link lead somewhere, in one step."""
    link.parent.mkdir(parents=True, exist_ok=True)
    fresh = link.with_name(f".{link.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(os.path.relpath(to, link.parent))
    fresh.replace(link)
