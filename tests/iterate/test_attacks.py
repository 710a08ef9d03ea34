"""What a hostile site or network can do to our client: the table of docs/signed-channels.md, but for stolen keys.

The hostile repository is made with python-tuf and the keys that the attacker of each test has. The same client believes
the honest one.
"""

import hashlib
import io
import json
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from tests.iterate import signed
from tests.iterate.signed import NOW, SHORT, Ask, Repository, Served, forged, own_key

from iterate.errors import ChannelLapsed, SiteNotTrusted, SiteUnreachable
from iterate.install import unpack
from iterate.install.download import download
from iterate.install.network import Door
from iterate.settings import Surroundings

FAR = 2**31


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


@pytest.fixture
def ask(repository: Repository, site: Served, tmp_path: Path) -> Ask:
    return Ask(repository, site, tmp_path / "updates")


def got(site: Served, into: Path, size: int, sha256: str) -> None:
    with closing(Door(Surroundings())) as door:
        download(door, (f"{site.url}archive",), into, size=size, sha256=sha256)


# Arbitrary software


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "latest"])
def test_arbitrary_software_signed_by_nobodys_key_is_refused(repository: Repository, ask: Ask, role: str) -> None:
    assert ask.version() == "1.0.0"
    forged(repository, **{role: own_key()})
    with pytest.raises(SiteNotTrusted, match="not signed"):
        ask.version()


def test_arbitrary_software_on_a_site_with_a_chain_of_roots_of_its_own_is_refused(ask: Ask, tmp_path: Path) -> None:
    hostile = Repository()
    hostile.next_root()
    forged(hostile)
    with signed.served(hostile.files) as site:
        evil = Ask(hostile, site, tmp_path / "other")
        assert evil.version() == "6.6.6"
        evil.root = ask.root
        with pytest.raises(SiteNotTrusted, match="forerunner"):
            evil.version()


def test_arbitrary_software_with_a_document_that_was_changed_is_refused(repository: Repository, ask: Ask) -> None:
    path = next(each for each in repository.files if each.endswith(".latest.json") and each.startswith("targets/"))
    content = repository.files[path]
    repository.files[path] = content.replace(b"1.0.0", b"6.6.6")
    with pytest.raises(SiteNotTrusted, match="another file"):
        ask.version()
    repository.files[path] = content
    assert ask.version() == "1.0.0"


@pytest.mark.parametrize("name", ["timestamp.json", "3.snapshot.json", "2.latest.json", "1.targets.json"])
def test_arbitrary_software_with_signatures_taken_off_is_refused(repository: Repository, ask: Ask, name: str) -> None:
    content = repository.files[f"metadata/{name}"]
    bare = json.loads(content)
    bare["signatures"] = []
    repository.files[f"metadata/{name}"] = json.dumps(bare).encode()
    with pytest.raises(SiteNotTrusted):
        ask.version()
    repository.files[f"metadata/{name}"] = content
    assert ask.version() == "1.0.0"


# Rollback


def test_rollback_to_an_older_timestamp_is_refused(repository: Repository, ask: Ask) -> None:
    older = dict(repository.files)
    repository.release("latest", "1.1.0")
    assert ask.version() == "1.1.0"
    repository.files.update(older)
    with pytest.raises(SiteNotTrusted, match="went back"):
        ask.version()


def test_rollback_of_the_timestamp_alone_is_refused(repository: Repository, ask: Ask) -> None:
    older = repository.files["metadata/timestamp.json"]
    repository.timestamp.signed.version += 1
    repository.sign("timestamp", repository.timestamp)
    assert ask.version() == "1.0.0"
    repository.files["metadata/timestamp.json"] = older
    with pytest.raises(SiteNotTrusted, match="the timestamp of the site went back"):
        ask.version()


