"""Events of a prompt on the screen: as the text of the answer, or as one line of JSON each."""

from collections.abc import Callable

from iterate.heard import Heard
from iterate.terminal import screen

type Show = Callable[[Heard], None]


class AsText:
    """Shows the text of an answer as it comes, each character once, and ends its last line.

    A part comes at once, or in deltas and then as a whole; what was shown of it is not shown again.
    """

    def __init__(self) -> None:
        self._number = 0
        self._shown = 0
        self._has_open_line = True

    def __call__(self, event: Heard) -> None:
        """Show what is new in one event."""
        match event.kind:
            case "delta" if event.word("kind") == "text":
                self._show(event.number, event.count("offset"), event.word("text"))
            case "part" if event.part()[0] == "text":
                self._show(event.number, 0, event.part()[1])
            case "warned":
                screen.note(event.word("text"))
            case "done" if self._number == 0:
                screen.note("the model ended its answer without a word")
            case "done" | "failed":
                screen.show("\n" if self._has_open_line else "")
            case _:
                pass  # Of no meaning as text, or of a kind that only a newer server knows.

    def _show(self, number: int, offset: int, text: str) -> None:
        if number != self._number:
            if self._number and self._has_open_line:
                screen.show("\n")
            self._number, self._shown = number, 0
        new = text[max(0, self._shown - offset) :]
        if new:
            screen.show(new)
            self._shown = offset + len(text)
            self._has_open_line = not new.endswith("\n")


def as_json(event: Heard) -> None:
    """Show one event on one line, at once, as the server sent it."""
    screen.show_json_line(event.json)


class AsObject:
    """Keeps what a program wants to know of a whole answer, for one object at its end."""

    def __init__(self) -> None:
        # As little as a warm command can: it is made of the parts at the end.
        self._events: list[Heard] = []

    def __call__(self, event: Heard) -> None:
        """Keep one event."""
        if event.kind != "delta":
            self._events.append(event)

    def line(self, below_tokens: int = 0, below_micro_usd: int | None = None) -> str:
        """The object as JSON: how it ended, the text behind the last call of a tool, what it did and cost.

        `below_` is what its sub-agents used, for the totals.
        """
        import json

        from iterate.terminal.tally import Tally

        tally = Tally()
        text: list[str] = []
        prompted, ending = Heard("", "", {}), Heard("", "", {})
        for event in self._events:
            tally.take(event)
            kind, said = event.part()
            if event.kind == "prompted":
                prompted = event
            elif kind == "tool_call":
                text = []
            elif kind == "text":
                text.append(said)
            elif event.is_ending:
                ending = event
        fields = {
            "session": prompted.word("session"),
            "prompt": prompted.word("id"),
            "model": prompted.word("model"),
            "agent": prompted.word("agent"),
            "ending": ending.kind,
            "reason": ending.word("reason"),
            "message": ending.word("message"),
            "text": "\n".join(text),
            "steps": tally.steps,
            "calls": tally.calls,
            "denied": tally.denied,
            "input": tally.input,
            "cache_read": tally.cached,
            "output": tally.output,
            "cost_micro_usd": tally.micro_usd,
            "total_tokens": tally.input + tally.output + below_tokens,
            "total_cost_micro_usd": (
                None if tally.micro_usd is below_micro_usd is None else (tally.micro_usd or 0) + (below_micro_usd or 0)
            ),
            "files": [{"path": path, "added": a, "removed": r} for path, (a, r) in sorted(tally.files.items())],
        }
        return json.dumps(fields, ensure_ascii=False)
