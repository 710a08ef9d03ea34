"""The installers of a release: what is in them, where they lie, and what of a published version stays."""

import re
import subprocess

import pytest
from msgspec.structs import replace as changed
from tests.release import world

from release.errors import ConfigInvalidError
from release.model import Bundle, Read, Release, Stage
from release.packagers import archives, installer, nothing
from release.placeholders import fill, pieces
from release.product import Channel, Product, Profile

PROFILE = changed(world.local("http://a.example"), mirrors=("http://b.example/{version}/{file}?x='$(id)'",))


def released(product: Product, channel: Channel = Channel.LATEST, *only: str) -> Release:
    return world.release(product, world.plan(channel), *only)


def text(name: str, profile: Profile = PROFILE, channel: Channel = Channel.LATEST, *only: str) -> str:
    product = world.product()
    return installer.scripts(product, profile, released(product, channel, *only))[name].decode()


def standing(product: Product, profile: Profile, release: Release, held: Read = nothing) -> Bundle:
    (bundle,) = installer.PACKAGER.bundles(product, profile, release, held)
    return bundle


def beside(profile: Profile, release: Release, held: Read = nothing) -> dict[str, bytes]:
    (bundle,) = archives.PACKAGER.bundles(world.product(), profile, release, held)
    chosen = [file for file in bundle.files if file.path.rpartition("/")[2] in installer.SCRIPTS]
    assert all(file.frozen for file in chosen)
    return {file.path: file.content for file in chosen if isinstance(file.content, bytes)}


@pytest.mark.parametrize("channel", Channel)
def test_every_archive_is_in_one_of_the_scripts_with_its_size_and_digest(channel: Channel) -> None:
    release = released(world.product(), channel)
    for artifact in release.artifacts:
        name = "install.ps1" if artifact.file.endswith(".zip") else "install.sh"
        other = "install.sh" if name == "install.ps1" else "install.ps1"
        (line,) = (line for line in text(name, channel=channel).splitlines() if artifact.sha256 in line)
        assert artifact.file in line
        assert str(artifact.size) in line
        assert artifact.sha256 not in text(other, channel=channel)


@pytest.mark.systems("linux", "darwin")
def test_a_script_asks_the_addresses_of_any_version_in_order() -> None:
    lines = text("install.sh").splitlines()
    start, end = lines.index("addresses() {"), lines.index("# The addresses of the installer that a channel has now.")
    script = "\n".join([*lines[start:end], "addresses 9.9.9 some.tar.gz"])
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "http://a.example/site/v9.9.9/some.tar.gz",
        "http://b.example/9.9.9/some.tar.gz?x='$(id)'",
    ]


@pytest.mark.parametrize("address", ["", "x", "{a}", "x{a}y{b}{c}z", "{{a}}{b}", "{A}{a}", "{{a}}"])
def test_the_pieces_of_a_text_put_together_are_the_text_filled_in(address: str) -> None:
    values = {"a": "1", "b": "2", "c": "3"}
    joined = "".join(before + (values[name] if name else "") for before, name in pieces(address))
    assert joined == fill(address, **values)


def test_a_channel_has_its_own_folder_and_latest_the_top_too() -> None:
    product = world.product()
    for channel, stream in ((Channel.DEV, "dev"), (Channel.SNAPSHOT, "snapshot-feature-fast-start")):
        bundle = standing(product, PROFILE, released(product, channel))
        assert {file.path for file in bundle.files} == {f"{stream}/install.sh", f"{stream}/install.ps1"}
    latest = standing(product, PROFILE, released(product))
    assert latest.stage is Stage.CHANNEL
    content = {file.path: file.content for file in latest.files}
    assert content["install.sh"] == content["latest/install.sh"]
    assert content["install.ps1"] == content["latest/install.ps1"]


def test_a_channel_s_script_says_what_is_newest_there() -> None:
    product = world.product()
    bundle = standing(product, PROFILE, released(product))
    held = {file.path: file.content for file in bundle.files if isinstance(file.content, bytes)}
    assert installer.PACKAGER.edition(bundle, held.get) == bundle.edition
    assert installer.PACKAGER.edition(bundle, nothing) is None


def test_the_scripts_beside_the_archives_are_those_of_the_version() -> None:
    release = released(world.product())
    made = beside(PROFILE, release)
    assert made == {
        f"v1.2.3/{name}": content for name, content in installer.scripts(world.product(), PROFILE, release).items()
    }


def test_a_published_version_keeps_its_scripts_whatever_the_templates_say_now() -> None:
    release = released(world.product())
    older = {path: content + b"# older\n" for path, content in beside(PROFILE, release).items()}
    assert beside(PROFILE, release, older.get) == older


def test_scripts_that_install_something_else_are_no_published_version_of_ours() -> None:
    release = released(world.product())
    digest = release.artifacts[0].sha256.encode()
    other = {path: content.replace(digest, b"0" * 64) for path, content in beside(PROFILE, release).items()}
    again = beside(PROFILE, release, other.get)
    assert again["v1.2.3/install.sh"] != other["v1.2.3/install.sh"]


def test_a_profile_without_a_place_for_it_has_no_script_beside_its_archives() -> None:
    places = {name: place for name, place in PROFILE.places.items() if name != "installer"}
    assert beside(changed(PROFILE, places=places), released(world.product())) == {}


def test_a_place_without_a_public_address_is_told() -> None:
    with pytest.raises(ConfigInvalidError, match="names no sites"):
        text("install.sh", changed(PROFILE, sites=()))


def test_a_release_without_archives_has_no_installer() -> None:
    product = world.product()
    assert installer.scripts(product, PROFILE, world.release(product, world.plan(planned=()))) == {}


def test_a_release_for_one_system_has_both_scripts_and_each_says_what_it_has() -> None:
    assert "Target = 'windows-" not in text("install.ps1", PROFILE, Channel.LATEST, "linux-arm64")
    assert "echo linux-arm64 " in text("install.sh", PROFILE, Channel.LATEST, "linux-arm64")


def test_the_need_of_a_glibc_is_in_the_row_of_its_build() -> None:
    rows = re.findall(r"^    echo (linux-\S+) \S+ \d+ [0-9a-f]{64} (\S+)$", text("install.sh"), re.MULTILINE)
    assert ("linux-x64", "2.34") in rows
    assert ("linux-x64-musl", "0") in rows


def test_the_receipt_says_that_no_package_manager_owns_the_copy() -> None:
    (line,) = re.findall(r"^RECEIPT='(.*)'$", text("install.sh"), re.MULTILINE)
    receipt = world.document(line.encode())
    assert (receipt["method"], receipt["stream"], receipt["sites"]) == ("self", "latest", ["http://a.example/site/"])


def test_powershell_reads_the_script_in_any_encoding() -> None:
    # Windows PowerShell takes a file without a byte order mark for one of the machine's own code page.
    assert text("install.ps1").isascii()


def test_another_product_s_name_makes_a_variable() -> None:
    product = world.minimal()
    script = installer.scripts(product, PROFILE, released(product))["install.sh"].decode()
    assert "\nVARIABLE='HELLO_WORLD'\n" in script
    assert "\nNEXT='hello-world --help'\n" in script