def test_rollback_by_who_has_the_key_of_the_timestamp_is_refused(repository: Repository, ask: Ask) -> None:
    older = repository.timestamp.signed.snapshot_meta
    repository.release("latest", "1.1.0")
    assert ask.version() == "1.1.0"
    repository.timestamp.signed.version += 1
    repository.timestamp.signed.snapshot_meta = older
    repository.sign("timestamp", repository.timestamp)
    with pytest.raises(SiteNotTrusted, match="the snapshot of the site went back"):
        ask.version()


def test_rollback_of_one_channel_by_who_has_the_keys_of_timestamp_and_snapshot_is_refused(
    repository: Repository, ask: Ask
) -> None:
    old = repository.roles["latest"].to_bytes()
    version = repository.roles["latest"].signed.version
    repository.release("latest", "1.1.0")
    assert ask.version() == "1.1.0"
    repository.roles["latest"] = type(repository.roles["latest"]).from_bytes(old)
    assert repository.roles["latest"].signed.version == version
    repository.publish()
    with pytest.raises(SiteNotTrusted, match=r"latest\.json of the site went back"):
        ask.version()


def test_rollback_by_leaving_a_channel_out_is_refused(repository: Repository, ask: Ask) -> None:
    assert ask.version() == "1.0.0"
    del repository.roles["latest"]
    repository.publish()
    with pytest.raises(SiteNotTrusted, match="does not know"):
        ask.version()


def test_rollback_to_what_was_seen_only_in_a_look_that_failed_is_refused(repository: Repository, ask: Ask) -> None:
    older = dict(repository.files)
    repository.release("latest", "1.1.0")
    hidden = [each for each in repository.files if each not in older and each.startswith("targets/")]
    kept = {each: repository.files.pop(each) for each in hidden}
    with pytest.raises(SiteUnreachable):
        ask.version()
    repository.files.update(older)
    with pytest.raises(SiteNotTrusted, match="went back"):
        ask.version()
    repository.publish()
    repository.files.update(kept)
    assert ask.version() == "1.1.0"


# Fast-forward


def test_fast_forward_by_stolen_keys_is_recovered_from_when_the_keys_change(repository: Repository, ask: Ask) -> None:
    version = repository.timestamp.signed.version, repository.snapshot.signed.version
    repository.timestamp.signed.version = repository.snapshot.signed.version = FAR
    repository.roles["latest"].signed.version = FAR
    repository.sign("latest", repository.roles["latest"])
    repository.publish()
    assert ask.version() == "1.0.0"
    # The maintainers go on from their own counters: nothing of theirs is newer.
    repository.timestamp.signed.version, repository.snapshot.signed.version = version
    repository.roles["latest"].signed.version = 10
    repository.release("latest", "1.1.0")
    with pytest.raises(SiteNotTrusted, match="went back"):
        ask.version()
    # With new keys their counters are believed again.
    for role in ("timestamp", "snapshot"):
        repository.rotate(role)
    repository.next_root()
    repository.publish()
    assert ask.version() == "1.1.0"


@pytest.mark.parametrize("role", ["timestamp", "snapshot"])
def test_fast_forward_is_recovered_from_when_one_of_the_two_keys_changes(
    repository: Repository, ask: Ask, role: str
) -> None:
    version = repository.timestamp.signed.version, repository.snapshot.signed.version
    repository.timestamp.signed.version = repository.snapshot.signed.version = FAR
    repository.publish()
    assert ask.version() == "1.0.0"
    repository.timestamp.signed.version, repository.snapshot.signed.version = version
    repository.rotate(role)
    repository.next_root()
    repository.release("latest", "1.1.0")
    assert ask.version() == "1.1.0"


def test_a_new_root_with_the_old_keys_of_the_counters_does_not_let_them_go_back(
    repository: Repository, ask: Ask
) -> None:
    older = dict(repository.files)
    repository.release("latest", "1.1.0")
    assert ask.version() == "1.1.0"
    repository.files.update(older)
    repository.next_root()
    with pytest.raises(SiteNotTrusted, match="went back"):
        ask.version()


# Indefinite freeze, expired metadata, clock


