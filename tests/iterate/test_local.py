"""Servers of models on this machine: found by themselves, and kept from failing in silence."""

import asyncio
from pathlib import Path

import pytest
from tests.iterate.replaying import Answer, Replay, refusal, replay, transcript
from tests.iterate.rosters import KEY, NOTHING, answer, at, find, listed, roster, run

from iterate.config.sections import Config, ModelRow, Provider
from iterate.errors import (
    ContextTooLong,
    ProviderUnreachable,
)
from iterate.providers import Known
from iterate.request import Model

SHOWN = {
    "model_info": {"general.architecture": "qwen3", "qwen3.context_length": 40_960},
    "capabilities": ["completion", "tools", "thinking"],
    "parameters": "temperature 0.6\n",
}
OLLAMA = {
    "GET /api/tags": refusal(200, {"models": [{"name": "qwen3:8b"}]}),
    "POST /api/show": refusal(200, SHOWN),
    "POST /api/chat": transcript("ollama-text.ndjson"),
}


def test_ollama_is_found_on_its_port_and_asked_for_a_window_that_an_agent_fits_in(tmp_path: Path) -> None:
    async def main() -> tuple[Model, Replay]:
        async with replay(routes=OLLAMA) as server, roster(tmp_path, places=at("ollama", server.url)) as made:
            model = await asyncio.to_thread(made.find, "ollama/qwen3:8b", NOTHING, {})
            assert await answer(model) == "Grüß dich 👋"
            return model, server

    model, server = run(main)
    assert (model.window, model.calls_tools, model.thinks, model.sees_images) == (32_768, True, True, False)
    body = server.asked[-1].json
    assert server.asked[-1].path == "/api/chat"
    assert body["options"] == {"num_ctx": 32_768}


@pytest.mark.parametrize(
    ("trained", "pinned", "said", "wanted"),
    [
        (8192, "", None, 8192),
        (131_072, "num_ctx                        65536", None, 65_536),
        (131_072, "", 100_000, 100_000),
    ],
)
def test_the_window_that_ollama_is_asked_for_follows_the_model_its_file_and_the_settings(
    tmp_path: Path, trained: int, pinned: str, said: int | None, wanted: int
) -> None:
    shown = {**SHOWN, "model_info": {"x.context_length": trained}, "parameters": pinned}
    rows = {} if said is None else {"qwen3:8b": ModelRow(window=said)}

    async def main() -> dict[str, object]:
        routes = {**OLLAMA, "POST /api/show": refusal(200, shown)}
        async with replay(routes=routes) as server, roster(tmp_path, places=at("ollama", server.url)) as made:
            config = Config(providers={"ollama": Provider(models=rows)})
            await answer(await asyncio.to_thread(made.find, "ollama/qwen3:8b", config, {}))
            return server.asked[-1].json

    assert run(main)["options"] == {"num_ctx": wanted}


def test_a_prompt_that_ollama_would_cut_in_silence_is_refused_by_name(tmp_path: Path) -> None:
    async def main() -> None:
        async with replay(routes=OLLAMA) as server, roster(tmp_path, places=at("ollama", server.url)) as made:
            await answer(await asyncio.to_thread(made.find, "ollama/qwen3:8b", NOTHING, {}), "word " * 40_000)

    with pytest.raises(ContextTooLong, match="silently cut"):
        run(main)


@pytest.mark.parametrize(
    ("place", "routes", "window"),
    [
        (
            "llamacpp",
            {
                "GET /v1/models": listed({"id": "m", "meta": {"n_ctx_train": 99}}),
                "GET /props": refusal(200, {"default_generation_settings": {"n_ctx": 4096}}),
            },
            4096,
        ),
        ("vllm", {"GET /v1/models": listed({"id": "m", "max_model_len": 8192})}, 8192),
        (
            "lmstudio",
            {
                "GET /v1/models": listed({"id": "m"}),
                "GET /api/v0/models": listed(
                    {"id": "m", "type": "vlm", "loaded_context_length": 4096, "max_context_length": 32_768}
                ),
            },
            4096,
        ),
    ],
)
def test_other_servers_here_are_found_with_the_window_that_they_were_started_with(
    tmp_path: Path, place: str, routes: dict[str, Answer], window: int
) -> None:
    async def main() -> tuple[Model, list[Known]]:
        routed = {**routes, "POST /v1/chat/completions": transcript("chat-text.sse")}
        async with replay(routes=routed) as server, roster(tmp_path, places=at(place, server.url)) as made:
            model = await asyncio.to_thread(made.find, f"{place}/m", NOTHING, {})
            assert await answer(model) == "Grüß dich 👋"
            return model, [row for row in await asyncio.to_thread(made.known, NOTHING, {}) if row.source == "local"]

    model, rows = run(main)
    assert model.window == window
    assert [(row.name, row.window, row.is_ready) for row in rows] == [(f"{place}/m", window, True)]


@pytest.mark.parametrize("url", ["http://127.0.0.1:11434/v1", "http://ollama.local:11434"])
def test_an_ollama_of_the_settings_is_asked_in_its_own_format_too(tmp_path: Path, url: str) -> None:
    config = Config(providers={"box": Provider(base_url=url)})
    assert find(tmp_path, "box/m", config, {}).window == 32_768
    named = Config(providers={"box": Provider(base_url=url, wire="openai-chat")})
    assert find(tmp_path, "box/m", named, {}).window is None, "who names a format gets it"


def test_a_server_here_that_wants_a_key_gets_the_one_that_was_kept_for_it(tmp_path: Path) -> None:
    async def main() -> tuple[str, str]:
        routes = {"GET /v1/models": refusal(401, {}), "POST /v1/chat/completions": transcript("chat-text.sse")}
        async with replay(routes=routes) as server, roster(tmp_path, places=at("llamacpp", server.url)) as made:
            (row,) = [each for each in await asyncio.to_thread(made.access, NOTHING, {}) if each.name == "llamacpp"]
            await made.login("llamacpp", KEY, NOTHING, {})
            await answer(await asyncio.to_thread(made.find, "llamacpp/m", NOTHING, {}))
            return row.state, server.asked[-1].headers["authorization"]

    assert run(main) == ("locked", f"Bearer {KEY}")


@pytest.mark.parametrize(
    "page", [Answer(media_type="text/html", pieces=(b"<html>",)), refusal(404, {}), refusal(200, [])]
)
def test_something_else_on_such_a_port_is_no_server_of_models(tmp_path: Path, page: Answer) -> None:
    async def main() -> list[str]:
        async with replay(page) as server, roster(tmp_path, places=at("llamacpp", server.url)) as made:
            return [each.state for each in await asyncio.to_thread(made.access, NOTHING, {}) if each.name == "llamacpp"]

    assert run(main) == ["absent"]


def test_a_server_that_says_nothing_keeps_nobody_waiting(tmp_path: Path) -> None:
    async def main() -> float:
        loop = asyncio.get_running_loop()
        async with replay(Answer(end="hang")) as server, roster(tmp_path, places=at("vllm", server.url)) as made:
            begin = loop.time()
            await asyncio.to_thread(made.known, NOTHING, {})
            return loop.time() - begin

    # It gives up after 2 s; the rest is for a machine that has other things to do.
    assert run(main) < 30


def test_a_server_here_that_is_not_there_says_how_it_is_started(tmp_path: Path) -> None:
    with pytest.raises(ProviderUnreachable, match="port 1 ") as caught:
        find(tmp_path, "ollama/qwen3:8b")
    assert "ollama serve" in caught.value.hint
