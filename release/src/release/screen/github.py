"""What GitHub Actions reads off a log and from a file: annotations, and the summary of a job."""

from collections.abc import Sequence

from release.progress import Mark, Step
from release.screen import lines

_LEVELS = {Mark.OK: "ok", Mark.SKIPPED: "skipped", Mark.FAILED: "**failed**", Mark.CANCELLED: "**cancelled**"}


def annotation(message: str, hint: str, *, title: str, file: str = "") -> str:
    """The command that shows a failure at the top of a run, and beside a file where one is named.

    https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
    """
    about = [f"file={_property(file)}"] if file else []
    about.append(f"title={_property(title)}")
    return f"::error {','.join(about)}::{_text(f'{message}\nhint: {hint}')}"


def summary(title: str, steps: Sequence[Step]) -> str:
    """The steps as a table of Markdown, with what belongs to each below it."""
    rows = [
        f"| {_cell(step.name)} | {_cell(step.subject)} | {_LEVELS.get(step.mark or Mark.OK)} | {_cell(step.detail)} "
        f"| {lines.took(step.seconds)} |"
        for step in steps
        if step.is_shown
    ]
    notes = [f"- {step.name} {_cell(step.subject)}: {_cell(note)}" for step in steps for note in step.notes]
    head = [f"### {_cell(title)}", "", "| step | of | ended | with | took |", "|---|---|---|---|---|"]
    return "\n".join([*head, *rows, "", *notes, ""])


def _text(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _text(text).replace(":", "%3A").replace(",", "%2C")


def _cell(text: str) -> str:
    """A text that cannot end its cell or be anything but text."""
    plain = lines.plain(text).replace("\\", "\\\\")
    for mark in "|`*_<>[]":
        plain = plain.replace(mark, f"\\{mark}")
    return plain
