"""`iterate upgrade` under the real clients of npm and the real mise, from a real registry, scripts disabled."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.consumers import launcher, npm_stage, registry
from tests.consumers.registry import Registry
from tests.consumers.worlds import NEW, OLD, World, world
from tests.release import world as releases

from iterate.errors import UpgradeFailed, UpgradeThere
from release.product import Channel

pytestmark = pytest.mark.consumer("node", "npm", "verdaccio", "pnpm", "yarn-classic", "bun", "mise")

BASELINE = ("linux-x64-baseline",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Public:
    """A registry with an older and a newer release and a build of the main branch, and the signed site of them."""

    world: World
    registry: Registry
    dev: str


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Public]:
    folder = tmp_path_factory.mktemp("public")
    with world(folder) as made, registry.running(folder / "registry") as running:
        root = folder / "root.json"
        root.write_bytes(made.repository.first_root)
        later = releases.COMMITTED_AT + 60
        rows = (
            ("old", Channel.LATEST, OLD, releases.COMMITTED_AT),
            ("new", Channel.LATEST, NEW, later),
            ("dev", Channel.DEV, "", releases.COMMITTED_AT),
        )
        dev = ""
        for name, channel, version, when in rows:
            script = launcher.text(channel.value, site=made.url, root=root)
            built = npm_stage.make(
                folder / name, channel, text=version or releases.LATEST, when=when, script=script, only=BASELINE
            )
            for package in built.packages(folder / f"{name}-packages").values():
                publish(running, package, channel.value)
            dev = built.version
        made.repository.release("dev", dev)
        yield Public(world=made, registry=running, dev=dev)


def publish(running: Registry, package: Path, tag: str) -> None:
    """Publish a package as a person does."""
    subprocess.run(
        ["npm", "publish", package, "--tag", tag],
        env=running.client(running.folder / "publisher", logged_in=True),
        cwd=running.folder,
        check=True,
        capture_output=True,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody with a home of their own, who has installed the older release with a client of npm."""

    here: World
    public: Public
    commands: Path
    """Where the client puts the program."""

    def told(self, *words: str) -> dict[str, object]:
        """What `iterate ... --json` says; it must succeed."""
        done = self.here.run(*words, "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        found: dict[str, object] = json.loads(done.stdout)
        return found


# How each client installs for a user, where it then puts the command, and what upgrading tells it.
CLIENTS = {
    "npm": (("npm", "install", "--global"), "npm/bin", "npm install --global --prefix {home}/npm iterate@{wanted}"),
    "pnpm": (("pnpm", "add", "--global"), "pnpm/bin", "pnpm add --global iterate@{wanted}"),
    "yarn": (("yarn", "global", "add"), "yarn/bin", "yarn global add iterate@{wanted}"),
    "bun": (("bun", "add", "--global"), "bun/bin", "bun add --global iterate@{wanted}"),
    "mise": (("mise", "use", "--global"), "mise/shims", "mise upgrade --bump npm:iterate"),
}


@pytest.fixture
def user(request: pytest.FixtureRequest, public: Public, tmp_path: Path) -> User:
    client = request.param
    home = tmp_path / "home"
    words, commands, _ = CLIENTS[client]
    variables = public.registry.client(home)
    (home / ".yarnrc").write_text(f'prefix "{home}/yarn"\nglobal-folder "{home}/.config/yarn/global"\n')
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, program in {
        "yarn": "yarn-classic",
        **{each: each for each in ("node", "npm", "pnpm", "bun", "mise")},
    }.items():
        (tools / name).symlink_to(Path(shutil.which(program) or "").absolute())
    more = {name: f"{home}/mise/{name}" for name in ("data", "config", "cache", "state")}
    variables |= {
        "NPM_CONFIG_PREFIX": f"{home}/npm",
        "MISE_YES": "1",
        "MISE_DATA_DIR": f"{home}/mise",
        **{f"MISE_{name.upper()}_DIR": path for name, path in more.items() if name != "data"},
    }
    del variables["PATH"]
    here = World(
        folder=tmp_path,
        repository=public.world.repository,
        url=public.world.url,
        asked=public.world.asked,
        path=[home / commands, home / "pnpm", tools],
        variables=variables,
    )
    package = "npm:iterate" if client == "mise" else "iterate"
    done = here.run(*words[1:], f"{package}@{OLD}", program=words[0])
    assert done.returncode == 0, done.stdout + done.stderr
    assert here.version() == OLD
    return User(here=here, public=public, commands=home / commands)


@pytest.mark.parametrize(("user", "client"), [(each, each) for each in CLIENTS], indirect=["user"])
def test_a_copy_is_upgraded_by_its_own_client_moves_to_another_channel_and_goes_back(user: User, client: str) -> None:
    checked = user.here.run("upgrade", "--check", "--json")
    assert checked.returncode == UpgradeThere.exit_code, checked.stderr
    told = json.loads(checked.stdout)
    assert (told["owner"], told["installed"], told["available"]) == (client, OLD, NEW)

    upgraded = user.told("upgrade")
    assert (upgraded["version"], user.here.version()) == (NEW, NEW)
    commands = [" ".join(words) for words in told["commands"]]
    assert commands == [CLIENTS[client][2].format(home=user.here.home, wanted="latest")]
    user.told("upgrade", "--channel", "dev")
    assert user.here.version() == user.public.dev
    user.told("upgrade", OLD)
    assert user.here.version() == OLD
    # What was asked for by name is known as such, and is upgraded when a person says so.
    assert json.loads(user.here.run("upgrade", "--check", "--json").stdout)["pinned"] is True
    user.told("upgrade")
    assert user.here.version() == NEW
    again = user.here.run("upgrade")
    assert (again.returncode, again.stdout) == (0, f"iterate {NEW} is what the latest channel has\n")


@pytest.mark.parametrize("user", ["npm"], indirect=True)
def test_a_release_age_gate_of_npm_is_named(user: User) -> None:
    done = user.here.run("upgrade", variables={"NPM_CONFIG_BEFORE": "2020-01-01"})
    assert done.returncode == UpgradeFailed.exit_code
    assert "before" in done.stderr
    assert user.here.version() == OLD


@pytest.mark.parametrize("user", ["mise"], indirect=True)
def test_a_release_age_gate_of_mise_is_named(user: User) -> None:
    done = user.here.run("upgrade", variables={"MISE_MINIMUM_RELEASE_AGE": "7d"})
    assert done.returncode == UpgradeFailed.exit_code
    assert "minimum_release_age" in done.stderr
    assert user.here.version() == OLD


@pytest.mark.parametrize("user", ["npm"], indirect=True)
def test_settings_of_the_folder_that_upgrade_is_started_in_steer_no_client(user: User, tmp_path: Path) -> None:
    strange = tmp_path / "checkout"
    strange.mkdir()
    (strange / ".npmrc").write_text("registry=http://127.0.0.1:9/\n")
    done = user.here.run("-C", str(strange), "iterate", "upgrade", program="env")
    assert done.returncode == 0, done.stdout + done.stderr
    assert user.here.version() == NEW


@pytest.mark.parametrize("user", ["npm"], indirect=True)
def test_a_dependency_of_a_project_is_not_replaced_from_outside_it(user: User) -> None:
    project = user.here.home / "web"
    project.mkdir()
    (project / "package.json").write_text('{"name": "web", "version": "1.0.0", "private": true}')
    done = user.here.run("--prefix", str(project), "install", f"iterate@{OLD}", program="npm")
    assert done.returncode == 0, done.stderr
    done = user.here.run("upgrade", program=str(project / "node_modules/.bin/iterate"))
    assert done.returncode == 52
    assert f"a dependency of the project in {project}" in done.stderr
