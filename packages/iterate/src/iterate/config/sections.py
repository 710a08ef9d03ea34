"""The keys of the files of settings, as Structs: what each means, may be, and is where nobody says it.

The JSON schema, the page and the checks are made from these classes. A description is one line for a person.
"""

from typing import Annotated, Literal, get_args

from msgspec import Meta, Struct, field

from iterate.config import bindings
from iterate.config.updates import Autoupdate
from iterate.settings import Mode, Sides

type Action = Literal["allow", "ask", "deny"]
# What rules are about; `tools/tool.py` says of each call which of these it does.
type Deed = Literal["read", "edit", "bash", "fetch", "task", "mcp", "outside", "skill"]
# Patterns of paths, commands, addresses or tools; an action alone is for `*`.
type Rules = Action | dict[str, Action]
# msgspec leaves the names of keys out of the schema.
type Permission = Annotated[
    dict[Deed, Rules], Meta(extra_json_schema={"propertyNames": {"enum": list(get_args(Deed.__value__))}})
]
type Wire = Literal["openai-chat", "openai-responses", "anthropic-messages", "google-generate", "ollama"]
type Seconds = Annotated[float, Meta(gt=0, le=86_400)]
type Count = Annotated[int, Meta(ge=0)]
type Number = Annotated[int, Meta(ge=1)]
type Dollars = Annotated[float, Meta(ge=0)]
type Name = Annotated[str, Meta(min_length=1)]


class Section(Struct, frozen=True, kw_only=True):
    """A table of the file."""


class Prices(Section, frozen=True, kw_only=True):
    """US dollars for a million tokens."""

    input: Annotated[Dollars, Meta(description="Tokens that are sent.")]
    output: Annotated[Dollars, Meta(description="Tokens that are written.")]
    cache_read: Annotated[Dollars | None, Meta(description="Tokens that the vendor still had.")] = None
    cache_write: Annotated[Dollars | None, Meta(description="Tokens that the vendor keeps.")] = None


class ModelRow(Section, frozen=True, kw_only=True):
    """One model of a provider; what is not said is taken from the catalogue, or unknown."""

    window: Annotated[Count | None, Meta(description="How many tokens fit in a request and its answer.")] = None
    output: Annotated[Count | None, Meta(description="How many tokens it may write at once.")] = None
    images: Annotated[bool | None, Meta(description="Whether it sees images.")] = None
    tools: Annotated[bool | None, Meta(description="Whether it calls tools.")] = None
    reasoning: Annotated[bool | None, Meta(description="Whether it thinks before it answers.")] = None
    prices: Annotated[Prices | None, Meta(description="What it costs.")] = None


class Provider(Section, frozen=True, kw_only=True):
    """Who serves models: a vendor of the catalogue with other words, or a server of your own."""

    base_url: Annotated[str, Meta(description="Where it is asked, such as http://127.0.0.1:8080/v1.")] = ""
    wire: Annotated[Wire | None, Meta(description="The format that it speaks. Default: openai-chat.")] = None
    key_env: Annotated[str, Meta(description="The environment variable that holds the key.")] = ""
    headers: Annotated[dict[str, str], Meta(description="Sent with each request.")] = {}
    models: Annotated[dict[str, ModelRow], Meta(description="Its models by name.")] = {}


class McpServer(Section, frozen=True, kw_only=True):
    """A server of tools that speaks MCP: a program to start, or an address."""

    command: Annotated[tuple[str, ...], Meta(description="The program and its arguments.")] = ()
    url: Annotated[str, Meta(description="The address, for one that is reached over HTTP.")] = ""
    env: Annotated[dict[str, str], Meta(description="Variables that the program gets besides the usual ones.")] = {}
    headers: Annotated[dict[str, str], Meta(description="Sent with each request to the address.")] = {}
    enabled: Annotated[bool, Meta(description="Whether it is used.")] = True
    timeout_s: Annotated[Seconds, Meta(description="How long a call may take.")] = 60.0


class Limits(Section, frozen=True, kw_only=True):
    """What one answer may use; at a bound it ends with `failed`."""

    steps: Annotated[Number | None, Meta(description="Requests to the model.")] = None
    cost_usd: Annotated[Dollars | None, Meta(description="US dollars, where the prices are known.")] = None
    tokens: Annotated[Number | None, Meta(description="Tokens sent and written.")] = None


class Server(Section, frozen=True, kw_only=True):
    """The server in the background."""

    idle_minutes: Annotated[float, Meta(ge=0, description="It ends after that time without work; 0 is never.")] = 30.0


type ShellMode = Literal["show", "keep", "plain"]


class Shell(Section, frozen=True, kw_only=True):
    """How commands of the tool `bash` run."""

    mode: Annotated[
        ShellMode,
        Meta(description="show asks with the list of changes, keep takes them and can undo them, plain does neither."),
    ] = "keep"
    network: Annotated[bool, Meta(description="Whether commands reach the network.")] = False
    timeout_s: Annotated[Seconds, Meta(description="How long a command may take.")] = 120.0


