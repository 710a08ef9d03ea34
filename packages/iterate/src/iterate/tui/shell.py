"""A line for the shell, by the person's own word: on a terminal of the server, shown while it runs, typed into.

It is the person who runs it, so nothing is asked and nothing confines it, as in the shell beside this window.
"""

import base64
import codecs
import os
import re
import select
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from iterate.config.bindings import Context
from iterate.errors import Failure, FolderUnusable
from iterate.terminal import rows, tally
from iterate.terminal.keys import Key
from iterate.terminal.rows import Row, span
from iterate.tui import said
from iterate.tui.contract import Body, Picture, Program, Size

if TYPE_CHECKING:
    from iterate.talk import Talk

# While it runs so many rows are seen; of what ended so many stay.
_TAIL, _KEPT = 10, 40
# Of what it printed so much is kept, and so much goes to the model: the beginning and the end.
_MOST = 400_000
_TOLD = 30_000
_COLUMNS, _LINES = 100, 40
# Of a line so much names what it printed.
_NAMED = 60
# Sequences of a terminal: they colour, move and ask.
_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[PX^_][^\x1b]*\x1b\\|(?![\[\]PX^_])[ -/]*[0-~])"
)
_SHELLS = frozenset({"sh", "bash", "zsh", "dash", "ksh", "fish"})
_SENT: dict[str, bytes] = {
    "enter": b"\r",
    "tab": b"\t",
    "backspace": b"\x7f",
    "ctrl+c": b"\x03",
    "ctrl+d": b"\x04",
    "up": b"\x1b[A",
    "down": b"\x1b[B",
    "right": b"\x1b[C",
    "left": b"\x1b[D",
}


def run(program: Program, line: str, *, is_shown: bool) -> None:
    """Run it; what it printed goes along with the next prompt where the model is to see it."""
    shell = Shell(program, line, is_shown=is_shown)
    try:
        where = body(program.workspace(), line)
    except FolderUnusable as failure:
        program.fail(failure)
        return
    program.show(shell)
    program.call("POST", "/pty", where, then=shell.begun, otherwise=shell.failed)


def body(where: Body, line: str) -> Body:
    """Where and with what it runs: a terminal that shows nothing but text.

    Raises `FolderUnusable` where there is no folder: a server would take the home, and the line was not meant for that.
    """
    if not where.get("directory"):
        raise FolderUnusable("this conversation has no folder, so nothing runs here")
    given = where.get("environment")
    variables = {str(name): str(value) for name, value in given.items()} if isinstance(given, dict) else {}
    shell = variables.get("SHELL", "")
    words = [shell if os.path.basename(shell) in _SHELLS else "/bin/sh", "-c", line]  # noqa: PTH119  # Of the server.
    variables |= {"TERM": "dumb", "PAGER": "cat", "GIT_PAGER": "cat"}
    return {
        "command": words,
        "workspace": {**where, "environment": variables},
        "columns": _COLUMNS,
        "rows": _LINES,
        "title": line[:100],
    }


class Output:
    """What a terminal was sent, as text: lines that were written over are gone, and nothing steers."""

    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._rest = ""
        self._lines: deque[str] = deque()
        self._size = 0
        # Lines at the beginning that were dropped, because there were too many.
        self.lost = 0
        self._open = ""

    def take(self, content: bytes) -> None:
        """More of it; a sequence that has not come whole waits."""
        text = self._rest + self._decode(content)
        cut = text.rfind("\x1b", -64)
        self._rest = text[cut:] if cut >= 0 and not _ESCAPES.match(text, cut) else ""
        text = text[:cut] if self._rest else text
        pieces = _ESCAPES.sub("", text).replace("\r\n", "\n").split("\n")
        pieces[0] = self._open + pieces[0]
        for each in pieces[:-1]:
            self._keep(_written(each))
        # A carriage return may be the half of an end of a line.
        self._open = pieces[-1] if pieces[-1].endswith("\r") else _written(pieces[-1])

    def lines(self) -> list[str]:
        """All that is kept."""
        last = _written(self._open)
        return [*self._lines, *([last] if last else [])]

    def whole(self) -> list[str]:
        """The lines that are kept and have come to their end."""
        return list(self._lines)

    def _keep(self, line: str) -> None:
        self._lines.append(line)
        self._size += len(line) + 1
        while self._size > _MOST and len(self._lines) > 1:
            self._size -= len(self._lines.popleft()) + 1
            self.lost += 1


