"""Words to one verb, its value to text or JSON, its failure to an exit code; the only module that prints."""

import json
import sys
import time
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from release import config, settings, shell
from release.errors import ProfileUnknownError, PushError, ReleaseError, VerifyError
from release.model import Channel, Plan, Product, Profile, Release, Target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from release.publish import Published
    from release.verify.check import Check

app = typer.Typer(
    name="release",
    help="Compile, pack, render, publish and verify releases of the project described by release.toml.",
    epilog="Start with: release plan --channel dev. Every verb takes --json.",
    add_completion=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
)

ConfigOption = Annotated[Path | None, typer.Option("--config", help="release.toml to read.", metavar="FILE")]
DistOption = Annotated[
    Path | None, typer.Option("--dist", help="Folder of results; dist beside release.toml.", metavar="DIR")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
ChannelOption = Annotated[
    Channel | None,
    typer.Option("--channel", help="Stream; by default what HEAD is: a version tag, main or a branch."),
]
BranchOption = Annotated[
    str | None,
    typer.Option("--branch", help="Name of the branch, where git does not know it.", metavar="NAME"),
]
DirtyOption = Annotated[bool, typer.Option("--allow-dirty", help="Take uncommitted changes (local outlets only).")]
TargetOption = Annotated[
    str,
    typer.Option("--target", help="A target, 'native' for all this machine can build, or 'all'.", metavar="T"),
]
FakeOption = Annotated[bool, typer.Option("--fake", help="Make stand-ins instead of compiling, to rehearse.")]
PartialOption = Annotated[bool, typer.Option("--partial", help="Take what was built (local outlets only).")]
OlderOption = Annotated[bool, typer.Option("--allow-older", help="Replace newer versions, too.")]
ProfileOption = Annotated[str, typer.Option("--profile", help="Where to; a profile of release.toml.", metavar="P")]


class Screen:
    """Progress on standard error: one moving line on a terminal, a line now and then elsewhere."""

    def __init__(self) -> None:
        """Find out who is watching."""
        self.moving = sys.stderr.isatty() and not settings.read().ci
        self.told = 0.0

    def step(self, text: str) -> None:
        """Begin a line."""
        self.told = 0.0
        self._clear()
        print(text, file=sys.stderr, flush=True)

    def tick(self, text: str, seconds: float) -> None:
        """Show the time; elsewhere than on a terminal only every 15 seconds."""
        if self.moving:
            self._clear()
            minutes, rest = divmod(int(seconds), 60)
            print(f"  {minutes}:{rest:02} {text}"[:78], end="", file=sys.stderr, flush=True)
        elif seconds - self.told >= 15:  # noqa: PLR2004
            self.told = seconds
            print(f"  {seconds:.0f} s {text}", file=sys.stderr, flush=True)

    def _clear(self) -> None:
        if self.moving:
            print("\r\033[K", end="", file=sys.stderr)


def _product(given: Path | None) -> Product:
    return config.read(given or config.find(Path.cwd()))


def _dist(product: Product, given: Path | None) -> Path:
    return (given or product.root / "dist").absolute()


def _profile(product: Product, name: str) -> Profile:
    if name not in product.profiles:
        raise ProfileUnknownError(
            f"no profile is called '{name}'", hint="release.toml has: " + ", ".join(product.profiles)
        )
    return product.profiles[name]


def _plan(
    product: Product, channel: Channel | None, branch: str | None, *, allow_dirty: bool, results: Path | None = None
) -> Plan:
    from release import plan

    chosen = channel or plan.channel_of_head(product)
    return plan.plan(product, channel=chosen, branch=branch, allow_dirty=allow_dirty, results=results)


def _targets(planned: Plan, name: str, *, fake: bool) -> tuple[Target, ...]:
    from release import targets

    match name:
        case "native":
            return targets.native(planned.targets)
        case "all":
            return planned.targets if fake else tuple(map(targets.buildable, planned.targets))
        case _:
            target = targets.named(name)
            return (target if fake else targets.buildable(target),)


def _print(value: object, text: str, *, as_json: bool) -> None:
    print(json.dumps(value, indent=2) if as_json else text)


@app.command()
def plan(
    channel: ChannelOption = None,
    branch: BranchOption = None,
    allow_dirty: DirtyOption = False,
    as_json: JsonOption = False,
    config_file: ConfigOption = None,
) -> None:
    """Show version, targets and outlets; as JSON, CI's matrix."""
    from release import plan as verb
    from release import show
    from release.packagers import taking_part

    product = _product(config_file)
    planned = _plan(product, channel, branch, allow_dirty=allow_dirty)
    _print(
        verb.as_json(product, planned),
        "" if as_json else show.plan(product, planned, taking_part(*product.profiles.values())),
        as_json=as_json,
    )


@app.command()
def build(
    target: TargetOption = "native",
    fake: FakeOption = False,
    channel: ChannelOption = None,
    branch: BranchOption = None,
    allow_dirty: DirtyOption = False,
    as_json: JsonOption = False,
    config_file: ConfigOption = None,
    dist: DistOption = None,
) -> None:
    """Compile, strip, try and pack: one archive a target."""
    from release import compile as verb
    from release import manifest, show

    product = _product(config_file)
    planned = _plan(product, channel, branch, allow_dirty=allow_dirty, results=_dist(product, dist))
    built = verb.build(
        product,
        planned,
        _targets(planned, target, fake=fake),
        _dist(product, dist),
        stand_in=fake,
        progress=Screen(),
    )
    release = Release(plan=planned, artifacts=built)
    _print(manifest.as_json(product, release), show.artifacts(built), as_json=as_json)


@app.command()
def merge(
    partial: PartialOption = False,
    channel: ChannelOption = None,
    branch: BranchOption = None,
    allow_dirty: DirtyOption = False,
    as_json: JsonOption = False,
    config_file: ConfigOption = None,
    dist: DistOption = None,
) -> None:
    """Freeze what was built in dist/release.json."""
    from release import manifest, show
    from release import merge as verb

    product = _product(config_file)
    folder = _dist(product, dist)
    planned = _plan(product, channel, branch, allow_dirty=allow_dirty, results=_dist(product, dist))
    if channel is None and (built := verb.built_for(product, planned.commit, folder)):
        planned = _plan(
            product, built[0], branch or built[1] or None, allow_dirty=allow_dirty, results=_dist(product, dist)
        )
    release = verb.merge(product, planned, folder, partial=partial)
    _print(manifest.as_json(product, release), show.artifacts(release.artifacts), as_json=as_json)


@app.command()
def render(
    out: Annotated[Path, typer.Option("--out", help="Folder to write to.", metavar="DIR")],
    profile: ProfileOption = "local",
    as_json: JsonOption = False,
    config_file: ConfigOption = None,
    dist: DistOption = None,
) -> None:
    """Write every outlet's files to a folder, to be read."""
    from release import manifest, packagers, show
    from release import render as verb

    product = _product(config_file)
    release = manifest.read(product, _dist(product, dist))
    written = verb.write(packagers.bundles(product, _profile(product, profile), release), out)
    _print([str(path) for path in written], show.paths(written), as_json=as_json)


@app.command()
def publish(
    profile: ProfileOption = "local",
    allow_older: OlderOption = False,
    as_json: JsonOption = False,
    config_file: ConfigOption = None,
    dist: DistOption = None,
) -> None:
    """Make every outlet hold the release; again to resume."""
    from release import manifest, show
    from release import publish as verb

    product = _product(config_file)
    folder = _dist(product, dist)
    done = verb.publish(
        product, _profile(product, profile), manifest.read(product, folder), folder, allow_older=allow_older
    )
    _print([asdict(receipt) for receipt in done.receipts], show.receipts(done.receipts), as_json=as_json)
    _end_with_failures(done)


def _end_with_failures(done: "Published") -> None:
    """End as the first failure would have, now that the receipts are told; a bug with its traceback."""
    for _, failure in done.failures:
        if not isinstance(failure, ReleaseError | OSError | KeyboardInterrupt):
            traceback.print_exception(failure)
    for outlet, failure in done.failures:
        if isinstance(failure, ReleaseError):
            raise type(failure)(f"{outlet}: {failure}", hint=failure.hint)
        if isinstance(failure, OSError | KeyboardInterrupt):
            raise failure
        raise PushError(f"{outlet}: a bug of this tool, shown above", hint="report it; publish again resumes")


@app.command()
def status(
    profile: ProfileOption = "local",
    as_json: JsonOption = False,
    config_file: ConfigOption = None,
    dist: DistOption = None,
) -> None:
    """Show what every outlet holds; change nothing."""
    from release import manifest, show
    from release import status as verb

    product = _product(config_file)
    folder = _dist(product, dist)
    seen = verb.status(product, _profile(product, profile), manifest.read(product, folder), folder)
    _print([asdict(each) for each in seen], show.standings(seen), as_json=as_json)


@app.command()
def verify(
    profile: ProfileOption = "local",
    as_json: JsonOption = False,
    config_file: ConfigOption = None,
    dist: DistOption = None,
) -> None:
    """Download, install with every package manager here, try."""
    from release import manifest, show
    from release import verify as verb

    product = _product(config_file)
    folder = _dist(product, dist)
    release = manifest.read(product, folder)
    checks = verb.verify(product, _profile(product, profile), release, folder, progress=Screen())
    _print([asdict(check) for check in checks], show.checks(checks), as_json=as_json)
    _refuse_failed(checks)


def _refuse_failed(checks: "Sequence[Check]") -> None:
    from release.verify.check import Result

    failed = [check.name for check in checks if check.result is Result.FAILED]
    if failed:
        raise VerifyError(f"failed: {', '.join(failed)}", hint="the table says what was seen")


@app.command()
def run(  # noqa: PLR0913, PLR0917
    channel: ChannelOption = None,
    allow_older: OlderOption = False,
    target: TargetOption = "native",
    fake: FakeOption = False,
    branch: BranchOption = None,
    allow_dirty: DirtyOption = False,
    as_json: JsonOption = False,
    config_file: ConfigOption = None,
    dist: DistOption = None,
) -> None:
    """All of it, with local outlets: plan to verify."""
    from release import compile as build_verb
    from release import disk, manifest, packagers, show
    from release import merge as merge_verb
    from release import plan as plan_verb
    from release import publish as publish_verb
    from release import render as render_verb
    from release import verify as verify_verb

    def tell(text: str) -> None:
        if not as_json:
            print(text, end="\n\n", flush=True)

    product, start, screen = _product(config_file), time.monotonic(), Screen()
    folder, profile = _dist(product, dist), _profile(product, "local")
    planned = _plan(product, channel, branch, allow_dirty=allow_dirty, results=_dist(product, dist))
    tell(show.plan(product, planned, packagers.taking_part(*product.profiles.values())))
    chosen = _targets(planned, target, fake=fake)
    disk.emptied(disk.claimed(folder) / manifest.ARTIFACTS)
    built = build_verb.build(product, planned, chosen, folder, stand_in=fake, progress=screen)
    tell(show.artifacts(built))
    release = merge_verb.merge(product, planned, folder, partial=True)
    written = render_verb.write(packagers.bundles(product, profile, release), disk.emptied(folder / "rendered"))
    tell(show.paths(written))
    done = publish_verb.publish(product, profile, release, folder, allow_older=allow_older)
    tell(show.receipts(done.receipts))
    if as_json and done.failures:
        print(json.dumps([asdict(receipt) for receipt in done.receipts], indent=2))
    _end_with_failures(done)
    checks = verify_verb.verify(product, profile, release, folder, progress=screen)
    seconds = time.monotonic() - start
    told = {
        "plan": plan_verb.as_json(product, planned),
        "release": manifest.as_json(product, release),
        "rendered": [str(path) for path in written],
        "receipts": [asdict(receipt) for receipt in done.receipts],
        "checks": [asdict(check) for check in checks],
        "seconds": round(seconds, 1),
    }
    _print(told, f"{show.checks(checks)}\n\n{show.closing(release, seconds)}", as_json=as_json)
    _refuse_failed(checks)


def main() -> int:
    """Run; errors go to standard error with a hint, and each class has its exit code."""
    shell.end_on_signals()
    try:
        app()
    except ReleaseError as error:
        return _told(error)
    except OSError as error:
        # A full disk or a folder that is not ours, met where no step expected it.
        from release import disk

        return _told(disk.refusal(error, Path.cwd()))
    return 0


def _told(error: ReleaseError) -> int:
    print(f"error: {error}\nhint: {error.hint}", file=sys.stderr)
    return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
