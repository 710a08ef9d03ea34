"""What the wires write: effort, bounds, pictures, ids, in the words of each vendor; and what refusals mean."""

import asyncio
import json
import time
from email.utils import formatdate

import pytest
from tests.iterate.replaying import Answer, Asked, events, refusal, replay

from iterate.errors import ContextTooLong, KeyRefused, ProviderFailed, ProviderUnreachable, RateLimited
from iterate.events import FilePart, Json, TextPart, ToolCallPart, ToolResultPart
from iterate.providers import failures, wires
from iterate.providers.endpoint import Endpoint, Habits, Wire
from iterate.providers.network import Door, Question, build
from iterate.request import AssistantMessage, Effort, Message, Request, ToolMessage, UserMessage
from iterate.settings import Surroundings

PICTURE = FilePart(name="p.png", media_type="image/png", url="data:image/png;base64,aGk=")
PDF = FilePart(name="d.pdf", media_type="application/pdf", url="data:application/pdf;base64,aGk=")
HI = UserMessage(parts=(TextPart(text="hi"),))
KEY = "sk-secret-0123456789abcdef"


def endpoint(wire: Wire, *, habits: Habits = Habits(), thinks: bool = True, sees: bool = True) -> Endpoint:  # noqa: B008
    return Endpoint(
        name="v/m",
        model="m",
        base_url="http://127.0.0.1:1",
        wire=wire,
        key=KEY,
        habits=habits,
        thinks=thinks,
        sees_images=sees,
    )


def asked(where: Endpoint, *messages: Message, effort: Effort = "", most: int | None = None) -> dict[str, Json]:
    """The body of the request."""
    request = Request(system=("s",), messages=messages or (HI,), effort=effort, max_output=most, session="ses_1")
    body = wires.FORMATS[where.wire].ask(where, request).body
    assert body is not None
    found: dict[str, Json] = json.loads(body)
    return found


WORDS, EFFORT = Habits(effort="words"), Habits(effort="reasoning_effort")


@pytest.mark.parametrize(
    ("where", "effort", "wanted"),
    [
        (endpoint(Wire.CHAT, habits=EFFORT), "high", {"reasoning_effort": "high"}),
        (endpoint(Wire.CHAT, habits=Habits(effort="reasoning")), "low", {"reasoning": {"effort": "low"}}),
        (endpoint(Wire.CHAT), "high", {"reasoning_effort": None}),
        (
            endpoint(Wire.CHAT, habits=Habits(effort="reasoning_effort"), thinks=False),
            "high",
            {"reasoning_effort": None},
        ),
        (endpoint(Wire.RESPONSES), "high", {"reasoning": {"effort": "high", "summary": "auto"}}),
        (endpoint(Wire.RESPONSES), "none", {"reasoning": {"effort": "low", "summary": "auto"}}),
        (endpoint(Wire.RESPONSES, habits=WORDS), "none", {"reasoning": {"effort": "none", "summary": "auto"}}),
        (endpoint(Wire.RESPONSES, thinks=False), "high", {"reasoning": None, "include": None}),
        (endpoint(Wire.MESSAGES), "high", {"thinking": {"type": "enabled", "budget_tokens": 16_000}}),
        (endpoint(Wire.MESSAGES), "none", {"thinking": None}),
        (
            endpoint(Wire.MESSAGES, habits=WORDS),
            "medium",
            {"thinking": {"type": "adaptive"}, "output_config": {"effort": "medium"}},
        ),
        (
            endpoint(Wire.GENERATE),
            "medium",
            {"generationConfig": {"thinkingConfig": {"includeThoughts": True, "thinkingBudget": 8192}}},
        ),
        (
            endpoint(Wire.GENERATE, habits=WORDS),
            "high",
            {"generationConfig": {"thinkingConfig": {"includeThoughts": True, "thinkingLevel": "high"}}},
        ),
        (endpoint(Wire.OLLAMA), "none", {"think": False}),
        (endpoint(Wire.OLLAMA, thinks=False), "high", {"think": None}),
    ],
)
def test_how_much_to_think_is_said_in_the_vendors_words(
    where: Endpoint, effort: Effort, wanted: dict[str, Json]
) -> None:
    body = asked(where, effort=effort)
    assert {name: body.get(name) for name in wanted} == wanted


@pytest.mark.parametrize(
    ("where", "name"),
    [
        (endpoint(Wire.CHAT), "max_tokens"),
        (endpoint(Wire.CHAT, habits=Habits(most="max_completion_tokens")), "max_completion_tokens"),
        (endpoint(Wire.RESPONSES), "max_output_tokens"),
        (endpoint(Wire.MESSAGES), "max_tokens"),
    ],
)
def test_a_bound_of_the_answer_is_said(where: Endpoint, name: str) -> None:
    assert asked(where, most=4096)[name] == 4096
    if where.wire is not Wire.MESSAGES:
        assert name not in asked(where)


def test_the_answer_is_bounded_below_what_an_old_model_may_think() -> None:
    body = asked(endpoint(Wire.MESSAGES), effort="high", most=1000)
    assert "thinking" not in body, "a budget needs 1,024 tokens, and room for an answer"


