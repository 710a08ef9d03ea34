"""What commands do with the session that is open: take back, sum up, rename, carry away, copy, count."""

import os
import time
from pathlib import Path
from typing import Literal

from iterate.errors import Failure, FilesChangedSince, OutputFailed, UsageError
from iterate.terminal import tally
from iterate.tui import said
from iterate.tui.contract import Body, Program
from iterate.tui.page import Page

# A model that sums up takes its time.
_COMPACT_S = 300.0


def undo(program: Program, rest: str) -> None:
    """Take the last prompt and its changes of files back."""
    _turn(program, "revert", {"to": None}, leaves_changed=rest == "leave")


def redo(program: Program, rest: str) -> None:
    """Bring back what was taken back."""
    _turn(program, "unrevert", {}, leaves_changed=rest == "leave")


def _turn(program: Program, verb: Literal["revert", "unrevert"], body: Body, *, leaves_changed: bool) -> None:
    session = program.session

    def failed(failure: Failure) -> None:
        if isinstance(failure, FilesChangedSince) and not leaves_changed:
            from iterate.tui import rewind

            rewind.ask_for_others(program, failure, "take" if verb == "revert" else "bring", others, time.monotonic)
        else:
            program.fail(failure)

    def others() -> None:
        if program.session == session:
            _turn(program, verb, body, leaves_changed=True)

    whole = {**body, "leaves_changed": leaves_changed}
    # The session itself tells what became of it, here as to all others who look.
    program.call("POST", f"/session/{session}/{verb}", whole, then=lambda _: None, otherwise=failed)


def compact(program: Program, _rest: str) -> None:
    """Have the session summed up."""

    def told(summed: Body) -> None:
        of = said.heard(summed)
        words = f"{of.count('tokens_before'):,} tokens became {of.count('tokens_after'):,}"
        program.tell("")
        program.say([*(said.line(each) for each in of.word("summary").split("\n")), said.line(words, "dim")])

    def failed(failure: Failure) -> None:
        program.tell("")
        program.fail(failure)

    program.tell("the model sums up; Esc ends it")
    body: Body = {"model": program.model, "workspace": program.workspace()}
    path = f"/session/{program.session}/compact"
    program.call("POST", path, body, then=told, otherwise=failed, timeout_s=_COMPACT_S)


def uncompact(program: Program, _rest: str) -> None:
    """The newest summary counts no more."""
    path = f"/session/{program.session}/compact"
    program.call("DELETE", path, then=lambda _: program.tell("the model reads all of it again"))


def opened(program: Program, rest: str) -> None:
    """All of a call."""
    if not (rest.isascii() and rest.isdigit()):
        program.fail(UsageError("/open takes the number of a call", "it stands before the call, such as /open 3"))
        return
    found = list(program.opened(int(rest)))
    program.show(Page(program, f"Call {rest}", lambda _: found))


def export(program: Program, rest: str) -> None:
    """Write the session into a file here: Markdown, or JSON where its name ends so."""
    name = rest or f"session-{program.session.removeprefix('ses_')[:8]}.md"
    base = Path.cwd() if program.is_elsewhere else Path(program.directory)
    path = base / Path(name).expanduser()
    is_json = path.suffix == ".json"

    def told(body: Body) -> None:
        if is_json:
            import json

            text = json.dumps(body, ensure_ascii=False, indent=1) + "\n"
        else:
            text = said.heard(body).word("markdown")
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            program.fail(UsageError(f"{path} is there already", "name another file: /export NAME"))
        except OSError as problem:
            program.fail(OutputFailed(f"{path} cannot be written: {problem.strerror}"))
        else:
            program.say([said.line(f"written to {path}", "dim")])

    program.call("GET", f"/session/{program.session}/{'export' if is_json else 'markdown'}", then=told)


def copy(program: Program, rest: str) -> None:
    """The last answer, or one of its blocks of code by its number, onto the clipboard."""
    text = program.answer
    if not text:
        program.fail(UsageError("there is no answer to copy yet", "it begins with the first prompt"))
        return
    if rest:
        found = blocks(text)
        if not (rest.isascii() and rest.isdigit() and 1 <= int(rest) <= len(found)):
            said_of = f"it has {tally.counted(len(found), 'block')} of code" if found else "it has no block of code"
            program.fail(UsageError(f"the last answer has no block {rest}", f"{said_of}; /copy takes all of it"))
            return
        text = found[int(rest) - 1]
    program.copy(text)
    program.tell(f"copied {tally.counted(text.count(chr(10)) + 1, 'line')}")


def blocks(markdown: str) -> list[str]:
    """The blocks of code between fences."""
    found: list[str] = []
    kept: list[str] = []
    fence, indent = "", 0
    for line in markdown.split("\n"):
        bare = line.lstrip(" ")
        mark = bare[:1] * (len(bare) - len(bare.lstrip(bare[:1]))) if bare[:1] in {"`", "~"} else ""
        if not fence and len(mark) >= 3 and not (mark[0] == "`" and "`" in bare[len(mark) :]):  # noqa: PLR2004
            fence, kept, indent = mark, [], len(line) - len(bare)
        elif fence and mark.startswith(fence) and not bare[len(mark) :].strip():
            found.append("\n".join(kept) + "\n")
            fence = ""
        elif fence:
            kept.append(line[min(indent, len(line) - len(bare)) :])
    return [*found, "\n".join(kept) + "\n"] if fence else found


def initialise(program: Program, _rest: str) -> None:
    """Have the model write what agents are to know of the project."""
    program.send(
        "Look at this project: its build files, tests, layout and rules. Then write AGENTS.md in its root, or mend the "
        "one that is there: how to build, run, lint and test it, also a single test, how it is laid out, and rules "
        "that are not to be seen from a single file. Short, nothing general, nothing that is easy to find."
    )
