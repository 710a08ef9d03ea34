"""Which models there are, what is known of them, and why one cannot be asked."""

import asyncio
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from tests.iterate.replaying import Replay, refusal, replay, transcript
from tests.iterate.rosters import KEY, KEYED, NOTHING, answer, find, listed, roster, run
from tests.repository import read, rows

from iterate.config.sections import Config, ModelRow, Prices, Provider
from iterate.errors import (
    KeyInvalid,
    KeyMissing,
    KeyRefused,
    ModelUnknown,
    StateUnusable,
    VendorUnknown,
)
from iterate.providers import Known, catalogue
from iterate.providers.roster import WIRES
from iterate.providers.vendors import PLACES, VENDORS, Vendor
from iterate.request import Model


def test_each_row_of_the_catalogue_is_of_a_vendor_and_makes_sense() -> None:
    names = {each.name for each in VENDORS}
    for name, facts in catalogue.models().items():
        assert name.partition("/")[0] in names, name
        assert facts.window is not None, name
        assert 10_000 < facts.window <= 2_000_000, name
        assert facts.output is None or facts.output < facts.window, name
        if facts.prices is not None:
            assert facts.prices.input <= facts.prices.output, name
            assert (facts.prices.cache_read or 0) <= facts.prices.input, name
    assert {name.partition("/")[0] for name in catalogue.models()} == names, "each vendor has a model"


def test_vendors_and_places_have_names_of_their_own_and_secure_addresses() -> None:
    names = [*(each.name for each in VENDORS), *(each.name for each in PLACES)]
    assert len(set(names)) == len(names)
    for vendor in VENDORS:
        assert vendor.base_url.startswith("https://"), vendor.name
        assert vendor.variables, vendor.name


def test_a_model_of_the_catalogue_is_found_with_what_is_known_of_it(tmp_path: Path) -> None:
    model = find(tmp_path, "openai/gpt-5")
    assert (model.name, model.window, model.sees_images, model.thinks) == ("openai/gpt-5", 400_000, True, True)
    assert model.prices is not None
    assert model.prices.input == 1_250_000


def test_a_dated_name_has_the_facts_of_its_family(tmp_path: Path) -> None:
    model = find(tmp_path, "anthropic/claude-sonnet-4-5-20250929", environment={"ANTHROPIC_API_KEY": KEY})
    assert model.window == 200_000
    assert find(tmp_path, "openai/gpt-5-mini-2025-08-07").prices != find(tmp_path, "openai/gpt-5-2025-08-07").prices


def test_a_model_that_no_list_has_is_asked_for_because_its_vendor_has_the_last_word(tmp_path: Path) -> None:
    model = find(tmp_path, "openai/of-next-year")
    assert (model.name, model.window, model.prices) == ("openai/of-next-year", None, None)


@pytest.mark.parametrize("name", ["", "nobody/none", "openai", "openai/", "/gpt-5", "opnai/gpt-5", "openai/a\nb"])
def test_a_name_without_a_vendor_is_no_model(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelUnknown) as caught:
        find(tmp_path, name)
    assert "iterate models" in caught.value.hint
    if name == "opnai/gpt-5":
        assert "openai/gpt-5" in caught.value.hint


def test_without_a_key_the_variables_and_the_command_are_named(tmp_path: Path) -> None:
    with pytest.raises(KeyMissing, match="Google Gemini") as caught:
        find(tmp_path, "google/gemini-2.5-pro")
    assert "GEMINI_API_KEY or GOOGLE_API_KEY" in caught.value.hint
    assert "iterate auth login google" in caught.value.hint


def vendor(url: str) -> tuple[Vendor, ...]:
    return (Vendor(name="acme", title="Acme", base_url=url, variables=("ACME_KEY",)),)


def test_a_key_is_looked_for_in_the_clients_environment_then_in_the_file(tmp_path: Path) -> None:
    async def main() -> list[str]:
        async with replay(transcript("chat-text.sse"), routes={"GET /models": listed()}) as server:
            async with roster(tmp_path, vendors=vendor(server.url)) as made:
                await made.login("acme", "of-the-file", NOTHING, {})
                for environment in ({"ACME_KEY": "of-the-client"}, {}):
                    await answer(await asyncio.to_thread(made.find, "acme/m", NOTHING, environment))
            return [each.headers["authorization"] for each in server.asked if each.method == "POST"]

    assert run(main) == ["Bearer of-the-client", "Bearer of-the-file"]


def test_a_key_lies_in_a_file_for_this_user_alone_and_can_be_forgotten(tmp_path: Path) -> None:
    folder = tmp_path / "data"

    async def main() -> None:
        async with roster(folder) as made:
            assert await made.login("openai", KEY, NOTHING, {}, is_checked=False) == ""
            file = folder / "auth.json"
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
            assert json.loads(file.read_bytes()) == {"openai": KEY}
            assert [each.name for each in folder.iterdir()] == ["auth.json"], "nothing half-written stays"
            row = next(each for each in await asyncio.to_thread(made.access, NOTHING, {}) if each.name == "openai")
            assert (row.key, row.is_ready) == ("file", True)
            assert KEY not in repr(row)
            assert await made.logout("openai")
            assert not await made.logout("openai")
            assert json.loads(file.read_bytes()) == {}

    run(main)


