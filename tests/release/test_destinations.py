"""An address leads to one destination, by its scheme; paths start at the folder of results."""

from pathlib import Path

import pytest
from msgspec.structs import replace as changed
from tests.release import world

from release import destinations
from release.destinations.folder import Folder
from release.destinations.github import GitHubRelease
from release.destinations.repository import Repository
from release.errors import ConfigInvalidError


def located(address: str, dist: Path, *, package: str = "otter-dev") -> tuple[str, destinations.Destination]:
    profile = changed(world.local(), places={"homebrew": address})
    return destinations.located(world.product(), profile, world.plan(), dist, outlet="homebrew", package=package)


@pytest.mark.systems("linux", "darwin")
@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("file:public/site", "DIST/public/site"),
        ("file:public/a b", "DIST/public/a b"),
        ("file:/srv/site", "/srv/site"),
        ("file:///srv/site", "/srv/site"),
        ("file:{package}/x", "DIST/otter-dev/x"),
    ],
)
def test_a_file_address_is_a_folder(address: str, path: str, tmp_path: Path) -> None:
    where, made = located(address, tmp_path)
    assert where == address.replace("{package}", "otter-dev")
    assert isinstance(made, Folder)
    assert made.root == Path(path.replace("DIST", str(tmp_path)))


@pytest.mark.systems("linux", "darwin")
@pytest.mark.parametrize(
    ("address", "location", "branch", "local"),
    [
        ("git+file:public/tap.git", "DIST/public/tap.git", None, True),
        ("git+file:public/aur/{package}.git#master", "DIST/public/aur/otter-dev.git", "master", True),
        ("git+file:/srv/tap.git", "/srv/tap.git", None, True),
        ("git+file:///srv/tap.git#a/b", "/srv/tap.git", "a/b", True),
        ("git+https://host/acme/tap.git", "https://host/acme/tap.git", None, False),
        ("git+https://host:8443/tap#trunk", "https://host:8443/tap", "trunk", False),
        ("git+ssh://aur@host/{package}.git#master", "ssh://aur@host/otter-dev.git", "master", False),
    ],
)
def test_a_git_address_is_a_repository_with_its_branch(
    address: str,
    location: str,
    branch: str | None,
    local: bool,  # noqa: FBT001  # a parameter of the table above
    tmp_path: Path,
) -> None:
    _, made = located(address, tmp_path)
    assert isinstance(made, Repository)
    assert (made.location, made.branch, made.local) == (location.replace("DIST", str(tmp_path)), branch, local)


def test_a_github_address_is_a_release(tmp_path: Path) -> None:
    _, made = located("github:acme/otter.js", tmp_path)
    assert isinstance(made, GitHubRelease)
    assert made.repository == "acme/otter.js"


def test_an_outlet_without_a_place_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalidError, match="no place for scoop"):
        destinations.located(
            world.product(),
            changed(world.local(), places={}),
            world.plan(),
            tmp_path,
            outlet="scoop",
            package="otter",
        )


def test_every_scheme_gives_an_example_that_it_takes_itself() -> None:
    for name, scheme in destinations.SCHEMES.items():
        example = scheme.example.replace("HOST", "example.invalid")
        assert destinations.parse(example).scheme == name


@pytest.mark.parametrize(
    "address", ["", ":", "file", "file:", "file://host/x", "git+file: x", "git+https://host", "GIT:x"]
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ConfigInvalidError, match="no address"):
        destinations.parse(address)
