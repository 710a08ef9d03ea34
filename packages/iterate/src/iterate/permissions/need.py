"""What one call would do, as values that rules are matched with."""

from typing import Literal

from msgspec import Struct

# What a need is judged by. A path outside the project is `outside` whatever is done with it.
type Deed = Literal["read", "edit", "bash", "fetch", "task", "mcp", "outside", "skill"]


class Need(Struct, frozen=True, kw_only=True):
    """One thing that a call would do.

    `subject` is what rules are matched with: a path relative to the project with `/` (an absolute one where it lies
    outside), a command, an address, or the name of a tool, agent or skill.
    """

    deed: Deed
    subject: str
    # Much would be lost: it asks also where nothing else does.
    is_grave: bool = False
    # One clause for the person: what is odd about it, or why it asks.
    why: str = ""
    # The words of a command; its first one is how the program is found.
    words: tuple[str, ...] = ()
    # A command that is known to look only.
    is_look: bool = False
    # What it does cannot be told from its words: a rule with a wildcard behind words does not allow it.
    is_opaque: bool = False
    # It was not named, but lies below a folder that is read.
    is_found: bool = False
    # Neither the sandbox nor the undo holds what it does, so that it asks also in the mode that does not ask.
    is_loose: bool = False
    # The shell command that would do it; empty where a tool does it itself.
    via: str = ""
