"""The two programs at the signed site: what one publishes the other believes, through all that happens to keys."""

import functools
import hashlib
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace as changed
from tests.release import signed

from iterate.errors import ChannelLapsed, SiteNotTrusted, VersionUnknown
from iterate.install.document import Tar
from iterate.install.patch import apply
from iterate.install.site import open_site
from release import keys, refresh, withdraw
from release.derive.patch import delta
from release.model import Artifact, Base, Kind, Release
from release.product import Channel
from release.signing import roles


class Silent(http.server.SimpleHTTPRequestHandler):
    """Serves files and says nothing about it."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name in the standard library
        """Say nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """A folder on the loopback address."""
    handler = functools.partial(Silent, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def place(tmp_path: Path) -> signed.Keyed:
    return signed.keyed(tmp_path)


@pytest.fixture
def address(place: signed.Keyed) -> Iterator[str]:
    place.site.mkdir(parents=True)
    with served(place.site) as found:
        yield found


def seen(place: signed.Keyed, address: str, state: Path, stream: str = "latest", version: str = "") -> str:
    """The version that iterate finds, beginning with the first root."""
    with open_site((address,), place.first_root, state) as site:
        return site.document(stream, version).version


def renewed(place: signed.Keyed) -> None:
    """A refresh by somebody with all keys."""
    public = changed(place.profile, local=False)
    refresh.refresh(place.product, public, place.dist, signed.now(), at_hand=place.at_hand())


def test_what_is_published_is_found_with_every_field(place: signed.Keyed, address: str, tmp_path: Path) -> None:
    release = signed.release("1.2.4")
    first = release.artifacts[0]
    patch = Artifact(
        file="iterate-1.2.4-linux-x64-from-1.2.3.patch.zst",
        kind=Kind.PATCH,
        target=first.target,
        made_from=first.file,
        size=7,
        sha256="ab" * 32,
        glibc=None,
        fake=False,
        base=Base(version="1.2.3", sha256="cd" * 32),
    )
    place.publish(Release(plan=release.plan, artifacts=(*release.artifacts, patch)))
    with open_site((address,), place.first_root, tmp_path / "state") as site:
        found = site.document("latest")
        assert site.versions("latest") == ("1.2.4",)
    assert (found.name, found.channel, found.stream, found.version, found.tag) == (
        "iterate",
        "latest",
        "latest",
        "1.2.4",
        "v1.2.4",
    )
    archive = found.archive(first.target.name)
    assert archive is not None
    assert first.tar is not None
    assert archive.tar is not None
    assert (archive.file, archive.size, archive.sha256, archive.glibc) == (
        first.file,
        first.size,
        first.sha256,
        first.glibc,
    )
    assert (archive.tar.size, archive.tar.sha256) == (first.tar.size, first.tar.sha256)
    (made,) = archive.patches
    assert (made.from_version, made.from_tar, made.size, made.sha256) == ("1.2.3", "cd" * 32, 7, "ab" * 32)
    assert made.urls[0].endswith(f"/v1.2.4/{patch.file}")


@pytest.mark.parametrize("role", roles.NAMES)
def test_a_copy_follows_when_the_keys_of_a_role_are_replaced(
    place: signed.Keyed, address: str, tmp_path: Path, role: str
) -> None:
    place.publish(signed.release("1.2.3"))
    place.publish(signed.release(stream=Channel.DEV))
    assert seen(place, address, tmp_path / "state") == "1.2.3"
    keys.rotate(place.ceremony(), [role])
    renewed(place)
    for state in (tmp_path / "state", tmp_path / "another"):
        assert seen(place, address, state) == "1.2.3"
        assert seen(place, address, state, "dev").startswith("0.0.0-dev-")
    place.publish(signed.release("1.2.4"))
    assert seen(place, address, tmp_path / "state") == "1.2.4"
    assert seen(place, address, tmp_path / "state", version="1.2.3") == "1.2.3"


def test_a_copy_sees_a_withdrawn_version_go_and_no_rollback_in_it(
    place: signed.Keyed, address: str, tmp_path: Path
) -> None:
    for text in ("1.2.3", "1.2.4"):
        place.publish(signed.release(text))
    assert seen(place, address, tmp_path) == "1.2.4"
    public = changed(place.profile, local=False)
    withdraw.withdraw(
        place.product, public, place.dist, signed.now(), bad="1.2.4", stream="latest", at_hand=place.at_hand()
    )
    with open_site((address,), place.first_root, tmp_path) as site:
        assert (site.document("latest").version, site.document("latest").withdrawn) == ("1.2.3", ("1.2.4",))
        with pytest.raises(VersionUnknown):
            site.document("latest", "1.2.4")


def test_a_copy_leaves_an_attackers_enormous_numbers_behind_when_the_online_keys_are_revoked(
    place: signed.Keyed, address: str, tmp_path: Path
) -> None:
    place.publish(signed.release("1.2.3"))
    signed.counted_to_the_end(place)
    assert seen(place, address, tmp_path) == "1.2.3"
    online = [next(iter(place.trust().public.role(name).keys)) for name in roles.ONLINE]
    keys.revoke(place.ceremony(), online)
    place.publish(signed.release("1.2.4"))
    assert seen(place, address, tmp_path) == "1.2.4"


def test_a_copy_stops_where_nobody_refreshed_and_goes_on_when_somebody_did(
    place: signed.Keyed, address: str, tmp_path: Path
) -> None:
    place.publish(signed.release(), when=signed.now() - 15 * signed.DAY)
    with pytest.raises(ChannelLapsed):
        seen(place, address, tmp_path)
    renewed(place)
    assert seen(place, address, tmp_path) == "1.2.3"


@pytest.mark.parametrize("size", [3, 1000, 3_000_000])
def test_a_patch_of_the_release_tool_is_one_that_iterate_applies(tmp_path: Path, size: int) -> None:
    old, new = b"old" * size, b"new" + b"old" * size + b"more"
    before, patch, after = (tmp_path / name for name in ("old", "patch", "new"))
    before.write_bytes(old)
    patch.write_bytes(delta(old, new))
    assert apply(before, patch, after, Tar(size=len(new), sha256=hashlib.sha256(new).hexdigest()))
    assert after.read_bytes() == new
    assert not apply(before, patch, after, Tar(size=len(new), sha256="0" * 64))


def test_a_copy_that_trusts_another_root_believes_nothing(place: signed.Keyed, address: str, tmp_path: Path) -> None:
    place.publish(signed.release())
    other = signed.keyed(tmp_path / "other").first_root
    with pytest.raises(SiteNotTrusted), open_site((address,), other, tmp_path / "state") as site:
        site.document("latest")
