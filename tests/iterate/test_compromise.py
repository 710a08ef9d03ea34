"""What mirrors, and holders of stolen keys, can do to our client: the rest of the table of docs/signed-channels.md.

The hostile repository is made with python-tuf and the keys that the attacker of each test has. The same client believes
the honest one.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from securesystemslib.signer import CryptoSigner
from tests.iterate import signed
from tests.iterate.signed import NOW, Ask, Repository, Served, forged, own_key

from iterate.errors import SiteNotTrusted, SiteUnreachable, VersionUnknown

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


# Malicious mirror


def hostile_files(repository: Repository) -> dict[str, dict[str, bytes]]:
    """What a mirror may serve that has no key."""
    other = Repository()
    other.release("latest", "6.6.6")
    honest = dict(repository.files)
    timestamp = json.loads(honest["metadata/timestamp.json"])
    timestamp["signed"]["version"] += 1
    return {
        "nothing": {},
        "of others": dict(other.files),
        "changed": honest | {"metadata/timestamp.json": json.dumps(timestamp).encode()},
        "cut": {path: content[: len(content) // 2] for path, content in honest.items()},
        "pages": dict.fromkeys(honest, b"<html>hello</html>"),
        "no JSON": dict.fromkeys(honest, b"\0" * 100),
        "deep": dict.fromkeys(honest, b"[" * 10_000),
        "twice": honest | {"metadata/timestamp.json": b'{"signed":{"version":1,"version":2},"signatures":[]}'},
    }


@pytest.mark.parametrize("kind", ["nothing", "of others", "changed", "cut", "pages", "no JSON", "deep", "twice"])
def test_a_malicious_mirror_is_passed_over_and_alone_it_changes_nothing(
    repository: Repository, ask: Ask, tmp_path: Path, kind: str
) -> None:
    with signed.served(hostile_files(repository)[kind]) as mirror:
        alone = Ask(repository, mirror, tmp_path / "alone")
        with pytest.raises((SiteNotTrusted, SiteUnreachable)):
            alone.version()
        assert alone.document("latest", "", NOW, ask.site).version == "1.0.0"


def test_a_malicious_mirror_that_is_stale_cannot_undo_what_was_seen(
    repository: Repository, ask: Ask, tmp_path: Path
) -> None:
    with signed.served(dict(repository.files)) as stale:
        repository.release("latest", "1.1.0")
        client = Ask(repository, stale, tmp_path / "stale")
        assert client.version() == "1.0.0"
        client.site.files.clear()
        assert client.document("latest", "", NOW, ask.site).version == "1.1.0"
        stale.files.update({path: content for path, content in repository.files.items() if "1.1.0" not in path})


# Key compromise


def test_key_compromise_below_the_threshold_of_the_root_changes_nothing(repository: Repository, ask: Ask) -> None:
    assert ask.version() == "1.0.0"
    one, own = repository.signers["root"][0], own_key()
    for signer in repository.signers["root"]:
        repository.root.signed.revoke_key(signer.public_key.keyid, "root")
    repository.root.signed.add_key(own.public_key, "root")
    repository.root.signed.roles["root"].threshold = 1
    repository.signers["root"] = [own]
    repository.next_root(one)
    with pytest.raises(SiteNotTrusted, match="forerunner"):
        ask.version()


def test_key_compromise_of_one_root_key_with_two_ids_or_two_signatures_counts_once(
    repository: Repository, ask: Ask
) -> None:
    one, two, _ = repository.signers["root"]
    repository.root.signed.version += 1
    repository.sign_root()
    content = json.loads(repository.files["metadata/2.root.json"])
    by_one = next(each for each in content["signatures"] if each["keyid"] == one.public_key.keyid)
    content["signatures"] = [by_one, by_one, {**by_one, "keyid": two.public_key.keyid}]
    repository.files["metadata/2.root.json"] = json.dumps(content).encode()
    with pytest.raises(SiteNotTrusted, match="forerunner"):
        ask.version()


def test_a_root_that_lists_one_key_under_two_ids_is_not_signed_by_two(tmp_path: Path) -> None:
    made = Repository(root_keys=1, root_threshold=1)
    content = json.loads(made.first_root)
    (key_id,) = content["signed"]["roles"]["root"]["keyids"]
    content["signed"]["keys"]["again"] = content["signed"]["keys"][key_id]
    content["signed"]["roles"]["root"] = {"keyids": [key_id, "again", key_id], "threshold": 2}
    signer = made.signers["root"][0]
    message = signed.canonical(content["signed"])
    signature = signer.sign(message).signature
    content["signatures"] = [{"keyid": each, "sig": signature} for each in (key_id, "again")]
    with signed.served(made.files) as site:
        client = Ask(made, site, tmp_path)
        client.root = json.dumps(content).encode()
        with pytest.raises(SiteNotTrusted, match="its own keys"):
            client.version()


def test_key_compromise_of_a_channel_cannot_sign_for_another_channel(repository: Repository, ask: Ask) -> None:
    content = json.dumps(signed.document("latest", "6.6.6")).encode()
    for path in ("channels/latest.json", "channels/latest/6.6.6.json"):
        repository.add("dev", path, content)
    repository.release("dev", "0.0.0-dev-20261127000000")
    assert ask.document("dev").version == "0.0.0-dev-20261127000000"
    assert ask.version() == "1.0.0"
    with pytest.raises(VersionUnknown):
        ask.document("latest", "6.6.6")


@pytest.mark.parametrize("stolen", [("timestamp",), ("timestamp", "snapshot"), ("snapshot", "dev")])
def test_key_compromise_of_what_lies_online_cannot_change_a_stable_release(
    repository: Repository, ask: Ask, stolen: tuple[str, ...]
) -> None:
    keys = {role: own_key() for role in ("timestamp", "snapshot", "targets", "latest", "dev") if role not in stolen}
    forged(repository, **keys)
    repository.targets.signed.version += 1
    repository.sign("targets", repository.targets)
    repository.publish()
    with pytest.raises(SiteNotTrusted):
        ask.version()


def test_key_compromise_at_the_threshold_of_a_channel_is_ended_by_the_targets_role(
    repository: Repository, ask: Ask
) -> None:
    stolen = repository.signers["latest"]
    forged(repository)
    assert ask.version() == "6.6.6"  # Whoever has the key and the site is believed until it is revoked.
    repository.targets.signed.revoke_key(stolen[0].public_key.keyid, "latest")
    repository.signers["latest"] = [own_key()]
    repository.targets.signed.add_key(repository.signers["latest"][0].public_key, "latest")
    repository.targets.signed.version += 1
    repository.sign("targets", repository.targets)
    repository.publish()
    with pytest.raises(SiteNotTrusted, match="keys that were given that role"):
        ask.version()
    repository.release("latest", "1.1.0")
    assert ask.version() == "1.1.0"


def test_key_compromise_at_the_threshold_of_the_root_is_ended_by_the_next_root(
    repository: Repository, ask: Ask
) -> None:
    thieves = repository.signers["root"][:2]
    for signer in thieves:
        repository.root.signed.revoke_key(signer.public_key.keyid, "root")
    repository.signers["root"] = [repository.signers["root"][2], own_key(), own_key()]
    for signer in repository.signers["root"]:
        repository.root.signed.add_key(signer.public_key, "root")
    repository.next_root(*thieves)
    assert ask.version() == "1.0.0"
    # What the thieves sign now is nothing any more.
    before = dict(repository.files)
    repository.signers["root"] = thieves
    repository.next_root()
    with pytest.raises(SiteNotTrusted, match="forerunner"):
        ask.version()
    # A copy that was installed before knows nothing of it and follows the same way.
    repository.files.clear()
    repository.files.update(before)
    assert ask.version() == "1.0.0"


def test_a_root_that_its_own_new_keys_did_not_sign_is_refused(repository: Repository, ask: Ask) -> None:
    # Nobody has these keys, so that no root could follow.
    old = list(repository.signers["root"])
    for signer in old:
        repository.root.signed.revoke_key(signer.public_key.keyid, "root")
    for _ in range(3):
        repository.root.signed.add_key(own_key().public_key, "root")
    repository.signers["root"] = old
    repository.next_root()
    with pytest.raises(SiteNotTrusted, match="not signed by its own keys"):
        ask.version()


def test_a_root_that_skips_a_number_is_refused(repository: Repository, ask: Ask) -> None:
    repository.root.signed.version += 1
    repository.next_root()
    repository.files["metadata/2.root.json"] = repository.files.pop("metadata/3.root.json")
    with pytest.raises(SiteNotTrusted, match="says that it is root 3"):
        ask.version()


def test_key_compromise_of_root_keys_that_were_taken_away_leads_nobody_elsewhere_who_saw_it(
    repository: Repository, ask: Ask
) -> None:
    # They could sign another second root once, and the client began with the first.
    thieves = Repository()
    thieves.signers["root"] = old = list(repository.signers["root"])
    for signer in old:
        repository.root.signed.revoke_key(signer.public_key.keyid, "root")
    repository.signers["root"] = [own_key(), own_key(), own_key()]
    for signer in repository.signers["root"]:
        repository.root.signed.add_key(signer.public_key, "root")
    repository.next_root(*old)
    assert ask.version() == "1.0.0"
    fork(thieves, old)
    for third in (b"", b"no root"):
        repository.files.clear()
        repository.files.update(thieves.files)
        if third:
            repository.files["metadata/3.root.json"] = third
        with pytest.raises(SiteNotTrusted):
            ask.version()
    # The test can fail: who did not see it is led there.
    del repository.files["metadata/3.root.json"]
    fresh = Ask(repository, ask.site, ask.folder.with_name("fresh"))
    fresh.root = ask.root
    assert fresh.version() == "6.6.6"


def fork(thieves: Repository, old: list[CryptoSigner]) -> None:
    """Make a site of the thieves' own that follows from a root that those keys signed."""
    for keyid in list(thieves.root.signed.roles["root"].keyids):
        thieves.root.signed.revoke_key(keyid, "root")
    for signer in old:
        thieves.root.signed.add_key(signer.public_key, "root")
    thieves.next_root()
    thieves.release("latest", "6.6.6")
    thieves.timestamp.signed.version += 100
    thieves.snapshot.signed.version += 100
    thieves.publish()


