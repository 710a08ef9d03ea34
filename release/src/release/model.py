"""The nouns of a release: frozen values and nothing else; no file, process or network is touched here."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

# --- what release.toml says ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A background service of the product.

    Attributes:
        run: arguments that run it in the foreground.
        stop: arguments that stop it.
        already_running: exit code of `run` where another copy runs already; service managers then take it for
            no failure and do not start it again. None where `run` has no such code.
    """

    run: tuple[str, ...]
    stop: tuple[str, ...]
    already_running: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerTest:
    """How a smoke test asks a server: `{port}` in the arguments, then GET `health` until it answers 200."""

    args: tuple[str, ...]
    health: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandTest:
    """Arguments to run an installed program with, and a text that its output must hold."""

    args: tuple[str, ...]
    expect: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """How the program is compiled.

    Attributes:
        project: folder with the pyproject.toml whose console script is the program, from the root.
        script: name of that console script.
        stamp: file below the import root that the build overwrites with version, channel, commit and target.
        packages: import packages compiled to C; everything else travels as bytecode.
        include: import packages that are reached by name at run time only.
        exclude: modules that are kept out.
        targets: names of the targets to build.
    """

    project: str
    script: str
    stamp: str
    packages: tuple[str, ...]
    targets: tuple[str, ...]
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Where a release goes. `{name}` stands for a package, `{tag}` for the tag, `{file}` for an archive.

    Attributes:
        local: folders of this machine; takes fakes, uncommitted changes and half a release.
        site: where archives go: a folder, or `github:OWNER/REPOSITORY` for a GitHub release.
        archive_url: public address of an archive.
        channels: where the files that name a channel's version go: a folder, or a git repository.
        channel_url: public address of the small file that names a channel's version, with `{channel}`.
        tap, bucket, aur: git repositories, a path or an address.
        serve: folder that `verify` serves on the loopback address while it runs; local profiles only.

    Paths start at the folder of results (dist).
    """

    local: bool
    site: str
    archive_url: str
    channels: str
    channel_url: str
    tap: str
    bucket: str
    aur: str
    serve: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """Everything the tool knows about the program it releases.

    Attributes:
        name: the command, and the stem of every package name.
        tap, bucket: what people type, `OWNER/TAP`.
        committer: `Name <mail>` of the commits that publishing makes.
        completions: arguments that print a completion script, with `{shell}`; empty where there are none.
        root: folder that holds release.toml; not a key of it.
    """

    name: str
    summary: str
    homepage: str
    license: str
    license_file: str
    readme: str
    committer: str
    tap: str
    bucket: str
    build: Build
    profiles: dict[str, Profile]
    templates: str = "packaging"
    completions: tuple[str, ...] = ()
    service: Service | None = None
    server_test: ServerTest | None = None
    command_tests: tuple[CommandTest, ...] = ()
    root: Path = Path()

    def archive(self, version: "Version", target: "Target") -> str:
        """File name of a target's archive."""
        return f"{self.name}-{version.text}-{target.label}{target.suffix}"


# --- versions and targets --------------------------------------------------------------------------------


class Channel(StrEnum):
    """The three streams people can follow."""

    LATEST = "latest"
    DEV = "dev"
    SNAPSHOT = "snapshot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version, in SemVer; `version.py` spells it for every ecosystem.

    `word` and `number` are a pre-release (`rc` and `1`, or `dev` and a 14-digit UTC time); `slug` is a
    snapshot's branch.
    """

    text: str
    major: int
    minor: int
    patch: int
    word: str | None = None
    slug: str | None = None
    number: int | None = None

    @property
    def base(self) -> str:
        """Major, minor and patch, with dots."""
        return f"{self.major}.{self.minor}.{self.patch}"

    @property
    def tag(self) -> str:
        """The git tag, and the folder that holds the archives."""
        return f"v{self.text}"


class System(StrEnum):
    """Operating systems, as file names call them."""

    LINUX = "linux"
    DARWIN = "darwin"
    WINDOWS = "windows"


class Arch(StrEnum):
    """Processors, as file names call them."""

    X64 = "x64"
    ARM64 = "arm64"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One kind of machine the program is built for.

    Attributes:
        libc: `glibc` or `musl` on Linux, empty elsewhere.
        baseline: runs on every x64 processor; an x64 target without it needs AVX2.
        runner: the CI machine that builds it.
        container: image the runner builds in; empty for none.
    """

    name: str
    system: System
    arch: Arch
    libc: str
    baseline: bool
    runner: str
    container: str = ""

    @property
    def label(self) -> str:
        """The target in file names: the words of its name, the processor last, as in `linux-baseline-x64`.

        Homebrew reads the version out of a file name that ends so; behind `-x64-baseline` it finds 64.
        """
        words = [word for word in self.name.split("-") if word != self.arch]
        return "-".join([*words, self.arch])

    @property
    def suffix(self) -> str:
        """Archive ending."""
        return ".zip" if self.system is System.WINDOWS else ".tar.gz"

    @property
    def program_suffix(self) -> str:
        """Ending of a program's file name."""
        return ".exe" if self.system is System.WINDOWS else ""

    @property
    def portable(self) -> bool:
        """Fit for a package manager: baseline on x64 (AVX2 kills old machines), and no musl."""
        return self.libc != "musl" and (self.baseline or self.arch is not Arch.X64)


