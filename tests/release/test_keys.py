"""Ceremonies: keys come, are replaced, revoked and renewed, by one person or several, and no secret is ever told."""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from tests.release import project, signed
from tests.release.signed import SECRET
from tuf.api.metadata import Metadata, Root, Targets

from release import keys, signing
from release.errors import (
    KeyMissingError,
    KeysInvalidError,
    KeysMissingError,
    KeyUnfitError,
    PassphraseError,
    WriteError,
)
from release.keys import Ceremony, Outcome, standing
from release.product import Product
from release.signing import private, public, roles

FEW = {"root": 3, "targets": 2}
NEED = {"root": 2, "targets": 2}


@pytest.fixture
def product(tmp_path: Path) -> Product:
    return signed.place(tmp_path / "project").product


def holding(product: Product, folder: Path, *, later: int = 0) -> Ceremony:
    """A ceremony of somebody whose private keys are in a folder."""
    at_hand = private.Private(folder=folder, variables={}, ask=lambda: SECRET)
    return keys.begun(product, at_hand, SECRET, signed.now() + timedelta(days=later))


def begun(product: Product, folder: Path) -> Outcome:
    return keys.init(holding(product, folder), FEW, NEED)


def of(product: Product) -> public.Public:
    found = public.read(product.root / "keys")
    assert found is not None
    return found


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def taken(folder: Path, into: Path, *patterns: str) -> Path:
    """A folder of another person, with some of the private keys."""
    into.mkdir()
    for pattern in patterns:
        for path in sorted(folder.glob(pattern))[:1]:
            shutil.move(path, into / path.name)
    return into


# --- init --------------------------------------------------------------------------------------------------


def test_the_first_keys_are_as_many_as_asked_for_and_every_role_has_some(product: Product, tmp_path: Path) -> None:
    done = begun(product, tmp_path / "secret")
    assert not done.pending
    found = of(product)
    counts = {name: (len(found.role(name).keys), found.role(name).threshold) for name in roles.NAMES}
    assert counts == {name: (FEW.get(name, 1), NEED.get(name, 1)) for name in roles.NAMES}
    assert len(done.made) == sum(count for count, _ in counts.values())
    assert found.root.signed.consistent_snapshot
    assert not found.top.signed.targets, "the offline role names no file itself"


def test_a_channels_keys_may_sign_no_other_channels_files(product: Product, tmp_path: Path) -> None:
    begun(product, tmp_path / "secret")
    top = of(product).top.signed
    assert top.delegations is not None
    assert top.delegations.roles is not None
    ours = {
        "channel-latest": ("channels/latest.json", "channels/latest/1.2.3.json"),
        "channel-dev": ("channels/dev.json", "channels/dev/0.0.0-dev-1.json"),
        "channel-snapshot": ("channels/snapshot-a.json", "channels/snapshot-a/1.json"),
    }
    for path in (path for paths in ours.values() for path in paths):
        assert [name for name, role in top.delegations.roles.items() if role.is_delegated_path(path)] == [
            name for name, paths in ours.items() if path in paths
        ]
    for path in ("channels/other.json", "latest.json", "channels/dev/a/b.json", "channels/latest/../dev.json"):
        assert not any(role.is_delegated_path(path) for role in top.delegations.roles.values())
    assert all(role.terminating for role in top.delegations.roles.values())


def test_private_key_files_are_encrypted_and_their_owners_alone(product: Product, tmp_path: Path) -> None:
    made = begun(product, tmp_path / "secret").made
    assert {stat.S_IMODE(path.stat().st_mode) for path in made} == {0o600}
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o700
    assert all(b"BEGIN ENCRYPTED PRIVATE KEY" in path.read_bytes() for path in made)
    for content in files(product.root / "keys").values():
        assert b"PRIVATE" not in content


def test_private_keys_do_not_go_into_the_project(product: Product) -> None:
    with pytest.raises(KeyUnfitError):
        begun(product, product.root / "secret")
    assert not (product.root / "secret").exists()
    assert not (product.root / "keys").exists()


def test_there_is_one_first_time(product: Product, tmp_path: Path) -> None:
    begun(product, tmp_path / "secret")
    before = files(tmp_path)
    with pytest.raises(KeysInvalidError):
        begun(product, tmp_path / "secret")
    assert files(tmp_path) == before