def test_after_the_loss_of_all_root_keys_a_new_installation_begins_anew(repository: Repository, ask: Ask) -> None:
    for _ in range(3):
        repository.next_root()
    repository.timestamp.signed.version = FAR
    repository.publish()
    assert ask.version() == "1.0.0"
    other = Repository()
    other.release("latest", "2.0.0")
    repository.files.clear()
    repository.files.update(other.files)
    with pytest.raises((SiteNotTrusted, SiteUnreachable)):
        ask.version()
    # The new program brings the new root, and nothing of the old site counts.
    ask.root = other.first_root
    assert ask.version() == "2.0.0"


# What is signed is looked at as the maintainers' tools write it


CHANGES: tuple[Callable[[dict[str, dict[str, object]]], object], ...] = (
    lambda content: content["signed"].update(version=0),
    lambda content: content["signed"].update(version="3"),
    lambda content: content["signed"].update(version=True),
    lambda content: content["signed"].update(version=1.5),
    lambda content: content["signed"].update(expires="tomorrow"),
    lambda content: content["signed"].update(expires="2027-01-01T00:00:00"),
    lambda content: content["signed"].update(spec_version="2.0.0"),
    lambda content: content["signed"].update(_type="snapshot"),
    lambda content: content["signed"].pop("meta"),
    lambda content: content.pop("signatures"),
)