def test_a_vendor_that_keeps_prompts_by_conversation_hears_which_one_it_is() -> None:
    assert asked(endpoint(Wire.RESPONSES, habits=Habits(cache_key="prompt_cache_key")))["prompt_cache_key"] == "ses_1"
    assert asked(endpoint(Wire.CHAT, habits=Habits(cache_key="prompt_cache_key")))["prompt_cache_key"] == "ses_1"


@pytest.mark.parametrize("wire", list(Wire))
def test_a_model_that_sees_nothing_is_told_what_it_does_not_see(wire: Wire) -> None:
    body = json.dumps(asked(endpoint(wire, sees=False), UserMessage(parts=(TextPart(text="look"), PICTURE))))
    assert "p.png (image/png), which this model cannot see" in body
    assert "aGk=" not in body


@pytest.mark.parametrize("wire", [each for each in Wire if each is not Wire.OLLAMA])
def test_documents_and_pictures_of_results_reach_the_model(wire: Wire) -> None:
    call = ToolCallPart(call="call_a", tool="read", arguments={})
    result = ToolResultPart(call="call_a", status="ok", text="see", files=(PICTURE,))
    body = json.dumps(
        asked(
            endpoint(wire),
            UserMessage(parts=(PDF,)),
            AssistantMessage(parts=(call,)),
            ToolMessage(results=(result,)),
        )
    )
    assert body.count("aGk=") == 2
    assert "application/pdf" in body
    assert "image/png" in body


def test_ids_of_calls_are_fitted_to_the_vendor_the_same_way_for_call_and_result() -> None:
    call = ToolCallPart(call="call_with a very long id that no vendor takes/ever", tool="read", arguments={})
    messages = (
        HI,
        AssistantMessage(parts=(call,)),
        ToolMessage(results=(ToolResultPart(call=call.call, status="ok", text="x"),)),
    )
    for where, length in ((endpoint(Wire.CHAT, habits=Habits(id_length=9)), 9), (endpoint(Wire.CHAT), 24)):
        body = asked(where, *messages)["messages"]
        assert isinstance(body, list)
        made, answered = body[-2]["tool_calls"][0]["id"], body[-1]["tool_call_id"]
        assert made == answered
        assert len(made) == length
        assert made.isalnum()


def test_a_result_that_failed_is_said_to_have_failed() -> None:
    call = ToolCallPart(call="call_a", tool="read", arguments={})
    result = ToolResultPart(call="call_a", status="denied", text="")
    body = asked(endpoint(Wire.MESSAGES), HI, AssistantMessage(parts=(call,)), ToolMessage(results=(result,)))[
        "messages"
    ]
    assert isinstance(body, list)
    assert body[-1]["content"] == [
        {"type": "tool_result", "tool_use_id": "call_a", "content": "denied", "is_error": True}
    ]


def test_what_was_thought_goes_back_in_the_field_that_the_vendor_wants_while_calls_run() -> None:
    from iterate.events import ReasoningPart

    call = ToolCallPart(call="call_a", tool="read", arguments={})
    said = AssistantMessage(parts=(ReasoningPart(text="Hm."), call))
    body = asked(endpoint(Wire.CHAT, habits=Habits(thoughts="reasoning_content")), HI, said)["messages"]
    assert isinstance(body, list)
    assert body[2]["reasoning_content"] == "Hm."
    plain = asked(endpoint(Wire.CHAT), HI, said)["messages"]
    assert isinstance(plain, list)
    assert "reasoning_content" not in plain[2]


V = endpoint(Wire.CHAT)


def error(message: str, **fields: object) -> object:
    return {"error": {"message": message, **fields}}


@pytest.mark.parametrize(
    ("status", "body", "kind", "is_passing"),
    [
        (400, error("too long", code="context_length_exceeded"), ContextTooLong, False),
        (400, error("prompt is too long: 210000 tokens > 200000 maximum"), ContextTooLong, False),
        (400, error("the request exceeds", type="exceed_context_size_error"), ContextTooLong, False),
        (400, {"object": "error", "message": "This model's maximum context length is 8192."}, ContextTooLong, False),
        (400, error("Your credit balance is too low"), RateLimited, False),
        (429, error("You exceeded your quota", code="insufficient_quota"), RateLimited, False),
        (429, error("slow down", type="rate_limit_error"), RateLimited, True),
        (400, [error("API key not valid.", details=[{"reason": "API_KEY_INVALID"}])], KeyRefused, False),
        (503, {"error": "overloaded"}, ProviderFailed, True),
        (502, "<html><title>Bad gateway</title></html>", ProviderFailed, True),
    ],
)
def test_a_refusal_is_understood_by_its_words_where_its_status_says_little(
    status: int, body: object, kind: type[ProviderFailed], *, is_passing: bool
) -> None:
    content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    found = failures.refused(V, status, {}, content)
    assert (type(found), found.is_passing) == (kind, is_passing)


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"retry-after": "7"}, {}, 7.0),
        ({"retry-after-ms": "1500"}, {}, 1.5),
        ({"retry-after": "soon"}, {}, None),
        ({"retry-after": "99999999"}, {}, failures.LONGEST_WAIT_S),
        ({}, {"error": {"details": [{"retryDelay": "34.5s"}]}}, 34.5),
        ({}, {"error": {"message": "x"}}, None),
    ],
)
def test_when_to_come_back_is_taken_from_headers_and_details(
    headers: dict[str, str], body: object, seconds: float | None
) -> None:
    assert failures.refused(V, 429, headers, json.dumps(body).encode()).retry_after_s == seconds