def test_a_threshold_that_the_keys_cannot_reach_is_refused(product: Product, tmp_path: Path) -> None:
    with pytest.raises(KeysInvalidError):
        keys.init(holding(product, tmp_path / "secret"), {"root": 2}, {"root": 3})
    assert not (tmp_path / "secret").exists()


def test_where_public_keys_cannot_be_written_no_private_one_is_left(product: Product, tmp_path: Path) -> None:
    product.root.mkdir()
    (product.root / "keys").write_text("in the way")
    with pytest.raises(WriteError):
        begun(product, tmp_path / "secret")
    assert not list((tmp_path / "secret").glob("*"))


def test_several_people_hold_the_first_ceremony_together(product: Product, tmp_path: Path) -> None:
    brought = [keys.make(holding(product, tmp_path / name), "root")[1] for name in ("anna", "bert")]
    done = keys.init(holding(product, tmp_path / "carl"), {"root": 3}, {"root": 3}, brought)
    assert done.public is None, "three must sign, and one has"
    assert done.pending == ("1.root.json", "1.targets.json")
    assert public.read(product.root / "keys") is None
    assert any("2 of the keys" in move for move in standing.show(holding(product, tmp_path / "anna")).moves)
    done = keys.sign(holding(product, tmp_path / "anna"))
    assert done.pending == ("1.root.json", "1.targets.json")
    done = keys.sign(holding(product, tmp_path / "bert"))
    assert done.pending == ()
    assert done.public == of(product)
    assert not (product.root / "keys" / "pending").exists()
    assert standing.show(holding(product, tmp_path / "anna")).moves == ()


def test_who_has_no_key_of_it_adds_no_signature(product: Product, tmp_path: Path) -> None:
    brought = [keys.make(holding(product, tmp_path / "anna"), "root")[1]]
    keys.init(holding(product, tmp_path / "carl"), {"root": 2}, {"root": 2}, brought)
    with pytest.raises(KeyMissingError):
        keys.sign(holding(product, tmp_path / "dora"))
    with pytest.raises(KeyMissingError):
        keys.sign(holding(product, tmp_path / "carl"))  # once more counts no more


# --- rotate, renew -----------------------------------------------------------------------------------------


def test_a_new_root_is_signed_by_enough_keys_of_the_old_one_and_its_own(product: Product, tmp_path: Path) -> None:
    begun(product, tmp_path / "secret")
    before = of(product)
    keys.rotate(holding(product, tmp_path / "secret"), ["root"])
    after = of(product)
    assert [Metadata[Root].from_bytes(each).signed.version for each in after.roots] == [1, 2]
    assert not set(before.role("root").keys) & set(after.role("root").keys)
    before.root.verify_delegate("root", after.root)
    after.root.verify_delegate("root", after.root)
    assert after.targets == before.targets, "nothing changed there"


@pytest.mark.parametrize("role", [name for name in roles.NAMES if name != "root"])
def test_any_role_gets_new_keys_and_the_others_keep_theirs(product: Product, tmp_path: Path, role: str) -> None:
    begun(product, tmp_path / "secret")
    before = of(product)
    keys.rotate(holding(product, tmp_path / "secret"), [role])
    after = of(product)
    for name in roles.NAMES:
        same = list(before.role(name).keys) == list(after.role(name).keys)
        assert same == (name != role), name


def test_a_root_that_misses_old_signatures_waits_and_nothing_else_changes(product: Product, tmp_path: Path) -> None:
    begun(product, tmp_path / "secret")
    other = taken(tmp_path / "secret", tmp_path / "other", "root-*.pem")
    taken(tmp_path / "secret", tmp_path / "lost", "root-*.pem")
    before = files(product.root / "keys")
    done = keys.rotate(holding(product, tmp_path / "secret"), ["root", "timestamp"])
    assert done.pending == ("2.root.json",)
    assert before.items() <= files(product.root / "keys").items()
    assert of(product).root.signed.version == 1
    with pytest.raises(KeysInvalidError):  # one change at a time
        keys.rotate(holding(product, tmp_path / "secret"), ["snapshot"])
    done = keys.sign(holding(product, other))
    assert done.pending == ()
    assert of(product).root.signed.version == 2