class Undo(Section, frozen=True, kw_only=True):
    """What is kept of files before they are changed."""

    megabytes: Annotated[Count, Meta(description="How much is kept for all projects together; 0 keeps nothing.")] = 1024
    days: Annotated[Count, Meta(description="For how long.")] = 30


class Terminal(Section, frozen=True, kw_only=True):
    """What people see."""

    plain: Annotated[
        bool, Meta(description="Answers are lines of words, and nothing is painted again: for screen readers.")
    ] = False
    mode: Annotated[
        Mode,
        Meta(
            description="How a conversation looks: in the scrollback, on a screen of its own, or one line to type in."
        ),
    ] = "inline"
    diff: Annotated[
        Sides,
        Meta(description="Old and new lines in one column, or side by side; auto goes by the width of the terminal."),
    ] = "auto"
    theme: Annotated[
        str,
        Meta(
            min_length=1,
            description="Colours: terminal is its own palette; dark, light, contrast; auto is dark or light, as the"
            " terminal is; or the name of a file in the folder themes beside this one.",
        ),
    ] = "terminal"
    status_command: Annotated[
        tuple[Name, ...],
        Meta(description="A program and its arguments: it reads JSON, and its first line is the status line."),
    ] = ()
    status_ms: Annotated[
        int, Meta(ge=100, le=3_600_000, description="Milliseconds between two runs of it, at least.")
    ] = 1000

    editor: Annotated[Literal["emacs", "vi"], Meta(description="Whose keys the line has that is typed.")] = "emacs"


type Pressed = dict[str, tuple[Annotated[str, Meta(description="A chord, or several after one another.")], ...]]


def _of(context: bindings.Context) -> Meta:
    """What the schema says of the keys of one context: which actions there are."""
    return Meta(
        description=f"Keys, {bindings.CONTEXTS[context]}: a list of chords by what they do; an empty one is no key.",
        extra_json_schema={"propertyNames": {"enum": list(bindings.actions(context))}},
    )


class Keys(Section, frozen=True, kw_only=True):
    """Other keys than the built-in ones; what is not named stays as it is."""

    leader: Annotated[str, Meta(description="The key that `leader` stands for, the first one of many others.")] = (
        bindings.LEADER
    )
    app: Annotated[Pressed, _of("app")] = {}
    editor: Annotated[Pressed, _of("editor")] = {}
    completion: Annotated[Pressed, _of("completion")] = {}
    vi: Annotated[Pressed, _of("vi")] = {}
    dialog: Annotated[Pressed, _of("dialog")] = {}
    list: Annotated[Pressed, _of("list")] = {}
    page: Annotated[Pressed, _of("page")] = {}


class Hook(Section, frozen=True, kw_only=True):
    """A program that hears of tool calls and may refuse them."""

    on: Annotated[Literal["before", "after"], Meta(description="Before a call, or after it.")]
    command: Annotated[tuple[Name, ...], Meta(min_length=1, description="The program and its arguments.")]
    tools: Annotated[tuple[str, ...], Meta(description='Names of tools it hears of, such as "bash" or "mcp_*".')] = (
        "*",
    )
    timeout_s: Annotated[Seconds, Meta(description="A hook that takes longer is ended, and refuses.")] = 30.0


class Config(Section, frozen=True, kw_only=True):
    """Everything that a file of settings may say."""

    schema: Annotated[str, Meta(description="The JSON schema of this file, for editors.")] = field(
        default="", name="$schema"
    )
    autoupdate: Annotated[Autoupdate, Meta(description="What the server does by itself about newer versions.")] = (
        Autoupdate.NOTIFY
    )
    model: Annotated[str | None, Meta(description="The model that answers, as provider/model.")] = None
    small_model: Annotated[
        str | None, Meta(description="The model that sums up what is too long. Default: the one that answers.")
    ] = None
    agent: Annotated[Name, Meta(description="The agent that answers.")] = "build"
    permission: Annotated[Permission, Meta(description="What is allowed, asked about or denied.")] = {}
    providers: Annotated[dict[str, Provider], Meta(description="Who serves models.")] = {}
    mcp: Annotated[dict[str, McpServer], Meta(description="Servers of tools.")] = {}
    limits: Annotated[Limits, Meta(description="What one answer may use.")] = Limits()
    server: Annotated[Server, Meta(description="The server in the background.")] = Server()
    shell: Annotated[Shell, Meta(description="How commands run.")] = Shell()
    terminal: Annotated[Terminal, Meta(description="What people see.")] = Terminal()
    keys: Annotated[Keys, Meta(description="Which keys do what, on a terminal.")] = Keys()
    undo: Annotated[Undo, Meta(description="What is kept of files.")] = Undo()
    instructions: Annotated[
        tuple[str, ...], Meta(description="Files that the model is to obey, beside AGENTS.md; patterns too.")
    ] = ()
    hooks: Annotated[tuple[Hook, ...], Meta(description="Programs that hear of tool calls.")] = ()
