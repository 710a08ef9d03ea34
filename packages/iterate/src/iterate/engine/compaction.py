"""Makes a conversation that is too long for its model short: the model itself sums it up.

The person's own words, the system's texts, the skills that were loaded and the instructions of files that were told
stay word for word (`messages.py`); only what the model said and what tools gave is summed up. The event `compacted`
carries the summary, and can be undone.
"""

from collections.abc import Iterator, Sequence
from contextlib import aclosing

from msgspec.structs import replace

from iterate.engine import messages
from iterate.engine.job import Job, Record, priced
from iterate.errors import NotCompacted
from iterate.events import Compacted, Piece, ReasoningPart, TextPart, ToolCallPart, UsagePart
from iterate.request import AssistantMessage, Message, Model, Request, ToolMessage, ToolSchema, UserMessage
from iterate.session import Session

# What is left free of the window for an answer, at most.
RESERVE = 16_000
# What is kept of a tool's result when even the request for a summary would be too long, in characters.
SHORT = 400
# So many tokens must be to gain, or the model is not asked.
LEAST = 200

ASK = """\
Sum up this conversation, so that you can go on with the work from your summary alone. You will not see the conversation
again, but you will see my own messages word for word, so do not repeat them. Write, in this order and only what is so:
the goal; what was decided and why; what was done, with the names of files, functions and commands; what was found out
(errors in their own words, facts about the code); what is not done yet, and the very next step. Call no tool.\
"""


def room(model: Model) -> int:
    """How many tokens a request may have, so that there is space for the answer."""
    window = model.window or 0
    return window - min(model.output or RESERVE, RESERVE, window // 4)


def overhead(system: Sequence[str], tools: Sequence[ToolSchema]) -> int:
    """About how many tokens the texts and the tools are that stand before the messages."""
    texts = sum(map(len, system))
    return (texts + sum(len(tool.description) + len(str(tool.schema)) for tool in tools)) // messages.CHARACTERS


async def compact(job: Job, record: Record, request: Request, size: int) -> None:
    """Have the conversation of that request, of about `size` tokens, summed up, and hand on the event.

    Raises `NotCompacted` where that gains nothing, `ProviderFailed`, and `Stopped` where it would pass a bound.
    """
    before = messages.tokens(request.messages)
    if before - _after(await record.session(), "", await record.settled() + 1) < LEAST:
        raise NotCompacted("a summary makes it no shorter: it holds little but your own words and instructions")
    model = job.summarizer or job.model
    async with job.purse.hold(model, size) as most:
        # The same beginning as before, so that what the vendor kept of it is used.
        said = (*_fitting(model, request), UserMessage(parts=(TextPart(text=ASK),)))
        summary = await _summary(job, record, model, replace(request, messages=said, max_output=most))
    if not summary.strip():
        raise NotCompacted(f"{model.name} gave no summary of it")
    number = await record.settled() + 1
    after = _after(await record.session(), summary.strip(), number)
    if after >= before:
        raise NotCompacted("a summary makes it no shorter")
    event = Compacted(
        number=number, session="", summary=summary.strip(), first=number, tokens_before=before, tokens_after=after
    )
    await record.take(event)
    await record.settled()


async def _summary(job: Job, record: Record, model: Model, asked: Request) -> str:
    summary = ""
    async with aclosing(model.stream(asked)) as stream:
        async for item in stream:
            match item:
                case Piece(kind="text", text=text) | TextPart(text=text):
                    summary += text
                case UsagePart():
                    usage = priced(item, model)
                    job.purse.spend(usage)
                    await record.take(usage)
                case _:
                    pass
    return summary


def _after(session: Session, summary: str, number: int) -> int:
    """How many tokens are left with that summary."""
    event = Compacted(number=number, session="", summary=summary, first=number, tokens_before=0, tokens_after=0)
    return messages.tokens(messages.history(replace(session, compactions=(*session.compactions, event))))


def _fitting(model: Model, request: Request) -> Iterator[Message]:
    """The messages, with what old calls gave and were given cut short until they fit."""
    size = messages.tokens(request.messages) + overhead(request.system, request.tools)
    most = room(model) if model.window is not None else size
    for message in request.messages:
        short = message if size <= most else _short(message)
        size += messages.tokens([short]) - messages.tokens([message])
        yield short


def _short(message: Message) -> Message:
    match message:
        case ToolMessage(results=results):
            return ToolMessage(results=tuple(replace(each, text=_cut(each.text), files=()) for each in results))
        case AssistantMessage(parts=parts):
            return AssistantMessage(parts=tuple(_short_part(part) for part in parts))
        case _:
            return message


def _short_part(part: TextPart | ReasoningPart | ToolCallPart) -> TextPart | ReasoningPart | ToolCallPart:
    if isinstance(part, ToolCallPart):
        return replace(part, arguments={name: _cut(str(value)) for name, value in part.arguments.items()})
    return part


def _cut(text: str) -> str:
    return text if len(text) <= SHORT else f"{text[:SHORT]} [and {len(text) - SHORT:,} more characters]"
