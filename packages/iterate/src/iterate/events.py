"""What happens in a session, as one tagged union of Structs, and its JSON.

These classes are the only description of an event: the JSON on the wire and in the database, the schemas of the
OpenAPI document and the tables of `docs/server.md` are made from them. The client does not import this file, because
msgspec costs a warm command 6 ms; it reads the same JSON through `heard.py`.

Three kinds of values travel on the streams. *Events* belong to a session, are numbered from 1 without gaps, and are
stored. *Deltas* are pieces of the part that is being written; the part is stored as a whole under the number that its
deltas carry. *Notices* are about the server; they have no number and are not stored.

Reading is lenient where the writer may be a newer iterate: unknown fields are skipped, and an event of a kind that we
do not know becomes `Unknown`, which keeps its JSON.
"""

from typing import Annotated, Literal, NamedTuple, TypeAliasType, TypeIs, get_args

import msgspec
from msgspec import Meta, Struct

from iterate.asks import AskedFile, AskedNeed
from iterate.asks import Count as Count  # noqa: PLC0414  # Most take these from here.
from iterate.asks import FileChange as FileChange  # noqa: PLC0414
from iterate.asks import Question as Question  # noqa: PLC0414
from iterate.asks import TodoItem as TodoItem  # noqa: PLC0414

type Number = Annotated[int, Meta(ge=1)]
type Json = Annotated[object, Meta(extra_json_schema={"description": "Any JSON."})]

# cancelled: somebody asked for it. disposed: POST /instance/dispose. stopping: the server ended in order.
# interrupted: the server was killed. provider: the model's side failed. store: the database failed.
# steps, cost, tokens: the bound on them was reached. refused: the model would not answer. length: it may write no more.
type Reason = Literal[
    "cancelled",
    "disposed",
    "stopping",
    "interrupted",
    "provider",
    "store",
    "steps",
    "cost",
    "tokens",
    "refused",
    "length",
]


class TextPart(Struct, frozen=True, kw_only=True, tag_field="type", tag="text"):
    """Text for the person to read, or by the person."""

    text: str


class ReasoningPart(Struct, frozen=True, kw_only=True, tag_field="type", tag="reasoning"):
    """What the model thought before it answered; `signature` is the provider's, to be sent back unchanged."""

    text: str
    signature: str = ""


class FilePart(Struct, frozen=True, kw_only=True, tag_field="type", tag="file"):
    """A file or an image; `url` is a file: or data: URL."""

    name: str
    media_type: str
    url: str


class ToolCallPart(Struct, frozen=True, kw_only=True, tag_field="type", tag="tool_call"):
    """The model calls a tool; `call` is the id that the result refers to.

    `broken` is the text of arguments that are no JSON object; then there are none.
    """

    call: str
    tool: str
    arguments: dict[str, Json]
    broken: str = ""


class ToolResultPart(Struct, frozen=True, kw_only=True, tag_field="type", tag="tool_result"):
    """What a call gave.

    `text` is what the model reads, bounded; `title` one line for a person; `diff` the change made to files, as a
    unified diff; `full` the file on the server's machine that holds the whole output when `text` does not; `told` the
    instructions of files that `text` has at its end.
    """

    call: str
    status: Literal["ok", "error", "denied", "cancelled"]
    text: str
    title: str = ""
    diff: str = ""
    full: str = ""
    files: tuple[FilePart, ...] = ()
    told: tuple[str, ...] = ()


type StopReason = Literal["stop", "tool_calls", "length", "refused"]


class StepPart(Struct, frozen=True, kw_only=True, tag_field="type", tag="step"):
    """One request to the model is over; `reason` is why it stopped writing."""

    model: str
    reason: StopReason


class UsagePart(Struct, frozen=True, kw_only=True, tag_field="type", tag="usage"):
    """What a step cost: tokens, and millionths of a US dollar where the price is known.

    `input` holds what the vendor read from its cache or wrote to it, `output` what the model thought.
    `is_estimated` where the vendor counted nothing, and the lengths of the texts had to do.
    """

    input: Count
    output: Count
    reasoning: Count = 0
    cache_read: Count = 0
    cache_write: Count = 0
    cost_micro_usd: Count | None = None
    is_estimated: bool = False


type Part = TextPart | ReasoningPart | ToolCallPart | ToolResultPart | FilePart | StepPart | UsagePart
type PromptPart = TextPart | FilePart
# The parts that are streamed while they grow.
type Streamed = Literal["text", "reasoning"]


class Prompted(Struct, frozen=True, kw_only=True, tag_field="type", tag="prompted"):
    """A prompt was accepted; its answer follows. `id` is the prompt's, made by the client or for it."""

    number: Number
    session: str
    id: str
    model: str
    directory: str
    parts: tuple[PromptPart, ...]
    agent: str = "build"


class PartAdded(Struct, frozen=True, kw_only=True, tag_field="type", tag="part"):
    """A part of the answer is complete."""

    number: Number
    session: str
    part: Part


