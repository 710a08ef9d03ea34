"""A release on GitHub, against a small GitHub on the loopback address that keeps state and can be in trouble."""

import hashlib
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec.structs import replace as changed
from tests.release import forge, project, world
from tests.release.forge import Asset, Forge, Shelf, Trouble

from release import destinations, manifest, plan
from release.destinations.github import GitHubRelease
from release.errors import DestinationConflictError, PushError, ReleaseError
from release.model import File, Plan, State
from release.product import Channel

pytestmark = pytest.mark.processes

TAG = "v1.2.3"
UPLOAD = r"/releases/\d+/assets"


@pytest.fixture
def github() -> Iterator[Forge]:
    with forge.running() as running:
        yield running


def place(github: Forge, waits: list[float] | None = None, *, token: str = forge.TOKEN) -> GitHubRelease:
    """The destination under test; the seconds it would sleep go into `waits`."""
    return GitHubRelease(
        repository=forge.NAME,
        tag=TAG,
        commit=world.COMMIT,
        latest=True,
        token=token,
        api=github.url,
        sleep=(waits if waits is not None else []).append,
    )


def files(folder: Path, *, size: int = 1000) -> tuple[File, ...]:
    """Three archives on disk with their sidecars."""
    made: list[File] = []
    for letter in "abc":
        content = letter.encode() * size
        (folder / f"otter-{letter}.tar.gz").write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        made += [
            File(path=f"{TAG}/otter-{letter}.tar.gz", content=folder / f"otter-{letter}.tar.gz", sha256=digest),
            File(path=f"{TAG}/otter-{letter}.tar.gz.sha256", content=f"{digest}  otter-{letter}\n".encode()),
        ]
    return tuple(made)


def refusal(github: Forge, work: GitHubRelease, wanted: tuple[File, ...]) -> PushError:
    with pytest.raises(PushError) as caught:
        work.push(wanted, "otter 1.2.3")
    assert forge.TOKEN not in told(caught.value)
    return caught.value


def told(error: ReleaseError) -> str:
    """All that a person would see of an error."""
    return f"{error} {error.hint} {error!r} {error.__cause__!r} {error.__context__!r}"


def test_a_fresh_release_is_filled_as_a_draft_and_published_last(github: Forge, tmp_path: Path) -> None:
    wanted = files(tmp_path)
    here = place(github)
    assert set(here.look(wanted).values()) == {State.ABSENT}
    assert here.push(wanted, "otter 1.2.3") == "6 of 6 files, published"
    assert github.writes[0] == "create"
    assert github.writes[-1] == "publish"
    (shelf,) = github.shelves
    assert (shelf.name, shelf.draft, shelf.prerelease) == ("otter 1.2.3", False, False)
    assert github.tags == {TAG: world.COMMIT}
    assert github.latest == TAG
    assert set(here.look(wanted).values()) == {State.SAME}


def test_again_writes_nothing(github: Forge, tmp_path: Path) -> None:
    wanted = files(tmp_path)
    place(github).push(wanted, "otter 1.2.3")
    github.writes.clear()
    assert place(github).push(wanted, "otter 1.2.3") == "0 of 6 files"
    assert github.writes == []


def test_a_release_of_many_pages_is_read_to_the_end(github: Forge) -> None:
    wanted = tuple(File(path=f"{TAG}/{number}", content=str(number).encode()) for number in range(101))
    github.shelves += [
        Shelf(id=10_000 + number, tag=f"v0.{number}.1", name="", target="main", draft=number % 2 == 0, prerelease=True)
        for number in range(120)
    ]
    draft = Shelf(id=20_000, tag=TAG, name="otter 1.2.3", target=world.COMMIT, draft=True, prerelease=False)
    github.shelves.append(draft)
    place(github).push(wanted, "otter 1.2.3")
    assert len(draft.assets) == 101
    assert set(place(github).look(wanted).values()) == {State.SAME}


@pytest.mark.parametrize("before", [1, 4])
def test_killed_in_an_upload_and_run_again_it_ends_as_one_clean_run(github: Forge, tmp_path: Path, before: int) -> None:
    wanted = files(tmp_path)
    with forge.running() as clean:
        place(clean).push(wanted, "otter 1.2.3")
    github.hold = before
    killed(github, tmp_path)
    (shelf,) = github.shelves
    assert shelf.draft
    assert [asset.state for asset in shelf.assets] == ["uploaded"] * (before - 1) + ["starter"]
    assert set(place(github).look(wanted).values()) == {State.ABSENT}
    assert place(github).push(wanted, "otter 1.2.3") == f"{7 - before} of 6 files, published"
    assert github.state() == clean.state()


