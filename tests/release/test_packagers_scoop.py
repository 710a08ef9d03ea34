"""Manifests: what each channel gets, what a release without Windows does not get, and what never breaks out."""

import pytest
from msgspec.structs import replace as changed
from tests.release import world

from release.errors import ConfigInvalidError, PublishRefusedError
from release.model import Stage
from release.packagers import nothing, scoop
from release.product import Channel, Product

WINDOWS = ("windows-x64", "windows-x64-baseline", "windows-arm64")


def manifest(product: Product, channel: Channel = Channel.LATEST, *only: str) -> dict[str, object]:
    release = world.release(product, world.plan(channel), *only)
    (bundle,) = scoop.PACKAGER.bundles(product, world.local(), release, nothing)
    assert bundle.stage is Stage.PACKAGES
    file = bundle.files[0]
    return world.document(file.content)


def test_both_processors_get_their_portable_archive() -> None:
    product = world.product()
    assert manifest(product, Channel.LATEST, *WINDOWS) == manifest(product)
    architecture = manifest(product)["architecture"]
    assert isinstance(architecture, dict)
    assert {name: row["url"].rpartition("/")[2] for name, row in architecture.items()} == {
        "64bit": "iterate-1.2.3-windows-baseline-x64.zip",
        "arm64": "iterate-1.2.3-windows-arm64.zip",
    }
    assert {name: row["url"].rpartition("/")[2] for name, row in architecture.items()} == {
        "64bit": "iterate-1.2.3-windows-baseline-x64.zip",
        "arm64": "iterate-1.2.3-windows-arm64.zip",
    }
    # Moving the archive's folder one level up would move it onto the program's own, which has the same name.
    assert not any("extract_dir" in row for row in architecture.values())


def test_a_release_without_windows_has_no_manifest() -> None:
    # One without an address for the machine's processor makes `scoop update` remove the program and install none.
    product = world.product()
    for only in ("linux-x64-baseline", "windows-x64"):
        made = scoop.PACKAGER.bundles(product, world.local(), world.release(product, world.plan(), only), nothing)
        assert made == ()


@pytest.mark.parametrize("only", ["windows-arm64", "linux-x64-baseline"])
def test_a_manifest_that_serves_another_processor_too_is_not_replaced_in_public(only: str) -> None:
    product, far = world.product(), changed(world.local(), local=False)
    (both,) = scoop.PACKAGER.bundles(product, far, world.release(product, world.plan()), nothing)
    content = both.files[0].content
    assert isinstance(content, bytes)
    partial = world.release(product, world.plan(), only)
    with pytest.raises(PublishRefusedError, match=r"serves .*64bit"):
        scoop.PACKAGER.bundles(product, far, partial, {both.files[0].path: content}.get)
    # On this machine half a release is everyday life, and what is no manifest keeps nobody.
    scoop.PACKAGER.bundles(product, world.local(), partial, {both.files[0].path: content}.get)
    for other in (b"", b"{", b"[]", b'{"version": "1"}'):
        scoop.PACKAGER.bundles(product, far, partial, {both.files[0].path: other}.get)


def test_a_release_for_one_processor_has_one_architecture() -> None:
    found = manifest(world.product(), Channel.LATEST, "windows-arm64")
    assert isinstance(found["architecture"], dict)
    assert list(found["architecture"]) == ["arm64"]


def test_notes_name_the_package_in_full_and_say_why_an_update_may_wait() -> None:
    assert manifest(world.product(), Channel.DEV)["notes"] == [
        "Install: scoop install acme/iterate-dev",
        "Upgrade: scoop update iterate-dev",
        "Scoop updates no running program. Stop the server first: iterate server stop",
    ]


def test_the_server_is_stopped_before_files_go_and_a_missing_program_is_no_error() -> None:
    before = manifest(world.product())["pre_uninstall"]
    assert isinstance(before, list)
    assert before[-1] == "try { if (Test-Path $program) { & $program 'server' 'stop' | Out-Null } } catch { }"


def test_what_a_product_has_not_is_left_out() -> None:
    found = manifest(world.minimal())
    assert "pre_uninstall" not in found
    assert found["license"] == "MIT|Apache-2.0"
    assert found["bin"] == "hello-world\\hello-world\\hello-world.exe"


def test_text_cannot_break_out_of_json() -> None:
    hostile = 'Says "hello", \\ {{ x }} and ünïcode'
    assert manifest(changed(world.product(), summary=hostile))["description"] == hostile


def test_without_its_table_the_outlet_says_so() -> None:
    with pytest.raises(ConfigInvalidError, match=r"there is no \[scoop\]"):
        manifest(changed(world.product(), tables=()))
