"""What is told beside a conversation: the context that is used, the cost, what there is to do, files, agents below."""

from typing import TYPE_CHECKING, NamedTuple

from iterate.heard import Heard

if TYPE_CHECKING:
    from collections.abc import Sequence


class Item(NamedTuple):
    """One thing that there is to do."""

    text: str
    status: str


class Below(NamedTuple):
    """An agent that works for a call of this session, or of one below."""

    session: str
    agent: str
    # What it is asked to do, in a line.
    about: str
    call: str
    above: str
    calls: int = 0
    # What it does now.
    doing: str = ""


class Figures:
    """These numbers, counted from the events of a session and of those below it."""

    def __init__(self, session: str = "", micro_usd: int | None = None) -> None:
        """`micro_usd` is what the session cost before what is heard."""
        self.session = session
        # Tokens that the model read and wrote at its newest step, which the next one reads again.
        self.context = 0
        self.micro_usd = micro_usd
        # Of the answer that runs, which the cap is for.
        self.answer_micro_usd = 0
        self.todo: Sequence[Item] = ()
        self.below: dict[str, Below] = {}
        self._files: list[tuple[int, str, int, int]] = []
        # The same by path, as long as nothing changes.
        self._known: dict[str, tuple[int, int]] | None = None
        self._taken_back: list[list[tuple[int, str, int, int]]] = []
        self._calls: dict[str, Heard] = {}
        self._prompt = 0

    def cost(self, micro_usd: int | None) -> None:
        """What it cost with all below, as the server counted it."""
        self.micro_usd = self.micro_usd if micro_usd is None else micro_usd

    @property
    def files(self) -> dict[str, tuple[int, int]]:
        """The files that were changed and not taken back, with lines added and removed."""
        if self._known is None:
            self._known = {}
            for _, path, added, removed in self._files:
                before = self._known.get(path, (0, 0))
                self._known[path] = before[0] + added, before[1] + removed
        return self._known

    def take(self, event: Heard) -> None:
        """Hear of an event of the session, or of one below it."""
        is_own = not self.session or event.word("session") in {self.session, ""}
        match event.kind:
            case "part":
                self._part(event, is_own=is_own)
            case "prompted" if is_own:
                self._prompt, self.answer_micro_usd, self._taken_back = event.number, 0, []
                self.below.clear()
            case "task":
                self._task(event)
            case "todo" if is_own:
                self.todo = [Item(each.word("text"), each.word("status")) for each in event.rows("items")]
            case "files.changed":
                self._known = None
                self._files += [
                    (self._prompt, each.word("path"), each.count("added"), each.count("removed"))
                    for each in event.rows("files")
                ]
            case "reverted" | "unreverted" if is_own:
                self._turn(event)
            case "compacted" if is_own:
                self.context = event.count("tokens_after")
            case "done" | "failed":
                self._end(event.word("session"), is_own=is_own)
            case _:
                pass

    def _part(self, event: Heard, *, is_own: bool) -> None:
        part = event.inner("part")
        session = event.word("session")
        if part.kind == "usage":
            if is_own:
                self.context = part.count("input") + part.count("output")
            cost = part.fields.get("cost_micro_usd")
            if isinstance(cost, int):
                self.micro_usd = (self.micro_usd or 0) + cost
                self.answer_micro_usd += cost
        elif part.kind == "tool_call":
            self._calls[part.word("call")] = part
            if (one := self.below.get(session)) is not None:
                from iterate.terminal import tally

                self.below[session] = one._replace(calls=one.calls + 1, doing=tally.about(part))
        elif part.kind == "tool_result":
            self._calls.pop(part.word("call"), None)
            over = (session, part.word("call"))
            for each in [each for each in self.below.values() if (each.above, each.call) == over]:
                self._end(each.session, is_own=False)
            if (one := self.below.get(session)) is not None:
                self.below[session] = one._replace(doing="")

    def _task(self, event: Heard) -> None:
        call = self._calls.get(event.word("call"), Heard("", "", {})).inner("arguments")
        about = (call.word("prompt") or call.word("task")).strip().partition("\n")[0]
        child = event.word("child")
        self.below[child] = Below(child, event.word("agent"), about, event.word("call"), event.word("session"))

    def _end(self, session: str, *, is_own: bool) -> None:
        if is_own:
            self.below.clear()
            return
        for each in [each.session for each in self.below.values() if each.above == session]:
            self._end(each, is_own=False)
        self.below.pop(session, None)

    def _turn(self, event: Heard) -> None:
        """Files that were taken back are no changed files, until they come again."""
        self._known = None
        if event.kind == "unreverted":
            self._files = self._taken_back[0] if self._taken_back else self._files
            self._taken_back = []
            return
        self._taken_back.append(list(self._files))
        if event.word("what") != "conversation":
            self._files = [each for each in self._files if each[0] < event.count("to")]
