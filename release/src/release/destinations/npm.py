"""A registry of npm packages, through the npm client: whoever may publish with it may publish here.

Each package is asked for and given for itself, so a run that was killed is resumed by the next one. A version that is
there is never written again; what may move is the dist-tag that leads to it, and forwards only. What has no dist-tag
that leads to it, or to something newer, is not there yet.

Source: docs.npmjs.com/cli, npm-publish, npm-view, npm-dist-tag.
"""

import base64
import hashlib
import re
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import msgspec

from release import network, shell, version
from release.destinations.seen import need_unchanged
from release.errors import DestinationConflictError, PushError, VersionIllegalError
from release.model import File, Seen, State
from release.shell import Done

PATIENCE = 600  # seconds, for one command of npm, which may send some ten megabytes
TRIES = 4
AT_ONCE = 4  # commands of npm that ask
# The dist-tag of a version that is older than the one which has its channel's; npm publishes nothing without one.
OLDER = "older"
# Publishing with the identity of a CI job instead of a token: docs.npmjs.com/trusted-publishers.
TRUSTED = (11, 5, 1)
# The short form of what a registry says of a package: github.com/npm/registry, docs/responses/package-metadata.md.
ABBREVIATED = "application/vnd.npm.install-v1+json, application/json;q=0.8"
LARGEST = 2**26  # bytes of it; a version takes some hundred
ABSENT = frozenset({"E404", "ETARGET"})
# Somebody else wrote meanwhile, or the registry or the way there was busy: asking again tells.
PASSING = frozenset({"E409", "E429", "E500", "E502", "E503", "E504", "ECONNRESET", "ETIMEDOUT", "EAI_AGAIN", "EPIPE"})


class _Failure(msgspec.Struct, frozen=True, kw_only=True):
    code: str | None = None
    summary: str | None = None


class _Failed(msgspec.Struct, frozen=True, kw_only=True):
    error: _Failure


class _Dist(msgspec.Struct, frozen=True, kw_only=True):
    integrity: str | None = None
    shasum: str | None = None


class _Version(msgspec.Struct, frozen=True, kw_only=True):
    dist: _Dist | None = None