def test_indefinite_freeze_ends_when_the_timestamp_lapses(repository: Repository, ask: Ask) -> None:
    frozen = dict(repository.files)
    repository.release("latest", "1.1.0")
    repository.files.update(frozen)
    assert ask.version() == "1.0.0"
    assert ask.version(NOW + SHORT - timedelta(seconds=1)) == "1.0.0"
    with pytest.raises(ChannelLapsed, match="lapsed on 2026-12-10"):
        ask.version(NOW + SHORT)


@pytest.mark.parametrize("role", ["root", "timestamp", "snapshot", "targets", "latest"])
def test_expired_metadata_of_each_role_is_refused_and_its_renewal_is_believed(
    repository: Repository, ask: Ask, role: str
) -> None:
    repository.lapse(role, NOW)
    with pytest.raises(ChannelLapsed, match=rf"the {role} file of the site lapsed"):
        ask.version()
    repository.lapse(role, NOW + timedelta(seconds=1))
    assert ask.version() == "1.0.0"


def test_expired_roots_on_the_way_to_a_good_one_do_not_matter(repository: Repository, ask: Ask) -> None:
    repository.lapse("root", NOW - timedelta(days=400))
    repository.lapse("root", NOW + timedelta(days=1))
    assert ask.version() == "1.0.0"


def test_a_clock_set_back_does_not_bring_back_what_has_lapsed(repository: Repository, ask: Ask) -> None:
    frozen = dict(repository.files)
    repository.timestamp.signed.expires = repository.snapshot.signed.expires = NOW + 2 * SHORT
    repository.publish()
    later = NOW + SHORT + timedelta(days=1)
    assert ask.version(later) == "1.0.0"
    # Even when its counters are gone, as after new keys, time does not run back.
    for role in ("timestamp", "snapshot"):
        repository.rotate(role)
    repository.next_root()
    repository.timestamp.signed.expires = repository.snapshot.signed.expires = NOW + SHORT
    repository.publish()
    assert frozen != repository.files
    with pytest.raises(ChannelLapsed, match="clock was set back") as failure:
        ask.version(NOW)
    assert "set the clock" in failure.value.hint


def test_a_clock_set_back_a_little_does_not_stop_an_honest_site(ask: Ask) -> None:
    assert ask.version(NOW + timedelta(days=3)) == "1.0.0"
    assert ask.version(NOW) == "1.0.0"


def test_a_clock_that_was_ahead_once_does_not_stop_an_honest_site_for_ever(repository: Repository, ask: Ask) -> None:
    assert ask.version(NOW) == "1.0.0"
    with pytest.raises(ChannelLapsed):
        ask.version(NOW + timedelta(days=30_000))
    assert ask.version(NOW) == "1.0.0"
    repository.release("latest", "1.1.0")
    assert ask.version(NOW) == "1.1.0"


def test_a_first_look_with_a_clock_set_back_is_found_out_by_what_was_published_since(
    repository: Repository, ask: Ask
) -> None:
    repository.release("latest", "1.1.0", published="2027-06-01T00:00:00Z")
    with pytest.raises(ChannelLapsed, match="published on 2027-06-01"):
        ask.version()


# Endless data


@pytest.mark.parametrize(
    "path",
    ["metadata/2.root.json", "metadata/timestamp.json", "metadata/3.snapshot.json", "metadata/1.targets.json"],
)
def test_endless_data_in_the_place_of_a_signed_file_is_cut_off(ask: Ask, path: str) -> None:
    ask.site.faults[path] = signed.endless
    with pytest.raises(SiteUnreachable, match="longer than"):
        ask.version()
    del ask.site.faults[path]
    assert ask.version() == "1.0.0"


def test_endless_data_in_the_place_of_a_document_and_of_an_archive_is_cut_off(
    repository: Repository, ask: Ask, tmp_path: Path
) -> None:
    path = next(each for each in repository.files if each.endswith(".latest.json") and each.startswith("targets/"))
    ask.site.faults[path] = signed.endless
    with pytest.raises(SiteUnreachable, match="longer than"):
        ask.version()
    ask.site.faults["archive"] = signed.endless
    with pytest.raises(SiteUnreachable, match="longer than the 1000 bytes"):
        download(Door(Surroundings()), (f"{ask.site.url}archive",), tmp_path / "archive", size=1000, sha256="0" * 64)
    assert (tmp_path / "archive").stat().st_size <= 1000


