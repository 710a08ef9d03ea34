"""The record of runs in a folder of results: how each step ended, and how long it took, the last time."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from release import disk
from release.errors import ReleaseError
from release.progress import Mark, Step

FILE = "run.json"


class Timed(msgspec.Struct, frozen=True, kw_only=True):
    """A step that has ended.

    Attributes:
        ended: how, and when: a time of ISO 8601, in UTC.
        seconds: how long it took.
        good: how long it took when it last went well, in seconds; None for never.
        steps: its own steps.
    """

    name: str
    subject: str = ""
    ended: Mark
    when: str = ""
    detail: str = ""
    seconds: float
    good: float | None = None
    notes: tuple[str, ...] = ()
    steps: "tuple[Timed, ...]" = ()


class _File(msgspec.Struct, frozen=True, kw_only=True):
    schema: int = 1
    steps: tuple[Timed, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What was run, by the name and the subject of each step."""

    steps: tuple[Timed, ...] = ()

    def expected(self, step: Step) -> float | None:
        """How long a step took when it last went well."""
        return next((each.good for each in self.steps if _key(each) == _key(step)), None)

    def last(self, name: str) -> Timed | None:
        """The newest step of a name."""
        return max((each for each in self.steps if each.name == name), key=lambda each: each.when, default=None)


def read(dist: Path) -> Record:
    """The record; empty where there is none, or one that cannot be read: nothing depends on it."""
    try:
        return Record(steps=msgspec.json.decode((dist / FILE).read_bytes(), type=_File).steps)
    except (OSError, msgspec.MsgspecError):
        return Record()


def write(dist: Path, before: Record, steps: Sequence[Step]) -> None:
    """Put steps in the place of those that they repeat; quietly nowhere, where nothing can be written."""
    if not steps or not dist.is_dir():
        return
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    new = [_timed(step, now, before) for step in steps]
    again = {_key(each) for each in new}
    kept = [each for each in before.steps if _key(each) not in again]
    content = msgspec.json.format(msgspec.json.encode(_File(steps=(*kept, *new))))
    with suppress(ReleaseError, OSError):
        disk.write(dist / FILE, content + b"\n")


def as_json(steps: Sequence[Step]) -> list[object]:
    """Steps for programs."""
    value: list[object] = json.loads(msgspec.json.encode([_timed(step, "", Record()) for step in steps]))
    return value


def _timed(step: Step, now: str, before: Record) -> Timed:
    mark = step.mark or Mark.OK
    return Timed(
        name=step.name,
        subject=step.subject,
        ended=mark,
        when=now,
        detail=step.detail,
        seconds=round(step.seconds, 2),
        good=round(step.seconds, 2) if mark is Mark.OK else before.expected(step),
        notes=tuple(step.notes),
        steps=tuple(_timed(each, "", Record()) for each in step.inner),
    )


def _key(step: Step | Timed) -> tuple[str, str]:
    return step.name, step.subject
