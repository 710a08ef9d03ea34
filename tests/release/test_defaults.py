"""What release.toml leaves out: made from its repository, or found beside it; what it says is never changed."""

from pathlib import Path

import pytest
from tests.release import project

from release import config, defaults
from release.errors import ConfigInvalidError
from release.packagers import taking_part
from release.packagers.homebrew import Homebrew
from release.packagers.npm import Npm
from release.packagers.scoop import Scoop
from release.packagers.winget import Winget
from release.product import Product

SHORT = """\
name = "otter"
summary = "Swims on its back"
repository = "acme/otter"
license = "MIT"
OUTLETS

[build]
project = "."
scripts = ["otter"]
stamp = "otter/_stamp.py"
packages = ["otter"]
targets = ["linux-x64-baseline", "windows-x64-baseline"]
"""
ALL = 'outlets = ["homebrew", "scoop", "aur", "deb", "winget", "npm", "installer"]'


def read(
    folder: Path, text: str = SHORT, *, outlets: str = ALL, files: tuple[str, ...] = ("LICENSE", "README.md")
) -> Product:
    for name in (*files, "pyproject.toml"):
        (folder / name).write_text("some\n")
    (folder / "release.toml").write_text(text.replace("OUTLETS", outlets))
    return config.read(folder / "release.toml")


def refused(
    folder: Path, text: str = SHORT, *, outlets: str = ALL, files: tuple[str, ...] = ("LICENSE", "README.md")
) -> str:
    with pytest.raises(ConfigInvalidError) as caught:
        read(folder, text, outlets=outlets, files=files)
    return str(caught.value)


def test_a_repository_gives_the_addresses_the_tables_and_the_committer(tmp_path: Path) -> None:
    otter = read(tmp_path)
    assert otter.homepage == "https://github.com/acme/otter"
    assert otter.committer == "otter release <acme@users.noreply.github.com>"
    assert (otter.license_file, otter.readme) == ("LICENSE", "README.md")
    assert otter.table(Homebrew).tap == "acme/tap"
    assert otter.table(Scoop).bucket == "acme/scoop-bucket"
    assert otter.table(Npm).repository == "https://github.com/acme/otter"
    assert otter.table(Winget) == Winget(identifier="acme.otter", publisher="acme")
    github, local = otter.profiles["github"], otter.profiles["local"]
    assert github.archive_url == "https://github.com/acme/otter/releases/download/{tag}/{file}"
    assert github.sites == ("https://raw.githubusercontent.com/acme/otter/channels/",)
    assert github.places["archives"] == "github:acme/otter"
    assert github.places["homebrew"] == "git+https://github.com/acme/homebrew-tap.git"
    assert github.places["installer"] == "git+https://github.com/acme/otter.git#channels"
    assert "deb" not in github.places, "it needs a web server that nobody knows of"
    assert "winget" not in github.places, "it needs a fork that nobody knows of"
    assert (local.local, github.local) == (True, False)
    assert set(local.places) == {"archives", "channel", *(otter.outlets or ())}


def test_outlets_are_opt_in_a_word_each(tmp_path: Path) -> None:
    for line, outlets in (("", set()), ("outlets = []", set()), ('outlets = ["aur"]', {"aur"})):
        otter = read(tmp_path, outlets=line)
        assert set(otter.profiles) == {"local", "github"}
        for profile in otter.profiles.values():
            assert {each.name for each in taking_part(profile)} == {"archives", "channel", *outlets}


def test_without_a_repository_there_is_the_local_profile_alone(tmp_path: Path) -> None:
    text = SHORT.replace(
        'repository = "acme/otter"', 'homepage = "https://example.invalid"\ncommitter = "A <a@example.invalid>"'
    )
    otter = read(tmp_path, text, outlets='outlets = ["aur", "installer"]')
    assert set(otter.profiles) == {"local"}
    told = refused(tmp_path, text, outlets='outlets = ["homebrew"]')
    assert "there is no [homebrew] with tap: profiles.local.places.homebrew needs it" in told


def test_what_the_file_says_goes_before_what_follows(tmp_path: Path) -> None:
    more = """
[homebrew]
tap = "acme/tools"
[profiles.local]
archive_url = "http://127.0.0.1:9000/files/{tag}/{file}"
[profiles.github]
mirrors = ["https://mirror.invalid/{file}"]
[profiles.github.places]
deb = "file:/srv/deb"
"""
    otter = read(tmp_path, f'homepage = "https://otter.invalid"\n{SHORT}{more}')
    assert otter.homepage == "https://otter.invalid"
    github, local = otter.profiles["github"], otter.profiles["local"]
    assert github.places["homebrew"] == "git+https://github.com/acme/homebrew-tools.git"
    assert github.places["deb"] == "file:/srv/deb"
    assert github.places["aur"].endswith("#master")
    assert github.mirrors == ("https://mirror.invalid/{file}",)
    assert local.channel_url == "http://127.0.0.1:9000/files/channels/{channel}.json"
    assert local.sites == ("http://127.0.0.1:9000/files/",)
    assert local.serve == "public"