def test_endless_data_that_the_key_of_the_timestamp_signed_for_is_cut_off(repository: Repository, ask: Ask) -> None:
    repository.snapshot.signed.unrecognized_fields["filling"] = "x" * 2_000_000
    repository.publish()
    with pytest.raises(SiteUnreachable, match="longer than the 2000000 bytes"):
        ask.version()


def test_a_time_that_has_no_name_is_refused(repository: Repository, ask: Ask) -> None:
    ask.version()
    # Signed by the key of the timestamp, and a minute before the year 1 in UTC.
    signed_part = json.loads(repository.timestamp.to_bytes())["signed"]
    signed_part |= {"expires": "0001-01-01T00:00:00+00:01", "version": 99}
    signature = repository.signers["timestamp"][0].sign(signed.canonical(signed_part))
    repository.files["metadata/timestamp.json"] = json.dumps(
        {"signed": signed_part, "signatures": [{"keyid": signature.keyid, "sig": signature.signature}]}
    ).encode()
    with pytest.raises(SiteNotTrusted, match="timestamp file"):
        ask.version()


def test_endless_data_that_a_channels_own_key_signed_for_is_refused(repository: Repository, ask: Ask) -> None:
    repository.release("latest", "1.1.0", commit="0" * 1_000_001)
    with pytest.raises(SiteNotTrusted, match="longer than"):
        ask.version()


def test_endless_roots_come_to_an_end(tmp_path: Path) -> None:
    repository = Repository(root_keys=1, root_threshold=1)
    for _ in range(260):
        repository.next_root()
    with signed.served(repository.files) as site:
        client = Ask(repository, site, tmp_path)
        with pytest.raises(SiteNotTrusted, match="more than 256"):
            client.version()
    assert len(site.asked) == 256


# Extraneous files


def test_extraneous_files_on_the_site_are_never_asked_for(repository: Repository, ask: Ask) -> None:
    repository.files["metadata/extra.json"] = repository.files["targets/extra.json"] = b"{}"
    repository.add("latest", "channels/latest/more.json", b"{}")
    repository.release("latest", "1.1.0")
    assert ask.version() == "1.1.0"
    names = [each.rpartition("/")[2] for each in ask.site.asked]
    assert names[:-1] == ["2.root.json", "timestamp.json", "4.snapshot.json", "1.targets.json", "3.latest.json"]
    assert ask.site.asked[-1].startswith("targets/channels/")


@pytest.mark.parametrize("name", ["../outside", "/outside", "iterate/../../outside"])
def test_extraneous_files_of_an_archive_are_not_written_outside_of_its_folder(tmp_path: Path, name: str) -> None:
    archive = tmp_path / "a.tar"
    with tarfile.open(archive, "w") as packed:
        entry = tarfile.TarInfo(name)
        entry.size = 4
        packed.addfile(entry, io.BytesIO(b"evil"))
    try:
        unpack.unpack(archive, tmp_path / "into")
    except SiteNotTrusted:
        pass
    else:
        assert (tmp_path / "into" / "outside").is_file()  # Taken as a name below the folder.
    assert not (tmp_path / "outside").exists()
    assert not Path("/outside").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_extraneous_links_and_devices_of_an_archive_are_refused(tmp_path: Path, kind: bytes) -> None:
    archive = tmp_path / "a.tar"
    with tarfile.open(archive, "w") as packed:
        entry = tarfile.TarInfo("link")
        entry.type = kind
        entry.linkname = "/etc/passwd"
        packed.addfile(entry)
    with pytest.raises(SiteNotTrusted):
        unpack.unpack(archive, tmp_path / "into")


