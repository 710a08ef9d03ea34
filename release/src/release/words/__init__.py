"""The words of the command line: each verb with its own options."""

import functools
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Option

from release.errors import PushError, ReleaseError, VerifyError
from release.words import about, checking, configuration, keys, signed, starting, templates
from release.words.about import PROGRAM
from release.words.options import Group, Planning, Publishing
from release.words.options import verb as command

if TYPE_CHECKING:  # a verb imports what it needs when it runs
    from collections.abc import Sequence

    from release.model import Plan, Receipt
    from release.product import Target
    from release.publish import Published
    from release.verify.check import Check

_Target = Annotated[
    str, Option("--target", help="A target, 'native' for all this machine can build, or 'all'.", metavar="T")
]
_Fake = Annotated[bool, Option("--fake", help="Make stand-ins instead of compiling, to rehearse.")]
_Older = Annotated[bool, Option("--allow-older", help="Replace newer versions, too.")]
_DryRun = Annotated[bool, Option("--dry-run", help="Say what would be done, and do nothing.")]
_Yes = Annotated[bool, Option("--yes", help="Do not ask before it is done.")]
_Timings = Annotated[bool, Option("--timings", help="Say how long each step took, and the steps inside.")]
_Graph = Annotated[bool, Option("--graph", help="Draw it in the language of Mermaid, for a page or a pull request.")]
_Svg = Annotated[bool, Option("--svg", help="Draw it as SVG.")]
_Partial = Annotated[bool, Option("--partial", help="Take what was built (local outlets only).")]
_Out = Annotated[Path, Option("--out", help="Folder to write to.", metavar="DIR")]

app = typer.Typer(
    name=PROGRAM,
    cls=Group,
    help="Compile, pack, render, publish and verify releases of the project described by release.toml.",
    epilog="release alone shows where the project stands, and what comes next. Verbs take --json, for programs.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
)


verb = functools.partial(command, app)

# In the order in which somebody meets them.
verb(starting.init)
verb(checking.check)

# --- verbs -------------------------------------------------------------------------------------------------


def _targets(planned: "Plan", name: str, *, fake: bool) -> "tuple[Target, ...]":
    from release import targets

    match name:
        case "native":
            return targets.native(planned.targets)
        case "all":
            return planned.targets if fake else tuple(map(targets.buildable, planned.targets))
        case _:
            target = targets.named(name)
            return (target if fake else targets.buildable(target),)


@verb
def plan(context: Planning, *, graph: _Graph = False, svg: _Svg = False) -> None:
    """Show version, targets and outlets; as JSON, CI's matrix."""
    from release import plan as planning
    from release import show
    from release.packagers import taking_part

    product = context.product()
    planned = context.plan(product)
    outlets = taking_part(*product.profiles.values())
    if graph or svg:
        from release import graph as graphs

        picture = graphs.columns(product, planned, outlets)
        drawn = graphs.svg(picture) if svg else graphs.mermaid(picture)
        context.screen().show({"svg" if svg else "mermaid": drawn}, drawn)
        return
    text = "" if context.as_json else show.plan(product, planned, outlets)
    context.screen().show(planning.as_json(product, planned), text)


@verb
def build(context: Planning, *, target: _Target = "native", fake: _Fake = False) -> None:
    """Compile, strip, try and pack: one archive a target."""
    from release import compile as compiling
    from release import manifest, show
    from release.model import Release

    product, screen = context.product(), context.screen()
    planned = context.plan(product)
    chosen = _targets(planned, target, fake=fake)
    folder = context.results(product, fake=fake)
    with context.recorded(screen, folder, show.title(product, planned, chosen)) as progress:
        context.begin(product, planned, folder, progress, stand_in=fake)
        built = compiling.build(product, planned, chosen, folder, stand_in=fake, progress=progress)
    made = Release(plan=planned, artifacts=built)
    partial = "" if set(chosen) >= set(planned.targets) else " --partial"
    after = show.following((f"release merge{partial}{context.again(folder)}", "freeze it; then derive and publish"))
    screen.show(manifest.as_json(product, made), f"{show.artifacts(built)}\n\n{after}")


@verb
def merge(context: Planning, *, partial: _Partial = False) -> None:
    """Freeze what was built in dist/release.json."""
    from release import manifest, show
    from release import merge as merging

    product = context.product()
    folder = context.results(product)
    planned = context.plan(product)
    if context.channel is None and (built := merging.built_for(product, planned.commit, folder)):
        planned = context.plan(product, *built)
    merged = merging.merge(product, planned, folder, partial=partial)
    after = show.following((f"release derive{context.again(folder)}", "make packages of it; then publish"))
    context.screen().show(manifest.as_json(product, merged), f"{show.artifacts(merged.artifacts)}\n\n{after}")


@verb
def derive(context: Publishing) -> None:
    """Make packages, and patches from what the profile's site has."""
    from release import derive as deriving
    from release import manifest, show

    product, screen = context.product(), context.screen()
    folder, profile = context.folder(product), context.profile(product)
    title = show.about(product, context.release(product).plan, context.profile_name)
    with context.recorded(screen, folder, title) as progress:
        derived = deriving.derive(product, profile, folder, partial=False, progress=progress)
    after = show.following((f"release publish{context.options(folder)}", "bring it to the outlets of the profile"))
    screen.show(manifest.as_json(product, derived), f"{show.artifacts(derived.artifacts)}\n\n{after}")


@verb
def render(context: Publishing, *, out: _Out) -> None:
    """Write every outlet's files to a folder, to be read."""
    from release import packagers, show
    from release import render as rendering

    product = context.product()
    written = rendering.write(packagers.bundles(product, context.profile(product), context.release(product)), out)
    context.screen().show([str(path) for path in written], show.paths(written))


