"""The signed site: what The Update Framework's own client makes of what is published."""

import stat
from pathlib import Path

from tests.release import signed, world

from release.product import Channel


def test_the_frameworks_own_client_reads_what_a_channel_has_now_and_a_named_version(tmp_path: Path) -> None:
    place = signed.place(tmp_path)
    release = signed.release("1.2.3")
    place.publish(release)
    for path in ("channels/latest.json", "channels/latest/1.2.3.json"):
        found = signed.got(place.site, tmp_path / "client", path, place.root)
        assert found is not None
        assert (found["schema"], found["stream"], found["version"]) == (2, "latest", "1.2.3")
        assert [row["sha256"] for row in found["artifacts"]] == [each.sha256 for each in release.artifacts]  # type: ignore[attr-defined]
    assert signed.got(place.site, tmp_path / "client", "channels/latest/1.2.4.json") is None


def test_a_publish_that_has_nothing_new_to_say_makes_the_same_bytes(tmp_path: Path) -> None:
    place = signed.place(tmp_path)
    place.publish(signed.release())
    before = place.files()
    assert {f.path: f.content for f in place.bundle(signed.release()).files}.items() <= before.items()
    place.publish(signed.release())
    assert place.files() == before


def test_every_channel_moves_by_itself_and_drops_nothing_of_the_others(tmp_path: Path) -> None:
    place, state = signed.place(tmp_path), tmp_path / "client"
    place.publish(signed.release("1.2.3"))
    for number in range(3):
        place.publish(signed.release(stream=Channel.DEV, later=number))
        place.publish(signed.release(stream=Channel.SNAPSHOT, later=number))
        for path in ("latest", "dev", f"snapshot-{world.BRANCH}"):
            assert signed.got(place.site, state, f"channels/{path}.json", place.root) is not None
    place.publish(signed.release("1.3.0"))
    for path in ("latest/1.2.3", "latest/1.3.0", "dev/0.0.0-dev-20260102030405", "dev/0.0.0-dev-20260102030407"):
        assert signed.got(place.site, state, f"channels/{path}.json", place.root) is not None


def test_a_private_throwaway_key_is_its_owners_alone_and_the_receipt_says_that_it_was_one(tmp_path: Path) -> None:
    place = signed.place(tmp_path)
    bundle = place.publish(signed.release())
    assert "throwaway" in bundle.remark
    private = list((tmp_path / "dist" / "keys").glob("*.pem"))
    assert private
    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o600}
