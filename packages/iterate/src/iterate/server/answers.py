"""JSON answers, and the one shape of errors: `{"error": {"name", "message", "hint"}}`. It decides nothing."""

import json
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from iterate.errors import Failure


@dataclass(frozen=True, slots=True)
class Problem:
    """One error answer: HTTP status, name, what happened, what to do."""

    status: int
    name: str
    message: str
    hint: str


class Refusal(Exception):  # noqa: N818  # Not an error of ours.
    """Ends a request with this problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


# The failures that reach a client, and their HTTP status; any other failure is the server's own: 500.
STATUS = (
    ("SessionUnknown", 404),
    ("SessionBusy", 409),
    ("ModelUnknown", 400),
    ("ServerStopping", 503),
    ("StoreUnusable", 503),
    ("StoreTooNew", 503),
)


def json_response(content: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """An answer in compact JSON."""
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(body, status, headers, "application/json")


def problem_response(problem: Problem, headers: dict[str, str] | None = None) -> Response:
    """An error answer, with what its status asks for in headers."""
    known = {401: {"WWW-Authenticate": 'Bearer realm="iterate"'}}.get(problem.status, {})
    error = {"name": problem.name, "message": problem.message, "hint": problem.hint}
    return json_response({"error": error}, problem.status, {**known, **(headers or {})})


async def answer_refusal(_request: Request, refusal: Exception) -> Response:
    """The answer to a request that one of our functions refused."""
    if not isinstance(refusal, Refusal):
        raise refusal
    return problem_response(refusal.problem)


async def answer_failure(_request: Request, failure: Exception) -> Response:
    """The answer to a request that failed in a known way."""
    if not isinstance(failure, Failure):
        raise failure
    status = dict(STATUS).get(failure.name, 500)
    return problem_response(Problem(status, failure.name, str(failure), failure.hint))


async def answer_http(_request: Request, problem: Exception) -> Response:
    """The answer to an unknown path or method."""
    if not isinstance(problem, HTTPException):
        raise problem
    name = {404: "NotFound", 405: "MethodNotAllowed"}.get(problem.status_code, "HttpError")
    body = Problem(problem.status_code, name, problem.detail, "GET /doc lists every route")
    return problem_response(body, dict(problem.headers or {}))


async def answer_bug(_request: Request, _bug: Exception) -> Response:
    """The answer when we have a bug; its traceback goes to the log."""
    return problem_response(Problem(500, "ServerBug", "the server has a bug", "its log has the details"))
