"""What a tool is, what it needs a person's word for, what it is given, and what it gives. It runs nothing."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal, Protocol

from msgspec import Struct

from iterate.asks import AskedFile
from iterate.events import FileChange, FilePart, Json, Question, TodoItem
from iterate.permissions.need import Need
from iterate.request import ToolSchema
from iterate.tools.failed import ToolFailed as ToolFailed  # noqa: PLC0414  # Most take it from here.
from iterate.workspace import Workspace

# How a result begins of a call that a person denied; what they said to it follows behind a colon.
DENIED = "the person does not want this"


class Verdict(Struct, frozen=True, kw_only=True):
    """What the rules or the person said about the needs of a call; `message` is for the model.

    `files` are those of what was asked that are to be taken; None is all.
    """

    is_allowed: bool
    message: str = ""
    files: tuple[str, ...] | None = None


class Result(Struct, frozen=True, kw_only=True):
    """What a call gave: see `ToolResultPart`. `changes` are the files it changed, under the id `change` of the undo."""

    text: str
    title: str = ""
    diff: str = ""
    full: str = ""
    files: tuple[FilePart, ...] = ()
    change: str = ""
    changes: tuple[FileChange, ...] = ()
    is_error: bool = False


# Makes what a person is shown, once it is known that somebody is asked.
type Preview = Callable[[], Awaitable[str]]


class Person(Protocol):
    """Who can be asked while a call runs; any client may answer, and the first answer counts."""

    async def permit(
        self, needs: Sequence[Need], why: str, preview: str | Preview = "", files: Sequence[AskedFile] = ()
    ) -> Verdict:
        """The rules' word, or the person's where they say to ask; never asks twice for what was remembered.

        Of `files` the person may want some.
        """

    async def answers(self, questions: Sequence[Question]) -> tuple[tuple[str, ...], ...] | None:
        """What the person answers, a row for each question; None when they would not say."""


class Kept(Protocol):
    """What one call changes, kept for the undo."""

    async def before(self, path: Path) -> str | None:
        """Keep what is there now, before it is changed, removed or made; the second time does nothing.

        Gives why it, or part of what is below it, cannot be kept; nothing when all is.
        """

    async def close(self) -> tuple[str, tuple[FileChange, ...]]:
        """The id of the change and its files, once the call has done its work."""


class Memory(Protocol):
    """What a session knows of files: which version of each the model has read."""

    def note(self, path: Path, content: bytes | None) -> None:
        """The model has read this, or written it; None is a file that it removed."""

    def check(self, path: Path, content: bytes | None) -> None:
        """Raises `ToolFailed` where the model has not read the file, or somebody changed it since."""

    def led(self, call: str, given: str, real: Path, *, is_judged: bool = False) -> None:
        """The path `given` of a call leads to `real`, while it is judged or when it runs.

        Raises `ToolFailed` where it leads elsewhere when it runs than when it was judged.
        """


class Tasks(Protocol):
    """Work that other agents do in sessions of their own."""

    async def run(self, call: str, agent: str, prompt: str) -> Result:
        """Begin a session under this one, wait for the answer, and give its text."""


class Shell(Struct, frozen=True, kw_only=True):
    """How commands are run for this agent: what `[shell]` of the settings says.

    `show` asks with the diff before anything a command changed is real; `keep` takes it and keeps it for the undo;
    `plain` runs it on the files themselves. Commands never see what is in the folders `hidden`. `is_trusting`: what the
    sandbox and the undo hold runs without asking. `kept_bytes` is what the undo keeps of one call. Commands do
    not get the variables `withheld`. Files of the project that the server itself starts are `obeyed`.
    """

    mode: Literal["show", "keep", "plain"] = "keep"
    may_connect: bool = False
    timeout_s: int = 120
    hidden: tuple[Path, ...] = ()
    is_trusting: bool = False
    kept_bytes: int = 256 << 20
    withheld: tuple[str, ...] = ()
    obeyed: tuple[str, ...] = ()


class Work(Struct, frozen=True, kw_only=True):
    """What a call is given to work with."""

    session: str
    call: str
    agent: str
    workspace: Workspace
    # The project's folder, which is the border; resolved, without links.
    root: Path
    # Where whole outputs that are too long for the model are kept.
    outputs: Path
    person: Person
    kept: Kept
    memory: Memory
    tasks: Tasks
    # Shows output while it comes; not stored.
    show: Callable[[str], None]
    # The new list of things to do.
    set_todo: Callable[[tuple[TodoItem, ...]], Awaitable[None]]
    shell: Shell = Shell()


class Tool(Struct, frozen=True, kw_only=True):
    """A tool: what the model sees of it, and what runs a call.

    `needs` says what a call would do, before it runs, from decoded arguments; the engine judges it. A tool that
    learns only later what it would do asks `work.person` itself. `run` raises `ToolFailed`; it is cancelled when the
    answer ends, and has put everything in order when it returns.
    """

    schema: ToolSchema
    # Checks the arguments; raises `ToolFailed`, which names the argument.
    decode: Callable[[dict[str, Json]], object]
    needs: Callable[[object, Work], Sequence[Need]]
    run: Callable[[object, Work], Awaitable[Result]]
    # The diff of what a call would change, for the person who is asked; raises `ToolFailed` where there is none.
    preview: Callable[[object, Work], str] | None = None
    # Whether calls of it may run beside other such calls of the same step.
    is_parallel: bool = False
    # Whether they run beside each other, but beside no other tool.
    is_parallel_alone: bool = False
    # Offered only when the model asked for it by the tool `tool_search`.
    is_deferred: bool = False
    # Gives the name and the arguments of the tool that a call of this one is really a call of; what judges and hears of
    # calls then sees that one. Raises `ToolFailed`.
    stands_for: Callable[[object], tuple[str, dict[str, Json]]] | None = None

    @property
    def name(self) -> str:
        """What the model calls it by."""
        return self.schema.name


def tool[A: Struct](  # One for each thing that is to be said of a tool.
    name: str,
    description: str,
    arguments: type[A],
    needs: Callable[[A, Work], Sequence[Need]],
    run: Callable[[A, Work], Awaitable[Result]],
    *,
    preview: Callable[[A, Work], str] | None = None,
    is_parallel: bool = False,
    is_parallel_alone: bool = False,
) -> Tool:
    """A tool whose arguments are a Struct, of which the schema is made and by which they are checked."""
    import msgspec

    (schema,), components = msgspec.json.schema_components((arguments,), ref_template="#/$defs/{name}")
    own = components.pop(arguments.__name__, schema)
    if components:
        own = {**own, "$defs": components}
    own.pop("title", None)

    def decode(given: dict[str, Json]) -> A:
        try:
            found = msgspec.convert(given, arguments)
        except msgspec.ValidationError as problem:
            raise ToolFailed(f"the arguments of {name} are not as its schema says: {problem}") from problem
        if unknown := next(_unknown(given, msgspec.to_builtins(found)), None):
            where, known = unknown
            # Passed over, it would not do what the model thinks it does.
            raise ToolFailed(f"{name} has no argument {where}; there are {', '.join(known)}. Nothing was done")
        return found

    def checked(given: object) -> A:
        assert isinstance(given, arguments)  # noqa: S101  # What `decode` gave.
        return given

    return Tool(
        schema=ToolSchema(name=name, description=description, schema=own),
        decode=decode,
        needs=lambda given, work: needs(checked(given), work),
        run=lambda given, work: run(checked(given), work),
        preview=None if preview is None else lambda given, work: preview(checked(given), work),
        is_parallel=is_parallel,
        is_parallel_alone=is_parallel_alone,
    )


def _unknown(given: object, found: object, where: str = "") -> Iterator[tuple[str, list[str]]]:
    """What was given and not taken, each with what there is in its place."""
    match given, found:
        case dict(), dict():
            for key, value in given.items():
                place = f"{where}.{key}" if where else str(key)
                if key not in found:
                    yield place, [str(each) for each in found]
                else:
                    yield from _unknown(value, found[key], place)
        case list() | tuple(), list() | tuple():
            for index, (one, other) in enumerate(zip(given, found, strict=False)):
                yield from _unknown(one, other, f"{where}[{index}]")
        case _:
            pass
