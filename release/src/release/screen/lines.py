"""Steps as lines of text: cut by the cells that a terminal gives to characters, wrapped where nothing may be lost."""

import functools
import time
from collections.abc import Callable, Sequence

from release.progress import Mark, Step

WIDTH = 80
NARROWEST = 24
_NARROW = 60  # cells; in a terminal of fewer even words are broken
_BEFORE = 15  # cells before what a step is about: its mark and its name
_NAME = _BEFORE - 6
_SUBJECT = 20
_MARKS = {None: "..", Mark.OK: "ok", Mark.SKIPPED: "--", Mark.FAILED: "!!", Mark.CANCELLED: "!!"}
_MINUTE, _HOUR, _TEN = 60, 3600, 10


# --- cells -------------------------------------------------------------------------------------------------


@functools.cache
def _measure() -> Callable[[str], int]:
    from rich.cells import cell_len  # not before a text needs it

    return cell_len


def cells(text: str) -> int:
    """How many cells of a terminal a text takes; a Chinese character takes two."""
    return len(text) if text.isascii() else _measure()(text)


def plain(text: str) -> str:
    """The text with whatever would move a terminal's cursor or change its colours spelt out, line ends too."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else " " if each in "\n\t\r" else ascii(each)[1:-1] for each in text)


def cut(text: str, width: int) -> str:
    """As much of a text as fits, with a mark where something is missing."""
    if cells(text) <= width:
        return text
    kept = ""
    for each in text:
        if cells(kept + each) > width - 1:
            break
        kept += each
    return kept.rstrip() + "~" if width > 0 else ""


def filled(text: str, width: int) -> str:
    """The text with spaces behind it, up to a width."""
    return text + " " * max(0, width - cells(text))


def wrapped(text: str, width: int, *, breaks: bool = False) -> list[str]:
    """The text as lines that fit; only a single word may be longer, unless it may be broken."""
    lines, line = [], ""
    words = plain(text).split()
    for word in [part for whole in words for part in _parts(whole, width)] if breaks else words:
        if line and cells(line) + 1 + cells(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return [*lines, line] if line or not lines else lines


def folded(text: str, width: int, before: int) -> str:
    """Words of several lines, of which the first has something before it, in lines that are not too long.

    Only a single word may be longer: somebody may want to copy it.
    """
    made: list[str] = []
    for line in text.splitlines():
        own = len(line) - len(line.lstrip())
        further = own + 2 if own else before
        first, *rest = wrapped(line.strip(), max(width - 1 - further, NARROWEST))
        made += [" " * own + first, *(" " * further + part for part in rest)]
    return "\n".join(made)


def plural(count: int, what: str) -> str:
    """A number of things: `1 target`, `2 targets`."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def _parts(word: str, width: int) -> list[str]:
    """A word in pieces that fit."""
    parts = [""]
    for each in word:
        if parts[-1] and cells(parts[-1] + each) > width:
            parts.append("")
        parts[-1] += each
    return parts


# --- times -------------------------------------------------------------------------------------------------


def clock(seconds: float) -> str:
    """A time that goes on: minutes and seconds."""
    minutes, rest = divmod(int(seconds), _MINUTE)
    hours, minutes = divmod(minutes, _MINUTE)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def took(seconds: float) -> str:
    """A time that is over: the shorter, the more exact."""
    if seconds < _TEN:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < _MINUTE else clock(seconds)


def title(left: str, right: str, width: int = WIDTH) -> list[str]:
    """The first line: what it is about, and at its end what must not be overlooked."""
    *lines, last = wrapped(left, width - 1) if cells(left) > width - 1 else [plain(left)]
    gap = width - 1 - cells(last) - cells(right)
    if not right:
        return [*lines, last]
    return (
        [*lines, f"{last}{' ' * gap}{right}"]
        if gap > 1
        else [*lines, last, f"{' ' * (width - 1 - cells(right))}{right}"]
    )


# --- steps -------------------------------------------------------------------------------------------------