@pytest.mark.parametrize("kind", ["no time", "deep", "link to nothing", "encrypted"])
def test_extraneous_things_that_break_the_library_are_refused_as_no_archive(tmp_path: Path, kind: str) -> None:
    archive = tmp_path / ("a.zip" if kind == "encrypted" else "a.tar")
    if kind == "encrypted":
        with zipfile.ZipFile(archive, "w") as packed:
            packed.writestr("file", "content")
        content = bytearray(archive.read_bytes())
        content[6] |= 1
        content[content.index(b"PK\1\2") + 8] |= 1
        archive.write_bytes(content)
    else:
        entry = tarfile.TarInfo("a/" * 3000 if kind == "deep" else "a")
        if kind == "no time":
            entry.pax_headers = {"mtime": "inf"}
        if kind == "link to nothing":
            entry.type, entry.linkname = tarfile.LNKTYPE, "b"
        with tarfile.open(archive, "w") as made:
            made.addfile(entry)
    with pytest.raises(SiteNotTrusted, match="no archive that may be unpacked"):
        unpack.unpack(archive, tmp_path / "into")


# Mix and match


def test_mix_and_match_of_a_role_of_another_moment_is_refused(repository: Repository, ask: Ask) -> None:
    old = repository.files["metadata/2.latest.json"]
    repository.release("latest", "1.1.0")
    new = repository.files["metadata/3.latest.json"]
    repository.files["metadata/3.latest.json"] = old
    with pytest.raises(SiteNotTrusted):
        ask.version()
    repository.files["metadata/3.latest.json"] = new
    assert ask.version() == "1.1.0"


def test_mix_and_match_of_an_older_snapshot_with_a_new_timestamp_is_refused(repository: Repository, ask: Ask) -> None:
    old = repository.files["metadata/3.snapshot.json"]
    repository.release("latest", "1.1.0")
    repository.files["metadata/4.snapshot.json"] = old
    with pytest.raises(SiteNotTrusted):
        ask.version()


def test_mix_and_match_is_refused_also_where_neither_sizes_nor_digests_are_listed(
    repository: Repository, ask: Ask
) -> None:
    old = repository.files["metadata/2.latest.json"]
    repository.release("latest", "1.1.0")
    for listed in repository.snapshot.signed.meta.values():
        listed.length = listed.hashes = None
    repository.snapshot.signed.version += 1
    repository.sign("snapshot", repository.snapshot)
    repository.timestamp.signed.version += 1
    repository.timestamp.signed.snapshot_meta.version += 1
    repository.timestamp.signed.snapshot_meta.length = repository.timestamp.signed.snapshot_meta.hashes = None
    repository.sign("timestamp", repository.timestamp)
    repository.files["metadata/3.latest.json"] = old
    with pytest.raises(SiteNotTrusted, match="version 2, not 3"):
        ask.version()


# Wrong software


@pytest.mark.parametrize(
    "other",
    [{"name": "another"}, {"stream": "dev"}, {"version": "1.0.0"}, {"schema": 3}, {"artifacts": [{"target": "x"}]}],
)
def test_wrong_software_under_the_name_that_was_asked_for_is_refused(
    repository: Repository, ask: Ask, other: dict[str, object]
) -> None:
    content = json.dumps(signed.document("latest", "1.1.0") | other).encode()
    repository.add("latest", "channels/latest/1.1.0.json", content)
    repository.roles["latest"].signed.version += 1
    repository.sign("latest", repository.roles["latest"])
    repository.publish()
    with pytest.raises(SiteNotTrusted):
        ask.document("latest", "1.1.0")
    assert ask.version() == "1.0.0"


def test_wrong_software_an_older_archive_for_a_newer_one_is_refused(ask: Ask, tmp_path: Path) -> None:
    ask.site.files["archive"] = b"the older one"
    digest = hashlib.sha256(b"the newer one").hexdigest()
    with pytest.raises(SiteNotTrusted, match="another file"):
        got(ask.site, tmp_path / "archive", 13, digest)
