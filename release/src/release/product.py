"""What release.toml says, and the versions and machines it is said for: frozen values, no file or process touched."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from release import placeholders
from release.errors import ConfigInvalidError
from release.forms import OWNED, Name, Person, Rule, Site, form, text

# --- what release.toml says ------------------------------------------------------------------------------


_DISTRIBUTION = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of release.toml: its keys are the fields, and there are no others."""


class Service(Table, frozen=True, kw_only=True):
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


class ServerTest(Table, frozen=True, kw_only=True):
    """How a smoke test asks a server: `{port}` in the arguments, then GET `health` until it answers 200.

    Attributes:
        args: arguments to start it; `{port}` is a free port.
        health: path that must answer 200.
    """

    args: Annotated[tuple[str, ...], text(fields=("port",), needs=("port",))]
    health: str


class VersionTest(Table, frozen=True, kw_only=True):
    """What the main command prints when it is asked for its version, to the letter.

    Attributes:
        args: arguments.
        expect: all of what it prints, without the last line's end; `{version}` is the release's.
    """

    args: tuple[str, ...] = ("--version",)
    expect: Annotated[str, text(fields=("version",))] = "{version}"


class CommandTest(Table, frozen=True, kw_only=True):
    """Arguments to run an installed command with, and a text that its output must hold.

    Attributes:
        args: arguments.
        expect: must be in what it prints.
        script: name of the command; the main one by default.
    """

    args: tuple[str, ...]
    expect: str
    script: str = ""


class Difference(Table, frozen=True, kw_only=True):
    """A run of a compiled command that may print something else than the plain one, and why.

    Attributes:
        args: arguments of the run.
        reason: why it may differ; the build repeats it.
        script: name of the command; any by default.
    """

    args: tuple[str, ...]
    reason: Annotated[str, Meta(min_length=1)]
    script: str = ""


class Strip(StrEnum):
    """What can be taken out of a program to make it smaller."""

    DOCSTRINGS = "docstrings"
    ASSERTS = "asserts"


class Build(Table, frozen=True, kw_only=True):
    """How the program is compiled.

    Attributes:
        project: folder of the Python project, from the root.
        scripts: names of the console and GUI scripts that are shipped, the main one first; by default the one that
            is called as the product.
        extras: extras of the product that are installed with it.
        executable: file name of the program in its folder, without a system's ending; the product's name by default.
        stamp: file below the import root that the build overwrites with version, channel, commit and target; empty
            where the product keeps its version itself.
        packages: import packages compiled to C; everything else travels as bytecode. By default all of the wheel.
        bytecode: parts of these that travel as bytecode too, because they need not be fast.
        include: import packages that are reached by name at run time only.
        exclude: modules that are kept out.
        only: packages of which but some modules are of use, each with the names of these; the rest is kept out.
        whole: all modules and data of the product's dependencies travel along, and all of the standard library; else
            only what imports reach.
        strip: what is taken out of all modules; programs may use either.
        python: the interpreter that builds, as a version or a path; the tool's own by default.
        constraints: file of pinned versions, as pip takes it, or uv.lock; empty takes the newest that fit.
        targets: names of the targets to build.
        glibc: the oldest glibc that the Linux programs start on, such as 2.34; a build that needs a newer one
            goes to local outlets only. Empty takes what comes.
    """

    targets: Annotated[tuple[Annotated[str, text(Rule.TARGET)], ...], Meta(min_length=1)]
    project: Annotated[str, text(Rule.PROJECT)] = "."
    scripts: tuple[Annotated[str, form(r"\S+", "the name of a script")], ...] = ()
    extras: tuple[Annotated[str, form(_DISTRIBUTION, "the name of an extra")], ...] = ()
    executable: Annotated[str, form(r"(?:[A-Za-z0-9][A-Za-z0-9._-]*)?", "the name of a file")] = ""
    stamp: Annotated[
        str, form(r"(?:(?:[^/\\.][^/\\]*/)*[^/\\]+\.py)?", "the path of a module such as tool/_stamp.py")
    ] = ""
    packages: tuple[str, ...] = ()
    bytecode: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    only: dict[str, tuple[str, ...]] = {}
    whole: bool = True
    strip: tuple[Strip, ...] = ()
    python: str = ""
    constraints: Annotated[str, text(Rule.FILE)] = ""
    glibc: Annotated[str, form(r"(?:\d+\.\d+)?", "a version of glibc such as 2.34")] = ""


class Profile(Table, frozen=True, kw_only=True):
    """Where a release goes, and under which addresses the public finds it there.

    Attributes:
        local: its places are folders of this machine; takes fakes, uncommitted changes and half a release.
        archive_url: public address of an archive, with `{tag}`, `{version}` and `{file}`.
        mirrors: further addresses of an archive, in the same form; installers and the program's own upgrade try them
            in this order when the first does not serve what was released.
        channel_url: public address of the small file that names a channel's version, with `{channel}`.
        sites: public addresses of the folder that the outlets `channel` and `installer` write, the first one first;
            each ends in a slash.
        places: address of an outlet's place, by the outlet's name; without a place an outlet takes no part.
            `{package}` is the package's name there. Paths in it start at the folder of results (dist).
        serve: folder that `verify` serves on the loopback address while it runs; local profiles only.
    """

    local: bool
    archive_url: Annotated[str, text(fields=("tag", "version", "file"), needs=("file",))]
    channel_url: Annotated[str, text(fields=("channel",), needs=("channel",))]
    mirrors: tuple[Annotated[str, text(fields=("tag", "version", "file"), needs=("file",))], ...] = ()
    sites: tuple[Site, ...] = ()
    places: dict[str, Annotated[str, text(Rule.PLACE, fields=("package",))]]
    serve: str = ""


