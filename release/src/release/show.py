"""Values as text for people, at 80 columns; `screen` prints them."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from release.manifest import REHEARSAL
from release.model import Artifact, Outcome, Packager, Plan, Receipt
from release.product import Product, Target
from release.progress import Step
from release.screen.lines import WIDTH, cells, filled, plural, took, wrapped

if TYPE_CHECKING:  # what these bring along costs more than a plan takes
    from release.check import Report
    from release.keys import standing as ceremonies
    from release.refresh import Refreshed
    from release.status import Standing
    from release.verify.check import Check
    from release.where import Where
    from release.withdraw import Withdrawn


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell; the last one under a short line, and wrapped where it would not fit."""
    widths = [max(cells(row[column]) for row in (head, *rows)) for column in range(len(head))]
    widths[-1] = len(head[-1])
    lines = [
        line
        for row in (head, ["-" * width for width in widths], *rows)
        for line in _row([filled(cell, width) for cell, width in zip(row[:-1], widths, strict=False)], row[-1])
    ]
    return "\n".join(line.rstrip() for line in lines)


def _row(first: Sequence[str], last: str) -> list[str]:
    """The lines of a row: what does not fit behind the other cells stands below, by itself where a word is too long."""
    before = "".join(f"{cell}  " for cell in first)
    room = WIDTH - 1 - cells(before)
    if cells(last) <= room:
        return [before + last]
    if max(map(cells, last.split()), default=0) <= room:
        start, *rest = wrapped(last, room)
        return [before + start, *(" " * cells(before) + line for line in rest)]
    return [before, *("    " + line for line in wrapped(last, WIDTH - 1 - 4))]


def _block(text: str, before: int) -> list[str]:
    """Lines of somebody else's words, further in; those that are too long wrapped, still further in."""
    lines: list[str] = []
    for line in text.splitlines():
        own = before + len(line) - len(line.lstrip())
        lines += [" " * before + line] if before + cells(line) < WIDTH else _hanging(line.strip(), own)
    return lines


def plan(product: Product, planned: Plan, fleet: Sequence[Packager]) -> str:
    """A plan: what, from which commit, for which machines, under which names."""
    targets = [
        (target.name, target.runner + (f" in {target.container}" if target.container else ""))
        for target in planned.targets
    ]
    outlets = [(each.name, each.package(product, planned), each.spell(planned.version)) for each in fleet]
    source = f"{planned.commit[:12]}{f' on {planned.branch}' if planned.branch else ''}"
    dirty = ", with uncommitted changes" if planned.dirty else ""
    return "\n".join(
        (
            f"{product.name} {planned.version.text} ({planned.channel}) from {source}{dirty}",
            "",
            table(("target", "runner"), targets),
            "",
            table(("outlet", "package", "version"), outlets),
        )
    )


def artifacts(built: Sequence[Artifact]) -> str:
    """Archives with their sizes."""
    rows = [
        (
            each.file,
            "FAKE" if each.fake else each.size_shown,
            each.sha256[:8],
        )
        for each in built
    ]
    return table(("archive", "size", "sha256"), rows)


def receipts(made: Sequence[Receipt]) -> str:
    """What publishing came to."""
    marks = {Outcome.REFUSED: "REFUSED"}
    rows = [
        (
            each.outlet,
            each.package,
            marks.get(each.outcome, str(each.outcome)),
            ": ".join(filter(None, (each.where, each.detail))),
        )
        for each in made
    ]
    return table(("outlet", "package", "outcome", "where"), rows)


def standings(seen: "Sequence[Standing]") -> str:
    """How each outlet stands, why, and what to do about it."""
    from release.status import Word

    marks = {Word.DIFFERENT: "DIFFERENT"}
    rows = [
        (each.outlet, each.package or "-", marks.get(each.standing, str(each.standing)), each.holds or "-")
        for each in seen
    ]
    parts = [table(("outlet", "package", "stands", "holds"), rows)]
    lines: list[str] = []
    for each in seen:
        if each.standing not in {Word.SAME, Word.KEPT}:
            why = ": ".join(filter(None, (each.where, ", ".join(each.paths))))
            lines += [*_hanging(f"{each.outlet}: {why}", 0), *_hanging(each.advice, 4)]
    return "\n\n".join([*parts, "\n".join(lines)] if lines else parts)


