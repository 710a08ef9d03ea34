"""Publishing goes forward only, in stages, and every place gets a receipt whatever happened to it."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from tests.release import project, world
from tests.release.test_publish import mtimes, outcomes, published, state

from release import publish
from release.destinations.seen import need_unchanged
from release.errors import DiskFullError, PushError
from release.model import Bundle, File, Outcome, Receipt, Release, Seen, Stage, State
from release.product import Channel
from release.progress import Progress
from release.publish.asking import Step

pytestmark = pytest.mark.processes


def details(receipts: tuple[Receipt, ...]) -> dict[str, str]:
    return {receipt.outlet: receipt.detail for receipt in receipts}


def tagged(folder: Path, tag: str, *, days: int) -> Release:
    """A release of the latest channel, at a commit of its own."""
    project.commit(folder, tag, when=project.WHEN + 86_400 * days)
    project.git(folder, "tag", tag)
    return project.released(folder, channel=Channel.LATEST)


def allowing_older(folder: Path, release: Release) -> tuple[Receipt, ...]:
    otter = project.product(folder)
    return publish.publish(otter, otter.profiles["local"], release, folder / "dist", allow_older=True).receipts


# --- stages ------------------------------------------------------------------------------------------------


def test_packages_and_the_channel_wait_for_archives_that_were_refused(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    release = project.released(folder)
    public = folder / "dist" / "public"
    (public / "site").mkdir(parents=True)
    blocker = public / "site" / release.plan.tag  # a file where the archives' folder must be
    blocker.write_text("in the way")
    receipts = published(folder, release)
    assert set(outcomes(receipts).values()) == {Outcome.REFUSED}
    assert release.plan.tag in details(receipts).pop("archives")
    assert {detail for outlet, detail in details(receipts).items() if outlet != "archives"} == {
        "not written: waits for archives"
    }
    assert not [each for each in state(public).values() if "commit" in str(each)]
    blocker.unlink()
    assert set(outcomes(published(folder, release)).values()) == {Outcome.PUSHED}


def test_the_order_of_the_stages_does_not_come_from_the_order_of_the_places(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    text = (folder / "release.toml").read_text()
    line = 'archives = "file:public/site"\n'
    turned = text.replace(line, "", 1).replace(
        'channel = "file:public/site"\n', f'channel = "file:public/site"\n{line}', 1
    )
    (folder / "release.toml").write_text(turned)
    project.commit(folder, "turned around")
    receipts = published(folder, project.released(folder))
    assert [receipt.outlet for receipt in receipts] == ["archives", "homebrew", "scoop", "aur", "channel"]


class Place:
    """A place that keeps what it is given, or fails in a way of its own."""

    def __init__(self, failure: BaseException | None = None) -> None:
        self.failure = failure
        self.held: dict[str, bytes] = {}

    def check(self) -> None:
        """Anybody may write."""

    def read(self, path: str) -> bytes | None:
        """What was given."""
        return self.held.get(path)

    def look(self, files: tuple[File, ...]) -> dict[str, State]:
        """Nothing is the same."""
        return {file.path: State.ABSENT for file in files}

    def push(self, files: tuple[File, ...], message: str, seen: Seen | None = None) -> str:
        """Take it, or fail."""
        if self.failure is not None:
            raise self.failure
        need_unchanged(self.held.get, seen)
        self.held |= {file.path: file.content for file in files if isinstance(file.content, bytes)}
        return message


def step(outlet: str, stage: Stage, place: Place) -> Step:
    files = (File(path=outlet, content=b"x"),)
    bundle = Bundle(outlet=outlet, package="otter", stage=stage, files=files, message="done")
    return Step(
        outlet=outlet, package="otter", where="there", destination=place, bundle=bundle, states={outlet: State.ABSENT}
    )


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (PushError("upload ended in 502", hint="again"), "upload ended in 502"),
        (DiskFullError("no space left", hint="make some"), "no space left"),
        (OSError(5, "Input/output error", "there"), "there: Input/output error"),
        (ConnectionResetError(104, "Connection reset by peer"), "Connection reset by peer"),
        (ZeroDivisionError("division by zero"), "a bug of this tool: ZeroDivisionError: division by zero"),
    ],
)
@pytest.mark.parametrize("broken", [0, 1, 2, 3])
def test_whatever_goes_wrong_every_place_has_a_receipt_and_later_stages_wait(
    failure: BaseException, said: str, broken: int
) -> None:
    stages = (Stage.ARCHIVES, Stage.PACKAGES, Stage.PACKAGES, Stage.CHANNEL)
    places = [Place(failure if number == broken else None) for number in range(4)]
    steps = [step(f"place{number}", stages[number], place) for number, place in enumerate(places)]
    made = [receipt for _, receipt in publish.written(steps, Progress())]
    assert len(made) == 4
    assert said in made[broken].detail
    for number, receipt in enumerate(made):
        waits = stages[number] > stages[broken]
        refused = waits or number == broken
        assert (receipt.outcome is Outcome.REFUSED) is refused
        assert bool(places[number].held) is not refused
        assert receipt.detail.endswith(f"waits for place{broken}") is waits


def test_an_interruption_leaves_the_rest_unwritten_and_told() -> None:
    stages = (Stage.ARCHIVES, Stage.PACKAGES, Stage.PACKAGES, Stage.CHANNEL)
    places = [Place(KeyboardInterrupt() if number == 1 else None) for number in range(4)]
    steps = [step(f"place{number}", stages[number], place) for number, place in enumerate(places)]
    made = [receipt for _, receipt in publish.written(steps, Progress())]
    assert [receipt.outcome for receipt in made] == [Outcome.PUSHED, *[Outcome.REFUSED] * 3]
    assert made[1].detail == "interrupted"
    assert [bool(place.held) for place in places] == [True, False, False, False]


def test_what_became_newer_while_archives_were_uploaded_is_kept() -> None:
    places = [Place(), Place(), Place()]
    stages = (Stage.ARCHIVES, Stage.PACKAGES, Stage.CHANNEL)
    steps = [step(f"place{number}", stages[number], place) for number, place in enumerate(places)]
    steps[1] = replace(steps[1], seen={"version": None}, again=lambda: replace(steps[1], newer="2.0.0"))
    places[1].held["version"] = b"2.0.0"
    made = [receipt for _, receipt in publish.written(steps, Progress())]
    assert [receipt.outcome for receipt in made] == [Outcome.PUSHED, Outcome.KEPT_NEWER, Outcome.PUSHED]
    assert made[1].detail == "holds 2.0.0"
    assert list(places[1].held) == ["version"]


def test_an_index_is_made_again_of_what_others_have_added() -> None:
    place = Place()
    first = step("place", Stage.PACKAGES, place)

    def made() -> Step:
        there = place.held.get("index", b"")
        files = (File(path="index", content=there + b"ours\n"),)
        bundle = Bundle(outlet="place", package="otter", stage=Stage.PACKAGES, files=files, message="done")
        return replace(first, bundle=bundle, seen={"index": place.held.get("index")}, again=made)

    stale = made()
    place.held["index"] = b"theirs\n"
    assert [receipt.outcome for _, receipt in publish.written([stale], Progress())] == [Outcome.PUSHED]
    assert place.held["index"] == b"theirs\nours\n"


def test_a_place_that_others_write_to_without_end_is_given_up_by_name() -> None:
    never = replace(step("place", Stage.PACKAGES, Place()), seen={"index": b"what nobody wrote"})
    ((ended, receipt),) = publish.written([replace(never, again=lambda: never)], Progress())
    assert isinstance(ended.failure, PushError)
    assert (receipt.outcome, receipt.detail) == (Outcome.REFUSED, "others wrote there 5 times meanwhile")


@pytest.mark.systems("linux", "darwin")  # a hook that is a shell script
def test_a_newer_version_that_comes_in_the_middle_of_our_push_is_kept(tmp_path: Path) -> None:
    folder = project.make(tmp_path / "otter")
    published(folder, project.released(folder))
    project.commit(folder, "older", when=project.WHEN + 60)
    older = project.released(folder)
    tap = folder / "dist" / "public" / "tap.git"
    formula = project.git(tap, "show", "main:Formula/otter-dev.rb").replace("20260102030405", "20270102030405")
    (tmp_path / "formula").write_text(formula)
    # While our first push is on its way, somebody pushes what a newer commit makes.
    hook = tap / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(
        "#!/bin/sh\n[ -e seen ] && exit\ntouch seen\nunset GIT_QUARANTINE_PATH\nexport GIT_INDEX_FILE=$PWD/theirs\n"
        "export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b\n"
        f"git read-tree main\nblob=$(git hash-object -w '{tmp_path / 'formula'}')\n"
        "git update-index --cacheinfo 100644,$blob,Formula/otter-dev.rb\n"
        "git update-ref refs/heads/main $(git commit-tree $(git write-tree) -p main -m newer)\n"
    )
    hook.chmod(0o755)
    assert outcomes(published(folder, older))["homebrew"] is Outcome.KEPT_NEWER
    assert project.git(tap, "log", "-1", "--format=%s", "main") == "newer"


def test_a_bug_while_asking_is_a_receipt_a_traceback_and_a_failure(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    project.released(folder)
    project.eject(folder, "homebrew/formula.rb").write_text("# {{ (1 // 0) }}\n")
    done = project.command(folder, "publish", "--json")
    assert done.returncode != 0
    receipts = {row["outlet"]: row for row in json.loads(done.stdout)}
    assert set(receipts) == {"archives", "homebrew", "scoop", "aur", "channel"}
    assert receipts["homebrew"]["detail"].startswith("a bug of this tool: ZeroDivisionError")
    assert receipts["scoop"]["detail"] == "not written: waits for homebrew"
    assert "Traceback" in done.stderr
    assert not list((folder / "dist" / "public" / "site").rglob("*.tar.gz"))


def test_receipts_are_told_before_the_error_ends_the_command(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    project.released(folder)
    (folder / "dist" / "public" / "tap.git").mkdir(parents=True)
    for words, told in ((["publish"], "REFUSED"), (["publish", "--json"], '"outcome": "refused"')):
        done = project.command(folder, *words)
        assert done.returncode == PushError.exit_code
        assert done.stdout.count(told) == 5
        assert "\nerror: homebrew: tap.git: " in done.stderr


def test_a_place_the_release_has_nothing_for_says_so(tmp_path: Path) -> None:
    folder = project.make(tmp_path, targets=("linux-x64", "linux-x64-baseline"))
    receipts = published(folder, project.released(folder))
    assert outcomes(receipts)["scoop"] is Outcome.SKIPPED
    assert details(receipts)["scoop"] == "this release has nothing for it"
    assert outcomes(receipts)["channel"] is Outcome.PUSHED


# --- never backwards ---------------------------------------------------------------------------------------


def test_an_older_version_publishes_its_archives_and_moves_nothing_back(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    older = tagged(folder, "v1.9.1", days=9)  # a fix for the old line, made later and tagged in its own branch
    published(folder, tagged(folder, "v2.0.0", days=10))
    public = folder / "dist" / "public"
    before = state(public)
    receipts = published(folder, older)
    assert outcomes(receipts) == {
        "archives": Outcome.PUSHED,
        "homebrew": Outcome.KEPT_NEWER,
        "scoop": Outcome.KEPT_NEWER,
        "aur": Outcome.KEPT_NEWER,
        "channel": Outcome.KEPT_NEWER,
    }
    assert details(receipts)["homebrew"] == "holds 2.0.0"
    after = state(public)
    assert {name for name in after if "v1.9.1" not in name} == set(before)
    assert {name: after[name] for name in before} == before
    assert any("v1.9.1" in name for name in after)
    seen = mtimes(public)
    assert set(outcomes(published(folder, older)).values()) == {Outcome.UNCHANGED, Outcome.KEPT_NEWER}
    assert mtimes(public) == seen


def test_going_back_takes_a_word_and_is_told(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    older = tagged(folder, "v1.10.0", days=1)
    published(folder, tagged(folder, "v2.0.0", days=2))
    receipts = allowing_older(folder, older)
    assert set(outcomes(receipts).values()) == {Outcome.PUSHED}
    for outlet in ("homebrew", "scoop", "aur", "channel"):
        assert "back from 2.0.0" in details(receipts)[outlet]
        assert "--allow-older" in details(receipts)[outlet]
    assert "--allow-older" not in details(receipts)["archives"]
    assert '"1.10.0"' in project.git(folder / "dist" / "public" / "tap.git", "show", "main:Formula/otter.rb")


def test_numbers_are_compared_as_numbers(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    older = tagged(folder, "v1.9.0", days=1)
    newer = tagged(folder, "v1.10.0", days=2)
    published(folder, older)
    assert set(outcomes(published(folder, newer)).values()) == {Outcome.PUSHED}
    assert outcomes(published(folder, older))["channel"] is Outcome.KEPT_NEWER


@pytest.mark.parametrize("channel", [Channel.DEV, Channel.SNAPSHOT])
def test_a_job_of_an_older_commit_that_runs_again_moves_nothing_back(tmp_path: Path, channel: Channel) -> None:
    folder = project.make(tmp_path)
    older = project.released(folder, channel=channel)
    project.commit(folder, "second", when=project.WHEN + 1)
    published(folder, project.released(folder, channel=channel))
    seen = outcomes(published(folder, older))
    assert seen.pop("archives") is Outcome.PUSHED
    assert seen.pop("aur") is (Outcome.RENDERED if channel is Channel.SNAPSHOT else Outcome.KEPT_NEWER)
    assert set(seen.values()) == {Outcome.KEPT_NEWER}


def test_each_place_is_judged_by_what_it_holds_itself(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    first, middle = tagged(folder, "v1.0.0", days=1), tagged(folder, "v1.5.0", days=2)
    published(folder, first)
    channel = folder / "dist" / "public" / "site" / "channels" / "latest.json"
    old = channel.read_bytes()
    published(folder, tagged(folder, "v2.0.0", days=3))
    channel.write_bytes(old)  # somebody put the file of 1.0.0 back, and the packages stayed at 2.0.0
    seen = outcomes(published(folder, middle))
    assert seen["channel"] is Outcome.PUSHED
    assert seen["homebrew"] is seen["scoop"] is seen["aur"] is Outcome.KEPT_NEWER


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"\xff\xfe", b'{\n  "version": "tomorrow"\n}\n', b'{\n  "version": 3\n}\n']
)
def test_what_names_no_version_is_replaced_and_told(tmp_path: Path, content: bytes) -> None:
    folder = project.make(tmp_path)
    release = project.released(folder)
    channel = folder / "dist" / "public" / "site" / "channels" / "dev.json"
    channel.parent.mkdir(parents=True)
    channel.write_bytes(content)
    receipts = published(folder, release)
    assert outcomes(receipts)["channel"] is Outcome.PUSHED
    assert details(receipts)["channel"].endswith("replaces a file that names no version")


def test_the_same_version_rendered_differently_is_pushed_again(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    release = project.released(folder)
    published(folder, release)
    text = (folder / "release.toml").read_text().replace("Swims on its back", "Swims well")
    (folder / "release.toml").write_text(text)
    seen = outcomes(published(folder, release))
    assert seen["homebrew"] is seen["scoop"] is seen["aur"] is Outcome.PUSHED
    assert seen["archives"] is seen["channel"] is Outcome.UNCHANGED


def test_every_packager_that_replaces_a_version_reads_it_out_of_its_own_file() -> None:
    from release.model import no_edition
    from release.packagers import FLEET, nothing

    product = world.product()
    for channel in Channel:
        release = world.derived(product, world.release(product, world.plan(channel)))
        for packager in FLEET:
            for bundle in packager.bundles(product, world.local(), release, nothing):
                files = {file.path: file.content for file in bundle.files if isinstance(file.content, bytes)}
                assert packager.edition(bundle, files.get) == bundle.edition, packager.name
                assert packager.edition(bundle, nothing) is None
                adds = all(file.frozen for file in bundle.files) or packager.name in {"deb", "winget"}  # all versions
                assert (bundle.edition is None) is adds, f"give the bundle of {packager.name} an edition"
                assert (packager.edition is no_edition) is adds


# --- rehearsals --------------------------------------------------------------------------------------------


def test_a_rehearsal_may_be_replaced_in_its_own_folder_and_nowhere_else(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    otter = project.product(folder)
    release = project.released(folder)
    rehearsed = folder / "dist" / "rehearsal"
    (folder / "dist" / "artifacts").rename(rehearsed.parent / "kept")
    rehearsed.mkdir()
    (rehearsed.parent / "kept").rename(rehearsed / "artifacts")
    publish.publish(otter, otter.profiles["local"], release, rehearsed)
    first = release.artifacts[0]
    path = rehearsed / "artifacts" / first.file
    path.write_bytes(b"another")
    import hashlib

    other = replace(first, size=7, sha256=hashlib.sha256(b"another").hexdigest())
    changed = replace(release, artifacts=(other, *release.artifacts[1:]))
    done = publish.publish(otter, otter.profiles["local"], changed, rehearsed)
    assert outcomes(done.receipts)["archives"] is Outcome.PUSHED
    assert re.search(r"^1 of|^2 of", details(done.receipts)["archives"])