def killed(github: Forge, folder: Path) -> None:
    """Publish in a process of its own, and kill that while the forge holds one of its uploads."""
    code = (
        "import sys; from pathlib import Path; from tests.release import forge, test_github as t\n"
        "github = forge.Forge(url=sys.argv[1])\n"
        "t.place(github).push(t.files(Path(sys.argv[2])), 'otter 1.2.3')"
    )
    process = subprocess.Popen([sys.executable, "-c", code, github.url, str(folder)], cwd=project.ROOT)
    try:
        assert github.held.wait(30)
    finally:
        process.kill()
        process.wait()
    github.released.set()


def test_another_content_is_a_hard_stop_and_nothing_is_written(github: Forge, tmp_path: Path) -> None:
    wanted = files(tmp_path)
    for draft in (True, False):
        other = Asset(id=2, name="otter-b.tar.gz", content=b"other", state="uploaded")
        github.shelves[:] = [
            Shelf(id=1, tag=TAG, name="", target="main", draft=draft, prerelease=False, assets=[other])
        ]
        assert place(github).look(wanted)[f"{TAG}/otter-b.tar.gz"] is State.DIFFERENT
        with pytest.raises(DestinationConflictError, match=r"otter-b\.tar\.gz is already there"):
            place(github).push(wanted, "otter 1.2.3")
    assert github.writes == []


def test_a_tag_of_another_commit_is_a_hard_stop_and_nothing_is_written(github: Forge, tmp_path: Path) -> None:
    github.tags[TAG] = "f" * 40
    with pytest.raises(DestinationConflictError, match="its tag is of commit ffffffffffff"):
        place(github).push(files(tmp_path), "otter 1.2.3")
    assert github.writes == []


def test_a_tag_that_is_there_already_keeps_its_commit(github: Forge, tmp_path: Path) -> None:
    github.tags[TAG] = world.COMMIT
    place(github).push(files(tmp_path), "otter 1.2.3")
    (shelf,) = github.shelves
    # GitHub's own default: no commit was named, so no right to change workflows is asked for.
    assert shelf.target == "main"
    assert github.tags == {TAG: world.COMMIT}


def test_a_file_that_arrives_changed_is_never_published(github: Forge, tmp_path: Path) -> None:
    wanted = files(tmp_path)
    (tmp_path / "otter-a.tar.gz").write_bytes(b"changed after hashing")
    with pytest.raises(DestinationConflictError, match=r"otter-a\.tar\.gz arrived with another content"):
        place(github).push(wanted, "otter 1.2.3")
    assert github.shelves[0].draft


def test_an_asset_without_a_digest_is_refused_by_name(github: Forge, tmp_path: Path) -> None:
    old = Asset(id=2, name="otter-a.tar.gz", content=b"old", state="uploaded", keeps_digest=False)
    github.shelves.append(Shelf(id=1, tag=TAG, name="", target="main", draft=False, prerelease=False, assets=[old]))
    assert "no digest of otter-a.tar.gz" in str(refusal(github, place(github), files(tmp_path)))


@pytest.mark.parametrize("channel", [Channel.DEV, Channel.SNAPSHOT])
def test_what_is_not_latest_is_a_prerelease_and_never_shown_first(
    github: Forge, tmp_path: Path, channel: Channel
) -> None:
    planned = world.plan(channel)
    where, made = located(f"github:{forge.NAME}", planned, tmp_path)
    assert where == f"github:{forge.NAME}"
    assert isinstance(made, GitHubRelease)
    assert (made.tag, made.commit, made.latest) == (planned.tag, planned.commit, False)
    wanted = (File(path=f"{planned.tag}/otter", content=b"otter"),)
    replace(made, api=github.url, token=forge.TOKEN).push(wanted, "otter")
    (shelf,) = github.shelves
    assert shelf.prerelease
    assert github.latest == ""
    assert github.tags == {planned.tag: planned.commit}


def test_a_missing_token_is_refused_before_anything_is_asked(github: Forge) -> None:
    with pytest.raises(PushError, match="there is no token") as caught:
        place(github, token="").check()
    assert "GITHUB_TOKEN" in caught.value.hint
    assert github.asked == []


def test_a_wrong_token_is_refused_and_not_repeated(github: Forge) -> None:
    with pytest.raises(PushError, match="401 Bad credentials") as caught:
        place(github, token="ghp_wrong").check()
    assert "ghp_wrong" not in told(caught.value)
    assert "expired" in caught.value.hint


