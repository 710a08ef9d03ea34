"""What stands in events as parts of them: what is asked of a person, files that a call changes, what there is to do."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

type Count = Annotated[int, Meta(ge=0)]


class AskedNeed(Struct, frozen=True, kw_only=True):
    """One thing that a call would do, as the rules understood it, and the rule that says what is done about it.

    `command` is the piece of the shell's text that would do it, empty where a tool does it itself; `program` its first
    word. `pattern`, `source` and `file` (with its line, as `config.toml:12`) are of the rule, empty where none decided.
    """

    deed: str
    subject: str
    action: Literal["allow", "ask", "deny"]
    why: str
    command: str = ""
    program: str = ""
    pattern: str = ""
    source: str = ""
    file: str = ""


class AskedFile(Struct, frozen=True, kw_only=True):
    """One file that would be changed, and may be taken without the others; `preview` has its diff, if there was room.

    Files of the same `group` belong together, such as the two names of one that was moved; 0 is a file by itself.
    """

    path: str
    kind: Literal["added", "modified", "deleted"]
    added: Count = 0
    removed: Count = 0
    group: Count = 0


class Question(Struct, frozen=True, kw_only=True):
    """Something that the model wants to know; without choices any text is an answer."""

    text: str
    choices: tuple[str, ...] = ()
    is_many: bool = False


class FileChange(Struct, frozen=True, kw_only=True):
    """One file that a call changed; `is_kept` says whether the undo has what was there before."""

    path: str
    kind: Literal["added", "modified", "deleted"]
    added: Count = 0
    removed: Count = 0
    is_kept: bool = True


class TodoItem(Struct, frozen=True, kw_only=True):
    """One thing on the list."""

    text: str
    status: Literal["open", "active", "done", "dropped"]