@pytest.mark.parametrize("change", CHANGES)
def test_a_signed_file_of_another_form_is_refused(
    repository: Repository, ask: Ask, change: Callable[[dict[str, dict[str, object]]], object]
) -> None:
    content = json.loads(repository.files["metadata/timestamp.json"])
    change(content)
    (signer,) = repository.signers["timestamp"]
    if "signatures" in content:
        with_sign = signed.canonical(content["signed"]) if "1.5" not in json.dumps(content) else b""
        content["signatures"] = [{"keyid": signer.public_key.keyid, "sig": signer.sign(with_sign).signature}]
    repository.files["metadata/timestamp.json"] = json.dumps(content).encode()
    with pytest.raises(SiteNotTrusted):
        ask.version()


def test_further_fields_and_signatures_are_passed_over(repository: Repository, ask: Ask) -> None:
    repository.timestamp.signed.unrecognized_fields["further"] = {'é\\"\n': [None, True, -1, ""]}
    repository.timestamp.signed.version += 1
    repository.sign("timestamp", repository.timestamp)
    content = json.loads(repository.files["metadata/timestamp.json"])
    content["signatures"].append({"keyid": "0" * 64, "sig": "00"})
    repository.files["metadata/timestamp.json"] = json.dumps(content).encode()
    assert ask.version() == "1.0.0"


def test_a_key_of_a_kind_that_is_not_known_counts_for_nothing(repository: Repository, ask: Ask) -> None:
    repository.root.signed.roles["timestamp"].threshold = 2
    other = CryptoSigner.generate_ecdsa()
    repository.root.signed.add_key(other.public_key, "timestamp")
    repository.signers["timestamp"].append(other)
    repository.next_root()
    repository.publish()
    with pytest.raises(SiteNotTrusted, match="timestamp"):
        ask.version()
    repository.root.signed.roles["timestamp"].threshold = 1
    repository.next_root()
    assert ask.version() == "1.0.0"


def test_a_channel_that_nothing_was_published_to_is_unknown_and_not_distrusted(
    repository: Repository, ask: Ask
) -> None:
    del repository.roles["snapshots"]
    repository.snapshot.signed.version = 0
    repository.timestamp.signed.version = 0
    repository.publish()
    with pytest.raises(VersionUnknown):
        ask.document("snapshot-fast")
