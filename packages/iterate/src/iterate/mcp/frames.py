"""What the server and its child that speaks MCP tell each other: values, each with its length before it, in msgpack."""

from typing import Literal

import msgspec
from msgspec import Struct

from iterate.events import Json

# Before each frame: its length in bytes, big-endian.
HEAD_BYTES = 4
# No frame is longer: neither side ever holds more of what a stranger sends.
LONGEST_BYTES = 32 << 20

# Why a request came to nothing: the server is not there or broke off; it wants a log-in; the log-in failed; it says no.
type Trouble = Literal["gone", "login", "denied", "refused"]


class Connect(Struct, frozen=True, kw_only=True, tag="connect"):
    """Start a server or reach it, and list what it offers. `tokens` is the file for what OAuth gives."""

    id: int
    connection: int
    command: tuple[str, ...] = ()
    url: str = ""
    env: dict[str, str] = {}
    headers: dict[str, str] = {}
    # Where a program works, and what a server is told that the project is.
    folder: str = ""
    root: str = ""
    tokens: str = ""
    is_login: bool = False
    timeout_s: float = 60.0


class Relist(Struct, frozen=True, kw_only=True, tag="relist"):
    """List again what a server offers."""

    id: int
    connection: int


class CallTool(Struct, frozen=True, kw_only=True, tag="call"):
    """Call a tool by the server's own name for it."""

    id: int
    connection: int
    tool: str
    arguments: dict[str, Json]


class ReadResource(Struct, frozen=True, kw_only=True, tag="read"):
    """Read a resource."""

    id: int
    connection: int
    uri: str


class GetPrompt(Struct, frozen=True, kw_only=True, tag="prompt"):
    """Get a prompt with these arguments."""

    id: int
    connection: int
    name: str
    arguments: dict[str, str]


class Cancel(Struct, frozen=True, kw_only=True, tag="cancel"):
    """Nobody waits for that request any more: the server is told."""

    id: int


class Answered(Struct, frozen=True, kw_only=True, tag="answered"):
    """What a person says to a server's question; None when they would not say."""

    ask: int
    content: dict[str, str | int | float | bool | list[str] | None] | None = None


class Returned(Struct, frozen=True, kw_only=True, tag="returned"):
    """The address that a browser was sent back to after a log-in, for the `Connect` of that id."""

    id: int
    url: str


class Close(Struct, frozen=True, kw_only=True, tag="close"):
    """End a connection, and the program behind it with all it started."""

    connection: int


type Asked = Connect | Relist | CallTool | ReadResource | GetPrompt | Cancel | Answered | Returned | Close


class ToolRow(Struct, frozen=True, kw_only=True):
    """A tool as its server describes it."""

    name: str
    title: str
    description: str
    schema: dict[str, Json]


class ResourceRow(Struct, frozen=True, kw_only=True):
    """A resource, or a template of addresses of some."""

    uri: str
    name: str
    description: str
    media_type: str
    is_template: bool = False


class ArgumentRow(Struct, frozen=True, kw_only=True):
    """An argument of a prompt."""

    name: str
    description: str
    is_required: bool


class PromptRow(Struct, frozen=True, kw_only=True):
    """A prompt that a server has ready."""

    name: str
    description: str
    arguments: tuple[ArgumentRow, ...]


class Listing(Struct, frozen=True, kw_only=True, tag="listing"):
    """What a server offers."""

    tools: tuple[ToolRow, ...] = ()
    resources: tuple[ResourceRow, ...] = ()
    prompts: tuple[PromptRow, ...] = ()
    # The server's name and version, and the version of MCP that is spoken.
    server: str = ""
    protocol: str = ""
    instructions: str = ""


class Content(Struct, frozen=True, kw_only=True):
    """A piece of a result: text, or bytes in base64 of that media type."""

    text: str = ""
    data: str = ""
    media_type: str = ""
    name: str = ""


class Given(Struct, frozen=True, kw_only=True, tag="given"):
    """What a call, a resource or a prompt gave."""

    contents: tuple[Content, ...]
    is_error: bool = False


type Value = Listing | Given


class Done(Struct, frozen=True, kw_only=True, tag="done"):
    """A request came to its end."""

    id: int
    value: Value


class Failed(Struct, frozen=True, kw_only=True, tag="failed"):
    """A request came to nothing."""

    id: int
    trouble: Trouble
    text: str


class Progress(Struct, frozen=True, kw_only=True, tag="progress"):
    """How far a call is."""

    id: int
    text: str


class Started(Struct, frozen=True, kw_only=True, tag="started"):
    """A program was started, in a session of its own with this id."""

    connection: int
    pid: int


class Said(Struct, frozen=True, kw_only=True, tag="said"):
    """What a program wrote to its standard error, or a server wanted to be logged."""

    connection: int
    text: str


class Changed(Struct, frozen=True, kw_only=True, tag="changed"):
    """A server offers something else now."""

    connection: int


class Ended(Struct, frozen=True, kw_only=True, tag="ended"):
    """A connection is no more."""

    connection: int
    text: str


class Asks(Struct, frozen=True, kw_only=True, tag="asks"):
    """A server wants to know something from a person: a form of fields, as a JSON schema."""

    ask: int
    connection: int
    message: str
    schema: dict[str, Json]


class Visit(Struct, frozen=True, kw_only=True, tag="visit"):
    """A person is to open this address in a browser, to log in; for the `Connect` of that id."""

    id: int
    url: str


type Told = Done | Failed | Progress | Started | Said | Changed | Ended | Asks | Visit

# Made once: each takes some time.
_ENCODER = msgspec.msgpack.Encoder()


def encoded(frame: Asked | Told) -> bytes:
    """A frame with its length before it; raises `ValueError` where it is too long."""
    body = _ENCODER.encode(frame)
    if len(body) > LONGEST_BYTES:
        raise ValueError(f"{len(body):,} bytes are more than a frame holds")
    return len(body).to_bytes(HEAD_BYTES, "big") + body


def asked(body: bytes) -> Asked:
    """What the server asks its child."""
    found: Asked = msgspec.msgpack.decode(body, type=Asked)
    return found


def told(body: bytes) -> Told:
    """What the child tells its server."""
    found: Told = msgspec.msgpack.decode(body, type=Told)
    return found