def ended(step: Step, width: int = WIDTH) -> list[str]:
    """A step that has ended: its line, and below it what belongs to it; nothing is cut."""
    subject, detail = plain(step.subject), step.detail
    if step.mark in {Mark.FAILED, Mark.CANCELLED} and not detail:
        detail = ": ".join(filter(None, (str(step.mark), _going(step, ", "))))
    about = _about(subject) if detail else subject
    if cells(about) + _BEFORE >= width // 3 * 2:  # a column of its own would leave no room
        about, detail = "", f"{subject}  {detail}".strip()
    shown = took(step.seconds)
    room = max(width - 1 - _BEFORE - cells(about) - 2 - cells(shown), 1)
    fits = "\n" not in detail and cells(detail) <= room
    first, *rest = [detail] if fits else wrapped(detail, room, breaks=width < _NARROW)
    left = f"{_begun(step)}{about}{first}"
    gap = max(2, width - 1 - cells(left) - cells(shown))
    indent = " " * (_BEFORE + cells(about))
    lines = [f"{left}{' ' * gap}{shown}", *(f"{indent}{line}" for line in rest)]
    for note in step.notes:
        lines += noted(note, width)
    for each in step.inner:
        if each.notes or each.mark is Mark.FAILED:
            lines += _inside(each, width)
    return lines


def noted(note: str, width: int = WIDTH, before: int = _BEFORE) -> list[str]:
    """A note, below the step that it belongs to."""
    indent = " " * before
    lines = [line for part in note.splitlines() for line in wrapped(part, max(width - 1 - before, NARROWEST))]
    return [f"{indent}{line}" for line in lines]


def going(opened: Sequence[Step], width: int | None) -> str:
    """The line of what is going on now, cut to fit; without a width, whole."""
    outer, inner = opened[0], opened[-1]
    shown = clock(time.monotonic() - outer.begun)
    if outer.expected is not None and outer.expected >= _TEN:
        shown += f" of ~{clock(outer.expected)}"
    subject = plain(outer.subject)
    left = _begun(outer) + _about(subject)
    texts = _from_long_to_short(outer, inner)
    if width is None:
        return f"{left}{texts[0]}  {shown}"
    room = width - 1 - cells(left) - 2 - cells(shown)
    text = next((each for each in texts if cells(each) <= room), cut(texts[0], max(room, 0)))
    body = cut(left + text, max(width - 3 - cells(shown), 1))
    return cut(f"{filled(body, width - 1 - cells(shown))}{shown}", width - 1)


def _about(subject: str) -> str:
    """The subject in its column; one that is longer keeps its distance."""
    if not subject:
        return ""
    return f"{filled(subject, _SUBJECT)} " if cells(subject) <= _SUBJECT else f"{subject}  "


def _from_long_to_short(outer: Step, inner: Step) -> list[str]:
    """What goes on, with less and less around how far it is."""
    title = "" if inner is outer else " ".join(filter(None, (inner.name, inner.subject)))
    far = f"{inner.done} of {inner.total}" if inner.total else ""
    going = _going(inner, ", ")
    texts = [": ".join(filter(None, (title, going))), *([going] if going else []), f"{far} {inner.unit}".rstrip(), far]
    return [plain(each) for each in texts if each or not title]


def _begun(step: Step) -> str:
    return f" {_MARKS[step.mark]}  {filled(step.name, _NAME)} "


def _going(step: Step, between: str) -> str:
    far = f"{step.done} of {step.total} {step.unit}".rstrip() if step.total else ""
    return between.join(filter(None, (step.now, far)))


def _inside(step: Step, width: int) -> list[str]:
    """A step of another one, below that."""
    title = " ".join(filter(None, (step.name, plain(step.subject))))
    failed = "failed: " if step.mark is Mark.FAILED else ""
    first = noted(f"{title}: {failed}{step.detail}".rstrip(": ") if step.detail or failed else title, width)
    return [*first, *(line for note in step.notes for line in noted(note, width, _BEFORE + 2))]