def _hanging(text: str, before: int) -> list[str]:
    """Lines of at most 80 columns, all but the first further in."""
    first, *rest = wrapped(text, WIDTH - 1 - before - 4) if text else [""]
    return [" " * before + first, *(" " * (before + 4) + line for line in rest)] if first else []


def where(found: "Where") -> str:
    """Where a project stands, and what to type next."""
    wide = max(len(fact.name) for fact in found.facts)
    lines = [found.title]
    for fact in found.facts:
        before = f" {fact.mark}  {fact.name.ljust(wide)}  "
        text = [line for part in fact.detail.splitlines() for line in wrapped(part, WIDTH - 1 - len(before))]
        lines += [before + text[0], *(" " * len(before) + line for line in text[1:])]
    return "\n".join((*lines, following(*found.following)))


def timings(steps: Sequence[Step]) -> str:
    """How long each step took, and what of it the steps inside."""
    whole = sum(step.seconds for step in steps) or 1.0
    rows = []
    for step in steps:
        rows.append((f"{step.name} {step.subject}".rstrip(), took(step.seconds), f"{step.seconds / whole:.0%}"))
        rows += [(f"  {each.name} {each.subject}".rstrip(), took(each.seconds), "") for each in step.inner]
    return table(("step", "took", "share"), rows)


def question(planned: Sequence[Receipt]) -> str:
    """What is asked before something is pushed."""
    outlets = list(dict.fromkeys(each.outlet for each in planned if each.outcome is Outcome.PLANNED))
    return f"publish to {', '.join(outlets)}?"


def rehearsal(dist: Path) -> str:
    """What stands at the right of the first line where nothing counts."""
    return "[REHEARSAL]" if dist.name == REHEARSAL else ""


def about(product: Product, planned: Plan, profile: str) -> str:
    """Which release, and for which places."""
    return _titled(product, planned, f"profile {profile}")


def checks(tried: "Sequence[Check]") -> str:
    """What was tried, how it ended, and why; what failed is told in full below the table."""
    from release.verify.check import Result

    tried = [each for each in tried if each.is_wanted]
    marks = {Result.FAILED: "FAILED"}
    rows = [
        (
            each.name,
            marks.get(each.result, str(each.result)),
            f"{each.seconds:.1f} s",
            "see below" if each.result is Result.FAILED else each.detail,
        )
        for each in tried
    ]
    failures = [
        "\n".join((f"{each.name} failed:", *_block(each.detail, 2))) for each in tried if each.result is Result.FAILED
    ]
    counts = _counts([(sum(each.result is result for each in tried), result) for result in Result])
    return "\n\n".join((table(("check", "result", "time", "detail"), rows), *failures, counts))


def _counts(found: Sequence[tuple[int, str]]) -> str:
    """How many of each, where there are any."""
    return ", ".join(f"{count} {what}" for count, what in found if count)


def report(found: "Report", onward: Sequence[tuple[str, str]] = ()) -> str:
    """What was checked, how it ended, below each what is worth knowing, and what to type next.

    What is refused is told at the end, with its hint; then nothing comes next.
    """
    from release.check.finding import Verdict

    marks = {Verdict.REFUSED: "REFUSED"}
    rows = [
        (
            each.name,
            marks.get(each.verdict, str(each.verdict)),
            f"{each.seconds:.2f} s",
            "see below" if each.verdict is Verdict.REFUSED else each.detail,
        )
        for each in found.findings
    ]
    remarks = [
        "\n".join((f"{each.name}:", *(line for remark in each.remarks for line in _hanging(remark.line, 2))))
        for each in found.findings
        if each.remarks
    ]
    counts = _counts([(found.count(verdict), verdict) for verdict in Verdict])
    after = [] if found.failure is not None or not onward else [following(*onward)]
    return "\n\n".join((table(("check", "result", "time", "detail"), rows), *remarks, counts, *after))


