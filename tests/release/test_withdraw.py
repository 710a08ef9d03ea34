"""Withdrawing: a channel goes back to an earlier version, stays there, and nobody is given the bad one again."""

import json
from pathlib import Path

import pytest
from msgspec.structs import replace as changed
from tests.release import signed

from release import status, withdraw
from release.errors import WithdrawnError
from release.model import File
from release.withdraw import Withdrawn


@pytest.fixture
def place(tmp_path: Path) -> signed.Keyed:
    return signed.keyed(tmp_path)


def seen(place: signed.Keyed, state: Path, path: str) -> str | None:
    """The version that a client gets there."""
    found = signed.got(place.site, state, path, place.first_root)
    return None if found is None else str(found["version"])


def taken_back(place: signed.Keyed, bad: str, stream: str = "latest", to: str | None = None) -> Withdrawn:
    return withdraw.withdraw(
        place.product,
        changed(place.profile, local=False),
        place.dist,
        signed.now(),
        bad=bad,
        stream=stream,
        to=to,
        at_hand=place.at_hand(),
    )


def test_a_withdrawn_version_is_replaced_by_the_one_before_under_a_higher_number(
    place: signed.Keyed, tmp_path: Path
) -> None:
    client = tmp_path / "client"
    for text in ("1.2.2", "1.2.3", "1.2.4"):
        place.publish(signed.release(text))
    assert seen(place, client, "channels/latest.json") == "1.2.4"
    done = taken_back(place, "1.2.4")
    assert (done.version, done.withdrawn) == ("1.2.3", ("1.2.4",))
    found = signed.got(place.site, client, "channels/latest.json", place.first_root)
    assert found is not None
    assert (found["version"], found["withdrawn"]) == ("1.2.3", ["1.2.4"])
    assert seen(place, client, "channels/latest/1.2.4.json") is None
    plain = json.loads((place.site / "channels" / "latest.json").read_bytes())
    assert plain == found, "livecheck and checkver read the same"
    assert taken_back(place, "1.2.4").done == "unchanged"


def test_what_is_published_after_a_withdrawal_keeps_the_list_and_the_withdrawn_one_is_refused(
    place: signed.Keyed, tmp_path: Path
) -> None:
    for text in ("1.2.3", "1.2.4"):
        place.publish(signed.release(text))
    taken_back(place, "1.2.4")
    before = place.files()
    with pytest.raises(WithdrawnError):
        place.publish(signed.release("1.2.4"))
    place.publish(signed.release("1.2.3"))
    assert place.files() == before, "what the channel went back to is there already"
    place.publish(signed.release("1.2.5"))
    found = signed.got(place.site, tmp_path / "client", "channels/latest.json", place.first_root)
    assert found is not None
    assert (found["version"], found["withdrawn"]) == ("1.2.5", ["1.2.4"])


def test_status_says_that_the_release_was_withdrawn_and_does_not_take_that_for_silence(place: signed.Keyed) -> None:
    for text in ("1.2.3", "1.2.4"):
        place.publish(signed.release(text))
    taken_back(place, "1.2.4")
    alone = changed(place.profile, local=False, places={"channel": place.profile.places["channel"]})
    (seen,) = status.status(place.product, alone, signed.release("1.2.4"), place.dist)
    assert (seen.state, seen.paths) == (status.WITHDRAWN, ("1.2.4 was withdrawn from latest",))


def test_several_versions_are_withdrawn_one_after_another_in_any_order(place: signed.Keyed) -> None:
    for text in ("1.2.1", "1.2.2", "1.2.3", "1.2.10"):
        place.publish(signed.release(text))
    assert taken_back(place, "1.2.3").version == "1.2.10", "it has moved on already"
    done = taken_back(place, "1.2.10")
    assert (done.version, done.withdrawn) == ("1.2.2", ("1.2.3", "1.2.10"))
    assert taken_back(place, "1.2.2", to="1.2.1").version == "1.2.1"


@pytest.mark.parametrize(
    ("bad", "stream", "to"),
    [
        ("9.9.9", "latest", None),
        ("1.2.3", "latest", None),  # nothing before it
        ("1.2.4", "latest", "1.2.5"),
        ("1.2.4", "latest", "1.2.4"),
        ("1.2.4", "stable", None),
        ("1.2.4", "snapshot", None),
        ("1.2.4", "latest-x", None),
        ("nonsense", "latest", None),
    ],
)
def test_what_cannot_be_withdrawn_is_refused_and_nothing_changes(
    place: signed.Keyed, bad: str, stream: str, to: str | None
) -> None:
    texts = ("1.2.3",) if bad == "1.2.3" else ("1.2.3", "1.2.4")
    for text in texts:
        place.publish(signed.release(text))
    before = place.files()
    with pytest.raises(WithdrawnError):
        taken_back(place, bad, stream, to)
    assert place.files() == before


def test_the_installers_of_a_channel_go_back_with_it(place: signed.Keyed) -> None:
    places = {**place.profile.places, "installer": "file:public/site"}
    place = with_places(place, places)
    for text in ("1.2.3", "1.2.4"):
        release = signed.release(text)
        place.publish(release)
        script = "\n".join([f"VERSION='{text}'", *(each.sha256 for each in release.artifacts)]).encode()
        beside = [File(path=f"v{text}/{name}", content=script) for name in ("install.sh", "install.ps1")]
        stable = [File(path=f"{folder}install.sh", content=script) for folder in ("", "latest/")]
        place.folder.push((*beside, *stable), "")
    taken_back(place, "1.2.4")
    for path in ("install.sh", "latest/install.sh"):
        assert (place.site / path).read_bytes() == (place.site / "v1.2.3" / "install.sh").read_bytes()
    assert not (place.site / "latest" / "install.ps1").exists(), "there was none"


def with_places(place: signed.Keyed, places: dict[str, str]) -> signed.Keyed:
    return signed.Keyed(
        product=place.product,
        profile=changed(place.profile, places=places),
        dist=place.dist,
        private=place.private,
    )