@pytest.mark.systems("linux", "darwin")
@pytest.mark.parametrize("trouble", ["readable by others", "no JSON", "a link", "a list"])
def test_a_file_of_keys_that_is_not_ours_alone_is_not_used(tmp_path: Path, trouble: str) -> None:
    file = tmp_path / "auth.json"
    file.write_text(
        json.dumps({"openai": KEY})
        if trouble not in {"no JSON", "a list"}
        else f'["{KEY}"'
        if trouble == "no JSON"
        else f'["{KEY}"]'
    )
    file.chmod(0o644 if trouble == "readable by others" else 0o600)
    if trouble == "a link":
        file.rename(tmp_path / "other")
        file.symlink_to(tmp_path / "other")
    with pytest.raises(StateUnusable) as caught:
        find(tmp_path, "openai/gpt-5", environment={})
    assert KEY not in str(caught.value) + str(caught.value.__cause__)


@pytest.mark.parametrize("key", ["", " ", "two words", "ключ", "line\nline", "x" * 9000])
def test_what_is_no_key_is_not_kept_and_not_shown(tmp_path: Path, key: str) -> None:
    async def main() -> None:
        async with roster(tmp_path) as made:
            await made.login("openai", key, NOTHING, {}, is_checked=False)

    with pytest.raises(KeyInvalid) as caught:
        run(main)
    assert len(str(caught.value)) < 200
    assert not list(tmp_path.iterdir())


def test_a_key_that_its_vendor_refuses_is_not_kept(tmp_path: Path) -> None:
    async def main() -> None:
        no = refusal(401, {"error": {"message": f"Incorrect API key provided: {KEY}"}})
        async with replay(no) as server, roster(tmp_path, vendors=vendor(server.url)) as made:
            await made.login("acme", KEY, NOTHING, {})

    with pytest.raises(KeyRefused) as caught:
        run(main)
    assert KEY not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_key_whose_vendor_cannot_be_asked_is_kept_with_a_doubt(tmp_path: Path) -> None:
    async def main() -> str:
        async with roster(tmp_path, vendors=vendor("http://127.0.0.1:1")) as made:
            return await made.login("acme", KEY, NOTHING, {})

    assert "cannot be reached" in run(main)
    assert json.loads((tmp_path / "auth.json").read_bytes()) == {"acme": KEY}


def test_a_key_for_nobody_is_refused_and_the_nearest_vendor_named(tmp_path: Path) -> None:
    async def main() -> None:
        async with roster(tmp_path) as made:
            await made.login("opnai", KEY, NOTHING, {})

    with pytest.raises(VendorUnknown) as caught:
        run(main)
    assert "openai" in caught.value.hint


def test_three_lines_of_settings_make_a_vendor(tmp_path: Path) -> None:
    async def main() -> tuple[str, Replay, Model]:
        async with replay(transcript("chat-text.sse")) as server:
            row = ModelRow(window=64_000, images=True, prices=Prices(input=1.0, output=2.5))
            section = Provider(base_url=f"{server.url}/v1", headers={"X-Team": "blue"}, models={"big": row})
            async with roster(tmp_path) as made:
                model = await asyncio.to_thread(made.find, "mine/big", Config(providers={"mine": section}), {})
                return await answer(model), server, model

    text, server, model = run(main)
    assert text == "Grüß dich 👋"
    assert server.asked[0].path == "/v1/chat/completions"
    assert server.asked[0].headers["x-team"] == "blue"
    assert "authorization" not in server.asked[0].headers
    assert (model.window, model.sees_images) == (64_000, True)
    assert model.prices is not None
    assert model.prices.output == 2_500_000


def test_the_settings_may_name_another_format_and_another_variable(tmp_path: Path) -> None:
    async def main() -> Replay:
        async with replay(transcript("messages-text.sse")) as server:
            section = Provider(base_url=f"{server.url}/v1", wire="anthropic-messages", key_env="MY_KEY")
            async with roster(tmp_path) as made:
                model = await asyncio.to_thread(
                    made.find, "mine/m", Config(providers={"mine": section}), {"MY_KEY": KEY}
                )
                await answer(model)
                return server

    asked = run(main).asked[0]
    assert (asked.path, asked.headers["x-api-key"]) == ("/v1/messages", KEY)


def test_a_vendor_whose_address_the_settings_change_needs_no_key(tmp_path: Path) -> None:
    model = find(tmp_path, "openai/m", Config(providers={"openai": Provider(base_url="http://127.0.0.1:1")}), {})
    assert model.name == "openai/m"


def test_every_model_says_whether_it_can_be_asked_and_what_is_missing(tmp_path: Path) -> None:
    async def main() -> list[Known]:
        async with roster(tmp_path) as made:
            return list(await asyncio.to_thread(made.known, NOTHING, KEYED))

    rows = run(main)
    ready = [row for row in rows if row.is_ready]
    assert {row.name.partition("/")[0] for row in ready} == {"echo", "openai"}
    assert rows[: len(ready)] == ready, "those first"
    why = {row.why for row in rows if row.name.startswith("mistral/")}
    assert why == {"no key: set MISTRAL_API_KEY, or iterate auth login mistral"}


