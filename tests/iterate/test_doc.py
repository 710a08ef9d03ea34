"""The OpenAPI document: valid, complete, and true."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import jsonschema
import pytest

from iterate.events import REASONS
from iterate.server import answers, doc, schemas, security
from iterate.server.schemas import Json

if TYPE_CHECKING:
    from tests.iterate.conftest import LiveServer

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


@pytest.fixture
def document() -> Json:
    content: Json = json.loads(json.dumps(doc.build("http://127.0.0.1:4096")))
    return content


def test_the_route_answers_the_document_with_its_own_address(server: "LiveServer") -> None:
    content = json.loads(server.ask("GET", "/doc").body)
    assert content["openapi"] == "3.1.1"
    assert content["servers"][0]["url"] == f"http://127.0.0.1:{server.port}"


def test_every_reference_leads_somewhere_and_every_component_is_used(document: Json) -> None:
    found = set(references(document))
    for reference in found:
        at(document, *reference.removeprefix("#/").split("/"))
    for kind in ("schemas", "responses"):
        named = at(document, "components", kind)
        assert isinstance(named, dict)
        assert {f"#/components/{kind}/{name}" for name in named} <= found


def test_it_has_exactly_the_routes_that_answer(server: "LiveServer", document: Json) -> None:
    documented = {(path, method) for path, method, _ in operations(document)}
    assert len(documented) == 6
    for path, method in documented:
        real = path.replace("{id}", "ses_none")
        assert server.ask("TRACE", real).status == 405
        assert method.upper() in server.ask("TRACE", real).headers["allow"].split(", ")


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
        assert {"200", "400", "403", "404", "405"} <= set(answered)


def test_streams_are_said_to_be_streams(document: Json) -> None:
    for path in ("/global/event", "/session/{id}/prompt"):
        method = "get" if path == "/global/event" else "post"
        assert at(document, "paths", path, method, "responses", "200", "content", "text/event-stream", "schema")


def test_every_schema_is_a_schema(document: Json) -> None:
    named = at(document, "components", "schemas")
    assert isinstance(named, dict)
    for schema in named.values():
        assert isinstance(schema, dict)
        jsonschema.Draft202012Validator.check_schema(schema)


def test_what_the_server_says_fits_the_schemas(server: "LiveServer", document: Json) -> None:
    def check(name: str, content: object) -> None:
        whole = {"$ref": f"#/components/schemas/{name}", "components": at(document, "components")}
        jsonschema.Draft202012Validator(whole).validate(content)

    check("Health", json.loads(server.ask("GET", "/global/health").body))
    check("Error", json.loads(server.ask("GET", "/nothing").body))
    session = server.ask("POST", "/session").json()
    check("Session", session)
    with server.stream("GET", "/global/event") as watched:
        with server.stream("POST", f"/session/{session['id']}/prompt", {"text": "hi ho"}) as frames:
            for event in frames.events():
                check("Event", event)
        events = watched.events()
        for _ in range(5):
            check("Watched", next(events))


def test_every_failure_that_reaches_a_client_is_described() -> None:
    for name, status in answers.STATUS:
        assert name in schemas.PROBLEMS[status]


def test_every_reason_of_a_failed_answer_is_listed(document: Json) -> None:
    assert at(document, "components", "schemas", "Failed", "properties", "reason") == {"enum": list(REASONS)}
