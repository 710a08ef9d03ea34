"""The nouns of a release: frozen values and nothing else; no file, process or network is touched here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from pathlib import Path

from release.product import Channel, Product, Profile, Table, Target, Version

# --- the release -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What will be released, before a single byte exists.

    Attributes:
        commit: 40 hex digits.
        tag: of git; also the folder that holds the archives.
        committed_at: the commit's time, in seconds since 1970, UTC; every time in the release is this one.
        branch: empty for the latest channel.
        dirty: changes outside the commit went in; only local outlets take it.
    """

    channel: Channel
    version: Version
    tag: str
    commit: str
    committed_at: int
    branch: str
    dirty: bool
    targets: tuple[Target, ...]


class Kind(StrEnum):
    """What an artifact is."""

    ARCHIVE = "archive"  # of a built program: what every other kind is made from
    DEB = "deb"
    NPM = "npm"  # the package of one target; the main one is rendered
    PATCH = "patch"  # from an earlier version's tar to an archive's own


@dataclass(frozen=True, slots=True, kw_only=True)
class Tar:
    """What is inside a `.tar.gz`: a tar of some size in bytes, with its SHA-256 in 64 lower-case hex digits."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """What a patch starts from: the tar of an earlier version of its target."""

    version: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """One file of the release, hashed once.

    Attributes:
        made_from: the archive that this was made from; empty for an archive itself.
        size: in bytes.
        sha256: 64 lower-case hex digits.
        glibc: newest glibc symbol version the program needs, such as `GLIBC_2.34`; None off glibc.
        fake: a stand-in for rehearsals, not a program.
        libraries: names of the shared libraries that the program needs and the system must have.
        above: what the program needs from a glibc newer than the product promises, by symbol and module.
        unlicensed: libraries inside whose licence text was not found.
        compiled: the product's packages that became C; its other modules are bytecode.
        tar: what is inside an archive that is a `.tar.gz`; None otherwise.
        trust: SHA-256 of the `update-root.json` inside an archive; empty where there is none.
        base: what a patch starts from; None for everything else.
    """

    file: str
    kind: Kind = Kind.ARCHIVE
    target: Target
    made_from: str = ""
    size: int
    sha256: str
    glibc: str | None
    fake: bool
    libraries: tuple[str, ...] = ()
    above: tuple[str, ...] = ()
    unlicensed: tuple[str, ...] = ()
    compiled: tuple[str, ...] = ()
    tar: Tar | None = None
    trust: str = ""
    base: Base | None = None

    @property
    def size_shown(self) -> str:
        """The size for people, in MB; in kB for stand-ins, which are smaller than the last digit of that."""
        megabytes = f"{self.size / 1e6:.1f} MB"
        return f"{self.size / 1e3:.1f} kB" if megabytes == "0.0 MB" else megabytes


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


class Stage(IntEnum):
    """When a bundle goes out: what is refused in one stage holds back every later one."""

    ARCHIVES = 1
    PACKAGES = 2  # what names the archives
    CHANNEL = 3  # the file that says which version is the newest


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file to be published: rendered bytes, or an artifact on disk with its digest.

    Attributes:
        path: where it lies at its place, with slashes.
        mode: its permissions there; of these only the executable bit counts in a git repository.
        frozen: the name never changes its content; another one there is an error.
    """

    path: str
    content: bytes | Path
    sha256: str = ""
    mode: int = 0o644
    frozen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """What of a package is newest at a place: its version, and the packaging's own number for that version."""

    version: Version
    revision: int = 0

    @property
    def text(self) -> str:
        """For people."""
        return f"{self.version.text}-{self.revision}" if self.revision else self.version.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """Files that reach one place in one push.

    Attributes:
        outlet: the packager it comes from; the profile says where its place is.
        package: what the package is called there; `{package}` of the place's address.
        message: the commit message, where the place is a repository.
        edition: what it makes the newest there; None where it adds beside what is there, and replaces nothing.
        kept: the place takes no package of this channel: the files are rendered, to be read and installed by hand.
        remark: what the receipt is to say beside what was done; empty for nothing.
    """

    outlet: str
    package: str
    stage: Stage
    files: tuple[File, ...]
    message: str
    edition: Edition | None = None
    kept: bool = False
    remark: str = ""


# What a place holds under a path; None for nothing.
type Read = Callable[[str], bytes | None]
# What was read there, by its path.
type Seen = Mapping[str, bytes | None]


def derives_nothing(_artifact: Artifact) -> None:
    """Of an outlet that is content with archives."""


def no_edition(_bundle: Bundle, _read: Read) -> None:
    """Of an outlet that only ever adds: there is no newest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosted:
    """A product and its repository on GitHub: what an outlet's defaults are made from.

    Attributes:
        product: what it is called.
        table: the outlet's own table of release.toml, its defaults filled in.
    """

    owner: str
    repository: str
    product: str
    table: Mapping[str, object] = field(default_factory=dict)


def derives_no_place(_hosted: Hosted) -> str:
    """Of an outlet that has no usual place on GitHub."""
    return ""


def derives_no_keys(_hosted: Hosted) -> dict[str, str]:
    """Of an outlet whose table has nothing that follows from the repository."""
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Packager:
    """What a package manager is to us: a name, pure functions, and a table of release.toml.

    Attributes:
        name: of the outlet, its table in release.toml, its place in a profile, and its folder of templates.
        package: the package's name in a plan.
        spell: the version as this ecosystem writes it.
        takes: whether it has a use for an artifact.
        bundles: the files for a release, as they will lie at the place, given what lies there now.
        edition: what is newest at a bundle's place, from our own file there; ValueError where it does not say.
        derives: the kind of package that is to be made of an archive for it; None for none.
        table: its own table of release.toml; None where it needs none.
        method: what installed copies call it on their receipts; empty where it installs nothing.
        typed: the package as people type it to install and upgrade; None where it installs nothing.
        always: takes part also where release.toml does not list it under `outlets`.
        local: address of its place in the folder of results, where the profile `local` names none.
        hosted: address of its place on GitHub, where the profile `github` names none; empty for none.
        keys: those of its table that follow from the repository, where release.toml leaves them out.
    """

    name: str
    package: Callable[[Product, Plan], str]
    spell: Callable[[Version], str]
    takes: Callable[[Artifact], bool]
    bundles: Callable[[Product, Profile, Release, Read], tuple[Bundle, ...]]
    edition: Callable[[Bundle, Read], Edition | None] = no_edition
    derives: Callable[[Artifact], Kind | None] = derives_nothing
    table: type[Table] | None = None
    method: str = ""
    typed: Callable[[Product, Plan], str] | None = None
    always: bool = False
    local: str
    hosted: Callable[[Hosted], str] = derives_no_place
    keys: Callable[[Hosted], dict[str, str]] = derives_no_keys


class State(StrEnum):
    """What stands at a destination under the name of a file we would put there."""

    SAME = "same"
    ABSENT = "absent"
    DIFFERENT = "different"


class Outcome(StrEnum):
    """How one push ended."""

    PLANNED = "would push"  # nothing was written: it was only asked what would be
    PUSHED = "pushed"
    UNCHANGED = "unchanged"
    KEPT_NEWER = "kept newer"
    SKIPPED = "skipped"
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