class _Packument(msgspec.Struct, frozen=True, kw_only=True, rename={"tags": "dist-tags"}):
    tags: dict[str, str] = msgspec.field(default_factory=dict)
    versions: dict[str, _Version] = msgspec.field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Package:
    """A package and a version of it, as a path names them."""

    name: str
    version: str

    @property
    def spec(self) -> str:
        return f"{self.name}@{self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """What a registry says of a package: whether it knows it, the dist-tags, and the digest of the version."""

    known: bool
    tags: dict[str, str] = field(default_factory=dict)
    dist: _Dist | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """A registry.

    Attributes:
        tag: the dist-tag that is to lead to what is published.
        url: its address; empty for the one that the npm client is set up for.
        allow_older: the dist-tag may go back.
        trusted: this is a CI job whose identity a registry may take for a token.
        env: changes to the environment of npm, where its configuration may be.
        sleep: called with the seconds between two tries.
        patience: seconds for one command of npm.
    """

    tag: str
    url: str = ""
    allow_older: bool = False
    trusted: bool = False
    env: Mapping[str, str] = field(default_factory=dict)
    sleep: Callable[[float], None] = time.sleep
    patience: float = PATIENCE

    def check(self) -> None:
        """Ask who may write here; a registry that does not know the question is asked by publishing.

        Raises:
            ToolMissingError: there is no npm.
            PushError: the npm client is not logged in, or the registry does not answer.
        """
        done = self._npm("whoami")
        if done.code == 0:
            return
        failure = _failure(done)
        if failure.code == "E404":
            return
        if failure.code not in {"ENEEDAUTH", "E401", "E403"}:
            raise self._refused("npm whoami", done, "check the address and the network, then publish again: it resumes")
        if not self.trusted:
            raise PushError(
                f"{self._where}: npm is not logged in there, so nobody may write",
                hint="run `npm login`, or put a token that may publish into an .npmrc; docs/outlets/npm.md",
            )
        found = shell.run([self._program, "--version"], env=self.env, timeout=self.patience).strip()
        if _numbers(found) < TRUSTED:
            raise PushError(
                f"npm {found} cannot publish with the identity of this CI job",
                hint=f"install npm {'.'.join(map(str, TRUSTED))} or later, or give it a token",
            )

    def look(self, files: tuple[File, ...]) -> dict[str, State]:
        """Compare with the digests that the registry keeps.

        Raises:
            PushError: it does not answer; or it has never heard of a package, and this job may not make one.
        """
        held = self._held([_package(file.path) for file in files])
        if (
            self.trusted
            and (new := [name for name, each in held.items() if not each.known])
            and not self._is_logged_in()
        ):
            raise PushError(
                f"{self._where} has never heard of {', '.join(new)}, and a trusted publisher makes no new packages",
                hint="publish them once with a token, and tell the registry then who publishes them",
            )
        return {file.path: self._state(file, held[_package(file.path).name]) for file in files}

    def read(self, path: str) -> bytes | None:
        """The file of a package's version.

        Raises:
            PushError: the registry does not answer.
        """
        package = _package(path)
        if self._ask(package, address=self._address(package.name)).dist is None:
            return None
        with tempfile.TemporaryDirectory() as folder:
            done = self._npm("pack", package.spec, "--pack-destination", folder, "--ignore-scripts")
            if done.code != 0:
                raise self._refused(f"npm pack {package.spec}", done, "ask again")
            (file,) = Path(folder).iterdir()
            return file.read_bytes()

    def push(self, files: tuple[File, ...], message: str, seen: Seen | None = None) -> str:
        """Publish what is not there, in the order of the files, and lead the dist-tag to it.

        Raises:
            DestinationConflictError: a version is there with another content.
            PushError: the registry did not take it.
            PlaceChangedError: it holds something else than was `seen`.
        """
        del message
        need_unchanged(self.read, seen)
        with tempfile.TemporaryDirectory() as folder:
            done = [self._stood(file, _on_disk(file, Path(folder) / "package.tgz")) for file in files]
        counts = [f"{done.count(kind)} {kind}" for kind in dict.fromkeys(done) if kind]
        return f"of {len(files)} packages {', '.join(counts) or 'all were there'}"

    # --- one package ---------------------------------------------------------------------------------------

    def _stood(self, file: File, path: Path) -> str:
        """Make one package stand there, whose file is at `path`; says what was done, or nothing."""
        package, done = _package(file.path), ""
        ask = partial(self._ask, package, address=self._address(package.name))
        held = ask()
        newest = package.version
        for number in range(TRIES):
            newest = newest if self.allow_older else _newer(held.tags.get(self.tag, newest), newest)
            state = self._state(file, held, newest)
            if state is State.DIFFERENT:
                raise self._conflict(package)
            # Some registries show only later what they have taken.
            if state is State.SAME or (done and held.dist is None):
                return done
            words = self._words(path, package, held, newest)
            ended = self._npm(*words, names=[package.name])
            held, code = ask(), _failure(ended).code
            if ended.code == 0:
                done = "tagged" if words[0] == "dist-tag" and not done else done or "published"
            elif self._state(file, held, newest) is State.ABSENT and (code not in PASSING or number == TRIES - 1):
                raise self._refused(f"npm {words[0]} of {package.spec}", ended, _advice(code))
            elif number < TRIES - 1:
                self.sleep(float(2**number))
        raise PushError(
            f"{self._where}: others move the dist-tag {self.tag} of {package.name} all the time",
            hint="run publish again: it resumes",
        )

    def _words(self, path: Path, package: _Package, held: _Held, newest: str) -> tuple[str | Path, ...]:
        """What npm is to do next: publish, or lead the dist-tag to what is the newest."""
        if held.dist is not None:
            return ("dist-tag", "add", f"{package.name}@{newest}", self.tag)
        return ("publish", path, "--tag", self.tag if newest == package.version else OLDER)

    def _state(self, file: File, held: _Held, newest: str = "") -> State:
        """How a package stands: one that its dist-tag does not lead to, nor past it, is not there yet."""
        package = _package(file.path)
        if held.dist is None:
            return State.ABSENT
        if not _is_same(file, held.dist):
            return State.DIFFERENT
        tagged, wanted = held.tags.get(self.tag, ""), newest or package.version
        led = tagged == wanted or (not self.allow_older and bool(tagged) and _newer(tagged, wanted) == tagged)
        return State.SAME if led else State.ABSENT

    def _held(self, packages: Sequence[_Package]) -> dict[str, _Held]:
        """What the registry says of packages, by their names."""
        address = self._address(packages[0].name)
        with ThreadPoolExecutor(AT_ONCE, initializer=shell.leashed()) as pool:
            answers = pool.map(partial(self._ask, address=address), packages)
            return {each.name: held for each, held in zip(packages, answers, strict=True)}

    def _ask(self, package: _Package, *, address: str) -> _Held:
        """What the registry says of a package: to everybody at its address, or to the user of the npm client.

        Raises:
            PushError: it does not answer.
        """
        url = f"{address.rstrip('/')}/{package.name.replace('/', '%2f')}"
        public = network.content(url, limit=LARGEST, accept=ABBREVIATED)
        if public is not None:
            found = self._decoded(public, _Packument)
            return _Held(known=True, tags=found.tags, dist=found.versions.get(package.version, _Version()).dist)
        tags = self._viewed(package.name, "dist-tags", dict[str, str])
        if tags is None:
            return _Held(known=False)
        return _Held(known=True, tags=tags, dist=self._viewed(package.spec, "dist", _Dist))

    def _viewed[T](self, spec: str, field: str, kind: type[T]) -> T | None:
        """A field of what the registry shows to the user of the client; None where it knows no such package."""
        done = self._npm("view", spec, field, names=[spec])
        if done.code == 0 and done.out.strip():
            return self._decoded(done.raw, kind)
        if done.code == 0 or _failure(done).code in ABSENT:
            return None
        raise self._refused(f"npm view {spec}", done, "check the address and the network")

    def _address(self, name: str) -> str:
        """Where the client looks for a package."""
        if self.url:
            return self.url
        scope = name.partition("/")[0] if name.startswith("@") else ""
        for key in filter(None, (scope and f"{scope}:registry", "registry")):
            found = shell.run([self._program, "config", "get", key], env=self.env, timeout=self.patience).strip()
            if found.startswith("http"):
                return found
        return ""

    def _decoded[T](self, content: bytes, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(content, type=kind)
        except msgspec.MsgspecError as error:
            raise PushError(
                f"{self._where} says something else than expected: {error}", hint="is this the address of a registry?"
            ) from None

    # --- the client ----------------------------------------------------------------------------------------

    @property
    def _program(self) -> Path:
        return shell.need("npm", hint="install node with npm, or take npm out of the places of release.toml")

    @property
    def _where(self) -> str:
        return self.url or "the registry of npm's configuration"

    def chosen(self, names: Iterable[str]) -> tuple[str, ...]:
        """The words that make npm ask this registry, also for the scopes of packages, which may be set to another."""
        scopes = {name.partition("/")[0] for name in names if name.startswith("@")}
        words = (f"--registry={self.url}", *(f"--{scope}:registry={self.url}" for scope in sorted(scopes)))
        return words if self.url else ()

    def _npm(self, *words: str | Path, names: Iterable[str] = ()) -> Done:
        return shell.attempt(
            # A setting of the user's that tries only would be taken for a publication.
            [self._program, *words, "--json", "--ignore-scripts", "--dry-run=false", *self.chosen(names)],
            env={**self.env, "npm_config_update_notifier": "false"},
            timeout=self.patience,
        )

    def _is_logged_in(self) -> bool:
        return self._npm("whoami").code == 0

    def _refused(self, what: str, done: Done, hint: str) -> PushError:
        failure = _failure(done)
        said = " ".join(filter(None, (failure.code, failure.summary))) or str(shell.failed(["npm"], done))
        return PushError(f"{self._where}: {what} failed: {said}", hint=hint)

    def _conflict(self, package: _Package) -> DestinationConflictError:
        return DestinationConflictError(
            f"{self._where}: {package.spec} is already there with another content",
            hint="a published version never changes: release a new commit",
        )


def _package(path: str) -> _Package:
    """What the path of a package's file names."""
    name, _, file = path.partition("/-/")
    return _Package(name=name, version=file.removeprefix(f"{name.rpartition('/')[2]}-").removesuffix(".tgz"))


