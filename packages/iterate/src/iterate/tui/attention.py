"""What reaches a person who looks elsewhere: the title of the window, and a notice that something is asked."""

from collections.abc import Callable

from iterate import foreign

_TITLE_COLUMNS = 60


class Attention:
    """Gives the window its title with `name`, and tells by `notify` what waits for the person."""

    def __init__(self, name: Callable[[str], None], notify: Callable[[str, str], None]) -> None:
        self._name = name
        self._notify = notify
        self._title = ""
        self._waits = False

    def look(self, about: str, *, is_busy: bool, waits: bool) -> None:
        """Say what goes on: what the conversation is about, and whether it answers or waits for the person."""
        if waits and not self._waits:
            self._notify("iterate", "something is asked")
        self._waits = waits
        state = "? " if waits else "\N{HORIZONTAL ELLIPSIS} " if is_busy else ""
        text = f"{state}{' '.join(foreign.plain(about).split())[:_TITLE_COLUMNS]}".strip()
        title = f"{text} - iterate" if text else "iterate"
        if title != self._title:
            self._title = title
            self._name(title)
