"""Publishing to a real registry, with the real npm: resumable for each package, and never backwards."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.consumers import npm_stage, registry
from tests.consumers.npm_stage import Made
from tests.consumers.registry import Registry
from tests.release import project, world

from release import derive, manifest, publish
from release.destinations import npm
from release.errors import DestinationConflictError, PushError
from release.model import State
from release.product import Channel

pytestmark = pytest.mark.consumer("node", "npm", "verdaccio")

# npm takes half a second for each step of each package.
FEW = ("linux-x64-baseline", "windows-arm64")
ONE = FEW[1:]
NAMES = ("iterate-windows-arm64", "iterate")


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Registry]:
    with registry.running(tmp_path / "registry") as found:
        yield found


def place(running: Registry, home: Path, *, tag: str = "latest", allow_older: bool = False) -> npm.Registry:
    """The registry as a place, for somebody who may publish."""
    env = running.client(home, logged_in=True)
    return npm.Registry(tag=tag, url=running.url, allow_older=allow_older, env=env, sleep=lambda _: None)


def states(where: npm.Registry, made: Made) -> list[State]:
    return list(where.look(made.files).values())


def test_what_is_absent_is_published_and_what_is_there_is_left_alone(running: Registry, tmp_path: Path) -> None:
    made, where = npm_stage.make(tmp_path / "one", only=ONE), place(running, tmp_path / "home")
    where.check()
    assert states(where, made) == [State.ABSENT] * 2
    assert where.push(made.files, "") == "of 2 packages 2 published"
    assert states(where, made) == [State.SAME] * 2
    assert where.push(made.files, "") == "of 2 packages all were there"
    times = [str(running.packument(name)["time"][made.version]) for name in NAMES]
    assert times == sorted(times)
    assert where.read(made.files[0].path) == Path(str(made.files[0].content)).read_bytes()
    assert where.read("iterate/-/iterate-9.9.9.tgz") is None


def test_a_user_whose_npm_only_tries_publishes_all_the_same(running: Registry, tmp_path: Path) -> None:
    made = npm_stage.make(tmp_path / "release", only=ONE)
    env = {**running.client(tmp_path / "home", logged_in=True), "npm_config_dry_run": "true"}
    where = npm.Registry(tag="latest", url=running.url, env=env, sleep=lambda _: None)
    assert where.push(made.files, "") == f"of {len(made.files)} packages {len(made.files)} published"
    assert states(where, made) == [State.SAME] * len(made.files)


def test_the_channels_stand_beside_each_other_by_their_dist_tags(running: Registry, tmp_path: Path) -> None:
    made = {channel: npm_stage.make(tmp_path / channel, channel, only=ONE) for channel in Channel}
    for channel in Channel:
        place(running, tmp_path / "home", tag=channel.value).push(made[channel].files, "")
    assert running.tags("iterate") == {channel.value: made[channel].version for channel in Channel}


def test_a_run_that_was_killed_is_resumed_by_the_package(running: Registry, tmp_path: Path) -> None:
    made, where = npm_stage.make(tmp_path / "one", only=FEW), place(running, tmp_path / "home")
    running.put(made.packages(tmp_path / "packed")[NAMES[0]], tag="latest")
    assert states(where, made) == [State.ABSENT, State.SAME, State.ABSENT]
    assert where.push(made.files, "") == "of 3 packages 2 published"
    assert states(where, made) == [State.SAME] * 3


def test_another_content_under_a_version_stops_before_the_main_package(running: Registry, tmp_path: Path) -> None:
    made = npm_stage.make(tmp_path / "one", only=ONE)
    other = npm_stage.make(tmp_path / "other", only=ONE, script="#!/bin/sh\necho other\n")
    where = place(running, tmp_path / "home")
    running.put(other.packages(tmp_path / "packed")[NAMES[0]], tag="latest")
    assert states(where, made)[0] is State.DIFFERENT
    with pytest.raises(DestinationConflictError, match=f"{NAMES[0]}@{made.version}"):
        where.push(made.files, "")
    assert running.versions("iterate") == []


def test_an_older_version_is_published_beside_the_newer_one_which_keeps_the_tag(
    running: Registry, tmp_path: Path
) -> None:
    newer, older = (npm_stage.make(tmp_path / text, text=text, only=ONE) for text in ("1.10.0", "1.9.0"))
    where = place(running, tmp_path / "home")
    where.push(newer.files, "")
    where.push(older.files, "")
    for name in NAMES:
        assert running.versions(name) == ["1.10.0", "1.9.0"]
        assert running.tags(name)["latest"] == "1.10.0"
    assert states(where, older) == states(where, newer) == [State.SAME] * 2
    back = place(running, tmp_path / "home", allow_older=True)
    assert states(back, older) == [State.ABSENT] * 2
    assert back.push(older.files, "") == "of 2 packages 2 tagged"
    assert {running.tags(name)["latest"] for name in NAMES} == {"1.9.0"}
    # Told to go back once, it does not stay there for good.
    assert states(where, newer) == [State.ABSENT] * 2
    assert where.push(newer.files, "") == "of 2 packages 2 tagged"


def test_a_dist_tag_that_was_left_behind_is_led_to_its_version(running: Registry, tmp_path: Path) -> None:
    older, newer = (npm_stage.make(tmp_path / text, text=text, only=ONE) for text in ("1.0.0", "2.0.0"))
    where = place(running, tmp_path / "home")
    for made, tag in ((older, "latest"), (newer, "elsewhere")):
        for package in made.packages(tmp_path / made.version / "packed").values():
            running.put(package, tag=tag)
    assert states(where, newer) == [State.ABSENT] * 2
    assert where.push(newer.files, "") == "of 2 packages 2 tagged"
    assert running.tags("iterate")["latest"] == "2.0.0"


def test_a_dist_tag_that_names_no_version_of_ours_is_taken_over(running: Registry, tmp_path: Path) -> None:
    foreign = npm_stage.make(tmp_path / "foreign", text="1.0.0", only=ONE)
    ours = npm_stage.make(tmp_path / "ours", Channel.DEV, only=ONE)
    running.put(foreign.packages(tmp_path / "packed")["iterate"], tag="latest")
    subprocess.run(
        ["npm", "dist-tag", "add", "iterate@1.0.0", "dev"],
        env=running.client(tmp_path / "home", logged_in=True),
        check=True,
        capture_output=True,
    )
    # 1.0.0 is newer than any 0.0.0-dev: a tag of a channel that leads out of it is left alone unless told.
    where = place(running, tmp_path / "home", tag="dev")
    where.push(ours.files, "")
    assert running.tags("iterate")["dev"] == "1.0.0"
    place(running, tmp_path / "home", tag="dev", allow_older=True).push(ours.files, "")
    assert running.tags("iterate")["dev"] == ours.version


def test_two_runs_at_once_end_with_everything_there(running: Registry, tmp_path: Path) -> None:
    made = npm_stage.make(tmp_path / "one", only=ONE)
    places = [place(running, tmp_path / f"home-{number}") for number in range(2)]
    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(lambda where: where.push(made.files, ""), places))
    assert states(places[0], made) == [State.SAME] * 2, said


def test_two_versions_at_once_end_with_the_tag_at_the_newer(running: Registry, tmp_path: Path) -> None:
    made = [npm_stage.make(tmp_path / text, text=text, only=ONE) for text in ("1.0.0", "1.0.1")]
    places = [place(running, tmp_path / f"home-{number}") for number in range(2)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda each: each[0].push(each[1].files, ""), zip(places, made, strict=True)))
    places[1].push(made[1].files, "")
    assert {running.tags(name)["latest"] for name in NAMES} == {"1.0.1"}
    assert running.versions("iterate") == ["1.0.0", "1.0.1"]


def test_who_is_not_logged_in_is_told_before_anything_is_written(running: Registry, tmp_path: Path) -> None:
    where = npm.Registry(tag="latest", url=running.url, env=running.client(tmp_path / "home"))
    with pytest.raises(PushError, match="npm is not logged in") as refused:
        where.check()
    assert "npm login" in refused.value.hint
    wrong = tmp_path / "home" / ".npmrc"
    wrong.write_text(f"{wrong.read_text()}{running.url.partition(':')[2]}/:_authToken=no-such-token\n")
    with pytest.raises(PushError, match="npm is not logged in"):
        where.check()


def test_a_registry_that_cannot_say_who_somebody_is_is_no_reason_to_stop(running: Registry, tmp_path: Path) -> None:
    # There is nothing below this path, and the token of the host goes for it, too.
    env = running.client(tmp_path / "home", logged_in=True)
    npm.Registry(tag="latest", url=f"{running.url}/nowhere", env=env).check()


def test_a_job_that_proves_which_one_it_is_may_try_but_makes_no_new_packages(running: Registry, tmp_path: Path) -> None:
    made = npm_stage.make(tmp_path / "one", only=ONE)
    where = npm.Registry(tag="latest", url=running.url, trusted=True, env=running.client(tmp_path / "home"))
    where.check()
    with pytest.raises(PushError, match=f"never heard of {', '.join(NAMES)}"):
        where.look(made.files)
    for package in made.packages(tmp_path / "packed").values():
        running.put(package, tag="latest")
    assert states(where, made) == [State.SAME] * 2


def test_a_registry_that_nobody_may_read_is_read_as_the_user_of_npm(tmp_path: Path) -> None:
    made = npm_stage.make(tmp_path / "one", name="@acme/tool", only=ONE)
    with registry.running(tmp_path / "registry", access="$authenticated") as running:
        where = place(running, tmp_path / "home")
        assert states(where, made) == [State.ABSENT] * 2
        assert where.push(made.files, "") == "of 2 packages 2 published"
        assert states(where, made) == [State.SAME] * 2


def test_without_an_address_it_is_the_registry_that_npm_is_set_up_for(running: Registry, tmp_path: Path) -> None:
    made = npm_stage.make(tmp_path / "one", name="@acme/tool", only=ONE)
    env = running.client(tmp_path / "home", logged_in=True)
    # A scope may have a registry of its own.
    settings = tmp_path / "home" / ".npmrc"
    settings.write_text(f"{settings.read_text()}@acme:registry={running.url}/\n")
    env["NPM_CONFIG_REGISTRY"] = "http://127.0.0.1:9/"
    where = npm.Registry(tag="latest", env=env)
    where.push(made.files, "")
    assert running.tags("@acme/tool") == {"latest": made.version}
    assert states(where, made) == [State.SAME] * 2


def test_a_registry_that_does_not_answer_is_a_failure_and_no_absence(tmp_path: Path) -> None:
    made = npm_stage.make(tmp_path / "one", only=ONE)
    (tmp_path / "npmrc").write_text("//127.0.0.1:9/:_authToken=any\nfetch-retries=0\n")
    where = npm.Registry(tag="latest", url="http://127.0.0.1:9", env={"NPM_CONFIG_USERCONFIG": str(tmp_path / "npmrc")})
    for ask in (where.check, lambda: where.look(made.files), lambda: where.push(made.files, "")):
        with pytest.raises(PushError, match="ECONNREFUSED"):
            ask()


# --- the whole way -----------------------------------------------------------------------------------------


def otter(folder: Path, running: Registry) -> Path:
    """Another project, with a release that is no rehearsal, and the registry as the only place of a profile."""
    made = project.make(folder, targets=FEW)
    text = (made / "release.toml").read_text()
    (made / "release.toml").write_text(
        f'{text}\n[profiles.registry]\nlocal = true\narchive_url = "http://127.0.0.1:1/{{file}}"\n'
        'channel_url = "http://127.0.0.1:1/{channel}"\n'
        f'[profiles.registry.places]\nnpm = "npm+{running.url}"\n'
    )
    project.commit(made, "with npm")
    product = project.product(made)
    plan = world.plan(planned=[each for each in world.plan().targets if each.name in FEW])
    packed = world.pack(product, plan, made / "site")
    (made / "dist").mkdir()
    (made / "site" / plan.tag).rename(made / "dist" / manifest.ARTIFACTS)
    manifest.write(product, packed.release, made / "dist")
    derive.derive(product, product.profiles["local"], made / "dist", partial=True, progress=project.Quiet())
    return made


def publishing(folder: Path, env: dict[str, str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "release", "publish", "--profile", "registry"],
        cwd=folder,
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def test_the_command_publishes_is_killed_at_any_moment_and_goes_on(running: Registry, tmp_path: Path) -> None:
    folder, env = otter(tmp_path / "otter", running), running.client(tmp_path / "home", logged_in=True)
    names = [f"otter-{target}" for target in FEW] + ["otter"]
    for delay in (0.8, 1.6, 2.4):
        with publishing(folder, env) as process:
            time.sleep(delay)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        there = [name for name in names if running.versions(name)]
        # Nobody ever meets a main package that leads to nothing.
        assert there == names[: len(there)]
    done = project.command(folder, "publish", "--profile", "registry", env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [running.tags(name) for name in names] == [{"latest": "1.2.3"}] * 3
    again = project.command(folder, "publish", "--profile", "registry", env=env)
    assert "already there" in again.stdout
    assert "same" in project.command(folder, "status", "--profile", "registry", env=env).stdout


def verified(folder: Path, profile: str, env: dict[str, str]) -> tuple[str, str]:
    """The result of npm's check, and what was seen."""
    done = project.command(folder, "verify", "--profile", profile, "--json", env=env)
    rows = {row["name"]: (row["result"], row["detail"]) for row in json.loads(done.stdout)}
    found: tuple[str, str] = rows["npm"]
    return found