class PermissionAsked(Struct, frozen=True, kw_only=True, tag_field="type", tag="permission.asked"):
    """A tool call waits for a person's word; `patterns` are what an answer may be remembered for.

    `preview` shows what would happen: a unified diff, or the command. `needs` are its parts, as the rules understood
    them; `unlisted` counts those that are left out. Of `files` some may be taken and the others left. `asker` is the
    session whose call it is: another one than `session` where a sub-agent asks, and `agent` who works there.
    """

    number: Number
    session: str
    id: str
    call: str
    tool: str
    why: str
    patterns: tuple[str, ...] = ()
    preview: str = ""
    needs: tuple[AskedNeed, ...] = ()
    unlisted: Count = 0
    files: tuple[AskedFile, ...] = ()
    asker: str = ""
    agent: str = ""


class PermissionAnswered(Struct, frozen=True, kw_only=True, tag_field="type", tag="permission.answered"):
    """Somebody gave that word; all viewers see it. `message` is for the model, beside a `deny`.

    `patterns` are what it is remembered for, null where that is what was asked. `files` are those that are taken, null
    where all are.
    """

    number: Number
    session: str
    id: str
    decision: Literal["once", "session", "always", "deny"]
    message: str = ""
    patterns: tuple[str, ...] | None = None
    files: tuple[str, ...] | None = None


class QuestionAsked(Struct, frozen=True, kw_only=True, tag_field="type", tag="question.asked"):
    """A call of the tool `question` waits for a person's answers; `asker` and `agent` as for a permission."""

    number: Number
    session: str
    id: str
    call: str
    questions: tuple[Question, ...]
    asker: str = ""
    agent: str = ""


class QuestionAnswered(Struct, frozen=True, kw_only=True, tag_field="type", tag="question.answered"):
    """Somebody answered, a row of texts for each question; None when they would not say."""

    number: Number
    session: str
    id: str
    answers: tuple[tuple[str, ...], ...] | None = None


class RetryScheduled(Struct, frozen=True, kw_only=True, tag_field="type", tag="retry"):
    """A request to the model failed for a reason that may pass, and is sent again at `at_ms` (Unix time).

    The parts from the number `first` on belong to the try that broke and count no more; 0 when there are none.
    """

    number: Number
    session: str
    attempt: Number
    reason: str
    wait_ms: Count
    at_ms: Count
    first: Count = 0


class FilesChanged(Struct, frozen=True, kw_only=True, tag_field="type", tag="files.changed"):
    """What a tool call changed in the project, the shell's changes included; `change` is its id in the undo."""

    number: Number
    session: str
    call: str
    change: str
    files: tuple[FileChange, ...]


class Reverted(Struct, frozen=True, kw_only=True, tag_field="type", tag="reverted"):
    """The prompt `to` and all behind it, with their changes of files, are taken back, until `unreverted`.

    With `what` only the conversation, or only the files; `change` is what that did, as the undo keeps it.
    """

    number: Number
    session: str
    to: Number
    files: tuple[str, ...] = ()
    what: Literal["both", "conversation", "files"] = "both"
    change: str = ""


class Unreverted(Struct, frozen=True, kw_only=True, tag_field="type", tag="unreverted"):
    """What was taken back is there again."""

    number: Number
    session: str
    files: tuple[str, ...] = ()


class Compacted(Struct, frozen=True, kw_only=True, tag_field="type", tag="compacted"):
    """The model no longer reads what lies before the event `first`, but `summary` instead.

    The person's own words are kept word for word. Nothing is removed: `compaction.undone` brings it back.
    """

    number: Number
    session: str
    summary: str
    first: Number
    tokens_before: Count
    tokens_after: Count


class CompactionUndone(Struct, frozen=True, kw_only=True, tag_field="type", tag="compaction.undone"):
    """The newest compaction counts no more."""

    number: Number
    session: str


class TaskStarted(Struct, frozen=True, kw_only=True, tag_field="type", tag="task"):
    """A call of the tool `task` began a session of its own, which another agent works in."""

    number: Number
    session: str
    call: str
    child: str
    agent: str


class TodoChanged(Struct, frozen=True, kw_only=True, tag_field="type", tag="todo"):
    """The list of things to do, whole."""

    number: Number
    session: str
    items: tuple[TodoItem, ...]


class SessionChanged(Struct, frozen=True, kw_only=True, tag_field="type", tag="session.changed"):
    """The session has another title."""

    number: Number
    session: str
    title: str


class Warned(Struct, frozen=True, kw_only=True, tag_field="type", tag="warned"):
    """Something the person should know of, such as a file of the project that does not count; the model is not told."""

    number: Number
    session: str
    text: str


class Done(Struct, frozen=True, kw_only=True, tag_field="type", tag="done"):
    """The answer is complete: the good ending."""

    number: Number
    session: str


