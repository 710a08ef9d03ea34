"""The tools `bash`, `bash_output` and `bash_kill`: a command of the shell, and those that go on in the background."""

import asyncio
import os
import secrets
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from iterate.permissions import shell
from iterate.permissions.need import Need
from iterate.permissions.variables import SECRET_NAME
from iterate.sandbox import ground, keys
from iterate.sandbox.abilities import Abilities, abilities
from iterate.sandbox.run import Bounds, Ended, Running, start
from iterate.tools import background, guarding, preimages, transaction
from iterate.tools.collected import Collected
from iterate.tools.tool import Result, Shell, ToolFailed, Work, tool

LONGEST_S = 3600
# What a command has to end by itself: when somebody waits for it to be gone, and when its time is over.
ABORT_S, GRACE_S = 0.03, 1.0
# One argument of a program holds 128 KiB on Linux.
LONGEST_BYTES = 100_000

DESCRIPTION = """\
Runs a command with bash (sh where there is none) and gives its output and exit code. It has no input: give answers as
options (`-y`, `--no-edit`, `-m`). Each call is a shell of its own: `cd` and variables do not last; use `folder`.

On Linux the kernel confines it: it can write in the project and in $TMPDIR (not /tmp), read the rest, and has no
network but its own loopback. `access: network` and `access: everything` lift that, and the person is asked.

Commands of one step run at the same time: what needs another one goes into one command, with `&&`.

Everything it starts ends with it. What is to go on, such as a server, is started with `background: true`, which gives
an id at once; `bash_output` reads on, `bash_kill` ends it, and later commands reach it on the same loopback. Long
output is cut in the middle, and the whole is in a file that is named. Prefer the tools read, edit, grep and glob to
cat, sed, grep and find."""


class Bash(Struct, frozen=True, kw_only=True):
    """The arguments of `bash`."""

    command: Annotated[str, Meta(min_length=1, description="What the shell is to run.")]
    folder: Annotated[str, Meta(description="Where, relative to the project.")] = ""
    timeout_s: Annotated[int, Meta(ge=1, le=LONGEST_S, description="Seconds until it is ended.")] | None = None
    background: Annotated[bool, Meta(description="Give an id at once and let it go on.")] = False
    terminal: Annotated[bool, Meta(description="Give it a terminal as output, for programs that insist.")] = False
    access: Annotated[
        Literal["project", "network", "everything"],
        Meta(
            description="network: not cut off from it. everything: not confined at all. The person is asked for both."
        ),
    ] = "project"


class Output(Struct, frozen=True, kw_only=True):
    """The arguments of `bash_output`."""

    id: str
    wait_s: Annotated[int, Meta(ge=0, le=60, description="Seconds to wait for its end.")] = 0


class Kill(Struct, frozen=True, kw_only=True):
    """The arguments of `bash_kill`."""

    id: str


def needs(given: Bash, work: Work) -> Sequence[Need]:
    """What every command in it would do, and what it wants beyond the bounds."""
    folder = Path(os.path.realpath(work.root / given.folder))
    is_kept = work.shell.mode != "plain" and not given.background and given.access != "everything"
    found = list(
        shell.needs(
            given.command,
            work.root,
            folder,
            environment(work, given),
            scratch=temporary(work),
            kept_bytes=work.shell.kept_bytes if is_kept else 0,
        )
    )
    if given.background and work.shell.is_trusting:
        why = "it goes on in the background, where nothing of what it changes is judged or kept"
        found = [replace(need, is_loose=True, why=need.why or why) if _does(need) else need for need in found]
    if given.access == "network" and not work.shell.may_connect:
        found.append(Need(deed="bash", subject=given.command, is_grave=True, why="it would have the network"))
    if given.access == "everything":
        why = "it would run outside the sandbox, and what it changes outside the project cannot be undone"
        found.append(Need(deed="bash", subject=given.command, is_grave=True, why=why))
    return found


def _does(need: Need) -> bool:
    return need.deed == "edit" or (need.deed == "bash" and not need.is_look)


async def run(given: Bash, work: Work) -> Result:
    """Run a command to its end, or begin one in the background."""
    folder = _checked(given, work)
    has = await asyncio.to_thread(can, work)
    bounds = bounds_of(given, work, folder, has)
    if given.background:
        if given.access != "everything":
            bounds = bounds._replace(fixed=await guarding.fixed(work))
        return await background.begin(_words(given, work), bounds, environment(work, given), work)
    if work.shell.mode == "plain":
        return await _plain(given, work, bounds)
    home = work.workspace.environment.get("HOME", "")
    refused = await asyncio.to_thread(ground.refusal, work.root, home, work.outputs)
    if has.has_overlay and given.access != "everything" and not refused:
        done = await _as_transaction(given, work, bounds)
        if done is not None:
            return done
    return await _with_preimages(given, work, bounds)