def test_verify_installs_from_the_registry_tries_and_removes(running: Registry, tmp_path: Path) -> None:
    folder, env = otter(tmp_path / "otter", running), running.client(tmp_path / "home", logged_in=True)
    result, detail = verified(folder, "registry", env)
    assert (result, "is not what this release renders" in detail) == ("failed", True)
    assert project.command(folder, "publish", "--profile", "registry", env=env).returncode == 0
    result, detail = verified(folder, "registry", env)
    assert result == "passed", detail
    assert detail.startswith("otter@1.2.3: --version, say fish; removed")


def test_a_place_that_is_a_folder_gets_the_same_packages_and_verify_installs_from_it(tmp_path: Path) -> None:
    folder = project.make(tmp_path / "otter")
    text = (folder / "release.toml").read_text()
    (folder / "release.toml").write_text(
        text.replace("[profiles.local.places]\n", '[profiles.local.places]\nnpm = "file:public/npm"\n')
    )
    project.commit(folder, "with npm")
    product = project.product(folder)
    project.released(folder)
    release = derive.derive(product, product.profiles["local"], folder / "dist", partial=True, progress=project.Quiet())
    published = publish.publish(product, product.profiles["local"], release, folder / "dist")
    assert not published.failures
    place = folder / "dist" / "public" / "npm"
    named = {f"otter-{target}" for target in project.SOME} | {"otter"}
    assert {str(path.parent.parent.relative_to(place)) for path in place.rglob("*.tgz")} == named
    env = {"HOME": str(tmp_path / "home"), "NPM_CONFIG_REGISTRY": "http://127.0.0.1:9/"}
    result, detail = verified(folder, "local", env)
    assert result == "passed", detail
