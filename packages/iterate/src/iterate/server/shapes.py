"""What requests and answers hold, as Structs. Schemas of the OpenAPI document are made from these classes.

Bodies forbid unknown fields, although a newer client may send one to an older server: a field that is skipped in
silence, such as the folder to work in, would do harm.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from iterate.events import PermissionAsked, QuestionAsked
from iterate.workspace import Workspace


class Nothing(Struct, frozen=True):
    """No body."""


class SessionBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST /session`: where the session begins."""

    workspace: Workspace = Workspace()


class PromptBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST /session/{id}/prompt`; without a model the built-in echo answers.

    `id` names the prompt: sent again under the same id it is not prompted again, but its answer is read again.
    """

    text: str
    model: str = "echo/echo"
    id: Annotated[str, Meta(max_length=200)] = ""
    workspace: Workspace = Workspace()


class PermissionBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST /permission/{id}`: the word, and beside `deny` something for the model to read.

    `session` and `always` hold for the patterns that were asked about.
    """

    decision: Literal["once", "session", "always", "deny"]
    message: Annotated[str, Meta(max_length=10_000)] = ""


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


class ErrorText(Struct, frozen=True, kw_only=True):
    """The name of a failure, what happened, and what to do."""

    name: str
    message: str
    hint: str


class Error(Struct, frozen=True, kw_only=True):
    """Every answer that is not good."""

    error: ErrorText
