"""Text, errors and notes on the two outputs: results on stdout, whatever else there is to say on stderr.

On a terminal everything is made fit for it (`iterate.foreign`). A pipe or a file gets results exactly, in UTF-8.
"""

import contextlib
import errno
import os
import sys
from collections.abc import Mapping
from typing import BinaryIO, TextIO

from iterate import foreign
from iterate.errors import Failure, OutputClosed, OutputFailed

# What the system says when the reader is gone: a pipe, a socket, and a pipe on Windows.
_GONE = {errno.EPIPE, errno.ECONNRESET, errno.ESHUTDOWN, *({errno.EINVAL} if sys.platform == "win32" else set())}


_NARROWEST = 24  # cells that words are folded to at the least


class _Line:
    """Whether the terminal's cursor stands behind text of an answer, so that the next message would stick to it."""

    is_open = False
    is_moving = False  # there is a line on stderr that `moving` wrote


def show(text: str) -> None:
    """Write a result to stdout, at once; raises `OutputClosed`, `OutputFailed`."""
    output = sys.stdout
    if not _is_terminal(output):
        _write(output, text.encode(errors="replace"))
    elif text:
        moving("")
        _Line.is_open = not text.endswith("\n")
        _write(output, foreign.plain(text).encode(output.encoding, errors="replace"))


def beside(before: str, last: str) -> str:
    """A row of a result whose last cell is words: on a terminal these stay in their column, elsewhere in one line."""
    from iterate.terminal.width import width

    columns, used = _columns(sys.stdout), width(before)
    if not columns or used + width(last) < columns:
        return before + last
    if columns - 1 - used >= _NARROWEST:
        first, *rest = _fitting(last, columns - 1 - used)
        return "\n".join([before + first, *(" " * used + each for each in rest)])
    return "\n".join([before.rstrip(), *("    " + each for each in _fitting(last, columns - 1 - 4))])


def send(sequence: str) -> None:
    """Send a terminal what was made for it: rows of ours, in which foreign text is made fit already."""
    moving("")
    output = sys.stdout
    encoding = output.encoding if output is not None else "utf-8"
    _write(output, sequence.encode(encoding, errors="replace"))


def prompt(text: str) -> None:
    """Say something on stderr that the next words stand behind, such as an answer that is typed."""
    _end_line()
    with contextlib.suppress(OutputClosed, OutputFailed):
        _write(sys.stderr, foreign.plain(text).encode(errors="replace"))


def say(text: str) -> None:
    """Say whole lines beside the result, on stderr."""
    if text:
        _say(foreign.plain(text))


def is_terminal() -> bool:
    """Whether results are shown on a terminal."""
    return _is_terminal(sys.stdout)


def show_json(fields: Mapping[str, str | int | bool | None]) -> None:
    """Write one object as one line of JSON."""
    import json  # The first frame of a conversation needs none.

    show_json_line(json.dumps(fields, ensure_ascii=False))


def show_json_line(line: str) -> None:
    """Write what is JSON already as one line."""
    _write(sys.stdout, f"{foreign.escaped(line)}\n".encode(errors="replace"))


def raw(data: bytes) -> None:
    """Write bytes of another terminal as they are; raises `OutputClosed`, `OutputFailed`."""
    _write(sys.stdout, data)


def note(text: str) -> None:
    """Say something beside the result, on stderr."""
    _say(f"note: {foreign.indented(text)}\n")


def is_watched() -> bool:
    """Whether a person sees both outputs on a terminal, and no program reads one."""
    return _is_terminal(sys.stdout) and _is_terminal(sys.stderr)


def notice(text: str) -> None:
    """Say one line to somebody who `is_watched`, at the end of a command: in one write, and nothing else."""
    _end_line()
    output = sys.stderr
    if output is not None:
        with contextlib.suppress(OutputClosed, OutputFailed):
            _write(output, f"note: {foreign.indented(text)}\n".encode(output.encoding, errors="replace"))


def tell(text: str) -> None:
    """Say what is going on, on stderr, where the result on stdout is for a program to read."""
    _say(f"{foreign.indented(text)}\n")


def can_ask() -> bool:
    """Whether a person can be asked, and see the question."""
    return _is_terminal(sys.stdin) and _is_terminal(sys.stderr)


def ask(question: str) -> bool:
    """Ask a person who `can_ask` whether to go on; anything but yes is no."""
    _end_line()
    with contextlib.suppress(OutputClosed, OutputFailed):
        _write(sys.stderr, f"{question} [y/N] ".encode())
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def ask_hidden(question: str) -> str:
    """What a person who `can_ask` types, without showing it; empty when they leave."""
    import getpass

    _end_line()
    try:
        return getpass.getpass(question, stream=sys.stderr)
    except EOFError:
        return ""


