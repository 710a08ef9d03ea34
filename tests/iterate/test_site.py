"""The signed site as an honest maintainer keeps it: what is asked of it, found in it, and remembered of it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.iterate import signed
from tests.iterate.signed import NOW, Repository, Served, opened

from iterate.errors import SiteUnreachable, VersionUnknown
from iterate.install.site import newest_root


@pytest.fixture
def repository() -> Repository:
    made = Repository()
    made.release("latest", "1.0.0")
    made.release("dev", "0.0.0-dev-20261126000000")
    return made


@pytest.fixture
def site(repository: Repository) -> Iterator[Served]:
    with signed.served(repository.files) as made:
        yield made


def test_a_channel_has_its_newest_version_and_each_older_one_by_its_name(
    repository: Repository, site: Served, tmp_path: Path
) -> None:
    repository.release("latest", "1.1.0")
    with opened(repository, tmp_path, site) as found:
        assert found.document("latest").version == "1.1.0"
        assert found.document("latest", "1.0.0").version == "1.0.0"
        assert found.document("dev").version == "0.0.0-dev-20261126000000"
        assert sorted(found.versions("latest")) == ["1.0.0", "1.1.0"]


def test_what_is_not_there_is_told_as_that(repository: Repository, site: Served, tmp_path: Path) -> None:
    with opened(repository, tmp_path, site) as found:
        with pytest.raises(VersionUnknown):
            found.document("latest", "9.9.9")
        with pytest.raises(VersionUnknown):
            found.document("snapshot-nobodys")


def test_a_second_look_asks_for_nothing_but_what_may_be_new(
    repository: Repository, site: Served, tmp_path: Path
) -> None:
    with opened(repository, tmp_path, site) as found:
        found.document("latest")
    site.asked.clear()
    with opened(repository, tmp_path, site) as found:
        assert found.document("latest").version == "1.0.0"
    assert site.asked == ["metadata/2.root.json", "metadata/timestamp.json"]


def test_a_new_version_is_found_by_the_next_look(repository: Repository, site: Served, tmp_path: Path) -> None:
    with opened(repository, tmp_path, site) as found:
        assert found.document("latest").version == "1.0.0"
    repository.release("latest", "1.1.0")
    with opened(repository, tmp_path, site) as found:
        assert found.document("latest").version == "1.1.0"


def test_keys_that_change_are_followed_from_root_to_root(repository: Repository, site: Served, tmp_path: Path) -> None:
    for role in ("timestamp", "snapshot", "targets"):
        repository.rotate(role)
        repository.next_root()
    repository.sign("targets", repository.targets)
    repository.publish()
    with opened(repository, tmp_path, site) as found:
        assert found.document("latest").version == "1.0.0"
    repository.release("latest", "1.1.0")
    with opened(repository, tmp_path, site) as found:
        assert found.document("latest").version == "1.1.0"


def test_the_next_address_is_asked_when_the_first_one_is_gone(
    repository: Repository, site: Served, tmp_path: Path
) -> None:
    with signed.served({}) as empty, opened(repository, tmp_path, empty, site) as found:
        assert found.document("latest").version == "1.0.0"


def test_when_no_address_answers_each_is_named(repository: Repository, tmp_path: Path) -> None:
    with signed.served({}) as first, signed.served({}) as second:
        with opened(repository, tmp_path, first, second) as found, pytest.raises(SiteUnreachable) as failure:
            found.document("latest")
        assert first.url in str(failure.value)
        assert second.url in str(failure.value)


def test_what_is_remembered_is_the_users_alone(repository: Repository, site: Served, tmp_path: Path) -> None:
    folder = tmp_path / "state" / "updates"
    with opened(repository, folder, site) as found:
        found.document("latest")
    assert folder.stat().st_mode & 0o077 == 0
    assert all(each.stat().st_mode & 0o077 == 0 for each in folder.iterdir())
    assert [each.suffix for each in sorted(folder.iterdir())] == [".json", ".lock"]


def test_a_damaged_memory_is_a_first_look(repository: Repository, site: Served, tmp_path: Path) -> None:
    with opened(repository, tmp_path, site) as found:
        found.document("latest")
    (file,) = tmp_path.glob("*.json")
    for content in (
        b"",
        b"{",
        b"[]",
        b'{"schema":1,"root":7}',
        b'{"schema":1,"root":"{}","digests":["x"]}',
        b"\xff\xfe",
        b'{"schema":1,"seen":"2026-01-01T00:00:00"}',
        b'{"schema":1,"seen":"9999-12-31T23:59:59-23:00"}',
    ):
        file.write_bytes(content)
        with opened(repository, tmp_path, site) as found:
            assert found.document("latest").version == "1.0.0"


def test_a_site_without_an_address_says_what_to_do(repository: Repository, tmp_path: Path) -> None:
    with pytest.raises(SiteUnreachable, match="does not know where"):
        opened(repository, tmp_path)


def test_the_time_of_a_look_is_kept_in_steps_of_an_hour(repository: Repository, site: Served, tmp_path: Path) -> None:
    contents = []
    for later in (timedelta(0), timedelta(minutes=5), timedelta(hours=2)):
        with opened(repository, tmp_path, site, now=NOW + later) as found:
            found.document("latest")
        (file,) = tmp_path.glob("*.json")
        contents.append(file.read_bytes())
    assert contents[0] == contents[1] != contents[2]


def test_a_new_copy_begins_with_the_newest_root_that_was_verified(
    repository: Repository, site: Served, tmp_path: Path
) -> None:
    repository.next_root()
    first, newest = repository.first_root, repository.files["metadata/2.root.json"]
    assert newest_root((site.url,), first, tmp_path) == first
    with opened(repository, tmp_path, site) as found:
        found.document("latest")
    assert newest_root((site.url,), first, tmp_path) == newest
    # What has nothing to do with what is known stays as it is.
    assert newest_root((site.url,), b"another", tmp_path) == b"another"
    assert newest_root((), first, tmp_path) == first
