"""Back to an earlier prompt: which one, and whether the conversation, the files or both; its text is typed again."""

import time
from collections.abc import Callable, Sequence
from typing import Literal

from iterate.config.bindings import Context
from iterate.errors import Failure, FilesChangedSince
from iterate.heard import Heard
from iterate.terminal import rows, tally
from iterate.terminal.keys import Key
from iterate.tui import said
from iterate.tui.contract import Body, Picture, Program, Size
from iterate.tui.listing import Item, Listing, Purpose
from iterate.tui.parts import Choice, Choices, Grace, fitted, read

type Clock = Callable[[], float]
type What = Literal["both", "conversation", "files"]

_WAYS: tuple[tuple[What | None, Choice], ...] = (
    ("both", Choice("b", "the conversation and the files", "as before this prompt")),
    ("conversation", Choice("c", "the conversation alone", "files stay as they are")),
    ("files", Choice("f", "the files alone", "the model is told")),
    (None, Choice("n", "nothing")),
)


class Asked:
    """A question of ours with some answers."""

    is_lasting = is_short = False
    escapes = "goes back"

    def __init__(
        self,
        program: Program,
        text: str,
        choices: Sequence[Choice],
        then: Callable[[int], None],
        clock: Clock | None = None,
    ) -> None:
        """With a clock nobody has seen it coming, and keys that were typed before are no answer."""
        self._grace = Grace(clock or time.monotonic)
        if clock is not None:
            self._grace.begin()
        self._program = program
        self._text = text
        self._choices = Choices(choices)
        self._then = then

    @property
    def context(self) -> Context:
        """Of the line, while keys are still meant for it."""
        return "dialog" if self._grace.is_over else "editor"

    def picture(self, room: Size) -> Picture:
        """The question and its answers."""
        listed = self._choices.rows(room.columns)
        asked = rows.wrapped([rows.span(self._text, "busy")], room.columns)[: max(0, room.lines - len(listed))]
        top = max(0, min(self._choices.at - room.lines // 2, len(listed) - room.lines))
        return Picture(fitted([*asked, *listed[top:]], room))

    def act(self, action: str, key: Key) -> bool:
        """A key; Escape is the last answer, which does nothing."""
        if key.name in {"ctrl+c", "ctrl+z", "ctrl+l"}:
            return False
        if not self._grace.passes():
            return False
        # Letters of its own, whatever they mean to a permission.
        meant, key = ("text", key) if key.name == "text" else read(action, key)
        place = len(self._choices.choices) - 1 if meant == "cancel" else self._choices.act(meant, key)
        if place is not None:
            self._program.close(self)
            self._then(place)
        return True


def show(program: Program, clock: Clock = time.monotonic) -> None:
    """The prompts of the session, the newest first."""
    if not program.session:
        program.tell("there is no prompt to go back to yet")
        return
    prompts: dict[str, Heard] = {}

    def told(body: Body) -> None:
        found = said.heard(body).rows("prompts")[::-1]
        prompts.update({str(each.count("number")): each for each in found})
        listing.fill([_item(each) for each in found])

    def chosen(item: Item) -> None:
        program.close(listing)
        _ask(program, prompts[item.key], clock)

    purpose = Purpose("Back to before a prompt", chosen, empty="there is no prompt to go back to")
    listing = Listing(program, purpose)
    program.show(listing)
    program.call("GET", f"/session/{program.session}", then=told, otherwise=lambda failure: listing.fail(str(failure)))


def _item(prompt: Heard) -> Item:
    lines = prompt.word("text").strip().splitlines() or ["(no text)"]
    more = f"and {tally.counted(len(lines) - 1, 'more line')}" if len(lines) > 1 else ""
    return Item(str(prompt.count("number")), lines[0], more)


def _ask(program: Program, prompt: Heard, clock: Clock) -> None:
    """Which of the two is taken back."""

    def answered(place: int) -> None:
        what, _ = _WAYS[place]
        if what is not None:
            _take_back(program, prompt, what, clock)

    first = (prompt.word("text").strip().splitlines() or [""])[0]
    program.show(Asked(program, f"take back from here on: {first}", [choice for _, choice in _WAYS], answered))


def ask_for_others(
    program: Program, failure: Failure, verb: Literal["take", "bring"], others: Callable[[], None], clock: Clock
) -> None:
    """Files that somebody changed since stand against it: are the others to be put back alone?"""
    choices = [Choice("o", f"{verb} back the others"), Choice("n", "nothing")]
    program.show(Asked(program, str(failure), choices, lambda place: None if place else others(), clock))


def _take_back(
    program: Program,
    prompt: Heard,
    what: What,
    clock: Clock,
    *,
    leaves_changed: bool = False,
) -> None:
    def told(_: Body) -> None:
        # The session itself tells what became of it.
        program.write(prompt.word("text"))

    def failed(failure: Failure) -> None:
        if isinstance(failure, FilesChangedSince) and not leaves_changed:
            ask_for_others(program, failure, "take", others, clock)
        else:
            program.fail(failure)

    def others() -> None:
        _take_back(program, prompt, what, clock, leaves_changed=True)

    body: Body = {"to": prompt.count("number"), "what": what, "leaves_changed": leaves_changed}
    program.call("POST", f"/session/{program.session}/revert", body, then=told, otherwise=failed)
