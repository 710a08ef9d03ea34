"""Where a project stands on its way to its users, as far as this machine knows, and what to type next."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from release import config, manifest, merge, plan, runs, version
from release.errors import ConfigMissingError, ReleaseError, ReleaseMissingError
from release.git import checkout as checkouts
from release.git.checkout import Checkout
from release.model import Plan, Release
from release.product import Product
from release.progress import Mark
from release.screen.lines import plural

type Declares = Callable[[Product], str]
_LAST_NUMBER = re.compile(r"\d+(?!.*\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that is done or is not: `ok`, `--` for not yet, `!!` for wrong."""

    name: str
    mark: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """What is known, in the order in which it is done, and what to type next, each with its reason."""

    title: str
    facts: tuple[Fact, ...]
    following: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What was looked at."""

    product: Product
    checkout: Checkout
    planned: Plan
    dist: Path
    release: Release | None
    declared: str

    @property
    def rehearsed(self) -> runs.Timed | None:
        """The last rehearsal, if all of it went well."""
        last = runs.read(self.dist / manifest.REHEARSAL).last("publish")
        return last if last is not None and last.ended is Mark.OK else None

    @property
    def is_loose(self) -> bool:
        """Whether there are archives of this commit that no release holds yet."""
        try:
            return not self.is_built and merge.built_for(self.product, self.planned.commit, self.dist) is not None
        except ReleaseError:
            return False

    @property
    def is_built(self) -> bool:
        """Whether what was built is of this commit."""
        return self.release is not None and self.release.plan.commit == self.planned.commit


def _computed(_product: Product) -> str:
    """The project does not say its version itself."""
    return ""


def where(file: Path | None, dist: Path | None, declares: Declares = _computed) -> Where:
    """Look at the project, without a network; what is wrong is a fact here, and no error.

    Args:
        file: release.toml; None for the one of the current folder, or above.
        dist: folder of results.
        declares: the version that a project says itself; empty where it is computed.
    """
    try:
        path = file or config.find(Path.cwd())
    except ConfigMissingError as error:
        return _stopped("no project", "configured", str(error), ("release init", "make a release.toml here"))
    try:
        product = config.read(path)
    except ReleaseError as error:
        return _stopped(path.parent.name, "configured", str(error), ("release check", "again, when that is mended"))
    try:
        head = plan.look(product)
        planned = plan.plan(product, channel=plan.channel_of_head(product, head), allow_dirty=True, seen=head)
    except ReleaseError as error:
        return _stopped(product.name, "planned", str(error), ("release plan", "again, when that is mended"))
    folder = dist or product.root / plan.RESULTS
    seen = _Seen(
        product=product,
        checkout=head.checkout,
        planned=planned,
        dist=folder,
        release=_built(product, folder),
        declared=declares(product),
    )
    title = "  ".join((f"{product.name} {planned.version.text}", planned.channel, planned.commit[:7]))
    return Where(title=title, facts=tuple(_facts(seen)), following=tuple(_following(seen)))


def _stopped(title: str, name: str, why: str, command: tuple[str, str]) -> Where:
    return Where(title=title, facts=(Fact(name=name, mark="!!", detail=why),), following=(command,))


def _built(product: Product, dist: Path) -> Release | None:
    try:
        return manifest.read(product, dist)
    except ReleaseMissingError:
        return None
    except ReleaseError:
        return None  # whoever goes on with it is told


def _facts(seen: _Seen) -> Iterator[Fact]:
    outlets = len({outlet for profile in seen.product.profiles.values() for outlet in profile.places})
    counts = f"{plural(len(seen.planned.targets), 'target')}, {plural(outlets, 'outlet')}"
    yield Fact(name="configured", mark="ok", detail=counts)
    branch = f"on {seen.planned.branch}" if seen.planned.branch else "tagged"
    if seen.planned.dirty:
        yield Fact(name="committed", mark="--", detail="there are changes that no commit holds")
    else:
        yield Fact(name="committed", mark="ok", detail=f"{seen.planned.commit[:12]} {branch}")
    if seen.planned.channel.is_tagged:
        yield Fact(name="tagged", mark="ok", detail=seen.planned.tag)
    else:
        yield Fact(name="tagged", mark="--", detail=f"no version tag here: this is {seen.planned.channel}")
    yield _built_fact(seen)
    yield _published_fact(seen)


def _built_fact(seen: _Seen) -> Fact:
    if seen.is_loose:
        return Fact(name="built", mark="--", detail="there are archives of this commit; release merge freezes them")
    if seen.release is None:
        detail = f"not yet; rehearsed {_when(seen.rehearsed)}" if seen.rehearsed else "not yet"
        return Fact(name="built", mark="--", detail=detail)
    found = seen.release.plan
    count = len({artifact.target.name for artifact in seen.release.artifacts})
    text = f"{found.version.text}: {count} of {plural(len(found.targets), 'target')}"
    if seen.is_built:
        return Fact(name="built", mark="ok", detail=text)
    return Fact(name="built", mark="--", detail=f"{text}, of another commit ({found.commit[:7]})")


def _published_fact(seen: _Seen) -> Fact:
    far = {name for name, profile in seen.product.profiles.items() if not profile.local}
    made = [each for each in runs.read(seen.dist).steps if each.name == "publish" and each.subject in {"", *far}]
    last = runs.Record(steps=tuple(each for each in made if each.subject or not far)).last("publish")
    if last is None:
        detail = "not from here, but to the outlets of this machine" if made else "not from here"
        return Fact(name="published", mark="--", detail=detail)
    mark = "!!" if last.ended is not Mark.OK else "ok" if seen.is_built else "--"
    before = f"{last.subject}: " if last.subject else ""
    return Fact(name="published", mark=mark, detail=f"{before}{last.detail}, {_when(last)}")


def _when(step: runs.Timed) -> str:
    """When a step ended, as clocks here show it; what is in the record may be anything."""
    try:
        return f"{datetime.fromisoformat(step.when).astimezone():%Y-%m-%d %H:%M}"
    except (ValueError, OverflowError, OSError):
        return "at some time"


def _following(seen: _Seen) -> Iterator[tuple[str, str]]:
    if seen.planned.dirty:
        yield "git commit", "or release run --allow-dirty"
    if seen.is_loose:
        yield "release merge --partial", "freeze what was built; then derive and publish"
    if not seen.is_built:
        if seen.rehearsed is None:
            yield "release run --fake --target all", "rehearse, without a compiler"
        yield "release run", "compile, pack and try it here"
        return
    yield "release status", "what every outlet holds"
    yield from onward(seen.product, seen.planned, seen.declared, seen.checkout)


def onward(
    product: Product, planned: Plan, declared: str, checkout: Checkout | None = None
) -> Iterator[tuple[str, str]]:
    """What comes after a release that is built and tried here.

    Args:
        product: what release.toml says.
        planned: what was released.
        declared: the version that the project says itself; empty where it is computed.
        checkout: of the product, where somebody has it already.
    """
    far = [name for name, profile in product.profiles.items() if not profile.local]
    if planned.channel.is_tagged:
        yield from ((f"release publish --profile {name}", "to everybody") for name in far[:1])
    elif not planned.dirty:
        text = next_version(product, checkout or checkouts.find(product.root), declared)
        what = "release it; CI builds every target"
        if declared and declared != text:
            what = f"when the project's own version is {text}, not {declared}"
        yield f"git tag {product.tag_of(text)} && git push --tags", what


def next_version(product: Product, checkout: Checkout, declared: str) -> str:
    """What the project says, if that is new; else the newest tag's version with its last number raised: a proposal."""
    done = checkout.git.attempt("describe", "--tags", "--abbrev=0", f"--match={product.tag_of('*')}")
    found = version.tagged(done.out.strip(), product.tag) if done.code == 0 else None
    said = version.first(declared)
    if found is None or (said == declared and version.order(version.parse(said)) > version.order(found)):
        return said
    return _LAST_NUMBER.sub(lambda number: str(int(number[0]) + 1), found.text)
