"""winget manifests before winget's own schemas."""

import os
from pathlib import Path

import jsonschema
import pytest
from msgspec.structs import replace as changed
from ruamel.yaml import YAML
from tests.release import world

from release.packagers import nothing, winget
from release.product import Channel, Product

pytestmark = pytest.mark.consumer()

HOSTILE = "Says \"hello\": {a: [1, 2]} # 'ünïcode' \\ & *x !y | > %TAG"


def schema(name: str) -> dict[str, object]:
    """One of winget's schemas, from the folder that WINGET_SCHEMAS names."""
    folder = os.environ.get("WINGET_SCHEMAS", "")
    if not folder:
        pytest.skip("needs WINGET_SCHEMAS, see docs/testing.md")
    read: dict[str, object] = YAML(typ="safe").load((Path(folder) / f"manifest.{name}.1.12.0.json").read_text())
    return read


def manifests(product: Product, channel: Channel) -> dict[str, dict[str, object]]:
    """The manifests of a release by their type, as a YAML reader sees them."""
    release = world.release(product, world.plan(channel))
    (bundle,) = winget.PACKAGER.bundles(product, world.local(), release, nothing)
    read = [YAML(typ="safe").load(file.content) for file in bundle.files if isinstance(file.content, bytes)]
    return {each["ManifestType"]: each for each in read}


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("kind", ["version", "installer", "defaultLocale"])
def test_winget_s_own_schema_takes_every_manifest(channel: Channel, kind: str) -> None:
    for product in (world.product(), changed(world.product(), summary=HOSTILE)):
        found = manifests(product, channel)[kind]
        # ReleaseDate is quoted: a YAML reader would make a date of it, and the schema wants a text.
        jsonschema.validate(found, schema(kind))


def test_the_schema_would_have_said_so() -> None:
    installer = manifests(world.product(), Channel.LATEST)["installer"]
    for key, wrong in (("PackageIdentifier", "iterate"), ("Installers", []), ("InstallerType", "tar")):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**installer, key: wrong}, schema("installer"))


def test_text_comes_back_as_it_was() -> None:
    found = manifests(changed(world.product(), summary=HOSTILE), Channel.LATEST)
    assert found["defaultLocale"]["ShortDescription"] == HOSTILE
    assert found["installer"]["NestedInstallerFiles"] == [
        {"RelativeFilePath": "iterate\\iterate\\iterate.exe", "PortableCommandAlias": "iterate"}
    ]