class Failed(Struct, frozen=True, kw_only=True, tag_field="type", tag="failed"):
    """The answer is not complete: the other ending."""

    number: Number
    session: str
    reason: Reason
    message: str


class Delta(Struct, frozen=True, kw_only=True, tag_field="type", tag="delta"):
    """The next piece of a part that grows; `offset` is where it belongs, in Unicode characters."""

    number: Number
    session: str
    kind: Streamed
    offset: Count
    text: str


class ServerConnected(Struct, frozen=True, kw_only=True, tag_field="type", tag="server.connected"):
    """The first frame of the stream of everything."""

    version: str


class ServerOverflow(Struct, frozen=True, kw_only=True, tag_field="type", tag="server.overflow"):
    """The last frame for a reader that fell too far behind."""


class ServerStopping(Struct, frozen=True, kw_only=True, tag_field="type", tag="server.stopping"):
    """The last frame of a server that ends."""


class SessionCreated(Struct, frozen=True, kw_only=True, tag_field="type", tag="session.created"):
    """A session began; `parent` is the session whose tool `task` began it."""

    session: str
    directory: str
    parent: str = ""


class SessionRemoved(Struct, frozen=True, kw_only=True, tag_field="type", tag="session.removed"):
    """A session was deleted, with all its events."""

    session: str


class ToolOutput(Struct, frozen=True, kw_only=True, tag_field="type", tag="tool.output"):
    """What a running call has just put out, for people to see; not stored: the result has it again."""

    session: str
    call: str
    text: str


class InstanceDisposed(Struct, frozen=True, kw_only=True, tag_field="type", tag="instance.disposed"):
    """POST /instance/dispose has done its work."""


type Ending = Done | Failed
type Event = (
    Prompted
    | PartAdded
    | PermissionAsked
    | PermissionAnswered
    | QuestionAsked
    | QuestionAnswered
    | RetryScheduled
    | FilesChanged
    | Reverted
    | Unreverted
    | Compacted
    | CompactionUndone
    | TaskStarted
    | TodoChanged
    | SessionChanged
    | Warned
    | Done
    | Failed
)
type Notice = (
    ServerConnected | ServerOverflow | ServerStopping | SessionCreated | SessionRemoved | ToolOutput | InstanceDisposed
)
# What the stream of a session carries, and what the stream of everything carries.
type Read = Event | Delta | ToolOutput
type Watched = Event | Delta | Notice


class Unknown(NamedTuple):
    """A stored event that a newer iterate wrote and this one does not understand."""

    number: int
    session: str


class Entry[E](Struct, frozen=True):
    """A value of a stream and its JSON, which is made once for the database and for all readers."""

    event: E
    json: bytes


class Piece(Struct, frozen=True, kw_only=True):
    """What a provider streams: the next text of a part, before it has a number."""

    text: str
    kind: Streamed = "text"


# What an answer is made of before it has its numbers: in events `number` and `session` are filled in when it is stored.
type Item = Piece | Part | Event

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


def encode(event: Watched) -> bytes:
    """One line of JSON: `type`, then the fields in order."""
    return _encoder.encode(event)


def entry[E: Watched](event: E) -> Entry[E]:
    """The value with its JSON."""
    return Entry(event, encode(event))


def decode(json: bytes | str) -> Event:
    """The event that `encode` wrote; raises ValueError for anything else."""
    return _decoder.decode(json)


# Characters of a damaged row that are told.
LEFT = 2000


def stored(number: int, session: str, json: str) -> Entry[Event | Unknown]:
    """A row of the database; what cannot be understood is kept as `Unknown`, so that one row breaks no session."""
    text = json.encode(errors="replace")
    try:
        event: Event | Unknown = decode(text)
    except msgspec.ValidationError:
        event = Unknown(number, session)
    except ValueError:
        # It is damaged. Readers get what is left of it as words, not as bytes that are no JSON.
        left = f"event {number} is damaged in the database: {json[:LEFT]}"
        return Entry(Unknown(number, session), encode(Warned(number=number, session=session, text=left)))
    if (event.number, event.session) != (number, session):
        event = Unknown(number, session)
    return Entry(event, text)


def members(union: TypeAliasType) -> tuple[type[Struct], ...]:
    """The classes of a named union, those of the unions inside included, in the order written."""
    found: list[type[Struct]] = []
    for part in get_args(union.__value__):
        if isinstance(part, TypeAliasType):
            found += members(part)
        elif isinstance(part, type) and issubclass(part, Struct):
            found.append(part)
    return tuple(found)


_EVENTS = members(Event)


def kind(shape: type[Struct]) -> str:
    """The `type` that stands in the JSON of this class."""
    return str(shape.__struct_config__.tag)


def is_event(item: Item) -> TypeIs[Event]:
    """Whether this is an event of a session, and no part or piece of one."""
    return isinstance(item, _EVENTS)


def is_ending(event: Watched | Unknown) -> bool:
    """Whether this event is the one that ends a prompt."""
    return isinstance(event, Done | Failed)
