"""The OpenAPI document: valid, complete, and true."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest
from hypothesis import given
from tests.iterate.conftest import Blank, LiveLife
from tests.iterate.samples import ANY_WATCHED

from iterate import events, settings
from iterate.errors import Failure
from iterate.events import Json
from iterate.providers.ondemand import OnDemand
from iterate.pty.terminals import Terminals
from iterate.runtime.runtime import Runtime
from iterate.server import app, doc, problems, security, shapes
from iterate.server.routes import ROUTES

if TYPE_CHECKING:
    from tests.iterate.conftest import LiveServer

PAGE = Path(__file__).parents[2] / "docs" / "server.md"
METHODS = {"get", "post", "put", "patch", "delete"}


def at(content: Json, *keys: str) -> Json:
    """What is found by following these keys."""
    for key in keys:
        assert isinstance(content, dict), f"{key} is not inside an object"
        content = content[key]
    return content


def references(content: Json) -> Iterator[str]:
    if isinstance(content, dict):
        for key, value in content.items():
            if key == "$ref":
                assert isinstance(value, str)
                yield value
            yield from references(value)
    elif isinstance(content, list):
        for value in content:
            yield from references(value)


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    paths = at(document, "paths")
    assert isinstance(paths, dict)
    for path, item in paths.items():
        assert isinstance(item, dict)
        for method in METHODS & set(item):
            yield path, method, item[method]


DOCUMENT: Json = json.loads(json.dumps(doc.build(ROUTES, "http://127.0.0.1:4096")))


@pytest.fixture
def document() -> Json:
    return DOCUMENT


def test_the_route_answers_the_document_with_its_own_address(server: "LiveServer") -> None:
    content = json.loads(server.ask("GET", "/doc").body)
    assert content["openapi"] == "3.1.1"
    assert content["servers"][0]["url"] == f"http://127.0.0.1:{server.port}"


def test_every_reference_leads_somewhere_and_every_component_is_used(document: Json) -> None:
    found = set(references(document))
    for reference in found:
        at(document, *reference.removeprefix("#/").split("/"))
    named = at(document, "components", "schemas")
    assert isinstance(named, dict)
    mapped = {f"#/components/schemas/{name}" for name in named} - found
    assert not mapped


def served(tmp_path: Path) -> set[tuple[str, str]]:
    """What the application itself answers, asked of its table."""
    runtime, terminals = Runtime(tmp_path / "iterate.db"), Terminals()
    address = security.Address(hostname="127.0.0.1", bound="127.0.0.1", port=4096)
    here = settings.read({"HOME": str(tmp_path)})
    life, keys = LiveLife(runtime, terminals), app.Keys("", Blank())
    made = app.build(runtime, terminals, life, here, address, keys, OnDemand(here))
    return made.table.served


def test_what_is_served_is_what_is_documented_is_what_the_page_says(document: Json, tmp_path: Path) -> None:
    documented = {(method.upper(), path) for path, method, _ in operations(document)}
    assert documented == served(tmp_path) == {(route.method, route.path) for route in ROUTES}
    rows = re.findall(r"^\| `([A-Z]+) (/\S*)` \|", PAGE.read_text(), re.MULTILINE)
    assert set(rows) == documented


def test_the_table_of_the_page_is_the_one_made_from_the_routes() -> None:
    table = "\n".join(doc.table(ROUTES))
    assert table in PAGE.read_text(), f"docs/server.md needs this table under Routes:\n{table}"


def test_the_table_of_events_is_the_one_made_from_the_classes() -> None:
    for union in (events.Read, events.Notice, events.Part):
        table = "\n".join(doc.kinds(union))
        assert table in PAGE.read_text(), f"docs/server.md needs this table under Events:\n{table}"


def test_operation_ids_are_unique_and_each_has_a_summary(document: Json) -> None:
    ids = [at(operation, "operationId") for _, _, operation in operations(document)]
    assert len(set(map(str, ids))) == len(ids)
    assert all(at(operation, "summary") for _, _, operation in operations(document))


def test_only_health_does_without_the_secret(document: Json) -> None:
    assert at(document, "security") == [{"secret": []}]
    assert at(document, "components", "securitySchemes", "secret", "scheme") == "bearer"
    for path, _, operation in operations(document):
        assert isinstance(operation, dict)
        assert operation.get("security") == ([] if path == security.OPEN_PATH else None)
        answered = at(operation, "responses")
        assert isinstance(answered, dict)
        assert ("401" in answered) == (path != security.OPEN_PATH)
        assert {"400", "403", "404", "405"} <= set(answered)
        assert len({"101", "200"} & set(answered)) == 1


def test_the_schema_of_a_stream_is_that_of_its_events(document: Json) -> None:
    streams = {}
    for path, _, operation in operations(document):
        answered = at(operation, "responses")
        assert isinstance(answered, dict)
        if "101" in answered:
            continue  # A WebSocket.
        content = at(answered, "200", "content")
        assert isinstance(content, dict)
        if "text/event-stream" in content:
            streams[path] = at(content, "text/event-stream", "schema", "$ref")
    assert streams == {
        "/file/watch": "#/components/schemas/PathsSeen",
        "/global/event": "#/components/schemas/Watched",
        "/session/{id}/prompt": "#/components/schemas/Read",
        "/session/{id}/event": "#/components/schemas/Read",
    }


def test_every_schema_is_a_schema(document: Json) -> None:
    named = at(document, "components", "schemas")
    assert isinstance(named, dict)
    for schema in named.values():
        assert isinstance(schema, dict)
        jsonschema.Draft202012Validator.check_schema(schema)


def validator(name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(
        {"$ref": f"#/components/schemas/{name}", "components": at(DOCUMENT, "components")}
    )


WATCHED = validator("Watched")


@given(ANY_WATCHED)
def test_every_event_that_can_be_written_fits_its_schema(event: events.Watched) -> None:
    WATCHED.validate(json.loads(events.encode(event)))


def test_what_the_server_says_fits_the_schemas(server: "LiveServer") -> None:
    def check(name: str, content: object) -> None:
        validator(name).validate(content)

    check("Health", json.loads(server.ask("GET", "/global/health").body))
    check("Error", json.loads(server.ask("GET", "/nothing").body))
    check("Ending", json.loads(server.ask("POST", "/global/stop").body))
    session = server.ask("POST", "/session").json()
    check("SessionBegun", session)
    check("Cancelled", server.ask("POST", f"/session/{session['id']}/cancel").json())
    with server.stream("GET", "/global/event") as watched:
        with server.stream("POST", f"/session/{session['id']}/prompt", {"text": "hi ho"}) as frames:
            for event in frames.events():
                check("Read", event)
        for event in watched.events():
            check("Watched", event)
            if event["type"] == "done":
                break


def test_each_failure_that_a_route_may_have_has_a_status_and_a_hint() -> None:
    for route in ROUTES:
        for failure in doc.failures(route):
            assert failure.status >= 400, f"{failure.__name__} has no HTTP status"
            assert failure.hint


def test_each_failure_that_has_a_status_belongs_to_a_route() -> None:
    named = {failure for route in ROUTES for failure in doc.failures(route)}
    every = {failure for failure in (*Failure.__subclasses__(), *problems.Refusal.__subclasses__()) if failure.status}
    assert every <= named


def test_each_shape_of_a_body_forbids_what_it_does_not_know() -> None:
    for route in ROUTES:
        if route.takes is not shapes.Nothing:
            assert route.takes.__struct_config__.forbid_unknown_fields
