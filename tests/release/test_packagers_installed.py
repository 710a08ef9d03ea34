"""The receipt beside an installed program: who owns it, what it is called elsewhere, and where newer ones are."""

import re

import msgspec
import pytest
from msgspec.structs import replace as changed
from tests.release import world

from release.packagers import aur, homebrew, installed, nothing, scoop
from release.product import Channel, Profile

NEAR, FAR, MIRROR = "http://127.0.0.1:8642/site/", "https://example.invalid/site/", "https://mirror.invalid/"


class Written(msgspec.Struct, forbid_unknown_fields=True):
    """All keys of a receipt."""

    schema: int
    name: str
    method: str
    channel: str
    stream: str
    version: str
    packages: dict[str, dict[str, str]]
    sites: list[str]
    pinned: bool = False


def read(text: str | bytes) -> Written:
    return msgspec.json.decode(text, type=Written)


def public() -> Profile:
    return changed(world.local(), local=False, sites=(FAR, MIRROR))


def found_in(pattern: str, content: object) -> Written:
    """The receipt inside a rendered file."""
    assert isinstance(content, bytes)
    found = re.search(pattern, content.decode(), re.MULTILINE)
    assert found, content.decode()
    return read(found[1])


@pytest.mark.parametrize(
    ("channel", "stream", "suffix"),
    [
        (Channel.LATEST, "latest", ""),
        (Channel.DEV, "dev", "-dev"),
        (Channel.SNAPSHOT, f"snapshot-{world.BRANCH}", f"-snapshot-{world.BRANCH}"),
    ],
)
def test_formula_and_pkgbuild_name_owner_stream_and_sites(channel: Channel, stream: str, suffix: str) -> None:
    product = world.product()
    release = world.release(product, world.plan(channel))
    (formula,) = homebrew.PACKAGER.bundles(product, public(), release, nothing)
    (pkgbuild,) = aur.PACKAGER.bundles(product, public(), release, nothing)
    brewed = found_in(r"<<~JSON\n +(.*)$", formula.files[0].content)
    made = found_in(r"printf '%s\\n' '(.*)' >", pkgbuild.files[1].content)
    for receipt, method, name in (
        (brewed, "brew", f"acme/tap/iterate{suffix}"),
        (made, "aur", f"iterate{suffix}-bin"),
    ):
        assert (receipt.method, receipt.name) == (method, name)
        assert (receipt.schema, receipt.channel, receipt.stream) == (1, channel.value, stream)
        assert receipt.version == release.plan.version.text
        assert receipt.sites == [FAR, MIRROR]
        assert not receipt.pinned


def test_every_outlet_that_installs_is_named_for_the_lasting_channels_and_this_one() -> None:
    product = world.product()
    assert installed.packages(product, world.plan(Channel.LATEST)) == {
        "brew": {"latest": "acme/tap/iterate", "dev": "acme/tap/iterate-dev"},
        "scoop": {"latest": "acme/iterate", "dev": "acme/iterate-dev"},
        "aur": {"latest": "iterate-bin", "dev": "iterate-dev-bin"},
        "deb": {"latest": "iterate", "dev": "iterate-dev"},
        "winget": {"latest": "Acme.Iterate", "dev": "Acme.Iterate.Dev"},
        "npm": {"latest": "iterate", "dev": "iterate"},
    }
    assert set(installed.packages(product, world.plan(Channel.SNAPSHOT))["brew"]) == {
        "latest",
        "dev",
        f"snapshot-{world.BRANCH}",
    }


def test_an_outlet_without_a_place_in_any_profile_is_not_named() -> None:
    places = {"archives": "file:a", "aur": "git+file:b/{package}.git"}
    product = changed(world.product(), profiles={"local": changed(world.local(), places=places)})
    assert list(installed.packages(product, world.plan())) == ["aur"]


def test_the_version_on_a_receipt_of_scoop_is_the_one_that_scoop_installs() -> None:
    product = world.product()
    release = world.release(product, world.plan())
    (bundle,) = scoop.PACKAGER.bundles(product, public(), release, nothing)
    hook = world.document(bundle.files[0].content)["post_install"]
    assert isinstance(hook, list)
    (line,) = [each for each in hook if each.startswith("$receipt = ")]
    quoted = re.fullmatch(r"\$receipt = '((?:[^']|'')*)'\.Replace\('\$version', \$version\)", line)
    assert quoted
    receipt = read(quoted[1].replace("''", "'").replace("$version", "1.2.4"))
    assert (receipt.name, receipt.method, receipt.version) == ("acme/iterate", "scoop", "1.2.4")
    assert "1.2.3" not in line


def test_a_package_for_all_profiles_asks_where_the_public_does() -> None:
    near = changed(world.local(), sites=(NEAR,))
    both = changed(world.product(), profiles={"local": near, "far": public()})
    alone = changed(world.product(), profiles={"local": near})
    assert installed.sites(both, None) == (FAR, MIRROR)
    assert installed.sites(alone, None) == (NEAR,)
    assert installed.sites(both, near) == (NEAR,)


def test_a_version_that_was_asked_for_is_pinned_on_the_receipt() -> None:
    product, plan = world.product(), world.plan()
    assert read(installed.receipt(product, plan, method="self", profile=public(), pinned=True)).pinned
    assert read(installed.receipt(product, plan, method="self", profile=public())).name == "iterate"