def can(work: Work) -> Abilities:
    """What there is here to confine commands; makes the folders that they need."""
    (temporary(work) / "cache").mkdir(mode=0o700, parents=True, exist_ok=True)
    return abilities(work.outputs.parent)


async def _plain(given: Bash, work: Work, bounds: Bounds) -> Result:
    collected = Collected(outputs(work), work.show)
    ended, is_late = await foreground(given, work, bounds, collected)
    return result(given, collected, ended, is_late=is_late, timeout_s=_timeout(given, work))


async def _as_transaction(given: Bash, work: Work, bounds: Bounds) -> Result | None:
    """Run it in an overlay and settle what it changed; None when there can be no overlay here, and nothing was run."""
    collected = Collected(outputs(work), work.show)
    try:
        layer = await transaction.begin(work)
    except OSError as problem:
        raise ToolFailed(f"there is no room for what the command would change: {problem}") from problem
    try:
        ended, is_late = await foreground(given, work, bounds._replace(upper=layer.folder), collected)
    except BaseException:
        transaction.throw_away(layer)
        raise
    if ended.failure.startswith("mounting overlay"):
        await asyncio.to_thread(layer.drop)
        return None
    told = result(given, collected, ended, is_late=is_late, timeout_s=_timeout(given, work))
    taken = await transaction.settle(layer, given.command, work)
    return with_changes(told, taken)


async def _with_preimages(given: Bash, work: Work, bounds: Bounds) -> Result:
    """Run it on the files themselves, and keep before what it may change, as far as that can be known."""
    if work.shell.mode == "show":
        await _permitted(given, work, "what it changes cannot be shown before")
    kept = await preimages.keep(given.command, bounds.folder, environment(work, given), work)
    if kept.lost:
        await _permitted(given, work, f"it removes or overwrites what the undo does not keep: {kept.lost}")
    is_free = given.access == "everything"
    before = {} if is_free else await guarding.look(work)
    put_back = ""
    try:
        told = await _plain(given, work, bounds)
        put_back = "" if is_free else await guarding.settle(before, work)
    except BaseException:
        # Nobody is asked any more.
        if not is_free:
            await asyncio.shield(asyncio.ensure_future(guarding.put_back(before, work)))
        raise
    finally:
        change, files = await asyncio.shield(work.kept.close())
    note = ", ".join(each.path for each in files[: transaction.NAMED])
    note = "\n".join(each for each in (f"changed: {note}" if note else "", kept.note, put_back) if each)
    return with_changes(told, transaction.Taken(note=note, change=change, changes=files))


async def _permitted(given: Bash, work: Work, why: str) -> None:
    need = Need(deed="bash", subject=given.command, is_grave=True, why=why)
    verdict = await work.person.permit((need,), f"run it? {why}", given.command)
    if not verdict.is_allowed:
        raise ToolFailed(f"not run, because {why}: {verdict.message}")


def with_changes(told: Result, taken: transaction.Taken) -> Result:
    """The result of a command with what became of its changes."""
    return replace(
        told,
        text=f"{told.text}\n[{taken.note}]" if taken.note else told.text,
        diff=taken.diff,
        change=taken.change,
        changes=taken.changes,
        is_error=told.is_error or taken.is_refused,
    )


async def foreground(given: Bash, work: Work, bounds: Bounds, collected: Collected) -> tuple[Ended, bool]:
    """Run it to its end, or its time's; how it ended, and whether that was because of its time."""
    try:
        running = await start(_words(given, work), bounds, environment(work, given))
    except OSError as problem:
        raise ToolFailed(f"the command cannot be started: {problem}") from problem
    try:
        async with asyncio.timeout(_timeout(given, work)):
            await _read(running, collected)
            return await running.wait(), False
    except TimeoutError:
        return await _finish(running, collected, GRACE_S), True
    except asyncio.CancelledError:
        await asyncio.shield(asyncio.ensure_future(_finish(running, collected, ABORT_S)))
        raise
    finally:
        running.kill()
        collected.close()


async def _read(running: Running, collected: Collected) -> None:
    async for piece in running.pieces():
        collected.add(piece)


async def _finish(running: Running, collected: Collected, grace_s: float) -> Ended:
    """Ask the command to end, kill it, and take what it still says meanwhile."""
    running.ask(grace_s)
    with suppress(TimeoutError):
        async with asyncio.timeout(grace_s * 2):
            await _read(running, collected)
    running.kill()
    return await running.wait()


def result(given: Bash, collected: Collected, ended: Ended, *, is_late: bool, timeout_s: int) -> Result:
    """What the model reads: the output and how it ended."""
    if ended.failure:
        raise ToolFailed(f"the command could not be started: {ended.failure}")
    if is_late:
        how = f"ended because {timeout_s} s were over (timeout_s gives more; background lets it go on)"
    elif ended.signal:
        how = f"ended by signal {ended.signal}"
    else:
        how = f"exit code {ended.code}"
    output = collected.text()
    text = f"{output}{'' if output.endswith(chr(10)) or not output else chr(10)}[{how}]"
    title = given.command.strip().partition("\n")[0][:100]
    return Result(text=text, title=title, full=collected.full, is_error=bool(is_late or ended.signal or ended.code))