def test_renewing_signs_the_same_keys_for_another_year(product: Product, tmp_path: Path) -> None:
    begun(product, tmp_path / "secret")
    later = holding(product, tmp_path / "secret", later=330)
    assert len(standing.show(later).moves) == 2
    before = of(product)
    keys.renew(later)
    after = of(product)
    assert standing.show(later).moves == ()
    assert {name: after.role(name) for name in roles.NAMES} == {name: before.role(name) for name in roles.NAMES}
    assert after.root.signed.expires - before.root.signed.expires >= timedelta(days=330)


# --- revoke ------------------------------------------------------------------------------------------------


def test_a_revoked_key_is_in_no_role_and_where_too_few_are_left_there_is_a_new_one(
    product: Product, tmp_path: Path
) -> None:
    begun(product, tmp_path / "secret")
    before = of(product)
    gone = [next(iter(before.role(name).keys)) for name in ("root", "channel-dev", "timestamp")]
    keys.revoke(holding(product, tmp_path / "secret"), [keyid[:10] for keyid in gone])
    after = of(product)
    assert after.revoked == set(gone)
    for name in roles.NAMES:
        assert not set(gone) & set(after.role(name).keys), name
    assert len(after.role("root").keys) == 2, "enough for the threshold"
    assert len(after.role("channel-dev").keys) == len(after.role("timestamp").keys) == 1
    assert standing.show(holding(product, tmp_path / "secret")).revoked == tuple(sorted(gone))
    after.root.verify_delegate("targets", after.top)


@pytest.mark.parametrize("text", ["", "0123", "f" * 64, "zzzzzzzzzz"])
def test_an_id_that_names_no_key_is_refused(product: Product, tmp_path: Path, text: str) -> None:
    begun(product, tmp_path / "secret")
    before = files(tmp_path)
    with pytest.raises(KeysInvalidError):
        keys.revoke(holding(product, tmp_path / "secret"), [text])
    assert files(tmp_path) == before


# --- what is committed -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["1.root.json", "2.root.json", "1.targets.json", "root.json", "revoked.json"])
@pytest.mark.parametrize("damage", ["changed", "emptied", "removed"])
def test_public_keys_that_do_not_fit_together_are_refused(
    product: Product, tmp_path: Path, name: str, damage: str
) -> None:
    begun(product, tmp_path / "secret")
    keys.revoke(holding(product, tmp_path / "secret"), [next(iter(of(product).role("root").keys))])
    path = product.root / "keys" / name
    match damage:
        case "changed":
            path.write_bytes(path.read_bytes().replace(b'"version": ', b'"version": 1').replace(b'["', b'["x'))
        case "emptied":
            path.write_bytes(b"")
        case _:
            path.unlink()
    if damage == "removed" and name in {"root.json", "revoked.json"}:
        return  # no root.json is a project without keys; without revoked.json nobody is distrusted
    if name == "revoked.json" and damage == "changed":
        return  # another list of ids
    with pytest.raises(KeysInvalidError):
        public.read(product.root / "keys")


# --- the command line ----------------------------------------------------------------------------------------


@pytest.fixture
def otter(tmp_path: Path) -> Path:
    return signed.otter(tmp_path / "otter")


