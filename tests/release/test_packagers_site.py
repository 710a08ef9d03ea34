"""What lies on the site: archives that never change, their sidecars, and the files that name versions."""

from dataclasses import replace
from pathlib import Path

from msgspec.structs import replace as changed
from tests.release import world

from release.model import Stage
from release.packagers import archives, channel, naming, nothing
from release.product import Channel


def test_every_archive_is_frozen_beside_its_digest() -> None:
    product = world.product()
    release = world.release(product, world.plan(Channel.DEV))
    places = {"archives": "file:public/site"}
    (bundle,) = archives.PACKAGER.bundles(product, changed(world.local(), places=places), release, nothing)
    assert all(file.frozen for file in bundle.files)
    assert bundle.stage is Stage.ARCHIVES
    assert len(bundle.files) == 2 * len(release.artifacts)
    for artifact, (archive, sidecar) in zip(
        release.artifacts, zip(bundle.files[::2], bundle.files[1::2], strict=True), strict=True
    ):
        assert archive.path == f"v0.0.0-dev-20260102030405/{artifact.file}"
        assert archive.content == Path("artifacts") / artifact.file
        assert archive.sha256 == artifact.sha256
        assert sidecar.path == archive.path + ".sha256"
        assert sidecar.content == f"{artifact.sha256}  {artifact.file}\n".encode()


def test_a_release_of_nothing_puts_no_archive_anywhere() -> None:
    product = world.product()
    release = world.release(product, world.plan(planned=()))
    assert archives.PACKAGER.bundles(product, world.local(), release, nothing) == ()


def test_the_channel_file_can_change_and_names_every_archive_in_public() -> None:
    product = world.product()
    release = world.release(product, world.plan(Channel.SNAPSHOT))
    (bundle,) = channel.PACKAGER.bundles(product, world.local(), release, nothing)
    (file,) = bundle.files
    assert not file.frozen
    assert bundle.stage is Stage.CHANNEL
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
        (bundle,) = channel.PACKAGER.bundles(
            world.product(), world.local(), world.release(world.product(), plan), nothing
        )
        url = world.local().channel_url.replace("{channel}", bundle.package)
        assert url.endswith("/site/" + bundle.files[0].path)


def test_an_archive_has_its_first_address_and_then_those_of_the_mirrors() -> None:
    profile = changed(world.local("http://a"), mirrors=("http://b/{version}/{file}", "http://c/{file}"))
    assert naming.archive_urls(profile, world.plan(), "x") == (
        "http://a/site/v1.2.3/x",
        "http://b/1.2.3/x",
        "http://c/x",
    )
    assert naming.archive_url(profile, world.plan(), "x") == "http://a/site/v1.2.3/x"
    assert naming.archive_urls(world.local("http://a"), world.plan(), "x") == ("http://a/site/v1.2.3/x",)


def test_the_slash_of_a_tag_begins_no_folder_in_an_address() -> None:
    plan = replace(world.plan(), tag="otter/v1.2.3")
    assert naming.archive_url(world.local("http://a"), plan, "x") == "http://a/site/otter%2Fv1.2.3/x"