def listed(notes: Sequence[str]) -> list[str]:
    """Notes as a list, each in as many lines as it needs."""
    lines: list[str] = []
    for note in notes:
        first, *rest = wrapped(note, WIDTH - 1 - 2)
        lines += [f"- {first}", *(f"  {line}" for line in rest)]
    return lines


def paths(written: Sequence[Path]) -> str:
    """Files, one a line, from the current folder where they are below it."""
    here = Path.cwd()
    return "\n".join(str(path.relative_to(here) if path.is_relative_to(here) else path) for path in written)


def title(product: Product, planned: Plan, targets: Sequence[Target]) -> str:
    """What a run is about: the first line of its screen."""
    return _titled(product, planned, f"{len(targets)} of {plural(len(planned.targets), 'target')}")


def _titled(product: Product, planned: Plan, what: str) -> str:
    """The release in a line; a version names its channel, but for the latest."""
    channel = [planned.channel] if planned.channel.is_tagged else []
    return "  ".join((f"{product.name} {planned.version.text}", *channel, planned.commit[:7], what))


def closing(
    seconds: float, folders: Sequence[Path], *, is_good: bool, again: str, onward: Sequence[tuple[str, str]]
) -> str:
    """The end of a whole run: the time, where things are, and what to type next; `again` repeats it."""
    end = "Done in" if is_good else "Not done, after"
    there = "  ".join(paths(folders).splitlines())
    first = f"{end} {took(seconds)}.  {there}".rstrip()
    if cells(first) >= WIDTH:
        first = f"{end} {took(seconds)}.\n  {there}"
    return f"{first}\n{following(*onward if is_good else ((again, 'again, when that is mended'),))}"


def following(*commands: tuple[str, str]) -> str:
    """What to type next, and what for."""
    wide = max((cells(command) for command, what in commands if what), default=0)
    before = 7  # "Next:  "
    lines: list[str] = []
    for command, what in commands:
        line = f"{filled(command, wide)}  {what}".rstrip() if what else command
        # Where both do not fit, the command stays whole, to be copied.
        lines += [line] if before + cells(line) <= WIDTH or not what else [command, f"  {what}"]
    return "Next:  " + f"\n{' ' * before}".join(lines)


def keys(standing: "ceremonies.Standing", made: Sequence[str], *, changed: str = "") -> str:
    """The keys of the signed channels, those that were just made, and whose move is next.

    Args:
        standing: what there is.
        made: private keys that are new.
        changed: the folder that a ceremony has just written to, for whoever held it to commit.
    """
    rows = [
        (
            row.role,
            f"{row.threshold} of {len(row.keyids)}",
            f"{row.expires:%Y-%m-%d}" if row.expires else "-",
            " ".join(keyid[:12] for keyid in row.keyids),
        )
        for row in standing.rows
    ]
    parts = [table(("role", "sign", "until", "keys"), rows)] if rows else []
    parts += ["revoked: " + " ".join(keyid[:12] for keyid in standing.revoked)] if standing.revoked else []
    parts += ["new private keys:\n" + "\n".join(f"  {path}" for path in made)] if made else []
    moves = list(standing.moves)
    if changed:
        then = "" if moves else "; the next publish, or `release refresh`, takes it to the site"
        moves.append(f"commit {changed}{then}")
    parts += ["\n".join(moves) or "nobody has to do anything now"]
    return "\n\n".join(parts)


def refreshed(done: "Refreshed") -> str:
    """What a refresh did, and when what it cannot renew ends."""
    rows = [(each.role, f"{each.expires:%Y-%m-%d}", "SOON" if each.soon else "") for each in done.endings]
    stale = [f"{name} is signed with keys that count no more" for name in done.stale]
    return "\n\n".join((f"{done.where}: {done.done}", table(("role", "until", ""), rows), *stale))


def withdrawn(done: "Withdrawn") -> str:
    """What a stream has after a version was taken back."""
    return f"{done.where}: {done.done}\n{done.stream} has {done.version}; withdrawn: {', '.join(done.withdrawn)}"
