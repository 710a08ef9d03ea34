"""What lies on the site: archives that never change, their sidecars, and the files that name versions."""

from dataclasses import replace
from pathlib import Path

from tests.release import world

from release.model import Channel, Place
from release.packagers import archives, channel


def test_every_archive_is_frozen_beside_its_digest() -> None:
    product = world.product()
    release = world.release(product, world.plan(Channel.DEV))
    (bundle,) = archives.PACKAGER.bundles(product, world.local(), release)
    assert bundle.frozen
    assert bundle.place is Place.SITE
    assert len(bundle.files) == 2 * len(release.artifacts)
    for artifact, (archive, sidecar) in zip(
        release.artifacts, zip(bundle.files[::2], bundle.files[1::2], strict=True), strict=True
    ):
        assert archive.path == f"v0.0.0-dev-20260102030405/{artifact.file}"
        assert archive.content == Path("artifacts") / artifact.file
        assert archive.sha256 == artifact.sha256
        assert sidecar.path == archive.path + ".sha256"
        assert sidecar.content == f"{artifact.sha256}  {artifact.file}\n".encode()


def test_only_a_rehearsal_leaves_a_marker_that_lets_another_release_take_its_place() -> None:
    product = world.product()
    real = world.release(product, world.plan())
    paths = []
    for release in (real, replace(real, plan=replace(real.plan, dirty=True))):
        (bundle,) = archives.PACKAGER.bundles(product, world.local(), release)
        paths.append([file.path for file in bundle.files if file.path.endswith(".json")])
    assert paths == [[], ["v1.2.3/rehearsal.json"]]


def test_a_release_of_nothing_puts_no_archive_anywhere() -> None:
    product = world.product()
    release = world.release(product, world.plan(planned=()))
    assert archives.PACKAGER.bundles(product, world.local(), release) == ()


def test_the_channel_file_can_change_and_names_every_archive_in_public() -> None:
    product = world.product()
    release = world.release(product, world.plan(Channel.SNAPSHOT))
    (bundle,) = channel.PACKAGER.bundles(product, world.local(), release)
    assert not bundle.frozen
    (file,) = bundle.files
    assert file.path == "channels/snapshot-feature-fast-start.json"
    found = world.document(file.content)
    assert found["version"] == "0.0.0-snapshot-feature-fast-start-20260102030405"
    assert found["published"] == "2026-01-02T03:04:05Z"
    rows = found["artifacts"]
    assert isinstance(rows, list)
    assert [row["sha256"] for row in rows] == [artifact.sha256 for artifact in release.artifacts]
    assert all(row["url"] == f"http://127.0.0.1:8642/site/v{found['version']}/{row['file']}" for row in rows)


def test_the_channel_file_lies_where_livecheck_and_checkver_look_for_it() -> None:
    for stream in Channel:
        plan = world.plan(stream)
        (bundle,) = channel.PACKAGER.bundles(world.product(), world.local(), world.release(world.product(), plan))
        url = world.local().channel_url.replace("{channel}", bundle.package)
        assert url.endswith("/site/" + bundle.files[0].path)
