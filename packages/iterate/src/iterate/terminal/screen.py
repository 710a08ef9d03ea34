"""Text, errors and notes on the two outputs: results on stdout, whatever else there is to say on stderr."""

import json
import os
import sys
from collections.abc import Mapping
from typing import TextIO

from iterate.errors import Failure, OutputClosed

# C0 and C1 control characters but tab and line feed; an answer must not steer the user's terminal.
_CONTROLS = dict.fromkeys((*range(9), *range(11, 32), *range(127, 160)), "�")


def show(text: str) -> None:
    """Write a result to stdout, at once and exactly, in UTF-8; raises `OutputClosed`."""
    _write(sys.stdout, text)


def show_answer(text: str) -> None:
    """Write a piece of an answer to stdout; on a terminal without its control characters."""
    _write(sys.stdout, text.translate(_CONTROLS) if sys.stdout.isatty() else text)


def show_json(fields: Mapping[str, str | int | bool | None]) -> None:
    """Write one object as one line of JSON."""
    show(json.dumps(fields, ensure_ascii=False) + "\n")


def note(text: str) -> None:
    """Say something beside the result, on stderr."""
    _write(sys.stderr, f"note: {text}\n")


def show_failure(failure: Failure) -> None:
    """Say on stderr what went wrong, and what to do."""
    hint = f"hint: {failure.hint}\n" if failure.hint else ""
    _write(sys.stderr, f"error: {failure}\n{hint}")


def abandon_output() -> None:
    """Point the outputs at nothing, so that Python does not complain at exit that it cannot flush them."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for number in (1, 2):
        os.dup2(nowhere, number)


def _write(output: TextIO, text: str) -> None:
    try:
        output.buffer.write(text.encode(errors="replace"))
        output.buffer.flush()
    except OSError as problem:
        raise OutputClosed(f"cannot write the output: {problem.strerror}") from problem
