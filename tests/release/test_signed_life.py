"""The life of a signed site: keys that are replaced or revoked, versions that are withdrawn, signatures that end."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace as changed
from tests.release import project, signed, world
from tuf.api.exceptions import ExpiredMetadataError, RepositoryError

from release import keys, publish, signing
from release import refresh as refreshing
from release.destinations.repository import Repository
from release.errors import (
    ConfigInvalidError,
    KeyMissingError,
    KeysInvalidError,
    KeysMissingError,
    KeyUnfitError,
    PlaceChangedError,
    PublishRefusedError,
    SiteBrokenError,
)
from release.model import File
from release.packagers import channel
from release.product import Channel
from release.refresh import Refreshed
from release.signing import Trust, repository, roles
from release.signing.private import Private
from release.signing.roles import Signing

DAY = signed.DAY
DEV = Channel.DEV


@pytest.fixture
def place(tmp_path: Path) -> signed.Keyed:
    return signed.keyed(tmp_path)


def seen(place: signed.Keyed, state: Path, path: str) -> str | None:
    """The version that a client gets there."""
    found = signed.got(place.site, state, path, place.first_root)
    return None if found is None else str(found["version"])


def refresh(place: signed.Keyed, *, days: int = 0, only: str = "*", carry_revoked: bool = False) -> Refreshed:
    return refreshing.refresh(
        place.product,
        changed(place.profile, local=False),
        place.dist,
        signed.now() + days * DAY,
        at_hand=place.at_hand(only),
        carry_revoked=carry_revoked,
    )


# --- who may sign what ---------------------------------------------------------------------------------------


def test_a_channels_publish_needs_its_own_key_and_the_online_ones_and_no_other(place: signed.Keyed) -> None:
    texts = {path.name.rpartition("-")[0]: path.read_text() for path in place.private.glob("*.pem")}
    enough = {"channel-dev", "snapshot", "timestamp"}
    hand = place.at_hand()

    def having(names: set[str]) -> None:
        variables = {name: texts[name] for name in names}
        place.publish(signed.release(stream=DEV), at_hand=type(hand)(folder=None, variables=variables, ask=hand.ask))

    for name in enough:
        with pytest.raises(KeyMissingError, match=name):
            having(enough - {name})
    assert not place.site.exists(), "nothing half-written"
    having(enough)
    with pytest.raises(KeyMissingError, match="channel-latest"):
        place.publish(
            signed.release(), at_hand=type(hand)(folder=None, variables={n: texts[n] for n in enough}, ask=hand.ask)
        )


def test_one_roles_key_in_anothers_variable_signs_nothing(place: signed.Keyed) -> None:
    hand = place.at_hand()
    (dev,) = place.private.glob("channel-dev-*.pem")
    wrong = type(hand)(folder=None, variables={"channel-latest": dev.read_text()}, ask=hand.ask)
    with pytest.raises(KeyUnfitError):
        place.publish(signed.release(), at_hand=wrong)


def test_what_the_dev_key_signs_for_a_stable_release_no_client_takes(place: signed.Keyed, tmp_path: Path) -> None:
    place.publish(signed.release("1.2.3"))
    place.publish(signed.release(stream=DEV))
    site = repository.opened(place.trust().public, place.folder.read, "channel-dev")
    own = roles.table(place.product)
    evil = {"channels/latest/6.6.6.json": b"{}", "channels/latest.json": b"{}"}
    files = repository.sealed(site, evil, frozenset(), place.trust().sign, own, signed.now())
    place.folder.push(files, "")
    assert seen(place, tmp_path / "client", "channels/latest.json") == "1.2.3"
    assert seen(place, tmp_path / "client", "channels/latest/6.6.6.json") is None


# --- numbers and ends ------------------------------------------------------------------------------------------


def test_numbers_only_go_up_and_stay_where_nothing_is_new(place: signed.Keyed) -> None:
    place.publish(signed.release("1.2.3"))
    for number, text in enumerate(("1.2.4", "1.2.5"), start=2):
        place.publish(signed.release(text))
        place.publish(signed.release(text))
        files = place.files()
        assert {signed.version(files, name) for name in ("snapshot", "channel-latest")} == {number}
        assert json.loads(files["metadata/timestamp.json"])["signed"]["version"] == number


def test_a_channels_signature_is_renewed_by_a_publish_when_half_of_it_is_over(place: signed.Keyed) -> None:
    place.publish(signed.release())
    before = place.files()
    place.publish(signed.release(), when=signed.now() + 170 * DAY)
    assert signed.version(place.files(), "channel-latest") == 1
    place.publish(signed.release(), when=signed.now() + 190 * DAY)
    assert signed.version(place.files(), "channel-latest") == 2
    assert before.items() - {("metadata/timestamp.json", before["metadata/timestamp.json"])} <= place.files().items()


def test_the_days_that_signatures_hold_are_those_of_release_toml(tmp_path: Path) -> None:
    place = signed.keyed(tmp_path, Signing(keys="keys", root_days=30, channel_days=20, timestamp_days=3))
    place.publish(signed.release())
    files = {path: json.loads(content)["signed"] for path, content in place.files().items() if "metadata/" in path}
    days = {
        found["_type"]: round((msgspec.convert(found["expires"], type=type(signed.now())) - signed.now()) / DAY)
        for path, found in files.items()
        if "channel" not in path
    }
    assert days == {"root": 30, "targets": 30, "snapshot": 3, "timestamp": 3}
    assert "channel-latest" in str(files)


def test_a_daily_refresh_renews_the_timestamp_and_in_time_the_snapshot_and_nothing_else(
    place: signed.Keyed, tmp_path: Path
) -> None:
    place.publish(signed.release())
    hand = place.at_hand()
    (key,) = place.private.glob("timestamp-*.pem")
    alone = type(hand)(folder=None, variables={"timestamp": key.read_text()}, ask=hand.ask)
    before = place.files()
    for day in range(1, 7):
        done = refreshing.refresh(
            place.product,
            changed(place.profile, local=False),
            place.dist,
            signed.now() + day * DAY,
            at_hand=alone,
        )
        after = place.files()
        assert {path for path in after if after[path] != before.get(path)} == {"metadata/timestamp.json"}, done
        before = after
    assert refresh(place, days=6).done == "unchanged"
    refresh(place, days=8)
    after = place.files()
    assert {path for path in after if after[path] != before.get(path)} == {
        "metadata/timestamp.json",
        "metadata/2.snapshot.json",
    }
    assert seen(place, tmp_path / "client", "channels/latest.json") == "1.2.3"


def test_a_timestamp_that_nobody_renewed_stops_clients_until_somebody_does(place: signed.Keyed, tmp_path: Path) -> None:
    place.publish(signed.release(), when=signed.now() - 15 * DAY)
    with pytest.raises(ExpiredMetadataError):
        seen(place, tmp_path / "client", "channels/latest.json")
    refresh(place)
    assert seen(place, tmp_path / "client", "channels/latest.json") == "1.2.3"


def test_what_a_refresh_cannot_renew_is_told_before_it_ends(place: signed.Keyed) -> None:
    place.publish(signed.release())
    assert not any(each.soon for each in refresh(place, days=300).endings)
    assert {each.role for each in refresh(place, days=340).endings if each.soon} == {
        "root",
        "targets",
        "channel-latest",
    }


def test_a_refresh_of_a_place_without_a_site_says_so(place: signed.Keyed) -> None:
    with pytest.raises(SiteBrokenError):
        refresh(place)
    assert not place.site.exists() or not place.files()


# --- many at once ----------------------------------------------------------------------------------------------


def test_who_was_overtaken_by_another_channel_is_told_and_loses_nothing_when_made_again(
    place: signed.Keyed, tmp_path: Path
) -> None:
    place.publish(signed.release("1.2.3"))
    read: dict[str, bytes | None] = {}

    def remembering(path: str) -> bytes | None:
        return read.setdefault(path, place.folder.read(path))

    files = channel.signed(
        place.product, place.profile, signed.release("1.2.4"), remembering, place.trust(), signed.now()
    )
    place.publish(signed.release(stream=DEV))
    with pytest.raises(PlaceChangedError):
        place.folder.push(files, "", read)
    place.publish(signed.release("1.2.4"))
    assert seen(place, tmp_path / "client", "channels/latest.json") == "1.2.4"
    assert str(seen(place, tmp_path / "client", "channels/dev.json")).startswith("0.0.0-dev-")


def test_a_git_repository_is_a_place_for_a_signed_site_and_a_publish_one_commit(
    place: signed.Keyed, tmp_path: Path
) -> None:
    bare = Repository(
        location=str(tmp_path / "channels.git"), local=True, branch="main", committer="A <a@b>", when=project.WHEN
    )
    bare.check()
    for text in ("1.2.3", "1.2.4"):
        made = channel.signed(
            place.product, place.profile, signed.release(text), bare.read, place.trust(), signed.now()
        )
        bare.push(made, text)
    project.git(tmp_path, "clone", "-q", str(tmp_path / "channels.git"), "clone")
    assert project.git(tmp_path / "clone", "rev-list", "--count", "HEAD") == "2"
    found = signed.got(tmp_path / "clone", tmp_path / "client", "channels/latest.json", place.first_root)
    assert found is not None
    assert found["version"] == "1.2.4"
    before = project.git(tmp_path / "channels.git", "rev-parse", "main")
    made = channel.signed(place.product, place.profile, signed.release("1.2.4"), bare.read, place.trust(), signed.now())
    bare.push(made, "again")
    assert project.git(tmp_path / "channels.git", "rev-parse", "main") == before


def test_a_publish_that_is_cut_off_after_any_file_leaves_the_old_or_the_new_and_the_next_one_ends_it(
    place: signed.Keyed, tmp_path: Path
) -> None:
    place.publish(signed.release("1.2.3"))
    before = place.files()
    files = channel.signed(
        place.product, place.profile, signed.release("1.2.4"), place.folder.read, place.trust(), signed.now()
    )
    for count in range(len(files) + 1):
        shutil.rmtree(place.site)
        place.folder.push(tuple(File(path=path, content=content) for path, content in before.items()), "")
        place.folder.push(files[:count], "")
        client = tmp_path / str(count)
        assert seen(place, client, "channels/latest.json") in {"1.2.3", "1.2.4"}, count
        place.publish(signed.release("1.2.4"))
        assert seen(place, client, "channels/latest.json") == "1.2.4", count


# --- old versions ----------------------------------------------------------------------------------------------


def test_of_dev_the_newest_versions_can_be_named_and_of_latest_all(place: signed.Keyed, tmp_path: Path) -> None:
    for number in range(channel.LASTING + 3):
        place.publish(signed.release(stream=DEV, later=number))
        place.publish(signed.release(f"1.0.{number}"))
    client = tmp_path / "client"
    site = repository.opened(place.trust().public, place.folder.read, "channel-dev")
    assert len(channel.versions(site.targets, "dev")) == channel.LASTING
    assert seen(place, client, "channels/dev/0.0.0-dev-20260102030405.json") is None
    assert seen(place, client, "channels/dev/0.0.0-dev-20260102030408.json") is not None
    assert seen(place, client, "channels/latest/1.0.0.json") == "1.0.0"


def test_snapshots_of_a_branch_that_nobody_publishes_any_more_are_forgotten() -> None:
    paths = {f"channels/snapshot-{name}.json" for name in ("old", "new")}
    paths |= {f"channels/snapshot-old/0.0.0-snapshot-old-{20250101000000 + number}.json" for number in range(5)}
    paths |= {
        f"channels/snapshot-new/0.0.0-snapshot-new-{20260101000000 + number}.json" for number in range(channel.PASSING)
    }
    gone = channel.outlived(Channel.SNAPSHOT, paths)
    assert gone == {path for path in paths if "old" in path}
    assert channel.outlived(Channel.LATEST, paths) == frozenset()


# --- replaced and revoked keys -----------------------------------------------------------------------------------


@pytest.mark.parametrize("role", roles.NAMES)
def test_after_any_rotation_an_old_client_follows_and_every_channel_is_still_there(
    place: signed.Keyed, tmp_path: Path, role: str
) -> None:
    client = tmp_path / "client"
    place.publish(signed.release("1.2.3"))
    place.publish(signed.release(stream=DEV))
    assert seen(place, client, "channels/latest.json") == "1.2.3"
    keys.rotate(place.ceremony(), [role])
    done = refresh(place)
    assert not done.stale
    assert [each.role for each in done.endings] == [each.role for each in refresh(place).endings]
    for state in (client, tmp_path / "another"):
        assert seen(place, state, "channels/latest.json") == "1.2.3"
        assert seen(place, state, "channels/dev.json") is not None
    place.publish(signed.release("1.2.4"))
    assert seen(place, client, "channels/latest.json") == "1.2.4"
    assert seen(place, client, "channels/latest/1.2.3.json") == "1.2.3"


def test_what_a_revoked_key_signed_is_not_carried_on_unless_somebody_has_read_it(
    place: signed.Keyed, tmp_path: Path
) -> None:
    client = tmp_path / "client"
    place.publish(signed.release("1.2.3"))
    place.publish(signed.release(stream=DEV))
    keys.revoke(place.ceremony(), [next(iter(place.trust().public.role("channel-dev").keys))])
    before = place.files()
    refresh(place, carry_revoked=True)
    assert seen(place, client, "channels/dev.json") is not None
    place.folder.push(tuple(File(path=path, content=content) for path, content in before.items()), "")
    refresh(place)
    assert seen(place, tmp_path / "another", "channels/dev.json") is None
    assert seen(place, tmp_path / "another", "channels/latest.json") == "1.2.3"
    place.publish(signed.release(stream=DEV, later=9))
    assert seen(place, tmp_path / "another", "channels/dev.json") == "0.0.0-dev-20260102030414"


def test_a_revoked_key_signs_nothing_any_more_though_it_is_at_hand(place: signed.Keyed) -> None:
    trust = place.trust()
    role = trust.public.role("channel-dev")
    revoked = revoking(trust, frozenset(role.keys))
    with pytest.raises(KeyMissingError):
        revoked.sign("channel-dev", role)
    assert not revoked.can("channel-dev")


def revoking(trust: Trust, revoked: frozenset[str]) -> Trust:
    public = type(trust.public)(roots=trust.public.roots, targets=trust.public.targets, revoked=revoked)
    return Trust(public=public, private=trust.private, throwaway=False)


def test_an_attackers_enormous_numbers_are_left_behind_when_the_online_keys_are_replaced(
    place: signed.Keyed, tmp_path: Path
) -> None:
    client = tmp_path / "client"
    place.publish(signed.release("1.2.3"))
    signed.counted_to_the_end(place)
    assert seen(place, client, "channels/latest.json") == "1.2.3"
    online = [next(iter(place.trust().public.role(name).keys)) for name in ("snapshot", "timestamp")]
    keys.revoke(place.ceremony(), online)
    place.publish(signed.release("1.2.4"))
    assert json.loads(place.files()["metadata/timestamp.json"])["signed"]["version"] < 2**20
    assert seen(place, client, "channels/latest.json") == "1.2.4"


def test_a_role_whose_new_key_is_not_at_hand_is_told_and_left_alone(place: signed.Keyed) -> None:
    place.publish(signed.release(stream=DEV))
    keys.rotate(place.ceremony(), ["channel-dev"])
    (key,) = (path for path in place.private.glob("timestamp-*.pem"))
    (snapshot,) = (path for path in place.private.glob("snapshot-*.pem"))
    hand = place.at_hand()
    texts = {"timestamp": key.read_text(), "snapshot": snapshot.read_text()}
    done = refreshing.refresh(
        place.product,
        changed(place.profile, local=False),
        place.dist,
        signed.now(),
        at_hand=type(hand)(folder=None, variables=texts, ask=hand.ask),
    )
    assert done.stale == ("channel-dev",)
    assert signed.version(place.files(), "channel-dev") == 1


# --- what is refused -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b"{}"),
        lambda path: path.write_bytes(b"\xff\x00"),
        lambda path: path.write_bytes(path.read_bytes()[:-40]),
        lambda path: path.write_bytes(b"[" * 100_000),
    ],
)
@pytest.mark.parametrize("name", ["timestamp.json", "1.snapshot.json", "1.channel-latest.json"])
def test_a_site_that_is_not_what_was_published_is_refused_and_not_written_over(
    place: signed.Keyed, name: str, damage: Callable[[Path], object]
) -> None:
    place.publish(signed.release())
    damage(place.site / "metadata" / name)
    before = place.files()
    with pytest.raises(SiteBrokenError, match=name):
        place.publish(signed.release("1.2.4"))
    assert place.files() == before


@pytest.mark.parametrize("role", ["root", "channel-dev"])
def test_a_checkout_whose_keys_are_older_than_the_sites_publishes_nothing(
    place: signed.Keyed, role: str, tmp_path: Path
) -> None:
    place.publish(signed.release("1.2.3"))
    shutil.copytree(place.product.root / "keys", tmp_path / "older")
    keys.rotate(place.ceremony(), [role])
    place.publish(signed.release("1.2.4"))
    before = place.files()
    shutil.rmtree(place.product.root / "keys")
    shutil.copytree(tmp_path / "older", place.product.root / "keys")
    with pytest.raises(KeysInvalidError, match="newer keys"):
        place.publish(signed.release("1.2.5"))
    assert place.files() == before


@pytest.mark.parametrize("address", ["file:public/{package}", "github:acme/channels"])
def test_a_signed_site_is_one_place_for_all_channels(place: signed.Keyed, address: str) -> None:
    product = changed(place.product, results=place.dist)
    profile = changed(place.profile, places={**place.profile.places, "channel": address})
    with pytest.raises(ConfigInvalidError):
        signing.trust(product, profile)


def test_a_key_may_stand_in_one_line_of_the_environment(place: signed.Keyed) -> None:
    hand = place.at_hand()
    (path,) = place.private.glob("channel-dev-*.pem")
    one_line = path.read_text().replace("\n", "\\n")
    role = place.trust().public.role("channel-dev")
    found = type(hand)(folder=None, variables={"channel-dev": one_line}, ask=hand.ask)
    assert [each.public_key.keyid for each in found.signers("channel-dev", role.keys.values())] == list(role.keys)


def test_a_document_that_was_exchanged_at_the_site_is_not_what_a_client_gets(
    place: signed.Keyed, tmp_path: Path
) -> None:
    place.publish(signed.release())
    (path,) = (place.site / "targets" / "channels").glob("*.latest.json")
    path.write_bytes(path.read_bytes().replace(b"1.2.3", b"6.6.6"))
    with pytest.raises(RepositoryError):
        seen(place, tmp_path / "client", "channels/latest.json")


def test_a_public_profile_takes_no_release_without_the_projects_keys_nor_one_that_trusts_throwaway_ones(
    tmp_path: Path,
) -> None:
    folder = signed.otter(tmp_path / "otter")
    release = project.released(folder)
    otter = project.product(folder)
    real = world.changed_release(release)
    with pytest.raises(KeysMissingError):
        publish.publish(otter, otter.profiles["far"], real, folder / "dist")
    made = keys.begun(otter, Private(folder=tmp_path / "private", variables={}, ask=str), "secret", signed.now())
    keys.init(made, {}, {})
    with pytest.raises(PublishRefusedError, match="other keys"):
        publish.publish(otter, otter.profiles["far"], real, folder / "dist")
    assert not (folder / "dist" / "far").exists()