def run(folder: Path, *words: str, env: Mapping[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    return project.command(folder, *words, env={"RELEASE_KEY_PASSPHRASE": SECRET, **(env or {})})


def test_the_command_makes_keys_shows_them_and_says_whose_move_it_is(otter: Path, tmp_path: Path) -> None:
    assert run(otter, "keys", "show").returncode == KeysMissingError.exit_code
    done = run(otter, "keys", "init", "--private", str(tmp_path / "secret"), "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert {row["role"] for row in said["roles"]} == set(roles.NAMES)
    assert (said["moves"], said["pending"]) == ([], [])
    assert len(said["made"]) == 11
    new = run(otter, "keys", "rotate", "channel-dev", "--private", str(tmp_path / "secret"))
    assert new.stdout.rstrip().endswith("commit keys; the next publish, or `release refresh`, takes it to the site")
    shown = run(otter, "keys", "show")
    assert "2 of 3" in shown.stdout
    assert "nobody has to do anything" in shown.stdout
    (root,) = (row for row in said["roles"] if row["role"] == "root")
    assert run(otter, "keys", "revoke", root["keyids"][0], "--private", str(tmp_path / "secret")).returncode == 0
    assert root["keyids"][0] in json.loads(run(otter, "keys", "show", "--json").stdout)["revoked"]


@pytest.mark.parametrize("verb", ["init", "make", "rotate", "revoke", "renew", "sign", "show"])
def test_help_fits_in_80_columns_and_names_the_roles_where_one_is_asked_for(tmp_path: Path, verb: str) -> None:
    done = project.command(tmp_path, "keys", verb, "--help", env={"COLUMNS": "200"})
    assert (done.returncode, done.stderr) == (0, "")
    assert max(map(len, done.stdout.splitlines())) <= 80
    if verb in {"make", "rotate"}:
        words = "".join(done.stdout.split())
        assert [role for role in roles.NAMES if role not in words] == []


def test_without_a_passphrase_no_key_is_made(otter: Path, tmp_path: Path) -> None:
    done = run(otter, "keys", "init", "--private", str(tmp_path / "secret"), env={"RELEASE_KEY_PASSPHRASE": ""})
    assert done.returncode == PassphraseError.exit_code
    assert "hint:" in done.stderr
    assert not (tmp_path / "secret").exists()


@pytest.mark.systems("linux", "darwin")
def test_a_terminal_asks_for_the_passphrase_twice_and_does_not_show_it(otter: Path, tmp_path: Path) -> None:
    import pty

    ours, theirs = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name != "RELEASE_KEY_PASSPHRASE"}
    words = [sys.executable, "-m", "release", "keys", "init", "--private", str(tmp_path / "secret")]
    with subprocess.Popen(
        words, cwd=otter, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as asking:
        os.close(theirs)
        said = b""
        for question in (b"passphrase for the new private keys: ", b"the same again: "):
            while question not in said:
                said += os.read(ours, 1000)
            os.write(ours, f"{SECRET}\n".encode())
        while asking.poll() is None:
            try:
                said += os.read(ours, 1000)
            except OSError:  # Linux says so when the other end is closed
                break
        assert asking.wait(timeout=60) == 0, said
    os.close(ours)
    assert SECRET.encode() not in said
    assert len(list((tmp_path / "secret").glob("*.pem"))) == 11


@pytest.mark.processes
def test_no_failure_tells_a_secret(otter: Path, tmp_path: Path) -> None:
    folder = tmp_path / "secret"
    assert run(otter, "keys", "init", "--private", str(folder)).returncode == 0
    project.commit(otter, "keys")
    project.released(otter, count=None)
    texts = {path.name.rpartition("-")[0]: path.read_text() for path in sorted(folder.glob("*.pem"))}
    body = {line for text in texts.values() for line in text.splitlines() if not line.startswith("-")}
    variables = {roles.variable(name): text for name, text in texts.items() if name != "channel-dev"}
    dev = roles.variable("channel-dev")
    tries: list[tuple[str, dict[str, str]]] = [
        ("the passphrase is wrong", {**variables, dev: texts["channel-dev"], "RELEASE_KEY_PASSPHRASE": SECRET + "x"}),
        ("there is no passphrase", {**variables, dev: texts["channel-dev"], "RELEASE_KEY_PASSPHRASE": ""}),
        ("the key is another role's", {**variables, dev: texts["channel-latest"]}),
        ("the key is cut off", {**variables, dev: texts["channel-dev"][:-60]}),
        ("the key is garbled", {**variables, dev: texts["channel-dev"].replace("M", "N", 5)}),
        ("the key is no key", {**variables, dev: SECRET}),
        ("there is no such key", variables),
    ]
    for why, env in tries:
        for words in (("publish",), ("keys", "renew"), ("refresh",)):
            done = run(otter, *words, env=env)
            said = done.stdout + done.stderr
            if words[0] == "publish":
                assert done.returncode in {80, 81, 82}, (why, said)
                assert "hint:" in said, why
            assert SECRET not in said, why
            assert not any(line in said for line in body), why
            assert "Traceback" not in said, why
    done = run(otter, "publish", env={**variables, dev: texts["channel-dev"]})
    assert done.returncode == 0, done.stderr
    written = b"".join(path.read_bytes() for path in (otter / "dist").rglob("*") if path.is_file())
    for needle in (SECRET, *body):
        assert needle not in done.stdout + done.stderr
        assert needle.encode() not in written


def test_what_the_tool_starts_sees_no_key() -> None:
    code = "from release import settings; print(settings.read().environment, settings.read())"
    env = {**os.environ, "RELEASE_KEY_ROOT": SECRET, "RELEASE_KEY_PASSPHRASE": SECRET}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert SECRET not in done.stdout
    assert not re.search(r"RELEASE_KEY_", done.stdout)


def test_targets_are_signed_by_enough_keys_of_the_root_in_force(product: Product, tmp_path: Path) -> None:
    begun(product, tmp_path / "secret")
    keys.rotate(holding(product, tmp_path / "secret"), ["targets"])
    found = of(product)
    assert [Metadata[Targets].from_bytes(each).signed.version for each in found.targets] == [1, 2]
    found.root.verify_delegate("targets", found.top)


def test_private_keys_that_a_public_file_names_outlive_a_failure(product: Product, tmp_path: Path) -> None:
    begun(product, tmp_path / "secret")
    before = set(files(tmp_path / "secret"))
    # The new root is written, and the copy of it is what cannot be.
    (product.root / "keys" / f".{signing.ROOT_FILE}.partial").mkdir()
    with pytest.raises(WriteError):
        keys.rotate(holding(product, tmp_path / "secret"), ["root"])
    assert (product.root / "keys" / "2.root.json").is_file()
    assert len(set(files(tmp_path / "secret")) - before) == FEW["root"]


def test_what_else_lies_where_changes_wait_is_left_alone(product: Product, tmp_path: Path) -> None:
    begun(product, tmp_path / "secret")
    other = product.root / "keys" / keys.PENDING / "notes" / "who.txt"
    other.parent.mkdir(parents=True)
    other.write_text("Anna")
    assert not keys.rotate(holding(product, tmp_path / "secret"), ["root"]).pending
    assert other.is_file()


def handed(tmp_path: Path, product: Product) -> dict[str, object]:
    _, beside = keys.make(holding(product, tmp_path / "anna"), "root")
    content = json.loads(beside.read_bytes())
    assert isinstance(content, dict)
    return content


@pytest.mark.parametrize(
    "changes",
    [
        {"keyid": "a" * 64},
        {"key": {"keytype": "rsa", "scheme": "rsassa-pss-sha256", "keyval": {"public": "00" * 32}}},
        {"key": {"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": "zz"}}},
        {"key": {"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": 7}}},
        {"key": []},
    ],
)
def test_a_public_key_that_clients_would_not_count_is_refused(
    product: Product, tmp_path: Path, changes: dict[str, object]
) -> None:
    path = tmp_path / "anna.public.json"
    path.write_text(json.dumps({**handed(tmp_path, product), **changes}))
    with pytest.raises(KeyUnfitError):
        keys.init(holding(product, tmp_path / "secret"), FEW, NEED, [path])
    assert public.read(product.root / "keys") is None


@pytest.mark.parametrize("passphrase", ["x" * 1024, "\udcff"])
def test_a_passphrase_that_nothing_can_be_encrypted_with_is_told_as_that(
    product: Product, tmp_path: Path, passphrase: str
) -> None:
    at_hand = private.Private(folder=tmp_path / "secret", variables={}, ask=lambda: passphrase)
    with pytest.raises(PassphraseError) as told:
        keys.init(keys.begun(product, at_hand, passphrase, signed.now()), FEW, NEED)
    assert passphrase not in str(told.value)
    assert not list(tmp_path.rglob("*.pem"))


@pytest.mark.parametrize("content", [b"", b'"abc"', b"{}", b"[1]", b"null", b"\xff"])
def test_a_list_of_revoked_keys_that_is_none_is_told_as_that(product: Product, tmp_path: Path, content: bytes) -> None:
    begun(product, tmp_path / "secret")
    folder = product.root / "keys"
    (folder / keys.PENDING).mkdir()
    shutil.copy(folder / "1.root.json", folder / keys.PENDING / "2.root.json")
    (folder / keys.PENDING / public.REVOKED_FILE).write_bytes(content)
    with pytest.raises(KeysInvalidError):
        keys.sign(holding(product, tmp_path / "secret"))
    (folder / public.REVOKED_FILE).write_bytes(content)
    with pytest.raises(KeysInvalidError):
        public.read(folder)
