"""Makes of a session what a model reads: each turn as the person's message, the model's steps, and their results.

What counts no more is left out: turns taken back, tries that broke, what was compacted. What a vendor would refuse is
mended: every call has exactly one result, and no message is empty. The same events give the same messages, byte for
byte, so that a vendor's cache of the beginning holds.
"""

from collections.abc import Iterable, Iterator

from iterate.events import (
    Compacted,
    FilePart,
    Part,
    ReasoningPart,
    StepPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from iterate.request import AssistantMessage, Message, ToolMessage, UserMessage
from iterate.session import Session, Turn
from iterate.tools.tool import DENIED

# The tool whose results are instructions, which outlive a compaction.
SKILL = "skill"
# The tool whose results hold the person's own words.
QUESTION = "question"
# How many files are named.
NAMED = 50
# What a token is on the average, in characters of text, and what an image costs, in tokens.
CHARACTERS = 4
IMAGE_TOKENS = 1600

_NO_RESULT = "the answer was ended before this call gave a result; what it did until then may be done"
_BACK = "I took back your changes of these files; look at them again before you rely on what they held: "
_WORDS = "The conversation so far was summarised. These are my own words in it, unchanged:"
_SUMMARY = "This is the summary of what was done:"
_SKILLS = "These instructions of skills that were loaded still hold:"
_TOLD = "These instructions of files still hold:"
_ANSWERS = "These are my own answers, to what I was asked meanwhile:"


def history(session: Session) -> list[Message]:
    """The messages of a session, oldest first."""
    compacted = session.compactions[-1] if session.compactions else None
    found: list[Message] = []
    if compacted is not None:
        found.append(_in_short(session.turns, compacted))
    first = compacted.first if compacted else 0
    for turn in session.turns:
        if turn.number >= first:
            found.append(UserMessage(parts=turn.prompt))
        found += steps(part for number, part in zip(turn.numbers, turn.parts, strict=True) if number >= first)
        found += _taken_back(turn, first)
    return found


def _taken_back(turn: Turn, first: int) -> Iterator[Message]:
    """What a person took back of files and not of the conversation: the model would think that it is still there."""
    for change in turn.changes:
        if not change.call and change.number >= first:
            paths = [each.path for each in change.files]
            more = f" and {len(paths) - NAMED} more" if len(paths) > NAMED else ""
            yield UserMessage(parts=(TextPart(text=_BACK + ", ".join(paths[:NAMED]) + more),))


def steps(parts: Iterable[Part]) -> Iterator[Message]:
    """The messages of one answer: what each step said, then what its calls gave."""
    said: list[TextPart | ReasoningPart | ToolCallPart] = []
    results: dict[str, ToolResultPart] = {}
    is_over = False
    for part in parts:
        match part:
            case TextPart() | ReasoningPart() | ToolCallPart():
                if is_over:
                    yield from _step(said, results)
                    said, results, is_over = [], {}, False
                said.append(part)
            case ToolResultPart():
                results.setdefault(part.call, part)
                is_over = True
            case StepPart():
                if part.reason == "refused":
                    # What was refused is not to be read again.
                    said, results = [], {}
                is_over = True
            case _:
                pass
    yield from _step(said, results)


def tokens(messages: Iterable[Message]) -> int:
    """About how many tokens they are."""
    return sum(_tokens(message) for message in messages)


def _step(said: list[TextPart | ReasoningPart | ToolCallPart], results: dict[str, ToolResultPart]) -> Iterator[Message]:
    kept = tuple(part for part in said if not isinstance(part, TextPart) or part.text.strip())
    if all(isinstance(part, ReasoningPart) for part in kept):
        # Thought, and nothing said: it was cut off.
        return
    yield AssistantMessage(parts=kept)
    calls = [part.call for part in kept if isinstance(part, ToolCallPart)]
    if calls:
        lost = {call: ToolResultPart(call=call, status="cancelled", text=_NO_RESULT) for call in calls}
        yield ToolMessage(results=tuple(results.get(call, lost[call]) for call in calls))


def _in_short(turns: tuple[Turn, ...], compacted: Compacted) -> UserMessage:
    parts: list[TextPart | FilePart] = [TextPart(text=_WORDS)]
    skills: dict[str, TextPart] = {}
    told: dict[str, TextPart] = {}
    answers: list[TextPart] = []
    for turn in turns:
        if turn.number < compacted.first:
            parts += turn.prompt
        skills |= _skills(turn, compacted.first)
        for result in _results(turn, compacted.first):
            told |= {text: TextPart(text=text) for text in result.told}
        answers += _answers(turn, compacted.first)
    for title, kept in ((_ANSWERS, answers), (_SKILLS, skills.values()), (_TOLD, told.values())):
        if kept:
            parts += [TextPart(text=title), *kept]
    return UserMessage(parts=(*parts, TextPart(text=_SUMMARY), TextPart(text=compacted.summary)))


def _skills(turn: Turn, first: int) -> dict[str, TextPart]:
    """What was loaded before that number, by the arguments of the call; the newest of each."""
    calls: dict[str, str] = {}
    found: dict[str, TextPart] = {}
    for number, part in zip(turn.numbers, turn.parts, strict=True):
        if number >= first:
            break
        if isinstance(part, ToolCallPart) and part.tool == SKILL:
            calls[part.call] = repr(sorted(part.arguments.items()))
        elif isinstance(part, ToolResultPart) and part.call in calls and part.status == "ok":
            found[calls[part.call]] = TextPart(text=part.text)
    return found


def _results(turn: Turn, first: int) -> Iterator[ToolResultPart]:
    for number, part in zip(turn.numbers, turn.parts, strict=True):
        if number < first and isinstance(part, ToolResultPart):
            yield part


def _answers(turn: Turn, first: int) -> Iterator[TextPart]:
    """What the person answered to questions, and said to calls that they denied."""
    asked = {part.call for part in turn.parts if isinstance(part, ToolCallPart) and part.tool == QUESTION}
    for result in _results(turn, first):
        is_answer = result.call in asked and result.status == "ok"
        if is_answer or (result.status == "denied" and result.text.startswith(f"{DENIED}: ")):
            yield TextPart(text=result.text)


def _tokens(message: Message) -> int:
    match message:
        case UserMessage(parts=parts):
            return sum(_file(part) if isinstance(part, FilePart) else _text(part.text) for part in parts)
        case AssistantMessage(parts=parts):
            return sum(
                _text(str(part.arguments) + part.tool) if isinstance(part, ToolCallPart) else _text(part.text)
                for part in parts
            )
        case ToolMessage(results=results):
            return sum(_text(result.text) + sum(map(_file, result.files)) for result in results)


def _text(text: str) -> int:
    return len(text) // CHARACTERS + 4


def _file(part: FilePart) -> int:
    return IMAGE_TOKENS if part.media_type.startswith("image/") else _text(part.url)
