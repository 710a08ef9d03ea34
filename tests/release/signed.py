"""A signed site in a folder, and The Update Framework's own client that reads it: the judge of what we write."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec.structs import replace as changed
from tests.release import project, world
from tuf.api.exceptions import DownloadHTTPError
from tuf.ngclient import FetcherInterface, Updater

from release import keys
from release.destinations.folder import Folder
from release.model import Bundle, Release
from release.packagers import channel, made
from release.product import Channel, Product, Profile
from release.signing import Trust, public, repository, roles
from release.signing.private import Private
from release.signing.roles import Signing

SECRET = "a passphrase that nobody prints"
DAY = timedelta(days=1)
SITE = "http://site.invalid/"


class Shelf(FetcherInterface):
    """Answers a client from a folder, as a plain web server would."""

    def __init__(self, root: Path) -> None:
        """Serve the folder."""
        self.root = root

    def _fetch(self, url: str) -> Sequence[bytes]:  # type: ignore[override]  # a list is an iterator's better
        path = self.root / url.removeprefix(SITE)
        if not path.is_file():
            raise DownloadHTTPError("not there", 404)
        return [path.read_bytes()]


def client(site: Path, state: Path, root: bytes | None = None) -> Updater:
    """A client with some trusted state; `root` is what it begins with."""
    (state / "targets").mkdir(parents=True, exist_ok=True)
    return Updater(
        metadata_dir=str(state),
        metadata_base_url=f"{SITE}metadata/",
        target_dir=str(state / "targets"),
        target_base_url=f"{SITE}targets/",
        fetcher=Shelf(site),
        bootstrap=root,
    )


def got(site: Path, state: Path, path: str, root: bytes | None = None) -> dict[str, object] | None:
    """A document as a client gets it; None where no role names it."""
    asking = client(site, state, root)
    target = asking.get_targetinfo(path)
    return None if target is None else world.document(Path(asking.download_target(target)).read_bytes())


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A product whose channels are signed, and the folder that its site is."""

    product: Product
    profile: Profile
    dist: Path

    @property
    def site(self) -> Path:
        """The folder."""
        return self.dist / "public" / "site"

    @property
    def root(self) -> bytes:
        """The first root of the throwaway keys."""
        return (self.dist / "keys" / "1.root.json").read_bytes()

    def bundle(self, release: Release) -> Bundle:
        """What the channel's packager makes of a release for what the place holds now."""
        (found,) = made(channel.PACKAGER, self.product, self.profile, release, self.folder.read, self.dist)
        return found

    @property
    def folder(self) -> Folder:
        """The destination."""
        return Folder(root=self.site, mtime=world.COMMITTED_AT)

    def publish(self, release: Release) -> Bundle:
        """Push that, and give it."""
        bundle = self.bundle(release)
        self.folder.push(bundle.files, bundle.message)
        return bundle

    def files(self) -> dict[str, bytes]:
        """Everything that the site holds."""
        return {str(path.relative_to(self.site)): path.read_bytes() for path in self.site.rglob("*") if path.is_file()}


def place(folder: Path, own: Signing | None = None) -> Place:
    """A local place with nothing in it."""
    product = world.product(folder)
    kept = (each for each in product.tables if not isinstance(each, Signing))
    product = changed(product, tables=(*kept, own or Signing(keys="keys")))
    return Place(product=product, profile=world.local(), dist=folder / "dist")


def otter(folder: Path, *, targets: tuple[str, ...] = project.SOME) -> Path:
    """A project whose channels are signed, with no other places than those of archives and channels."""
    made = project.make(folder, targets=targets)
    text = (made / "release.toml").read_text()
    text = text.replace("\n[profiles.local]\n", '\n[channel]\nkeys = "keys"\npatches = 2\n\n[profiles.local]\n')
    for outlet in ("homebrew", "scoop", "aur"):  # they take most of the time
        text = re.sub(rf"^{outlet} = .*\n", "", text, flags=re.MULTILINE)
    (made / "release.toml").write_text(text)
    project.commit(made, "signed")
    return made


def release(text: str = "1.2.3", stream: Channel = Channel.LATEST, *, later: int = 0) -> Release:
    """A release of two targets; `later` are seconds that the commit is younger."""
    plan = world.plan(stream, text=text, committed_at=world.COMMITTED_AT + later)
    return world.release(world.product(), replace(plan, targets=plan.targets[:2]), "linux-x64", "linux-x64-baseline")


def now() -> datetime:
    """This moment."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyed:
    """A site that is signed with the keys of a project, and whoever has their private halves.

    `trust` is read anew each time, so a ceremony takes effect at the next publish.
    """

    product: Product
    profile: Profile
    dist: Path
    private: Path

    @property
    def site(self) -> Path:
        """The folder."""
        return self.dist / "public" / "site"

    @property
    def folder(self) -> Folder:
        """The destination."""
        return Folder(root=self.site, mtime=world.COMMITTED_AT)

    @property
    def first_root(self) -> bytes:
        """What a client begins with that was installed before any ceremony but the first."""
        return (self.product.root / "keys" / "1.root.json").read_bytes()

    def at_hand(self, only: str = "*") -> Private:
        """Private keys; `only` is the beginning of their files' names."""
        if only == "*":
            return Private(folder=self.private, variables={}, ask=lambda: SECRET)
        texts = {path.name.rpartition("-")[0]: path.read_text() for path in self.private.glob(f"{only}-*.pem")}
        return Private(folder=None, variables=texts, ask=lambda: SECRET)

    def trust(self, at_hand: Private | None = None) -> Trust:
        """The keys, as they are committed now."""
        found = public.read(self.product.root / "keys")
        assert found is not None
        return Trust(public=found, private=at_hand or self.at_hand(), throwaway=False)

    def ceremony(self, when: datetime | None = None) -> keys.Ceremony:
        """Held by whoever has all private keys."""
        return keys.begun(self.product, self.at_hand(), SECRET, when or now())

    def publish(self, release: Release, *, when: datetime | None = None, at_hand: Private | None = None) -> None:
        """Push a release of a channel."""
        files = channel.signed(
            self.product, self.profile, release, self.folder.read, self.trust(at_hand), when or now()
        )
        self.folder.push(files, "")

    def files(self) -> dict[str, bytes]:
        """Everything that the site holds."""
        return {str(path.relative_to(self.site)): path.read_bytes() for path in self.site.rglob("*") if path.is_file()}


def keyed(folder: Path, own: Signing | None = None) -> Keyed:
    """A project with keys, and nothing published yet."""
    place_ = place(folder / "project", own)
    profile = changed(place_.profile, places={"archives": "file:public/site", "channel": "file:public/site"})
    made = Keyed(product=place_.product, profile=profile, dist=place_.dist, private=folder / "private")
    keys.init(made.ceremony(), {}, {})
    return made


def version(files: dict[str, bytes], role: str) -> int:
    """The newest number of a role's metadata at a site."""
    return max(
        (int(match[1]) for path in files if (match := re.fullmatch(rf"metadata/(\d+)\.{role}\.json", path))), default=0
    )


def counted_to_the_end(place: Keyed) -> None:
    """What whoever has both online keys can do: count up to numbers that nobody reaches."""
    site = repository.opened(place.trust().public, place.folder.read, "")
    assert site.snapshot
    assert site.timestamp
    site.snapshot.made.signed.version = site.timestamp.made.signed.version = 2**40
    own = roles.table(place.product)
    place.folder.push(repository.refreshed(site, place.trust().sign, own, now() + 9 * DAY), "")
