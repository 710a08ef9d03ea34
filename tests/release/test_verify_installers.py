"""Homebrew's and Scoop's checks: what the user has stays, and whatever happens, nothing is left behind."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.release import lookalikes, project

from release import publish

pytestmark = [pytest.mark.processes, pytest.mark.systems("linux", "darwin")]

KINDS = ("brew", "scoop")


@dataclass(frozen=True, slots=True, kw_only=True)
class Public:
    """A published project, and a package manager that can install it."""

    folder: Path
    path: dict[str, str]
    manager: lookalikes.Lookalike
    kind: str

    def verify(self, **variables: str) -> tuple[str, str]:
        """The result of the manager's check, and what was seen."""
        done = project.command(self.folder, "verify", "--json", env=self.path | variables)
        rows = {row["name"]: (row["result"], row["detail"]) for row in json.loads(done.stdout)}
        found: tuple[str, str] = rows[self.kind]
        return found


@pytest.fixture(params=KINDS)
def public(request: pytest.FixtureRequest, tmp_path: Path) -> Public:
    kind = str(request.param)
    folder = project.make(tmp_path / "otter")
    release = project.released(folder)
    otter = project.product(folder)
    publish.publish(otter, otter.profiles["local"], release, folder / "dist")
    path = project.path_with(tmp_path / "bin", "git")
    return Public(folder=folder, path=path, manager=lookalikes.made(kind, tmp_path / "bin"), kind=kind)


def test_it_is_installed_tried_and_removed(public: Public) -> None:
    result, detail = public.verify()
    assert result == "passed", detail
    assert "say fish" in detail
    assert public.manager.has() == []
    assert any(call.startswith("install ") for call in public.manager.calls())


@pytest.mark.parametrize("command", ["tap", "bucket", "install", "test"])
def test_what_broke_half_way_is_taken_back(public: Public, command: str) -> None:
    result, detail = public.verify(LOOKALIKE_FAILS=command)
    is_its_own = command in {"brew": ("tap", "install", "test"), "scoop": ("bucket", "install")}[public.kind]
    assert result == ("failed" if is_its_own else "passed"), detail
    assert public.manager.has() == []


def test_what_could_not_be_removed_is_told(public: Public) -> None:
    result, detail = public.verify(LOOKALIKE_FAILS="uninstall")
    assert result == "failed"
    assert "left behind" in detail
    assert public.manager.has() != []


def own_program(public: Public) -> str:
    """The user has a program of this name, from another package of theirs."""
    folder = {"brew": "bin", "scoop": "shims"}[public.kind]
    (public.manager.state / folder).mkdir()
    (public.manager.state / folder / "otter").symlink_to("/usr/bin/env")
    return "is there already"


def own_package(public: Public) -> str:
    """The user has installed the package, whatever version."""
    folder = {"brew": "Cellar/otter-dev/0.9", "scoop": "apps/otter-dev/current"}[public.kind]
    (public.manager.state / folder).mkdir(parents=True)
    (public.manager.state / folder / "precious").write_text("mine")
    return "is installed already"


def own_source(public: Public) -> str:
    """The user follows the tap or the bucket, without anything installed from it."""
    source = {
        "brew": ("public/tap.git", "Taps/acme/homebrew-tap"),
        "scoop": ("public/bucket.git", "buckets/mine"),
    }[public.kind]
    words = ["git", "clone", "-q", str(public.folder / "dist" / source[0]), str(public.manager.state / source[1])]
    subprocess.run(words, check=True)
    return "is there already"


@pytest.mark.parametrize("own", [own_program, own_package, own_source])
def test_what_the_user_has_stays_and_the_check_is_skipped(public: Public, own: Callable[[Public], str]) -> None:
    reason = own(public)
    before = public.manager.has()
    result, detail = public.verify()
    assert result == "skipped", detail
    assert reason in detail
    assert public.manager.has() == before
    assert not any(call.startswith(("install", "uninstall", "untap")) for call in public.manager.calls())


def test_another_formula_at_the_public_address_is_not_installed(public: Public, tmp_path: Path) -> None:
    name, path = {"brew": ("tap", "Formula/otter-dev.rb"), "scoop": ("bucket", "bucket/otter-dev.json")}[public.kind]
    copy = tmp_path / "copy"
    project.git(tmp_path, "clone", "-q", str(public.folder / "dist" / "public" / f"{name}.git"), "copy")
    file = copy / path
    file.write_text(file.read_text().replace("a", "b"))
    project.commit(copy, "tampered")
    project.git(copy, "push", "-q", "origin", "HEAD")
    result, detail = public.verify()
    assert result == "failed"
    assert f"{path} is not what this release renders" in detail
    assert public.manager.has() == []
    assert not any(call.startswith("install ") for call in public.manager.calls())


def test_nothing_is_installed_whose_download_failed(public: Public) -> None:
    ending = {"brew": "*linux*baseline*.tar.gz", "scoop": "*windows*.zip"}[public.kind]
    archive = next((public.folder / "dist" / "public" / "site").rglob(ending))
    archive.write_bytes(archive.read_bytes() + b"!")
    result, detail = public.verify()
    assert result == "skipped"
    assert "download of" in detail
    assert public.manager.calls() == [] or not any(call.startswith("install") for call in public.manager.calls())


def test_an_older_release_is_not_tried_where_a_newer_one_is_published(public: Public) -> None:
    project.commit(public.folder, "newer", when=project.WHEN + 3600)
    dist = public.folder / "dist"
    older = (dist / "release.json").read_bytes()
    newer = project.released(public.folder)
    otter = project.product(public.folder)
    assert publish.publish(otter, otter.profiles["local"], newer, dist).failures == ()
    (dist / "release.json").write_bytes(older)
    result, detail = public.verify()
    assert result == "skipped"
    assert "holds the newer 0.0.0-dev-20260102040405" in detail
