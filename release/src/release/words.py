"""The words of the command line: each verb with its options; those that verbs share are fields of one context."""

import inspect
import traceback
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_type_hints

import typer
from typer import Option

from release import config
from release.errors import ProfileUnknownError, PushError, ReleaseError, VerifyError, WriteError
from release.model import Channel, Plan, Product, Profile, Release, Target
from release.screen import Screen

if TYPE_CHECKING:  # a verb imports what it needs when it runs
    from release.publish import Published
    from release.verify.check import Check


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """The options of every verb; each field is one."""

    as_json: Annotated[bool, Option("--json", help="Print JSON on standard output.")] = False
    config_file: Annotated[Path | None, Option("--config", help="release.toml to read.", metavar="FILE")] = None
    dist: Annotated[
        Path | None, Option("--dist", help="Folder of results; dist beside release.toml.", metavar="DIR")
    ] = None
    rehearsal: Annotated[
        bool, Option("--rehearsal", help="Work in dist/rehearsal, as --fake and --allow-dirty do.")
    ] = False

    def screen(self) -> Screen:
        """Where results and progress are shown."""
        return Screen(as_json=self.as_json)

    def product(self) -> Product:
        """What release.toml says."""
        return config.read(self.config_file or config.find(Path.cwd()))

    def folder(self, product: Product, *, rehearsal: bool = False) -> Path:
        """The folder of results; rehearsals have one of their own, so that they never meet a real release."""
        from release import manifest

        folder = (self.dist or product.root / "dist").absolute()
        if product.root.resolve().is_relative_to(folder.resolve()):
            raise WriteError(
                f"{folder} holds the project itself, and what lies in a folder of results is replaced",
                hint="give --dist a folder of its own",
            )
        return folder / manifest.REHEARSAL if self.rehearsal or rehearsal else folder

    def release(self, product: Product) -> Release:
        """The frozen release in the folder of results."""
        from release import manifest

        return manifest.read(product, self.folder(product))


@dataclass(frozen=True, slots=True, kw_only=True)
class Planning(Common):
    """The options of verbs that look at the checkout."""

    channel: Annotated[
        Channel | None,
        Option("--channel", help="Channel; by default what HEAD is: a version tag, main or a branch."),
    ] = None
    branch: Annotated[
        str | None, Option("--branch", help="Name of the branch, where git does not know it.", metavar="NAME")
    ] = None
    allow_dirty: Annotated[bool, Option("--allow-dirty", help="Take uncommitted changes (local outlets only).")] = False

    def results(self, product: Product, *, fake: bool = False) -> Path:
        """The folder of results of what is planned here."""
        return self.folder(product, rehearsal=fake or self.allow_dirty)

    def plan(self, product: Product, channel: Channel | None = None, branch: str | None = None) -> Plan:
        """The plan of HEAD, for the channel that was asked for, or is given, or is what HEAD is."""
        from release import plan

        return plan.plan(
            product,
            channel=self.channel or channel or plan.channel_of_head(product),
            branch=self.branch or branch,
            allow_dirty=self.allow_dirty,
            results=self.folder(product),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Publishing(Common):
    """The options of verbs that look at places."""

    profile_name: Annotated[str, Option("--profile", help="Where to; a profile of release.toml.", metavar="P")] = (
        "local"
    )

    def profile(self, product: Product) -> Profile:
        """The profile that was asked for."""
        if self.profile_name not in product.profiles:
            raise ProfileUnknownError(
                f"no profile is called '{self.profile_name}'",
                hint="release.toml has: " + ", ".join(product.profiles),
            )
        return product.profiles[self.profile_name]


_Target = Annotated[
    str, Option("--target", help="A target, 'native' for all this machine can build, or 'all'.", metavar="T")
]
_Fake = Annotated[bool, Option("--fake", help="Make stand-ins instead of compiling, to rehearse.")]
_Older = Annotated[bool, Option("--allow-older", help="Replace newer versions, too.")]
_Partial = Annotated[bool, Option("--partial", help="Take what was built (local outlets only).")]
_Out = Annotated[Path, Option("--out", help="Folder to write to.", metavar="DIR")]

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


def verb[**P](function: Callable[P, None]) -> Callable[P, None]:
    """Make a command of a function: its first argument is made of the shared options that its type has."""
    signature = inspect.signature(function, eval_str=True)
    (_, first), *own = signature.parameters.items()
    kind = first.annotation
    shared = {field.name: field for field in fields(kind)}
    hints = get_type_hints(kind, include_extras=True)

    def call(**values: object) -> None:
        context = kind(**{name: value for name, value in values.items() if name in shared})
        bound = signature.bind(context, **{name: value for name, value in values.items() if name not in shared})
        function(*bound.args, **bound.kwargs)

    parameters = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for _, parameter in own] + [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=hints[name])
        for name, field in shared.items()
    ]
    call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what typer reads
    call.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    app.command(function.__name__, help=function.__doc__)(call)
    return function


# --- verbs -------------------------------------------------------------------------------------------------


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


