"""The failures that only HTTP has, one class each, and their HTTP status."""

from iterate.errors import Failure


class Refusal(Failure):
    """A request that is not answered as asked; no command ends with one of these names."""


class BadRequest(Refusal):
    """The request is not valid HTTP/1.1."""

    status = 400
    hint = "send one Host header, and a request that fits RFC 9112"


class RequestTooSlow(Refusal):
    """The request did not arrive in time."""

    status = 408
    hint = "send the whole request without long pauses"


class HeadTooLarge(Refusal):
    """Request line and headers are too long."""

    status = 431
    hint = "send a shorter request line and fewer headers"


class NotSupported(Refusal):
    """The request asks for what this server does not do: a proxy, or a transfer coding but chunked."""

    status = 501
    hint = "send the path of a route, and a body with Content-Length or as Transfer-Encoding: chunked"


class ServerBusy(Refusal):
    """All connections are taken by requests that carry the secret."""

    status = 503
    hint = "end some of your requests, then try again"


class VersionUnsupported(Refusal):
    """The request is of another major version of HTTP."""

    status = 505
    hint = "speak HTTP/1.1"


class BadBody(Refusal):
    """The body does not fit its schema."""

    status = 400
    hint = "GET /doc has the schema of the body"


class BadQuery(Refusal):
    """A parameter behind the question mark is not what it may be."""

    status = 400
    hint = "GET /doc has the parameters of each path"


class BadCursor(Refusal):
    """`after` or `Last-Event-ID` is no place in a session."""

    status = 400
    hint = "send the id of the last event that was read, such as 7 or 8.120"


class Unauthorized(Refusal):
    """The secret is missing or wrong."""

    status = 401
    hint = "send Authorization: Bearer SECRET, from the discovery file"


class ForeignHost(Refusal):
    """The `Host` header names another server."""

    status = 403
    hint = "use the url that iterate server status shows; another name needs serve --hostname NAME"


class ForeignOrigin(Refusal):
    """The request comes from a page of another origin."""

    status = 403
    hint = "call from the server's origin"


class NotFound(Refusal):
    """There is no such path."""

    status = 404
    hint = "GET /doc lists every route"


class MethodNotAllowed(Refusal):
    """The path has other methods."""

    status = 405
    hint = "GET /doc lists every route"

    def __init__(self, message: str, *, allowed: str = "") -> None:
        super().__init__(message)
        self.allowed = allowed


class BodyTooLarge(Refusal):
    """The body is larger than the route takes."""

    status = 413
    hint = "send less"


class UnsupportedMediaType(Refusal):
    """The body is not called JSON."""

    status = 415
    hint = "send application/json"


class TooManyAttempts(Refusal):
    """Wrong secrets and tickets come too fast; the right ones are still taken."""

    status = 429
    hint = "read the discovery file again, and wait a second"


class UpgradeRequired(Refusal):
    """The route speaks WebSocket, and the request is none."""

    status = 426
    hint = "connect with a WebSocket client"


class FileOutside(Refusal):
    """The path leads out of the project."""

    status = 403
    hint = "name a path inside the folder"


class FileMissing(Refusal):
    """There is no such file or folder, or it cannot be read."""

    status = 404
    hint = "GET /file lists what there is"


class SearchBroken(Refusal):
    """The search cannot be made: the expression is none, or there is too much to look at."""

    status = 422
    hint = "search for something else, or in less"


class ServerBug(Refusal):
    """We have a bug; its traceback is in the log."""

    status = 500
    hint = "its log has the details"
