"""What the words behind bare `iterate` say about the conversation; read without what other commands need for theirs."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from iterate import settings
from iterate.errors import UsageError

if TYPE_CHECKING:
    from iterate.settings import Mode


class Options(NamedTuple):
    """Which session goes on, who answers, and how it looks. Empty is what the settings say."""

    # An id, the first digits of one, or `last`.
    session: str = ""
    is_newest: bool = False
    is_fork: bool = False
    model: str = ""
    agent: str = ""
    mode: "Mode | None" = None
    # A folder of the server.
    directory: str = ""

    @property
    def goes_on(self) -> bool:
        """Whether an earlier session is meant."""
        return self.is_newest or bool(self.session)

    def checked(self) -> "Options":
        """The same, where it makes sense; raises `UsageError`."""
        if self.is_newest and self.session:
            raise UsageError("--continue and --session say both which session", "leave one of them out")
        if self.is_fork and not self.goes_on:
            raise UsageError("--fork copies a session", "say which one with --continue or --session")
        return self

    def folder(self, *, is_elsewhere: bool) -> str:
        """The folder that is worked in; raises `FolderUnusable`, for there is no other one that could be meant."""
        if self.directory:
            return self.directory
        # A session of a server at an address has its folder there.
        return settings.directory() if is_elsewhere else settings.folder()


_FLAGS: dict[str, Callable[[Options], Options]] = {
    "-c": lambda found: found._replace(is_newest=True),
    "--continue": lambda found: found._replace(is_newest=True),
    "--fork": lambda found: found._replace(is_fork=True),
    "--full": lambda found: found._replace(mode="full"),
    "--mini": lambda found: found._replace(mode="mini"),
}
_VALUES = {"--session": "session", "--model": "model", "--agent": "agent"}


def _with(found: Options, name: str, value: str) -> Options:
    match name:
        case "--session":
            return found._replace(session=value)
        case "--model":
            return found._replace(model=value)
        case _:
            return found._replace(agent=value)


def parse(words: Sequence[str]) -> Options | None:
    """What these words mean, where they are the usual ones in their usual form; None leaves them to click."""
    found = Options()
    rest = list(words)
    while rest:
        word = rest.pop(0)
        name, has_value, value = word.partition("=")
        if word in _FLAGS:
            if word in {"--full", "--mini"} and found.mode is not None:
                return None
            found = _FLAGS[word](found)
        elif name in _VALUES and (has_value or rest):
            value = value if has_value else rest.pop(0)
            if not value or value.startswith("-") or getattr(found, _VALUES[name]):
                return None
            found = _with(found, name, value)
        else:
            return None
    return found
