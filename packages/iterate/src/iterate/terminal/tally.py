"""What an answer did and cost, added up from its events, and in words."""

from iterate import foreign
from iterate.heard import Heard

MILLION = 1_000_000
_MINUTE = 60
# So many names of files stand in a line.
_NAMED = 3
# What of a call's arguments says best what it is about.
_TELLING = ("command", "path", "pattern", "url", "name", "text", "prompt", "agent", "task")


class Tally:
    """The numbers of one answer."""

    def __init__(self) -> None:
        self.steps = self.input = self.output = self.cached = 0
        self.micro_usd: int | None = None
        self.is_estimated = False
        self.calls = self.denied = 0
        self.files: dict[str, tuple[int, int]] = {}

    def take(self, event: Heard) -> None:
        """Count one event."""
        part = event.inner("part") if event.kind == "part" else Heard("", "", {})
        match event.kind, part.kind:
            case "part", "step":
                self.steps += 1
            case "part", "usage":
                self._use(part)
            case "part", "tool_result":
                self.calls += 1
                self.denied += part.word("status") == "denied"
            case "files.changed", _:
                for each in event.rows("files"):
                    added, removed = self.files.get(each.word("path"), (0, 0))
                    self.files[each.word("path")] = (added + each.count("added"), removed + each.count("removed"))
            case _:
                pass

    def _use(self, part: Heard) -> None:
        self.input += part.count("input")
        self.output += part.count("output")
        self.cached += part.count("cache_read")
        self.is_estimated = self.is_estimated or part.fields.get("is_estimated") is True
        if isinstance(part.fields.get("cost_micro_usd"), int):
            self.micro_usd = (self.micro_usd or 0) + part.count("cost_micro_usd")

    def words(self) -> str:
        """All that is known, in one line; empty when nothing is."""
        if not self.input and not self.output:
            return ""
        about = "about " if self.is_estimated else ""
        cached = f" ({self.cached:,} cached)" if self.cached else ""
        pieces = [f"{about}{self.input:,} tokens in{cached}", f"{self.output:,} out"]
        if self.steps > 1:
            pieces.insert(0, f"{self.steps} steps")
        if self.micro_usd is not None:
            pieces.append(f"${self.micro_usd / MILLION:.4f}")
        return ", ".join(pieces)


def about(call: Heard) -> str:
    """What a call of a tool is about, in one line, before it has a result."""
    arguments = call.inner("arguments")
    told = next((arguments.word(name) for name in _TELLING if arguments.word(name)), "")
    if not told:
        told = next((value for value in arguments.fields.values() if isinstance(value, str)), "")
    first = (told.strip().splitlines() or [""])[0][:200]
    if call.word("tool") == "task" and arguments.word("prompt") and arguments.word("agent"):
        # Who works, and at what.
        first = f"{arguments.word('agent')}: {first}"
    return f"{call.word('tool')} {first}".strip()


def title(result: Heard, about_: str, tool: str) -> str:
    """What a call was, once it has a result: called as it was while it ran, unless the result's own title says more."""
    own = result.word("title")
    says_less = own in {"", f"{tool} failed", f"{tool} denied"} or tool == "task"
    return about_ if about_ and (says_less or about_.startswith(f"{tool} {own}")) else own


def said(call: Heard) -> str:
    """All that a call says: the command itself, or each argument by its name."""
    arguments = call.inner("arguments")
    if arguments.word("command"):
        return arguments.word("command")
    return "\n".join(f"{name}: {value}" for name, value in arguments.fields.items())


def counted(count: int, noun: str) -> str:
    """A number of things, the noun in its right form."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def failed(ending: Heard) -> str:
    """Why an answer is not complete."""
    if ending.word("reason") == "cancelled":
        return "the answer was stopped"
    return f"the answer failed ({ending.word('reason')}): {ending.word('message')}"


def seconds(span: float) -> str:
    """A time in words."""
    if span < _MINUTE:
        return f"{span:.1f} s" if span < 10 else f"{span:.0f} s"  # noqa: PLR2004  # Two digits are enough.
    return f"{int(span // _MINUTE)} min {int(span % _MINUTE)} s"


def changed(event: Heard) -> str:
    """The files that a call changed, in one line."""
    names = []
    for each in event.rows("files"):
        counts = f" +{each.count('added')} -{each.count('removed')}"
        kept = "" if each.fields.get("is_kept") is not False else " (not kept: cannot be undone)"
        names.append(f"{each.word('path')}{counts}{kept}")
    return ", ".join(names)


def taken_back(event: Heard) -> str:
    """What is as it was before a prompt, and how it comes back."""
    files, what = names(event), event.word("what")
    talk = "the conversation from that prompt on"
    match what:
        case "conversation":
            told = f"taken back: {talk}; files stay as they are"
        case "files":
            told = f"taken back: {files or 'no file, none had changed'}; the conversation stays"
        case _:
            told = f"taken back: {f'{files} and {talk}' if files else f'{talk}; no file had changed'}"
    return f"{told}; /redo brings it back"


def brought_back(event: Heard, what: str) -> str:
    """The same of what is again as it was behind that prompt."""
    files, talk = names(event), "the conversation"
    told = {"conversation": talk, "files": files or "no file, none had changed"}.get(what, "")
    return f"brought back: {told or (f'{files} and {talk}' if files else talk)}; /undo takes it back"


def allowed(event: Heard, asked: list[str]) -> str:
    """What a person allowed, and for which calls like it; empty where nothing was."""
    patterns = ", ".join(event.words("patterns") or asked)
    of = f": {foreign.plain(patterns)}" if patterns else ""
    match event.word("decision"):
        case "once":
            return "allowed once"
        case "session":
            return f"allowed for this session{of}"
        case "always":
            return f"always allowed from now on{of}; /permissions takes it back"
        case _:
            return ""


def names(event: Heard) -> str:
    """The files of an event; of many the first ones."""
    files = [foreign.plain(each) for each in event.words("files")]
    left = len(files) - _NAMED
    return ", ".join([*files[:_NAMED], *([counted(left, "more file")] if left > 0 else [])])


def denial(message: str) -> str:
    """That somebody did not want something, and why."""
    return f"denied. {message}".strip()


def answered(event: Heard) -> str:
    """What a person answered."""
    answers = event.fields.get("answers")
    if not isinstance(answers, list):
        return "not answered"
    told = [", ".join(str(one) for one in each) for each in answers if isinstance(each, list)]
    return foreign.plain(f"answered: {'; '.join(told)}")
