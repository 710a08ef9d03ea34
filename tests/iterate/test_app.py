"""Routes that are not there, methods that are not there, and the one shape of errors."""

from typing import TYPE_CHECKING

import pytest

from iterate.about import STAMP
from iterate.discovery import PROTOCOL

if TYPE_CHECKING:
    from tests.iterate.conftest import LiveServer


def test_health_is_exactly_three_fields(gate_server: "LiveServer") -> None:
    answer = gate_server.ask("GET", "/global/health")
    assert answer.body == f'{{"healthy":true,"version":"{STAMP.version}","protocol":{PROTOCOL}}}'.encode()
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("path", ["/", "/nothing", "/session/", "/session/x/nothing", "/doc/", "/global"])
def test_an_unknown_path_is_404(gate_server: "LiveServer", path: str) -> None:
    answer = gate_server.ask("POST", path)
    assert (answer.status, answer.error) == (404, "NotFound")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/session", "GET, HEAD, POST"),
        ("DELETE", "/session/x/prompt", "POST"),
        ("POST", "/doc", "GET, HEAD"),
        ("OPTIONS", "/instance/dispose", "POST"),
        ("PUT", "/global/health", "GET, HEAD"),
    ],
)
def test_an_unknown_method_is_405_and_names_the_known(
    gate_server: "LiveServer", method: str, path: str, allowed: str
) -> None:
    answer = gate_server.ask(method, path)
    assert (answer.status, answer.error) == (405, "MethodNotAllowed")
    assert ", ".join(sorted(answer.headers["allow"].split(", "))) == allowed


def test_every_error_has_name_message_and_hint(gate_server: "LiveServer") -> None:
    for answer in (gate_server.ask("GET", "/nothing"), gate_server.ask("POST", "/session/x/prompt", {"text": "hi"})):
        assert list(answer.json()) == ["error"]
        assert list(answer.json()["error"]) == ["name", "message", "hint"]
        assert all(answer.json()["error"].values())
