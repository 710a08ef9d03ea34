"""The rendered files of all channels against tests/golden; refuses files that nobody renders any more.

`make golden` records them again. The archives are not among them: their sidecars are one line each, which
test_packagers_site.py checks.
"""

import io
import os
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace as changed
from tests.release import world

from release import config
from release.model import Packager
from release.packagers import FLEET, nothing
from release.product import Channel, Product

GOLDEN = world.ROOT / "tests" / "golden"
SEVERAL = "several"  # commands, of a product that is not ours
RENDERED = tuple(packager for packager in FLEET if packager.name != "archives")


def rendered(packager: Packager, channel: Channel, product: Product) -> dict[str, bytes]:
    release = world.derived(product, world.release(product, world.plan(channel)))
    # Under its own name a .gitattributes would rule over the goldens around it.
    files = {
        "gitattributes" if file.path == ".gitattributes" else file.path: file.content
        for bundle in packager.bundles(product, world.local(), release, nothing)
        for file in bundle.files
        if isinstance(file.content, bytes)
    }
    packed = {path: content for path, content in files.items() if path.endswith(".tgz")}
    plain = {path: content for path, content in files.items() if path not in packed}
    return plain | {name: text for path, content in packed.items() for name, text in unpacked(path, content)}


def unpacked(path: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    """The files of a package, under its own path, for people to read."""
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        for entry in tar:
            file = tar.extractfile(entry)
            assert file is not None
            yield f"{path.removesuffix('.tgz')}/{entry.name}", file.read()


def record(folder: Path, files: dict[str, bytes]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


def hold(folder: Path, files: dict[str, bytes]) -> None:
    """Hold rendered files against those that were agreed upon."""
    if os.environ.get("RECORD_GOLDEN"):
        record(folder, files)
    agreed = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert sorted(files) == sorted(agreed), f"make golden, and read the diff of {folder}"
    for path, content in files.items():
        assert content.decode() == agreed[path].decode(), f"make golden, and read the diff of {folder / path}"


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("packager", RENDERED, ids=lambda packager: packager.name)
def test_what_lands_at_the_destination_is_what_was_agreed(packager: Packager, channel: Channel) -> None:
    hold(GOLDEN / packager.name / channel, rendered(packager, channel, world.product()))


@pytest.mark.parametrize("packager", RENDERED, ids=lambda packager: packager.name)
def test_every_command_of_a_product_with_several_lands_there(packager: Packager) -> None:
    hold(GOLDEN / packager.name / SEVERAL, rendered(packager, Channel.DEV, world.several()))


def test_every_golden_folder_belongs_to_a_packager_and_a_channel() -> None:
    expected = {f"{packager.name}/{channel}" for packager in RENDERED for channel in (*Channel, SEVERAL)}
    found = {str(folder.relative_to(GOLDEN)) for folder in GOLDEN.glob("*/*")}
    assert found == expected
    assert {folder.name for folder in GOLDEN.iterdir()} == {packager.name for packager in RENDERED}


def test_the_goldens_show_the_product_that_release_toml_describes() -> None:
    # Profiles say where things go and the build how it is made; what packages say is all the rest.
    real, ours = config.read(world.ROOT / config.FILE), world.product()
    assert changed(real, profiles={}, build=ours.build, repository="", outlets=None) == changed(ours, profiles={})