def test_a_token_that_may_only_read_is_refused_before_anything_is_written(github: Forge) -> None:
    github.scopes = frozenset({"contents: read"})
    with pytest.raises(PushError, match="403 Resource not accessible") as caught:
        place(github).check()
    assert "Contents: write" in caught.value.hint
    assert forge.TOKEN not in told(caught.value)
    assert github.writes == []


def test_asking_for_the_right_to_write_writes_nothing(github: Forge) -> None:
    place(github).check()
    assert github.writes == []
    assert github.shelves == []


def test_a_repository_that_has_moved_is_named(github: Forge) -> None:
    github.full_name = "acme/renamed"
    with pytest.raises(PushError, match="has moved to acme/renamed"):
        place(github).check()


def test_a_token_is_in_no_text_of_the_destination(github: Forge) -> None:
    assert forge.TOKEN not in repr(place(github))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", rf"/releases/tags/{TAG}"),
        ("GET", "/releases"),
        ("GET", f"/commits/tags/{TAG}"),
        ("POST", "/releases"),
        ("POST", UPLOAD),
        ("PATCH", r"/releases/\d+"),
    ],
)
@pytest.mark.parametrize("status", [429, 502])
@pytest.mark.parametrize("late", [False, True])
def test_trouble_that_passes_changes_nothing_in_the_end(
    github: Forge, tmp_path: Path, method: str, path: str, status: int, *, late: bool
) -> None:
    wanted = files(tmp_path)
    with forge.running() as clean:
        place(clean).push(wanted, "otter 1.2.3")
    waits: list[float] = []
    github.troubles += [Trouble(method=method, path=path, status=status, late=late)] * 3
    place(github, waits).push(wanted, "otter 1.2.3")
    assert waits
    assert github.state() == clean.state()


def test_trouble_that_stays_is_given_up_with_what_to_do(github: Forge, tmp_path: Path) -> None:
    waits: list[float] = []
    github.troubles += [Trouble(method="POST", path=UPLOAD, status=502)] * 99
    error = refusal(github, place(github, waits), files(tmp_path))
    assert "502 Something went wrong" in str(error)
    assert "it resumes" in error.hint
    assert waits == [1.0, 2.0, 4.0, 8.0]
    assert github.shelves[0].draft


def test_github_is_waited_for_as_long_as_it_asks_but_not_for_ever(github: Forge, tmp_path: Path) -> None:
    waits: list[float] = []
    wanted = files(tmp_path)
    github.troubles.append(Trouble(method="POST", path="/releases", status=403, headers={"Retry-After": "33"}))
    place(github, waits).push(wanted, "otter 1.2.3")
    assert waits == [33.0]
    github.troubles += [Trouble(method="GET", path=".*", status=429, headers={"Retry-After": "3600"}) for _ in range(9)]
    refusal(github, place(github, waits), wanted)
    assert waits == [33.0]


def test_a_server_that_is_not_there_is_tried_a_few_times(tmp_path: Path) -> None:
    with forge.running() as gone:
        pass
    waits: list[float] = []
    with pytest.raises(PushError, match="ConnectError"):
        place(gone, waits).look(files(tmp_path))
    assert len(waits) == 4


def located(address: str, planned: Plan, dist: Path) -> tuple[str, destinations.Destination]:
    """What the address of an outlet's place leads to."""
    profile = changed(world.local(), places={"archives": address})
    return destinations.located(world.product(), profile, planned, dist, outlet="archives", package="otter")


def far_away(folder: Path, old: str, new: str) -> None:
    """Give the profile `far` another place, and make a release that it takes: whole, clean, no stand-ins."""
    text = (folder / "release.toml").read_text()
    assert old in text
    (folder / "release.toml").write_text(text.replace(old, new))
    project.commit(folder, "far away")
    made = project.released(folder)
    real = replace(made, artifacts=tuple(replace(each, fake=False) for each in made.artifacts))
    manifest.write(project.product(folder), real, folder / "dist")


