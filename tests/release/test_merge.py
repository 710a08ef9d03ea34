"""A release is frozen once, from what was really built, and nothing that changed since is believed."""

import json
from pathlib import Path

import pytest
from tests.release import project

from release import manifest, merge, plan
from release.errors import (
    ArtifactChangedError,
    ArtifactMissingError,
    ReleaseCorruptError,
    ReleaseMissingError,
    TargetMissingError,
)
from release.product import Channel


def test_a_merged_release_reads_back_as_it_was(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    release = project.released(folder)
    assert manifest.read(project.product(folder), folder / "dist") == release


def test_the_json_gives_file_target_size_sha256_and_glibc_of_each_artifact(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    project.released(folder)
    told = json.loads((folder / "dist" / "release.json").read_text())
    assert [set(row) >= {"file", "target", "size", "sha256", "glibc"} for row in told["artifacts"]] == [True] * 4
    assert told["fake"] is True
    assert told["missing"] == []


def test_a_missing_target_is_named(tmp_path: Path) -> None:
    with pytest.raises(TargetMissingError, match="no build of darwin-arm64, windows-x64-baseline"):
        project.released(project.make(tmp_path), count=2)


def test_a_part_is_taken_when_asked_for_and_says_what_is_missing(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    release = project.released(folder, count=2, partial=True)
    assert [artifact.target.name for artifact in release.artifacts] == ["linux-x64", "linux-x64-baseline"]
    told = json.loads((folder / "dist" / "release.json").read_text())
    assert told["missing"] == ["darwin-arm64", "windows-x64-baseline"]


def test_nothing_at_all_is_no_part(tmp_path: Path) -> None:
    with pytest.raises(TargetMissingError):
        project.released(project.make(tmp_path), count=0, partial=True)


def archive(folder: Path) -> Path:
    return next((folder / "dist" / "artifacts").glob("*linux-x64.tar.gz"))


def merged_again(folder: Path) -> None:
    otter = project.product(folder)
    merge.merge(otter, plan.plan(otter, channel=Channel.DEV), folder / "dist", partial=True)


def test_an_archive_changed_after_hashing_is_refused_even_at_the_same_size(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    project.released(folder)
    before = (folder / "dist" / "release.json").read_bytes()
    content = bytearray(archive(folder).read_bytes())
    content[-1] ^= 1
    archive(folder).write_bytes(content)
    with pytest.raises(ArtifactChangedError):
        merged_again(folder)
    assert (folder / "dist" / "release.json").read_bytes() == before


def test_an_archive_that_is_gone_is_named(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    project.released(folder)
    archive(folder).unlink()
    with pytest.raises(ArtifactMissingError, match=r"linux-x64\.tar\.gz"):
        merged_again(folder)


def test_archives_of_another_commit_are_left_alone(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    project.released(folder)
    project.commit(folder, "second", when=project.WHEN + 60)
    with pytest.raises(TargetMissingError):
        merged_again(folder)


def test_another_commit_of_the_same_second_is_refused(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    project.released(folder)
    project.commit(folder, "second")
    with pytest.raises(ReleaseCorruptError, match="is of commit"):
        merged_again(folder)


def test_no_release_yet_is_named(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    dist = folder / "dist"
    for where, hint in ((dist, "release run builds one"), (dist / "rehearsal", "release run --fake rehearses one")):
        with pytest.raises(ReleaseMissingError) as refused:
            manifest.read(project.product(folder), where)
        assert refused.value.hint == hint
    (dist / "rehearsal").mkdir(parents=True)
    (dist / "rehearsal" / "release.json").touch()
    with pytest.raises(ReleaseMissingError) as refused:
        manifest.read(project.product(folder), dist)
    assert refused.value.hint.endswith("--rehearsal")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"schema": 3', '"schema": 1'),
        ('"size": ', '"size": -'),
        ('"size": ', '"size": "x'),
        ('"dirty": false', '"dirty": 0'),
        ('"kind": "archive"', '"kind": "rpm"'),
        ('"file": "', '"file": "../'),
        ('"channel": "dev"', '"channel": "nightly"'),
        ('"fake": true', '"fake": false'),
        ('"tag": "v', '"tag": "'),
        ('"missing": []', '"missing": ["linux-x64"]'),
        ('"product": "otter"', '"product": "weasel"'),
        ('"sha256": "', '"sha256": "0'),
        ('"target": "linux-x64"', '"target": "linux-x32"'),
        ('"schema": 3,', '"schema": 3, "more": 1,'),
        ('"commit"', '"comit"'),
        ("}", ""),
        ("{", "[{"),
    ],
)
def test_a_corrupted_release_is_refused(tmp_path: Path, old: str, new: str) -> None:
    folder = project.make(tmp_path)
    project.released(folder)
    path = folder / "dist" / "release.json"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ReleaseCorruptError):
        manifest.read(project.product(folder), folder / "dist")


@pytest.mark.parametrize("content", [b"", b"\x00\xff", b"null", b"[]", b'"x"', b"{}", b"{" * 100_000])
def test_what_is_no_release_at_all_is_refused(tmp_path: Path, content: bytes) -> None:
    folder = project.make(tmp_path)
    project.released(folder)
    (folder / "dist" / "release.json").write_bytes(content)
    with pytest.raises(ReleaseCorruptError):
        manifest.read(project.product(folder), folder / "dist")


def test_a_truncated_release_is_refused_by_every_verb_that_reads_it(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    project.released(folder)
    path = folder / "dist" / "release.json"
    path.write_text(path.read_text()[:200])
    for words in (["render", "--out", "out"], ["publish"], ["status"], ["verify"]):
        done = project.command(folder, *words)
        assert done.returncode == ReleaseCorruptError.exit_code, done.stderr
        assert "hint:" in done.stderr
    assert not (folder / "out").exists()
    assert not (folder / "dist" / "public").exists()