# --- the release -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What will be released, before a single byte exists.

    Attributes:
        commit: 40 hex digits.
        committed_at: the commit's time, in seconds since 1970, UTC; every time in the release is this one.
        branch: empty for the latest channel.
        dirty: changes outside the commit went in; only local outlets take it.
    """

    channel: Channel
    version: Version
    commit: str
    committed_at: int
    branch: str
    dirty: bool
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """One archive, hashed once.

    Attributes:
        size: in bytes.
        sha256: 64 lower-case hex digits.
        glibc: newest glibc symbol version the program needs, such as `GLIBC_2.34`; None off glibc.
        fake: a stand-in for rehearsals, not a program.
    """

    file: str
    target: Target
    size: int
    sha256: str
    glibc: str | None
    fake: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A plan and its artifacts, frozen in dist/release.json."""

    plan: Plan
    artifacts: tuple[Artifact, ...]

    @property
    def fake(self) -> bool:
        """Whether any artifact is a stand-in."""
        return any(artifact.fake for artifact in self.artifacts)

    @property
    def rehearsal(self) -> bool:
        """Whether another content may follow under the same version: stand-ins, or uncommitted changes."""
        return self.fake or self.plan.dirty


# --- packaging -------------------------------------------------------------------------------------------


class Place(StrEnum):
    """Kinds of destination; a profile says where each one is."""

    SITE = "site"
    CHANNEL = "channel"  # the small file that names a stream's version; the one thing that may change there
    TAP = "tap"
    BUCKET = "bucket"
    AUR = "aur"
    NOWHERE = "nowhere"  # rendered for people to read and keep, not pushed


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file to be published, with its path there: rendered bytes, or an archive on disk with its digest."""

    path: str
    content: bytes | Path
    sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """Files that reach one place in one push.

    Attributes:
        outlet: the packager it comes from.
        package: what the package is called there; names the repository on the AUR.
        frozen: the files stand under names that never change; another content there is an error.
        message: the commit message, where the place is a repository.
    """

    outlet: str
    package: str
    place: Place
    files: tuple[File, ...]
    message: str
    frozen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Packager:
    """What a package manager is to us: a name, and four pure functions.

    Attributes:
        name: of the outlet, and of its folder below the templates; empty templates for none.
        package: the package's name in a plan.
        spell: the version as this ecosystem writes it.
        takes: whether it has a use for a target.
        bundles: the files for a release, as they will lie at the destination.
    """

    name: str
    package: Callable[[Product, Plan], str]
    spell: Callable[[Version], str]
    takes: Callable[[Target], bool]
    bundles: Callable[[Product, Profile, Release], tuple[Bundle, ...]]


class State(StrEnum):
    """What stands at a destination under the name of a file we would put there."""

    SAME = "same"
    ABSENT = "absent"
    DIFFERENT = "different"


class Outcome(StrEnum):
    """How one push ended."""

    PUSHED = "pushed"
    UNCHANGED = "unchanged"
    RENDERED = "rendered"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What publishing one bundle came to, and why."""

    outlet: str
    package: str
    where: str
    outcome: Outcome
    detail: str