@verb
def plan(context: Planning) -> None:
    """Show version, targets and outlets; as JSON, CI's matrix."""
    from release import plan as planning
    from release import show
    from release.packagers import taking_part

    product = context.product()
    planned = context.plan(product)
    outlets = taking_part(*product.profiles.values())
    text = "" if context.as_json else show.plan(product, planned, outlets)
    context.screen().show(planning.as_json(product, planned), text)


@verb
def build(context: Planning, *, target: _Target = "native", fake: _Fake = False) -> None:
    """Compile, strip, try and pack: one archive a target."""
    from release import compile as compiling
    from release import manifest, show

    product, screen = context.product(), context.screen()
    planned = context.plan(product)
    chosen = _targets(planned, target, fake=fake)
    folder = context.results(product, fake=fake)
    built = compiling.build(product, planned, chosen, folder, stand_in=fake, progress=screen)
    made = Release(plan=planned, artifacts=built)
    screen.show(manifest.as_json(product, made), show.artifacts(built))


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
    context.screen().show(manifest.as_json(product, merged), show.artifacts(merged.artifacts))


@verb
def derive(context: Publishing) -> None:
    """Make packages, and patches from what the profile's site has."""
    from release import derive as deriving
    from release import manifest, show

    product, screen = context.product(), context.screen()
    derived = deriving.derive(
        product, context.profile(product), context.folder(product), partial=False, progress=screen
    )
    screen.show(manifest.as_json(product, derived), show.artifacts(derived.artifacts))


@verb
def render(context: Publishing, *, out: _Out) -> None:
    """Write every outlet's files to a folder, to be read."""
    from release import packagers, show
    from release import render as rendering

    product = context.product()
    written = rendering.write(packagers.bundles(product, context.profile(product), context.release(product)), out)
    context.screen().show([str(path) for path in written], show.paths(written))


@verb
def publish(context: Publishing, *, allow_older: _Older = False) -> None:
    """Make every outlet hold the release; again to resume."""
    from release import publish as publishing
    from release import show

    product = context.product()
    folder, frozen = context.folder(product), context.release(product)
    done = publishing.publish(product, context.profile(product), frozen, folder, allow_older=allow_older)
    context.screen().show([asdict(receipt) for receipt in done.receipts], show.receipts(done.receipts))
    _end_with_failures(done)


@verb
def status(context: Publishing) -> None:
    """Show what every outlet holds; change nothing."""
    from release import show
    from release import status as standing

    product = context.product()
    folder, frozen = context.folder(product), context.release(product)
    seen = standing.status(product, context.profile(product), frozen, folder)
    context.screen().show([asdict(each) for each in seen], show.standings(seen))
    silent = [each.outlet for each in seen if each.state == standing.UNKNOWN]
    if silent:
        raise PushError(f"no answer about {', '.join(silent)}", hint="the table says why")


@verb
def verify(context: Publishing) -> None:
    """Download, install with every package manager here, try."""
    from release import show
    from release import verify as verifying

    product, screen = context.product(), context.screen()
    folder, frozen = context.folder(product), context.release(product)
    checks = verifying.verify(product, context.profile(product), frozen, folder, progress=screen)
    screen.show([asdict(check) for check in checks], show.checks(checks))
    _end_with_failed(checks)


@verb
def run(context: Planning, *, target: _Target = "native", fake: _Fake = False, allow_older: _Older = False) -> None:
    """All of it, with local outlets: plan to verify."""
    from release import run as running
    from release import show

    product, screen = context.product(), context.screen()
    planned = context.plan(product)
    whole = running.run(
        product,
        planned,
        _targets(planned, target, fake=fake),
        context.results(product, fake=fake),
        stand_in=fake,
        allow_older=allow_older,
        progress=screen,
        tell=screen.show_part,
    )
    closing = "" if whole.published.failures else f"{show.checks(whole.checks)}\n\n"
    screen.show(whole.as_json(product), closing + show.closing(whole.release, whole.seconds))
    _end_with_failures(whole.published)
    _end_with_failed(whole.checks)


# --- endings -----------------------------------------------------------------------------------------------


def _end_with_failures(done: "Published") -> None:
    """End as the first failure would have, now that the receipts are told; a bug with its traceback."""
    for _, failure in done.failures:
        if not isinstance(failure, ReleaseError | OSError | KeyboardInterrupt | SystemExit):
            traceback.print_exception(failure)
    for outlet, failure in done.failures:
        if isinstance(failure, ReleaseError):
            raise type(failure)(f"{outlet}: {failure}", hint=failure.hint)
        if isinstance(failure, OSError | KeyboardInterrupt | SystemExit):
            raise failure
        raise PushError(f"{outlet}: a bug of this tool, shown above", hint="report it; publish again resumes")


def _end_with_failed(checks: "Sequence[Check]") -> None:
    from release.verify.check import Result

    failed = [check.name for check in checks if check.result is Result.FAILED]
    if failed:
        raise VerifyError(f"failed: {', '.join(failed)}", hint="the table says what was seen")
