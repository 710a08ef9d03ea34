"""What requests and answers hold, as Structs. Schemas of the OpenAPI document are made from these classes.

Bodies forbid unknown fields, although a newer client may send one to an older server: a field that is skipped in
silence, such as the folder to work in, would do harm.
"""

from typing import Annotated, Literal, override

from msgspec import Meta, Struct

from iterate.engine.job import Limits
from iterate.events import FilePart, Json, PermissionAsked, QuestionAsked, TodoItem
from iterate.register import Row
from iterate.request import Effort, Prices
from iterate.spending import Spending
from iterate.workspace import Workspace


class Nothing(Struct, frozen=True):
    """No body."""


class SessionBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST /session`: where the session begins."""

    workspace: Workspace = Workspace()


class PromptBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST /session/{id}/prompt`; without a model that of the settings answers.

    `files` go with the text; each has a data: URL, or a file: URL of this machine. `limits` can only be stricter than
    those of the settings: steps, tokens, millionths of a US dollar. `without_asking` lets pass what would be asked for,
    as far as the sandbox and the undo cover it. `effort` is how much the model thinks; empty means what the agent says.

    `id` names the prompt: sent again under the same id it is not prompted again, but its answer is read again.
    """

    text: str
    model: str = ""
    id: Annotated[str, Meta(max_length=200)] = ""
    workspace: Workspace = Workspace()
    agent: Annotated[str, Meta(max_length=200)] = ""
    files: Annotated[tuple[FilePart, ...], Meta(max_length=100)] = ()
    limits: Limits = Limits()
    without_asking: bool = False
    effort: Effort = ""


class TitleBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `PATCH /session/{id}`."""

    title: Annotated[str, Meta(max_length=500)]


class ForkBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST /session/{id}/fork`: the number of the prompt that is not in it any more; null takes all."""

    at: int | None = None


class RevertBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST /session/{id}/revert`: the number of the first prompt that is taken back, or the last one.

    A file that somebody changed since stops it, unless `leaves_changed` says to leave such files alone. `what` takes
    back the conversation and leaves the files, or the other way round.
    """

    to: int | None = None
    leaves_changed: bool = False
    what: Literal["both", "conversation", "files"] = "both"


class UnrevertBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST /session/{id}/unrevert`."""

    leaves_changed: bool = False


class CompactBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST /session/{id}/compact`: who sums up; without a model the one that answered last."""

    model: str = ""
    workspace: Workspace = Workspace()


class SessionPage(Struct, frozen=True, kw_only=True):
    """Sessions, the newest first; `next` is the `after` of the page behind, empty at the end."""

    sessions: tuple[Row, ...]
    next: str


class Stats(Struct, frozen=True, kw_only=True):
    """What was used, by what was asked for, and altogether; of sessions the thousand that used most."""

    rows: tuple[Spending, ...]
    total: Spending


class PromptRow(Struct, frozen=True, kw_only=True):
    """A prompt that counts: the number of its event, its id, its text."""

    number: int
    id: str
    text: str


class SessionWhole(Struct, frozen=True, kw_only=True):
    """A session with its prompts; `reverted` are the numbers of those taken back, `compactions` how many count."""

    session: Row
    prompts: tuple[PromptRow, ...]
    todo: tuple[TodoItem, ...]
    reverted: tuple[int, ...]
    compactions: int


class Earlier(Struct, frozen=True, kw_only=True):
    """Prompts with their answers, as events in order; `first` is the `before` of the page before, 0 at the beginning.

    `above` says how many prompts are before those.
    """

    session: Row
    events: tuple[Json, ...]
    first: int
    above: int


class Removed(Struct, frozen=True, kw_only=True):
    """The sessions that are gone."""

    removed: tuple[str, ...]


class Turned(Struct, frozen=True, kw_only=True):
    """What was taken back or brought back: from the prompt `to` on, and these files."""

    to: int
    files: tuple[str, ...]


class Diff(Struct, frozen=True, kw_only=True):
    """Changes of files, as a unified diff."""

    diff: str


class Compaction(Struct, frozen=True, kw_only=True):
    """What the model reads now in the place of what came before."""

    summary: str
    tokens_before: int
    tokens_after: int


class Markdown(Struct, frozen=True, kw_only=True):
    """A session for people to read."""

    markdown: str


class PermissionBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST /permission/{id}`: the word, and beside `deny` something for the model to read.

    `session` and `always` hold for the patterns that were asked about, or for `patterns`, each a deed that was asked
    about and a pattern, such as `bash git push *`. `files` are paths of those asked about, to be taken without the
    others; those of one group are taken together or not.
    """

    decision: Literal["once", "session", "always", "deny"]
    message: Annotated[str, Meta(max_length=10_000)] = ""
    patterns: Annotated[tuple[Annotated[str, Meta(max_length=4096)], ...], Meta(max_length=100)] | None = None
    files: Annotated[tuple[str, ...], Meta(max_length=10_000)] | None = None


class QuestionBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST /question/{id}`: a row of texts for each question; null declines to answer."""

    answers: tuple[tuple[str, ...], ...] | None


