"""The word check: everything that can be known without a compiler, as a table."""

from contextlib import nullcontext
from typing import Annotated

from typer import Option

from release.words.options import Planning

_Credentials = Annotated[bool, Option("--credentials", help="Ask every place whether it would take a publish.")]


def check(context: Planning, *, credentials: _Credentials = False) -> None:
    """Say all that can be known before anything is compiled."""
    from release import check as checking
    from release import show
    from release.check.finding import Stage

    product, screen = context.product(), context.screen()
    with screen.progress.begin("check", is_quiet=True) if credentials else nullcontext():
        screen.progress.now("asking every place whether it would take a publish")
        report = checking.whole(
            product,
            channel=context.channel,
            branch=context.branch,
            allow_dirty=context.allow_dirty,
            results=context.results(product),
            stages=tuple(Stage),
            credentials=credentials,
        )
    if report.findings[0].remarks and not context.allow_dirty:  # uncommitted changes, which a run refuses
        onward: tuple[tuple[str, str], ...] = (("git commit", "or give the verbs --allow-dirty, to rehearse"),)
    else:
        onward = (
            (f"release run --fake --target all{context.typed}", "rehearse, without a compiler"),
            (f"release run{context.typed}", "compile, pack and try it here"),
        )
    screen.show(report.as_json(), show.report(report, onward))
    checking.need(report)