def test_a_file_that_names_its_places_has_no_others(tmp_path: Path) -> None:
    otter = project.product(project.make(tmp_path))
    assert set(otter.profiles) == {"local", "far"}
    assert set(otter.profiles["local"].places) == {"archives", "homebrew", "scoop", "aur", "channel"}


@pytest.mark.parametrize(
    ("files", "licence", "readme"),
    [
        (("COPYING", "readme.rst"), "COPYING", "readme.rst"),
        (("LICENCE.txt", "README"), "LICENCE.txt", "README"),
        (("License.md", "LICENSE.txt", "README.txt", "README.md"), "License.md", "README.md"),
    ],
)
def test_licence_and_readme_are_found_under_their_usual_names(
    tmp_path: Path, files: tuple[str, ...], licence: str, readme: str
) -> None:
    otter = read(tmp_path, files=files)
    assert (otter.license_file, otter.readme) == (licence, readme)


@pytest.mark.parametrize(
    ("files", "licence"),
    [
        (("LICENSES.txt", "COPYRIGHT.txt"), "LICENSES.txt"),
        (("LICENSE-MIT", "LICENSE-APACHE", "FONT-LICENSE.txt"), "LICENSE-APACHE"),
        (("LICENSES/MIT.txt", "NOTICE"), "LICENSES/MIT.txt"),
        (("MIT-LICENSE.txt",), "MIT-LICENSE.txt"),
        (("gpl-3.0.txt",), "gpl-3.0.txt"),
        (("LICENSE.apache2", "license.py"), "LICENSE.apache2"),
        (("licensing.md", "license_header.py", "copyingtool.txt"), ""),
    ],
)
def test_a_licence_under_another_name_is_found_too(tmp_path: Path, files: tuple[str, ...], licence: str) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("some\n")
    assert defaults.licence(tmp_path) == ""
    assert defaults.licence_otherwise(tmp_path) == licence


def test_a_readme_for_another_program_is_found_too(tmp_path: Path) -> None:
    assert defaults.readme_otherwise(tmp_path) == ""
    (tmp_path / "README.adoc").write_text("some\n")
    assert defaults.readme_otherwise(tmp_path) == "README.adoc"


def test_a_project_may_have_no_readme(tmp_path: Path) -> None:
    assert read(tmp_path, files=("LICENSE",)).readme == ""


def test_what_cannot_be_made_is_missing_with_the_reason(tmp_path: Path) -> None:
    told = refused(tmp_path, SHORT.replace('repository = "acme/otter"\n', ""), files=())
    for key in ("homepage", "committer", "license_file"):
        assert f"{key}: missing; write it" in told
    assert "repository: expected OWNER/NAME" in refused(tmp_path, SHORT.replace("acme/otter", "https://x/acme/otter"))


@pytest.mark.parametrize(
    ("outlets", "targets", "said"),
    [
        ('["hombrew"]', "linux-x64-baseline", "outlets[0]: no outlet is called 'hombrew', only archives, homebrew"),
        ('["hombrew"]', "linux-x64-baseline", "installer; did you mean 'homebrew'?"),
        ('["aur"]', "windows-x64", "windows-arm64; did you mean 'windows-x64-baseline'?"),
        ('["aur", "scoop"]', "linux-x64-baseline", "outlets[1]: scoop has no use for any of build.targets"),
        ('["winget"]', "darwin-arm64", "outlets[0]: winget has no use for any of build.targets"),
        ('["aur"]', "linux-x64", "outlets[0]: aur has no use for any of build.targets"),
        ('["deb"]', "linux-x64-musl", "outlets[0]: deb has no use for any of build.targets"),
        ('"aur"', "linux-x64-baseline", "outlets: expected array, got 'aur'"),
        ("[1]", "linux-x64-baseline", "outlets[0]: expected str, got 1"),
    ],
)
def test_an_outlet_is_one_that_there_is_and_has_a_use_for_a_target(
    tmp_path: Path, outlets: str, targets: str, said: str
) -> None:
    text = SHORT.replace('"linux-x64-baseline", "windows-x64-baseline"', f'"{targets}"')
    assert said in refused(tmp_path, text, outlets=f"outlets = {outlets}")


def test_a_place_of_an_outlet_that_is_not_chosen_is_a_mistake(tmp_path: Path) -> None:
    more = '[profiles.github.places]\nscoop = "git+https://example.invalid/bucket.git"\n'
    told = refused(tmp_path, SHORT + more, outlets='outlets = ["aur"]')
    assert "profiles.github.places.scoop: outlets does not name it" in told


@pytest.mark.parametrize(
    "line", ["profiles = 1", "profiles.local = 1", "profiles.local.places = 1", "homebrew = 1", "name = 1"]
)
def test_nothing_is_made_from_what_is_wrong(tmp_path: Path, line: str) -> None:
    key = line.partition(" ")[0]
    kept = "\n".join(each for each in SHORT.splitlines() if not each.startswith(f"{key} ="))
    assert f"{key}: expected" in refused(tmp_path, f"{line}\n{kept}")