class Shell:
    """One that runs, on top of the line: what is typed goes to it."""

    is_lasting, is_short = True, False
    context: Context = "list"
    escapes = "lets it go on"

    def __init__(self, program: Program, line: str, *, is_shown: bool) -> None:
        self._program = program
        self._line = line
        self._is_shown = is_shown
        self._output = Output()
        self._id = ""
        self._waiting: deque[bytes] = deque()
        self._wake = -1
        self._interrupts = 0
        # Whether it was let go once.
        self._is_behind = False

    def begun(self, body: Body) -> None:
        """It runs: follow it in a thread."""
        self._id = said.heard(body).word("id")
        reader, self._wake = os.pipe()
        program, id_ = self._program, self._id

        def job() -> str:
            from iterate.talk import Talk

            try:
                talk = Talk(program.server(), f"/pty/{id_}/connect")
                try:
                    return follow(talk, reader, self._waiting, lambda data: program.post(lambda: self.take(data)))
                finally:
                    talk.close()
            except Failure as failure:
                return f"lost {failure}"
            finally:
                os.close(reader)

        program.work(job, self.ended)

    def failed(self, failure: Failure) -> None:
        """It could not be started."""
        self._program.close(self)
        self._come_back()
        self._program.fail(failure)

    def take(self, data: bytes) -> None:
        """It printed something."""
        self._output.take(data)
        self._program.refresh()

    def act(self, action: str, key: Key) -> bool:
        """Text and keys go to it; Ctrl-C ends it, the third time for sure; Esc lets it go on in the background."""
        name = "ctrl+c" if action == "interrupt" else key.name
        if name == "escape":
            self._let_go()
            return True
        if name == "ctrl+c":
            self._interrupts += 1
            if self._interrupts > 2 and self._id:  # noqa: PLR2004
                self._program.call("DELETE", f"/pty/{self._id}", then=lambda _: None, otherwise=lambda _: None)
        data = key.text.encode() if name in {"text", "paste"} else _SENT.get(name, b"")
        if data:
            self._waiting.append(data)
            self._nudge(b"\n")
        return True

    def _let_go(self) -> None:
        """It goes on behind the conversation, and is not forgotten there."""
        self._program.close(self)
        if not self._is_behind:
            self._is_behind = True
            told = "  goes on, and its end is told; ! alone shows it again, and Ctrl-C ends it there"
            self._program.say([self._head, said.line(told, "dim"), ()])
        behind(self._program).append(self)

    def _come_back(self) -> None:
        """It is not behind any more."""
        kept = behind(self._program)
        kept[:] = [each for each in kept if each is not self]

    def show(self) -> None:
        """Put it on top again."""
        self._come_back()
        self._program.show(self)

    @property
    def _head(self) -> Row:
        mark = "! " if self._is_shown else "!! "
        return rows.row(span(mark, "prompt"), span(self._line, "bold"))

    def picture(self, room: Size) -> Picture:
        """The line, the last rows of what it printed, and what keys do."""
        most = max(1, min(_TAIL, room.lines - 2))
        head = rows.clipped(self._head, room.columns)
        tail = _rows(self._output.lines()[-most:], room.columns)[-most:]
        found = [head, *tail]
        if len(found) < room.lines:
            hint = "Ctrl-C ends it  Esc lets it go on" if self._id else "starts"
            found.append(rows.clipped((span(hint, "dim"),), room.columns))
        return Picture(found[: room.lines])

    def _nudge(self, what: bytes) -> None:
        if self._wake >= 0:
            os.write(self._wake, what)

    def ended(self, reason: object) -> None:
        """It came to an end: an exit code, or a signal."""
        if self._wake >= 0:
            os.close(self._wake)
            self._wake = -1
        program, lines = self._program, self._output.lines()
        program.close(self)
        self._come_back()
        code = coded(str(reason))
        left = max(0, len(lines) - _KEPT) + self._output.lost
        shown: list[Row] = [self._head]
        if left:
            shown.append(said.line(f"  {tally.counted(left, 'line')} before this", "dim"))
        shown += [rows.row("  ", span(each)) for each in lines[-_KEPT:]]
        if code != "0":
            shown.append(said.line(f"  exit {code}", "bad"))
        elif self._is_behind:
            shown.append(said.line("  has ended", "dim"))
        if self._is_shown:
            shown.append(said.line("  goes to the model with the next prompt", "dim"))
            program.add(told(self._line, lines, code, self._output.lost))
        program.say([*shown, ()])


def follow(talk: "Talk", wake: int, waiting: deque[bytes], take: Callable[[bytes], None]) -> str:
    """Hand on what comes, send what waits; the reason of the end."""
    for message in talk.begun():
        if isinstance(message, bytes):
            take(message)
    while talk.closed is None:
        ready, _, _ = select.select([talk.fileno(), wake], [], [])
        if wake in ready:
            os.read(wake, 100)
            while waiting:
                talk.send(waiting.popleft())
        if talk.fileno() in ready:
            data = b"".join(each for each in talk.messages() if isinstance(each, bytes))
            if data:
                take(data)
    return talk.closed[1]


def coded(reason: str) -> str:
    """How it ended: its code, or what ended it."""
    word, _, number = reason.partition(" ")
    return {"exit": number, "signal": f"signal {number}"}.get(word, f"unknown: {number or 'the server is gone'}")


def told(line: str, lines: list[str], code: str, lost: int) -> Body:
    """What the model is told of it, as a file of the prompt."""
    text = "\n".join(lines)
    if len(text) > _TOLD:
        text = f"{text[: _TOLD // 3]}\n[{len(text) - _TOLD:,} characters left out]\n{text[-_TOLD * 2 // 3 :]}"
    head = f"The person ran this in the shell:\n$ {line}\n" + (f"[{lost:,} lines before this]\n" if lost else "")
    whole = f"{head}{text}\n[exit {code}]\n"
    data = base64.b64encode(whole.encode()).decode()
    return {"name": f"output of ! {_short(line)}", "media_type": "text/plain", "url": f"data:text/plain;base64,{data}"}


def _short(line: str) -> str:
    """A line as it is named: of a long one the beginning."""
    plain = " ".join(line.split())
    return plain if len(plain) <= _NAMED else f"{plain[: _NAMED - 1]}\N{HORIZONTAL ELLIPSIS}"


def behind(program: Program) -> "list[Shell]":
    """Those that were let go and have not ended, the newest last."""
    kept = program.kept.setdefault("shells", [])
    assert isinstance(kept, list)  # noqa: S101  # Ours alone.
    return kept


def _rows(lines: list[str], room: int) -> list[Row]:
    return [row for line in lines for row in rows.wrapped([span(line)], room, [span("  ")], [span("  ")])]


def _written(line: str) -> str:
    """A line behind its carriage returns and backspaces."""
    line = line.rstrip("\r")
    line = line[line.rfind("\r") + 1 :]
    while "\b" in line:
        at = line.index("\b")
        line = line[: max(0, at - 1)] + line[at + 1 :]
    return line
