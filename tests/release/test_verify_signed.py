"""Verifying the signed site from its public address, with no key: signed, in time, and this release, or why not."""

import shutil
from pathlib import Path

import pytest
from msgspec.structs import replace as changed
from tests.release import project, signed

from release import network, publish, status, verify
from release.model import Release
from release.product import Product, Profile
from release.verify.check import Check, Result

pytestmark = pytest.mark.processes


@pytest.fixture
def otter(tmp_path: Path) -> Path:
    return signed.otter(tmp_path / "otter", targets=("linux-x64", "linux-arm64"))


def parts(folder: Path) -> tuple[Product, Profile]:
    product, port = project.product(folder), network.free_port()
    base = f"http://127.0.0.1:{port}/site/"
    return product, changed(product.profiles["local"], archive_url=f"{base}{{tag}}/{{file}}", sites=(base,))


def published(folder: Path, when: int = 0) -> Release:
    project.commit(folder, "another", when=project.WHEN + when)
    release = project.released(folder)
    product, profile = parts(folder)
    publish.publish(product, profile, release, folder / "dist")
    return release


def seen(folder: Path, release: Release) -> Check:
    product, profile = parts(folder)
    installers = tuple(row for row in verify.INSTALLERS if row[0] == "signed site")
    found = verify.verify(product, profile, release, folder / "dist", progress=project.Quiet(), installers=installers)
    (check,) = (each for each in found if each.name == "signed site")
    return check


def test_a_signed_site_is_read_from_its_public_address_and_says_until_when(otter: Path) -> None:
    check = seen(otter, published(otter))
    assert (check.result, "signed, until 20" in check.detail) == (Result.PASSED, True), check


def test_a_newer_release_on_the_channel_is_no_failure(otter: Path) -> None:
    first = published(otter)
    published(otter, 9)
    check = seen(otter, first)
    assert check.result is Result.SKIPPED
    assert "newer" in check.detail


@pytest.mark.parametrize("name", ["timestamp.json", "1.snapshot.json", "1.channel-dev.json", "1.targets.json"])
def test_a_site_that_was_tampered_with_is_a_failed_check(otter: Path, name: str) -> None:
    release = published(otter)
    path = otter / "dist" / "public" / "site" / "metadata" / name
    path.write_bytes(path.read_bytes().replace(b'"version": 1', b'"version": 2'))
    assert seen(otter, release).result is Result.FAILED


def test_another_release_under_the_same_signatures_is_a_failed_check(otter: Path) -> None:
    first = published(otter)
    shutil.copytree(otter / "dist" / "public", otter / "kept")
    second = published(otter, 9)
    shutil.rmtree(otter / "dist" / "public")
    shutil.copytree(otter / "kept", otter / "dist" / "public")
    assert seen(otter, second).result is Result.FAILED
    assert seen(otter, first).result is Result.PASSED


def test_without_keys_there_is_nothing_to_verify(otter: Path) -> None:
    (otter / "release.toml").write_text((otter / "release.toml").read_text().replace('keys = "keys"\n', ""))
    assert seen(otter, published(otter)).result is Result.SKIPPED


def test_whoever_looks_at_what_is_published_needs_no_key(otter: Path) -> None:
    first = published(otter)
    published(otter, 9)
    # No private half is left of the keys that the site is signed with.
    for path in (otter / "dist" / "keys").glob("*.pem"):
        path.unlink()
    product, profile = parts(otter)
    found = {each.outlet: each.state for each in status.status(product, profile, first, otter / "dist")}
    assert found == {"archives": "same", "channel": "different"}