class Permissions(Struct, frozen=True, kw_only=True):
    """What waits for a word, oldest first."""

    permissions: tuple[PermissionAsked, ...]


class Questions(Struct, frozen=True, kw_only=True):
    """What waits for answers, oldest first."""

    questions: tuple[QuestionAsked, ...]


class Taken(Struct, frozen=True, kw_only=True):
    """The word was the first one, and counts."""

    taken: bool = True


class StopBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST /global/stop`: how many seconds running answers may go on."""

    patience_s: Annotated[float, Meta(ge=0, le=3600)] = 5.0


class HandoverBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST /global/handover`: the version of the program that wants to take over."""

    version: str


class Health(Struct, frozen=True, kw_only=True):
    """The server lives. `protocol` counts the incompatible changes of these routes."""

    healthy: bool
    version: str
    protocol: int


class SessionBegun(Struct, frozen=True, kw_only=True):
    """A session began."""

    id: str


class Cancelled(Struct, frozen=True, kw_only=True):
    """Whether an answer was running and will end."""

    cancelled: bool


class Ending(Struct, frozen=True, kw_only=True):
    """The server ends, and so many answers are running."""

    running: int


class TicketBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST /ticket`: the path, without a query, that one GET request may have."""

    path: Annotated[str, Meta(min_length=1, max_length=1000, pattern="^/")]


class Ticket(Struct, frozen=True, kw_only=True):
    """What stands for the secret in `?ticket=` of one request, and for how many seconds."""

    ticket: str
    expires_s: float


class ErrorText(Struct, frozen=True, kw_only=True):
    """The name of a failure, what happened, and what to do."""

    name: str
    message: str
    hint: str


class Error(Struct, frozen=True, kw_only=True):
    """Every answer that is not good."""

    error: ErrorText


class ModelRow(Struct, frozen=True, kw_only=True):
    """A model: its name, whether it can be asked now and `why` not, and what is known of it; null where nobody says.

    `source` is who names it: built-in, catalogue, vendor, local or config. Prices are millionths of a US dollar for a
    million tokens.
    """

    name: str
    ready: bool
    why: str
    source: str
    window: int | None
    output: int | None
    prices: Prices | None
    images: bool | None
    tools: bool | None
    reasoning: bool | None


class Models(Struct, frozen=True, kw_only=True):
    """Models, those that can be asked first."""

    models: tuple[ModelRow, ...]


class VendorRow(Struct, frozen=True, kw_only=True):
    """Who has models: where it is asked, and where its key comes from: environment, file or none.

    `variable` holds the key, `variables` are looked at. `state` is of a server on this machine: there, locked (it wants
    a key) or absent.
    """

    name: str
    title: str
    url: str
    ready: bool
    key: str
    variable: str
    variables: tuple[str, ...]
    state: str
    models: int


class VendorRows(Struct, frozen=True, kw_only=True):
    """Everybody who has models."""

    vendors: tuple[VendorRow, ...]


class RefreshBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST /provider/refresh`: whom to ask, or everybody who can be asked; keys are in the environment."""

    vendor: Annotated[str, Meta(max_length=200)] = ""
    workspace: Workspace = Workspace()


class RefreshedRow(Struct, frozen=True, kw_only=True):
    """How many models a vendor listed, or the problem."""

    name: str
    models: int
    problem: str


class RefreshedRows(Struct, frozen=True, kw_only=True):
    """Who was asked."""

    vendors: tuple[RefreshedRow, ...]


class KeyBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `PUT /auth/{vendor}`: the key, which its vendor is asked about unless `check` is false."""

    key: Annotated[str, Meta(max_length=8192)]
    check: bool = True
    workspace: Workspace = Workspace()

    @override
    def __repr__(self) -> str:
        return "KeyBody()"


class KeyKept(Struct, frozen=True, kw_only=True):
    """A key was kept; `doubt` says why its vendor could not be asked about it, if so."""

    vendor: str
    doubt: str


class Forgotten(Struct, frozen=True, kw_only=True):
    """Whether there was a key."""

    forgotten: bool


class TreeFolder(Struct, frozen=True, kw_only=True):
    """A folder, as a path that is empty or ends with `/`, and the names of the files and links in it."""

    path: str
    names: tuple[str, ...]


class Tree(Struct, frozen=True, kw_only=True):
    """The folders that hold files; `is_whole` is false when there are more files than are told."""

    folders: tuple[TreeFolder, ...]
    is_whole: bool
