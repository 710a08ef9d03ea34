"""The verb check, and what every other verb begins with: all that can be known before anything is compiled.

Each check is a name and a function of what is checked. The cheap ones come before every verb that plans, those that
read sources and look at the machine before a build or a rehearsal, so nothing that is known before is told after.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import assert_never

from release import disk, plan
from release.check.finding import WORK, Check, Finding, Remark, Stage, Subject, Verdict, WaitingError
from release.errors import DirtyCheckoutError, ReleaseError, joined
from release.git.checkout import Head
from release.model import Plan
from release.product import Channel, Product
from release.progress import Progress

NOTED = 3  # remarks of one check that a build shows


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All findings, in the order they were made."""

    findings: tuple[Finding, ...]

    @property
    def failure(self) -> ReleaseError | None:
        """What is refused: the failure itself when it is one, else one that lists them all; None for nothing."""
        failures = [each.failure for each in self.findings if each.failure is not None]
        return joined(failures) if failures else None

    @property
    def worst(self) -> Verdict:
        """How it ended as a whole."""
        order = list(Verdict)
        return max((each.verdict for each in self.findings), key=order.index, default=Verdict.OK)

    def count(self, verdict: Verdict) -> int:
        """How many checks ended so."""
        return sum(each.verdict is verdict for each in self.findings)

    def as_json(self) -> dict[str, object]:
        """For programs."""
        counts = {verdict.value: self.count(verdict) for verdict in Verdict}
        return {"result": self.worst.value, "counts": counts, "checks": [each.as_json() for each in self.findings]}


def checks(stage: Stage) -> tuple[Check, ...]:
    """The checks of a stage; what they need is imported when it comes."""
    match stage:
        case Stage.PLANNED:
            from release.check import names, shipped

            return (
                Check(name="names", look=names.names),
                Check(name="summary", look=names.summary),
                Check(name="licence", look=names.licence),
                Check(name="scripts", look=shipped.scripts),
                Check(name="packages", look=shipped.packages),
                Check(name="extras", look=shipped.extras),
                Check(name="version", look=shipped.version),
                Check(name="templates", look=names.templates),
            )
        case Stage.BUILT:
            from release.check import machine, sources

            return (
                Check(name="tools", look=machine.tools),
                Check(name="environment", look=machine.environment),
                Check(name="ports", look=machine.ports),
                Check(name="data files", look=sources.data),
                Check(name="dynamic imports", look=sources.imports),
                Check(name="own modules", look=sources.native),
            )
        case Stage.ASKED:
            from release.check import machine, names

            return (Check(name="tags", look=names.tags), Check(name="installers", look=machine.installers))
        case _ as never:
            assert_never(never)


def named() -> tuple[Check, ...]:
    """The checks of what release.toml names of the project, which its wheel knows at the latest."""
    return tuple(each for each in checks(Stage.PLANNED) if each.name in {"scripts", "packages", "extras"})


def made(subject: Subject, *stages: Stage) -> Report:
    """Make all checks of some stages; none of them stops the others."""
    return Report(findings=tuple(_one(each, subject) for stage in stages for each in checks(stage)))


def _one(check: Check, subject: Subject) -> Finding:
    begun = time.monotonic()
    try:
        said = check.look(subject)
    except WaitingError as waiting:
        found = Finding(name=check.name, verdict=Verdict.SKIPPED, detail=str(waiting))
    except ReleaseError as failure:
        subject.told.update(str(part) for part in failure.parts or (failure,))
        found = Finding(name=check.name, verdict=Verdict.REFUSED, detail=str(failure), failure=failure)
    else:
        verdict = Verdict.REMARK if said.remarks else Verdict.OK
        found = Finding(name=check.name, verdict=verdict, detail=said.detail, remarks=said.remarks)
    return replace(found, seconds=time.monotonic() - begun)