def _on_disk(file: File, path: Path) -> Path:
    """Where the content of a file is on disk; at `path`, when it was nowhere yet."""
    if isinstance(file.content, Path):
        return file.content.absolute()
    path.write_bytes(file.content)
    return path


def _is_same(file: File, dist: _Dist) -> bool:
    """Whether a registry's digest is the one of a file: the strongest of its kind, or what old registries have."""
    content = file.content if isinstance(file.content, bytes) else file.content.read_bytes()
    strong = [each for each in (dist.integrity or "").split() if each.startswith("sha512-")]
    if strong:
        return f"sha512-{base64.b64encode(hashlib.sha512(content).digest()).decode()}" in strong
    return hashlib.sha1(content, usedforsecurity=False).hexdigest() == dist.shasum


def _newer(one: str, other: str) -> str:
    """The newer of two versions; what is no version of ours is older than any."""

    def order(text: str) -> tuple[int, ...]:
        try:
            return version.order(version.parse(text))
        except VersionIllegalError:
            return ()

    return one if order(one) > order(other) else other


def _failure(done: Done) -> _Failure:
    """What npm says it failed with, also where it says so in words only."""
    try:
        return msgspec.json.decode(done.raw, type=_Failed).error
    except msgspec.MsgspecError:
        code = re.search(r"^npm (?:error|ERR!) code (\S+)$", done.err, re.MULTILINE)
        return _Failure(code=code[1] if code else None)


def _advice(code: str | None) -> str:
    """What to do about a refusal."""
    match code:
        case "E403" | "E401" | "ENEEDAUTH" | "E404":
            return "this user may not publish the package, or its name is taken or too similar to one that is"
        case "EOTP":
            return "use a token that needs no second factor, or a trusted publisher"
        case _:
            return "run publish again: it resumes"


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(each) for each in re.findall(r"\d+", text.partition("-")[0])[:3])