def test_a_missing_token_stops_everything_before_the_first_push(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    far_away(folder, 'archives = "file:far/site"', f'archives = "github:{forge.NAME}"')
    done = project.command(folder, "publish", "--profile", "far", env={"GITHUB_TOKEN": ""})
    assert done.returncode == PushError.exit_code
    assert "there is no token to publish with" in done.stderr
    assert not list((folder / "dist" / "far").rglob("*.json"))


def test_the_tag_of_an_earlier_dev_release_does_not_make_the_commit_a_latest_one(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    project.git(folder, "tag", f"v{project.VERSION}")
    assert plan.channel_of_head(project.product(folder)) is Channel.DEV
    assert plan.plan(project.product(folder), channel=Channel.DEV).version.text == project.VERSION


SSH = """\
#!/bin/sh
# Stands in for ssh: the command is the last word. This side lets everybody read and nobody write.
for command in "$@"; do :; done
case $command in
    git-receive-pack*) [ -n "$MAY_WRITE" ] || { echo 'ERROR: Permission to tap denied' >&2; exit 1; } ;;
esac
eval "$command"
"""


@pytest.mark.parametrize("filled", [True, False])
def test_a_repository_that_may_only_be_read_stops_everything_before_the_first_push(
    tmp_path: Path, *, filled: bool
) -> None:
    folder, tap, ssh = project.make(tmp_path / "otter"), tmp_path / "tap.git", tmp_path / "ssh"
    ssh.write_text(SSH)
    ssh.chmod(0o755)
    project.git(folder, "init", "-q", "--bare", "-b", "main", str(tap))
    if filled:
        project.git(folder, "push", "-q", str(tap), "HEAD:main")
    there = project.git(tap, "for-each-ref")
    far_away(folder, "git+file:far/tap.git", f"git+ssh://git@example.invalid{tap}")
    env = {"GIT_SSH_COMMAND": str(ssh)}
    done = project.command(folder, "publish", "--profile", "far", env={**env, "MAY_WRITE": ""})
    assert done.returncode == PushError.exit_code
    assert "Permission to tap denied" in done.stderr
    assert [path for path in (folder / "dist" / "far" / "site").rglob("*") if path.is_file()] == []
    assert project.git(tap, "for-each-ref") == there
    done = project.command(folder, "publish", "--profile", "far", env={**env, "MAY_WRITE": "yes"})
    assert done.returncode == 0, done.stderr
    assert project.git(tap, "for-each-ref") != there


def published(github: Forge, tag: str) -> Shelf:
    """A release that is public on the forge, and shown as the latest."""
    shelf = Shelf(id=900 + len(github.shelves), tag=tag, name="", target="main", draft=False, prerelease=False)
    github.shelves.append(shelf)
    github.tags[tag] = "f" * 40
    github.latest = tag
    return shelf


@pytest.mark.parametrize(
    ("held", "allow_older", "latest"),
    [
        ("v1.2.2", False, TAG),
        ("v1.10.0", False, "v1.10.0"),
        ("v2.0.0", False, "v2.0.0"),
        ("v2.0.0", True, TAG),
        ("nightly", False, TAG),
        ("v1", False, TAG),
    ],
)
def test_an_older_release_does_not_take_the_mark_of_the_latest(
    github: Forge, tmp_path: Path, held: str, *, allow_older: bool, latest: str
) -> None:
    published(github, held)
    done = replace(place(github), allow_older=allow_older).push(files(tmp_path), "otter 1.2.3")
    assert github.latest == latest
    assert ("stays the latest" in done) is (latest == held)
    assert ("back from v2.0.0 (--allow-older)" in done) is allow_older
    shelf = next(shelf for shelf in github.shelves if shelf.tag == TAG)
    assert not shelf.draft
    assert not shelf.prerelease


@pytest.mark.parametrize("form", ["seconds", "moment"])
@pytest.mark.parametrize("status", [403, 429, 503])
def test_told_to_wait_longer_than_a_minute_it_asks_no_more(
    github: Forge, tmp_path: Path, form: str, status: int
) -> None:
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(time.time()) + 3600)}
    if form == "seconds":
        headers = {"Retry-After": "3600"}
    github.troubles += [Trouble(method="GET", path=r"/releases/tags/.*", status=status, headers=headers)] * 9
    waits: list[float] = []
    with pytest.raises(PushError) as caught:
        place(github, waits).look(files(tmp_path))
    assert len(github.asked) == 1
    assert waits == []
    assert re.search(r"wait (5\d|60) min", caught.value.hint)


def test_what_a_release_holds_can_be_read(github: Forge, tmp_path: Path) -> None:
    there = place(github)
    assert there.read(f"{TAG}/otter-a.tar.gz.sha256") is None
    wanted = files(tmp_path)
    there.push(wanted, "otter 1.2.3")
    for file in wanted:
        content = file.content if isinstance(file.content, bytes) else file.content.read_bytes()
        assert there.read(file.path) == content
    assert there.read(f"{TAG}/otter-z.tar.gz") is None
