"""winget: identifiers of the channels, the folders of the community repository, and what a version stands beside."""

import pytest
from tests.release import world

from release.model import Bundle
from release.packagers import nothing, winget
from release.product import Channel


def bundle(channel: Channel, *only: str) -> Bundle:
    product = world.product()
    (found,) = winget.PACKAGER.bundles(
        product, world.local(), world.release(product, world.plan(channel), *only), nothing
    )
    return found


@pytest.mark.parametrize(
    ("channel", "identifier", "kept"),
    [
        (Channel.LATEST, "Acme.Iterate", False),
        (Channel.DEV, "Acme.Iterate.Dev", False),
        (Channel.SNAPSHOT, "Acme.Iterate.Snapshot.feature-fast-start", True),
    ],
)
def test_each_channel_has_an_identifier_and_a_snapshot_stays_here(
    channel: Channel,
    identifier: str,
    kept: bool,  # noqa: FBT001  # a parameter of the table above
) -> None:
    found = bundle(channel)
    assert (found.package, found.kept) == (identifier, kept)
    assert {file.path.rpartition("/")[2] for file in found.files} == {
        f"{identifier}.yaml",
        f"{identifier}.installer.yaml",
        f"{identifier}.locale.en-US.yaml",
    }


def test_a_version_has_a_folder_of_its_own_in_the_community_s_layout() -> None:
    paths = {file.path.rpartition("/")[0] for file in bundle(Channel.LATEST).files}
    assert paths == {"manifests/a/Acme/Iterate/1.2.3"}


def test_a_release_without_windows_has_nothing_for_it() -> None:
    product = world.product()
    release = world.release(product, world.plan(), "linux-x64")
    assert winget.PACKAGER.bundles(product, world.local(), release, nothing) == ()