def test_a_date_to_come_back_at_is_the_time_until_then() -> None:
    found = failures.refused(V, 503, {"retry-after": formatdate(time.time() + 60, usegmt=True)}, b"")
    assert found.retry_after_s is not None
    assert 50 < found.retry_after_s <= 60


def test_somebody_elses_words_are_bounded_and_hold_no_keys_and_no_control_characters() -> None:
    text = failures.shown(f"\x1b[31mno\x00 {KEY} sk-other-0123456789abcdefghij " + "x" * 5000, KEY)
    assert len(text) < 600
    assert text.startswith("?[31mno? *** *** ")


def fetched(url: str, surroundings: Surroundings) -> bytes:
    async def main() -> bytes:
        door = Door()
        try:
            async with door.ask(Question(url, {}), surroundings) as reply:
                return await reply.body()
        finally:
            await door.close()

    return asyncio.run(asyncio.wait_for(main(), 30))


def through(url: str, *direct: str) -> tuple[list[Asked], bytes]:
    """What a proxy was asked, and what came back."""

    async def main() -> tuple[list[Asked], bytes]:
        async with replay(Answer(pieces=(b"of the proxy",), media_type="text/plain")) as proxy:
            around = Surroundings(http_proxy=proxy.url, direct=direct)
            door = Door()
            async with door.ask(Question(url, {}), around) as reply:
                content = await reply.body()
            await door.close()
            return proxy.asked, content

    return asyncio.run(asyncio.wait_for(main(), 30))


def test_other_machines_are_asked_through_the_proxy_of_the_client() -> None:
    (first,), content = through("http://models.invalid/v1/models")
    assert first.path == "http://models.invalid/v1/models"
    assert content == b"of the proxy"


@pytest.mark.parametrize(
    ("url", "direct"),
    [
        ("http://127.0.0.1:1/", ()),
        ("http://localhost:1/", ()),
        ("http://models.invalid/", ("models.invalid",)),
        ("http://eu.models.invalid/", (".models.invalid",)),
        ("http://eu.models.invalid/", ("models.invalid",)),
        ("http://anything.invalid/", ("*",)),
    ],
)
def test_this_machine_and_those_that_are_named_are_asked_without_it(url: str, direct: tuple[str, ...]) -> None:
    with pytest.raises(ProviderUnreachable, match="cannot be reached"):
        through(url, *direct)


def test_a_proxy_that_is_none_is_named_without_its_password() -> None:
    with pytest.raises(ProviderUnreachable) as caught:
        build(Surroundings(https_proxy="gopher://me:hunter2@proxy.invalid:1"))
    assert "proxy.invalid" in str(caught.value)
    assert "hunter2" not in str(caught.value) + str(caught.value.__cause__)


def test_certificates_that_are_not_there_are_named() -> None:
    with pytest.raises(ProviderUnreachable, match="certificates"):
        build(Surroundings(certificates="/nowhere/ca.pem"))


def test_a_redirect_is_not_followed_because_a_key_belongs_to_one_host() -> None:
    async def main() -> int:
        async with replay(refusal(200, {})) as other:
            moved = refusal(307, {}, f"Location: {other.url}/v1/chat/completions")
            async with replay(moved) as server:
                door = Door()
                where = Endpoint(name="v/m", model="m", base_url=server.url, wire=Wire.CHAT, key=KEY)
                with pytest.raises(ProviderUnreachable, match="redirect"):
                    await anext(wires.stream(door, where, Request(system=(), messages=(HI,))))
                await door.close()
            return len(other.asked)

    assert asyncio.run(main()) == 0


def test_nothing_that_holds_a_key_shows_it() -> None:
    question = wires.FORMATS[Wire.CHAT].ask(V, Request(system=(), messages=(HI,)))
    assert KEY in str(dict(question.headers))
    assert KEY not in repr(question) + repr(V) + str(V)


@pytest.mark.parametrize(("delta", "told"), [("content", "writes more than"), ("unknown", "longer than")])
def test_an_answer_that_never_ends_is_bounded(delta: str, told: str) -> None:
    chunk = events({"choices": [{"delta": {delta: "x" * (1 << 20)}}]})

    async def main() -> None:
        async with replay(Answer(pieces=chunk * 140)) as server:
            door = Door()
            where = Endpoint(name="v/m", model="m", base_url=server.url, wire=Wire.CHAT)
            try:
                async for _ in wires.stream(door, where, Request(system=(), messages=(HI,))):
                    pass
            finally:
                await door.close()

    with pytest.raises(ProviderFailed, match=told):
        asyncio.run(asyncio.wait_for(main(), 60))
