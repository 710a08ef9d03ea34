"""Manifests: what each channel gets, what a release without Windows gets, and what never breaks out."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from tests.release import world

from release.errors import ConfigInvalidError, TemplateError
from release.model import Channel, Place, Product
from release.packagers import scoop

WINDOWS = ("windows-x64", "windows-x64-baseline", "windows-arm64")


def manifest(product: Product, channel: Channel = Channel.LATEST, *only: str) -> dict[str, object]:
    release = world.release(product, world.plan(channel), *only)
    (bundle,) = scoop.PACKAGER.bundles(product, world.local(), release)
    assert bundle.place is Place.BUCKET
    (file,) = bundle.files
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
    assert {row["extract_dir"] for row in architecture.values()} == {"iterate"}


def test_a_release_without_windows_has_a_manifest_that_scoop_refuses_to_install() -> None:
    found = manifest(world.product(), Channel.SNAPSHOT, "linux-x64-baseline")
    assert not {"architecture", "url", "autoupdate"} & set(found)
    assert "without Windows" in str(found["notes"])
    assert found["version"] == "0.0.0-snapshot-feature-fast-start-20260102030405"


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
    assert found["bin"] == "hello-world\\hello-world.exe"


def test_text_cannot_break_out_of_json() -> None:
    hostile = 'Says "hello", \\ and ünïcode'
    assert manifest(replace(world.product(), summary=hostile))["description"] == hostile


def test_a_bucket_that_is_not_owner_and_name_is_refused() -> None:
    with pytest.raises(ConfigInvalidError, match="bucket = 'a/b/c'"):
        manifest(replace(world.product(), bucket="a/b/c"))


def test_a_template_that_gives_no_json_is_a_named_error(tmp_path: Path) -> None:
    shutil.copytree(world.ROOT / "packaging", tmp_path / "packaging")
    template = tmp_path / "packaging" / "scoop" / "manifest.json.j2"
    template.write_text(template.read_text().replace('"bin": {{ program | json }},', '"bin": {{ program }},'))
    with pytest.raises(TemplateError, match=r"scoop/manifest\.json\.j2 does not give JSON"):
        manifest(world.product(tmp_path))