class Product(Table, frozen=True, kw_only=True):
    """Everything the tool knows about the program it releases.

    Attributes:
        name: the stem of every package name, the folder in archives, and the command where scripts are not named.
        summary: one line, at most 80 characters, no article first, no full stop.
        homepage: address of the web.
        license: SPDX expression.
        license_file: file of the licence; goes into every archive.
        readme: file that goes into every archive; empty where the project has none.
        templates: folder with a folder of templates per package manager.
        profiles: where a release goes, by name; `local` must be there.
        version_test: what the main command prints when it is asked for its version; None where only the stamp is asked.
        command_tests: what an installed program must do.
        differences: runs that may print something else compiled than plain.
        committer: `Name <mail>` of the commits that publishing makes.
        completions: arguments that print a completion script, with `{shell}`, perhaps after variables of the
            environment (`_{command}_COMPLETE={shell}_source`); empty where there are none.
        man: arguments that print the manual page, in the language of man(7); empty where there is none.
        tag: what a version's git tag looks like, with `{version}`.
        beta: pre-releases are released, to a channel of their own.
        repository: `OWNER/NAME` on GitHub, of which addresses that are left out are made; empty for none.
        outlets: those that take part, beside the archives and the channel's file; None for those that profiles name
            a place for.
        root: folder that holds release.toml; not a key of it.
        tables: the tables of the outlets, each of its packager's own kind; `table` finds one. No key either.
        results: folder of results, where places begin and a local build's own keys lie; not a key of release.toml.
            None where nothing is signed: what is planned or rendered to be read.
    """

    name: Name
    summary: str
    homepage: str
    license: str
    license_file: Annotated[str, text(Rule.FILE)]
    committer: Person
    build: Build
    profiles: dict[str, Profile]
    tag: Annotated[str, text(Rule.TAG, fields=("version",), needs=("version",))] = "v{version}"
    beta: bool = False
    readme: Annotated[str, text(Rule.FILE)] = ""
    repository: Annotated[str, form(rf"(?:{OWNED})?", "OWNER/NAME")] = ""
    outlets: tuple[str, ...] | None = None
    templates: Annotated[str, text(Rule.FOLDER)] = "packaging"
    completions: Annotated[tuple[str, ...], text(fields=("shell", "command"), needs=("shell",))] = ()
    man: tuple[str, ...] = ()
    service: Service | None = None
    server_test: ServerTest | None = None
    version_test: VersionTest | None = None
    command_tests: tuple[CommandTest, ...] = ()
    differences: tuple[Difference, ...] = ()
    root: Path = Path()
    tables: tuple[Table, ...] = ()
    results: Path | None = None

    @property
    def prints_version(self) -> VersionTest | None:
        """How the main command is asked for its version; None where nothing is known of what it prints."""
        return self.version_test or (VersionTest() if self.build.stamp else None)

    def archive(self, version: "Version", target: "Target") -> str:
        """File name of a target's archive."""
        return f"{self.name}-{version.text}-{target.label}{target.suffix}"

    def tag_of(self, version: str) -> str:
        """The git tag of a version, by its text; also the folder that holds the archives."""
        return placeholders.fill(self.tag, version=version)

    @property
    def commands(self) -> tuple[str, ...]:
        """What people type, the main command first: all of them are the one program, under several names."""
        return self.build.scripts or (self.name,)

    @property
    def main(self) -> str:
        """The command that the program is when it is called by a name that is none of its commands."""
        return self.commands[0]

    @property
    def executable(self) -> str:
        """File name of the program inside its folder, without the `.exe` of Windows."""
        return self.build.executable or self.name

    def program(self, target: "Target") -> str:
        """Where the program lies below the one folder of an archive: in a folder with the product's name."""
        return f"{self.name}/{self.executable}{target.program_suffix}"

    def table[T: Table](self, kind: type[T]) -> T:
        """The table of an outlet, by its kind.

        Raises:
            ConfigInvalidError: release.toml has none, and the outlet cannot do without.
        """
        for found in self.tables:
            if isinstance(found, kind):
                return found
        name = kind.__name__.lower()
        raise ConfigInvalidError(f"there is no [{name}] in release.toml", hint=f"see docs/release.toml.md, [{name}]")


# --- versions and targets --------------------------------------------------------------------------------


class Channel(StrEnum):
    """The streams people can follow."""

    LATEST = "latest"
    DEV = "dev"
    SNAPSHOT = "snapshot"
    BETA = "beta"

    @property
    def is_tagged(self) -> bool:
        """Whether its versions are those of tags; else each commit of a branch is one."""
        return self in {Channel.LATEST, Channel.BETA}


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version; `version.py` spells it for every ecosystem.

    Attributes:
        text: as its tag has it.
        base: its numbers, with the dots and zeros of the tag.
        word: of a pre-release, `rc` with its `number`; or `dev` or `snapshot`, with a UTC time of 14 digits.
        slug: a snapshot's branch.
        post: the number of a post-release.
    """

    text: str
    base: str
    word: str | None = None
    slug: str | None = None
    number: int | None = None
    post: int | None = None

    @property
    def numbers(self) -> tuple[int, ...]:
        """Those of `base`; as many as were written."""
        return tuple(map(int, self.base.split(".")))


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

        Out of a file name that ends so Homebrew reads the version 64, and ours has to be written beside it; out of
        one that ends in `-x64-baseline` it reads the right one, and calls ours redundant.
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