def planned(
    product: Product,
    *,
    channel: Channel,
    branch: str | None = None,
    allow_dirty: bool = False,
    results: Path,
    seen: Head | None = None,
) -> Plan:
    """The plan of HEAD, after the checks that cost nothing; see `plan.head` for the rest of what it raises.

    Raises:
        ReleaseError: what the checks refuse; the message names everything.
    """
    seen = seen or plan.look(product)
    found = plan.head(product, channel=channel, branch=branch, allow_dirty=allow_dirty, results=results, seen=seen)
    need(made(Subject(product=product, planned=found, dist=results, seen=seen.checkout), Stage.PLANNED))
    return found


def need(report: Report) -> None:
    """Go on only where nothing is refused.

    Raises:
        ReleaseError: what is; the message names everything.
    """
    if report.failure is not None:
        raise report.failure


def before(subject: Subject, progress: Progress) -> None:
    """What a build or a rehearsal begins with, after its plan: one step, with what is worth knowing below it.

    Raises:
        ReleaseError: what the checks refuse; the message names everything.
    """
    with progress.begin("check") as step:
        if subject.stand_in and any(_one(each, subject).verdict is Verdict.SKIPPED for each in named()):
            subject = _with_wheel(subject, progress)
            need(Report(findings=tuple(_one(each, subject) for each in named())))
        report = made(subject, Stage.BUILT)
        refused = ", ".join(each.name for each in report.findings if each.verdict is Verdict.REFUSED)
        count = len(report.findings) + len(checks(Stage.PLANNED))
        step.detail = f"{count} checks, refused: {refused}" if refused else f"{count} checks"
        for finding in report.findings:
            for remark in finding.remarks[:NOTED]:
                progress.note(remark.line)
            if len(finding.remarks) > NOTED:
                progress.note(f"and {len(finding.remarks) - NOTED} more of {finding.name}: release check lists them")
        need(report)


def _with_wheel(subject: Subject, progress: Progress) -> Subject:
    """A rehearsal compiles nothing, but has the wheel built where nothing else says what is shipped."""
    from release.wheel import building, python

    product, work = subject.product, disk.claimed(subject.dist) / WORK
    with progress.begin("wheel") as step:
        interpreter = python.chosen(product.build.python, product.root)
        made = subject.wheel or building.built(
            product, subject.planned, interpreter, work, results=subject.dist, progress=progress
        )
        step.detail = f"{made.distribution} {made.version}"
    return replace(subject, made=made)


def whole(
    product: Product,
    *,
    channel: Channel | None,
    branch: str | None = None,
    allow_dirty: bool = False,
    results: Path,
    stages: Sequence[Stage],
    credentials: bool = False,
) -> Report:
    """Everything, for a person who asks: also where nothing can be planned, which is then a finding.

    Raises:
        NotARepositoryError, ToolMissingError: there is no checkout to look at.
    """
    begun = time.monotonic()
    seen = plan.look(product)
    channel = channel or plan.channel_of_head(product, seen)
    look = partial(plan.head, product, branch=branch, results=results, seen=seen)
    failure: ReleaseError | None = None
    remarks: tuple[Remark, ...] = ()
    try:
        found = look(channel=channel, allow_dirty=allow_dirty)
    except DirtyCheckoutError as dirty:
        remarks = (Remark(text=f"{dirty}: a release of this takes --allow-dirty, and goes to local outlets only"),)
        found = look(channel=channel, allow_dirty=True)
    except ReleaseError as error:
        failure = error
        found = look(channel=Channel.DEV, allow_dirty=True)
    first = Finding(
        name="checkout",
        verdict=Verdict.REFUSED if failure else Verdict.REMARK if remarks else Verdict.OK,
        detail=str(failure) if failure else f"{found.version.text} ({found.channel}) from {found.commit[:12]}",
        remarks=remarks,
        failure=failure,
        seconds=time.monotonic() - begun,
    )
    subject = Subject(product=product, planned=found, dist=results, seen=seen.checkout)
    return Report(findings=(first, *made(subject, *stages).findings, *(_far(subject) if credentials else ())))


def _far(subject: Subject) -> tuple[Finding, ...]:
    from release.check import credentials

    return credentials.made(subject)