def test_the_model_that_the_settings_choose_is_a_row_though_no_list_has_it(tmp_path: Path) -> None:
    async def main(config: Config) -> list[Known]:
        async with roster(tmp_path) as made:
            return list(await asyncio.to_thread(made.known, config, {}))

    mine = Provider(base_url="http://127.0.0.1:9/v1")
    rows = run(lambda: main(Config(model="mine/big", small_model="mine/small", providers={"mine": mine})))
    found = {row.name: (row.is_ready, row.source) for row in rows if row.name.startswith("mine/")}
    assert found == {"mine/big": (True, "config"), "mine/small": (True, "config")}
    rows = run(lambda: main(Config(model="mistral/not-listed")))
    (row,) = [row for row in rows if row.name == "mistral/not-listed"]
    assert (row.is_ready, "MISTRAL_API_KEY" in row.why) == (False, True)


OPENROUTER = {
    "id": "acme/new",
    "context_length": 123_456,
    "pricing": {"prompt": "0.000003", "completion": "0.000015", "input_cache_read": "0.0000003"},
    "architecture": {"input_modalities": ["text", "image"]},
    "supported_parameters": ["tools", "reasoning"],
}


def test_a_refresh_asks_vendors_with_a_key_and_keeps_what_they_list(tmp_path: Path) -> None:
    async def main() -> None:
        async with replay(listed(OPENROUTER, {"id": "text-embedding-3"}, {"id": "plain"})) as server:
            vendors = (*vendor(server.url), Vendor(name="other", title="O", base_url=server.url, variables=("O",)))
            async with roster(tmp_path, vendors=vendors) as made:
                done = await made.refresh(NOTHING, {"ACME_KEY": KEY})
                assert [(each.name, each.models) for each in done] == [("acme", 2)]
                assert len(server.asked) == 1, "nobody is asked without a key"
        # Another server of ours, later, without a network.
        async with roster(tmp_path, vendors=vendors) as made:
            model = await asyncio.to_thread(made.find, "acme/acme/new", NOTHING, {"ACME_KEY": KEY})
            assert (model.window, model.sees_images, model.thinks) == (123_456, True, True)
            assert model.prices is not None
            assert (model.prices.input, model.prices.output, model.prices.cache_read) == (
                3_000_000,
                15_000_000,
                300_000,
            )
            names = [
                row.name
                for row in await asyncio.to_thread(made.known, NOTHING, {"ACME_KEY": KEY})
                if row.source == "vendor"
            ]
            assert names == ["acme/acme/new", "acme/plain"]
        assert KEY not in (tmp_path / "models.json").read_text()

    run(main)


def test_a_vendor_that_cannot_list_does_not_stop_the_others(tmp_path: Path) -> None:
    async def main() -> None:
        async with replay(listed({"id": "m"})) as server:
            vendors = (
                *vendor(server.url),
                Vendor(name="away", title="A", base_url="http://127.0.0.1:1", variables=("A",)),
            )
            async with roster(tmp_path, vendors=vendors) as made:
                done = {each.name: each for each in await made.refresh(NOTHING, {"ACME_KEY": KEY, "A": KEY})}
                assert done["acme"].models == 1
                assert "cannot be reached" in done["away"].problem

    run(main)


def test_a_file_of_lists_that_is_broken_is_as_none(tmp_path: Path) -> None:
    (tmp_path / "models.json").write_text("{")
    assert find(tmp_path, "openai/gpt-5").window == 400_000


def test_the_page_of_models_has_a_row_for_each_vendor_and_each_server() -> None:
    page = read("docs/models.md")
    found = [row for row in rows(page) if row[0].startswith("`") and len(row) == 4]
    words = {wire: name for name, wire in WIRES.items()}
    wanted = [
        [f"`{each.name}`", each.title, f"`{words[each.wire]}`", ", ".join(f"`{name}`" for name in each.variables)]
        for each in VENDORS
    ]
    wanted += [[f"`{each.name}`", each.title, str(each.port), f"`{each.start}`"] for each in PLACES]
    assert found == wanted, "docs/models.md: one row each"


@pytest.mark.parametrize(
    ("environment", "wanted"), [({}, False), ({"OPENAI_API_KEY": KEY}, True), ({"ITERATE_MODEL": "acme/m"}, True)]
)
def test_a_server_gets_ready_for_models_where_somebody_is_likely_to_ask_for_one(
    tmp_path: Path, environment: dict[str, str], *, wanted: bool
) -> None:
    code = (
        "import asyncio, os, sys; from iterate import settings; from iterate.providers.ondemand import OnDemand\n"
        "here = OnDemand(settings.read())\n"
        "assert not {'httpx2', 'iterate.providers.roster'} & set(sys.modules)\n"
        "asyncio.run(here.warm(settings.environment()))\n"
        "print('httpx2' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"HOME": str(tmp_path), "PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, f"{wanted}\n"), done.stderr
