"""Request bodies that do not fit."""

import json
import re
from typing import TYPE_CHECKING

import pytest

from iterate.server.bodies import LIMIT_BYTES, TEXT_LIMIT_BYTES
from iterate.server.route import Route
from iterate.server.routes import ROUTES

if TYPE_CHECKING:
    from tests.iterate.conftest import LiveServer

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "truncated"),
        (b"{", "truncated"),
        (b"nonsense", "malformed"),
        (b'"text"', "Expected `object`"),
        (b"{}", "missing required field `text`"),
        (b'{"text": 1}', "$.text"),
        (b'{"text": null}', "$.text"),
        (b'{"text": "hi", "model": []}', "$.model"),
        (b'{"text": "hi", "texts": "ho"}', "unknown field `texts`"),
        (b'{"text": "hi"} {"text": "ho"}', "trailing"),
        (b'{"text": "\xff"}', "utf"),
        (b'{"text": "\\ud800"}', ""),
        (b"[" * 100_000, ""),
    ],
)
def test_what_is_not_the_schema_is_400_and_says_where(gate_server: "LiveServer", content: bytes, told: str) -> None:
    refused = gate_server.ask("POST", f"/session/{gate_server.begin()}/prompt", content=content, headers=JSON)
    assert (refused.status, refused.error) == (400, "BadBody")
    assert told.lower() in refused.json()["error"]["message"].lower()


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
)
def test_what_is_not_called_json_is_415(gate_server: "LiveServer", media_type: str) -> None:
    content = json.dumps({"text": "hi"}).encode()
    for path in ("/session", f"/session/{gate_server.begin()}/prompt"):
        refused = gate_server.ask("POST", path, content=content, headers={"Content-Type": media_type})
        assert (refused.status, refused.error) == (415, "UnsupportedMediaType")


def test_json_may_name_its_charset(gate_server: "LiveServer") -> None:
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    assert gate_server.ask("POST", "/session", content=b"{}", headers=headers).status == 200


def test_a_body_over_the_limit_is_413_and_the_connection_lives_on(gate_server: "LiveServer") -> None:
    connection = gate_server.connect()
    content = json.dumps({"text": "x" * LIMIT_BYTES}).encode()
    answer = gate_server.send(connection, "POST", "/session/ses_x/prompt", content=content, headers=JSON)
    assert answer.status == 413
    assert json.loads(answer.read())["error"]["name"] == "BodyTooLarge"
    assert gate_server.send(connection, "GET", "/global/health").status == 200
    connection.close()


def test_a_prompt_over_its_limit_is_413_and_one_that_json_spells_long_is_not(gate_server: "LiveServer") -> None:
    path = f"/session/{gate_server.begin()}/prompt"
    refused = gate_server.ask("POST", path, {"text": "x" * (TEXT_LIMIT_BYTES + 1)})
    assert (refused.status, refused.error) == (413, "BodyTooLarge")
    with gate_server.stream("POST", path, {"text": "\x01" * TEXT_LIMIT_BYTES}) as frames:
        assert [event["type"] for event in frames.events()][-1] == "done"


def test_a_body_that_is_announced_too_large_is_refused_before_it_is_sent(gate_server: "LiveServer") -> None:
    answer = gate_server.raw(
        b"POST /session HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer the secret of these tests\r\n"
        b"Content-Type: application/json\r\nContent-Length: 99999999999\r\nExpect: 100-continue\r\n"
        b"Connection: close\r\n\r\n"
    )
    assert answer.startswith(b"HTTP/1.1 413 ")


def test_a_session_takes_no_fields_yet(gate_server: "LiveServer") -> None:
    refused = gate_server.ask("POST", "/session", {"title": "mine"})
    assert (refused.status, refused.error) == (400, "BadBody")


TAKING = [route for route in ROUTES if "workspace" in route.takes.__struct_fields__]


@pytest.mark.parametrize("route", TAKING, ids=lambda route: route.name)
@pytest.mark.parametrize("directory", ["a/b", "..", "/a\0b", "\0", "/" + "x" * 8192, "C:x", "\n"])
def test_a_folder_is_a_whole_path_in_every_body_that_names_one(
    gate_server: "LiveServer", route: Route, directory: str
) -> None:
    needed: dict[str, object] = {
        name: "x" for name in ("text", "subject", "url", "key") if name in route.takes.__struct_fields__
    }
    body: dict[str, object] = {**needed, "workspace": {"directory": directory}}
    refused = gate_server.ask(route.method, re.sub(r"[{}]", "", route.path), body)
    assert (refused.status, refused.error) == (400, "BadBody")
    assert "$.workspace.directory" in refused.body.decode()


def test_a_terminal_in_a_folder_whose_name_is_too_long_is_refused(gate_server: "LiveServer") -> None:
    refused = gate_server.ask("POST", "/pty", {"workspace": {"directory": "/" + "x" * 5000}})
    assert refused.error == "PtyUnusable"


ASKING = [route for route in ROUTES if any(each.name == "directory" for each in route.asks)]


@pytest.mark.parametrize("route", ASKING, ids=lambda route: route.name)
@pytest.mark.parametrize("directory", ["a/b", "%00", "/a%00b", "C:x", "%0A"])
def test_a_folder_is_a_whole_path_in_every_query_that_names_one(
    gate_server: "LiveServer", route: Route, directory: str
) -> None:
    refused = gate_server.ask(route.method, f"{re.sub(r'[{}]', '', route.path)}?directory={directory}")
    assert (refused.status, refused.error) == (400, "BadQuery")


@pytest.mark.parametrize("route", ASKING, ids=lambda route: route.name)
def test_a_folder_whose_name_is_too_long_breaks_no_route(gate_server: "LiveServer", route: Route) -> None:
    path = re.sub(r"[{}]", "", route.path)
    assert gate_server.ask(route.method, f"{path}?directory=/{'x' * 5000}").status < 500
