"""The packages under the real clients of npm, from a real registry, with install scripts disabled everywhere."""

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.consumers import npm_stage, registry
from tests.consumers.registry import Registry
from tests.release import world

from release import targets
from release.product import Channel

pytestmark = pytest.mark.consumer("node", "npm", "verdaccio", "pnpm", "yarn-classic", "yarn-berry", "bun")

OLDER, NEWER = "1.2.3", "1.3.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Public:
    """A registry that has releases of all channels."""

    registry: Registry
    dev: str
    snapshot: str


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Public]:
    folder = tmp_path_factory.mktemp("public")
    releases = [
        npm_stage.make(folder / "older", text=OLDER),
        npm_stage.make(folder / "newer", text=NEWER, when=world.COMMITTED_AT + 60),
        npm_stage.make(folder / "dev", Channel.DEV, only=npm_stage.LINUX),
        npm_stage.make(folder / "snapshot", Channel.SNAPSHOT, only=npm_stage.LINUX),
    ]
    with registry.running(folder / "registry") as running:
        for made in releases:
            for package in made.packages(folder / made.version).values():
                running.put(package, tag=made.plan.channel.value)
        yield Public(registry=running, dev=releases[2].version, snapshot=releases[3].version)


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody with a home of their own, whose clients know the registry."""

    home: Path
    env: dict[str, str]

    def run(self, *words: str | Path, cwd: Path | None = None) -> str:
        """Run a program, which must succeed; gives what it printed."""
        done = subprocess.run(
            list(map(str, words)),
            cwd=cwd or self.home,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def project(self, name: str, **more: object) -> Path:
        """A folder with a package.json and nothing else."""
        folder = self.home / name
        folder.mkdir()
        (folder / "package.json").write_text(json.dumps({"name": name, "version": "1.0.0", "private": True, **more}))
        return folder


@pytest.fixture
def user(public: Public, tmp_path: Path) -> User:
    home = tmp_path / "home"
    return User(home=home, env=public.registry.client(home))


def best() -> str:
    return "linux-x64" if targets.has_avx2() else "linux-x64-baseline"


# How each client installs for a user, and where it puts the command; `{}` is package and tag.
GLOBAL = {
    "npm": (("npm", "install", "--global", "--prefix", "npm", "{}"), "npm/bin/iterate"),
    "pnpm": (("pnpm", "add", "--global", "{}"), "pnpm/bin/iterate"),
    "yarn-classic": (("yarn-classic", "global", "add", "--prefix", "yarn", "{}"), "yarn/bin/iterate"),
    "bun": (("bun", "add", "--global", "{}"), "bun/bin/iterate"),
}
REMOVED = {
    "npm": ("npm", "uninstall", "--global", "--prefix", "npm", "iterate"),
    "pnpm": ("pnpm", "remove", "--global", "iterate"),
    "yarn-classic": ("yarn-classic", "global", "remove", "--prefix", "yarn", "iterate"),
    "bun": ("bun", "remove", "--global", "iterate"),
}


@pytest.mark.parametrize("client", GLOBAL)
def test_a_user_installs_switches_channels_goes_back_and_removes(client: str, public: Public, user: User) -> None:
    words, command = GLOBAL[client]
    program = user.home / command
    steps = (("iterate", NEWER), ("iterate@dev", public.dev), (f"iterate@{OLDER}", OLDER))
    more = (("iterate@snapshot", public.snapshot), ("iterate@latest", NEWER))
    for spec, version in (*steps, *(more if client == "npm" else ())):
        user.run(*(word.format(spec) for word in words))
        assert user.run(program, "--version") == f"{version}\n"
        assert user.run(program, "target") == f"{best()}\n"
    user.run(*REMOVED[client])
    assert not program.exists()


def test_yarn_berry_runs_it_from_a_zip_file_in_plug_n_play_and_from_node_modules(public: Public, user: User) -> None:
    for linker in ("pnp", "node-modules"):
        folder = user.project(linker)
        (folder / ".yarnrc.yml").write_text(f"nodeLinker: {linker}\n")
        (folder / "yarn.lock").touch()
        for spec, version in (("iterate", NEWER), ("iterate@dev", public.dev))[: 2 if linker == "pnp" else 1]:
            user.run("yarn-berry", "add", spec, cwd=folder)
            assert user.run("yarn-berry", "iterate", "--version", cwd=folder) == f"{version}\n"
        assert user.run("yarn-berry", "iterate", "target", cwd=folder) == f"{best()}\n"
        assert (folder / ".pnp.cjs").exists() == (linker == "pnp")


@pytest.mark.parametrize(
    "words",
    [
        ("npx", "--yes", "iterate"),
        ("pnpm", "dlx", "iterate"),
        ("yarn-berry", "dlx", "--quiet", "iterate"),
        ("bun", "x", "iterate"),
        ("bun", "x", "--bun", "iterate"),
    ],
    ids="-".join,
)
def test_it_runs_without_being_installed(words: tuple[str, ...], user: User) -> None:
    assert user.run(*words, "--version").splitlines()[-1] == NEWER


@pytest.mark.parametrize("client", ["npm", "pnpm", "yarn-classic", "bun"])
def test_a_lockfile_brings_the_same_again(client: str, user: User) -> None:
    folder = user.project("locked", dependencies={"iterate": NEWER})
    frozen = {
        "npm": ("npm", "ci"),
        "pnpm": ("pnpm", "install", "--frozen-lockfile"),
        "yarn-classic": ("yarn-classic", "install", "--frozen-lockfile"),
        "bun": ("bun", "install", "--frozen-lockfile"),
    }
    user.run(client, "install", cwd=folder)
    user.run("rm", "-rf", "node_modules", cwd=folder)
    user.run(*frozen[client], cwd=folder)
    assert user.run(folder / "node_modules" / ".bin" / "iterate", "--version") == f"{NEWER}\n"


OTHERS = {
    ("linux", "x64", "glibc"): {"linux-x64", "linux-x64-baseline"},
    ("linux", "x64", "musl"): {"linux-x64-musl", "linux-x64-baseline-musl"},
    ("linux", "arm64", "glibc"): {"linux-arm64"},
    ("linux", "arm64", "musl"): {"linux-arm64-musl"},
    ("darwin", "x64", ""): {"darwin-x64", "darwin-x64-baseline"},
    ("darwin", "arm64", ""): {"darwin-arm64"},
    ("win32", "x64", ""): {"windows-x64-baseline"},
    ("win32", "arm64", ""): {"windows-arm64"},
    ("freebsd", "x64", ""): set(),
}


@pytest.mark.parametrize("machine", OTHERS, ids="-".join)
def test_npm_takes_the_packages_of_another_system_when_it_is_told(machine: tuple[str, str, str], user: User) -> None:
    system, processor, libc = machine
    folder = user.project("elsewhere")
    told = [f"--os={system}", f"--cpu={processor}", *([f"--libc={libc}"] if libc else [])]
    user.run("npm", "install", *told, "iterate", cwd=folder)
    there = {path.name.removeprefix("iterate-") for path in (folder / "node_modules").glob("iterate-*")}
    assert there == OTHERS[machine]
    for name in there:
        suffix = ".exe" if system == "win32" else ""
        program = folder / "node_modules" / f"iterate-{name}" / "iterate" / f"iterate{suffix}"
        assert name in program.read_text()
        assert suffix or program.stat().st_mode & 0o111 == 0o111


def test_without_optional_packages_the_message_names_the_one_that_is_missing(user: User) -> None:
    folder = user.project("without")
    user.run("npm", "install", "--omit=optional", "iterate", cwd=folder)
    done = subprocess.run(
        [folder / "node_modules" / ".bin" / "iterate", "--version"],
        env=user.env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 127
    assert f"iterate-{best()} is not installed" in done.stderr
    user.run("npm", "install", "--include=optional", f"iterate@{NEWER}", cwd=folder)
    assert user.run(folder / "node_modules" / ".bin" / "iterate", "--version") == f"{NEWER}\n"


def test_the_receipt_lies_beside_the_program_and_names_npm(user: User) -> None:
    user.run("npm", "install", "--global", "--prefix", "npm", "iterate@dev")
    (receipt, *_) = (user.home / "npm").rglob("install-receipt.json")
    said = json.loads(receipt.read_text())
    assert (said["name"], said["method"], said["channel"]) == ("iterate", "npm", "dev")
    assert (receipt.parent / "iterate").is_file()


def test_release_age_gates_hold_back_what_is_fresh_as_the_page_says(tmp_path: Path) -> None:
    with registry.running(tmp_path / "registry") as gated:
        for text in (OLDER, NEWER):
            made = npm_stage.make(tmp_path / text, text=text, only=npm_stage.LINUX)
            for name, package in made.packages(tmp_path / f"packed-{text}").items():
                gated.put(package, tag="latest")
                if text == OLDER:
                    gated.age(name, OLDER)
        user = User(home=tmp_path / "home", env=gated.client(tmp_path / "home"))
        pnpm, program = user.home / "pnpm" / "bin" / "iterate", user.home / "npm" / "bin" / "iterate"
        for spec, version in (("iterate", OLDER), (f"iterate@{NEWER}", NEWER), ("iterate@latest", OLDER)):
            user.run("pnpm", "add", "--global", spec)
            assert user.run(pnpm, "--version") == f"{version}\n"
        npm = ("npm", "install", "--global", "--prefix", "npm", "--min-release-age=1")
        user.run(*npm, "iterate")
        assert user.run(program, "--version") == f"{OLDER}\n"
        for words in ((*npm, f"iterate@{NEWER}"), ("yarn-berry", "dlx", "--quiet", f"iterate@{NEWER}", "--version")):
            env = {**user.env, "YARN_NPM_MINIMAL_AGE_GATE": "1440"}
            done = subprocess.run(words, cwd=user.home, env=env, capture_output=True, text=True, check=False)
            assert done.returncode == 1
            assert re.search(r"ETARGET|age gate|YN0016|candidates", done.stdout + done.stderr), done.stdout


def test_a_package_of_a_scope_works_as_well(public: Public, user: User, tmp_path: Path) -> None:
    made = npm_stage.make(tmp_path / "scoped", name="@acme/tool", only=npm_stage.LINUX)
    for package in made.packages(tmp_path / "packed").values():
        public.registry.put(package, tag="latest")
    user.run("npm", "install", "--global", "--prefix", "npm", "@acme/tool")
    assert user.run(user.home / "npm" / "bin" / "iterate", "--version") == f"{made.version}\n"
    assert user.run("pnpm", "dlx", "@acme/tool", "--version") == f"{made.version}\n"