@verb
def publish(context: Publishing, *, allow_older: _Older = False, dry_run: _DryRun = False, yes: _Yes = False) -> None:
    """Make every outlet hold the release; again to resume."""
    from release import publish as publishing
    from release import show

    product, screen = context.product(), context.screen()
    folder, profile, frozen = context.folder(product), context.profile(product), context.release(product)

    def agree(receipts: "Sequence[Receipt]") -> None:
        screen.tell(show.receipts(receipts))
        if not yes and screen.can_ask and not screen.asks(show.question(receipts)):
            raise typer.Abort

    title = show.about(product, frozen.plan, context.profile_name)
    with context.recorded(screen, folder, title, context.far(product)) as progress:
        done = publishing.publish(
            product,
            profile,
            frozen,
            folder,
            allow_older=allow_older,
            is_dry=dry_run,
            agree=agree,
            progress=progress,
        )
    options = context.options(folder)
    after = show.following(
        (f"release verify{options}", "install it from there, and try it"),
        (f"release status{options}", "what every outlet holds"),
    )
    text = show.receipts(done.receipts)
    shown = text if dry_run or done.failures else f"{text}\n\n{after}"
    screen.show([asdict(receipt) for receipt in done.receipts], shown)
    _end_with_failures(done)


@verb
def status(context: Publishing) -> None:
    """Show what every outlet holds; change nothing."""
    from release import show
    from release import status as standing

    product, screen = context.product(), context.screen()
    folder, frozen = context.folder(product), context.release(product)
    profile, options = context.profile(product), context.options(folder)
    screen.head(show.about(product, frozen.plan, context.profile_name), show.rehearsal(folder))
    seen = standing.status(product, profile, frozen, folder, progress=screen.progress, options=options)
    verifying = show.following((f"release verify{options}", "install it from there, and try it"))
    text = show.standings(seen)
    screen.show([asdict(each) for each in seen], f"{text}\n\n{verifying}" if standing.is_good(seen) else text)
    standing.end(seen, options)


@verb
def verify(context: Publishing) -> None:
    """Download, install with every package manager here, try."""
    from release import show
    from release import verify as verifying

    product, screen = context.product(), context.screen()
    folder, profile, frozen = context.folder(product), context.profile(product), context.release(product)
    with context.recorded(screen, folder, show.about(product, frozen.plan, context.profile_name)) as progress:
        checks = verifying.verify(product, profile, frozen, folder, progress=progress)
    screen.show([asdict(check) for check in checks], show.checks(checks))
    _end_with_failed(checks)


@verb
def run(
    context: Planning,
    *,
    target: _Target = "native",
    fake: _Fake = False,
    allow_older: _Older = False,
    timings: _Timings = False,
) -> None:
    """All of it, with local outlets: plan to verify."""
    from release import manifest, runs, show, where
    from release import render as rendering
    from release import run as running
    from release.check import declared

    product, screen = context.product(), context.screen()
    planned = context.plan(product)
    chosen, dist = _targets(planned, target, fake=fake), context.results(product, fake=fake)
    with context.recorded(screen, dist, show.title(product, planned, chosen)) as progress:
        context.begin(product, planned, dist, progress, stand_in=fake, served=frozenset({"local"}))
        whole = running.run(product, planned, chosen, dist, stand_in=fake, allow_older=allow_older, progress=progress)
    folders = [dist / name for name in (manifest.ARTIFACTS, rendering.FOLDER, product.profiles["local"].serve) if name]
    there = [folder for folder in folders if folder.is_dir()]
    dirty = " --allow-dirty" if planned.dirty else ""
    mine = (f"release run{dirty}{context.again(Path())}", "compile, pack and try it here")
    status = (f"release status{context.again(dist)}", "what every outlet holds")
    onward = where.onward(product, planned, declared.version(product))
    after = (mine,) if dist.name == manifest.REHEARSAL else tuple(onward)
    closing = show.closing(
        whole.seconds,
        there,
        is_good=whole.is_good,
        again=f"release run{'' if target == 'native' else f' --target {target}'}{' --fake' if fake else ''}"
        f"{context.typed}",
        onward=(status, *after),
    )
    value = whole.as_json(product) | ({"steps": runs.as_json(progress.steps)} if timings else {})
    screen.show(value, f"{show.timings(progress.steps)}\n\n{closing}" if timings else closing)
    _end_with_failures(whole.published)
    _end_with_failed(whole.checks)


verb(signed.refresh)
verb(signed.withdraw)
about.add_to(app)
app.add_typer(keys.app, name="keys")
app.add_typer(templates.app, name="templates")
app.add_typer(configuration.app, name="config")


# --- endings -----------------------------------------------------------------------------------------------


def _end_with_failures(done: "Published") -> None:
    """End as the first failure would have, now that the receipts are told; a bug with its traceback."""
    for _, failure in done.failures:
        if not isinstance(failure, ReleaseError | OSError | KeyboardInterrupt | SystemExit):
            traceback.print_exception(failure)
    for _, failure in done.failures:
        if isinstance(failure, KeyboardInterrupt | SystemExit):  # whoever asks for the end gets that
            raise failure
    for outlet, failure in done.failures:
        if isinstance(failure, ReleaseError):
            raise type(failure)(f"{outlet}: {failure}", hint=failure.hint)
        if isinstance(failure, OSError):
            raise failure
        raise PushError(f"{outlet}: a bug of this tool, shown above", hint="report it; publish again resumes")


def _end_with_failed(checks: "Sequence[Check]") -> None:
    from release.verify.check import Result

    failed = [check.name for check in checks if check.result is Result.FAILED]
    if failed:
        raise VerifyError(f"failed: {', '.join(failed)}", hint="the table says what was seen")