def waiting(text: str) -> None:
    """Say what a person at a terminal waits for; nothing is said elsewhere."""
    if _is_terminal(sys.stderr):
        _say(f"{foreign.indented(text)} ...\n")


def moving(text: str) -> None:
    """Say how far something is, to a person at a terminal, in a line that the next such text replaces.

    An empty text removes the line; so does everything else that is said. Nothing is said elsewhere.
    """
    if (text or _Line.is_moving) and _is_terminal(sys.stderr):
        _Line.is_moving = bool(text)
        with contextlib.suppress(OutputClosed, OutputFailed):
            _write(sys.stderr, f"\r\x1b[K{foreign.plain(text)}".encode())


def show_failure(failure: Failure) -> None:
    """Say on stderr what went wrong, and what to do."""
    hint = f"hint: {_folded(failure.hint, len('hint: '))}\n" if failure.hint else ""
    _say(f"error: {_folded(str(failure), len('error: '))}\n{hint}")


def _folded(text: str, before: int) -> str:
    """Foreign words as they are shown: on a terminal in lines that fit, of which only the first begins where ours do.

    Only a single word may be longer, because somebody may want to copy it.
    """
    plain = foreign.indented(text)
    columns = _columns(sys.stderr)
    if not columns:
        return plain
    made: list[str] = []
    for line in plain.split("\n"):
        own = len(line) - len(line.lstrip(" "))
        further = " " * (own + 2 if own else before)
        first, *rest = _fitting(line, columns - 1 - len(further))
        made += [" " * own + first, *(further + each for each in rest)]
    return "\n".join(made)


def _fitting(line: str, room: int) -> list[str]:
    """The words of a line in as many lines as they need."""
    from iterate.terminal.width import width

    found = [""]
    for word in line.split():
        if found[-1] and width(f"{found[-1]} {word}") > max(room, _NARROWEST):
            found.append("")
        found[-1] = f"{found[-1]} {word}".lstrip()
    return found


def _columns(output: TextIO | None) -> int:
    """How wide the terminal is that an output goes to; 0 where it goes to none, or that does not say."""
    if output is None or not _is_terminal(output):
        return 0
    try:
        return os.get_terminal_size(output.fileno()).columns
    except OSError:
        return 0


def _end_line() -> None:
    moving("")
    if _Line.is_open:
        with contextlib.suppress(OutputClosed, OutputFailed):
            show("\n")


def _say(text: str) -> None:
    # Nobody is left to be told that the messages cannot be written; the exit code says enough.
    _end_line()
    output = sys.stderr
    encoding = output.encoding if _is_terminal(output) else "utf-8"
    with contextlib.suppress(OutputClosed, OutputFailed):
        _write(output, text.encode(encoding, errors="replace"))


def _is_terminal(output: TextIO | None) -> bool:
    return output is not None and output.isatty()


def _write(output: TextIO | None, content: bytes) -> None:
    if output is None:
        raise OutputFailed("the output is closed")
    try:
        _write_whole(output.buffer, content)
    except OSError as problem:
        _abandon(output)
        if problem.errno in _GONE:
            raise OutputClosed("whoever reads the output is gone") from problem
        if problem.errno == errno.EBADF:
            raise OutputFailed("the output is closed") from problem
        raise OutputFailed(f"cannot write the output: {problem.strerror}") from problem


def _write_whole(output: BinaryIO, content: bytes) -> None:
    """Write all of it, also where a write may take a part: without a buffer, and where one is set not to wait."""
    rest = memoryview(content)
    while rest:
        try:
            # Whatever its type says: None from an unbuffered output that has no room.
            taken: int | None = output.write(rest)
        except BlockingIOError as full:
            taken = full.characters_written or None
        if taken is None:
            _wait_for_room(output)
        else:
            rest = rest[taken:]
    while not _is_flushed(output):
        _wait_for_room(output)


def _wait_for_room(output: BinaryIO) -> None:
    import select  # A library of its own to load, for what hardly ever happens.

    select.select([], [output], [])


def _is_flushed(output: BinaryIO) -> bool:
    try:
        output.flush()
    except BlockingIOError:
        return False
    return True


def _abandon(output: TextIO) -> None:
    """Point the output at nothing, so that Python does not complain at exit that it cannot flush it."""
    with contextlib.suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, output.fileno())
        os.close(nowhere)
