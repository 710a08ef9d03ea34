"""Patches: made from what the signed site has, applied to the old tar they give the new one, else there are none."""

import gzip
import hashlib
import sys
from pathlib import Path

import pytest
from tests.release import project, signed

from release import derive, manifest, publish
from release.derive import patch
from release.model import Artifact, Kind, Outcome, Release
from release.product import Channel
from release.progress import Progress

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

TARGETS = ("linux-x64", "linux-arm64", "windows-x64-baseline")


class Told(Progress):
    """Keeps what is said."""

    @property
    def said(self) -> list[str]:
        """What was noted."""
        return [note for step in self.steps for note in step.notes]


@pytest.fixture
def otter(tmp_path: Path) -> Path:
    return signed.otter(tmp_path / "otter", targets=TARGETS)


def derived(folder: Path, told: Told | None = None) -> Release:
    product = project.product(folder)
    return derive.derive(
        product, product.profiles["local"], folder / "dist", partial=True, progress=told or project.Quiet()
    )


def published(folder: Path, number: int, told: Told | None = None) -> Release:
    """Commit something, build, derive and publish it."""
    (folder / "README.md").write_text(f"# otter {number}\n" + "Swims. " * 2000)
    project.commit(folder, f"number {number}", when=project.WHEN + number)
    project.released(folder)
    release = derived(folder, told)
    product = project.product(folder)
    done = publish.publish(product, product.profiles["local"], release, folder / "dist")
    assert {receipt.outcome for receipt in done.receipts} <= {Outcome.PUSHED, Outcome.UNCHANGED}, done
    return release


def patches(release: Release) -> list[Artifact]:
    return [each for each in release.artifacts if each.kind is Kind.PATCH]


def tar(folder: Path, archive: Artifact) -> bytes:
    return gzip.decompress((folder / "dist" / "artifacts" / archive.file).read_bytes())


def archive(release: Release, target: str) -> Artifact:
    (found,) = (each for each in release.artifacts if each.kind is Kind.ARCHIVE and each.target.name == target)
    return found


def test_a_patch_on_the_old_tar_is_the_new_one_byte_for_byte(otter: Path) -> None:
    first = published(otter, 1)
    assert not patches(first)
    second = published(otter, 2)
    found = {each.target.name: each for each in patches(second)}
    assert set(found) == {"linux-x64", "linux-arm64"}, "a zip is not patched"
    for target, made in found.items():
        old, new = archive(first, target), archive(second, target)
        assert old.tar is not None
        assert new.tar is not None
        assert made.base is not None
        assert (made.base.version, made.base.sha256) == (first.plan.version.text, old.tar.sha256)
        assert made.made_from == new.file
        content = (otter / "dist" / "artifacts" / made.file).read_bytes()
        prefix = zstd.ZstdDict(tar(otter, old), is_raw=True).as_prefix
        assert hashlib.sha256(zstd.decompress(content, zstd_dict=prefix)).hexdigest() == new.tar.sha256
        assert made.size == len(content) < new.size * patch.WORTHWHILE


def test_patches_are_public_beside_the_archives_and_the_signed_document_leads_to_them(
    otter: Path, tmp_path: Path
) -> None:
    first, second = published(otter, 1), published(otter, 2)
    site = otter / "dist" / "public" / "site"
    root = (otter / "dist" / "keys" / "root.json").read_bytes()
    document = signed.got(site, tmp_path / "client", "channels/dev.json", root)
    assert document is not None
    rows = {row["target"]: row for row in document["artifacts"]}  # type: ignore[attr-defined]
    (row,) = rows["linux-x64"]["patches"]
    assert row["from"] == first.plan.version.text
    assert row["from_tar"] == archive(first, "linux-x64").tar.sha256  # type: ignore[union-attr]
    content = (site / second.plan.tag / row["file"]).read_bytes()
    assert (row["size"], row["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    served = project.product(otter).profiles["local"].archive_url.partition("/site/")[0]
    assert row["urls"] == [f"{served}/site/{second.plan.tag}/{row['file']}"]
    assert rows["windows-x64-baseline"]["patches"] == []


def test_the_newest_earlier_versions_get_patches_as_many_as_release_toml_says(otter: Path) -> None:
    releases = [published(otter, number) for number in range(1, 5)]
    found = {each.base.version for each in patches(releases[-1]) if each.base}
    assert found == {releases[-2].plan.version.text, releases[-3].plan.version.text}


def test_the_same_release_makes_the_same_patches(otter: Path) -> None:
    published(otter, 1)
    second = published(otter, 2)
    assert derived(otter) == second


def test_an_earlier_archive_with_other_bytes_than_were_signed_for_is_told_and_gets_none(otter: Path) -> None:
    first = published(otter, 1)
    old = archive(first, "linux-x64")
    path = otter / "dist" / "public" / "site" / first.plan.tag / old.file
    path.write_bytes(gzip.compress(b"something else"))
    told = Told()
    second = published(otter, 2, told)
    assert {each.target.name for each in patches(second)} == {"linux-arm64"}
    assert any(old.file in line and "no patch" in line for line in told.said)


def test_a_patch_that_saves_little_is_told_and_left_out(otter: Path) -> None:
    published(otter, 1)
    (otter / "LICENSE").write_text(hashlib.shake_256(b"new").hexdigest(20_000))
    told = Told()
    assert not patches(published(otter, 2, told))
    assert any("no patch" in line and "bytes" in line for line in told.said)


def test_a_site_that_cannot_be_read_is_told_and_gives_no_patches(otter: Path) -> None:
    published(otter, 1)
    (otter / "dist" / "public" / "site" / "metadata" / "1.snapshot.json").write_bytes(b"{")
    told = Told()
    project.commit(otter, "more", when=project.WHEN + 9)
    project.released(otter)
    assert [each.kind for each in derived(otter, told).artifacts if each.kind is not Kind.ARCHIVE] == []
    assert any(line.startswith("no patches: ") for line in told.said)


def test_without_keys_there_are_no_patches(otter: Path) -> None:
    text = (otter / "release.toml").read_text().replace('keys = "keys"\n', "")
    (otter / "release.toml").write_text(text)
    published(otter, 1)
    assert not patches(published(otter, 2))


def test_what_is_packed_says_what_is_inside(otter: Path) -> None:
    release = published(otter, 1)
    for made in release.artifacts:
        if made.file.endswith(".tar.gz"):
            inside = tar(otter, made)
            assert made.tar is not None
            assert (made.tar.size, made.tar.sha256) == (len(inside), hashlib.sha256(inside).hexdigest())
        else:
            assert made.tar is None
    assert manifest.read(project.product(otter), otter / "dist") == release
    assert release.plan.channel is Channel.DEV
