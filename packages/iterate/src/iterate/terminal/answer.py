"""Events of a prompt on the screen: as the text of the answer, or as one line of JSON each."""

from collections.abc import Callable
from typing import assert_never

from iterate import events
from iterate.events import Done, Event, Failed, Prompted, Token
from iterate.terminal import screen


def as_text() -> Callable[[Event], None]:
    """Show the answer as it comes, and end its last line."""
    end = "\n"

    def show(event: Event) -> None:
        nonlocal end
        match event:
            case Prompted():
                pass
            case Token(text=text):
                screen.show(text)
                end = "" if text.endswith("\n") else "\n"
            case Done() | Failed():
                screen.show(end)
            case _:
                assert_never(event)

    return show


def as_json(event: Event) -> None:
    """Show one event on one line, at once."""
    screen.show_json_line(events.to_json(event))
