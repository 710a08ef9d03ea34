"""The options that verbs share: fields of one context, of which a command is made together with its own."""

import inspect
import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_type_hints

import typer
from typer import Option
from typer.core import TyperCommand, TyperGroup

from release.errors import ProfileUnknownError, WriteError
from release.product import Channel, Product, Profile
from release.progress import Progress
from release.screen import Screen

if TYPE_CHECKING:  # a help text needs none of it
    from release.model import Plan, Release

if TYPE_CHECKING:
    from typer._click import Context, HelpFormatter

AsJson = Annotated[bool, Option("--json", help="Print JSON on standard output.")]
ConfigFile = Annotated[Path | None, Option("--config", help="release.toml to read.", metavar="FILE")]
Dist = Annotated[Path | None, Option("--dist", help="Folder of results; dist beside release.toml.", metavar="DIR")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """The options of every verb; each field is one."""

    as_json: AsJson = False
    config_file: ConfigFile = None
    dist: Dist = None
    rehearsal: Annotated[
        bool, Option("--rehearsal", help="Work in dist/rehearsal, as --fake and --allow-dirty do.")
    ] = False

    def screen(self) -> Screen:
        """Where results and progress are shown."""
        return Screen(as_json=self.as_json)

    @contextmanager
    def recorded(self, screen: Screen, dist: Path, title: str, far: str = "") -> Iterator[Progress]:
        """Say what this is about, and keep how long each step took, also when one of them fails.

        Args:
            screen: shows it.
            dist: folder of results, which keeps it.
            title: what this is about.
            far: the profile that is published to, in the record; empty for the one of this machine.
        """
        from release import runs, show

        before = runs.read(dist)
        screen.head(title, show.rehearsal(dist))
        screen.progress.expected = before.expected
        try:
            yield screen.progress
        finally:
            for step in screen.progress.steps:
                step.subject = step.subject or (far if step.name == "publish" else "")
            runs.write(dist, before, screen.progress.steps)
            screen.summarise(title)

    def product(self) -> Product:
        """What release.toml says."""
        from release import config

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

    def again(self, folder: Path) -> str:
        """The options that lead other verbs to the same project and folder of results, where some are needed."""
        from release import manifest

        given = (("--config", self.config_file), ("--dist", self.dist))
        words = [f" {name} {shlex.quote(str(path))}" for name, path in given if path is not None]
        return "".join((*words, " --rehearsal" if folder.name == manifest.REHEARSAL else ""))

    def release(self, product: Product) -> "Release":
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

    @property
    def typed(self) -> str:
        """The options that were given, as they are typed again."""
        words = [f" --channel {self.channel}"] if self.channel else []
        words += [f" --branch {shlex.quote(self.branch)}"] if self.branch is not None else []
        words += [" --allow-dirty"] if self.allow_dirty else []
        return "".join((*words, self.again(Path()), " --rehearsal" if self.rehearsal else ""))

    def plan(self, product: Product, channel: Channel | None = None, branch: str | None = None) -> "Plan":
        """The plan of HEAD, for the channel that was asked for, or is given, or is what HEAD is; checked."""
        from release import check, plan

        seen = plan.look(product)
        return check.planned(
            product,
            channel=self.channel or channel or plan.channel_of_head(product, seen),
            branch=self.branch or branch,
            allow_dirty=self.allow_dirty,
            results=self.folder(product),
            seen=seen,
        )

    def begin(
        self,
        product: Product,
        planned: "Plan",
        folder: Path,
        progress: Progress,
        *,
        stand_in: bool,
        served: frozenset[str] = frozenset(),
    ) -> None:
        """What a build or a rehearsal begins with: everything that can be known before."""
        from release import check
        from release.check.finding import Subject

        subject = Subject(product=product, planned=planned, dist=folder, stand_in=stand_in, served=served)
        check.before(subject, progress)


@dataclass(frozen=True, slots=True, kw_only=True)
class Publishing(Common):
    """The options of verbs that look at places."""

    profile_name: Annotated[str, Option("--profile", help="Where to; a profile of release.toml.", metavar="P")] = (
        "local"
    )

    def options(self, folder: Path) -> str:
        """What leads another verb to the same release and places; nothing for what is meant without options."""
        profile = "" if self.profile_name == "local" else f" --profile {shlex.quote(self.profile_name)}"
        return f"{profile}{self.again(folder)}"

    def far(self, product: Product) -> str:
        """The name of the profile, where that leads away from this machine."""
        return "" if self.profile(product).local else self.profile_name

    def profile(self, product: Product) -> Profile:
        """The profile that was asked for."""
        if self.profile_name not in product.profiles:
            raise ProfileUnknownError(
                f"no profile is called '{self.profile_name}'",
                hint="release.toml has: " + ", ".join(product.profiles),
            )
        return product.profiles[self.profile_name]


class Group(TyperGroup):
    """Verbs with one name before them; `help` behind that is their help, as it is for all verbs."""

    def parse_args(self, ctx: "Context", args: list[str]) -> list[str]:
        """Read `help VERB` as `VERB --help`."""
        if args[:1] == ["help"] and "help" not in self.commands:
            args = [*args[1:], "--help"]
        return super().parse_args(ctx, args)


class Verb(TyperCommand):
    """A verb whose help names arguments as people do: without their types of Python, and marks around them."""

    def collect_usage_pieces(self, ctx: "Context") -> list[str]:
        """What stands behind the verb; only what may be left out is marked."""
        return [re.sub(r"[{}]", "", piece) for piece in super().collect_usage_pieces(ctx)]

    def format_options(self, ctx: "Context", formatter: "HelpFormatter") -> None:
        """The arguments, then the options."""
        for title, kind in (("Arguments", "argument"), ("Options", "option")):
            found = [each.get_help_record(ctx) for each in self.get_params(ctx) if each.param_type_name == kind]
            rows = [(row[0].partition(" <")[0] if kind == "argument" else row[0], row[1]) for row in found if row]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)


def verb[**P](app: typer.Typer, function: Callable[P, None]) -> Callable[P, None]:
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
    app.command(function.__name__, cls=Verb, help=function.__doc__)(call)
    return function
