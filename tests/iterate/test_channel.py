"""The channel that the server follows in the background: a real signed site, and a copy as the installer puts it."""

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.iterate import installed, signed
from tests.iterate.installed import TARGET, Built, only_version, said
from tests.iterate.signed import NOW, Repository, Served

from iterate import config, settings
from iterate.about import Stamp
from iterate.install import channel, pins, replace
from iterate.install.copy import Copy, copy_at
from iterate.install.document import Document
from iterate.install.network import Door
from iterate.install.news import Offer
from iterate.install.origin import ROOT
from iterate.install.site import Site, open_site
from iterate.install.watch import Standing, Watch
from iterate.settings import Surroundings

pytestmark = pytest.mark.systems("linux", "darwin")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> list[Built]:
    folder = tmp_path_factory.mktemp("built")
    return [installed.build(folder / each, each) for each in ("1.0.0", "1.1.0", "1.2.0")]


class World:
    """A copy, the site that it asks, and the server's view of both."""

    def __init__(self, folder: Path, built: Built, site: Served, repository: Repository) -> None:
        self.folder, self.site, self.repository = folder, site, repository
        self.program = installed.install(folder / "bin", built, sites=(site.url,))
        self.program.with_name(ROOT).write_bytes(repository.first_root)
        self.version = built.version
        self.channel = channel.Channel(self.this, self.open, self.replace, lambda: folder / "updates")

    def this(self) -> Copy:
        return copy_at(self.program, Stamp(self.version, "latest", "", TARGET))

    def open(self, sites: tuple[str, ...], root: bytes) -> Site:
        return open_site(sites, root, self.folder / "updates", lambda: NOW, Door(Surroundings()))

    def replace(self, program: Path, document: Document, root: bytes) -> None:
        door = Door(Surroundings())
        try:
            replace.replace(program, document, door=door, root=root, target=TARGET, try_out=only_version)
        finally:
            door.close()

    def release(self, built: Built) -> None:
        found = installed.offered(self.site, built)
        artifacts = json.loads(msgspec.json.encode(found.artifacts))
        self.repository.release("latest", built.version, artifacts=artifacts)

    def write(self, **changes: object) -> None:
        """Change the receipt of the version that commands start."""
        file = (self.folder / "bin" / "iterate").resolve().with_name("install-receipt.json")
        file.write_text(json.dumps({**json.loads(file.read_bytes()), **changes}))


@pytest.fixture
def world(tmp_path: Path, built: list[Built]) -> Iterator[World]:
    repository = Repository()
    with signed.served(repository.files) as site:
        made = World(tmp_path, built[0], site, repository)
        made.release(built[0])
        yield made


def watch(world: World, autoupdate: str) -> Watch:
    here = settings.read({"HOME": str(world.folder / "home")})
    assert here.config is not None
    here.config.parent.mkdir(parents=True, exist_ok=True)
    here.config.write_text(f'autoupdate = "{autoupdate}"\n')
    assert config.autoupdate(here)
    return Watch(here, world.channel)


def test_what_the_signed_site_has_is_offered_and_put_in_place(world: World, built: list[Built]) -> None:
    one = watch(world, "auto")
    one.look()
    assert said(world.folder / "bin") == "1.0.0"
    world.release(built[1])
    one.look()
    assert said(world.folder / "bin") == "1.1.0"
    assert one.reserve("1.1.0") is None


def test_notify_replaces_nothing(world: World, built: list[Built]) -> None:
    world.release(built[1])
    one = watch(world, "notify")
    one.look()
    assert said(world.folder / "bin") == "1.0.0"
    assert one.reserve("1.0.0") is not None


def test_a_version_that_somebody_asked_for_while_the_server_ran_stays(world: World, built: list[Built]) -> None:
    world.release(built[1])
    world.channel.take(Offer(version="1.1.0"))
    # The server that runs is still 1.0.0, whose own receipt says nothing of it.
    world.write(pinned=True)
    world.release(built[2])
    one = watch(world, "auto")
    one.look()
    assert said(world.folder / "bin") == "1.1.0"
    assert one.reserve("1.1.0") is None
    assert world.channel.standing() == Standing(version="1.1.0", is_own=True, is_pinned=True)


def test_a_copy_that_is_ahead_of_the_channel_is_left_alone(world: World, built: list[Built]) -> None:
    world.version = "1.5.0"
    world.release(built[1])
    one = watch(world, "auto")
    one.look()
    assert said(world.folder / "bin") == "1.0.0", "the stand-in says what it was built as"


@pytest.mark.parametrize("change", [{"sites": []}, {"channel": "dev", "stream": "dev"}, {"schema": 9}, {"method": ""}])
def test_a_receipt_that_is_missing_damaged_or_of_another_channel_asks_nobody(
    world: World, change: dict[str, object]
) -> None:
    world.write(**change)
    watch(world, "auto").look()
    assert (world.site.asked, world.channel.standing()) == ([], None)


def test_without_a_root_nobody_is_asked(world: World) -> None:
    world.program.with_name(ROOT).unlink()
    watch(world, "auto").look()
    assert world.channel.standing() is None


def test_a_managed_copy_asks_the_same_site_and_is_never_replaced(world: World, built: list[Built]) -> None:
    world.release(built[1])
    world.write(method="brew")
    one = watch(world, "auto")
    one.look()
    assert said(world.folder / "bin") == "1.0.0"
    assert one.reserve("1.0.0") is not None


def test_a_version_of_a_managed_copy_that_was_asked_for_by_name_is_left_alone(world: World, built: list[Built]) -> None:
    world.release(built[1])
    world.write(method="brew")
    pins.pin(world.this(), "1.0.0", world.folder / "updates")
    one = watch(world, "notify")
    one.look()
    assert one.reserve("1.0.0") is None
    pins.pin(world.this(), "", world.folder / "updates")
    assert watch(world, "notify").reserve("1.0.0") is not None
