"""The tool `question`: asks the person."""

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta, Struct

from iterate.events import Question
from iterate.permissions.need import Need
from iterate.tools.tool import Result, Work, tool


class Query(Struct, frozen=True, kw_only=True):
    """One question."""

    text: Annotated[str, Meta(min_length=1, max_length=2000)]
    choices: Annotated[
        tuple[str, ...], Meta(max_length=20, description="answers to choose from; none for any text")
    ] = ()
    many: Annotated[bool, Meta(description="whether more than one may be chosen")] = False


class Ask(Struct, frozen=True, kw_only=True):
    """The arguments of `question`."""

    questions: Annotated[tuple[Query, ...], Meta(min_length=1, max_length=10)]


def _needs(_given: Ask, _work: Work) -> Sequence[Need]:
    return ()


async def _run(given: Ask, work: Work) -> Result:
    questions = [Question(text=each.text, choices=each.choices, is_many=each.many) for each in given.questions]
    answers = await work.person.answers(questions)
    title = f"question: {given.questions[0].text.splitlines()[0][:80]}"
    if answers is None:
        text = "The person did not want to answer. Go on as you think best, or say what you cannot do without it."
        return Result(text=text, title=title)
    rows = (f"{each.text}\n-> {', '.join(row) or '(nothing)'}" for each, row in zip(questions, answers, strict=False))
    return Result(text="\n".join(rows), title=title)


QUESTION = tool(
    "question",
    "Ask the person what only they can decide, when you cannot go on without it. They may answer with other text than "
    "the choices.",
    Ask,
    _needs,
    _run,
)