def bounds_of(given: Bash, work: Work, folder: Path, can: Abilities) -> Bounds:
    """What confines the command here."""
    if given.access == "everything":
        return Bounds(root=work.root, folder=folder, is_terminal=given.terminal, has_namespaces=False)
    may_connect = work.shell.may_connect or given.access == "network"
    agent = work.workspace.environment.get("SSH_AUTH_SOCK", "")
    return Bounds(
        root=work.root,
        folder=folder,
        writable=(work.root, temporary(work)),
        hidden=(*work.shell.hidden, *_keys(work, may_connect=may_connect)) if can.has_namespaces else (),
        # With the network it may log in somewhere, with keys that it cannot read.
        spared=(agent,) if may_connect and agent else (),
        has_namespaces=can.has_namespaces,
        has_landlock=can.landlock > 0,
        may_connect=may_connect,
        is_terminal=given.terminal,
        joined=background.loopback(work.session),
    )


def _keys(work: Work, *, may_connect: bool) -> tuple[Path, ...]:
    return () if may_connect else keys.places(work.workspace.environment.get("HOME", ""), work.root)


def environment(work: Work, given: Bash) -> dict[str, str]:
    """The environment of who asks, with a temporary folder and caches of the session's own, and nothing that waits."""
    own = temporary(work)
    cache = str(own / "cache")
    asking = {"PAGER": "cat", "GIT_PAGER": "cat", "GIT_TERMINAL_PROMPT": "0", "GIT_EDITOR": "true"}
    confined = {
        **dict.fromkeys(("TMPDIR", "TMP", "TEMP"), str(own)),
        # The user's own caches cannot be written, at which many programs give up.
        "XDG_CACHE_HOME": cache,
        "npm_config_cache": f"{cache}/npm",
    }
    terminal = {"TERM": "xterm-256color" if given.terminal else "dumb"}
    outside = given.access == "everything"
    may_connect = outside or work.shell.may_connect or given.access == "network"
    given_by_client = {
        name: value
        for name, value in work.workspace.environment.items()
        if _can_be_passed(name, value) and (outside or not _is_withheld(name, work.shell, may_connect=may_connect))
    }
    return {**given_by_client, **asking, **terminal, **({} if outside else confined)}


def _is_withheld(name: str, said: Shell, *, may_connect: bool) -> bool:
    """Whether it holds a key of a model, or where nobody is asked one that is of use in the network alone."""
    is_unseen = said.is_trusting and not may_connect
    return name in said.withheld or (is_unseen and SECRET_NAME.search(name) is not None)


def _can_be_passed(name: str, value: str) -> bool:
    return bool(name) and "=" not in name and "\0" not in name + value


def temporary(work: Work) -> Path:
    """The session's own $TMPDIR."""
    return work.outputs / "tmp" / work.session


def outputs(work: Work) -> Path:
    """A new file for a whole output."""
    return work.outputs / f"bash-{secrets.token_hex(6)}.txt"


def _checked(given: Bash, work: Work) -> Path:
    if "\0" in given.command:
        raise ToolFailed("a command cannot hold a NUL character")
    if len(given.command.encode()) > LONGEST_BYTES:
        raise ToolFailed(f"the command is longer than {LONGEST_BYTES} bytes: write it into a file, and run that")
    folder = (work.root / given.folder).resolve()
    if not folder.is_relative_to(work.root):
        raise ToolFailed(f"{given.folder} is outside the project: use absolute paths in the command instead")
    if not folder.is_dir():
        raise ToolFailed(f"{given.folder} is no folder")
    return folder


def _words(given: Bash, work: Work) -> list[str]:
    path = work.workspace.environment.get("PATH")
    for name in ("bash", "sh"):
        if (found := shutil.which(name, path=path)) is not None:
            return [found, "-c", given.command]
    raise ToolFailed("there is neither bash nor sh on PATH")


def _timeout(given: Bash, work: Work) -> int:
    return min(given.timeout_s or work.shell.timeout_s, LONGEST_S)


async def read_on(given: Output, work: Work) -> Result:
    """What a command in the background wrote since it was asked last."""
    return await background.read(given.id, given.wait_s, work)


async def end(given: Kill, work: Work) -> Result:
    """End a command in the background."""
    return await background.end(given.id, work)


BASH = tool("bash", DESCRIPTION, Bash, needs, run, is_parallel_alone=True)
BASH_OUTPUT = tool(
    "bash_output",
    "Gives what a command in the background wrote since the last call, and whether and how it ended.",
    Output,
    lambda _given, _work: (),
    read_on,
    is_parallel=True,
)
BASH_KILL = tool(
    "bash_kill", "Ends a command in the background with all it started.", Kill, lambda _given, _work: (), end
)
